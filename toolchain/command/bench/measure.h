/* SPDX-License-Identifier: Apache-2.0 */
/* measure.h - all policies of a set on all of its requests, as points of a run. */
#ifndef CHIMERA_TOOLCHAIN_COMMAND_BENCH_MEASURE_H
#define CHIMERA_TOOLCHAIN_COMMAND_BENCH_MEASURE_H

#include "toolchain/command/bench/result/result.h"
#include "toolchain/command/bench/set.h"
#include "toolchain/command/bench/workload.h"

/* Builds, loads and starts one policy after the other, and measures it. What fails is a point that
 * says why; the call fails only when nothing can go on. The caller ends *run in any case. */
int bench_measure(struct bench_set *set, const struct bench_workload *workload,
                  struct bench_run *run, struct chimera_error *err);

#endif
