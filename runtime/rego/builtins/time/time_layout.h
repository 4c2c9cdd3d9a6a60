/* SPDX-License-Identifier: Apache-2.0 */
/* time_layout.h - times as text by Go's layouts: "2006-01-02T15:04:05Z07:00". Private to this
 * folder.
 *
 * A layout may also be one of the names that OPA knows ("RFC1123"); none stands for RFC3339Nano.
 */
#ifndef CHIMERA_REGO_BUILTINS_TIME_TIME_LAYOUT_H
#define CHIMERA_REGO_BUILTINS_TIME_TIME_LAYOUT_H

#include <stdint.h>

#include "runtime/base/buffer.h"
#include "runtime/base/error.h"

struct chimera_layout_time {
    int64_t seconds; /* local, since 1970 */
    int32_t nanosecond;
    int32_t offset;      /* seconds east of Greenwich */
    const char *letters; /* of the zone, for formatting; offsets have none */
};

void chimera_layout_format(struct chimera_slice layout, const struct chimera_layout_time *time,
                           struct chimera_buffer *out);

/* A zone that is given by letters alone counts as UTC, as in Go on a machine that is set to UTC. */
int chimera_layout_parse(struct chimera_slice layout, struct chimera_slice text,
                         struct chimera_layout_time *ret_time, struct chimera_error *err);

/* "Sunday" for 0. */
const char *chimera_layout_weekday(int day);

#endif
