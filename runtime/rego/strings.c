/* Builtins on strings: prefixes, counting, finding, splitting. */
#include "runtime/rego/family.h"
#include "runtime/rego/quote.h"

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
    for (size_t i = 0; i < list_size(call->args[0]); i++) {
        int code = chimera_rego_spend(call, 4 * list_size(call->args[1]));
        if (code < 0)
            return code;
        for (size_t k = 0; k < list_size(call->args[1]); k++) {
            if (begins(list_text(call->args[0], i), list_text(call->args[1], k), at_end))
                return chimera_rego_give_bool(call, true, ret_result);
        }
    }
    return chimera_rego_give_bool(call, false, ret_result);
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

static int want_two(const struct chimera_rego_call *call, struct chimera_slice *ret_text,
                    struct chimera_slice *ret_part)
{
    int code = chimera_rego_want_string(call, 0, ret_text);
    return code < 0 ? code : chimera_rego_want_string(call, 1, ret_part);
}

static struct chimera_slice from(struct chimera_slice text, size_t at)
{
    return (struct chimera_slice){text.data + at, text.size - at};
}

/* Where `part`, which is not empty, begins first; the size when it is not there. */
static size_t find(struct chimera_slice text, struct chimera_slice part)
{
    const char *at = text.size ? memmem(text.data, text.size, part.data, part.size) : NULL;
    return at ? (size_t)(at - text.data) : text.size;
}

int chimera_rego_strings_count(const struct chimera_rego_call *call,
                               struct json_object **ret_result)
{
    struct chimera_slice text, part;
    int code = want_two(call, &text, &part);
    if (code < 0)
        return code;
    int64_t count = part.size ? 0 : (int64_t)chimera_rego_count_runes(text) + 1;
    for (size_t at; part.size && (at = find(text, part)) < text.size; count++)
        text = from(text, at + part.size);
    return chimera_rego_give(call, json_object_new_int64(count), ret_result);
}

/* Positions count characters, and finds may overlap. */
int chimera_rego_indexof_n(const struct chimera_rego_call *call, struct json_object **ret_result)
{
    struct chimera_slice text, part;
    int code = want_two(call, &text, &part);
    if (code < 0)
        return code;
    if (part.size == 0)
        return chimera_fail(call->err, CHIMERA_EINVAL, "empty search character");
    struct json_object *found = json_object_new_array();
    int64_t position = 0;
    bool has_room = found != NULL;
    for (size_t at; has_room && code == CHIMERA_OK && (at = find(text, part)) < text.size;) {
        code = chimera_rego_spend(call, 8 + part.size / 8);
        position += (int64_t)chimera_rego_count_runes((struct chimera_slice){text.data, at});
        struct json_object *number = json_object_new_int64(position++);
        has_room = number && chimera_rego_append(found, number);
        text = from(text, at);
        chimera_rego_take_rune(&text);
    }
    if (has_room && code == CHIMERA_OK)
        return chimera_rego_give(call, found, ret_result);
    json_object_put(found);
    return code < 0 ? code : chimera_rego_no_memory(call);
}

/* --- Splitting --- */

/* The piece up to the next delimiter, which is taken off together with it; an empty delimiter
 * splits between characters. */
static struct chimera_slice take_piece(struct chimera_slice *text, struct chimera_slice delimiter)
{
    struct chimera_slice rest = *text;
    if (delimiter.size == 0) {
        if (rest.size)
            chimera_rego_take_rune(&rest);
        struct chimera_slice piece = {text->data, text->size - rest.size};
        *text = rest;
        return piece;
    }
    size_t at = find(rest, delimiter);
    struct chimera_slice piece = {rest.data, at};
    *text = from(rest, at < rest.size ? at + delimiter.size : at);
    return piece;
}

static size_t count_pieces(struct chimera_slice text, struct chimera_slice delimiter)
{
    if (delimiter.size == 0)
        return chimera_rego_count_runes(text);
    size_t count = 1;
    for (size_t at; (at = find(text, delimiter)) < text.size; count++)
        text = from(text, at + delimiter.size);
    return count;
}

/* The first n pieces, or the last -n. */
int chimera_rego_split_n(const struct chimera_rego_call *call, struct json_object **ret_result)
{
    struct chimera_slice text, delimiter;
    int64_t wanted;
    int code = want_two(call, &text, &delimiter);
    if (code == CHIMERA_OK)
        code = chimera_rego_want_int64(call, 2, &wanted);
    if (code < 0)
        return code;
    int64_t count = (int64_t)count_pieces(text, delimiter);
    int64_t first = wanted < 0 && wanted > -count ? count + wanted : 0;
    int64_t last = wanted >= 0 && wanted < count ? wanted : count;
    struct json_object *pieces = json_object_new_array();
    bool has_room = pieces != NULL;
    for (int64_t i = 0; has_room && i < last; i++) {
        struct chimera_slice piece = take_piece(&text, delimiter);
        if (i >= first)
            has_room = chimera_rego_append_string(pieces, piece);
    }
    if (has_room)
        return chimera_rego_give(call, pieces, ret_result);
    json_object_put(pieces);
    return chimera_rego_no_memory(call);
}

int chimera_rego_strings_reverse(const struct chimera_rego_call *call,
                                 struct json_object **ret_result)
{
    struct chimera_slice text;
    struct chimera_buffer out;
    int code = chimera_rego_want_string(call, 0, &text);
    if (code < 0)
        return code;
    chimera_buffer_init(&out, CHIMERA_REGO_RESULT_MAX);
    char *to = text.size ? chimera_buffer_reserve(&out, text.size) : NULL;
    for (struct chimera_slice rest = text; to && rest.size > 0;) {
        const char *at = rest.data;
        chimera_rego_take_rune(&rest);
        memcpy(to + rest.size, at, (size_t)(rest.data - at));
        out.size = text.size;
    }
    return chimera_rego_give_text(call, &out, ret_result);
}

int chimera_rego_glob_quote_meta(const struct chimera_rego_call *call,
                                 struct json_object **ret_result)
{
    struct chimera_slice text;
    struct chimera_buffer out;
    int code = chimera_rego_want_string(call, 0, &text);
    if (code < 0)
        return code;
    chimera_buffer_init(&out, CHIMERA_REGO_RESULT_MAX);
    for (size_t i = 0; i < text.size; i++) {
        if (text.data[i] && strchr("*?\\[]{}", text.data[i]))
            chimera_buffer_byte(&out, '\\');
        chimera_buffer_byte(&out, (uint8_t)text.data[i]);
    }
    return chimera_rego_give_text(call, &out, ret_result);
}
