/* SPDX-License-Identifier: Apache-2.0 */
#include "toolchain/command/variables.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

static const struct switch_variable {
    const char *name, *may_be;
    const char *values[5];
} switches[] = {
    {"CHIMERA_CONFINEMENT",
     "full, landlock, seccomp or none",
     {"full", "landlock", "seccomp", "none", NULL}},
    {"CHIMERA_PAGE_TRACKING", "scan, read or none", {"scan", "read", "none", NULL}},
};

/* An empty one is one that is not set. */
static bool is_fine(const struct switch_variable *variable, const char *value)
{
    bool is_known = !value || !*value;
    for (const char *const *at = variable->values; *at && !is_known; at++)
        is_known = strcmp(*at, value) == 0;
    return is_known;
}

/* What is not absolute would be passed over. */
static int check_folders(const char *name, struct chimera_error *err)
{
    const char *list = getenv(name);
    while (list && *list) {
        size_t size = strcspn(list, ":");
        if (size > 0 && *list != '/')
            return chimera_fail(err, CHIMERA_EINVAL, "%s: \"%.*s\" is no absolute folder", name,
                                (int)size, list);
        list += size + (list[size] == ':');
    }
    return CHIMERA_OK;
}

int variables_check(struct chimera_error *err)
{
    for (size_t i = 0; i < sizeof(switches) / sizeof(*switches); i++) {
        const char *value = getenv(switches[i].name);
        if (!is_fine(&switches[i], value))
            return chimera_fail(err, CHIMERA_EINVAL, "%s=%s: %s is wanted", switches[i].name, value,
                                switches[i].may_be);
    }
    return check_folders("CHIMERA_TOOL_FOLDERS", err);
}
