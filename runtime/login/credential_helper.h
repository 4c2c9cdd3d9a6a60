/* SPDX-License-Identifier: Apache-2.0 */
/* credential_helper.h - one question to a program that keeps logins (cli-and-distribution.md §4.2).
 *
 * It runs with our environment, as it needs what the user has set up (a keyring, a cloud's login),
 * and in a process group of its own: one that does not end is killed with all that it started. Any
 * thread.
 */
#ifndef CHIMERA_LOGIN_CREDENTIAL_HELPER_H
#define CHIMERA_LOGIN_CREDENTIAL_HELPER_H

#include "runtime/base/error.h"
#include "runtime/login/credential.h"

/* Asks docker-credential-NAME, found by PATH, for the login of `server`. CHIMERA_OK with nothing in
 * *ret_credential: it has none. CHIMERA_ETOOL: it cannot be run, fails, takes too long or answers
 * what is no answer; err->text tells, and has no byte of the answer unless it failed itself. */
int chimera_credential_helper_ask(const char *name, const char *server,
                                  struct chimera_credential *ret_credential,
                                  struct chimera_error *err);

#endif
