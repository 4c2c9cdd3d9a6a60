/* SPDX-License-Identifier: Apache-2.0 */
/* reference.h - from a module's name to a file on this machine: as policies.yml has it
 * (policy-server.md §1.5), or as an argument of the command (cli-and-distribution.md §1.3).
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
#include "runtime/base/slice.h"

/* The reference's two programs read a name each in its own way. */
enum chimera_dialect {
    /* policies.yml: what has no scheme is in a registry. A file is file:///…, file://localhost/…
     * or file:/…; an escape that is none stays as it is. */
    CHIMERA_DIALECT_SERVER,
    /* An argument: what does not begin with a word and "://" is a path. Behind "file://" is one,
     * too, be it relative; an escape that is none makes it one that is nowhere. */
    CHIMERA_DIALECT_COMMAND,
};

struct chimera_reference {
    char *path;                              /* of a local file; owned */
    struct chimera_slice scheme, host, name; /* in place of a path: borrowed from the text */
};

/* Looks at no file. The caller frees ret_reference->path. */
int chimera_reference_read(const char *text, enum chimera_dialect dialect,
                           struct chimera_reference *ret_reference, struct chimera_error *err);

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
