/* SPDX-License-Identifier: Apache-2.0 */
/* credential_message.h - a login from a process that may run helpers to one that may not: the
 * broker of host calls asks its parent, "docker-credential", about a place.
 *
 * The place is from a process that reads what registries send: it is checked before it is used.
 * What it can get that way are the logins that Docker's configuration has.
 */
#ifndef CHIMERA_LOGIN_CREDENTIAL_MESSAGE_H
#define CHIMERA_LOGIN_CREDENTIAL_MESSAGE_H

#include "runtime/base/buffer.h"
#include "runtime/base/error.h"
#include "runtime/login/credential.h"

#define CHIMERA_CREDENTIAL_MESSAGE_MAX ((size_t)256 << 10)

/* In the parent: looks the login of `place`, host[:port]/repository, up as
 * chimera_credential_find() does, and appends the message. What is only odd goes with it. */
int chimera_credential_tell(const char *docker_config, struct chimera_slice place,
                            struct chimera_buffer *message, struct chimera_error *err);

/* In the process that asked. The caller ends *ret_credential, and frees *ret_warning. */
int chimera_credential_hear(struct chimera_slice message, struct chimera_credential *ret_credential,
                            char **ret_warning, struct chimera_error *err);

#endif
