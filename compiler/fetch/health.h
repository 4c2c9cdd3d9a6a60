/* SPDX-License-Identifier: Apache-2.0 */
/* health.h - could we fetch from this registry? For `chimera doctor`; what it finds is for people.
 */
#ifndef CHIMERA_COMPILER_FETCH_HEALTH_H
#define CHIMERA_COMPILER_FETCH_HEALTH_H

#include "compiler/fetch/fetch_options.h"

struct chimera_health {       /* of a registry; owns its texts */
    char *failure;            /* why it cannot be spoken to, and what to do; NULL: it can */
    char *proxy;              /* host:port; NULL: none is used */
    bool is_plain;            /* without TLS, */
    bool is_unverified;       /* or of an insecure host whose certificate nobody knows */
    bool has_own_authorities; /* sources.yml names some for it */
    char *login;              /* where the login is from; NULL: there is none */
    char *refusal;            /* why it is not taken; NULL: it is, or there is none */
    char *warning;            /* what is odd where logins come from; NULL: nothing */
    bool wants_login;         /* of who has none */
};
void chimera_health_done(struct chimera_health *health);

/* `host` is host[:port]. Fails only when it cannot be found out. */
int chimera_health_find(const struct chimera_fetch_options *options, const char *host,
                        struct chimera_health *ret_health, struct chimera_error *err);

/* Fails for a trust root that cannot be read; a warning, or nothing, is appended to `note`. */
int chimera_health_find_trust(const struct chimera_fetch_options *options,
                              struct chimera_buffer *note, struct chimera_error *err);

#endif
