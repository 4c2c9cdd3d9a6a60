/* SPDX-License-Identifier: Apache-2.0 */
/* curves.c - which share of the evaluations took how long, a line a point: to the right each step
 * is a tenth of the evaluations that are left, upwards each is ten times the time. */
#include "toolchain/command/bench/page/page_internal.h"

#include <math.h>

#define WIDTH 900.0
#define HEIGHT 380.0
#define LEFT 96.0
#define RIGHT 36.0
#define TOP 14.0
#define BOTTOM 44.0
#define STEPS 96
#define NINES_MAX 5.0

struct plot {
    double least, greatest; /* ns */
    double nines;           /* 2: up to 99 % */
};

static double x_of(const struct plot *plot, double nines)
{
    return LEFT + (WIDTH - LEFT - RIGHT) * nines / plot->nines;
}

static double y_of(const struct plot *plot, double nanoseconds)
{
    double share = log(nanoseconds / plot->least) / log(plot->greatest / plot->least);
    share = share > 0 ? fmin(1, share) : 0;
    return TOP + (HEIGHT - TOP - BOTTOM) * (1 - share);
}

static double quantile(const struct bench_point *point, double nines)
{
    return fmax(1, bench_histogram_quantile(point->histogram, 1 - pow(10, -nines)));
}

static bool is_drawn(const struct bench_point *point)
{
    return point && !point->failure && point->histogram && point->histogram->count > 0;
}

static void widen(struct plot *plot, const struct bench_point *point)
{
    plot->nines = fmin(NINES_MAX, fmax(plot->nines, log10((double)point->histogram->count)));
    plot->least = fmin(plot->least, fmax(1, (double)point->histogram->min));
}

/* --- Axes --- */

static void put_grid(const struct page *page, const struct plot *plot)
{
    static const struct {
        double nines;
        const char *name;
    } marks[] = {{0, "0"},    {0.30103, "50"}, {1, "90"},    {2, "99"},
                 {3, "99.9"}, {4, "99.99"},    {5, "99.999"}};
    static const double steps[] = {1, 2, 5};
    double decades = log10(plot->greatest / plot->least);
    for (size_t i = 0; i < sizeof(marks) / sizeof(*marks) && marks[i].nines <= plot->nines; i++) {
        double x = x_of(plot, marks[i].nines);
        chimera_buffer_print(page->out,
                             "<path class=\"grid\" d=\"M%.1f %.1fV%.1f\"/>"
                             "<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"middle\">%s</text>",
                             x, TOP, HEIGHT - BOTTOM, x, HEIGHT - BOTTOM + 30, marks[i].name);
    }
    for (int power = 0; power <= 13; power++)
        for (size_t i = 0; i < sizeof(steps) / sizeof(*steps); i++) {
            double at = steps[i] * pow(10, power);
            if (at < plot->least || at > plot->greatest || (decades > 2 && i > 0))
                continue;
            double y = y_of(plot, at);
            chimera_buffer_print(page->out,
                                 "<path class=\"grid\" d=\"M%.1f %.1fH%.1f\"/>"
                                 "<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"end\">",
                                 LEFT, y, WIDTH - RIGHT, LEFT - 10, y + 5);
            if (at < 1e3)
                chimera_buffer_print(page->out, "%g ns", at);
            else if (at < 1e6)
                chimera_buffer_print(page->out, "%g µs", at / 1e3);
            else if (at < 1e9)
                chimera_buffer_print(page->out, "%g ms", at / 1e6);
            else
                chimera_buffer_print(page->out, "%g s", at / 1e9);
            page_put(page, "</text>");
        }
}

/* --- Lines --- */

static void put_line(const struct page *page, const struct plot *plot,
                     const struct bench_point *point, size_t number, bool is_before)
{
    double most = fmin(plot->nines, log10((double)point->histogram->count));
    chimera_buffer_print(page->out, "<path class=\"line l%zu%s\" d=\"", number,
                         is_before ? " earlier" : "");
    for (int i = 0; i <= STEPS; i++) {
        double nines = most * i / STEPS;
        chimera_buffer_print(page->out, "%c%.1f %.1f", i == 0 ? 'M' : 'L', x_of(plot, nines),
                             y_of(plot, quantile(point, nines)));
    }
    page_put(page, "\"><title>");
    page_put_plain(page, point->policy);
    page_put(page, is_before ? ", before</title></path>" : "</title></path>");
}

static void put_legend(const struct page *page, const struct bench_point *const *list, size_t count)
{
    page_put(page, "<ul class=\"lines\">");
    for (size_t i = 0; i < count; i++) {
        chimera_buffer_print(page->out,
                             "<li><svg class=\"key wide\" viewBox=\"0 0 24 10\"><path "
                             "class=\"line l%zu\" d=\"M0 5H24\"/></svg>",
                             i);
        page_put_point(page, list[i]);
        page_put(page, " <small>p50 ");
        page_put_time(page, list[i]->evaluation.p50);
        page_put(page, ", p99 ");
        page_put_time(page, list[i]->evaluation.p99);
        page_put(page, "</small></li>");
    }
    page_put(page, "</ul>");
}

/* Of an earlier run, where that can be drawn. */
static const struct bench_point *find_before(const struct page *page,
                                             const struct bench_point *point)
{
    const struct bench_point *before = page_before_of(page, point);
    return is_drawn(before) ? before : NULL;
}

static void fill(const struct page *page, const struct bench_point *const *list, size_t count,
                 struct plot *plot)
{
    *plot = (struct plot){.least = 1e18, .nines = 1};
    for (size_t i = 0; i < count; i++) {
        const struct bench_point *before = find_before(page, list[i]);
        widen(plot, list[i]);
        if (before)
            widen(plot, before);
    }
    for (size_t i = 0; i < count; i++) {
        const struct bench_point *before = find_before(page, list[i]);
        plot->greatest = fmax(plot->greatest, quantile(list[i], plot->nines));
        if (before)
            plot->greatest = fmax(plot->greatest, quantile(before, plot->nines));
    }
    plot->least /= 1.05;
    plot->greatest = fmax(plot->greatest * 1.05, plot->least * 2);
}

void page_put_curves(const struct page *page)
{
    const struct bench_point *list[PAGE_CURVES_MAX];
    size_t count = 0, of = 0;
    struct plot plot;
    for (size_t i = 0; i < page->count; i++) {
        if (!is_drawn(page->dear[i]))
            continue;
        if (count < PAGE_CURVES_MAX)
            list[count++] = page->dear[i];
        of++;
    }
    if (count == 0)
        return;
    fill(page, list, count, &plot);
    page_begin_section(page, "How long evaluations take",
                       page->told->comparison_count > 0
                           ? "Which share of them, in percent, is done by when. Dashed: the run "
                             "that it is compared with."
                           : "Which share of them, in percent, is done by when.");
    chimera_buffer_print(page->out,
                         "<div class=\"card plot\"><svg role=\"img\" viewBox=\"0 0 %.0f %.0f\" "
                         "aria-label=\"Times by percentile\">",
                         WIDTH, HEIGHT);
    put_grid(page, &plot);
    for (size_t i = 0; i < count; i++) {
        const struct bench_point *before = find_before(page, list[i]);
        if (before)
            put_line(page, &plot, before, i, true);
        put_line(page, &plot, list[i], i, false);
    }
    page_put(page, "</svg>");
    put_legend(page, list, count);
    page_put(page, "</div>");
    page_put_rest(page, count, of, "those with the most instructions");
    page_put(page, "</section>\n");
}
