/* SPDX-License-Identifier: Apache-2.0 */
/* native.h - instructions of the processor that a thread of ours executes, as the machine counts
 * them. Many virtual machines do not. */
#ifndef CHIMERA_TOOLCHAIN_COMMAND_BENCH_NATIVE_H
#define CHIMERA_TOOLCHAIN_COMMAND_BENCH_NATIVE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A counter of the calling thread, outside of the kernel, which stands; the caller closes it. -1
 * where there is none: `ret_why` says why not. */
int bench_native_open(char ret_why[200]);

void bench_native_begin(int counter);
/* What was executed since, some hundreds for the looks at the counter among it. */
bool bench_native_end(int counter, uint64_t *ret_instructions);

#endif
