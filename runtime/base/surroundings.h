/* SPDX-License-Identifier: Apache-2.0 */
/* surroundings.h - random numbers and times, as guests get them: the kernel's. Functions of their
 * own, so that `chimera bench` can put others in their place where it counts instructions
 * (docs/decisions/032). Any thread. */
#ifndef CHIMERA_BASE_SURROUNDINGS_H
#define CHIMERA_BASE_SURROUNDINGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* False when the kernel has none. */
bool chimera_surroundings_random(void *bytes, size_t size);

/* As chimera_clock_ns() and chimera_clock_wall_ns(). */
uint64_t chimera_surroundings_clock_ns(void);
uint64_t chimera_surroundings_wall_ns(void);

/* Sleeps for so long, or until a signal comes. */
void chimera_surroundings_sleep(uint64_t nanoseconds);

#endif
