/* SPDX-License-Identifier: Apache-2.0 */
/* logins.h - the logins that an image needs: of its registry, and of each of its mirrors. Looked up
 * before a process is confined, as helpers are programs. */
#ifndef CHIMERA_LOGIN_LOGINS_H
#define CHIMERA_LOGIN_LOGINS_H

#include "runtime/login/credential.h"
#include "runtime/source/image_reference.h"
#include "runtime/source/sources.h"

#define CHIMERA_LOGINS_MAX 16

struct chimera_logins {
    struct chimera_login list[CHIMERA_LOGINS_MAX];             /* of the two arrays below */
    struct chimera_credential credentials[CHIMERA_LOGINS_MAX]; /* owned */
    char *hosts[CHIMERA_LOGINS_MAX];                           /* owned */
    size_t count;
};

/* Who finds the login for a place, host[:port]/repository. */
struct chimera_login_finder {
    /* As chimera_credential_find(). */
    int (*find)(const struct chimera_login_finder *finder, const char *place,
                struct chimera_credential *ret_credential, char **ret_warning,
                struct chimera_error *err);
    const char *docker_config; /* a folder; NULL: the default */
    void *context;             /* the finder's own */
};

/* By that finder; of what is odd, that of the registry itself is told as a warning. The caller ends
 * *ret_logins, whose address must not change. */
int chimera_logins_find_by(const struct chimera_login_finder *finder,
                           const struct chimera_image_reference *image,
                           const struct chimera_sources *sources, struct chimera_logins *ret_logins,
                           struct chimera_error *err);

/* The same by Docker's files and helpers. `docker_config` is a folder, or NULL for
 * the default. */
int chimera_logins_find(const char *docker_config, const struct chimera_image_reference *image,
                        const struct chimera_sources *sources, struct chimera_logins *ret_logins,
                        struct chimera_error *err);
void chimera_logins_done(struct chimera_logins *logins);

#endif
