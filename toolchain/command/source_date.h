/* SPDX-License-Identifier: Apache-2.0 */
/* source_date.h - the one time that stands in what is to be the same bytes tomorrow:
 * $SOURCE_DATE_EPOCH, seconds since 1970 (reproducible-builds.org/specs/source-date-epoch), or else
 * 1970 itself. */
#ifndef CHIMERA_TOOLCHAIN_COMMAND_SOURCE_DATE_H
#define CHIMERA_TOOLCHAIN_COMMAND_SOURCE_DATE_H

#include <stdint.h>

#include "runtime/base/error.h"

#define SOURCE_DATE_MAX INT64_C(253402300799) /* the last second of the year 9999 */
#define SOURCE_DATE_TEXT sizeof("1970-01-01T00:00:00Z")

/* In seconds. CHIMERA_EINVAL: the variable holds something else. */
int source_date_read(int64_t *ret_seconds, struct chimera_error *err);

/* As RFC 3339 has it, in UTC. */
void source_date_write(int64_t seconds, char ret_text[SOURCE_DATE_TEXT]);

#endif
