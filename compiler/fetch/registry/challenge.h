/* SPDX-License-Identifier: Apache-2.0 */
/* challenge.h - what a server that wants a login says: the challenges of `WWW-Authenticate`
 * (RFC 9110) and the answer of a token's realm (cli-and-distribution.md §3.5).
 *
 * Text in, values out: no network, no state. Both are from outside; what is too long, stands twice
 * or could not be sent on as it is makes a challenge bad, which is then no way in.
 */
#ifndef CHIMERA_COMPILER_FETCH_REGISTRY_CHALLENGE_H
#define CHIMERA_COMPILER_FETCH_REGISTRY_CHALLENGE_H

#include <stdint.h>

#include "runtime/base/error.h"
#include "runtime/base/slice.h"

#define CHIMERA_CHALLENGE_TEXT_MAX 2048 /* with its NUL */

struct chimera_challenge {
    struct chimera_slice scheme; /* borrowed from the header; in any case */
    bool is_bad;
    char realm[CHIMERA_CHALLENGE_TEXT_MAX]; /* "": none, as of the others */
    char service[CHIMERA_CHALLENGE_TEXT_MAX];
    char scope[CHIMERA_CHALLENGE_TEXT_MAX];
};

/* The next challenge of a header's value, which goes on behind it; false: there is none. */
bool chimera_challenge_next(struct chimera_slice *text, struct chimera_challenge *ret_challenge);

/* Whether it is of that scheme. */
bool chimera_challenge_is(const struct chimera_challenge *challenge, const char *scheme);

#define CHIMERA_TOKEN_ANSWER_MAX ((size_t)128 << 10)
#define CHIMERA_TOKEN_LIFETIME_S 60 /* of one that does not tell */
#define CHIMERA_TOKEN_LIFETIME_MAX_S (24 * 3600)

/* The token in a realm's answer, owned by the caller, and how long it is good, from `now_s` on,
 * seconds since 1970. */
int chimera_token_read(struct chimera_slice answer, uint64_t now_s, char **ret_token,
                       unsigned *ret_lifetime_s, struct chimera_error *err);

#endif
