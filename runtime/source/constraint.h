/* SPDX-License-Identifier: Apache-2.0 */
/* constraint.h - one entry of a verification configuration: whose signature is wanted
 * (cli-and-distribution.md §5.1).
 */
#ifndef CHIMERA_SOURCE_CONSTRAINT_H
#define CHIMERA_SOURCE_CONSTRAINT_H

#include <json-c/json.h>

#include "runtime/base/buffer.h"
#include "runtime/base/error.h"

enum chimera_constraint_kind {
    CHIMERA_PUBLIC_KEY,     /* pubKey */
    CHIMERA_GENERIC_ISSUER, /* genericIssuer */
    CHIMERA_GITHUB_ACTION,  /* githubAction */
};

struct chimera_constraint { /* owns its texts */
    enum chimera_constraint_kind kind;
    char *owner;                     /* of a key (free text; may be NULL), or of a repository */
    char *key;                       /* PEM */
    char *issuer;                    /* of a certificate */
    char *subject;                   /* of a certificate, whole; NULL: by url_prefix */
    char *url_prefix;                /* its path ends in a slash */
    char *repository;                /* NULL: any of the owner's */
    struct json_object *annotations; /* of texts; NULL: none */
};

/* Of an entry that was checked (verification.h). */
int chimera_constraint_read(struct json_object *entry, struct chimera_constraint *ret_constraint,
                            struct chimera_error *err);
void chimera_constraint_done(struct chimera_constraint *constraint);

/* Appends the entry as YAML, as the reference's messages have it (§5.2). The buffer keeps the
 * failure. */
void chimera_constraint_write(const struct chimera_constraint *constraint,
                              struct chimera_buffer *out);

#endif
