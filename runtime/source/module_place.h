/* SPDX-License-Identifier: Apache-2.0 */
/* module_place.h - where a module is on this machine, or would be after it was fetched
 * (cli-and-distribution.md §2).
 *
 *   file:///abs/path.wasm                       used in place
 *   http://…, https://…                         STORE/SCHEME/host[:port]/path, percent-encoded
 *   registry://host[:port]/repo[:tag][@digest]  STORE/registry/host[:port]/repo:tag
 *
 * What is in the store is taken without asking the network, as the reference takes it; except the
 * tag `latest`, which may be another module by now.
 */
#ifndef CHIMERA_SOURCE_MODULE_PLACE_H
#define CHIMERA_SOURCE_MODULE_PLACE_H

#include <stdbool.h>

#include "runtime/base/error.h"
#include "runtime/source/reference.h"

struct chimera_module_place { /* owns its texts */
    char *path;               /* of a local file, or inside of the store */
    char *uri;                /* as it is listed; NULL for a local file */
    char *signed_digest;      /* of what the file must be, when that was verified; else NULL */
    bool is_local;            /* a file:// one */
    bool is_floating;         /* the tag is `latest`: what is in the store does not count */
};

/* Looks at no file. `text` is what the reference was read from, for messages; its path is copied.
 * The caller ends *ret_place. */
int chimera_reference_locate(const struct chimera_reference *reference, const char *text,
                             const char *store, struct chimera_module_place *ret_place,
                             struct chimera_error *err);
void chimera_module_place_done(struct chimera_module_place *place);

/* The same of a name in policies.yml. */
int chimera_module_locate(const char *module, const char *store,
                          struct chimera_module_place *ret_place, struct chimera_error *err);

/* That a file of the store is there and begins as a module does. */
int chimera_module_check(const char *path, struct chimera_error *err);

/* The file, if it is there. Owned by the caller. err->text is a cause, without the module's name.
 */
int chimera_module_find(const char *module, const char *store, char **ret_path,
                        struct chimera_error *err);

#endif
