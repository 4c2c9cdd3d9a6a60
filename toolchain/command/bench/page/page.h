/* SPDX-License-Identifier: Apache-2.0 */
/* page.h - a benchmark as a page for a browser: one file that loads nothing and runs nothing but
 * the few lines that sort its table, without which it says the same. The same data make the same
 * bytes.
 */
#ifndef CHIMERA_TOOLCHAIN_COMMAND_BENCH_PAGE_PAGE_H
#define CHIMERA_TOOLCHAIN_COMMAND_BENCH_PAGE_PAGE_H

#include "toolchain/command/bench/report/judge.h"

#define BENCH_PAGE_MAX ((size_t)32 << 20) /* bytes */

void bench_page_write(const struct bench_run *run, const struct bench_comparison *comparison,
                      size_t comparison_count, const struct bench_findings *findings,
                      struct chimera_buffer *out);

#endif
