/* SPDX-License-Identifier: Apache-2.0 */
#include "toolchain/command/testing/cases.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "runtime/base/cleanup.h"
#include "runtime/base/file.h"
#include "runtime/json/tree.h"
#include "runtime/yaml/adapt.h"
#include "runtime/yaml/document.h"
#include "toolchain/command/definition/tree_type.h"
#include "toolchain/command/testing/judge.h"

#define FILE_MAX ((size_t)64 << 20)
#define A_CASE "a map with `name`, `request` and `want`"
#define A_LIST "a list of cases, each " A_CASE
#define A_FILE "a list of cases, or a map with `cases`"
#define A_WANT "a map with what the answer must have, such as `allowed`"
#define SETTINGS "a map, or the path of a YAML or JSON file"
#define A_REQUEST "the path of a JSON or YAML file, or a map"
#define A_MODE "kubewarden-wapc, wasi, opa, gatekeeper or chimera"

struct reader {
    struct chimera_document document;
    const struct test_defaults *defaults;
    struct test_file *file;
    const char *folder;
    /* What the file says for all of its cases. */
    char *policy;   /* owned */
    char *settings; /* owned; NULL: {} */
    bool has_settings, is_raw;
    enum chimera_mode mode;
    int failed; /* CHIMERA_ENOMEM, in the end */
};

static void fail_memory(struct reader *reader)
{
    reader->failed = CHIMERA_ENOMEM;
}

/* From the file's folder. Owned by the caller. */
static char *join(struct reader *reader, const char *path)
{
    char *joined = NULL;
    int size = path[0] == '/' || strcmp(reader->folder, "") == 0
                   ? asprintf(&joined, "%s", path)
                   : asprintf(&joined, "%s/%s", reader->folder, path);
    if (size >= 0)
        return joined;
    fail_memory(reader);
    return NULL;
}

/* --- Values --- */

/* The text of the member; NULL: it is not there, or wrong. */
static const char *take_text(struct reader *reader, struct json_object *map, const char *key,
                             const char *missing, const char *expected)
{
    struct json_object *value = NULL;
    const char *text = NULL;
    if (!chimera_document_member(&reader->document, map, key, missing, &value))
        return NULL;
    if (chimera_document_is(&reader->document, value, json_type_string, expected))
        text = json_object_get_string(value);
    chimera_document_leave(&reader->document);
    return text;
}

static void take_flag(struct reader *reader, struct json_object *map, const char *key, bool *flag)
{
    struct json_object *value = NULL;
    if (!chimera_document_member(&reader->document, map, key, NULL, &value))
        return;
    if (chimera_document_is(&reader->document, value, json_type_boolean, "true or false"))
        *flag = json_object_get_boolean(value);
    chimera_document_leave(&reader->document);
}

static void take_mode(struct reader *reader, struct json_object *map, enum chimera_mode *mode)
{
    const char *name = take_text(reader, map, "mode", NULL, A_MODE);
    enum chimera_mode found = name ? chimera_mode_parse(name) : CHIMERA_MODE_NONE;
    if (name && found == CHIMERA_MODE_NONE) {
        chimera_document_enter(&reader->document, "mode");
        chimera_document_expect(&reader->document, chimera_json_member(map, "mode"), A_MODE);
        chimera_document_leave(&reader->document);
    } else if (name) {
        *mode = found;
    }
}

static char *write_tree(struct reader *reader, struct json_object *tree)
{
    struct chimera_buffer text;
    chimera_buffer_init(&text, FILE_MAX);
    chimera_json_write(tree, &text);
    chimera_buffer_byte(&text, 0);
    if (!text.failed)
        return text.data;
    chimera_buffer_free(&text);
    fail_memory(reader);
    return NULL;
}

/* A file's settings; NULL after a problem with them. */
static char *read_settings(struct reader *reader, const char *path)
{
    static const struct chimera_yaml_options yaml = {.duplicate_keys_fail = true};
    CHIMERA_JSON struct json_object *tree = NULL;
    struct chimera_error why = {0};
    struct chimera_buffer text;
    char *settings = NULL;
    chimera_buffer_init(&text, FILE_MAX);
    int code = chimera_file_read(path, &text, &why);
    if (code == CHIMERA_OK)
        code = chimera_yaml_adapt(&text, &why);
    if (code == CHIMERA_OK)
        code = chimera_yaml_parse(chimera_buffer_slice(&text), &yaml, &tree, &why);
    chimera_buffer_free(&text);
    if (code < 0)
        chimera_document_note(&reader->document, "%s: %.400s", path, why.text);
    else if (tree && !json_object_is_type(tree, json_type_object))
        chimera_document_note(&reader->document, "%s: the settings are no map", path);
    else
        settings = tree ? write_tree(reader, tree) : strdup("{}");
    return settings;
}

static void take_settings(struct reader *reader, struct json_object *map, char **settings,
                          bool *has_settings)
{
    struct json_object *value = NULL;
    if (!chimera_document_member(&reader->document, map, "settings", NULL, &value))
        return;
    *has_settings = true;
    if (json_object_is_type(value, json_type_string)) {
        CHIMERA_FREE char *path = join(reader, json_object_get_string(value));
        *settings = path ? read_settings(reader, path) : NULL;
    } else if (chimera_document_is(&reader->document, value, json_type_object, SETTINGS)) {
        *settings = write_tree(reader, value);
    }
    chimera_document_leave(&reader->document);
}

/* As an argument of `run`: a URI as it is, else a path; the end .wasm may be left out. */
static char *resolve_policy(struct reader *reader, const char *name)
{
    if (strstr(name, "://"))
        return strdup(name);
    char *path = join(reader, name);
    CHIMERA_FREE char *whole = NULL;
    if (path && access(path, F_OK) < 0 && asprintf(&whole, "%s.wasm", path) >= 0 &&
        access(whole, F_OK) == 0) {
        free(path);
        path = whole;
        whole = NULL;
    }
    return path;
}

/* --- A case --- */

static const char *const WANTS[] = {
    "allowed",          "message",  "messageContains", "code",     "patched", "object",
    "auditAnnotations", "warnings", "answered",        "settings", "error",   NULL};

struct want {
    const char *key;
    enum json_type type;
    bool takes_null; /* there is to be none */
    const char *expected;
};

static const struct want want_types[] = {
    {"allowed", json_type_boolean, false, "true or false"},
    {"message", json_type_string, true, "a text, or null for none"},
    {"messageContains", json_type_string, false, "a text"},
    {"code", json_type_int, true, "a number, or null for none"},
    {"patched", json_type_array, true, "a list of operations, or null for none"},
    {"auditAnnotations", json_type_object, true, "a map of texts, or null for none"},
    {"warnings", json_type_array, true, "a list of texts, or null for none"},
    {"answered", json_type_boolean, false, "true"},
    {"error", json_type_string, false, "a part of the message"},
};

static void check_settings_word(struct reader *reader, struct json_object *want)
{
    struct json_object *value = NULL;
    if (!chimera_document_member(&reader->document, want, "settings", NULL, &value))
        return;
    const char *word = json_object_get_string(value);
    if (!word || (strcmp(word, "valid") != 0 && strcmp(word, "invalid") != 0))
        chimera_document_expect(&reader->document, value, "valid or invalid");
    chimera_document_leave(&reader->document);
}

static void check_want(struct reader *reader, struct json_object *want)
{
    struct json_object *answered = NULL;
    chimera_document_refuse_others(&reader->document, want, WANTS, "`want`");
    for (size_t i = 0; i < sizeof(want_types) / sizeof(*want_types); i++) {
        const struct want *row = &want_types[i];
        struct json_object *value = NULL;
        if (!chimera_document_member(&reader->document, want, row->key, NULL, &value))
            continue;
        if (value || !row->takes_null)
            chimera_document_is(&reader->document, value, row->type, row->expected);
        chimera_document_leave(&reader->document);
    }
    check_settings_word(reader, want);
    int count = json_object_object_length(want);
    bool is_other = test_wants_settings(want);
    if (json_object_object_get_ex(want, "answered", &answered)) {
        is_other = true;
        if (!json_object_get_boolean(answered))
            chimera_document_note(&reader->document, "`answered` is true, or not there");
    }
    if (!is_other && !json_object_object_get_ex(want, "allowed", NULL))
        chimera_document_note(&reader->document,
                              "expected `allowed`, `answered`, `settings` or `error` in it");
    if (is_other && count > 1 &&
        !(count == 2 && json_object_object_get_ex(want, "error", NULL) &&
          json_object_object_get_ex(want, "settings", NULL)))
        chimera_document_note(&reader->document, "`answered`, `settings` and `error` stand alone");
}

static void take_want(struct reader *reader, struct json_object *map, struct test_case *test)
{
    struct json_object *want = NULL;
    if (!chimera_document_member(&reader->document, map, "want", A_WANT, &want))
        return;
    if (chimera_document_is(&reader->document, want, json_type_object, A_WANT)) {
        check_want(reader, want);
        test->want = want;
    }
    chimera_document_leave(&reader->document);
}

static void take_request(struct reader *reader, struct json_object *map, struct test_case *test)
{
    struct json_object *value = NULL;
    const char *missing = test->want && test_wants_settings(test->want) ? NULL : A_REQUEST;
    if (!chimera_document_member(&reader->document, map, "request", missing, &value))
        return;
    if (json_object_is_type(value, json_type_string))
        test->request = join(reader, json_object_get_string(value));
    else if (chimera_document_is(&reader->document, value, json_type_object, A_REQUEST))
        test->inlined = value;
    chimera_document_leave(&reader->document);
}

static void take_policy(struct reader *reader, struct json_object *map, struct test_case *test)
{
    const char *name = take_text(reader, map, "policy", NULL, "a path or a URI");
    if (name)
        test->policy = resolve_policy(reader, name);
    else if (reader->policy)
        test->policy = strdup(reader->policy);
    else
        chimera_document_note(&reader->document,
                              "no `policy`, neither here nor for the file, and no --policy, "
                              "annotated-policy.wasm or policy.wasm");
}

static void refuse_others(struct reader *reader, struct json_object *map, const char *const *known,
                          const char *what)
{
    json_object_object_foreach(map, key, value)
    {
        (void)value;
        if (strncmp(key, "x-", 2) != 0 && !chimera_document_is_known(key, known))
            chimera_document_refuse_key(&reader->document, key, known, what);
    }
}

static void take_case(struct reader *reader, struct json_object *map, struct test_case *test)
{
    static const char *const known[] = {"name",     "policy",  "mode", "raw",
                                        "settings", "request", "want", NULL};
    if (!chimera_document_is(&reader->document, map, json_type_object, A_CASE))
        return;
    refuse_others(reader, map, known, "a case");
    *test = (struct test_case){.mode = reader->mode, .is_raw = reader->is_raw};
    test->name = take_text(reader, map, "name", "a name", "a text");
    take_policy(reader, map, test);
    take_mode(reader, map, &test->mode);
    take_flag(reader, map, "raw", &test->is_raw);
    take_settings(reader, map, &test->settings, &test->has_settings);
    if (!test->has_settings && reader->settings) {
        test->settings = strdup(reader->settings);
        test->has_settings = reader->has_settings;
    }
    take_want(reader, map, test);
    take_request(reader, map, test);
    if (!test->settings && !(test->settings = strdup("{}")))
        fail_memory(reader);
}

static void take_cases(struct reader *reader, struct json_object *list)
{
    if (!chimera_document_is(&reader->document, list, json_type_array, A_LIST))
        return;
    size_t count = json_object_array_length(list);
    if (count == 0)
        chimera_document_note(&reader->document, "there is no case in it");
    reader->file->list = calloc(count + 1, sizeof(*reader->file->list));
    if (!reader->file->list) {
        fail_memory(reader);
        return;
    }
    reader->file->count = count;
    for (size_t i = 0; i < count; i++) {
        chimera_document_enter_index(&reader->document, i);
        take_case(reader, json_object_array_get_idx(list, i), &reader->file->list[i]);
        chimera_document_leave(&reader->document);
    }
}

/* --- A file --- */

/* The first of the files that lies beside ours; NULL: none. Owned by the caller. */
static char *find_beside(struct reader *reader, const char *const *names)
{
    for (; *names; names++) {
        char *path = join(reader, *names);
        if (path && access(path, F_OK) == 0)
            return path;
        free(path);
    }
    return NULL;
}

/* What nobody says. */
static void take_defaults(struct reader *reader)
{
    static const char *const settings[] = {"settings.yaml", "settings.yml", "settings.json", NULL};
    CHIMERA_FREE char *folder = realpath(*reader->folder ? reader->folder : ".", NULL);
    CHIMERA_FREE char *named = NULL;
    const char *slash = folder ? strrchr(folder, '/') : NULL;
    if (slash && asprintf(&named, "%s.wasm", slash + 1) < 0)
        named = NULL;
    const char *const policies[] = {"annotated-policy.wasm", "policy.wasm", named, NULL};
    if (!reader->policy && reader->defaults->policy)
        reader->policy = strdup(reader->defaults->policy);
    else if (!reader->policy)
        reader->policy = find_beside(reader, policies);
    CHIMERA_FREE char *path = reader->has_settings ? NULL : find_beside(reader, settings);
    if (path)
        reader->settings = read_settings(reader, path);
}

static void take_file(struct reader *reader)
{
    static const char *const known[] = {"policy", "mode", "raw", "settings", "cases", NULL};
    struct json_object *tree = reader->document.tree, *cases = NULL;
    if (json_object_is_type(tree, json_type_array)) {
        take_defaults(reader);
        take_cases(reader, tree);
        return;
    }
    if (!chimera_document_is(&reader->document, tree, json_type_object, A_FILE))
        return;
    refuse_others(reader, tree, known, "a file of cases");
    const char *policy = take_text(reader, tree, "policy", NULL, "a path or a URI");
    if (policy)
        reader->policy = resolve_policy(reader, policy);
    take_mode(reader, tree, &reader->mode);
    take_flag(reader, tree, "raw", &reader->is_raw);
    take_settings(reader, tree, &reader->settings, &reader->has_settings);
    take_defaults(reader);
    if (chimera_document_member(&reader->document, tree, "cases", A_LIST, &cases)) {
        take_cases(reader, cases);
        chimera_document_leave(&reader->document);
    }
}

static int read_text(struct reader *reader, struct chimera_buffer *text, struct chimera_error *err)
{
    static const struct chimera_yaml_options yaml = {.duplicate_keys_fail = true};
    int code = chimera_file_read(reader->file->path, text, err);
    if (code == CHIMERA_OK)
        code = chimera_yaml_adapt(text, err);
    if (code < 0)
        return code;
    if (chimera_document_read(&reader->document, chimera_buffer_slice(text), &yaml))
        take_file(reader);
    code =
        chimera_problems_fail(&reader->document.problems, reader->file->path, CHIMERA_EINVAL, err);
    reader->file->tree = json_object_get(reader->document.tree);
    chimera_document_done(&reader->document);
    return code == CHIMERA_OK && reader->failed ? chimera_fail_memory(err) : code;
}

int test_file_read(const char *path, const struct test_defaults *defaults,
                   struct test_file *ret_file, struct chimera_error *err)
{
    const char *slash = strrchr(path, '/');
    CHIMERA_FREE char *folder =
        slash ? strndup(path, slash == path ? 1 : (size_t)(slash - path)) : strdup("");
    struct reader reader = {
        .defaults = defaults, .file = ret_file, .folder = folder, .mode = defaults->mode};
    struct chimera_buffer text;
    *ret_file = (struct test_file){.path = strdup(path)};
    if (!folder || !ret_file->path)
        return chimera_fail_memory(err);
    chimera_buffer_init(&text, FILE_MAX);
    int code = read_text(&reader, &text, err);
    chimera_buffer_free(&text);
    free(reader.policy);
    free(reader.settings);
    return code;
}

void test_file_done(struct test_file *file)
{
    for (size_t i = 0; i < file->count; i++) {
        free(file->list[i].policy);
        free(file->list[i].settings);
        free(file->list[i].request);
    }
    free(file->list);
    json_object_put(file->tree);
    free(file->path);
    *file = (struct test_file){0};
}
