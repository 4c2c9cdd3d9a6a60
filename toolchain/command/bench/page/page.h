/* SPDX-License-Identifier: Apache-2.0 */
/* page.h - a benchmark as a page for a browser: one file that loads nothing, and runs nothing but
 * the few lines that sort and filter its table, without which it says the same. The same data make
 * the same bytes. Of very many points the plots have the dearest, and say so.
 */
#ifndef CHIMERA_TOOLCHAIN_COMMAND_BENCH_PAGE_PAGE_H
#define CHIMERA_TOOLCHAIN_COMMAND_BENCH_PAGE_PAGE_H

#include "toolchain/command/bench/report/judge.h"

#define BENCH_PAGE_MAX ((size_t)32 << 20) /* bytes */

struct bench_told { /* all that a page is made of; borrowed */
    const struct bench_run *run;
    const struct bench_comparison *comparison; /* with earlier runs; a list */
    size_t comparison_count;
    const struct bench_findings *findings;
    bool is_judged; /* there was something to hold it against */
};

/* The buffer keeps a failure. */
void bench_page_write(const struct bench_told *told, struct chimera_buffer *out);

#endif
