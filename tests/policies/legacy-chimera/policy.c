/* SPDX-License-Identifier: Apache-2.0 */
/* policy.c - only trusted users may create privileged Pods. A policy as Chimera took them in 2020: a WASI program that
 * reads the admission request from standard input, its settings from the environment, and prints the answer.
 *
 * TRUSTED_USERS and TRUSTED_GROUPS are lists of names with commas between them. No library: the five WASI functions
 * are declared by hand.
 */
#include <stdint.h>

#include "../json-walk.h"

#define IMPORT(name) __attribute__((import_module("wasi_snapshot_preview1"), import_name(#name)))

struct span { /* WASI's iovec */
    const char *data;
    size_t size;
};

IMPORT(environ_sizes_get) int environ_sizes_get(size_t *count, size_t *size);
IMPORT(environ_get) int environ_get(char **entries, char *text);
IMPORT(fd_read) int fd_read(int fd, const struct span *spans, size_t count, size_t *ret_size);
IMPORT(fd_write) int fd_write(int fd, const struct span *spans, size_t count, size_t *ret_size);
IMPORT(proc_exit) _Noreturn void proc_exit(int code);

#define SPAN(text) ((struct span){text, sizeof(text) - 1})

enum { STDIN, STDOUT, STDERR, WASM_PAGE = 65536, READ_AT_ONCE = 65536, ENVIRONMENT_MAX = 16384, ENTRIES_MAX = 64 };

extern char __heap_base; /* from the linker: the first byte that is nobody's */

static void print(int fd, struct span text)
{
    size_t done;
    fd_write(fd, &text, 1, &done);
}

static _Noreturn void fail(struct span why)
{
    print(STDERR, why);
    proc_exit(1);
}

/* Standard input up to its end, with a NUL behind it. */
static const char *read_request(void)
{
    char *text = &__heap_base;
    size_t size = 0, got;
    do {
        uintptr_t have = __builtin_wasm_memory_size(0) * WASM_PAGE;
        uintptr_t need = (uintptr_t)text + size + READ_AT_ONCE + 1;
        if (need > have && __builtin_wasm_memory_grow(0, (need - have + WASM_PAGE - 1) / WASM_PAGE) == SIZE_MAX)
            fail(SPAN("the request is too large\n"));
        struct span space = {text + size, READ_AT_ONCE};
        if (fd_read(STDIN, &space, 1, &got))
            fail(SPAN("cannot read the request\n"));
        size += got;
    } while (got);
    text[size] = 0;
    return text;
}

/* The value of the environment variable `name`, or "". */
static const char *setting(const char *name)
{
    static char text[ENVIRONMENT_MAX];
    static char *entries[ENTRIES_MAX];
    size_t count, size;
    if (environ_sizes_get(&count, &size) || count > ENTRIES_MAX || size > ENVIRONMENT_MAX || environ_get(entries, text))
        fail(SPAN("cannot read the settings\n"));
    for (size_t i = 0; i < count; i++) {
        const char *at = entries[i], *wanted = name;
        while (*wanted && *at == *wanted)
            at++, wanted++;
        if (!*wanted && *at == '=')
            return at + 1;
    }
    return "";
}

/* Whether the JSON string `name` is in `list`. */
static bool is_listed(const char *list, const char *name)
{
    if (!name || *name++ != '"')
        return false;
    while (*list) {
        size_t n = 0;
        while (list[n] && list[n] != ',' && list[n] == name[n])
            n++;
        if (name[n] == '"' && n && (!list[n] || list[n] == ','))
            return true;
        while (*list && *list++ != ',')
            ;
    }
    return false;
}

static bool is_trusted(const char *request)
{
    const char *user = json_member(request, "userInfo");
    if (is_listed(setting("TRUSTED_USERS"), json_member(user, "username")))
        return true;
    const char *groups = setting("TRUSTED_GROUPS");
    for (const char *group = json_first(json_member(user, "groups")); group; group = json_next(group))
        if (is_listed(groups, group))
            return true;
    return false;
}

static bool has_privileged(const char *spec, const char *list)
{
    for (const char *at = json_first(json_member(spec, list)); at; at = json_next(at))
        if (json_true(json_member(json_member(at, "securityContext"), "privileged")))
            return true;
    return false;
}

__attribute__((export_name("_start"))) void start(void)
{
    const char *request = json_blank(read_request());
    if (*request != '{')
        fail(SPAN("the request is not an object\n"));
    const char *spec = json_member(json_member(request, "object"), "spec");
    bool privileged = has_privileged(spec, "containers") || has_privileged(spec, "initContainers") ||
                      has_privileged(spec, "ephemeralContainers");
    if (privileged && !is_trusted(request))
        print(STDOUT, SPAN("{\"accepted\":false,\"message\":\"User cannot schedule privileged containers\"}\n"));
    else
        print(STDOUT, SPAN("{\"accepted\":true,\"message\":\"\"}\n"));
}
