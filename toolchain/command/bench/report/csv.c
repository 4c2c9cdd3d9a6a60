/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/text/printable.h"
#include "toolchain/command/bench/report/formats.h"
#include "toolchain/command/bench/report/json.h"
#include "toolchain/command/bench/report/metrics.h"

#include <string.h>

#define CELL_MAX ((size_t)1 << 20)
#define FORMULAS "=+-@\t\r" /* what begins one */

/* Every text is in quotes; what may not be shown is escaped. */
static void put_text(const char *text, struct chimera_buffer *out)
{
    struct chimera_buffer shown;
    chimera_buffer_init(&shown, CELL_MAX);
    if (text)
        chimera_printable_append(chimera_slice_of(text), NULL, &shown);
    chimera_buffer_text(out, text && *text && strchr(FORMULAS, *text) ? "\"'" : "\"");
    for (size_t i = 0; i < shown.size; i++) {
        if (shown.data[i] == '"')
            chimera_buffer_byte(out, '"');
        chimera_buffer_byte(out, (uint8_t)shown.data[i]);
    }
    chimera_buffer_byte(out, '"');
    if (shown.failed)
        out->failed = shown.failed;
    chimera_buffer_free(&shown);
}

static void put_point(const struct bench_point *point, struct chimera_buffer *out)
{
    const char *texts[] = {point->policy,
                           point->request,
                           point->module,
                           point->wasm_digest,
                           point->mode,
                           point->tier,
                           point->failure ? "" : bench_verdict_name(point->verdict),
                           point->failure ? point->failure : point->message};
    for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
        if (i > 0)
            chimera_buffer_byte(out, ',');
        put_text(texts[i], out);
    }
    chimera_buffer_print(out, ",%llu",
                         point->failure ? 0ULL : (unsigned long long)point->evaluation.count);
    for (const struct bench_metric *metric = bench_metrics; metric->key; metric++) {
        uint64_t value;
        chimera_buffer_byte(out, ',');
        if (!point->failure && metric->get(point, &value))
            chimera_buffer_print(out, "%llu", (unsigned long long)value);
    }
    chimera_buffer_text(out, "\r\n");
}

void bench_csv_write(const struct bench_run *run, struct chimera_buffer *out)
{
    chimera_buffer_text(out, "policy,request,module,digest,mode,tier,verdict,message,evaluations");
    for (const struct bench_metric *metric = bench_metrics; metric->key; metric++)
        chimera_buffer_print(out, ",%s", metric->column);
    chimera_buffer_text(out, "\r\n");
    for (size_t i = 0; i < run->count; i++)
        put_point(&run->point[i], out);
}
