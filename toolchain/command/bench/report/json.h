/* SPDX-License-Identifier: Apache-2.0 */
/* json.h - a benchmark as one JSON document: what `-o json` prints, --save keeps and --compare
 * reads (docs/user/bench-report.md has its members).
 *
 * Times are nanoseconds, sizes bytes. What was not measured is not there.
 */
#ifndef CHIMERA_TOOLCHAIN_COMMAND_BENCH_REPORT_JSON_H
#define CHIMERA_TOOLCHAIN_COMMAND_BENCH_REPORT_JSON_H

#include "runtime/base/buffer.h"
#include "runtime/base/error.h"
#include "toolchain/command/bench/result/result.h"

#define BENCH_JSON_FORMAT "chimera-bench/1"

#define BENCH_JSON_MAX ((size_t)64 << 20) /* bytes of a document */
#define BENCH_POINTS_MAX 100000           /* in one run */
#define BENCH_JSON_TREE_MAX ((uint64_t)1 << 30)

void bench_json_write(const struct bench_run *run, struct chimera_buffer *out);

/* Anybody's bytes. Fills *ret_run, which the caller ends; empty when it failed. `name` is the
 * file's, for messages. CHIMERA_EINVAL for what is no such document. Samples are not in one. */
int bench_json_read(struct chimera_slice text, const char *name, struct bench_run *ret_run,
                    struct chimera_error *err);

/* "accepted", "rejected", "failed" */
const char *bench_verdict_name(enum bench_verdict verdict);

#endif
