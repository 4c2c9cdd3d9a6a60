/* SPDX-License-Identifier: Apache-2.0 */
/* chart.h - a histogram spread over columns of equal width, of which a terminal or a page draws
 * bars. The scale is logarithmic, from the least time to the 99th percentile: what is
 * longer would press all others into one column. */
#ifndef CHIMERA_TOOLCHAIN_COMMAND_BENCH_REPORT_CHART_H
#define CHIMERA_TOOLCHAIN_COMMAND_BENCH_REPORT_CHART_H

#include "runtime/base/buffer.h"
#include "toolchain/command/bench/result/result.h"

#define CHART_COLUMNS_MAX 128

struct chart {
    size_t columns;
    double least, greatest;           /* ns, where the scale begins and ends */
    double column[CHART_COLUMNS_MAX]; /* evaluations, shared out where a bucket lies over two */
    double highest;
};

/* False where there is nothing to draw. */
bool chart_fill(const struct bench_point *point, size_t columns, struct chart *ret_chart);
/* Where a time lies: from 0 to 1. */
double chart_place(const struct chart *chart, double nanoseconds);

/* Lines of blocks or, without UTF-8, of # and dots, with marks and scale below; each begins with
 * `indent` blanks. */
void chart_draw(const struct bench_point *point, size_t columns, unsigned indent, bool is_utf8,
                struct chimera_buffer *out);

#endif
