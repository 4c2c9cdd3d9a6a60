/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/capability/pattern.h"

#include <stdio.h>

#include "runtime/capability/tree.h"

static int fail_unknown(struct chimera_slice pattern, size_t at, struct chimera_slice segment,
                        bool has_children, struct chimera_error *err)
{
    char list[256] = "";
    if (has_children) {
        /* "v1, v2": the names that may follow the first `at` bytes, which end in a slash. */
        struct chimera_slice last = {0};
        size_t used = 0, count;
        const char *const *capabilities = chimera_capabilities(&count);
        list[0] = '\0';
        for (size_t i = 0; i < count; i++) {
            const char *known = capabilities[i];
            if (strncmp(known, pattern.data, at) != 0)
                continue;
            struct chimera_slice name = {known + at, strcspn(known + at, "/")};
            if (chimera_slice_equal(name, last))
                continue;
            int step = snprintf(list + used, sizeof(list) - used, "%s%.*s", used ? ", " : "",
                                (int)name.size, name.data);
            used += step > 0 && (size_t)step < sizeof(list) - used ? (size_t)step : 0;
            last = name;
        }
    }
    return chimera_fail(err, CHIMERA_EINVAL,
                        "invalid pattern \"%.*s\": unknown segment \"%.*s\", valid options at this "
                        "level are: %s",
                        (int)pattern.size, pattern.data, (int)segment.size, segment.data, list);
}

static struct chimera_slice segment_at(struct chimera_slice pattern, size_t at)
{
    size_t end = at;
    while (end < pattern.size && pattern.data[end] != '/')
        end++;
    return (struct chimera_slice){pattern.data + at, end - at};
}

/* Follows the pattern down the tree; `pattern` is trimmed, and '*' only its last segment. */
static int check_path(struct chimera_slice pattern, struct chimera_error *err)
{
    for (size_t at = 0; at <= pattern.size;) {
        struct chimera_slice segment = segment_at(pattern, at);
        size_t end = at + segment.size;
        if (chimera_slice_is(segment, "*"))
            return CHIMERA_OK;
        enum chimera_node node =
            segment.size ? chimera_capability_node(pattern.data, end) : CHIMERA_NODE_UNKNOWN;
        if (node == CHIMERA_NODE_UNKNOWN)
            return fail_unknown(pattern, at, segment, true, err);
        if (node == CHIMERA_NODE_LEAF && end < pattern.size)
            return fail_unknown(pattern, end + 1, segment_at(pattern, end + 1), false, err);
        if (node == CHIMERA_NODE_INNER && end == pattern.size)
            return chimera_fail(err, CHIMERA_EINVAL,
                                "invalid pattern \"%.*s\": not a complete capability path; use "
                                "\"%.*s/*\" to allow all capabilities under it",
                                (int)pattern.size, pattern.data, (int)pattern.size, pattern.data);
        at = end + 1;
    }
    return CHIMERA_OK;
}

int chimera_capability_check(const char *pattern, struct chimera_error *err)
{
    struct chimera_slice trimmed = chimera_slice_trim(chimera_slice_of(pattern));
    if (trimmed.size == 0)
        return chimera_fail(err, CHIMERA_EINVAL, "invalid pattern: pattern must not be empty");
    if (chimera_slice_is(trimmed, "*"))
        return CHIMERA_OK;
    const char *star = memchr(trimmed.data, '*', trimmed.size);
    if (star && (star != trimmed.data + trimmed.size - 1 || star[-1] != '/'))
        return chimera_fail(err, CHIMERA_EINVAL,
                            "invalid pattern \"%s\": wildcard '*' must be the entire last path "
                            "segment (e.g. 'oci/*'), not a partial match",
                            pattern);
    return check_path(trimmed, err);
}

bool chimera_capability_matches(const char *pattern, struct chimera_slice path)
{
    struct chimera_slice trimmed = chimera_slice_trim(chimera_slice_of(pattern));
    if (trimmed.size == 0 || trimmed.data[trimmed.size - 1] != '*')
        return chimera_slice_equal(trimmed, path);
    size_t size = trimmed.size - 1;
    return path.size >= size && memcmp(path.data, trimmed.data, size) == 0;
}
