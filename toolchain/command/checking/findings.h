/* SPDX-License-Identifier: Apache-2.0 */
/* findings.h - what a check has found in a set of policies: all of it, told at the end. One thread.
 *
 * What is found of several policies alike is one finding with their names. Without memory a finding
 * is counted and not told.
 */
#ifndef CHIMERA_TOOLCHAIN_COMMAND_CHECKING_FINDINGS_H
#define CHIMERA_TOOLCHAIN_COMMAND_CHECKING_FINDINGS_H

#include <json-c/json.h>
#include <stdbool.h>
#include <stddef.h>

enum finding_kind { /* an error: a server refuses it, or serves what nobody can have meant */
                    FINDING_ERROR,
                    FINDING_WARNING,
};

enum finding_about { /* a word each in JSON */
                     FINDING_FILE,
                     FINDING_SET,
                     FINDING_MODULE,
                     FINDING_START,
                     FINDING_SETTINGS,
                     FINDING_EXPRESSION,
                     FINDING_GRANT,
};

struct finding {
    enum finding_kind kind;
    enum finding_about about;
    char *text; /* owned */
    char **ids; /* owned; of policies or, about an expression, of groups */
    size_t id_count;
};

struct findings {         /* all zero: none */
    struct finding *list; /* owned */
    size_t count, errors, warnings;
};

/* `id` NULL: of none in particular, or the text says it. */
void findings_add(struct findings *findings, enum finding_kind kind, enum finding_about about,
                  const char *id, const char *text);
void findings_done(struct findings *findings);

/* A line each on standard error, "Error: policy "ID": TEXT", errors first; `is_quiet`: no warnings.
 */
void findings_say(const struct findings *findings, bool is_quiet);

/* A list of {severity, about, policies, message}. Owned by the caller; NULL: no memory. */
struct json_object *findings_json(const struct findings *findings);

#endif
