/* SPDX-License-Identifier: Apache-2.0 */
/* verdict.h - the verdicts of `run`, one after the other, in the form that was asked for. */
#ifndef CHIMERA_TOOLCHAIN_COMMAND_VERDICT_VERDICT_H
#define CHIMERA_TOOLCHAIN_COMMAND_VERDICT_VERDICT_H

#include "runtime/base/buffer.h"
#include "runtime/base/error.h"
#include "toolchain/command/verdict/report.h"
#include "toolchain/command/verdict/table.h"

enum verdict_form {
    VERDICT_JSON,   /* the admission response, a line each, as it comes */
    VERDICT_YAML,   /* a list, with the patch in clear; as it comes */
    VERDICT_TABLE,  /* for people: a table, then what else there is to say */
    VERDICT_JUNIT,  /* XML; a rejection is a failure, what could not be asked an error */
    VERDICT_GITHUB, /* workflow commands: annotations of the files; as they come */
};
extern const char *const verdict_forms[];               /* their names, ends with NULL */
enum verdict_form verdict_form_parse(const char *name); /* one of them; NULL: VERDICT_JSON */

struct verdicts {
    enum verdict_form form;
    size_t count, rejected;
    struct columns columns;        /* of the table; owned, like all that follows */
    struct chimera_buffer details; /* behind the table */
    char *policy;                  /* whose verdicts come now; NULL: nobody's yet */
    struct test_report report;     /* JUnit's */
};

void verdicts_init(struct verdicts *verdicts, enum verdict_form form);
/* To standard output, or kept until the end. */
int verdicts_add(struct verdicts *verdicts, const struct verdict *verdict,
                 struct chimera_error *err);
int verdicts_end(struct verdicts *verdicts, struct chimera_error *err);
void verdicts_done(struct verdicts *verdicts);

#endif
