/* SPDX-License-Identifier: Apache-2.0 */
/* upstream.h - `kwctl bench`: what it measures and prints (cli-and-distribution.md §1.9), on code
 * that is built, loaded and warm. */
#ifndef CHIMERA_TOOLCHAIN_COMMAND_BENCH_UPSTREAM_H
#define CHIMERA_TOOLCHAIN_COMMAND_BENCH_UPSTREAM_H

#include "runtime/cli/cli.h"

/* The exit code. */
int bench_upstream(const struct chimera_cli_options *options);

#endif
