/* SPDX-License-Identifier: Apache-2.0 */
#include "toolchain/command/source_date.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

int source_date_read(int64_t *ret_seconds, struct chimera_error *err)
{
    const char *text = getenv("SOURCE_DATE_EPOCH");
    *ret_seconds = 0;
    if (!text || !*text)
        return CHIMERA_OK;
    int64_t seconds = 0;
    const char *at = text;
    while (*at >= '0' && *at <= '9' && seconds <= SOURCE_DATE_MAX)
        seconds = 10 * seconds + (*at++ - '0');
    if (*at || seconds > SOURCE_DATE_MAX)
        return chimera_fail(err, CHIMERA_EINVAL,
                            "SOURCE_DATE_EPOCH is \"%s\": it takes seconds since 1970, as `date "
                            "+%%s` writes them",
                            text);
    *ret_seconds = seconds;
    return CHIMERA_OK;
}

void source_date_write(int64_t seconds, char ret_text[SOURCE_DATE_TEXT])
{
    time_t time = seconds;
    struct tm utc = {0};
    gmtime_r(&time, &utc);
    if (strftime(ret_text, SOURCE_DATE_TEXT, "%Y-%m-%dT%H:%M:%SZ", &utc) == 0)
        memcpy(ret_text, "1970-01-01T00:00:00Z", SOURCE_DATE_TEXT);
}
