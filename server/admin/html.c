/* SPDX-License-Identifier: Apache-2.0 */
#include "server/admin/html.h"

#include <math.h>
#include <stdio.h>
#include <time.h>

#define BAR_WIDTH 160u
#define BAR_HEIGHT 10u

/* The histogram: four bars a decade, from 1 µs to 10 s; what lies outside is in the outermost. */
#define DECADES 7u
#define BARS_PER_DECADE 4u
#define BARS (DECADES * BARS_PER_DECADE)
#define STEP 8u /* from a bar to the next */
#define CHART_WIDTH (BARS * STEP)
#define CHART_HEIGHT 34u
#define CHART_FIRST_NS 1000.0

void html_moment(uint64_t ms, struct chimera_buffer *out)
{
    struct tm tm;
    char text[40] = "";
    time_t seconds = (time_t)(ms / 1000);
    if (gmtime_r(&seconds, &tm))
        strftime(text, sizeof(text), "%Y-%m-%d %H:%M:%S UTC", &tm);
    chimera_buffer_text(out, text);
}

/* --- Drawings --- */

void html_verdict_bar(const struct counters_view *counts, struct chimera_buffer *out)
{
    const struct {
        const char *class;
        uint64_t count;
    } parts[] = {{"yes", counts->accepted}, {"no", counts->rejected}, {"error", counts->errors}};
    double total = (double)counts->accepted + (double)counts->rejected + (double)counts->errors;
    double at = 0;
    char what[128];
    snprintf(what, sizeof(what), "%llu accepted, %llu rejected, %llu errors",
             (unsigned long long)counts->accepted, (unsigned long long)counts->rejected,
             (unsigned long long)counts->errors);
    chimera_buffer_print(out,
                         "<svg class=\"bar\" role=\"img\" width=\"%u\" height=\"%u\" "
                         "viewBox=\"0 0 %u %u\" preserveAspectRatio=\"none\" aria-label=\"%s\">"
                         "<title>%s</title><rect class=\"none\" width=\"%u\" height=\"%u\" "
                         "rx=\"2\"></rect>",
                         BAR_WIDTH, BAR_HEIGHT, BAR_WIDTH, BAR_HEIGHT, what, what, BAR_WIDTH,
                         BAR_HEIGHT);
    for (size_t i = 0; total > 0 && i < sizeof(parts) / sizeof(parts[0]); i++) {
        double width = BAR_WIDTH * (double)parts[i].count / total;
        if (parts[i].count)
            chimera_buffer_print(
                out, "<rect class=\"%s\" x=\"%.1f\" width=\"%.1f\" height=\"%u\"></rect>",
                parts[i].class, at, width < 1 ? 1 : width, BAR_HEIGHT);
        at += width;
    }
    chimera_buffer_text(out, "</svg>");
}

static void begin_chart(unsigned height, const char *class, struct chimera_buffer *out)
{
    chimera_buffer_print(out,
                         "<svg class=\"%s\" role=\"img\" width=\"%u\" height=\"%u\" "
                         "viewBox=\"0 0 %u %u\"",
                         class, CHART_WIDTH, height, CHART_WIDTH, height);
}

static void draw_bars(const uint64_t bars[BARS], struct chimera_buffer *out)
{
    uint64_t most = 1;
    for (unsigned i = 0; i < BARS; i++)
        most = bars[i] > most ? bars[i] : most;
    for (unsigned i = 0; i < BARS; i++) {
        double height = CHART_HEIGHT * (double)bars[i] / (double)most;
        if (bars[i])
            chimera_buffer_print(out,
                                 "<rect x=\"%u\" y=\"%.1f\" width=\"%u\" height=\"%.1f\"></rect>",
                                 i * STEP + 1, CHART_HEIGHT - (height < 1.5 ? 1.5 : height),
                                 STEP - 1, height < 1.5 ? 1.5 : height);
    }
}

static void draw_mark(const char *class, uint64_t ns, struct chimera_buffer *out)
{
    /* Where a duration is on the scale. */
    double position = (double)ns > CHART_FIRST_NS
                          ? log10((double)ns / CHART_FIRST_NS) / DECADES * CHART_WIDTH
                          : 0;
    double x = position < CHART_WIDTH ? position : CHART_WIDTH;
    chimera_buffer_print(out,
                         "<line class=\"%s\" x1=\"%.1f\" x2=\"%.1f\" y1=\"0\" y2=\"%u\"></line>",
                         class, x, x, CHART_HEIGHT);
}

static void put_summary(const struct counters_view *counts, struct chimera_buffer *out)
{
    if (counts->wall.total == 0) {
        chimera_buffer_text(out, "nothing was measured");
        return;
    }
    chimera_buffer_text(out, counts->wall.total == 1 ? "one evaluation, " : "p50 ");
    chimera_figure_duration(counters_quantile(counts, 0.5), out);
    if (counts->wall.total > 1) {
        chimera_buffer_text(out, ", p99 ");
        chimera_figure_duration(counters_quantile(counts, 0.99), out);
    }
}

void html_histogram(const struct counters_view *counts, struct chimera_buffer *out)
{
    const struct histogram_copy *wall = &counts->wall;
    uint64_t p50 = counters_quantile(counts, 0.5), p99 = counters_quantile(counts, 0.99);
    uint64_t bars[BARS];
    begin_chart(CHART_HEIGHT, "chart", out);
    chimera_buffer_text(out, " aria-label=\"");
    put_summary(counts, out);
    chimera_buffer_text(out, "\"><title>");
    put_summary(counts, out);
    chimera_buffer_text(out, "</title>");
    for (unsigned i = 0; i <= DECADES; i++)
        draw_mark("grid", (uint64_t)(CHART_FIRST_NS * pow(10, i)), out);
    uint64_t before = 0;
    for (unsigned i = 0; i < BARS; i++) {
        double end_ns = CHART_FIRST_NS * pow(10, (double)(i + 1) / BARS_PER_DECADE);
        uint64_t below = i + 1 < BARS ? histogram_below(wall, (uint64_t)end_ns) : wall->total;
        bars[i] = below - before;
        before = below;
    }
    draw_bars(bars, out);
    if (wall->total) {
        draw_mark("p50", p50, out);
        draw_mark("p99", p99, out);
    }
    chimera_buffer_text(out, "</svg>");
}

void html_histogram_scale(struct chimera_buffer *out)
{
    static const char *const names[] = {"1 µs", "10", "100", "1 ms", "10", "100", "1 s"};
    begin_chart(12, "scale", out);
    chimera_buffer_text(out, " aria-label=\"scale from 1 µs to 10 s\">");
    for (unsigned i = 0; i < DECADES; i++)
        chimera_buffer_print(out, "<text x=\"%u\" y=\"10\">%s</text>",
                             i * BARS_PER_DECADE * STEP + 1, names[i]);
    chimera_buffer_text(out, "</svg>");
}
