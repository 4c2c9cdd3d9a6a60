/* SPDX-License-Identifier: Apache-2.0 */
/* formats.h - a benchmark for other programs, besides json.h. */
#ifndef CHIMERA_TOOLCHAIN_COMMAND_BENCH_REPORT_FORMATS_H
#define CHIMERA_TOOLCHAIN_COMMAND_BENCH_REPORT_FORMATS_H

#include "runtime/base/buffer.h"
#include "toolchain/command/bench/result/result.h"

/* RFC 4180: a line of names, and one of each point; lines end with CR and LF. A text that a
 * spreadsheet would take for a formula has an apostrophe in front. */
void bench_csv_write(const struct bench_run *run, struct chimera_buffer *out);

/* What `gator bench -o json` of Gatekeeper prints: a list, here of one element for each execution
 * mode, with a mode's policies and requests as its templates, constraints and objects. Times are
 * texts as Go writes durations. What Gatekeeper alone has is 0. */
int bench_gator_write(const struct bench_run *run, struct chimera_buffer *out);

/* "1.5µs", "2m0.25s": Go's time.Duration.String(). */
void bench_put_go_duration(double nanoseconds, struct chimera_buffer *out);

#endif
