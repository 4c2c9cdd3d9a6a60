/* SPDX-License-Identifier: Apache-2.0 */
#include "compiler/tool/tools.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "runtime/base/cleanup.h"

#define WABT_OLDEST 32
#define CLANG_OLDEST 15
#define TCC_OLDEST 27
#define NAMES_MAX 6

struct wanted {
    const char *program;          /* for messages */
    const char *variable;         /* of the environment, that overrides */
    const char *package;          /* Debian's */
    const char *names[NAMES_MAX]; /* on PATH, best first; ends with NULL */
    const char *beside;           /* its name in clang's own folder, or NULL */
};

enum { WASM2C, CLANG, LLD, OBJDUMP, TCC, TOOL_COUNT };

static const struct wanted wanted[TOOL_COUNT] = {
    [WASM2C] = {"wasm2c", "CHIMERA_WASM2C", "wabt", {"wasm2c"}, NULL},
    [CLANG] = {"clang", "CHIMERA_CLANG", "clang-19", {"clang-19", "clang-22", "clang"}, NULL},
    [LLD] = {"ld.lld", "CHIMERA_LLD", "lld-19", {"ld.lld-19", "ld.lld-22", "ld.lld"}, "ld.lld"},
    [OBJDUMP] = {"llvm-objdump",
                 "CHIMERA_OBJDUMP",
                 "llvm-19",
                 {"llvm-objdump-19", "llvm-objdump-22", "llvm-objdump"},
                 "llvm-objdump"},
    [TCC] = {"tcc", "CHIMERA_TCC", "tcc", {"tcc"}, NULL},
};

static bool is_for(size_t tool, enum chimera_tier tier)
{
    return tier == CHIMERA_TIER_QUICK ? tool == WASM2C || tool == TCC : tool != TCC;
}

static bool is_program(const char *path)
{
    struct stat status;
    return stat(path, &status) == 0 && S_ISREG(status.st_mode) && access(path, X_OK) == 0;
}

/* FOLDER/NAME when that is a program; NULL else. Owned by the caller. */
static char *program_in(const char *folder, size_t folder_size, const char *name)
{
    char *path = NULL;
    if (asprintf(&path, "%.*s/%s", (int)folder_size, folder, name) < 0)
        return NULL;
    if (is_program(path))
        return path;
    free(path);
    return NULL;
}

/* Relative folders of PATH are passed over: what runs must not depend on where we stand. */
static char *find_on_path(const char *name)
{
    const char *folder = getenv("PATH");
    if (!folder)
        folder = "/usr/local/bin:/usr/bin:/bin";
    while (*folder) {
        size_t size = strcspn(folder, ":");
        char *path = *folder == '/' ? program_in(folder, size, name) : NULL;
        if (path)
            return path;
        folder += size + (folder[size] == ':');
    }
    return NULL;
}

static char *find_beside(const char *program, const char *name)
{
    char real[PATH_MAX];
    if (!program || !name || !realpath(program, real))
        return NULL;
    char *slash = strrchr(real, '/');
    return program_in(real, (size_t)(slash - real), name);
}

/* A name without a slash is looked up, everything else is a path. */
static char *find_override(const char *value)
{
    char real[PATH_MAX];
    if (!strchr(value, '/'))
        return find_on_path(value);
    if (!is_program(value))
        return NULL;
    /* Only the folder is resolved: what a program is depends on the name it was called by. */
    if (value[0] == '/')
        return strdup(value);
    return getcwd(real, sizeof(real)) ? program_in(real, strlen(real), value) : NULL;
}

static int find_tool(const struct wanted *tool, const char *clang, char **ret_path,
                     struct chimera_error *err)
{
    const char *value = getenv(tool->variable);
    if (value && value[0]) {
        *ret_path = find_override(value);
        if (!*ret_path)
            return chimera_fail(err, CHIMERA_ETOOL, "%s=%s is not a program that can be run",
                                tool->variable, value);
        return CHIMERA_OK;
    }
    *ret_path = find_beside(clang, tool->beside);
    for (size_t i = 0; !*ret_path && tool->names[i]; i++)
        *ret_path = find_on_path(tool->names[i]);
    return CHIMERA_OK;
}

static void list_paths(const struct chimera_tools *tools, const char *ret_paths[TOOL_COUNT])
{
    ret_paths[WASM2C] = tools->wasm2c;
    ret_paths[CLANG] = tools->clang;
    ret_paths[LLD] = tools->lld;
    ret_paths[OBJDUMP] = tools->objdump;
    ret_paths[TCC] = tools->tcc;
}

bool chimera_tools_has(const struct chimera_tools *tools, enum chimera_tier tier)
{
    const char *paths[TOOL_COUNT];
    bool has_all = true;
    list_paths(tools, paths);
    for (size_t i = 0; i < TOOL_COUNT; i++)
        has_all = has_all && (paths[i] || !is_for(i, tier));
    return has_all;
}

int chimera_tools_need(const struct chimera_tools *tools, enum chimera_tier tier,
                       struct chimera_error *err)
{
    char names[160] = "", packages[160] = "", variables[160] = "";
    const char *paths[TOOL_COUNT];
    list_paths(tools, paths);
    for (size_t i = 0; i < TOOL_COUNT; i++) {
        size_t at = strlen(names), to = strlen(packages), end = strlen(variables);
        if (paths[i] || !is_for(i, tier))
            continue;
        snprintf(names + at, sizeof(names) - at, "%s%s", at ? ", " : "", wanted[i].program);
        snprintf(packages + to, sizeof(packages) - to, " %s", wanted[i].package);
        snprintf(variables + end, sizeof(variables) - end, "%s%s", end ? ", " : "",
                 wanted[i].variable);
    }
    if (!names[0])
        return CHIMERA_OK;
    return chimera_fail(
        err, CHIMERA_ETOOL,
        "not found: %s; install with `apt-get install%s`, or name other programs in %s", names,
        packages, variables);
}

/* Component `index` of "19.1.7"; 0 when there is none. */
static unsigned version_part(const char *version, unsigned index)
{
    unsigned number = 0;
    while (index > 0 && *version)
        index -= *version++ == '.';
    while (*version >= '0' && *version <= '9' && number < 100000)
        number = number * 10 + (unsigned)(*version++ - '0');
    return number;
}

static int check_wasm2c(struct chimera_tools *tools, struct chimera_error *err)
{
    if (!tools->wabt_version[0])
        return chimera_fail(err, CHIMERA_ETOOL, "%s --version tells no version", tools->wasm2c);
    tools->wabt_minor = version_part(tools->wabt_version, 2);
    if (version_part(tools->wabt_version, 0) != 1 || tools->wabt_minor < WABT_OLDEST)
        return chimera_fail(err, CHIMERA_ETOOL,
                            "%s is WABT %s; 1.0.%d or newer is needed (Debian: wabt)",
                            tools->wasm2c, tools->wabt_version, WABT_OLDEST);
    return CHIMERA_OK;
}

static int check_llvm(const struct chimera_tools *tools, struct chimera_error *err)
{
    if (!tools->clang_version[0])
        return chimera_fail(err, CHIMERA_ETOOL,
                            "%s is no clang: its --version tells no clang version", tools->clang);
    if (version_part(tools->clang_version, 0) < CLANG_OLDEST)
        return chimera_fail(err, CHIMERA_ETOOL,
                            "%s is clang %s; %d or newer is needed (Debian: clang-19)",
                            tools->clang, tools->clang_version, CLANG_OLDEST);
    if (!tools->lld_version[0])
        return chimera_fail(err, CHIMERA_ETOOL, "%s is no lld: its --version tells no LLD version",
                            tools->lld);
    return CHIMERA_OK;
}

static int check_tcc(const struct chimera_tools *tools, struct chimera_error *err)
{
    if (!tools->tcc_version[0])
        return chimera_fail(err, CHIMERA_ETOOL, "%s is no tcc: its -v tells no tcc version",
                            tools->tcc);
    if (version_part(tools->tcc_version, 1) == 9 &&
        version_part(tools->tcc_version, 2) < TCC_OLDEST)
        return chimera_fail(err, CHIMERA_ETOOL,
                            "%s is tcc %s; 0.9.%d or newer is needed (Debian: tcc)", tools->tcc,
                            tools->tcc_version, TCC_OLDEST);
    return CHIMERA_OK;
}

/* A program that somebody has named by a variable and that is not what it should be. */
static int name_variable(const struct chimera_tools *tools, int code, struct chimera_error *err)
{
    const char *paths[TOOL_COUNT];
    struct chimera_error why = {0};
    list_paths(tools, paths);
    for (size_t i = 0; i < TOOL_COUNT && err; i++) {
        const char *value = getenv(wanted[i].variable);
        if (!value || !*value || !paths[i] || !strstr(err->text, paths[i]))
            continue;
        why = *err;
        return chimera_fail(err, code, "%s=%.300s: %.600s", wanted[i].variable, value, why.text);
    }
    return code;
}

int chimera_tools_learn(struct chimera_tools *tools, enum chimera_tier tier, const char *folder,
                        struct chimera_error *err)
{
    struct tool_probe probes[TOOL_COUNT] = {
        [WASM2C] = {tools->wasm2c, "--version", "", ""},
        [CLANG] = {tools->clang, "--version", "clang version ", ""},
        [LLD] = {tools->lld, "--version", "LLD ", ""},
        [TCC] = {tools->tcc, "-v", "tcc version ", ""},
    };
    char *const versions[TOOL_COUNT] = {[WASM2C] = tools->wabt_version,
                                        [CLANG] = tools->clang_version,
                                        [LLD] = tools->lld_version,
                                        [TCC] = tools->tcc_version};
    for (size_t i = 0; i < TOOL_COUNT; i++)
        if (!is_for(i, tier) || (versions[i] && versions[i][0]))
            probes[i].path = NULL; /* of no use, or known */
    int code = tool_versions(probes, TOOL_COUNT, folder, err);
    for (size_t i = 0; i < TOOL_COUNT && code == CHIMERA_OK; i++)
        if (probes[i].path)
            memcpy(versions[i], probes[i].version, CHIMERA_TOOL_VERSION_MAX);
    if (code == CHIMERA_OK)
        code = check_wasm2c(tools, err);
    if (code == CHIMERA_OK)
        code = tier == CHIMERA_TIER_QUICK ? check_tcc(tools, err) : check_llvm(tools, err);
    return code < 0 ? name_variable(tools, code, err) : code;
}

int chimera_tools_find(struct chimera_tools *ret_tools, struct chimera_error *err)
{
    struct chimera_tools tools = {0};
    char *paths[TOOL_COUNT] = {NULL};
    int code = CHIMERA_OK;
    for (size_t i = 0; i < TOOL_COUNT && code == CHIMERA_OK; i++)
        code = find_tool(&wanted[i], paths[CLANG], &paths[i], err);
    tools.wasm2c = paths[WASM2C]; /* all handed over */
    tools.clang = paths[CLANG];
    tools.lld = paths[LLD];
    tools.objdump = paths[OBJDUMP];
    tools.tcc = paths[TCC];
    if (code == CHIMERA_OK && !chimera_tools_has(&tools, CHIMERA_TIER_QUICK))
        code = chimera_tools_need(&tools, CHIMERA_TIER_FULL, err);
    if (code < 0) {
        chimera_tools_done(&tools);
        return code;
    }
    *ret_tools = tools; /* handed over */
    return CHIMERA_OK;
}

int chimera_tools_launch(struct chimera_tools *tools, const char *words, struct chimera_error *err)
{
    size_t count = 0;
    while (*words) {
        size_t size = strcspn(words, ";");
        CHIMERA_FREE char *word = strndup(words, size);
        if (count == CHIMERA_LAUNCHER_WORDS)
            return chimera_fail(err, CHIMERA_EINVAL,
                                CHIMERA_LAUNCHER_VARIABLE " has more than %d words",
                                CHIMERA_LAUNCHER_WORDS);
        tools->launcher[count] = !word ? NULL : count == 0 ? find_override(word) : strdup(word);
        if (!tools->launcher[count++])
            return chimera_fail(err, CHIMERA_ETOOL,
                                CHIMERA_LAUNCHER_VARIABLE
                                "=%s: there is no such program that can be run",
                                word ? word : "");
        words += size + (words[size] == ';');
    }
    return CHIMERA_OK;
}

void chimera_tools_done(struct chimera_tools *tools)
{
    free(tools->wasm2c);
    free(tools->clang);
    free(tools->lld);
    free(tools->objdump);
    free(tools->tcc);
    for (size_t i = 0; tools->launcher[i]; i++)
        free(tools->launcher[i]);
    *tools = (struct chimera_tools){0};
}
