/* SPDX-License-Identifier: Apache-2.0 */
/* page_internal.h - the parts of the page. Private to this folder. */
#ifndef CHIMERA_TOOLCHAIN_COMMAND_BENCH_PAGE_PAGE_INTERNAL_H
#define CHIMERA_TOOLCHAIN_COMMAND_BENCH_PAGE_PAGE_INTERNAL_H

#include "toolchain/command/bench/page/page.h"

/* How much of very much is shown. */
#define PAGE_ROWS_MAX 1000
#define PAGE_BARS_MAX 24
#define PAGE_CURVES_MAX 8
#define PAGE_CHANGES_MAX 40
#define PAGE_DETAILS_MAX 100
#define PAGE_FINDINGS_MAX 12

struct page {
    const struct bench_told *told;
    const struct bench_point **dear; /* owned: those that were measured, the dearest first */
    size_t count;                    /* of them */
    bool has_requests;               /* not all points have the same: names have theirs, too */
    struct chimera_buffer *out;
};

/* Static texts: the parts of the style sheet, NULL behind them, and the script. */
extern const char *const page_style[], *const page_script;

void page_put(const struct page *page, const char *literal);
/* Of others; long ones are cut. Between tags; the second one in SVG and in attributes. */
void page_put_name(const struct page *page, const char *text);
void page_put_plain(const struct page *page, const char *text);
/* Policy and, where that is not always the same, request. */
void page_put_point(const struct page *page, const struct bench_point *point);
void page_put_value(const struct page *page, enum bench_unit unit, uint64_t value);
void page_put_time(const struct page *page, double nanoseconds);
/* "<section><h2>TITLE</h2><p>TEXT</p>"; the caller ends it. */
void page_begin_section(const struct page *page, const char *title, const char *text);
/* "The first N of M, ..." where there are more. */
void page_put_rest(const struct page *page, size_t shown, size_t of, const char *what);

/* The same point in the first run that it is compared with; NULL: none. */
const struct bench_point *page_before_of(const struct page *page, const struct bench_point *point);

/* Sections, which are nothing where there is nothing to show. */
void page_put_changes(const struct page *page);
void page_put_instructions(const struct page *page);
void page_put_curves(const struct page *page);
void page_put_phases(const struct page *page);
void page_put_cold(const struct page *page);
void page_put_rows(const struct page *page);
void page_put_details(const struct page *page);

#endif
