/* SPDX-License-Identifier: Apache-2.0 */
/* credentials.h - logins for registries from Docker's config.json and its helpers
 * (cli-and-distribution.md §4.2).
 *
 * Order: `credHelpers` of the host, then `auths` with something in it, then `credsStore`. A helper
 * that has none is no failure: the next is asked. Helpers are programs, so this runs before a
 * process is confined.
 */
#ifndef CHIMERA_COMPILER_FETCH_CREDENTIALS_H
#define CHIMERA_COMPILER_FETCH_CREDENTIALS_H

#include "runtime/base/error.h"

struct chimera_credential { /* owns its texts; all NULL: anonymous */
    char *username, *password;
    char *identity_token;
    char *origin; /* which of them it is from, for -v */
};

/* `folder` holds config.json; NULL: $DOCKER_CONFIG, or else ~/.docker. `host` is host[:port], and
 * index.docker.io for Docker's. Fails for a config.json that is none; a folder that was named and
 * has none is a warning in *ret_warning, which the caller owns and which is NULL otherwise. */
int chimera_credential_find(const char *folder, const char *host,
                            struct chimera_credential *ret_credential, char **ret_warning,
                            struct chimera_error *err);
void chimera_credential_done(struct chimera_credential *credential); /* wipes */

#endif
