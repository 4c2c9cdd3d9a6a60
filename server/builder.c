#include "server/builder.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "runtime/base/buffer.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/file.h"
#include "runtime/base/log.h"
#include "server/child.h"
#include "server/module.h"

#define OUT_MAX ((size_t)4 << 20)
#define ERRORS_MAX ((size_t)64 << 10)
/* chimera build --quiet --tier TIER --cache-dir DIR --require-confinement, and NULL */
#define FIXED_ARGUMENTS 9
#define QUICK_SUFFIX "-quick.so" /* of the names in the cache */

struct module {             /* one file to build; several policies may want it */
    char *path;             /* owned */
    char *plugin, *failure; /* owned */
};

struct build {
    const struct builder_wish *wish;
    char *command;         /* owned */
    struct module *module; /* owned */
    size_t module_count;
    size_t *module_of; /* owned; by policy: its module, or SIZE_MAX */
};

/* Ours is beside the server's own file, else somewhere in PATH. */
static char *find_command(void)
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

static bool has_suffix(const char *path, const char *suffix)
{
    size_t size = strlen(path), tail = strlen(suffix);
    return size > tail && strcmp(path + size - tail, suffix) == 0;
}

static bool is_plugin(const char *path)
{
    return has_suffix(path, ".so");
}

static size_t add_module(struct build *build, const char *path)
{
    for (size_t i = 0; i < build->module_count; i++)
        if (strcmp(build->module[i].path, path) == 0)
            return i;
    struct module module = {.path = strdup(path)};
    if (is_plugin(path))
        module.plugin = strdup(path);
    if (!module.path || (is_plugin(path) && !module.plugin)) {
        free(module.path);
        free(module.plugin);
        return SIZE_MAX;
    }
    build->module[build->module_count] = module;
    return build->module_count++;
}

/* Sorts the policies by module; what cannot be had has failed at once. */
static int collect(struct build *build, struct built_plugin *plugins, struct chimera_error *err)
{
    const struct policies *policies = build->wish->policies;
    for (size_t i = 0; i < policies->policy_count; i++) {
        CHIMERA_FREE char *path = NULL;
        struct chimera_error why = {0};
        int code =
            module_find(&build->wish->config->options, policies, &policies->policy[i], &path, &why);
        build->module_of[i] = SIZE_MAX;
        if (code == CHIMERA_OK)
            build->module_of[i] = add_module(build, path);
        else if (code != CHIMERA_ENOMEM)
            plugins[i].failure = strdup(why.text);
        if (build->module_of[i] == SIZE_MAX && !plugins[i].failure)
            return chimera_fail(err, CHIMERA_ENOMEM, "%s", chimera_code_text(CHIMERA_ENOMEM));
        if (plugins[i].failure && !build->wish->is_lenient)
            return chimera_fail(err, code, "%s", plugins[i].failure);
    }
    return CHIMERA_OK;
}

/* What the command said, without its "error: ", and why it ended when it said nothing. */
static int fail_build(struct chimera_slice said, int status, struct chimera_error *err)
{
    static const char prefix[] = "error: ";
    said = chimera_slice_trim(said);
    if (said.size > sizeof(prefix) && (said.data[0] | 0x20) == 'e' &&
        memcmp(said.data + 1, prefix + 1, sizeof(prefix) - 2) == 0) {
        said.data += sizeof(prefix) - 1;
        said.size -= sizeof(prefix) - 1;
    }
    if (said.size > 0)
        return chimera_fail(err, CHIMERA_ETOOL, "%.*s", (int)said.size, said.data);
    if (WIFSIGNALED(status))
        return chimera_fail(err, CHIMERA_ETOOL, "chimera build was ended by signal %d",
                            WTERMSIG(status));
    return chimera_fail(err, CHIMERA_ETOOL, "chimera build ended with exit code %d",
                        WEXITSTATUS(status));
}

/* Gives each module its line of the output. */
static int take_lines(struct module **modules, size_t count, struct chimera_slice out,
                      struct chimera_error *err)
{
    for (size_t i = 0; i < count; i++) {
        const char *feed = out.size ? memchr(out.data, '\n', out.size) : NULL;
        if (!feed)
            return chimera_fail(err, CHIMERA_ETOOL,
                                "chimera build named %zu plugins for %zu policies", i, count);
        size_t size = (size_t)(feed - out.data);
        modules[i]->plugin = strndup(out.data, size);
        if (!modules[i]->plugin)
            return chimera_fail(err, CHIMERA_ENOMEM, "%s", chimera_code_text(CHIMERA_ENOMEM));
        out.data += size + 1;
        out.size -= size + 1;
    }
    return CHIMERA_OK;
}

static int run_command(struct build *build, struct module **modules, size_t count,
                       struct chimera_error *err)
{
    static char verb[] = "build", quiet[] = "--quiet", option[] = "--cache-dir",
                confined[] = "--require-confinement";
    static char tier[] = "--tier", full[] = "full", any[] = "any";
    CHIMERA_FREE char **argv = calloc(count + FIXED_ARGUMENTS, sizeof(char *));
    if (!argv)
        return chimera_fail(err, CHIMERA_ENOMEM, "%s", chimera_code_text(CHIMERA_ENOMEM));
    char *const fixed[] = {build->command,
                           verb,
                           quiet,
                           tier,
                           build->wish->is_full ? full : any,
                           option,
                           build->wish->config->cache_dir,
                           confined};
    bool is_lax = build->wish->config->options.is_unconfined_build_allowed;
    size_t fixed_count = FIXED_ARGUMENTS - (is_lax ? 2 : 1);
    memcpy(argv, fixed, fixed_count * sizeof(*argv));
    for (size_t i = 0; i < count; i++)
        argv[fixed_count + i] = modules[i]->path;
    struct chimera_buffer out, errors;
    int status = 0;
    chimera_buffer_init(&out, OUT_MAX);
    chimera_buffer_init(&errors, ERRORS_MAX);
    int code = child_run(argv, &out, &errors, &status, err);
    if (code == CHIMERA_OK && status != 0)
        code = fail_build(chimera_buffer_slice(&errors), status, err);
    if (code == CHIMERA_OK)
        code = take_lines(modules, count, chimera_buffer_slice(&out), err);
    chimera_buffer_free(&out);
    chimera_buffer_free(&errors);
    return code;
}

/* One by one, to know which of them fail. What was built is in the cache by now. */
static int build_each(struct build *build, struct module **modules, size_t count,
                      struct chimera_error *err)
{
    int code = CHIMERA_OK;
    for (size_t i = 0; i < count && code == CHIMERA_OK; i++) {
        struct chimera_error why = {0};
        code = run_command(build, &modules[i], 1, &why);
        if (code >= 0)
            continue;
        code = CHIMERA_OK;
        free(modules[i]->plugin);
        modules[i]->plugin = NULL;
        modules[i]->failure = strdup(why.text);
        if (!modules[i]->failure)
            code = chimera_fail(err, CHIMERA_ENOMEM, "%s", chimera_code_text(CHIMERA_ENOMEM));
    }
    return code;
}

static int build_modules(struct build *build, struct chimera_error *err)
{
    CHIMERA_FREE struct module **modules = calloc(build->module_count + 1, sizeof(struct module *));
    size_t count = 0;
    if (!modules)
        return chimera_fail(err, CHIMERA_ENOMEM, "%s", chimera_code_text(CHIMERA_ENOMEM));
    for (size_t i = 0; i < build->module_count; i++)
        if (!build->module[i].plugin)
            modules[count++] = &build->module[i];
    if (count == 0)
        return CHIMERA_OK;
    chimera_log_with(CHIMERA_LOG_INFO, "server::builder",
                     CHIMERA_SLICE("building what the cache does not hold"),
                     CHIMERA_NUMBER("modules", (int64_t)count),
                     CHIMERA_TEXT("cache", chimera_slice_of(build->wish->config->cache_dir)));
    int code = run_command(build, modules, count, err);
    if (code < 0 && build->wish->is_lenient) {
        for (size_t i = 0; i < count; i++) {
            free(modules[i]->plugin);
            modules[i]->plugin = NULL;
        }
        code = build_each(build, modules, count, err);
    }
    return code;
}

static int hand_out(const struct build *build, size_t count, struct built_plugin *plugins,
                    struct chimera_error *err)
{
    for (size_t i = 0; i < count; i++) {
        if (build->module_of[i] == SIZE_MAX)
            continue;
        const struct module *module = &build->module[build->module_of[i]];
        plugins[i].path = module->plugin ? strdup(module->plugin) : NULL;
        plugins[i].failure = module->plugin ? NULL : strdup(module->failure);
        plugins[i].is_quick =
            module->plugin && !is_plugin(module->path) && has_suffix(module->plugin, QUICK_SUFFIX);
        if (!plugins[i].path && !plugins[i].failure)
            return chimera_fail(err, CHIMERA_ENOMEM, "%s", chimera_code_text(CHIMERA_ENOMEM));
    }
    return CHIMERA_OK;
}

static void free_build(struct build *build)
{
    for (size_t i = 0; i < build->module_count; i++) {
        free(build->module[i].path);
        free(build->module[i].plugin);
        free(build->module[i].failure);
    }
    free(build->module);
    free(build->module_of);
    free(build->command);
}

int builder_run(const struct builder_wish *wish, struct built_plugin **ret_plugins,
                struct chimera_error *err)
{
    size_t count = wish->policies->policy_count;
    struct build build = {.wish = wish,
                          .command = find_command(),
                          .module = calloc(count + 1, sizeof(struct module)),
                          .module_of = calloc(count + 1, sizeof(size_t))};
    struct built_plugin *plugins = calloc(count + 1, sizeof(*plugins));
    int code = CHIMERA_OK;
    if (!build.command || !build.module || !build.module_of || !plugins)
        code = chimera_fail(err, CHIMERA_ENOMEM, "%s", chimera_code_text(CHIMERA_ENOMEM));
    if (code == CHIMERA_OK)
        code = collect(&build, plugins, err);
    if (code == CHIMERA_OK)
        code = build_modules(&build, err);
    if (code == CHIMERA_OK)
        code = hand_out(&build, count, plugins, err);
    free_build(&build);
    if (code == CHIMERA_OK)
        *ret_plugins = plugins;
    else
        builder_free(plugins, plugins ? count : 0);
    return code;
}

void builder_free(struct built_plugin *plugins, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        free(plugins[i].path);
        free(plugins[i].failure);
    }
    free(plugins);
}
