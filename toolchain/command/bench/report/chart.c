/* SPDX-License-Identifier: Apache-2.0 */
#include "toolchain/command/bench/report/chart.h"

#include <math.h>
#include <string.h>

#include "toolchain/command/bench/report/metrics.h"

#define ROWS 4
#define LEVELS 8 /* of a character's height */

double chart_place(const struct chart *chart, double nanoseconds)
{
    double at = log(nanoseconds / chart->least) / log(chart->greatest / chart->least);
    return at > 0 ? at < 1 ? at : 1 : 0; /* 0, too, where it is no number */
}

/* Shares a bucket out among the columns that it lies over. */
static void spread(struct chart *chart, double from, double to, double count)
{
    double columns = (double)chart->columns;
    double left = chart_place(chart, from) * columns, right = chart_place(chart, to) * columns;
    if (!(right - left > 1e-9)) /* beyond the scale */
        return;
    for (size_t i = (size_t)left; i < chart->columns && (double)i < right; i++) {
        double begin = fmax(left, (double)i), end = fmin(right, (double)i + 1);
        chart->column[i] += count * (end - begin) / (right - left);
    }
}

bool chart_fill(const struct bench_point *point, size_t columns, struct chart *ret_chart)
{
    const struct bench_histogram *histogram = point->histogram;
    *ret_chart = (struct chart){.columns = columns};
    if (!histogram || histogram->count == 0 || columns == 0 || columns > CHART_COLUMNS_MAX)
        return false;
    ret_chart->least = fmax(1, (double)histogram->min);
    ret_chart->greatest = bench_histogram_quantile(histogram, 0.99);
    if (ret_chart->greatest < ret_chart->least * 1.1) /* all are nearly the same */
        ret_chart->greatest = ret_chart->least * 1.1;
    for (size_t i = 0; i < BENCH_HISTOGRAM_BUCKETS; i++)
        if (histogram->bucket[i] > 0)
            spread(ret_chart, fmax(1, (double)bench_histogram_least(i)),
                   (double)bench_histogram_least(i + 1), (double)histogram->bucket[i]);
    for (size_t i = 0; i < columns; i++)
        ret_chart->highest = fmax(ret_chart->highest, ret_chart->column[i]);
    return ret_chart->highest > 0; /* a file's buckets may lie elsewhere than it says */
}

static const char *block(double level, bool is_utf8)
{
    static const char *const blocks[] = {" ", "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
    int whole = level <= 0 ? 0 : level >= LEVELS ? LEVELS : (int)ceil(level);
    if (is_utf8)
        return blocks[whole];
    return whole == 0 ? " " : whole <= LEVELS / 2 ? "." : "#";
}

static void put_indent(unsigned indent, struct chimera_buffer *out)
{
    chimera_buffer_print(out, "%*s", (int)indent, "");
}

/* "^p50" and so on, where there is room for them. */
static void put_marks(const struct chart *chart, const struct bench_times *times,
                      struct chimera_buffer *out)
{
    const struct {
        const char *name;
        double at;
    } marks[] = {{"^p50", times->p50}, {"^p90", times->p90}};
    size_t end = 0;
    for (size_t i = 0; i < sizeof(marks) / sizeof(*marks); i++) {
        double place = chart_place(chart, marks[i].at) * (double)chart->columns;
        size_t at = place < (double)chart->columns ? (size_t)place : chart->columns - 1;
        if (at < end)
            continue;
        chimera_buffer_print(out, "%*s%s", (int)(at - end), "", marks[i].name);
        end = at + strlen(marks[i].name) + 1;
        chimera_buffer_byte(out, ' ');
    }
    while (out->size > 0 && out->data[out->size - 1] == ' ')
        out->size--;
    chimera_buffer_byte(out, '\n');
}

static size_t put_time(double nanoseconds, bool is_utf8, struct chimera_buffer *out)
{
    size_t size = out->size, width = 0;
    bench_metric_put(BENCH_TIME, (uint64_t)nanoseconds, is_utf8, out);
    for (; size < out->size; size++)
        width += ((unsigned char)out->data[size] & 0xC0) != 0x80;
    return width;
}

void chart_draw(const struct bench_point *point, size_t columns, unsigned indent, bool is_utf8,
                struct chimera_buffer *out)
{
    struct chart chart;
    struct chimera_buffer end;
    if (!chart_fill(point, columns, &chart))
        return;
    for (int row = ROWS - 1; row >= 0; row--) {
        put_indent(indent, out);
        for (size_t i = 0; i < columns; i++) {
            double height = chart.column[i] / chart.highest * ROWS * LEVELS;
            if (chart.column[i] > 0 && height < 1) /* rare is not never */
                height = 1;
            chimera_buffer_text(out, block(height - row * LEVELS, is_utf8));
        }
        while (out->size > 0 && out->data[out->size - 1] == ' ')
            out->size--;
        chimera_buffer_byte(out, '\n');
    }
    put_indent(indent, out);
    put_marks(&chart, &point->evaluation, out);
    put_indent(indent, out);
    size_t used = put_time(chart.least, is_utf8, out);
    chimera_buffer_init(&end, 64);
    used += put_time(chart.greatest, is_utf8, &end);
    chimera_buffer_print(out, "%*s", (int)(columns > used ? columns - used : 1), "");
    chimera_buffer_append(out, chimera_buffer_slice(&end));
    chimera_buffer_byte(out, '\n');
    chimera_buffer_free(&end);
}
