/* SPDX-License-Identifier: Apache-2.0 */
#include "toolchain/command/bench/page/page.h"

void bench_page_write(const struct bench_run *run, const struct bench_comparison *comparison,
                      size_t comparison_count, const struct bench_findings *findings,
                      struct chimera_buffer *out)
{
    (void)run;
    (void)comparison;
    (void)comparison_count;
    (void)findings;
    chimera_buffer_text(out, "<!doctype html>");
}
