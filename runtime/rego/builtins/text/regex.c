/* SPDX-License-Identifier: Apache-2.0 */
/* Builtins regex.*: what OPA makes of Go's regexp. */
#include "runtime/regexp/regexp.h"
#include "runtime/regexp/unicode.h"
#include "runtime/rego/arguments.h"
#include "runtime/rego/quote.h"

#define CLEAN_EXPRESSION __attribute__((cleanup(clean_expression)))

static void clean_expression(struct chimera_regexp *const *regexp)
{
    chimera_regexp_free(*regexp);
}

static int new_expression(const struct chimera_rego_call *call, struct chimera_slice pattern,
                          struct chimera_regexp **ret_regexp)
{
    return chimera_regexp_new(pattern, call->account, ret_regexp, call->err);
}

/* All matches in a text. */
struct search {
    const struct chimera_rego_call *call;
    struct chimera_regexp *regexp;        /* owned, as is the next */
    struct chimera_regexp_search *search; /* of `regexp` */
    struct chimera_slice text;
    size_t start, end; /* of the last match */
};

/* Reads pattern and text from two arguments. The caller ends it with close_search(), always. */
static int open_search(const struct chimera_rego_call *call, unsigned pattern_at, unsigned text_at,
                       bool has_groups, struct search *ret_search)
{
    struct chimera_slice pattern;
    *ret_search = (struct search){.call = call};
    int code = chimera_rego_want_string(call, pattern_at, &pattern);
    if (code == CHIMERA_OK)
        code = chimera_rego_want_string(call, text_at, &ret_search->text);
    if (code == CHIMERA_OK)
        code = new_expression(call, pattern, &ret_search->regexp);
    if (code == CHIMERA_OK)
        code = chimera_regexp_search_new(ret_search->regexp, ret_search->text, has_groups,
                                         &ret_search->search, call->err);
    return code;
}

static void close_search(struct search *search)
{
    chimera_regexp_search_free(search->search);
    chimera_regexp_free(search->regexp);
}

/* 1: a match, 0: no more, or an error. */
static int next_match(struct search *search)
{
    int found = chimera_regexp_next(search->search, search->call->err);
    if (found != 1)
        return found;
    chimera_regexp_group(search->search, 0, &search->start, &search->end);
    int code = chimera_rego_spend(search->call, 16 + (search->end - search->start) / 8);
    return code < 0 ? code : 1;
}

static struct chimera_slice part(const struct search *search, size_t start, size_t end)
{
    return (struct chimera_slice){search->text.data + start, end - start};
}

/* Ends a builtin that fills a list: `code` is what the last search or element came to. */
static int give_list(struct search *search, struct json_object *list, int code,
                     struct json_object **ret_result)
{
    close_search(search);
    return chimera_rego_finish(search->call, code < 0 ? code : CHIMERA_OK, list, ret_result);
}

/* Only what Go refuses is invalid; when time or memory is up, nothing is known. */
int chimera_rego_regex_is_valid(const struct chimera_rego_call *call,
                                struct json_object **ret_result)
{
    CLEAN_EXPRESSION struct chimera_regexp *regexp = NULL;
    int code = CHIMERA_EINVAL;
    if (json_object_is_type(call->args[0], json_type_string))
        code = new_expression(call, chimera_rego_string(call->args[0]), &regexp);
    if (code < 0 && code != CHIMERA_EINVAL)
        return code;
    *call->err = (struct chimera_error){0};
    return chimera_rego_give_bool(call, code == CHIMERA_OK, ret_result);
}

int chimera_rego_regex_match(const struct chimera_rego_call *call, struct json_object **ret_result)
{
    CLEAN_EXPRESSION struct chimera_regexp *regexp = NULL;
    struct chimera_slice pattern, text;
    int code = chimera_rego_want_two_strings(call, &pattern, &text);
    if (code == CHIMERA_OK)
        code = new_expression(call, pattern, &regexp);
    if (code == CHIMERA_OK)
        code = chimera_regexp_matches(regexp, text, call->err);
    return code < 0 ? code : chimera_rego_give_bool(call, code == 1, ret_result);
}

int chimera_rego_regex_split(const struct chimera_rego_call *call, struct json_object **ret_result)
{
    struct search search;
    int found = open_search(call, 0, 1, false, &search);
    if (found < 0) {
        close_search(&search);
        return found;
    }
    struct json_object *pieces = chimera_node_array(call->account);
    int code = pieces ? CHIMERA_OK : chimera_rego_no_memory(call);
    size_t start = 0, end = 0;
    bool is_empty = search.text.size == 0 && json_object_get_string_len(call->args[0]) > 0;
    while (code == CHIMERA_OK && !is_empty && (found = next_match(&search)) == 1) {
        end = search.start;
        if (search.end != 0)
            code = chimera_rego_push_string(call, pieces, part(&search, start, end));
        start = search.end;
    }
    if (code == CHIMERA_OK)
        code = found;
    if (code >= 0 && (is_empty || end != search.text.size))
        code = chimera_rego_push_string(call, pieces, part(&search, start, search.text.size));
    return give_list(&search, pieces, code, ret_result);
}

int chimera_rego_regex_find_n(const struct chimera_rego_call *call, struct json_object **ret_result)
{
    struct search search;
    int64_t most;
    int found = open_search(call, 0, 1, false, &search);
    if (found == CHIMERA_OK)
        found = chimera_rego_want_int64(call, 2, &most);
    if (found < 0) {
        close_search(&search);
        return found;
    }
    struct json_object *matches = chimera_node_array(call->account);
    int code = matches ? CHIMERA_OK : chimera_rego_no_memory(call);
    for (int64_t i = 0; code == CHIMERA_OK && (most < 0 || i < most); i++) {
        found = next_match(&search);
        if (found != 1)
            break;
        code = chimera_rego_push_string(call, matches, part(&search, search.start, search.end));
    }
    return give_list(&search, matches, code < 0 ? code : found, ret_result);
}

/* --- regex.replace --- */

/* The name in "$name" or "${name}", and how long all of it is after the '$'; false: a plain '$'. */
static bool read_reference(struct chimera_slice text, struct chimera_slice *ret_name,
                           size_t *ret_size)
{
    size_t start = text.size > 0 && text.data[0] == '{' ? 1 : 0;
    struct chimera_slice rest = {text.data + start, text.size - start};
    size_t size = chimera_regexp_name_size(rest);
    if (size == 0 || (start && (size == rest.size || rest.data[size] != '}')))
        return false;
    *ret_name = (struct chimera_slice){rest.data, size};
    *ret_size = 2 * start + size;
    return true;
}

/* The number that the name is, by Go's rule; -1 when it is none. */
static int64_t number_of(struct chimera_slice name)
{
    int64_t number = 0;
    if (name.data[0] == '0' && name.size > 1)
        return -1;
    for (size_t i = 0; i < name.size; i++) {
        if (name.data[i] < '0' || name.data[i] > '9' || number >= 100000000)
            return -1;
        number = number * 10 + (name.data[i] - '0');
    }
    return number;
}

/* What the named group matched; of several with the name, the first that took part. */
static struct chimera_slice reference(const struct search *search, struct chimera_slice name)
{
    size_t start, end, count = chimera_regexp_group_count(search->regexp);
    int64_t number = number_of(name);
    if (number >= 0) {
        bool is_there = chimera_regexp_group(search->search, (size_t)number, &start, &end);
        return is_there ? part(search, start, end) : (struct chimera_slice){0};
    }
    chimera_rego_spend(search->call, count); /* its refusal is seen with the next match */
    for (size_t i = 1; i < count; i++) {
        if (chimera_slice_equal(chimera_regexp_group_name(search->regexp, i), name) &&
            chimera_regexp_group(search->search, i, &start, &end))
            return part(search, start, end);
    }
    return (struct chimera_slice){0};
}

/* Appends the template with this match's groups in it. */
static int expand(const struct search *search, struct chimera_slice template,
                  struct chimera_buffer *out)
{
    while (template.size > 0) {
        const char *dollar = memchr(template.data, '$', template.size);
        size_t plain = dollar ? (size_t)(dollar - template.data) : template.size, size = 0;
        struct chimera_slice name, used;
        int code = chimera_rego_spend(search->call, 8 + plain / 8);
        if (code < 0)
            return code;
        chimera_buffer_append(out, (struct chimera_slice){template.data, plain});
        if (!dollar)
            break;
        struct chimera_slice rest = {dollar + 1, template.size - plain - 1};
        if (rest.size > 0 && rest.data[0] == '$') {
            used = rest;
            used.size = size = 1;
        } else if (read_reference(rest, &name, &size)) {
            used = reference(search, name);
        } else {
            used = (struct chimera_slice){dollar, 1};
        }
        chimera_buffer_append(out, used);
        template = (struct chimera_slice){rest.data + size, rest.size - size};
    }
    return out->failed ? out->failed : chimera_rego_spend(search->call, 0);
}

/* Fills `out`; what the last search came to. */
static int replace_all(struct search *search, struct chimera_slice template,
                       struct chimera_buffer *out)
{
    size_t done = 0;
    int found;
    while (!out->failed && (found = next_match(search)) == 1) {
        chimera_buffer_append(out, part(search, done, search->start));
        int code = expand(search, template, out);
        if (code < 0 && !out->failed)
            return code;
        done = search->end;
    }
    chimera_buffer_append(out, part(search, done, search->text.size));
    return out->failed ? CHIMERA_OK : found; /* a failure of the buffer is told by who gives it */
}

int chimera_rego_regex_replace(const struct chimera_rego_call *call,
                               struct json_object **ret_result)
{
    struct search search;
    struct chimera_slice template;
    struct chimera_buffer out;
    int found = open_search(call, 1, 0, true, &search);
    if (found == CHIMERA_OK)
        found = chimera_rego_want_string(call, 2, &template);
    if (found == CHIMERA_OK) {
        chimera_rego_buffer(call, &out);
        found = replace_all(&search, template, &out);
        if (found >= 0)
            found = chimera_rego_give_text(call, &out, ret_result);
        else
            chimera_buffer_free(&out);
    }
    close_search(&search);
    return found;
}

/* --- regex.template_match --- */

static void put_literal(struct chimera_slice text, struct chimera_buffer *out)
{
    for (size_t i = 0; i < text.size && !out->failed; i++) {
        if (text.data[i] && strchr("\\.+*?()|[]{}^$", text.data[i]))
            chimera_buffer_byte(out, '\\');
        chimera_buffer_byte(out, (uint8_t)text.data[i]);
    }
}

static void put_between(const char *before, struct chimera_slice text, const char *behind,
                        struct chimera_buffer *out)
{
    chimera_buffer_text(out, before);
    chimera_buffer_append(out, text);
    chimera_buffer_text(out, behind);
}

static int fail_template(const struct chimera_rego_call *call, const struct chimera_buffer *text)
{
    if (call->account && call->account->failed)
        return chimera_rego_no_memory(call);
    return chimera_fail(call->err, text->failed, "the template is too long");
}

/* One expression between delimiters must be right by itself. */
static int check_expression(const struct chimera_rego_call *call, struct chimera_slice text)
{
    CLEAN_EXPRESSION struct chimera_regexp *regexp = NULL;
    struct chimera_buffer whole;
    chimera_rego_buffer(call, &whole);
    put_between("^", text, "$", &whole);
    int code = whole.failed ? fail_template(call, &whole)
                            : new_expression(call, chimera_buffer_slice(&whole), &regexp);
    chimera_buffer_free(&whole);
    return code;
}

static int check_delimiters(const struct chimera_rego_call *call, struct chimera_slice text,
                            char open, char close)
{
    struct chimera_buffer quoted;
    size_t level = 0;
    bool is_good = true;
    for (size_t i = 0; i < text.size && is_good; i++) {
        if (text.data[i] == open)
            level++;
        else if (text.data[i] == close)
            is_good = level-- > 0;
    }
    if (is_good && level == 0)
        return chimera_rego_spend(call, text.size);
    chimera_rego_buffer(call, &quoted);
    chimera_rego_quote(text, false, &quoted);
    int code = chimera_fail(call->err, CHIMERA_EINVAL, "unbalanced braces in %.*s",
                            (int)(quoted.size > 1000 ? 1000 : quoted.size),
                            quoted.data ? quoted.data : "");
    chimera_buffer_free(&quoted);
    return code;
}

/* "urn:foo:{.*}" with its delimiters: literal but for what is between them. */
static int build_template(const struct chimera_rego_call *call, struct chimera_slice text,
                          char open, char close, struct chimera_buffer *out)
{
    size_t level = 0, start = 0, done = 0;
    int code = check_delimiters(call, text, open, close);
    chimera_buffer_byte(out, '^');
    for (size_t i = 0; i < text.size && code == CHIMERA_OK && !out->failed; i++) {
        if (text.data[i] == open) {
            if (++level == 1)
                start = i;
        } else if (text.data[i] == close && --level == 0) {
            struct chimera_slice expression = {text.data + start + 1, i - start - 1};
            put_literal((struct chimera_slice){text.data + done, start - done}, out);
            put_between("(", expression, ")", out);
            done = i + 1;
            code = check_expression(call, expression);
        }
    }
    put_literal((struct chimera_slice){text.data + done, text.size - done}, out);
    chimera_buffer_byte(out, '$');
    return code == CHIMERA_OK && out->failed ? fail_template(call, out) : code;
}

static int check_delimiter(const struct chimera_rego_call *call, const char *which,
                           struct chimera_slice delimiter, struct chimera_slice told)
{
    if (delimiter.size == 1)
        return CHIMERA_OK;
    return chimera_fail(call->err, CHIMERA_EINVAL,
                        "%s delimiter has to be exactly one character long but is %zu long", which,
                        told.size);
}

int chimera_rego_regex_template_match(const struct chimera_rego_call *call,
                                      struct json_object **ret_result)
{
    CLEAN_EXPRESSION struct chimera_regexp *regexp = NULL;
    struct chimera_slice arg[4];
    struct chimera_buffer pattern;
    int code = CHIMERA_OK;
    for (unsigned i = 0; i < 4 && code == CHIMERA_OK; i++)
        code = chimera_rego_want_string(call, i, &arg[i]);
    if (code == CHIMERA_OK)
        code = check_delimiter(call, "start", arg[2], arg[2]);
    if (code == CHIMERA_OK) /* OPA tells the first one's size */
        code = check_delimiter(call, "end", arg[3], arg[2]);
    if (code < 0)
        return code;
    chimera_rego_buffer(call, &pattern);
    code = build_template(call, arg[0], arg[2].data[0], arg[3].data[0], &pattern);
    if (code == CHIMERA_OK)
        code = new_expression(call, chimera_buffer_slice(&pattern), &regexp);
    if (code == CHIMERA_OK)
        code = chimera_regexp_matches(regexp, arg[1], call->err);
    chimera_buffer_free(&pattern);
    return code < 0 ? code : chimera_rego_give_bool(call, code == 1, ret_result);
}
