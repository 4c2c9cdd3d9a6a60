/* SPDX-License-Identifier: Apache-2.0 */
#include "server/supervisor/command.h"

#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "runtime/base/cleanup.h"
#include "runtime/base/file.h"
#include "runtime/json/tree.h"

char *command_find(void)
{
    const char *told = getenv("CHIMERA_COMMAND");
    char self[4096];
    if (told && *told)
        return strdup(told);
    ssize_t size = readlink("/proc/self/exe", self, sizeof(self) - 1);
    char *slash = NULL;
    if (size > 0) {
        self[size] = '\0';
        slash = strrchr(self, '/');
    }
    if (slash) {
        *slash = '\0';
        CHIMERA_FREE char *beside = chimera_path_join(self, "chimera");
        if (beside && access(beside, X_OK) == 0) {
            char *command = beside;
            beside = NULL; /* now the caller's */
            return command;
        }
    }
    return strdup("chimera");
}

int command_explain(const char *verb, struct chimera_slice errors, int status,
                    struct chimera_error *err)
{
    static const char prefix[] = "error: ";
    struct chimera_slice said = chimera_slice_trim(errors);
    if (said.size > sizeof(prefix) && (said.data[0] | 0x20) == 'e' &&
        memcmp(said.data + 1, prefix + 1, sizeof(prefix) - 2) == 0) {
        said.data += sizeof(prefix) - 1;
        said.size -= sizeof(prefix) - 1;
    }
    if (said.size > 0)
        return chimera_fail(err, CHIMERA_ETOOL, "%.*s", (int)said.size, said.data);
    if (WIFSIGNALED(status))
        return chimera_fail(err, CHIMERA_ETOOL, "chimera %s was ended by signal %d", verb,
                            WTERMSIG(status));
    return chimera_fail(err, CHIMERA_ETOOL, "chimera %s ended with exit code %d", verb,
                        WEXITSTATUS(status));
}

size_t command_put_option(char **argv, size_t count, const char *option, const char *value)
{
    if (!value)
        return count;
    argv[count] = (char *)(uintptr_t)option; /* as exec's prototype wants it */
    argv[count + 1] = (char *)(uintptr_t)value;
    return count + 2;
}

char *command_copy_member(struct json_object *line, const char *key)
{
    struct json_object *member = NULL;
    if (!json_object_object_get_ex(line, key, &member) ||
        !json_object_is_type(member, json_type_string))
        return NULL;
    return strdup(json_object_get_string(member));
}
