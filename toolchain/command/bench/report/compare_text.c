/* SPDX-License-Identifier: Apache-2.0 */
/* compare_text.c - what changed between two benchmarks, for a person at a terminal. */
#include "toolchain/command/bench/report/compare.h"

#include <string.h>

#include "runtime/text/printable.h"
#include "runtime/text/terminal.h"
#include "toolchain/command/bench/report/grid.h"

#define CELL_MAX ((size_t)4096)
#define ROWS_MAX 50 /* of more pairs only those whose instructions changed have one */
#define NOTICED 1.0 /* percent: a time's change below that has no colour */

struct teller {
    const struct bench_comparison *comparison;
    const struct bench_screen *screen;
    struct chimera_buffer *out;
};

static void put_text(const struct teller *teller, const char *text)
{
    chimera_printable_append(chimera_slice_of(text ? text : "unknown"), NULL, teller->out);
}

static bool is_same(const char *a, const char *b)
{
    return strcmp(a ? a : "", b ? b : "") == 0;
}

static void put_difference(const struct teller *teller, const char *what, const char *before,
                           const char *now, const char *so)
{
    if (is_same(before, now))
        return;
    chimera_buffer_print(
        teller->out, "%sAnother %s%s: ", chimera_colour(teller->screen->fd, CHIMERA_COLOUR_NOTE),
        what, chimera_colour_end(teller->screen->fd));
    put_text(teller, before);
    chimera_buffer_text(teller->out, ", now ");
    put_text(teller, now);
    chimera_buffer_print(teller->out, ".%s\n", so);
}

static void put_head(const struct teller *teller)
{
    const struct bench_comparison *comparison = teller->comparison;
    chimera_buffer_text(teller->out, "\nCompared with ");
    put_text(teller, comparison->name);
    chimera_buffer_text(teller->out, " of ");
    put_text(teller, comparison->before->time);
    chimera_buffer_text(teller->out, ":\n");
    put_difference(teller, "toolchain", comparison->before->toolchain, comparison->now->toolchain,
                   "");
    put_difference(teller, "machine", comparison->before->machine, comparison->now->machine,
                   " Times do not compare; counts of wasm instructions do.");
    if (comparison->before->threads != comparison->now->threads ||
        comparison->before->rate != comparison->now->rate)
        chimera_buffer_text(teller->out, "Another number of threads, or another rate: times do "
                                         "not compare.\n");
}

/* --- Rows --- */

static const char *colour_of(const struct teller *teller, double percent, double noticed)
{
    if (percent > noticed)
        return chimera_colour(teller->screen->fd, CHIMERA_COLOUR_BAD);
    return percent < -noticed ? chimera_colour(teller->screen->fd, CHIMERA_COLOUR_GOOD) : "";
}

/* Two cells: what it is now, and the change. */
static void add_change(const struct teller *teller, const struct bench_pair *pair, const char *key,
                       double noticed, struct grid *grid)
{
    const struct bench_metric *metric = bench_metric_find(key);
    struct chimera_buffer text;
    uint64_t before, now;
    double percent;
    chimera_buffer_init(&text, CELL_MAX);
    if (!bench_pair_change(pair, metric, &before, &now, &percent)) {
        grid_add(grid, "-", "");
        grid_add(grid, "-", "");
        return;
    }
    bench_metric_put(metric->unit, now, teller->screen->is_utf8, &text);
    grid_take(grid, &text, "");
    bench_put_percent(percent, &text);
    grid_take(grid, &text, colour_of(teller, percent, noticed));
    chimera_buffer_free(&text);
}

static bool has_changed(const struct bench_pair *pair)
{
    uint64_t before, now;
    double percent;
    return !bench_pair_change(pair, bench_wasm_instructions, &before, &now, &percent) ||
           percent != 0;
}

static void add_pair(const struct teller *teller, const struct bench_pair *pair, struct grid *grid)
{
    grid_add(grid, pair->now->policy, "");
    grid_add(grid, pair->now->request, "");
    add_change(teller, pair, "wasmInstructions", 0, grid);
    add_change(teller, pair, "p50", NOTICED, grid);
    add_change(teller, pair, "p99", NOTICED, grid);
}

static size_t put_pairs(const struct teller *teller)
{
    static const char *const titles[] = {"POLICY", "REQUEST", "WASM INSTR", "",
                                         "P50",    "",        "P99",        ""};
    const struct bench_comparison *comparison = teller->comparison;
    size_t shown = 0;
    struct grid grid = {.columns = sizeof(titles) / sizeof(*titles),
                        .names = 3,
                        .paths = 2,
                        .line = teller->screen->width,
                        .colour_end = chimera_colour_end(teller->screen->fd),
                        .ellipsis = teller->screen->is_utf8 ? "…" : "..."};
    for (size_t i = 0; i < grid.columns; i++)
        grid_add(&grid, titles[i], chimera_colour(teller->screen->fd, CHIMERA_COLOUR_BOLD));
    for (size_t i = 0; i < comparison->count; i++) {
        const struct bench_pair *pair = &comparison->pair[i];
        if (!pair->now || !pair->before || (comparison->both > ROWS_MAX && !has_changed(pair)))
            continue;
        add_pair(teller, pair, &grid);
        shown++;
    }
    grid.count = shown > 0 ? grid.count : 0;
    grid_write(&grid, teller->out);
    return shown;
}

/* Those that are in one run only. */
static void put_lonely(const struct teller *teller, bool is_new)
{
    size_t count = 0;
    for (size_t i = 0; i < teller->comparison->count; i++) {
        const struct bench_pair *pair = &teller->comparison->pair[i];
        const struct bench_point *point = is_new ? pair->now : pair->before;
        if (!point || (is_new ? pair->before : pair->now))
            continue;
        if (++count > ROWS_MAX)
            continue;
        chimera_buffer_text(teller->out, is_new ? "New: " : "Gone: ");
        put_text(teller, point->policy);
        chimera_buffer_text(teller->out, " on ");
        put_text(teller, point->request);
        chimera_buffer_byte(teller->out, '\n');
    }
    if (count > ROWS_MAX)
        chimera_buffer_print(teller->out, "%s: %zu more\n", is_new ? "New" : "Gone",
                             count - ROWS_MAX);
}

void bench_comparison_write(const struct bench_comparison *comparison,
                            const struct bench_screen *screen, struct chimera_buffer *out)
{
    const struct teller teller = {comparison, screen, out};
    put_head(&teller);
    size_t shown = put_pairs(&teller);
    if (shown < comparison->both)
        chimera_buffer_print(out, "%zu more need as many instructions as before.\n",
                             comparison->both - shown);
    put_lonely(&teller, true);
    put_lonely(&teller, false);
}
