/* SPDX-License-Identifier: Apache-2.0 */
#include "toolchain/command/version.h"

#include <json-c/json.h>
#include <stdio.h>
#include <string.h>

#include "compiler/tool/tools.h"
#include "plugins/policy/plugin.h"
#include "toolchain/command/commands.h"

#ifndef CHIMERA_COMMIT
#define CHIMERA_COMMIT ""
#endif

const char *version_commit(void)
{
    return *CHIMERA_COMMIT ? CHIMERA_COMMIT : NULL;
}

static bool is_kwctl(const char *program)
{
    return strcmp(program, "kwctl") == 0;
}

void version_print_short(const char *program)
{
    printf("%s %s\n", program, is_kwctl(program) ? CHIMERA_KUBEWARDEN_VERSION : CHIMERA_VERSION);
}

static void print_who(const char *program)
{
    version_print_short(program);
    printf("Chimera %s, acting as Kubewarden %s\n", CHIMERA_VERSION, CHIMERA_KUBEWARDEN_VERSION);
}

static void print_all(const char *program)
{
    print_who(program);
    printf("plugin ABI: %d\n", CHIMERA_PLUGIN_ABI);
    if (version_commit() && !is_kwctl(program))
        printf("commit: %s\n", version_commit());
}

void version_print(const char *program)
{
    if (is_kwctl(program))
        print_who(program);
    else
        print_all(program);
}

static void add_text(struct json_object *object, const char *key, const char *text)
{
    json_object_object_add(object, key, text && *text ? json_object_new_string(text) : NULL);
}

/* Of each tier that can be built here. */
static void add_tools(struct json_object *object)
{
    struct chimera_tools tools = {0};
    struct chimera_error err = {0};
    if (chimera_tools_find(&tools, &err) == CHIMERA_OK)
        for (enum chimera_tier tier = CHIMERA_TIER_QUICK; tier <= CHIMERA_TIER_FULL; tier++)
            if (chimera_tools_has(&tools, tier))
                chimera_tools_learn(&tools, tier, NULL, &err);
    add_text(object, "wabt", tools.wabt_version);
    add_text(object, "clang", tools.clang_version);
    add_text(object, "lld", tools.lld_version);
    add_text(object, "tcc", tools.tcc_version);
    chimera_tools_done(&tools);
}

struct json_object *version_json(void)
{
    struct json_object *object = json_object_new_object();
    if (!object)
        return NULL;
    add_text(object, "version", CHIMERA_VERSION);
    add_text(object, "commit", version_commit());
    add_text(object, "kubewarden", CHIMERA_KUBEWARDEN_VERSION);
    json_object_object_add(object, "pluginAbi", json_object_new_int(CHIMERA_PLUGIN_ABI));
    add_tools(object);
    return object;
}

static int print_json(void)
{
    struct json_object *object = version_json();
    size_t size = 0;
    const char *text =
        object ? json_object_to_json_string_length(
                     object, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE, &size)
               : NULL;
    if (text) {
        say_json((struct chimera_slice){text, size});
        putchar('\n');
    }
    json_object_put(object);
    return text ? EXIT_GOOD : say_error("%s", chimera_code_text(CHIMERA_ENOMEM));
}

static int run_version(const struct chimera_cli_options *options)
{
    const char *format = chimera_cli_value(options, "output");
    if (format && strcmp(format, "json") == 0)
        return print_json();
    print_all(options->program);
    return EXIT_GOOD;
}

static const char *const formats[] = {"text", "json", NULL};

static const struct chimera_cli_option version_options[] = {
    {.name = "output",
     .letter = 'o',
     .kind = CHIMERA_CLI_VALUE,
     .value = "FORMAT",
     .choices = formats,
     .help = "Form of what is printed; json has the versions of the compilers, too"},
    {0},
};

const struct chimera_cli_command command_version = {
    .name = "version",
    .about = "Print versions",
    .description = "Prints the version of Chimera, the Kubewarden release that it acts as where a "
                   "policy asks (minimumKubewardenVersion), the number of the plugin ABI, and the "
                   "commit that the sources are of, where that is known.\n"
                   "As JSON it also has the versions of the tools that build here: wabt, clang, "
                   "lld, tcc; null where one is not there.",
    .options = version_options,
    .run = run_version,
};
