/* SPDX-License-Identifier: Apache-2.0 */
/* fixed.h - random numbers and times that are the same each time, for what is counted and not for
 * what is timed: the keys of a hash table decide how many instructions a lookup is
 * (docs/decisions/032).
 *
 * The command is linked with `ld --wrap` of what gives guests theirs, as phases.h tells.
 */
#ifndef CHIMERA_TOOLCHAIN_COMMAND_BENCH_FIXED_H
#define CHIMERA_TOOLCHAIN_COMMAND_BENCH_FIXED_H

#include <stdbool.h>

/* For all guests of the process, until it is told false. Only one thread runs any then. */
void bench_fix_surroundings(bool is_fixed);

/* An evaluation begins: random numbers begin anew, and it is an hour after its instance was made.
 * Nothing while they are not fixed. */
void bench_fixed_evaluation(void);

#endif
