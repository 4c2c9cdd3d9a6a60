/* SPDX-License-Identifier: Apache-2.0 */
/* Builtins on strings: prefixes, counting, finding, splitting. */
#include "runtime/rego/arguments.h"
#include "runtime/rego/quote.h"
#include "runtime/text/utf8.h"

/* --- any_prefix_match, any_suffix_match --- */

static bool begins(struct chimera_slice text, struct chimera_slice with, bool at_end)
{
    if (with.size > text.size)
        return false;
    const char *at = at_end ? text.data + (text.size - with.size) : text.data;
    return with.size == 0 || memcmp(at, with.data, with.size) == 0;
}

/* A string counts as a list of one. */
static size_t list_size(struct json_object *list)
{
    return json_object_is_type(list, json_type_array) ? json_object_array_length(list) : 1;
}

static struct chimera_slice list_text(struct json_object *list, size_t index)
{
    bool is_list = json_object_is_type(list, json_type_array);
    return chimera_rego_string(is_list ? json_object_array_get_idx(list, index) : list);
}

static int any_match(const struct chimera_rego_call *call, bool at_end,
                     struct json_object **ret_result)
{
    for (unsigned i = 0; i < 2; i++) {
        if (json_object_is_type(call->args[i], json_type_string))
            continue;
        int code = chimera_rego_want_strings(call, i);
        if (code < 0)
            return code;
    }
    bool found = false;
    int code = CHIMERA_OK;
    for (size_t i = 0; i < list_size(call->args[0]) && !found && code == CHIMERA_OK; i++) {
        struct chimera_slice text = list_text(call->args[0], i);
        for (size_t k = 0; k < list_size(call->args[1]) && !found && code == CHIMERA_OK; k++) {
            struct chimera_slice with = list_text(call->args[1], k);
            code = chimera_rego_spend(call, 4 + with.size / 16);
            found = code == CHIMERA_OK && begins(text, with, at_end);
        }
    }
    return code < 0 ? code : chimera_rego_give_bool(call, found, ret_result);
}

int chimera_rego_any_prefix_match(const struct chimera_rego_call *call,
                                  struct json_object **ret_result)
{
    return any_match(call, false, ret_result);
}

int chimera_rego_any_suffix_match(const struct chimera_rego_call *call,
                                  struct json_object **ret_result)
{
    return any_match(call, true, ret_result);
}

/* --- Finding --- */

/* memmem() is linear, but in one go, and so many steps for each byte when the part is short. */
#define WINDOW ((size_t)32 << 10)
#define HEAD ((size_t)256)

/* Where `part`, which is not empty, begins first; the size when it is not there. Longer parts are
 * found by their heads, so that a window stays short. */
static int find(const struct chimera_rego_call *call, struct chimera_slice text,
                struct chimera_slice part, size_t *ret_at)
{
    size_t head = part.size < HEAD ? part.size : HEAD;
    int code = CHIMERA_OK;
    for (size_t from = 0; text.size - from >= part.size && code == CHIMERA_OK;) {
        size_t size = text.size - from < WINDOW ? text.size - from : WINDOW;
        const char *at = memmem(text.data + from, size, part.data, head);
        size_t passed = at ? (size_t)(at - text.data) - from : size - head + 1;
        from += passed;
        code = chimera_rego_spend(call, 4 + passed / 4 + (at ? part.size / 16 : 0));
        if (!at || text.size - from < part.size)
            continue;
        if (memcmp(at, part.data, part.size) == 0) {
            *ret_at = from;
            return code;
        }
        from++;
    }
    *ret_at = text.size;
    return code;
}

/* How many characters, in pieces for the sake of the clock. */
static int count_runes(const struct chimera_rego_call *call, struct chimera_slice text,
                       int64_t *ret_count)
{
    int64_t count = 0;
    int code = CHIMERA_OK;
    while (text.size > 0 && code == CHIMERA_OK) {
        size_t size = text.size < WINDOW ? text.size : WINDOW;
        size_t valid = chimera_utf8_prefix((struct chimera_slice){text.data, size});
        struct chimera_slice piece = {text.data, valid ? valid : 1};
        count += (int64_t)chimera_rego_count_runes(piece);
        text = chimera_slice_behind(text, piece.size);
        code = chimera_rego_spend(call, 1 + piece.size);
    }
    *ret_count = count;
    return code;
}

int chimera_rego_strings_count(const struct chimera_rego_call *call,
                               struct json_object **ret_result)
{
    struct chimera_slice text, part;
    int64_t count = 0;
    int code = chimera_rego_want_two_strings(call, &text, &part);
    if (code == CHIMERA_OK && part.size == 0) {
        code = count_runes(call, text, &count);
        count++;
    }
    while (code == CHIMERA_OK && part.size > 0) {
        size_t at;
        code = find(call, text, part, &at);
        if (at == text.size)
            break;
        text = chimera_slice_behind(text, at + part.size);
        count++;
    }
    return code < 0 ? code
                    : chimera_rego_give(call, chimera_node_int64(call->account, count), ret_result);
}

/* Positions count characters, and finds may overlap. */
int chimera_rego_indexof_n(const struct chimera_rego_call *call, struct json_object **ret_result)
{
    struct chimera_slice text, part;
    int64_t position = 0, passed;
    int code = chimera_rego_want_two_strings(call, &text, &part);
    if (code < 0)
        return code;
    if (part.size == 0)
        return chimera_fail(call->err, CHIMERA_EINVAL, "empty search character");
    struct json_object *found = chimera_node_array(call->account);
    if (!found)
        return chimera_rego_no_memory(call);
    while (code == CHIMERA_OK) {
        size_t at;
        code = find(call, text, part, &at);
        if (code < 0 || at == text.size)
            break;
        code = count_runes(call, (struct chimera_slice){text.data, at}, &passed);
        position += passed;
        struct json_object *number = chimera_node_int64(call->account, position++);
        if (code == CHIMERA_OK)
            code = number ? chimera_rego_push(call, found, number) : chimera_rego_no_memory(call);
        else
            json_object_put(number);
        text = chimera_slice_behind(text, at);
        chimera_rego_take_rune(&text);
    }
    return chimera_rego_finish(call, code, found, ret_result);
}

/* --- Splitting --- */

/* The piece up to the next delimiter, which is taken off together with it; an empty delimiter
 * splits between characters. */
static int take_piece(const struct chimera_rego_call *call, struct chimera_slice *text,
                      struct chimera_slice delimiter, struct chimera_slice *ret_piece)
{
    struct chimera_slice rest = *text;
    size_t at;
    if (delimiter.size == 0) {
        if (rest.size)
            chimera_rego_take_rune(&rest);
        *ret_piece = (struct chimera_slice){text->data, text->size - rest.size};
        *text = rest;
        return chimera_rego_spend(call, 2);
    }
    int code = find(call, rest, delimiter, &at);
    *ret_piece = (struct chimera_slice){rest.data, at};
    *text = chimera_slice_behind(rest, at < rest.size ? at + delimiter.size : at);
    return code;
}

static int count_pieces(const struct chimera_rego_call *call, struct chimera_slice text,
                        struct chimera_slice delimiter, int64_t *ret_count)
{
    if (delimiter.size == 0)
        return count_runes(call, text, ret_count);
    int code = CHIMERA_OK;
    int64_t count = 0;
    for (bool is_last = false; !is_last && code == CHIMERA_OK; count++) {
        size_t at;
        code = find(call, text, delimiter, &at);
        is_last = at == text.size;
        text = chimera_slice_behind(text, is_last ? at : at + delimiter.size);
    }
    *ret_count = count;
    return code;
}

/* The first n pieces, or the last -n. */
int chimera_rego_split_n(const struct chimera_rego_call *call, struct json_object **ret_result)
{
    struct chimera_slice text, delimiter, piece;
    int64_t wanted, count;
    int code = chimera_rego_want_two_strings(call, &text, &delimiter);
    if (code == CHIMERA_OK)
        code = chimera_rego_want_int64(call, 2, &wanted);
    if (code == CHIMERA_OK)
        code = count_pieces(call, text, delimiter, &count);
    if (code < 0)
        return code;
    int64_t first = wanted < 0 && wanted > -count ? count + wanted : 0;
    int64_t last = wanted >= 0 && wanted < count ? wanted : count;
    struct json_object *pieces = chimera_node_array(call->account);
    if (!pieces)
        return chimera_rego_no_memory(call);
    for (int64_t i = 0; i < last && code == CHIMERA_OK; i++) {
        code = take_piece(call, &text, delimiter, &piece);
        if (code == CHIMERA_OK && i >= first)
            code = chimera_rego_push_string(call, pieces, piece);
    }
    return chimera_rego_finish(call, code, pieces, ret_result);
}

int chimera_rego_strings_reverse(const struct chimera_rego_call *call,
                                 struct json_object **ret_result)
{
    struct chimera_slice text;
    struct chimera_buffer out;
    int code = chimera_rego_text_builtin(call, 0, &text, &out);
    if (code < 0)
        return code;
    char *to = text.size ? chimera_buffer_reserve(&out, text.size) : NULL;
    for (struct chimera_slice rest = text; to && rest.size > 0 && !out.failed;) {
        const char *at = rest.data;
        chimera_rego_take_rune(&rest);
        memcpy(to + rest.size, at, (size_t)(rest.data - at));
        out.failed = chimera_account_spend(call->account, 1);
    }
    out.size = to ? text.size : 0;
    return chimera_rego_give_text(call, &out, ret_result);
}

int chimera_rego_glob_quote_meta(const struct chimera_rego_call *call,
                                 struct json_object **ret_result)
{
    struct chimera_slice text;
    struct chimera_buffer out;
    int code = chimera_rego_text_builtin(call, 0, &text, &out);
    if (code < 0)
        return code;
    for (size_t i = 0; i < text.size && !out.failed; i++) {
        if (text.data[i] && strchr("*?\\[]{}", text.data[i]))
            chimera_buffer_byte(&out, '\\');
        chimera_buffer_byte(&out, (uint8_t)text.data[i]);
    }
    return chimera_rego_give_text(call, &out, ret_result);
}
