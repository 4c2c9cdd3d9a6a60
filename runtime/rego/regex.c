/* Builtins regex.*, with the rules of Go's regexp for empty matches. */
#include "runtime/base/utf8.h"
#include "runtime/rego/family.h"
#include "runtime/rego/re2.h"

#define CLEAN_RE2 __attribute__((cleanup(clean_re2)))

static void clean_re2(struct chimera_re2 *const *re2)
{
    chimera_re2_free(*re2);
}

/* Where a search goes on. */
struct search {
    struct chimera_re2 *re2;
    struct chimera_slice text;
    size_t at;
    bool is_over, has_last;
    size_t last_end;   /* of the match before */
    size_t start, end; /* of this one */
};

/* 1: a match, 0: no more, or an error. An empty match right behind another one does not count. */
static int next_match(struct search *search, struct chimera_error *err)
{
    while (!search->is_over) {
        int found = chimera_re2_match(search->re2, search->text, search->at, err);
        if (found != 1)
            return found;
        chimera_re2_group(search->re2, 0, &search->start, &search->end);
        bool is_empty_here = search->end == search->at;
        bool counts = !is_empty_here || !search->has_last || search->start != search->last_end;
        search->last_end = search->end;
        search->has_last = true;
        if (!is_empty_here) {
            search->at = search->end;
        } else {
            struct chimera_slice rest = {search->text.data + search->at,
                                         search->text.size - search->at};
            search->is_over = rest.size == 0;
            search->at += rest.size ? chimera_utf8_character(rest) : 0;
        }
        if (counts)
            return 1;
    }
    return 0;
}

static struct chimera_slice part(const struct search *search, size_t start, size_t end)
{
    return (struct chimera_slice){search->text.data + start, end - start};
}

/* Reads pattern and text from two arguments. */
static int open_search(const struct chimera_rego_call *call, unsigned pattern_at, unsigned text_at,
                       struct search *ret_search)
{
    struct chimera_slice pattern;
    *ret_search = (struct search){0};
    int code = chimera_rego_want_string(call, pattern_at, &pattern);
    if (code == CHIMERA_OK)
        code = chimera_rego_want_string(call, text_at, &ret_search->text);
    return code < 0 ? code : chimera_re2_new(pattern, &ret_search->re2, call->err);
}

/* Ends a builtin that fills a list: `found` is what the last search came to. */
static int give_list(const struct chimera_rego_call *call, struct json_object *list, bool has_room,
                     int found, struct json_object **ret_result)
{
    if (has_room && found >= 0)
        return chimera_rego_give(call, list, ret_result);
    json_object_put(list);
    return found < 0 ? found : chimera_rego_no_memory(call);
}

int chimera_rego_regex_is_valid(const struct chimera_rego_call *call,
                                struct json_object **ret_result)
{
    struct chimera_re2 *re2 = NULL;
    bool is_valid = json_object_is_type(call->args[0], json_type_string) &&
                    chimera_re2_new(chimera_rego_string(call->args[0]), &re2, NULL) == CHIMERA_OK;
    chimera_re2_free(re2);
    return chimera_rego_give_bool(call, is_valid, ret_result);
}

int chimera_rego_regex_match(const struct chimera_rego_call *call, struct json_object **ret_result)
{
    struct search search;
    int code = open_search(call, 0, 1, &search);
    CLEAN_RE2 struct chimera_re2 *re2 = search.re2;
    if (code == CHIMERA_OK)
        code = chimera_re2_match(re2, search.text, 0, call->err);
    return code < 0 ? code : chimera_rego_give_bool(call, code == 1, ret_result);
}

int chimera_rego_regex_split(const struct chimera_rego_call *call, struct json_object **ret_result)
{
    struct search search;
    int found = open_search(call, 0, 1, &search);
    CLEAN_RE2 struct chimera_re2 *re2 = search.re2;
    if (found < 0)
        return found;
    struct json_object *pieces = json_object_new_array();
    bool has_room = pieces != NULL;
    size_t start = 0, end = 0;
    bool is_empty = search.text.size == 0 && json_object_get_string_len(call->args[0]) > 0;
    while (has_room && !is_empty && (found = next_match(&search, call->err)) == 1) {
        end = search.start;
        if (search.end != 0)
            has_room = chimera_rego_append_string(pieces, part(&search, start, end));
        start = search.end;
    }
    if (has_room && found >= 0 && (is_empty || end != search.text.size))
        has_room = chimera_rego_append_string(pieces, part(&search, start, search.text.size));
    return give_list(call, pieces, has_room, found, ret_result);
}

int chimera_rego_regex_find_n(const struct chimera_rego_call *call, struct json_object **ret_result)
{
    struct search search;
    int64_t most;
    int found = open_search(call, 0, 1, &search);
    CLEAN_RE2 struct chimera_re2 *re2 = search.re2;
    if (found == CHIMERA_OK)
        found = chimera_rego_want_int64(call, 2, &most);
    if (found < 0)
        return found;
    struct json_object *matches = json_object_new_array();
    bool has_room = matches != NULL;
    for (int64_t i = 0;
         has_room && (most < 0 || i < most) && (found = next_match(&search, call->err)) == 1; i++)
        has_room = chimera_rego_append_string(matches, part(&search, search.start, search.end));
    return give_list(call, matches, has_room, found, ret_result);
}

/* --- regex.replace --- */

/* The name in "$name" or "${name}", and how long all of it is after the '$'; false: a plain '$'. */
static bool read_reference(struct chimera_slice text, struct chimera_slice *ret_name,
                           size_t *ret_size)
{
    bool is_braced = text.size > 0 && text.data[0] == '{';
    size_t start = is_braced ? 1 : 0, end = start;
    while (end < text.size &&
           (text.data[end] == '_' || (text.data[end] >= '0' && text.data[end] <= '9') ||
            ((text.data[end] | 0x20) >= 'a' && (text.data[end] | 0x20) <= 'z')))
        end++;
    if (end == start || (is_braced && (end == text.size || text.data[end] != '}')))
        return false;
    *ret_name = (struct chimera_slice){text.data + start, end - start};
    *ret_size = end + (is_braced ? 1 : 0);
    return true;
}

static int group_of(const struct chimera_re2 *re2, struct chimera_slice name)
{
    int number = 0;
    for (size_t i = 0; i < name.size; i++) {
        bool is_digit = name.data[i] >= '0' && name.data[i] <= '9';
        if (!is_digit || number >= 100000000 || (name.data[0] == '0' && name.size > 1))
            return chimera_re2_group_named(re2, name);
        number = number * 10 + (name.data[i] - '0');
    }
    return number;
}

/* Appends the template with this match's groups in it. */
static void expand(const struct search *search, struct chimera_slice template,
                   struct chimera_buffer *out)
{
    for (size_t i = 0; i < template.size; i++) {
        struct chimera_slice rest = {template.data + i + 1, template.size - i - 1}, name;
        size_t size, start, end;
        if (template.data[i] != '$') {
            chimera_buffer_byte(out, (uint8_t)template.data[i]);
        } else if (rest.size > 0 && rest.data[0] == '$') {
            chimera_buffer_byte(out, '$');
            i++;
        } else if (!read_reference(rest, &name, &size)) {
            chimera_buffer_byte(out, '$');
        } else {
            int group = group_of(search->re2, name);
            if (group >= 0 && chimera_re2_group(search->re2, (size_t)group, &start, &end))
                chimera_buffer_append(out, part(search, start, end));
            i += size;
        }
    }
}

int chimera_rego_regex_replace(const struct chimera_rego_call *call,
                               struct json_object **ret_result)
{
    struct search search;
    struct chimera_slice template;
    struct chimera_buffer out;
    size_t done = 0;
    int found = open_search(call, 1, 0, &search);
    CLEAN_RE2 struct chimera_re2 *re2 = search.re2;
    if (found == CHIMERA_OK)
        found = chimera_rego_want_string(call, 2, &template);
    if (found < 0)
        return found;
    chimera_buffer_init(&out, CHIMERA_REGO_RESULT_MAX);
    while (!out.failed && (found = next_match(&search, call->err)) == 1) {
        chimera_buffer_append(&out, part(&search, done, search.start));
        expand(&search, template, &out);
        done = search.end;
    }
    chimera_buffer_append(&out, part(&search, done, search.text.size));
    if (found >= 0)
        return chimera_rego_give_text(call, &out, ret_result);
    chimera_buffer_free(&out);
    return found;
}

/* --- regex.template_match --- */

static void put_literal(struct chimera_slice text, struct chimera_buffer *out)
{
    for (size_t i = 0; i < text.size; i++) {
        if (text.data[i] && strchr("\\.+*?()|[]{}^$", text.data[i]))
            chimera_buffer_byte(out, '\\');
        chimera_buffer_byte(out, (uint8_t)text.data[i]);
    }
}

/* One expression between delimiters, which must be right by itself. */
static int put_expression(const struct chimera_rego_call *call, struct chimera_slice text,
                          struct chimera_buffer *out)
{
    struct chimera_re2 *re2 = NULL;
    int code = chimera_re2_new(text, &re2, call->err);
    chimera_re2_free(re2);
    chimera_buffer_byte(out, '(');
    chimera_buffer_append(out, text);
    chimera_buffer_byte(out, ')');
    return code;
}

/* "urn:foo:{.*}" with its delimiters: literal but for what is between them. */
static int build_template(const struct chimera_rego_call *call, struct chimera_slice text,
                          char open, char close, struct chimera_buffer *out)
{
    size_t level = 0, start = 0, done = 0;
    int code = CHIMERA_OK;
    chimera_buffer_byte(out, '^');
    for (size_t i = 0; i < text.size && code == CHIMERA_OK; i++) {
        if (text.data[i] == open) {
            if (++level == 1)
                start = i;
        } else if (text.data[i] == close) {
            if (level == 0)
                return chimera_fail(call->err, CHIMERA_EINVAL, "unbalanced braces");
            if (--level > 0)
                continue;
            put_literal((struct chimera_slice){text.data + done, start - done}, out);
            code = put_expression(
                call, (struct chimera_slice){text.data + start + 1, i - start - 1}, out);
            done = i + 1;
        }
    }
    if (code == CHIMERA_OK && level)
        return chimera_fail(call->err, CHIMERA_EINVAL, "unbalanced braces");
    put_literal((struct chimera_slice){text.data + done, text.size - done}, out);
    chimera_buffer_byte(out, '$');
    return code < 0 ? code : out->failed;
}

int chimera_rego_regex_template_match(const struct chimera_rego_call *call,
                                      struct json_object **ret_result)
{
    struct chimera_slice arg[4];
    struct chimera_buffer pattern;
    struct chimera_re2 *re2 = NULL;
    for (unsigned i = 0; i < 4; i++) {
        int code = chimera_rego_want_string(call, i, &arg[i]);
        if (code < 0)
            return code;
    }
    if (arg[2].size != 1 || arg[3].size != 1)
        return chimera_fail(call->err, CHIMERA_EINVAL,
                            "start and end delimiter have to be exactly one character long");
    chimera_buffer_init(&pattern, CHIMERA_REGO_RESULT_MAX);
    int found = build_template(call, arg[0], arg[2].data[0], arg[3].data[0], &pattern);
    if (found == CHIMERA_OK)
        found = chimera_re2_new(chimera_buffer_slice(&pattern), &re2, call->err);
    if (found == CHIMERA_OK)
        found = chimera_re2_match(re2, arg[1], 0, call->err);
    chimera_re2_free(re2);
    chimera_buffer_free(&pattern);
    return found < 0 ? found : chimera_rego_give_bool(call, found == 1, ret_result);
}
