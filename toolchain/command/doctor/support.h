/* SPDX-License-Identifier: Apache-2.0 */
/* support.h - what may be shown to somebody else: no secrets, and in place of the home folder a
 * "~", for its name is often its owner's.
 */
#ifndef CHIMERA_TOOLCHAIN_COMMAND_DOCTOR_SUPPORT_H
#define CHIMERA_TOOLCHAIN_COMMAND_DOCTOR_SUPPORT_H

#include "runtime/base/buffer.h"

/* The text as a string of JSON. */
void support_put_text(const char *text, struct chimera_buffer *out);

/* The members of a JSON object: the variables that we or what we use look at. Of those that may
 * hold a secret, that they are set. */
void support_put_environment(struct chimera_buffer *out);

#endif
