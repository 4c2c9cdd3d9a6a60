/* SPDX-License-Identifier: Apache-2.0 */
#include "toolchain/command/doctor/support.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "runtime/json/tree.h"

void support_put_text(const char *text, struct chimera_buffer *out)
{
    struct chimera_buffer shown;
    const char *home = getenv("HOME");
    size_t size = home ? strlen(home) : 0;
    while (size > 0 && home[size - 1] == '/')
        size--;
    chimera_buffer_init(&shown, strlen(text) + 1);
    while (*text) {
        bool is_home = size && strncmp(text, home, size) == 0 &&
                       (text[size] == '/' || !text[size] || strchr(" :,;)\"'", text[size]));
        chimera_buffer_byte(&shown, (uint8_t)(is_home ? '~' : *text));
        text += is_home ? size : 1;
    }
    chimera_json_write_string(chimera_buffer_slice(&shown), out);
    chimera_buffer_free(&shown);
}

/* Whose values are told: names of folders, programs, switches. */
static const char *const told[] = {
    "CHIMERA_CACHE_DIR",
    "CHIMERA_CLANG",
    "CHIMERA_COMPILER_LAUNCHER",
    "CHIMERA_CONFINEMENT",
    "CHIMERA_LLD",
    "CHIMERA_OBJDUMP",
    "CHIMERA_PRELUDE",
    "CHIMERA_TCC",
    "CHIMERA_TOOL_FOLDERS",
    "CHIMERA_WASM2C",
    "CHIMERA_PAGE_TRACKING",
    "DOCKER_CONFIG",
    "HOME",
    "KUBECONFIG",
    "LANG",
    "LC_ALL",
    "NO_COLOR",
    "PATH",
    "SSL_CERT_DIR",
    "SSL_CERT_FILE",
    "TERM",
    "TMPDIR",
    "XDG_CACHE_HOME",
    "XDG_CONFIG_HOME",
};

/* Of which only the names are: an address of a proxy may have a password in it, headers a token. */
static const char *const named[] = {"CHIMERA_",  "COSIGN_",         "KUBEWARDEN_", "KUBERNETES_",
                                    "OTEL_",     "LD_LIBRARY_PATH", "HTTP_PROXY",  "HTTPS_PROXY",
                                    "ALL_PROXY", "NO_PROXY"};

static bool is_told(const char *name, size_t size)
{
    for (size_t i = 0; i < sizeof(told) / sizeof(*told); i++)
        if (strlen(told[i]) == size && strncmp(told[i], name, size) == 0)
            return true;
    return false;
}

static bool is_named(const char *name)
{
    for (size_t i = 0; i < sizeof(named) / sizeof(*named); i++)
        if (strncasecmp(name, named[i], strlen(named[i])) == 0)
            return true;
    return false;
}

static int by_name(const void *left, const void *right)
{
    return strcmp(*(const char *const *)left, *(const char *const *)right);
}

static void put_variable(const char *variable, struct chimera_buffer *out, bool is_first)
{
    size_t size = strcspn(variable, "=");
    chimera_buffer_print(out, "%s\n    ", is_first ? "" : ",");
    chimera_json_write_string((struct chimera_slice){variable, size}, out);
    chimera_buffer_text(out, ": ");
    support_put_text(is_told(variable, size) && variable[size] ? variable + size + 1 : "(set)",
                     out);
}

void support_put_environment(struct chimera_buffer *out)
{
    size_t count = 0, kept = 0;
    while (environ[count])
        count++;
    const char **list = (const char **)calloc(count + 1, sizeof(*list));
    for (size_t i = 0; list && i < count; i++)
        if (is_told(environ[i], strcspn(environ[i], "=")) || is_named(environ[i]))
            list[kept++] = environ[i];
    if (list)
        qsort(list, kept, sizeof(*list), by_name);
    for (size_t i = 0; i < kept; i++)
        put_variable(list[i], out, i == 0);
    free(list);
}
