/* SPDX-License-Identifier: Apache-2.0 */
/* reference.h - from what policies.yml calls a module to a file on this machine (policy-server.md
 * §1.5).
 *
 *   file:///abs/path.wasm                       used in place
 *   http://…, https://…                         STORE/SCHEME/host[:port]/path
 *   registry://host[:port]/repo[:tag][@digest]  STORE/registry/host[:port]/repo:tag; also without
 *                                               the scheme
 *
 * What is in the store is taken without asking the network, as the reference takes it; except the
 * tag `latest`, which may be another module by now.
 */
#ifndef CHIMERA_SOURCE_REFERENCE_H
#define CHIMERA_SOURCE_REFERENCE_H

#include <stdbool.h>

#include "runtime/base/error.h"

struct chimera_module_place {
    char *path;       /* owned; of a local file, or inside of the store */
    bool is_local;    /* a file:// one */
    bool is_floating; /* the tag is `latest`: what is in the store does not count */
};

/* Where the module is, or would be after it was fetched. The caller frees ret_place->path. */
int chimera_module_locate(const char *module, const char *store,
                          struct chimera_module_place *ret_place, struct chimera_error *err);

/* The file, if it is there. Owned by the caller. err->text is a cause, without the module's name.
 */
int chimera_module_find(const char *module, const char *store, char **ret_path,
                        struct chimera_error *err);

#endif
