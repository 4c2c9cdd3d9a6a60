/* SPDX-License-Identifier: Apache-2.0 */
/* credential.h - one login. */
#ifndef CHIMERA_LOGIN_CREDENTIAL_H
#define CHIMERA_LOGIN_CREDENTIAL_H

#include <stdbool.h>

struct chimera_credential { /* owns its texts; all NULL: anonymous */
    char *username, *password;
    char *identity_token;
    char *origin; /* which of them it is from, for -v; NULL: anonymous */
};

bool chimera_credential_is_empty(const struct chimera_credential *credential);
void chimera_credential_done(struct chimera_credential *credential); /* wipes */

/* Who logs in where. A mirror has a login of its own; that of the host is not for it. */
struct chimera_login {
    const char *host; /* host[:port]; of Docker's registry index.docker.io */
    const struct chimera_credential *credential;
};

#endif
