/* SPDX-License-Identifier: Apache-2.0 */
/* guest_child.h - a policy's code runs in a child that is confined like a compiler, so that
 * whatever it does leaves the command as it was.
 */
#ifndef CHIMERA_TOOLCHAIN_COMMAND_CHECKING_GUEST_CHILD_H
#define CHIMERA_TOOLCHAIN_COMMAND_CHECKING_GUEST_CHILD_H

#include <stdbool.h>

#include "runtime/base/error.h"

/* In the child: 0, or a negative code with err->text. It confines itself by chimera_confine_guest()
 * once all files are open. */
typedef int guest_work(const void *context, struct chimera_error *err);

/* False when no answer came within so many milliseconds, which the child is killed after. */
bool guest_child_ask(guest_work *work, const void *context, unsigned wait_ms,
                     struct chimera_error *ret_said);

#endif
