/* SPDX-License-Identifier: Apache-2.0 */
/* machine.h - where and when something is measured. */
#ifndef CHIMERA_TOOLCHAIN_COMMAND_BENCH_MACHINE_H
#define CHIMERA_TOOLCHAIN_COMMAND_BENCH_MACHINE_H

#include "runtime/base/error.h"
#include "toolchain/command/bench/result/result.h"

/* Fills in version, machine and time. */
int bench_machine_describe(struct bench_run *run, struct chimera_error *err);

#endif
