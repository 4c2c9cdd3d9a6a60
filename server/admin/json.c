/* SPDX-License-Identifier: Apache-2.0 */
#include "server/admin/json.h"

#include <time.h>

#include "runtime/json/tree.h"

void admin_json_text(const char *key, struct chimera_slice text, struct chimera_buffer *out)
{
    chimera_buffer_print(out, ",\"%s\":", key);
    if (text.size)
        chimera_json_write_string(text, out);
    else
        chimera_buffer_text(out, "null");
}

void admin_json_word(const char *key, const char *text, struct chimera_buffer *out)
{
    admin_json_text(key, chimera_slice_of(text), out);
}

void admin_json_number(const char *key, uint64_t number, struct chimera_buffer *out)
{
    chimera_buffer_print(out, ",\"%s\":%llu", key, (unsigned long long)number);
}

void admin_json_switch(const char *key, bool is_on, struct chimera_buffer *out)
{
    chimera_buffer_print(out, ",\"%s\":%s", key, is_on ? "true" : "false");
}

void admin_json_micros(const char *key, uint64_t ns, struct chimera_buffer *out)
{
    chimera_buffer_print(out, ",\"%s\":%.1f", key, (double)ns / 1000);
}

void admin_json_moment(const char *key, uint64_t ms, struct chimera_buffer *out)
{
    struct tm tm;
    char text[40] = "";
    time_t seconds = (time_t)(ms / 1000);
    if (ms && gmtime_r(&seconds, &tm))
        strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", &tm);
    admin_json_word(key, text, out);
}
