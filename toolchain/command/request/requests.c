/* SPDX-License-Identifier: Apache-2.0 */
#include "toolchain/command/request/requests.h"

#include <stdlib.h>
#include <string.h>

#include "runtime/base/cleanup.h"
#include "runtime/json/tree.h"
#include "runtime/text/printable.h"
#include "runtime/text/problems.h"
#include "runtime/yaml/adapt.h"
#include "runtime/yaml/yaml.h"
#include "toolchain/command/author/scaffold/admission_request.h"
#include "toolchain/command/commands.h"
#include "toolchain/command/definition/run_input.h"

#define NOTES_MAX ((size_t)1 << 20)
#define MADE_UP ADMISSION_REQUEST_USER " with the uid " ADMISSION_REQUEST_UID
#define WANTED "an admission review, a request, or an object of Kubernetes"

void requests_init(struct requests *requests)
{
    *requests = (struct requests){0};
    chimera_buffer_init(&requests->notes.last, NOTES_MAX);
    chimera_buffer_init(&requests->notes.odd, NOTES_MAX);
}

void requests_done(struct requests *requests)
{
    for (size_t i = 0; i < requests->count; i++) {
        free(requests->list[i].name);
        chimera_buffer_free(&requests->list[i].json);
    }
    free(requests->list);
    chimera_buffer_free(&requests->notes.last);
    chimera_buffer_free(&requests->notes.odd);
    *requests = (struct requests){0};
}

/* The name is the file's; where there are more in it, they get numbers in the end. */
static struct request_text *add(const char *file, struct requests *requests,
                                struct chimera_error *err)
{
    struct request_text *more =
        reallocarray(requests->list, requests->count + 1, sizeof(*requests->list));
    if (!more) {
        chimera_fail_memory(err);
        return NULL;
    }
    requests->list = more;
    struct request_text *request = &more[requests->count++];
    *request = (struct request_text){.file = file, .name = strdup(file)};
    chimera_buffer_init(&request->json, RUN_REQUEST_MAX);
    if (request->name)
        return request;
    chimera_fail_memory(err);
    return NULL;
}

static int add_text(struct chimera_slice json, const char *file, struct requests *requests,
                    struct chimera_error *err)
{
    struct request_text *request = add(file, requests, err);
    if (!request)
        return CHIMERA_ENOMEM;
    int code = chimera_buffer_append(&request->json, json);
    return code < 0 ? chimera_fail(err, code, "%s: the request is too big", file) : CHIMERA_OK;
}

int requests_add_raw(struct json_object *tree, const char *file, struct requests *requests,
                     struct chimera_error *err)
{
    struct request_text *request = add(file, requests, err);
    if (!request)
        return CHIMERA_ENOMEM;
    chimera_json_write_ordered(tree, 0, &request->json);
    return request->json.failed
               ? chimera_fail(err, request->json.failed, "%s: the request is too big", file)
               : CHIMERA_OK;
}

/* --- What a document is --- */

static bool has(struct json_object *tree, const char *key, enum json_type type)
{
    return json_object_is_type(chimera_json_member(tree, key), type);
}

/* Its mistakes are told by who reads it. */
static bool is_review(struct json_object *tree)
{
    if (!json_object_is_type(tree, json_type_object))
        return false;
    const char *kind = json_object_get_string(chimera_json_member(tree, "kind"));
    return json_object_object_get_ex(tree, "request", NULL) ||
           (has(tree, "kind", json_type_string) && strcmp(kind, "AdmissionReview") == 0) ||
           has(tree, "kind", json_type_object) || has(tree, "operation", json_type_string);
}

static int refuse(struct json_object *tree, const char *file, struct chimera_error *err)
{
    if (!tree)
        return chimera_fail(err, CHIMERA_EINVAL, "%s is empty: " WANTED " is wanted", file);
    if (!json_object_is_type(tree, json_type_object))
        return chimera_fail(err, CHIMERA_EINVAL, "%s: %s, where " WANTED " is wanted", file,
                            json_object_is_type(tree, json_type_array) ? "a list"
                                                                       : "a plain value");
    return chimera_fail(err, CHIMERA_EINVAL,
                        "%s: neither a review (`request`) nor an object (`kind`); settings are "
                        "given with --settings-path, and --raw takes any JSON as a request",
                        file);
}

static int add_object(struct json_object *object, const char *file, struct requests *requests,
                      struct chimera_error *err)
{
    CHIMERA_JSON struct json_object *request = NULL;
    int code = object_request(object, file, &request, &requests->notes, err);
    return code < 0 ? code : requests_add_raw(request, file, requests, err);
}

static int add_items(struct json_object *list, const char *file, struct requests *requests,
                     struct chimera_error *err)
{
    struct json_object *items = chimera_json_member(list, "items");
    int code = CHIMERA_OK;
    if (json_object_array_length(items) == 0)
        return chimera_fail(err, CHIMERA_EINVAL, "%s: the %s has no items", file,
                            json_object_get_string(chimera_json_member(list, "kind")));
    for (size_t i = 0; i < json_object_array_length(items) && code == CHIMERA_OK; i++) {
        struct json_object *item = json_object_array_get_idx(items, i);
        object_of_list(list, item);
        code = requests_add_tree(item, file, requests, err);
    }
    return code;
}

int requests_add_tree(struct json_object *tree, const char *file, struct requests *requests,
                      struct chimera_error *err)
{
    if (is_review(tree))
        return requests_add_raw(tree, file, requests, err);
    if (!has(tree, "kind", json_type_string))
        return refuse(tree, file, err);
    const char *kind = json_object_get_string(chimera_json_member(tree, "kind"));
    size_t size = strlen(kind);
    if (size >= 4 && strcmp(kind + size - 4, "List") == 0 && has(tree, "items", json_type_array))
        return add_items(tree, file, requests, err);
    return add_object(tree, file, requests, err);
}

/* --- Files --- */

static bool is_json(struct chimera_slice text)
{
    size_t at = 0;
    while (at < text.size && strchr(" \t\r\n", text.data[at]))
        at++;
    return at < text.size && (text.data[at] == '{' || text.data[at] == '[');
}

/* Documents of nothing, as templates leave them behind, are passed over. */
static int add_documents(struct json_object *documents, const char *file, bool is_raw,
                         struct requests *requests, struct chimera_error *err)
{
    size_t before = requests->count;
    int code = CHIMERA_OK;
    for (size_t i = 0; i < json_object_array_length(documents) && code == CHIMERA_OK; i++) {
        struct json_object *document = json_object_array_get_idx(documents, i);
        if (document)
            code = is_raw ? requests_add_raw(document, file, requests, err)
                          : requests_add_tree(document, file, requests, err);
    }
    return code == CHIMERA_OK && requests->count == before ? refuse(NULL, file, err) : code;
}

static int add_yaml(const struct request_file *file, bool is_raw, struct requests *requests,
                    struct chimera_error *err)
{
    static const struct chimera_yaml_options yaml = {.is_stream = true,
                                                     .duplicate_keys_fail = true};
    CHIMERA_JSON struct json_object *documents = NULL;
    struct chimera_error why = {0};
    struct chimera_buffer text;
    chimera_buffer_init(&text, RUN_REQUEST_MAX);
    chimera_buffer_append(&text, chimera_buffer_slice(&file->text));
    int code = chimera_yaml_adapt(&text, &why);
    if (code == CHIMERA_OK)
        code = chimera_yaml_parse(chimera_buffer_slice(&text), &yaml, &documents, &why);
    chimera_buffer_free(&text);
    if (code < 0)
        return chimera_fail(err, code, "%s: neither JSON nor YAML: %.700s", file->name, why.text);
    return add_documents(documents, file->name, is_raw, requests, err);
}

static int add_file(const struct request_file *file, enum request_reading reading,
                    struct requests *requests, struct chimera_error *err)
{
    CHIMERA_JSON struct json_object *tree = NULL;
    struct chimera_slice text = chimera_buffer_slice(&file->text);
    if (reading == REQUESTS_VERBATIM)
        return add_text(text, file->name, requests, err);
    struct chimera_error why = {0};
    if (chimera_json_parse(text, &tree, &why) == CHIMERA_OK) /* as it stands, where it may stay */
        return reading == REQUESTS_RAW || is_review(tree)
                   ? add_text(text, file->name, requests, err)
                   : requests_add_tree(tree, file->name, requests, err);
    size_t size = strlen(file->name);
    bool is_called_json = size >= 5 && strcmp(file->name + size - 5, ".json") == 0;
    if (text.size > 0 && (is_json(text) || is_called_json))
        return chimera_fail(err, CHIMERA_EINVAL, "%s: %.900s", file->name, why.text);
    return add_yaml(file, reading == REQUESTS_RAW, requests, err);
}

/* From the request of number `first` on, all of one file. */
static int number(struct requests *requests, size_t first, struct chimera_error *err)
{
    for (size_t i = first; requests->count > first + 1 && i < requests->count; i++) {
        struct request_text *request = &requests->list[i];
        free(request->name);
        if (asprintf(&request->name, "%s#%zu", request->file, i - first + 1) < 0) {
            request->name = NULL;
            return chimera_fail_memory(err);
        }
    }
    return CHIMERA_OK;
}

int requests_make(const struct request_files *files, enum request_reading reading,
                  struct requests *ret_requests, struct chimera_error *err)
{
    int code = CHIMERA_OK;
    requests_init(ret_requests);
    for (size_t i = 0; i < files->count && code == CHIMERA_OK; i++) {
        size_t first = ret_requests->count;
        code = add_file(&files->list[i], reading, ret_requests, err);
        if (code == CHIMERA_OK)
            code = number(ret_requests, first, err);
    }
    return code;
}

/* --- What was made of objects --- */

static void say_note(void *context, const char *line)
{
    (void)context;
    chimera_printable_say(stderr, "Note", "%s", line);
}

void requests_tell(const struct requests *requests)
{
    const struct object_notes *notes = &requests->notes;
    if (say_level() == SAY_QUIET)
        return;
    if (notes->count == 1)
        chimera_printable_say(stderr, "Note", "%.*s, and no review: asked as its CREATE by %s",
                              (int)notes->last.size, notes->last.data, MADE_UP);
    else if (notes->count > 1)
        chimera_printable_say(stderr, "Note",
                              "%zu objects, and no reviews: each asked as its CREATE by %s",
                              notes->count, MADE_UP);
    chimera_lines_each(chimera_buffer_slice(&notes->odd), say_note, NULL);
}
