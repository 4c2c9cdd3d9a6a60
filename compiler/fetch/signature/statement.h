/* SPDX-License-Identifier: Apache-2.0 */
/* statement.h - an in-toto statement: what is said (predicate type), and of which artifacts
 * (cli-and-distribution.md §5.8). Private to this folder.
 */
#ifndef CHIMERA_COMPILER_FETCH_SIGNATURE_STATEMENT_H
#define CHIMERA_COMPILER_FETCH_SIGNATURE_STATEMENT_H

#include <json-c/json.h>

#include "runtime/base/error.h"
#include "runtime/base/slice.h"

#define CHIMERA_STATEMENT_SUBJECTS_MAX 1024
/* A signature, as against any other attestation, which travels the same way. */
#define CHIMERA_PREDICATE_SIGNATURE "https://sigstore.dev/cosign/sign/v1"

/* CHIMERA_EFEATURE unless the predicate is of that type (NULL: any will do); CHIMERA_EREFUSED
 * unless a subject has the digest, "sha256:…". Its annotations: owned by the caller, NULL for none.
 */
int chimera_statement_check(struct chimera_slice statement, const char *predicate,
                            const char *digest, struct json_object **ret_annotations,
                            struct chimera_error *err);

#endif
