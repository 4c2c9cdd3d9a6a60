/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/rego/go_json.h"

#include "runtime/json/node.h"
#include "runtime/rego/key.h"
#include "runtime/rego/quote.h"

/* --- Keys as text --- */

static bool has_other_keys(struct json_object *value, struct chimera_account *account)
{
    if (chimera_account_spend(account, 2) < 0)
        return false;
    if (json_object_is_type(value, json_type_array)) {
        for (size_t i = 0; i < json_object_array_length(value); i++) {
            if (has_other_keys(json_object_array_get_idx(value, i), account))
                return true;
        }
    } else if (json_object_is_type(value, json_type_object)) {
        for (const struct lh_entry *entry = json_object_get_object(value)->head; entry;
             entry = entry->next) {
            if (chimera_rego_key_type(chimera_rego_entry_key(entry)) != CHIMERA_REGO_STRING ||
                has_other_keys(chimera_rego_entry_value(entry), account))
                return true;
        }
    }
    return false;
}

static int convert(struct json_object *value, struct chimera_account *account,
                   struct json_object **ret_json);

static int convert_member(struct json_object *object, const struct lh_entry *entry,
                          struct chimera_account *account)
{
    const char *key = chimera_rego_entry_key(entry);
    struct json_object *member = NULL;
    struct chimera_buffer text, encoded;
    chimera_buffer_init_within(&text, SIZE_MAX, account);
    chimera_buffer_init_within(&encoded, SIZE_MAX, account);
    chimera_rego_key_text(key, &text);
    chimera_rego_put_text_key(chimera_buffer_slice(&text), &encoded);
    int code = text.failed ? text.failed : encoded.failed;
    if (code == CHIMERA_OK)
        code = convert(chimera_rego_entry_value(entry), account, &member);
    if (code == CHIMERA_OK)
        code = chimera_node_add(account, object, encoded.data, member);
    chimera_buffer_free(&text);
    chimera_buffer_free(&encoded);
    return code;
}

/* As deep as values can be, so the recursion is bounded. */
static int convert(struct json_object *value, struct chimera_account *account,
                   struct json_object **ret_json)
{
    bool is_array = json_object_is_type(value, json_type_array);
    int code = chimera_account_spend(account, 4);
    if (code < 0)
        return code;
    if (!is_array && !json_object_is_type(value, json_type_object)) {
        *ret_json = json_object_get(value);
        return CHIMERA_OK;
    }
    struct json_object *made =
        is_array ? chimera_node_array(account) : chimera_node_object(account);
    if (!made)
        return chimera_node_failure(account);
    for (size_t i = 0; is_array && i < json_object_array_length(value) && code == CHIMERA_OK; i++) {
        struct json_object *element = NULL;
        code = convert(json_object_array_get_idx(value, i), account, &element);
        if (code == CHIMERA_OK)
            code = chimera_node_append(account, made, element);
    }
    if (!is_array)
        code = chimera_rego_order_members(value, account);
    const struct lh_entry *entry = is_array ? NULL : json_object_get_object(value)->head;
    for (; entry && code == CHIMERA_OK; entry = entry->next)
        code = convert_member(made, entry, account);
    if (code == CHIMERA_OK)
        *ret_json = made;
    else
        json_object_put(made);
    return code;
}

int chimera_rego_go_json_value(struct json_object *value, struct chimera_account *account,
                               struct json_object **ret_json)
{
    bool is_converted = has_other_keys(value, account);
    if (account && account->failed)
        return account->failed;
    if (is_converted)
        return convert(value, account, ret_json);
    *ret_json = json_object_get(value);
    return CHIMERA_OK;
}

/* --- Text --- */

struct style {
    bool is_pretty;
    struct chimera_slice prefix, indent;
};

/* HTML's special characters and the two odd line ends are escaped, too. */
void chimera_rego_write_go_string(struct chimera_slice text, struct chimera_buffer *out)
{
    chimera_buffer_byte(out, '"');
    while (text.size > 0 && !out->failed) {
        static const char control[] = "\b\f\n\r\t", letter[] = "bfnrt";
        uint32_t rune = chimera_rego_take_rune(&text);
        const char *found = rune && rune < 0x20 ? strchr(control, (int)rune) : NULL;
        if (found)
            chimera_buffer_print(out, "\\%c", letter[found - control]);
        else if (rune == '"' || rune == '\\')
            chimera_buffer_print(out, "\\%c", (char)rune);
        else if (rune < 0x20 || rune == '<' || rune == '>' || rune == '&' || rune == 0x2028 ||
                 rune == 0x2029)
            chimera_buffer_print(out, "\\u%04x", (unsigned)rune);
        else
            chimera_rego_put_rune(rune, out);
    }
    chimera_buffer_byte(out, '"');
}

static void break_line(const struct style *style, unsigned depth, struct chimera_buffer *out)
{
    if (!style->is_pretty)
        return;
    chimera_buffer_byte(out, '\n');
    chimera_buffer_append(out, style->prefix);
    for (unsigned i = 0; i < depth; i++)
        chimera_buffer_append(out, style->indent);
}

static void put_value(const struct style *style, struct json_object *value, unsigned depth,
                      struct chimera_buffer *out);

void chimera_rego_key_text(const char *key, struct chimera_buffer *out)
{
    static const struct style compact = {0};
    struct json_object *value = NULL, *json = NULL;
    struct chimera_account_mark mark = chimera_account_mark(out->account);
    if (chimera_rego_key_is_text(key)) {
        chimera_buffer_text(out, key);
        return;
    }
    int code = chimera_rego_key_value(key, out->account, &value);
    if (code == CHIMERA_OK)
        code = chimera_rego_go_json_value(value, out->account, &json);
    struct chimera_account_mark made = chimera_account_mark(out->account);
    if (code < 0)
        out->failed = code;
    else if (json_object_is_type(json, json_type_string))
        chimera_buffer_append(out, chimera_rego_string(json));
    else
        put_value(&compact, json, 0, out);
    json_object_put(json);
    json_object_put(value);
    chimera_account_undo(out->account, mark, made);
}

static void put_key(const char *key, struct chimera_buffer *out)
{
    struct chimera_buffer text;
    if (chimera_rego_key_is_text(key)) {
        chimera_rego_write_go_string(chimera_slice_of(key), out);
        return;
    }
    chimera_buffer_init_within(&text, SIZE_MAX, out->account);
    chimera_rego_key_text(key, &text);
    if (text.failed)
        out->failed = text.failed;
    else
        chimera_rego_write_go_string(chimera_buffer_slice(&text), out);
    chimera_buffer_free(&text);
}

static void put_object(const struct style *style, struct json_object *object, unsigned depth,
                       struct chimera_buffer *out)
{
    int code = chimera_rego_order_members(object, out->account);
    if (code < 0)
        out->failed = code;
    const struct lh_entry *first = json_object_get_object(object)->head, *entry = first;
    chimera_buffer_byte(out, '{');
    for (; entry && !out->failed; entry = entry->next) {
        if (entry != first)
            chimera_buffer_byte(out, ',');
        break_line(style, depth + 1, out);
        put_key(chimera_rego_entry_key(entry), out);
        chimera_buffer_text(out, style->is_pretty ? ": " : ":");
        put_value(style, chimera_rego_entry_value(entry), depth + 1, out);
    }
    if (first)
        break_line(style, depth, out);
    chimera_buffer_byte(out, '}');
}

/* Values are never nested deeper than our reader lets them be, which bounds the recursion. */
static void put_value(const struct style *style, struct json_object *value, unsigned depth,
                      struct chimera_buffer *out)
{
    if (json_object_is_type(value, json_type_object)) {
        put_object(style, value, depth, out);
    } else if (json_object_is_type(value, json_type_array)) {
        size_t count = json_object_array_length(value);
        chimera_buffer_byte(out, '[');
        for (size_t i = 0; i < count && !out->failed; i++) {
            if (i)
                chimera_buffer_byte(out, ',');
            break_line(style, depth + 1, out);
            put_value(style, json_object_array_get_idx(value, i), depth + 1, out);
        }
        if (count)
            break_line(style, depth, out);
        chimera_buffer_byte(out, ']');
    } else if (json_object_is_type(value, json_type_string)) {
        chimera_rego_write_go_string(chimera_rego_string(value), out);
    } else
        chimera_rego_write(value, out);
}

void chimera_rego_write_go_json(struct json_object *value, struct chimera_buffer *out)
{
    static const struct style compact = {0};
    put_value(&compact, value, 0, out);
}

void chimera_rego_write_go_json_indented(struct json_object *value, struct chimera_slice prefix,
                                         struct chimera_slice indent, struct chimera_buffer *out)
{
    const struct style style = {.is_pretty = true, .prefix = prefix, .indent = indent};
    put_value(&style, value, 0, out);
}
