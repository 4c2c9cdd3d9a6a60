/* SPDX-License-Identifier: Apache-2.0 */
/* Rego values as text: for the guest, and for messages. */
#include "runtime/rego/key.h"
#include "runtime/rego/quote.h"

static void write_value(struct json_object *value, unsigned depth, bool is_shown,
                        struct chimera_buffer *out);

static void write_string(struct chimera_slice text, bool is_shown, struct chimera_buffer *out)
{
    if (is_shown)
        chimera_rego_quote(text, false, out);
    else
        chimera_rego_quote_json(text, out);
}

/* On the wire a key that is no text is as it is kept. */
static void write_key(const char *key, unsigned depth, bool is_shown, struct chimera_buffer *out)
{
    struct json_object *value = NULL;
    struct chimera_account_mark mark = chimera_account_mark(out->account);
    if (chimera_rego_key_is_text(key)) {
        write_string(chimera_slice_of(key), is_shown, out);
        return;
    }
    if (!is_shown) {
        chimera_buffer_text(out, key + CHIMERA_REGO_KEY_TEXT_AT);
        return;
    }
    int code = chimera_rego_key_value(key, out->account, &value);
    if (code < 0)
        out->failed = code;
    struct chimera_account_mark made = chimera_account_mark(out->account);
    if (code == CHIMERA_OK)
        write_value(value, depth, is_shown, out);
    json_object_put(value);
    chimera_account_undo(out->account, mark, made);
}

static void write_array(struct json_object *array, unsigned depth, bool is_shown,
                        struct chimera_buffer *out)
{
    bool is_braced = chimera_rego_type_of(array) == CHIMERA_REGO_SET;
    size_t size = json_object_array_length(array);
    if (is_braced && size == 0) {
        chimera_buffer_text(out, "set()");
        return;
    }
    chimera_buffer_byte(out, is_braced ? '{' : '[');
    for (size_t i = 0; i < size && !out->failed; i++) {
        if (i)
            chimera_buffer_text(out, is_shown ? ", " : ",");
        write_value(json_object_array_get_idx(array, i), depth + 1, is_shown, out);
    }
    chimera_buffer_byte(out, is_braced ? '}' : ']');
}

static void write_object(struct json_object *object, unsigned depth, bool is_shown,
                         struct chimera_buffer *out)
{
    int code = chimera_rego_order_members(object, out->account);
    if (code < 0)
        out->failed = code;
    const struct lh_entry *first = json_object_get_object(object)->head, *entry = first;
    chimera_buffer_byte(out, '{');
    for (; entry && !out->failed; entry = entry->next) {
        if (entry != first)
            chimera_buffer_text(out, is_shown ? ", " : ",");
        write_key(chimera_rego_entry_key(entry), depth + 1, is_shown, out);
        chimera_buffer_text(out, is_shown ? ": " : ":");
        write_value(chimera_rego_entry_value(entry), depth + 1, is_shown, out);
    }
    chimera_buffer_byte(out, '}');
}

static void write_value(struct json_object *value, unsigned depth, bool is_shown,
                        struct chimera_buffer *out)
{
    char scratch[CHIMERA_REGO_NUMBER_TEXT];
    if (depth > CHIMERA_REGO_DEPTH_MAX) {
        out->failed = CHIMERA_ELIMIT;
        return;
    }
    switch (chimera_rego_type_of(value)) {
    case CHIMERA_REGO_NULL:
        chimera_buffer_text(out, "null");
        break;
    case CHIMERA_REGO_BOOLEAN:
        chimera_buffer_text(out, json_object_get_boolean(value) ? "true" : "false");
        break;
    case CHIMERA_REGO_NUMBER:
        chimera_buffer_append(out, chimera_rego_number_text(value, scratch));
        break;
    case CHIMERA_REGO_STRING:
        write_string(chimera_rego_string(value), is_shown, out);
        break;
    case CHIMERA_REGO_OBJECT:
        write_object(value, depth, is_shown, out);
        break;
    default:
        write_array(value, depth, is_shown, out);
    }
}

void chimera_rego_write(struct json_object *value, struct chimera_buffer *out)
{
    write_value(value, 0, false, out);
}

void chimera_rego_print(struct json_object *value, struct chimera_buffer *out)
{
    write_value(value, 0, true, out);
}
