/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/rego/key.h"

#include "runtime/json/node.h"
#include "runtime/json/order.h"
#include "runtime/rego/decimal.h"

enum chimera_rego_type chimera_rego_key_type(const char *key)
{
    return chimera_rego_key_is_text(key) ? CHIMERA_REGO_STRING
                                         : (enum chimera_rego_type)(key[1] - '0');
}

int chimera_rego_key_value(const char *key, struct chimera_account *account,
                           struct json_object **ret_value)
{
    if (!chimera_rego_key_is_text(key))
        return chimera_rego_parse_within(chimera_slice_of(key + CHIMERA_REGO_KEY_TEXT_AT), account,
                                         ret_value, NULL);
    *ret_value = chimera_node_string(account, chimera_slice_of(key));
    return *ret_value ? CHIMERA_OK : chimera_node_failure(account);
}

static void put_marked(struct json_object *value, struct chimera_buffer *out)
{
    chimera_buffer_byte(out, CHIMERA_REGO_KEY_MARK);
    chimera_buffer_byte(out, (uint8_t)('0' + chimera_rego_type_of(value)));
    chimera_rego_write(value, out);
    chimera_buffer_byte(out, '\0');
}

void chimera_rego_put_text_key(struct chimera_slice text, struct chimera_buffer *out)
{
    if (text.size == 0 || !memchr(text.data, '\0', text.size)) {
        chimera_buffer_append(out, text);
        chimera_buffer_byte(out, '\0');
        return;
    }
    struct json_object *value = chimera_node_string(out->account, text);
    if (value)
        put_marked(value, out);
    else
        out->failed = chimera_node_failure(out->account);
    json_object_put(value);
}

void chimera_rego_put_key(struct json_object *value, struct chimera_buffer *out)
{
    if (json_object_is_type(value, json_type_string))
        chimera_rego_put_text_key(chimera_rego_string(value), out);
    else
        put_marked(value, out);
}

/* Of one type, and not the same text. */
static int order_values(const char *a, const char *b, struct chimera_account *account)
{
    struct json_object *x = NULL, *y = NULL;
    if (chimera_rego_key_type(a) == CHIMERA_REGO_NUMBER)
        return chimera_decimal_compare(chimera_slice_of(a + CHIMERA_REGO_KEY_TEXT_AT),
                                       chimera_slice_of(b + CHIMERA_REGO_KEY_TEXT_AT));
    struct chimera_account_mark mark = chimera_account_mark(account);
    int order = 0;
    int code = chimera_rego_key_value(a, account, &x);
    if (code == CHIMERA_OK)
        code = chimera_rego_key_value(b, account, &y);
    if (code == CHIMERA_OK)
        order = chimera_rego_compare(x, y, account);
    else if (account && !account->failed)
        account->failed = code; /* what compares returns no code */
    json_object_put(x);
    json_object_put(y);
    chimera_account_restore(account, mark);
    return order;
}

int chimera_rego_order_keys(const char *a, const char *b, struct chimera_account *account)
{
    if (chimera_rego_key_is_text(a) && chimera_rego_key_is_text(b))
        return chimera_order_keys(a, b, account);
    enum chimera_rego_type type = chimera_rego_key_type(a), other = chimera_rego_key_type(b);
    if (type != other)
        return type < other ? -1 : 1;
    return chimera_order_keys(a, b, account) == 0 ? 0 : order_values(a, b, account);
}

bool chimera_rego_key_has_spellings(const char *key)
{
    if (chimera_rego_key_is_text(key))
        return false;
    for (const char *at = key + CHIMERA_REGO_KEY_TEXT_AT; *at; at++) {
        if (*at == '.' || *at == 'E' || (*at == 'e' && at[-1] >= '0' && at[-1] <= '9') ||
            (*at == '-' && at[1] == '0'))
            return true;
        if (*at != '"')
            continue;
        for (at++; *at && *at != '"'; at++)
            at += *at == '\\' && at[1];
        if (!*at)
            break;
    }
    return false;
}

bool chimera_rego_has_spellings(struct json_object *value, struct chimera_account *account)
{
    if (chimera_account_spend(account, 2) < 0)
        return false;
    if (json_object_is_type(value, json_type_array)) {
        for (size_t i = 0; i < json_object_array_length(value); i++) {
            if (chimera_rego_has_spellings(json_object_array_get_idx(value, i), account))
                return true;
        }
    } else if (json_object_is_type(value, json_type_object)) {
        for (const struct lh_entry *entry = json_object_get_object(value)->head; entry;
             entry = entry->next) {
            if (chimera_rego_key_has_spellings(chimera_rego_entry_key(entry)) ||
                chimera_rego_has_spellings(chimera_rego_entry_value(entry), account))
                return true;
        }
    }
    return false;
}

struct lh_entry *chimera_rego_find_member(struct json_object *object, const char *key,
                                          struct chimera_account *account)
{
    struct lh_table *table = json_object_get_object(object);
    struct lh_entry *entry = lh_table_lookup_entry(table, key);
    if (entry || chimera_rego_key_is_text(key))
        return entry;
    bool is_odd = chimera_rego_key_has_spellings(key);
    for (entry = table->head; entry; entry = entry->next) {
        const char *other = chimera_rego_entry_key(entry);
        if (chimera_account_spend(account, 4 + strlen(other) / 16) < 0)
            return NULL;
        if ((is_odd || chimera_rego_key_has_spellings(other)) &&
            chimera_rego_order_keys(key, other, account) == 0)
            return account && account->failed ? NULL : entry;
    }
    return NULL;
}

int chimera_rego_find_value(struct json_object *object, struct json_object *key,
                            struct chimera_account *account, struct lh_entry **ret_entry)
{
    struct chimera_buffer text;
    chimera_buffer_init_within(&text, SIZE_MAX, account);
    chimera_rego_put_key(key, &text);
    int code = text.failed;
    *ret_entry = code == CHIMERA_OK ? chimera_rego_find_member(object, text.data, account) : NULL;
    chimera_buffer_free(&text);
    return code == CHIMERA_OK && account ? account->failed : code;
}

int chimera_rego_set_member(struct json_object *object, const char *key, struct json_object *value,
                            struct chimera_account *account)
{
    if (!chimera_rego_key_is_text(key)) { /* the last spelling stays */
        const struct lh_entry *entry = chimera_rego_find_member(object, key, account);
        if (entry && strcmp(chimera_rego_entry_key(entry), key) != 0)
            json_object_object_del(object, chimera_rego_entry_key(entry));
    }
    return chimera_node_add(account, object, key, value);
}

int chimera_rego_set_value(struct json_object *object, struct json_object *key,
                           struct json_object *value, struct chimera_account *account)
{
    struct chimera_buffer text;
    chimera_buffer_init_within(&text, SIZE_MAX, account);
    chimera_rego_put_key(key, &text);
    int code = text.failed;
    if (code == CHIMERA_OK)
        code = chimera_rego_set_member(object, text.data, value, account);
    else
        json_object_put(value);
    chimera_buffer_free(&text);
    return code;
}
