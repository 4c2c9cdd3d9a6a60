/* SPDX-License-Identifier: Apache-2.0 */
#include "server/config/decision_options.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "runtime/base/file.h"
#include "runtime/text/quantity.h"

#define SIZE_LEAST ((uint64_t)64 << 10) /* some lines of the longest */
#define RATE_MOST 1000000

const char *const decision_field_names[DECISION_FIELD_COUNT] = {
#define X(field, name) [DECISION_##field] = (name),
    DECISION_FIELDS(X)
#undef X
};

static int parse_omitted(const char *list, uint32_t *ret_omitted, struct chimera_error *err)
{
    *ret_omitted = 0;
    for (const char *at = list; at; at = strchr(at, ',')) {
        at += at != list;
        struct chimera_slice word = {at, strcspn(at, ",")};
        unsigned field = 0;
        while (field < DECISION_FIELD_COUNT && !chimera_slice_is(word, decision_field_names[field]))
            field++;
        if (field == DECISION_FIELD_COUNT)
            return chimera_fail(err, CHIMERA_EINVAL,
                                "--decision-log-omit: '%.*s' is no field that can be left out; "
                                "those are uid, operation, kind, namespace, name, user, message, "
                                "causes and trace_id, separated by commas",
                                (int)word.size, word.data);
        *ret_omitted |= UINT32_C(1) << field;
    }
    return CHIMERA_OK;
}

int decision_options_parse(const struct options *options, struct decision_options *ret_decisions,
                           struct chimera_error *err)
{
    struct decision_options decisions = {.path = options->decision_log};
    struct chimera_slice rate = chimera_slice_of(options->decision_log_rate);
    uint64_t lines = 0;
    if (decisions.path && !*decisions.path)
        return chimera_fail(err, CHIMERA_EINVAL,
                            "--decision-log: a path, or - for standard output, is missing");
    if (decisions.path && chimera_path_descriptor(decisions.path) == STDOUT_FILENO)
        decisions.path = "-"; /* by any name: it is nobody's to rename */
    int code = parse_omitted(options->decision_log_omit, &decisions.omitted, err);
    if (code < 0)
        return code;
    if (!chimera_quantity_parse(chimera_slice_of(options->decision_log_size),
                                &decisions.max_bytes) ||
        (decisions.max_bytes && decisions.max_bytes < SIZE_LEAST))
        return chimera_fail(err, CHIMERA_EINVAL,
                            "--decision-log-size: '%.100s' is not a size from 64Ki on, such as "
                            "64Mi, or 0 for no limit",
                            options->decision_log_size);
    if (strspn(rate.data, "0123456789") != rate.size || !chimera_quantity_parse(rate, &lines) ||
        lines > RATE_MOST)
        return chimera_fail(err, CHIMERA_EINVAL,
                            "--decision-log-rate: '%.100s' is not a number of lines from 0 to "
                            "1000000",
                            options->decision_log_rate);
    decisions.rate = (unsigned)lines;
    *ret_decisions = decisions;
    return CHIMERA_OK;
}
