/* SPDX-License-Identifier: Apache-2.0 */
#include "toolchain/command/testing/judge.h"

#include <openssl/evp.h>
#include <string.h>

#include "runtime/base/cleanup.h"
#include "runtime/json/tree.h"
#include "toolchain/command/definition/tree_type.h"

#define TEXT_MAX ((size_t)256 << 20)
#define SHOWN_MAX 2000 /* of a value, in a reason */

bool test_wants_settings(struct json_object *want)
{
    return json_object_object_get_ex(want, "error", NULL) ||
           json_object_object_get_ex(want, "settings", NULL);
}

static struct chimera_slice cut(struct chimera_slice text)
{
    if (text.size > SHOWN_MAX)
        text.size = SHOWN_MAX;
    return text;
}

static void differ(const char *what, struct chimera_slice want, struct chimera_slice got,
                   struct chimera_buffer *wrong)
{
    chimera_buffer_print(wrong, "%s%s: want ", wrong->size > 0 ? "\n" : "", what);
    chimera_buffer_append(wrong, cut(want));
    chimera_buffer_text(wrong, ", got ");
    chimera_buffer_append(wrong, cut(got));
}

/* Of JSON as it is written here, keys sorted, equal texts are equal values. */
static void compare_json(const char *key, struct json_object *want, struct chimera_slice got,
                         struct chimera_buffer *wrong)
{
    struct json_object *value = NULL;
    struct chimera_buffer text;
    if (!json_object_object_get_ex(want, key, &value))
        return;
    chimera_buffer_init(&text, TEXT_MAX);
    chimera_json_write(value, &text);
    if (!got.data)
        got = CHIMERA_SLICE("null");
    if (text.failed || !chimera_slice_equal(chimera_buffer_slice(&text), got))
        differ(key, chimera_buffer_slice(&text), got, wrong);
    chimera_buffer_free(&text);
}

/* `json` is any JSON text: written anew, so that it can be compared. */
static void compare_written(const char *key, struct json_object *want, struct chimera_slice json,
                            struct chimera_buffer *wrong)
{
    CHIMERA_JSON struct json_object *tree = NULL;
    struct chimera_buffer text;
    chimera_buffer_init(&text, TEXT_MAX);
    if (json.data && chimera_json_parse(json, &tree, NULL) == CHIMERA_OK)
        chimera_json_write(tree, &text);
    compare_json(key, want, chimera_buffer_slice(&text), wrong);
    chimera_buffer_free(&text);
}

static void check_contains(struct json_object *want, struct chimera_slice message,
                           struct chimera_buffer *wrong)
{
    const char *part = tree_text(want, "messageContains");
    if (!part || (message.data && memmem(message.data, message.size, part, strlen(part))))
        return;
    chimera_buffer_print(wrong, "%smessage: want one with ", wrong->size > 0 ? "\n" : "");
    chimera_json_write_string(cut(chimera_slice_of(part)), wrong);
    chimera_buffer_text(wrong, ", got ");
    if (message.data)
        chimera_json_write_string(cut(message), wrong);
    else
        chimera_buffer_text(wrong, "none");
}

/* --- Patches --- */

/* Of what we wrote ourselves. */
static void decode_patch(struct chimera_slice patch, struct chimera_buffer *out)
{
    char *to = chimera_buffer_reserve(out, patch.size / 4 * 3 + 1);
    int size = to ? EVP_DecodeBlock((unsigned char *)to, (const unsigned char *)patch.data,
                                    (int)patch.size)
                  : -1;
    for (size_t end = patch.size; size > 0 && end > 0 && patch.data[end - 1] == '='; end--)
        size--; /* the padding is decoded to zeroes */
    out->size += size > 0 ? (size_t)size : 0;
}

/* The patch that would make the wanted object of the request's is the one that was made, if the
 * object is the wanted one: a pair of objects has one patch, and each patch one result. */
static void check_object(struct json_object *want, const struct chimera_request *request,
                         struct chimera_slice patch, struct chimera_buffer *wrong)
{
    CHIMERA_JSON struct json_object *before = NULL;
    struct json_object *after = NULL;
    struct chimera_buffer wanted;
    if (!json_object_object_get_ex(want, "object", &after))
        return;
    chimera_buffer_init(&wanted, TEXT_MAX);
    bool is_read =
        !request->object.data || chimera_json_parse(request->object, &before, NULL) == CHIMERA_OK;
    bool differs = is_read && chimera_json_diff(before, after, &wanted);
    struct chimera_slice text =
        differs ? chimera_buffer_slice(&wanted) : (struct chimera_slice){NULL, 0};
    if (!patch.data && text.data)
        differ("object, as a patch", text, CHIMERA_SLICE("no change"), wrong);
    else if (patch.data && !text.data)
        differ("object, as a patch", CHIMERA_SLICE("no change"), patch, wrong);
    else if (patch.data && !chimera_slice_equal(text, patch))
        differ("object, as a patch", text, patch, wrong);
    chimera_buffer_free(&wanted);
}

/* A change that nobody expects is none that may pass. */
static void check_patch(struct json_object *want, const struct chimera_request *request,
                        const struct chimera_response *response, struct chimera_buffer *wrong)
{
    struct chimera_buffer patch;
    bool is_expected = json_object_object_get_ex(want, "patched", NULL) ||
                       json_object_object_get_ex(want, "object", NULL);
    chimera_buffer_init(&patch, TEXT_MAX);
    if (response->patch.data)
        decode_patch(response->patch, &patch);
    compare_written("patched", want, chimera_buffer_slice(&patch), wrong);
    check_object(want, request, chimera_buffer_slice(&patch), wrong);
    if (!is_expected && response->patch.data &&
        json_object_get_boolean(chimera_json_member(want, "allowed")))
        differ("patched", CHIMERA_SLICE("no change"), chimera_buffer_slice(&patch), wrong);
    chimera_buffer_free(&patch);
}

/* --- Verdicts --- */

void test_judge_settings(struct json_object *want, bool is_valid, struct chimera_slice message,
                         struct chimera_buffer *wrong)
{
    const char *part = tree_text(want, "error"), *word = tree_text(want, "settings");
    bool wants_valid = !part && word && strcmp(word, "valid") == 0;
    if (is_valid && !wants_valid)
        chimera_buffer_text(wrong, "settings: they were to be refused, and are valid");
    if (!is_valid && wants_valid) {
        chimera_buffer_text(wrong, "settings: they were to be valid, and are refused: ");
        chimera_buffer_append(wrong, cut(message));
    }
    if (is_valid || !part ||
        (message.data && memmem(message.data, message.size, part, strlen(part))))
        return;
    chimera_buffer_text(wrong, "error: want one with ");
    chimera_json_write_string(cut(chimera_slice_of(part)), wrong);
    chimera_buffer_text(wrong, ", got ");
    chimera_json_write_string(message.data ? cut(message) : CHIMERA_SLICE(""), wrong);
}

void test_judge_response(struct json_object *want, const struct chimera_request *request,
                         const struct chimera_response *response, struct chimera_buffer *wrong)
{
    struct chimera_slice message =
        response->has_status ? response->status.message : (struct chimera_slice){NULL, 0};
    if (json_object_object_get_ex(want, "answered", NULL))
        return;
    compare_json("allowed", want,
                 response->allowed ? CHIMERA_SLICE("true") : CHIMERA_SLICE("false"), wrong);
    struct chimera_buffer text;
    chimera_buffer_init(&text, TEXT_MAX);
    if (message.data)
        chimera_json_write_string(message, &text);
    compare_json("message", want, chimera_buffer_slice(&text), wrong);
    chimera_buffer_free(&text);
    check_contains(want, message, wrong);
    char code[16];
    snprintf(code, sizeof(code), "%u", (unsigned)response->status.code);
    bool has_code = response->has_status && response->status.has_code;
    compare_json("code", want, has_code ? chimera_slice_of(code) : (struct chimera_slice){NULL, 0},
                 wrong);
    check_patch(want, request, response, wrong);
    compare_written("auditAnnotations", want, response->audit_annotations, wrong);
    compare_written("warnings", want, response->warnings, wrong);
    if (wrong->size > 0 && message.data && !json_object_object_get_ex(want, "message", NULL) &&
        !json_object_object_get_ex(want, "messageContains", NULL)) {
        chimera_buffer_text(wrong, "\nits message: ");
        chimera_buffer_append(wrong, cut(message));
    }
}
