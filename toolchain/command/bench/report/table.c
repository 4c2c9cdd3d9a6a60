/* SPDX-License-Identifier: Apache-2.0 */
#include "toolchain/command/bench/report/table.h"

#include <math.h>
#include <string.h>

#include "runtime/text/figures.h"
#include "runtime/text/printable.h"
#include "runtime/text/terminal.h"
#include "toolchain/command/bench/report/chart.h"
#include "toolchain/command/bench/report/grid.h"
#include "toolchain/command/bench/report/json.h"
#include "toolchain/command/bench/report/metrics.h"

#define CELL_MAX ((size_t)4096)
#define NAMES 2
#define INDENT 2
#define CHART_WIDTH 64u
#define WIDE 110 /* columns, from which on there is room for all of them */

struct teller {
    const struct bench_run *run;
    const struct bench_screen *screen;
    struct chimera_buffer *out;
};

struct bench_screen bench_screen_of(int fd)
{
    return (struct bench_screen){
        .fd = fd, .width = chimera_terminal_width(fd), .is_utf8 = chimera_terminal_is_utf8()};
}

static const char *colour(const struct teller *teller, enum chimera_colour colour)
{
    return chimera_colour(teller->screen->fd, colour);
}

static void put_coloured(const struct teller *teller, enum chimera_colour wanted, const char *text)
{
    chimera_buffer_text(teller->out, colour(teller, wanted));
    chimera_printable_append(chimera_slice_of(text), NULL, teller->out);
    chimera_buffer_text(teller->out, chimera_colour_end(teller->screen->fd));
}

static void put(const struct teller *teller, const char *text)
{
    chimera_buffer_text(teller->out, text);
}

static void put_value(const struct teller *teller, enum bench_unit unit, uint64_t value)
{
    bench_metric_put(unit, value, teller->screen->is_utf8, teller->out);
}

static void put_time(const struct teller *teller, double nanoseconds)
{
    put_value(teller, BENCH_TIME, (uint64_t)llround(nanoseconds));
}

/* "s" behind more than one. */
static const char *plural(uint64_t count)
{
    return count == 1 ? "" : "s";
}

/* --- Rows --- */

static const struct column {
    const char *title, *key;
    bool is_wide; /* where there is room only */
} columns[] = {
    {"WASM INSTR", "wasmInstructions", false},
    {"P50", "p50", false},
    {"P99", "p99", false},
    {"P99.9", "p999", true},
    {"MAX", "max", true},
    {"PER S", "throughput", false},
    {"PAGES", "dirtyPages", true},
    {"MEMORY", "memoryPeak", true},
};
#define COLUMNS (sizeof(columns) / sizeof(*columns))

static bool is_shown(const struct teller *teller, const struct column *column)
{
    return !column->is_wide || teller->screen->width >= WIDE;
}

static void add_row(const struct teller *teller, const struct bench_point *point, struct grid *grid)
{
    static const enum chimera_colour colours[] = {[BENCH_ACCEPTED] = CHIMERA_COLOUR_GOOD,
                                                  [BENCH_REJECTED] = CHIMERA_COLOUR_NOTE,
                                                  [BENCH_FAILED] = CHIMERA_COLOUR_BAD};
    struct chimera_buffer text;
    chimera_buffer_init(&text, CELL_MAX);
    grid_add(grid, point->policy, "");
    grid_add(grid, point->request, "");
    grid_add(grid, point->failure ? "not measured" : bench_verdict_name(point->verdict),
             colour(teller, point->failure ? CHIMERA_COLOUR_BAD : colours[point->verdict]));
    for (size_t i = 0; i < COLUMNS; i++) {
        const struct bench_metric *metric = bench_metric_find(columns[i].key);
        uint64_t value;
        if (!is_shown(teller, &columns[i]))
            continue;
        if (!point->failure && metric->get(point, &value))
            bench_metric_put(metric->unit, value, teller->screen->is_utf8, &text);
        else
            chimera_buffer_byte(&text, '-');
        grid_take(grid, &text, "");
    }
    chimera_buffer_free(&text);
}

static void put_rows(const struct teller *teller)
{
    static const char *const names[] = {"POLICY", "REQUEST", "VERDICT"};
    const char *bold = colour(teller, CHIMERA_COLOUR_BOLD);
    struct grid grid = {.columns = NAMES + 1,
                        .names = 7,
                        .paths = 2,
                        .line = teller->screen->width,
                        .colour_end = chimera_colour_end(teller->screen->fd),
                        .ellipsis = teller->screen->is_utf8 ? "…" : "..."};
    for (size_t i = 0; i < COLUMNS; i++)
        grid.columns += is_shown(teller, &columns[i]);
    for (size_t i = 0; i < NAMES + 1; i++)
        grid_add(&grid, names[i], bold);
    for (size_t i = 0; i < COLUMNS; i++)
        if (is_shown(teller, &columns[i]))
            grid_add(&grid, columns[i].title, bold);
    for (size_t i = 0; i < teller->run->count; i++)
        add_row(teller, &teller->run->point[i], &grid);
    grid_write(&grid, teller->out);
}

/* --- All of one point --- */

static void put_label(const struct teller *teller, const char *label)
{
    chimera_buffer_print(teller->out, "%*s%s%-14s%s", INDENT, "",
                         colour(teller, CHIMERA_COLOUR_FAINT), label,
                         chimera_colour_end(teller->screen->fd));
}

/* "1,234" or, where it is not always the same, "1,234 to 1,240"; "unknown". */
static void put_range(const struct teller *teller, const struct bench_range *range)
{
    if (!range->is_known) {
        put(teller, "unknown");
        return;
    }
    chimera_figure_count(range->min, teller->out);
    if (range->max != range->min) {
        put(teller, " to ");
        chimera_figure_count(range->max, teller->out);
    }
}

static void put_instructions(const struct teller *teller, const struct bench_point *point)
{
    put_label(teller, "instructions");
    put_range(teller, &point->wasm_instructions);
    put(teller, " wasm, ");
    put_range(teller, &point->start_wasm_instructions);
    put(teller, " before the snapshot");
    if (point->native_instructions.is_known) {
        put(teller, "; ");
        put_range(teller, &point->native_instructions);
        put(teller, " native");
    }
    put(teller, "\n");
}

static void put_memory(const struct teller *teller, const struct bench_point *point)
{
    put_label(teller, "memory");
    put_range(teller, &point->dirty_pages);
    put(teller, " pages written, ");
    if (point->memory_peak > 0)
        put_value(teller, BENCH_BYTES, point->memory_peak);
    else
        put(teller, "unknown");
    put(teller, " at its largest; ");
    put_range(teller, &point->host_calls);
    put(teller, " host calls\n");
}

static void put_times(const struct teller *teller, const struct bench_point *point)
{
    const struct bench_times *times = &point->evaluation;
    const struct {
        const char *name;
        double value;
    } list[] = {{"p50 ", times->p50},
                {"  p90 ", times->p90},
                {"  p99 ", times->p99},
                {"  p99.9 ", times->p999},
                {"  max ", times->max}};
    put_label(teller, "time");
    for (size_t i = 0; i < sizeof(list) / sizeof(*list); i++) {
        put(teller, list[i].name);
        put_time(teller, list[i].value);
    }
    put(teller, "\n");
    put_label(teller, "mean");
    put_time(teller, times->mean);
    if (point->mean_high > 0) {
        put(teller, ", in 95 of 100 cases ");
        put_time(teller, point->mean_low);
        put(teller, " to ");
        put_time(teller, point->mean_high);
    }
    put(teller, "\n");
    put_label(teller, "throughput");
    chimera_figure_count((uint64_t)llround(fmax(0, point->throughput)), teller->out);
    put(teller, " a second, ");
    chimera_figure_count(times->count, teller->out);
    chimera_buffer_print(teller->out, " evaluation%s", plural(times->count));
    if (teller->run->rate > 0) {
        put(teller, ", ");
        chimera_figure_count(point->late, teller->out);
        put(teller, " late, ");
        chimera_figure_count(point->missed, teller->out);
        put(teller, " missed");
    }
    put(teller, "\n");
}

static void put_phases(const struct teller *teller, const struct bench_point *point)
{
    const struct {
        const char *name;
        double value;
    } parts[] = {{"copy-in ", point->copy_in},
                 {", guest ", point->guest},
                 {", host ", point->host},
                 {", answer ", point->answer},
                 {", reset ", point->reset}};
    if (!point->has_phases)
        return;
    put_label(teller, "parts");
    for (size_t i = 0; i < sizeof(parts) / sizeof(*parts); i++) {
        put(teller, parts[i].name);
        put_time(teller, parts[i].value);
    }
    put(teller, "\n");
}

static void put_cold(const struct teller *teller, const struct bench_point *point)
{
    put_label(teller, "cold");
    put(teller, "load ");
    put_time(teller, point->cold_load);
    put(teller, ", start ");
    put_time(teller, point->cold_start);
    put(teller, ", first evaluation ");
    put_time(teller, point->cold_first);
    put(teller, "\n");
    if (point->settings.count == 0)
        return;
    put_label(teller, "settings");
    put(teller, "checked in ");
    put_time(teller, point->settings.p50);
    put(teller, "\n");
}

static void put_details(const struct teller *teller, const struct bench_point *point)
{
    unsigned width = teller->screen->width - INDENT;
    put(teller, "\n");
    put_coloured(teller, CHIMERA_COLOUR_BOLD, point->policy);
    if (point->request[0]) { /* a policy that cannot be built is asked nothing */
        put(teller, " on ");
        put_coloured(teller, CHIMERA_COLOUR_BOLD, point->request);
    }
    if (point->mode && point->tier)
        chimera_buffer_print(teller->out, " (%s, %s tier)", point->mode, point->tier);
    chimera_buffer_print(teller->out, ": %s\n",
                         point->failure ? "not measured" : bench_verdict_name(point->verdict));
    if (point->failure || point->message) {
        chimera_buffer_print(teller->out, "%*s", INDENT, "");
        put_coloured(teller, point->failure ? CHIMERA_COLOUR_BAD : CHIMERA_COLOUR_FAINT,
                     point->failure ? point->failure : point->message);
        put(teller, "\n");
    }
    if (point->failure)
        return;
    put_instructions(teller, point);
    put_memory(teller, point);
    put_times(teller, point);
    put_phases(teller, point);
    put_cold(teller, point);
    chart_draw(point, width < CHART_WIDTH ? width : CHART_WIDTH, INDENT, teller->screen->is_utf8,
               teller->out);
}

static void put_obstacles(const struct teller *teller)
{
    const struct {
        const char *what, *why;
    } obstacles[] = {{"wasm instructions", teller->run->count_obstacle},
                     {"native instructions", teller->run->native_obstacle}};
    for (size_t i = 0; i < sizeof(obstacles) / sizeof(*obstacles); i++)
        if (obstacles[i].why) {
            chimera_buffer_print(teller->out, "\nNo %s: ", obstacles[i].what);
            put_coloured(teller, CHIMERA_COLOUR_FAINT, obstacles[i].why);
        }
    if (obstacles[0].why || obstacles[1].why)
        put(teller, "\n");
    if (teller->run->is_interrupted)
        put(teller, "\nInterrupted: what was not measured by then is not here.\n");
}

void bench_table_write(const struct bench_run *run, const struct bench_screen *screen,
                       struct chimera_buffer *out)
{
    const struct teller teller = {run, screen, out};
    put_rows(&teller);
    if (screen->has_all || run->count <= BENCH_DETAILS_MAX)
        for (size_t i = 0; i < run->count; i++)
            put_details(&teller, &run->point[i]);
    else
        chimera_buffer_print(out,
                             "\nOf more than %d pairs there are rows alone: -v, --report FILE.html "
                             "and -o json have the rest.\n",
                             BENCH_DETAILS_MAX);
    put_obstacles(&teller);
}
