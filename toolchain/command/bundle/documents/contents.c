/* SPDX-License-Identifier: Apache-2.0 */
#include "toolchain/command/bundle/documents/contents.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define VARIABLE "SOURCE_DATE_EPOCH"

/* --- When --- */

int bundle_moment(int64_t *ret_seconds, struct chimera_error *err)
{
    const char *text = getenv(VARIABLE);
    size_t size = text ? strlen(text) : 0;
    int64_t seconds = 0;
    if (size > 0 && (strspn(text, "0123456789") != size || size > 15))
        return chimera_fail(err, CHIMERA_EINVAL,
                            "$" VARIABLE " is no number of seconds since 1970: %.40s", text);
    for (size_t i = 0; i < size; i++)
        seconds = seconds * 10 + (text[i] - '0');
    if (seconds > BUNDLE_MOMENT_MAX)
        return chimera_fail(err, CHIMERA_EINVAL, "$" VARIABLE " is more than %" PRId64 ": %s",
                            BUNDLE_MOMENT_MAX, text);
    *ret_seconds = seconds;
    return CHIMERA_OK;
}

void bundle_moment_write(int64_t seconds, char ret_text[BUNDLE_MOMENT_TEXT])
{
    struct tm parts = {0};
    time_t moment = (time_t)seconds;
    gmtime_r(&moment, &parts);
    strftime(ret_text, BUNDLE_MOMENT_TEXT, "%Y-%m-%dT%H:%M:%SZ", &parts);
}

/* --- By what --- */

bool bundle_tool_next(const char **identity, struct bundle_tool *ret_tool)
{
    static const char *const names[] = {"chimera", "clang", "lld", "tcc", "wabt"};
    for (const char *word = *identity; *word;) {
        size_t size = strcspn(word, " ");
        const char *dash = memchr(word, '-', size);
        const char *next = word + size + strspn(word + size, " ");
        for (size_t i = 0; dash && i < sizeof(names) / sizeof(names[0]); i++) {
            if (!chimera_slice_is((struct chimera_slice){word, (size_t)(dash - word)}, names[i]))
                continue;
            snprintf(ret_tool->name, sizeof(ret_tool->name), "%s", names[i]);
            snprintf(ret_tool->version, sizeof(ret_tool->version), "%.*s",
                     (int)(word + size - dash - 1), dash + 1);
            *identity = next;
            return true;
        }
        word = next;
    }
    return false;
}

static int compare_tools(const void *a, const void *b)
{
    const struct bundle_tool *one = a, *other = b;
    int order = strcmp(one->name, other->name);
    return order ? order : strcmp(one->version, other->version);
}

static int add_tools(const char *identity, struct bundle_tool **tools, size_t *count)
{
    struct bundle_tool tool = {0};
    while (bundle_tool_next(&identity, &tool)) {
        size_t at = 0;
        while (at < *count && compare_tools(&(*tools)[at], &tool) != 0)
            at++;
        if (at < *count)
            continue;
        struct bundle_tool *more = reallocarray(*tools, *count + 1, sizeof(*more));
        if (!more)
            return CHIMERA_ENOMEM;
        more[(*count)++] = tool;
        *tools = more;
    }
    return CHIMERA_OK;
}

int bundle_tools_of(const struct bundle_contents *contents, struct bundle_tool **ret_tools,
                    size_t *ret_count, struct chimera_error *err)
{
    struct bundle_tool *tools = NULL;
    size_t count = 0;
    int code = CHIMERA_OK;
    for (size_t i = 0; i < contents->bundle->count && code == CHIMERA_OK; i++)
        code = add_tools(contents->manifest[i].toolchain, &tools, &count);
    if (code < 0) {
        free(tools);
        return chimera_fail_memory(err);
    }
    if (count > 0)
        qsort(tools, count, sizeof(*tools), compare_tools);
    *ret_tools = tools;
    *ret_count = count;
    return CHIMERA_OK;
}
