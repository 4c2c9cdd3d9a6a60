/* SPDX-License-Identifier: Apache-2.0 */
/* table.h - a verdict, and verdicts as people read them. */
#ifndef CHIMERA_TOOLCHAIN_COMMAND_VERDICT_TABLE_H
#define CHIMERA_TOOLCHAIN_COMMAND_VERDICT_TABLE_H

#include "runtime/review/request.h"
#include "runtime/review/response.h"
#include "toolchain/command/columns.h"

struct verdict {             /* all borrowed for the call */
    const char *policy;      /* what it is called */
    const char *name, *file; /* the request's, and its file's */
    const struct chimera_request *request;
    const struct chimera_response *response;
    uint64_t nanoseconds;
};

#define VERDICT_COLUMNS 5

/* A row, the first one behind titles; and in the details what has no room in it: causes, warnings,
 * annotations, the change. */
void verdict_table_add(const struct verdict *verdict, struct columns *columns,
                       struct chimera_buffer *details);

/* "Pod default/nginx"; "" for a raw request. In static memory, until the next call. */
const char *verdict_object(const struct chimera_request *request);

#endif
