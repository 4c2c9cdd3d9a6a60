/* SPDX-License-Identifier: Apache-2.0 */
/* html.h - pieces of a page: text that came from outside, numbers as people read them, drawings.
 *
 * Whatever is not our own literal goes through html_text(): names and messages come from policies
 * and clients, who may wish to write markup.
 */
#ifndef CHIMERA_SERVER_ADMIN_HTML_H
#define CHIMERA_SERVER_ADMIN_HTML_H

#include "runtime/base/buffer.h"
#include "server/counters/counters.h"

/* Escaped, control characters replaced, and kept to its own direction of writing. */
void html_text(struct chimera_slice text, struct chimera_buffer *out);
void html_word(const char *text, struct chimera_buffer *out);

/* 1,234,567 */
void html_count(uint64_t count, struct chimera_buffer *out);
/* 640 ns, 6.1 µs, 12.4 ms, 2.00 s */
void html_duration(uint64_t ns, struct chimera_buffer *out);
/* 4.0 KiB, 1.3 MiB */
void html_bytes(uint64_t bytes, struct chimera_buffer *out);
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
