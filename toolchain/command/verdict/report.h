/* SPDX-License-Identifier: Apache-2.0 */
/* report.h - how `chimera test` tells what passed: lines for people, and JUnit's XML, which `run`
 * has, too, for those who show it.
 *
 * Names and messages are others' texts: no byte of them can leave its place in the XML, or steer a
 * terminal.
 */
#ifndef CHIMERA_TOOLCHAIN_COMMAND_VERDICT_REPORT_H
#define CHIMERA_TOOLCHAIN_COMMAND_VERDICT_REPORT_H

#include <stdbool.h>
#include <stdint.h>

#include "runtime/base/buffer.h"
#include "runtime/base/error.h"

enum test_outcome {
    TEST_PASSED,
    TEST_FAILED, /* another answer than was wanted */
    TEST_ERROR,  /* none: the policy or the request could not be used */
};

struct test_report {
    bool is_colourful, is_quiet; /* quiet: only what did not pass */
    bool is_silent;              /* no lines: only XML is wanted */
    size_t passed, failed, errors;
    size_t unread; /* files that are wrong, in the XML alone */
    uint64_t nanoseconds;
    struct chimera_buffer suites; /* the XML of the files so far, if it is wanted */
    bool has_xml;
    /* Of the file that is being played. */
    const char *file; /* borrowed */
    bool is_told;     /* its name is printed */
    size_t count, file_failed, file_errors;
    uint64_t file_nanoseconds;
    struct chimera_buffer cases; /* its XML */
};

void test_report_init(struct test_report *report, bool has_xml);
void test_report_done(struct test_report *report);

void test_report_begin(struct test_report *report, const char *file);
/* `why` is lines; nothing where the case passed. */
void test_report_case(struct test_report *report, const char *name, enum test_outcome outcome,
                      struct chimera_slice why, uint64_t nanoseconds);
void test_report_end(struct test_report *report);
/* Instead of all three, of a file that is wrong: a suite with one error in the XML, so that whoever
 * reads that alone sees it. It counts as no case, and nothing is printed. */
void test_report_unread(struct test_report *report, const char *file,
                        const struct chimera_error *why);

/* "N passed, N failed", to standard output. */
void test_report_sum(const struct test_report *report);
/* The whole XML document; as a file CHIMERA_EIO; CHIMERA_ELIMIT and CHIMERA_ENOMEM when it did not
 * fit. */
void test_report_put(const struct test_report *report, struct chimera_buffer *out);
int test_report_write(const struct test_report *report, const char *path,
                      struct chimera_error *err);

/* As the value of an attribute or as text: what XML 1.0 cannot hold becomes U+FFFD. */
void test_report_escape(struct chimera_slice text, struct chimera_buffer *out);

#endif
