/* SPDX-License-Identifier: Apache-2.0 */
/* html.h - pieces of a page besides texts and numbers (runtime/text/html.h, figures.h): moments,
 * drawings. */
#ifndef CHIMERA_SERVER_ADMIN_HTML_H
#define CHIMERA_SERVER_ADMIN_HTML_H

#include "runtime/base/buffer.h"
#include "runtime/text/figures.h"
#include "runtime/text/html.h"
#include "server/counters/counters.h"

/* 2026-11-25 21:29:20 UTC */
void html_moment(uint64_t ms, struct chimera_buffer *out);

/* Shares of a whole as one bar. */
void html_verdict_bar(const struct counters_view *counts, struct chimera_buffer *out);
/* How often evaluations took how long, on a logarithmic scale from 1 µs to 10 s, with p50 and p99.
 */
void html_histogram(const struct counters_view *counts, struct chimera_buffer *out);
/* Its scale, for the head of a column of them. */
void html_histogram_scale(struct chimera_buffer *out);

#endif
