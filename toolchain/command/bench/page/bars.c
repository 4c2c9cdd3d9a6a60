/* SPDX-License-Identifier: Apache-2.0 */
/* bars.c - plots of which each row is a point: a name, a bar, a number. The bars are stretched to
 * the room that there is, names and numbers are text of the page. */
#include "toolchain/command/bench/page/page_internal.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define PARTS_MAX 5
#define NOTICED 1.01 /* of what was before: chance, where a policy asks for it, is less */
#define SCALE 1000.0 /* a bar is so many units wide */

struct part {
    const char *name;
    double (*get)(const struct bench_point *point);
};

struct stack { /* bars of several parts */
    const char *title, *about;
    const struct part *part;
    size_t count;
    bool once_a_policy; /* the same for all its requests */
};

static void begin_rows(const struct page *page)
{
    page_put(page, "<div class=\"bars card\">");
}

static void begin_row(const struct page *page, const struct bench_point *point)
{
    page_put(page, "<div class=\"row\"><div class=\"who\">");
    page_put_point(page, point);
    page_put(page, "</div><svg role=\"img\" viewBox=\"0 0 1000 16\" "
                   "preserveAspectRatio=\"none\" aria-label=\"");
    page_put_plain(page, point->policy);
    page_put(page, "\">");
}

static void put_rect(const struct page *page, const char *class, double x, double width)
{
    chimera_buffer_print(page->out,
                         "<rect class=\"%s\" x=\"%.1f\" y=\"1\" width=\"%.1f\" height=\"14\"/>",
                         class, x, width);
}

static void end_row(const struct page *page, enum bench_unit unit, uint64_t value)
{
    page_put(page, "</svg><div class=\"figure\">");
    page_put_value(page, unit, value);
    page_put(page, "</div></div>\n");
}

/* --- Instructions --- */

static uint64_t before_of(const struct page *page, const struct bench_point *point)
{
    const struct bench_point *before = page_before_of(page, point);
    uint64_t value = 0;
    return before && !before->failure && bench_wasm_instructions->get(before, &value) ? value : 0;
}

static uint64_t find_greatest(const struct page *page, size_t count)
{
    uint64_t most = 1;
    for (size_t i = 0; i < count; i++) {
        uint64_t before = before_of(page, page->dear[i]);
        uint64_t now = page->dear[i]->wasm_instructions.max;
        most = now > most ? now : most;
        most = before > most ? before : most;
    }
    return most;
}

/* Of the dearest, how many have a count. */
static size_t count_known(const struct page *page)
{
    size_t count = 0;
    while (count < page->count && page->dear[count]->wasm_instructions.is_known)
        count++;
    return count;
}

void page_put_instructions(const struct page *page)
{
    size_t known = count_known(page), count = known < PAGE_BARS_MAX ? known : PAGE_BARS_MAX;
    double most = (double)find_greatest(page, count);
    if (count == 0)
        return;
    page_begin_section(page, "Instructions of an evaluation",
                       page->told->comparison_count > 0
                           ? "WebAssembly instructions, the same on every machine. The line is "
                             "where the run was that it is compared with."
                           : "WebAssembly instructions, the same on every machine.");
    begin_rows(page);
    for (size_t i = 0; i < count; i++) {
        uint64_t now = page->dear[i]->wasm_instructions.max;
        uint64_t before = before_of(page, page->dear[i]);
        begin_row(page, page->dear[i]);
        bool is_dearer = before > 0 && (double)now > NOTICED * (double)before;
        put_rect(page, is_dearer ? "more" : "bar", 0, fmax(1, SCALE * (double)now / most));
        if (before > 0)
            chimera_buffer_print(page->out,
                                 "<rect class=\"before\" x=\"%.1f\" width=\"3\" "
                                 "height=\"16\"/>",
                                 fmin(SCALE - 3, SCALE * (double)before / most));
        end_row(page, BENCH_COUNT, now);
    }
    page_put(page, "</div>");
    page_put_rest(page, count, known, "those with the most");
    page_put(page, "</section>\n");
}

/* --- Parts --- */

#define GET(name, field)                                \
    static double name(const struct bench_point *point) \
    {                                                   \
        return point->field;                            \
    }
GET(copy_in, copy_in)
GET(guest, guest)
GET(host, host)
GET(answer, answer)
GET(reset, reset)
GET(cold_load, cold_load)
GET(cold_start, cold_start)
GET(cold_first, cold_first)

static const struct part phases[] = {{"copy-in", copy_in},
                                     {"guest", guest},
                                     {"host calls", host},
                                     {"answer", answer},
                                     {"reset", reset}};
static const struct part cold[] = {{"load and audit", cold_load},
                                   {"start, up to the snapshot", cold_start},
                                   {"first evaluation", cold_first}};

static double sum_of(const struct stack *stack, const struct bench_point *point)
{
    double sum = 0;
    for (size_t i = 0; i < stack->count; i++)
        sum += fmax(0, stack->part[i].get(point));
    return sum;
}

/* Points that have parts, in the order of their instructions. */
static size_t collect(const struct page *page, const struct stack *stack,
                      const struct bench_point *ret_list[PAGE_BARS_MAX], size_t *ret_of)
{
    size_t count = 0;
    *ret_of = 0;
    for (size_t i = 0; i < page->count; i++) {
        bool is_there = false;
        for (size_t j = 0; j < count && stack->once_a_policy && !is_there; j++)
            is_there = strcmp(ret_list[j]->policy, page->dear[i]->policy) == 0;
        if (is_there || !(sum_of(stack, page->dear[i]) > 0))
            continue;
        if (count < PAGE_BARS_MAX)
            ret_list[count++] = page->dear[i];
        (*ret_of)++;
    }
    return count;
}

static void put_legend(const struct page *page, const struct stack *stack)
{
    page_put(page, "<p class=\"legend\">");
    for (size_t i = 0; i < stack->count; i++)
        chimera_buffer_print(page->out,
                             "<span><svg class=\"key\" viewBox=\"0 0 10 10\"><rect class=\"p%zu\" "
                             "width=\"10\" height=\"10\"/></svg>%s</span> ",
                             i, stack->part[i].name);
    page_put(page, "</p>\n");
}

static void put_stack(const struct page *page, const struct stack *stack)
{
    const struct bench_point *list[PAGE_BARS_MAX];
    size_t of, count = collect(page, stack, list, &of);
    double most = 0;
    if (count == 0)
        return;
    for (size_t i = 0; i < count; i++)
        most = fmax(most, sum_of(stack, list[i]));
    page_begin_section(page, stack->title, stack->about);
    put_legend(page, stack);
    begin_rows(page);
    for (size_t i = 0; i < count; i++) {
        double x = 0;
        begin_row(page, list[i]);
        for (size_t j = 0; j < stack->count; j++) {
            char class[24];
            double width = SCALE * fmax(0, stack->part[j].get(list[i])) / most;
            snprintf(class, sizeof(class), "p%zu", j);
            if (width > 0)
                put_rect(page, class, x, width);
            x += width;
        }
        end_row(page, BENCH_TIME, (uint64_t)llround(sum_of(stack, list[i])));
    }
    page_put(page, "</div>");
    page_put_rest(page, count, of, "those with the most instructions");
    page_put(page, "</section>\n");
}

void page_put_phases(const struct page *page)
{
    const struct stack stack = {"Where the time goes",
                                "Mean time of the parts of an evaluation, measured in a pass of "
                                "their own.",
                                phases, sizeof(phases) / sizeof(*phases), false};
    put_stack(page, &stack);
}

void page_put_cold(const struct page *page)
{
    const struct stack stack = {"Cold start",
                                "From nothing in memory to the first answer, with the plugin's "
                                "file in the page cache.",
                                cold, sizeof(cold) / sizeof(*cold), true};
    put_stack(page, &stack);
}
