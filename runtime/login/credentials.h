/* SPDX-License-Identifier: Apache-2.0 */
/* credentials.h - logins for registries from Docker's config.json and its helpers
 * (cli-and-distribution.md §4.2).
 *
 * Order: `credHelpers` of the host, then `auths` with something in it, then `credsStore`. A helper
 * that has none is no failure: the next is asked. One that fails is a warning, and so is a login
 * that cannot be read: what is public can be had without. Helpers are programs, so this runs before
 * a process is confined. Any thread, while none changes the environment.
 */
#ifndef CHIMERA_LOGIN_CREDENTIALS_H
#define CHIMERA_LOGIN_CREDENTIALS_H

#include "runtime/base/error.h"
#include "runtime/base/slice.h"
#include "runtime/login/credential.h"

/* `folder` holds config.json; NULL: $DOCKER_CONFIG, or else ~/.docker. `place` is host[:port], with
 * /repository behind it where keys with a path are to count; the host is index.docker.io for
 * Docker's. Fails for a config.json that is none. What is only odd, a named folder without that
 * file too, is lines in *ret_warning, which the caller owns and which is NULL otherwise. */
int chimera_credential_find(const char *folder, const char *place,
                            struct chimera_credential *ret_credential, char **ret_warning,
                            struct chimera_error *err);

/* The same without running anything: *ret_needs_helper says that a helper is to be asked, and then
 * what was found does not count. What is odd is not told. */
int chimera_credential_find_plain(const char *folder, const char *place,
                                  struct chimera_credential *ret_credential, bool *ret_needs_helper,
                                  struct chimera_error *err);

/* Calls `each` with the host[:port] of every registry that config.json names, some of them more
 * than once. What is no such file has none. */
void chimera_credential_hosts(const char *folder, void (*each)(void *context, const char *host),
                              void *context);

/* As chimera_credential_find(), of the text of a config.json; `path` is for messages. */
int chimera_credential_find_in(struct chimera_slice text, const char *path, const char *place,
                               struct chimera_credential *ret_credential, char **ret_warning,
                               struct chimera_error *err);

#endif
