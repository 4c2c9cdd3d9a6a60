/* SPDX-License-Identifier: Apache-2.0 */
/* play.c - runs the commands of one wast2json file through our own pipeline.
 *
 *   conformance-play FILE.json SCRATCH quick|full
 *
 * Every module goes the way of a policy: our reader, our rewrite, wasm2c, our prelude, clang or
 * tcc, lld, the audit, the loader, a guest. Each command ends as a pass, a failure (told with its
 * line), or not applicable (told with the reason, once a reason). The last line is "FILE pass fail
 * n/a", for the driver beside this file.
 */
#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "compiler/build.h"
#include "compiler/lower/read.h"
#include "compiler/wasm/import_rules.h"
#include "runtime/base/buffer.h"
#include "runtime/base/file.h"
#include "runtime/instance/guest.h"

#define NAMED_MAX 64
#define VALUES_MAX 32

struct instance {
    char name[80];
    struct chimera_guest *guest; /* NULL: `absent` tells why */
    char absent[160];
    bool is_registered; /* other modules may import it */
};

static struct {
    const char *folder;
    struct chimera_builder *builder;
    enum chimera_tier tier;
    struct instance named[NAMED_MAX];
    size_t named_count;
    struct instance current;
    unsigned passed, failed, skipped;
} play;

static const char *text_of(struct json_object *object, const char *key)
{
    struct json_object *value = NULL;
    json_object_object_get_ex(object, key, &value);
    return value ? json_object_get_string(value) : "";
}

static struct json_object *member(struct json_object *object, const char *key)
{
    struct json_object *value = NULL;
    json_object_object_get_ex(object, key, &value);
    return value;
}

static void pass(void)
{
    play.passed++;
}

static void fail(struct json_object *command, const char *why)
{
    play.failed++;
    printf("FAIL line %s %s: %s\n", text_of(command, "line"), text_of(command, "type"), why);
}

static void skip(struct json_object *command, const char *why)
{
    play.skipped++;
    printf("N/A %s: %s\n", text_of(command, "type"), why);
}

/* --- Modules. --- */

enum outcome { BUILT, REFUSED, UNLINKABLE, TRAPPED };

static int read_module(const char *path, struct chimera_error *err)
{
    struct chimera_buffer bytes;
    struct chimera_module *module = NULL;
    chimera_buffer_init(&bytes, (size_t)64 << 20);
    int code = chimera_file_read(path, &bytes, err);
    if (code == 0)
        code = chimera_module_read(path, chimera_buffer_slice(&bytes), &module, err);
    if (code == 0)
        code = chimera_module_check_imports(module, err);
    chimera_module_free(module);
    chimera_buffer_free(&bytes);
    return code;
}

static enum outcome instantiate(const char *path, struct chimera_guest **ret_host,
                                struct chimera_error *err)
{
    struct chimera_built built;
    struct chimera_loaded *loaded;
    int code = read_module(path, err);
    if (code < 0)
        return code == CHIMERA_EREFUSED ? UNLINKABLE : REFUSED;
    if (chimera_build_bare(play.builder, path, play.tier, &built, err) < 0)
        return strstr(err->text, "out of bounds memory access") ? TRAPPED : REFUSED;
    code = chimera_plugin_load(built.plugin, &loaded, err);
    chimera_built_done(&built);
    if (code < 0)
        return REFUSED;
    code = chimera_guest_new(loaded, (uint64_t)4 << 30, ret_host, err);
    return code == 0 ? BUILT : code == CHIMERA_ETRAP ? TRAPPED : REFUSED;
}

static void keep(struct json_object *command, struct chimera_guest *guest, const char *absent)
{
    play.current = (struct instance){.guest = guest};
    snprintf(play.current.absent, sizeof(play.current.absent), "%s", absent);
    const char *name = text_of(command, "name");
    if (!*name || play.named_count == NAMED_MAX)
        return;
    snprintf(play.current.name, sizeof(play.current.name), "%s", name);
    play.named[play.named_count++] = play.current;
}

static void module_path(struct json_object *command, char *path, size_t size)
{
    snprintf(path, size, "%s/%s", play.folder, text_of(command, "filename"));
}

/* A module that we refuse would have changed what it imports: so no more can be said of that. */
static void forget_registered(void)
{
    static const char why[] = "a refused module would have changed its tables or memory";
    for (size_t i = 0; i < play.named_count; i++) {
        if (play.named[i].is_registered) {
            play.named[i].guest = NULL;
            snprintf(play.named[i].absent, sizeof(play.named[i].absent), "%s", why);
        }
    }
}

static void do_module(struct json_object *command)
{
    char path[4096];
    struct chimera_guest *guest = NULL;
    struct chimera_error err = {0};
    module_path(command, path, sizeof(path));
    switch (instantiate(path, &guest, &err)) {
    case BUILT:
        keep(command, guest, "");
        pass();
        return;
    case UNLINKABLE:
        forget_registered();
        keep(command, NULL, "its module imports what policies may not");
        skip(command, "imports what policies may not (spectest or another module)");
        return;
    case REFUSED:
        if (strstr(err.text, "which Chimera does not compile") ||
            strstr(err.text, "over the limit")) {
            keep(command, NULL, "its module is refused on purpose");
            skip(command, strrchr(err.text, ':') + 2);
            return;
        }
        /* fall through */
    case TRAPPED:
        keep(command, NULL, "its module failed");
        fail(command, err.text);
    }
}

/* --- Values. --- */

static bool is_type(struct json_object *value, const char *type)
{
    return strcmp(text_of(value, "type"), type) == 0;
}

/* externref 5 is any pointer that is not null. */
static void *reference_of(struct json_object *value)
{
    const char *text = text_of(value, "value");
    return strcmp(text, "null") == 0 ? NULL : (void *)(uintptr_t)(strtoull(text, NULL, 10) + 1);
}

static bool take_argument(struct json_object *argument, union chimera_value *value)
{
    const char *text = text_of(argument, "value");
    if (is_type(argument, "i32") || is_type(argument, "f32"))
        value->i32 = (uint32_t)strtoull(text, NULL, 10);
    else if (is_type(argument, "i64") || is_type(argument, "f64"))
        value->i64 = strtoull(text, NULL, 10);
    else if (is_type(argument, "externref"))
        value->externref = reference_of(argument);
    else
        return false;
    return true;
}

static bool is_nan32(uint32_t bits, bool is_canonical)
{
    return is_canonical ? (bits & 0x7fffffffu) == 0x7fc00000u : (bits & 0x7fc00000u) == 0x7fc00000u;
}

static bool is_nan64(uint64_t bits, bool is_canonical)
{
    return is_canonical ? (bits & 0x7fffffffffffffffull) == 0x7ff8000000000000ull
                        : (bits & 0x7ff8000000000000ull) == 0x7ff8000000000000ull;
}

static bool matches(struct json_object *expected, const union chimera_value *value)
{
    const char *text = text_of(expected, "value");
    bool is_nan = strncmp(text, "nan:", 4) == 0, is_canonical = strcmp(text, "nan:canonical") == 0;
    if (is_type(expected, "f32") && is_nan)
        return is_nan32(value->i32, is_canonical);
    if (is_type(expected, "f64") && is_nan)
        return is_nan64(value->i64, is_canonical);
    if (is_type(expected, "i32") || is_type(expected, "f32"))
        return value->i32 == (uint32_t)strtoull(text, NULL, 10);
    if (is_type(expected, "i64") || is_type(expected, "f64"))
        return value->i64 == strtoull(text, NULL, 10);
    return is_type(expected, "externref") && value->externref == reference_of(expected);
}

/* --- Actions. --- */

enum action { DONE, STOPPED, IMPOSSIBLE, WRONG };

static const struct instance *instance_of(struct json_object *action)
{
    const char *name = text_of(action, "module");
    for (size_t i = play.named_count; *name && i > 0; i--) {
        if (strcmp(play.named[i - 1].name, name) == 0)
            return &play.named[i - 1];
    }
    return &play.current;
}

/* Field names may hold NUL, so not chimera_plugin_export(). */
static const struct chimera_export *find_export(const struct chimera_guest *guest,
                                                struct json_object *action)
{
    struct json_object *field = member(action, "field");
    const struct chimera_plugin *plugin = guest->loaded->plugin;
    size_t size = (size_t)json_object_get_string_len(field);
    for (uint32_t i = 0; i < plugin->export_count; i++) {
        if (plugin->exports[i].name_size == size &&
            memcmp(plugin->exports[i].name, json_object_get_string(field), size) == 0)
            return &plugin->exports[i];
    }
    return NULL;
}

static enum action invoke(struct chimera_guest *guest, const struct chimera_export *export,
                          struct json_object *action, union chimera_value *values,
                          const char **ret_why)
{
    struct json_object *arguments = member(action, "args");
    size_t count = arguments ? json_object_array_length(arguments) : 0;
    for (size_t i = 0; i < count && i < VALUES_MAX; i++) {
        if (!take_argument(json_object_array_get_idx(arguments, i), &values[i])) {
            *ret_why = "a funcref crosses the boundary, which policies' exports never do";
            return IMPOSSIBLE;
        }
    }
    if (!export->call) {
        *ret_why = "a funcref crosses the boundary, which policies' exports never do";
        return IMPOSSIBLE;
    }
    chimera_guest_begin(guest, 20000);
    int code = chimera_guest_run(guest, export, values);
    chimera_guest_end(guest);
    *ret_why = code < 0 ? chimera_guest_stop_text(guest) : "";
    return code < 0 ? STOPPED : DONE;
}

static enum action do_action(struct json_object *action, union chimera_value *values,
                             struct chimera_guest **ret_host, const char **ret_why)
{
    const struct instance *instance = instance_of(action);
    *ret_host = instance->guest;
    *ret_why = instance->absent;
    if (!instance->guest)
        return IMPOSSIBLE;
    const struct chimera_export *export = find_export(instance->guest, action);
    if (!export) {
        *ret_why = "no such export";
        return WRONG;
    }
    if (strcmp(text_of(action, "type"), "get") == 0) {
        const char *global = (const char *)instance->guest->instance + export->offset;
        memcpy(values, global, strchr("if", *export->type) ? 4 : 8);
        return DONE;
    }
    return invoke(instance->guest, export, action, values, ret_why);
}

static void do_return(struct json_object *command)
{
    union chimera_value values[VALUES_MAX] = {{0}};
    struct chimera_guest *guest;
    const char *why;
    enum action action = do_action(member(command, "action"), values, &guest, &why);
    if (action == IMPOSSIBLE) {
        skip(command, why);
        return;
    }
    if (action != DONE) {
        fail(command, why);
        return;
    }
    struct json_object *expected = member(command, "expected");
    size_t count = expected ? json_object_array_length(expected) : 0;
    for (size_t i = 0; i < count && i < VALUES_MAX; i++) {
        if (!matches(json_object_array_get_idx(expected, i), &values[i])) {
            fail(command, "another result than expected");
            return;
        }
    }
    pass();
}

/* The specification's words for our traps. */
static bool is_expected_trap(const struct chimera_guest *guest, const char *text)
{
    if (guest->stop != CHIMERA_STOP_TRAP)
        return false;
    switch (guest->trap) {
    case CHIMERA_TRAP_INDIRECT_CALL:
        return strncmp(text, "undefined element", 17) == 0 ||
               strncmp(text, "uninitialized element", 21) == 0 ||
               strcmp(text, "indirect call type mismatch") == 0 ||
               strcmp(text, "null function reference") == 0;
    case CHIMERA_TRAP_UNREACHABLE: /* lowered ref.as_non_null traps so */
        return strcmp(text, "unreachable") == 0 || strcmp(text, "null reference") == 0;
    case CHIMERA_TRAP_STACK:
        return strcmp(text, "call stack exhausted") == 0;
    default:
        return strncmp(text, chimera_guest_stop_text(guest), strlen(text)) == 0;
    }
}

static void do_trap(struct json_object *command)
{
    union chimera_value values[VALUES_MAX] = {{0}};
    struct chimera_guest *guest;
    const char *why;
    enum action action = do_action(member(command, "action"), values, &guest, &why);
    if (action == IMPOSSIBLE)
        skip(command, why);
    else if (action == STOPPED && is_expected_trap(guest, text_of(command, "text")))
        pass();
    else
        fail(command, action == DONE ? "no trap" : why);
}

static void do_uninstantiable(struct json_object *command)
{
    char path[4096];
    struct chimera_guest *guest = NULL;
    struct chimera_error err = {0};
    module_path(command, path, sizeof(path));
    switch (instantiate(path, &guest, &err)) {
    case TRAPPED:
        pass();
        return;
    case UNLINKABLE:
        forget_registered();
        skip(command, "imports what policies may not (spectest or another module)");
        return;
    default:
        fail(command, guest ? "was instantiated" : err.text);
    }
    chimera_guest_free(guest);
}

/* The core tests are of release 2.0; in 3.0 an expression may name earlier globals that are not
 * imported. */
static bool is_newer(struct json_object *command, const char *path)
{
    struct chimera_buffer bytes;
    struct chimera_module *module = NULL;
    chimera_buffer_init(&bytes, (size_t)64 << 20);
    if (chimera_file_read(path, &bytes, NULL) == 0)
        chimera_module_read(path, chimera_buffer_slice(&bytes), &module, NULL);
    bool is_lowered = module && (module->lowering & WASM_LOWERS_CONSTANTS);
    chimera_module_free(module);
    chimera_buffer_free(&bytes);
    return is_lowered && strcmp(text_of(command, "text"), "unknown global") == 0;
}

/* assert_invalid and assert_malformed want a refusal; for what is wrong, not for an import. */
static void do_refusal(struct json_object *command)
{
    char path[4096];
    struct chimera_guest *guest = NULL;
    struct chimera_error err = {0};
    if (strcmp(text_of(command, "module_type"), "text") == 0) {
        skip(command, "text format: policies are binaries");
        return;
    }
    module_path(command, path, sizeof(path));
    switch (instantiate(path, &guest, &err)) {
    case REFUSED:
        if (strstr(err.text, "clang") || strstr(err.text, "tcc") || strstr(err.text, "ld.lld"))
            fail(command, err.text); /* too late to be a refusal */
        else
            pass();
        return;
    case UNLINKABLE:
        skip(command, "imports what policies may not (spectest or another module)");
        return;
    default:
        if (is_newer(command, path))
            skip(command, "valid since release 3.0 of WebAssembly");
        else
            fail(command, "was accepted");
    }
    chimera_guest_free(guest);
}

static void do_unlinkable(struct json_object *command)
{
    char path[4096];
    struct chimera_guest *guest = NULL;
    struct chimera_error err = {0};
    module_path(command, path, sizeof(path));
    if (instantiate(path, &guest, &err) == UNLINKABLE)
        pass();
    else
        fail(command, guest ? "was linked" : err.text);
    chimera_guest_free(guest);
}

static void do_register(struct json_object *command)
{
    const char *name = text_of(command, "name");
    for (size_t i = 0; i < play.named_count; i++) {
        if (*name && strcmp(play.named[i].name, name) == 0)
            play.named[i].is_registered = true;
    }
    skip(command, "modules that import one another: a policy is one module");
}

static const struct {
    const char *type;
    void (*run)(struct json_object *command);
} commands[] = {
    {"module", do_module},
    {"action", do_return},
    {"assert_return", do_return},
    {"assert_trap", do_trap},
    {"assert_exhaustion", do_trap},
    {"assert_uninstantiable", do_uninstantiable},
    {"assert_invalid", do_refusal},
    {"assert_malformed", do_refusal},
    {"assert_unlinkable", do_unlinkable},
    {"register", do_register},
};

static void run_command(struct json_object *command)
{
    for (size_t i = 0; i < sizeof(commands) / sizeof(*commands); i++) {
        if (strcmp(text_of(command, "type"), commands[i].type) == 0) {
            commands[i].run(command);
            return;
        }
    }
    fail(command, "a command that the player does not know");
}

int main(int count, char **arguments)
{
    if (count != 4) {
        fprintf(stderr, "usage: %s FILE.json SCRATCH quick|full\n", arguments[0]);
        return 2;
    }
    play.tier = strcmp(arguments[3], "quick") == 0 ? CHIMERA_TIER_QUICK : CHIMERA_TIER_FULL;
    struct chimera_error err = {0};
    struct chimera_build_options options = {.cache_folder = arguments[2], .jobs = 1};
    if (chimera_builder_new(&options, &play.builder, &err) < 0) {
        fprintf(stderr, "Error: %s\n", err.text);
        return 1;
    }
    struct json_object *file = json_object_from_file(arguments[1]);
    struct json_object *list = member(file, "commands");
    char *slash = strrchr(arguments[1], '/');
    play.folder = slash ? strndup(arguments[1], (size_t)(slash - arguments[1])) : ".";
    for (size_t i = 0; list && i < json_object_array_length(list); i++)
        run_command(json_object_array_get_idx(list, i));
    printf("%s %u %u %u\n", slash ? slash + 1 : arguments[1], play.passed, play.failed,
           play.skipped);
    return play.failed > 0 || !list;
}
