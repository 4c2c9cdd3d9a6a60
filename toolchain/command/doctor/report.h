/* SPDX-License-Identifier: Apache-2.0 */
/* report.h - what `chimera doctor` finds, told as it comes, or as one JSON object at the end.
 *
 * For people: a line for each, wrapped where it leads to a terminal. For support (support.h): one
 * object.
 */
#ifndef CHIMERA_TOOLCHAIN_COMMAND_DOCTOR_REPORT_H
#define CHIMERA_TOOLCHAIN_COMMAND_DOCTOR_REPORT_H

#include <stdarg.h>
#include <stdbool.h>

#include "runtime/base/buffer.h"

enum doctor_finding { DOCTOR_GOOD, DOCTOR_NOTE, DOCTOR_BAD };

struct doctor_report {
    bool is_json;
    size_t bad;                /* how many */
    struct chimera_buffer out; /* of JSON: the list so far */
};

void doctor_report_init(struct doctor_report *report, bool is_json);
void doctor_report_done(struct doctor_report *report);

/* One thing that was looked at. */
void doctor_say(struct doctor_report *report, enum doctor_finding finding, const char *what,
                const char *format, ...) __attribute__((format(printf, 4, 5)));

/* The last words: what all of it comes to. */
void doctor_report_end(struct doctor_report *report);

#endif
