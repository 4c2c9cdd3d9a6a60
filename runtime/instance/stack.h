/* SPDX-License-Identifier: Apache-2.0 */
/* stack.h - the guest's stack, and how much of it stays between runs. */
#ifndef CHIMERA_INSTANCE_STACK_H
#define CHIMERA_INSTANCE_STACK_H

#include "runtime/base/error.h"

struct chimera_guest;

int chimera_stack_make(struct chimera_guest *guest, struct chimera_error *err);
void chimera_stack_free(struct chimera_guest *guest);
/* Counts the pages that it has, and gives back those that an unusual depth took. Between runs, when
 * pages may have come to it. */
void chimera_stack_look(struct chimera_guest *guest);
/* Gives back all of it: what a waiting guest has there is in the snapshot. */
void chimera_stack_drop(struct chimera_guest *guest);

#endif
