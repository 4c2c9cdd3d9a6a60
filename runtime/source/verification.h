/* SPDX-License-Identifier: Apache-2.0 */
/* verification.h - the file that says which signatures a policy needs (policy-server.md §1.7,
 * cli-and-distribution.md §5.1).
 */
#ifndef CHIMERA_SOURCE_VERIFICATION_H
#define CHIMERA_SOURCE_VERIFICATION_H

#include <json-c/json.h>
#include <stddef.h>

#include "runtime/base/error.h"
#include "runtime/base/slice.h"

enum chimera_constraint_kind {
    CHIMERA_PUBLIC_KEY,     /* pubKey */
    CHIMERA_GENERIC_ISSUER, /* genericIssuer */
    CHIMERA_GITHUB_ACTION,  /* githubAction */
};

struct chimera_constraint { /* an entry of the file; owns its texts */
    enum chimera_constraint_kind kind;
    char *owner;                     /* of a key (free text; may be NULL), or of a repository */
    char *key;                       /* PEM */
    char *issuer;                    /* of a certificate */
    char *subject;                   /* of a certificate, whole; NULL: by url_prefix */
    char *url_prefix;                /* ends in a slash */
    char *repository;                /* NULL: any of the owner's */
    struct json_object *annotations; /* of texts; NULL: none */
};

struct chimera_verification {
    struct chimera_constraint *all_of, *any_of; /* owned */
    size_t all_count, any_count;
    unsigned minimum_matches; /* of any_of */
};

/* Reads and checks the file, as chimera_verification_check() does. The caller ends it. */
int chimera_verification_read(const char *path, struct chimera_verification *ret_verification,
                              struct chimera_error *err);
void chimera_verification_done(struct chimera_verification *verification);

/* Appends the entry as YAML, as the reference's messages have it (§5.2). */
struct chimera_buffer;
void chimera_constraint_write(const struct chimera_constraint *constraint,
                              struct chimera_buffer *out);

/* Reads and checks the file. The error tells all that is wrong, each with its place
 * (runtime/text/problems.h). */
int chimera_verification_check(const char *path, struct chimera_error *err);
/* The same of a text; `path` is for messages. */
int chimera_verification_check_text(struct chimera_slice text, const char *path,
                                    struct chimera_error *err);

#endif
