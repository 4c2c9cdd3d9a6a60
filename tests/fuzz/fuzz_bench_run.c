/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as a kept benchmark, which is then told in all formats, compared with itself and
 * judged; and as a budget. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "toolchain/command/bench/page/page.h"
#include "toolchain/command/bench/report/formats.h"
#include "toolchain/command/bench/report/json.h"
#include "toolchain/command/bench/report/table.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void tell(const struct bench_run *run, const struct bench_budget *budget)
{
    const struct bench_screen screen = {.fd = -1, .width = 80, .is_utf8 = true};
    const struct bench_threshold threshold = {.percent = 1, .has_times = true};
    struct bench_comparison comparison;
    struct bench_findings findings = {0};
    struct chimera_buffer out;
    struct bench_run again;
    chimera_buffer_init(&out, (size_t)64 << 20);
    if (bench_comparison_make(run, run, "f", &comparison) < 0)
        abort();
    bench_judge_change(&comparison, &threshold, &findings);
    bench_judge_budget(run, budget, &findings);
    bench_comparison_write(&comparison, &screen, &out);
    bench_table_write(run, &screen, &out);
    bench_csv_write(run, &out);
    bench_gator_write(run, &out);
    const struct bench_told told = {run, &comparison, 1, &findings, true};
    bench_page_write(&told, &out);
    if (memchr(out.data, '\x1b', out.size))
        abort();
    /* What was taken is written as what is taken again. */
    chimera_buffer_reset(&out);
    bench_json_write(run, &out);
    if (!out.failed && bench_json_read(chimera_buffer_slice(&out), "again", &again, NULL) < 0)
        abort();
    bench_run_done(&again);
    chimera_buffer_free(&out);
    bench_findings_done(&findings);
    bench_comparison_done(&comparison);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct chimera_slice text = {size ? (const char *)data : "", size};
    struct chimera_error err = {0};
    struct bench_run run;
    struct bench_budget budget;
    static const char *const names[] = {"a", "policy-000"};
    if (bench_budget_read(text, "b.yml", &budget, &err) < 0) {
        if (!err.text[0] || budget.count)
            abort();
    } else
        bench_budget_check_names(&budget, names, 2, NULL);
    err = (struct chimera_error){0};
    if (bench_json_read(text, "f.json", &run, &err) < 0) {
        if (!err.text[0] || run.point)
            abort();
    } else
        tell(&run, &budget);
    bench_budget_done(&budget);
    bench_run_done(&run);
    return 0;
}
