/* SPDX-License-Identifier: Apache-2.0 */
/* phases.h - into which parts an evaluation falls, and what it did besides.
 *
 * The parts are told apart where the runtime's functions call each other: the command is linked
 * with `ld --wrap` of those (CMakeLists.txt), so that calls from one file to another come by here
 * first. The server is linked without, and pays nothing. One thread at a time.
 */
#ifndef CHIMERA_TOOLCHAIN_COMMAND_BENCH_PHASES_H
#define CHIMERA_TOOLCHAIN_COMMAND_BENCH_PHASES_H

#include <stdbool.h>
#include <stdint.h>

enum bench_phase { /* as of struct bench_point */
                   BENCH_COPY_IN,
                   BENCH_GUEST,
                   BENCH_HOST,
                   BENCH_ANSWER,
                   BENCH_RESET,
                   BENCH_PHASES
};

struct bench_phases {                   /* of one evaluation */
    uint64_t nanoseconds[BENCH_PHASES]; /* their sum is all of it */
    uint64_t host_calls;                /* to capabilities: of the cluster, a registry, … */
    uint64_t dirty_pages, memory_peak;  /* as of struct bench_point; of a group's members the sum
                                           of the one, the greatest of the other */
    /* Of a counting build; of a group's members that were asked, the sums. */
    bool is_counted;
    uint64_t wasm_instructions, start_wasm_instructions;
};

/* Around one evaluation, of a group, too. */
void bench_phases_begin(void);
void bench_phases_end(struct bench_phases *ret_phases);

#endif
