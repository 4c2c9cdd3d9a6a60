/* SPDX-License-Identifier: Apache-2.0 */
/* table.h - a benchmark for a person at a terminal. */
#ifndef CHIMERA_TOOLCHAIN_COMMAND_BENCH_REPORT_TABLE_H
#define CHIMERA_TOOLCHAIN_COMMAND_BENCH_REPORT_TABLE_H

#include "runtime/base/buffer.h"
#include "toolchain/command/bench/result/result.h"

#define BENCH_DETAILS_MAX 24 /* points of which all is shown; of more only their rows */

struct bench_screen {
    int fd;         /* whose colours: runtime/text/terminal.h */
    unsigned width; /* columns */
    bool is_utf8;
    bool has_all; /* details of however many points */
};

/* What leads to `fd`. */
struct bench_screen bench_screen_of(int fd);

void bench_table_write(const struct bench_run *run, const struct bench_screen *screen,
                       struct chimera_buffer *out);

#endif
