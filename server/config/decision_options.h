/* SPDX-License-Identifier: Apache-2.0 */
/* decision_options.h - what the operator says of the decision log: where it goes, what is left out
 * of its lines, how much of it there may be. */
#ifndef CHIMERA_SERVER_CONFIG_DECISION_OPTIONS_H
#define CHIMERA_SERVER_CONFIG_DECISION_OPTIONS_H

#include <stdint.h>

#include "runtime/base/error.h"
#include "server/config/options.h"

/* What a line may be told to leave out. */
#define DECISION_FIELDS(X)    \
    X(UID, "uid")             \
    X(OPERATION, "operation") \
    X(KIND, "kind")           \
    X(NAMESPACE, "namespace") \
    X(NAME, "name")           \
    X(USER, "user")           \
    X(MESSAGE, "message")     \
    X(CAUSES, "causes")       \
    X(TRACE_ID, "trace_id")
enum decision_field {
#define X(field, name) DECISION_##field,
    DECISION_FIELDS(X)
#undef X
        DECISION_FIELD_COUNT
};
extern const char *const decision_field_names[DECISION_FIELD_COUNT];

struct decision_options {
    const char *path;   /* borrowed; "-": standard output; NULL: there is no such log */
    uint32_t omitted;   /* bits by enum decision_field */
    uint64_t max_bytes; /* of the file, before another one is begun; 0: no limit */
    unsigned rate;      /* lines a second; 0: no limit */
};

int decision_options_parse(const struct options *options, struct decision_options *ret_decisions,
                           struct chimera_error *err);

#endif
