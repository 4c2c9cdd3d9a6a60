/* SPDX-License-Identifier: Apache-2.0 */
/* reference.h - the name of a module: as policies.yml has it (policy-server.md §1.5), or as an
 * argument of the command (cli-and-distribution.md §1.3). Where it lies is module_place.h's.
 */
#ifndef CHIMERA_SOURCE_REFERENCE_H
#define CHIMERA_SOURCE_REFERENCE_H

#include "runtime/base/error.h"
#include "runtime/base/slice.h"

/* What a name should be, for messages. */
#define CHIMERA_REFERENCE_WANTED \
    "a host and the path of a module are wanted; a local file is named as file:///…"

/* The reference's two programs read a name each in its own way. */
enum chimera_dialect {
    /* policies.yml: what has no scheme is in a registry. A file is file:///…, file://localhost/…
     * or file:/…; an escape that is none stays as it is. */
    CHIMERA_DIALECT_SERVER,
    /* An argument: what does not begin with a word and "://" is a path. Behind "file://" is one,
     * too, be it relative; an escape that is none makes it one that is nowhere. Blanks around the
     * rest of another URI are no part of it, as they come from lists. */
    CHIMERA_DIALECT_COMMAND,
};

struct chimera_reference {
    char *path;                              /* of a local file; owned */
    struct chimera_slice scheme, host, name; /* in place of a path: borrowed from the text */
};

/* Looks at no file. The caller frees ret_reference->path. */
int chimera_reference_read(const char *text, enum chimera_dialect dialect,
                           struct chimera_reference *ret_reference, struct chimera_error *err);

/* --- Files beside policies.yml --- */

/* A name in that file that is relative to its folder, "./X", "../X", or either behind "file://": as
 * a file:/// that says the same anywhere. NULL for all others. `folder` is absolute. Looks at no
 * file. *ret_location is owned by the caller. */
int chimera_reference_resolve(const char *text, const char *folder, char **ret_location,
                              struct chimera_error *err);

/* What the name should have been, when it has no scheme, so that it is in a registry, and a file is
 * where it would be without one: "./x/y.wasm" for "x/y.wasm". Owned by the caller; NULL: no such
 * file. */
char *chimera_reference_meant(const char *text, const char *folder);

/* A name as it may be shown: without a login before its host, and without the query or the fragment
 * of a URL, which may be secrets. One that is very long is cut. */
struct chimera_shown_name {
    char text[800];
};
const char *chimera_reference_show(const char *name, struct chimera_shown_name *room);

#endif
