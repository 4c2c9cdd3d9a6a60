/* SPDX-License-Identifier: Apache-2.0 */
/* bench_results.h - samples that are kept from one run of `chimera bench` to the next, in
 * target/tiny-bench/LABEL/POLICY.json (cli-and-distribution.md §1.9). */
#ifndef CHIMERA_TOOLCHAIN_COMMAND_BENCH_RESULTS_H
#define CHIMERA_TOOLCHAIN_COMMAND_BENCH_RESULTS_H

#include "runtime/base/error.h"
#include "toolchain/command/bench/bench_statistics.h"
#include "toolchain/command/definition/definition.h"

/* None, with a count of 0, when there are none; the caller ends them. */
int bench_results_read(const char *label, const struct definition *definition,
                       struct bench_samples *ret_samples, struct chimera_error *err);
/* With a warning in place of it where there is no `target`. */
int bench_results_write(const char *label, const struct definition *definition,
                        const struct bench_samples *samples, struct chimera_error *err);

#endif
