/* SPDX-License-Identifier: Apache-2.0 */
/* Builtins net.cidr_*: networks written as address and prefix length. */
#include <stdlib.h>

#include "runtime/rego/builtins/net/network.h"
#include "runtime/rego/key.h"

/* Addresses that net.cidr_expand may make. */
#define EXPAND_MAX_BITS 17

static int fail_network(const struct chimera_rego_call *call, struct chimera_slice text)
{
    return chimera_fail(call->err, CHIMERA_EINVAL, "invalid CIDR address: %.*s",
                        text.size < 100 ? (int)text.size : 100, text.size ? text.data : "");
}

int chimera_rego_cidr_is_valid(const struct chimera_rego_call *call,
                               struct json_object **ret_result)
{
    struct chimera_network network;
    bool is_valid = json_object_is_type(call->args[0], json_type_string) &&
                    chimera_network_read(chimera_rego_string(call->args[0]), &network);
    return chimera_rego_give_bool(call, is_valid, ret_result);
}

int chimera_rego_cidr_expand(const struct chimera_rego_call *call, struct json_object **ret_result)
{
    struct chimera_network network;
    char text[CHIMERA_NETWORK_TEXT];
    struct chimera_slice written;
    int code = chimera_rego_want_string(call, 0, &written);
    if (code < 0)
        return code;
    if (!chimera_network_read(written, &network))
        return fail_network(call, written);
    unsigned bits = 8 * network.size - network.prefix;
    if (bits > EXPAND_MAX_BITS)
        return chimera_fail(call->err, CHIMERA_ELIMIT, "the network has too many addresses");
    struct json_object *addresses = chimera_node_array(call->account);
    if (!addresses)
        return chimera_rego_no_memory(call);
    for (uint32_t i = 0; i < (uint32_t)1 << bits && code == CHIMERA_OK; i++) {
        chimera_network_print(&network, text);
        code = chimera_rego_spend(call, CHIMERA_NETWORK_PRINT_UNITS);
        if (code == CHIMERA_OK)
            code = chimera_rego_push_string(call, addresses, chimera_slice_of(text));
        chimera_network_step(&network, true);
    }
    return chimera_rego_finish_set(call, code, addresses, ret_result);
}

/* --- Containment --- */

static bool contains(const struct chimera_network *outer, const struct chimera_network *inner)
{
    struct chimera_network first = *inner;
    if (outer->size != inner->size || outer->prefix > inner->prefix)
        return false;
    first.prefix = outer->prefix;
    chimera_network_fill_host(&first, false);
    return memcmp(first.address, outer->address, outer->size) == 0;
}

struct entry {
    struct chimera_network network;
    struct json_object *text; /* borrowed: what it was read from */
    bool is_network;          /* else it is an error once the entry is compared with another one */
    struct json_object *key;  /* owned: what stands for it in the result */
};

/* An operand of net.cidr_contains_matches, flattened. */
struct entries {
    struct entry *entry; /* owned */
    size_t count;
    uint64_t bytes; /* that were taken for it */
};

static void close_entries(const struct chimera_rego_call *call, struct entries *entries)
{
    for (size_t i = 0; i < entries->count; i++)
        json_object_put(entries->entry[i].key);
    free(entries->entry);
    chimera_account_give_back(call->account, entries->bytes);
}

/* An entry is a network, or an array whose first element is one. Takes `key`. */
static int add_entry(const struct chimera_rego_call *call, struct entries *entries,
                     struct json_object *key, struct json_object *value, bool may_be_ip)
{
    struct entry entry = {.key = key};
    int code = chimera_rego_spend(call, CHIMERA_NETWORK_READ_UNITS);
    bool is_array = chimera_rego_type_of(value) == CHIMERA_REGO_ARRAY;
    if (code == CHIMERA_OK && (is_array ? json_object_array_length(value) == 0
                                        : !json_object_is_type(value, json_type_string)))
        code = chimera_fail(call->err, CHIMERA_EINVAL,
                            "operand %d: element must be string or non-empty array",
                            may_be_ip ? 2 : 1);
    if (code < 0) {
        json_object_put(key);
        return code;
    }
    value = is_array ? json_object_array_get_idx(value, 0) : value;
    entry.text = value;
    if (json_object_is_type(value, json_type_string)) {
        struct chimera_slice text = chimera_rego_string(value);
        entry.is_network = (may_be_ip && chimera_network_read_address(text, &entry.network)) ||
                           chimera_network_read(text, &entry.network);
    }
    entries->entry[entries->count++] = entry;
    return CHIMERA_OK;
}

static int add_members(const struct chimera_rego_call *call, struct entries *entries,
                       struct json_object *object, bool may_be_ip)
{
    int code = CHIMERA_OK;
    for (const struct lh_entry *at = json_object_get_object(object)->head; at && code == CHIMERA_OK;
         at = at->next) {
        struct json_object *key = NULL, *value = chimera_rego_entry_value(at);
        if (chimera_rego_key_value(chimera_rego_entry_key(at), call->account, &key) < 0)
            return chimera_rego_no_memory(call);
        code = add_entry(call, entries, key, value, may_be_ip);
    }
    return code;
}

/* What stands for an element of an array is its index; for one of a set, itself. */
static int add_elements(const struct chimera_rego_call *call, struct entries *entries,
                        struct json_object *list, bool may_be_ip)
{
    bool is_array = chimera_rego_type_of(list) == CHIMERA_REGO_ARRAY;
    int code = CHIMERA_OK;
    for (size_t i = 0; i < json_object_array_length(list) && code == CHIMERA_OK; i++) {
        struct json_object *value = json_object_array_get_idx(list, i);
        struct json_object *key =
            is_array ? chimera_node_int64(call->account, (int64_t)i) : json_object_get(value);
        code = is_array && !key ? chimera_rego_no_memory(call)
                                : add_entry(call, entries, key, value, may_be_ip);
    }
    return code;
}

static int open_entries(const struct chimera_rego_call *call, unsigned index, bool may_be_ip,
                        struct entries *entries)
{
    struct json_object *whole = call->args[index];
    bool is_object = json_object_is_type(whole, json_type_object);
    bool is_list = json_object_is_type(whole, json_type_array);
    size_t most = is_object ? (size_t)json_object_object_length(whole)
                  : is_list ? json_object_array_length(whole)
                            : 1;
    uint64_t bytes = chimera_account_heap((most + 1) * sizeof(*entries->entry));
    if (chimera_account_take(call->account, bytes) < 0)
        return chimera_rego_no_memory(call);
    entries->bytes = bytes;
    entries->entry = malloc((most + 1) * sizeof(*entries->entry));
    if (!entries->entry)
        return chimera_rego_no_memory(call);
    if (is_object)
        return add_members(call, entries, whole, may_be_ip);
    if (is_list)
        return add_elements(call, entries, whole, may_be_ip);
    return json_object_is_type(whole, json_type_string)
               ? add_entry(call, entries, json_object_get(whole), whole, may_be_ip)
               : CHIMERA_OK; /* OPA passes over other types */
}

/* Adds the two if the first contains the second. */
static int match(const struct chimera_rego_call *call, struct json_object *matches,
                 const struct entry *outer, const struct entry *inner)
{
    if (!outer->is_network || !inner->is_network) {
        struct json_object *text = outer->is_network ? inner->text : outer->text;
        if (!json_object_is_type(text, json_type_string))
            return chimera_fail(call->err, CHIMERA_EINVAL, "operand 1 must be string but got %s",
                                chimera_rego_type_name(chimera_rego_type_of(text)));
        return fail_network(call, chimera_rego_string(text));
    }
    if (!contains(&outer->network, &inner->network))
        return CHIMERA_OK;
    struct json_object *pair = chimera_node_array(call->account);
    int code = pair ? CHIMERA_OK : chimera_rego_no_memory(call);
    if (code == CHIMERA_OK)
        code = chimera_rego_push(call, pair, json_object_get(outer->key));
    if (code == CHIMERA_OK)
        code = chimera_rego_push(call, pair, json_object_get(inner->key));
    if (code == CHIMERA_OK)
        return chimera_rego_push(call, matches, pair);
    json_object_put(pair);
    return code;
}

int chimera_rego_cidr_contains_matches(const struct chimera_rego_call *call,
                                       struct json_object **ret_result)
{
    struct entries outer = {0}, inner = {0};
    struct json_object *matches = chimera_node_array(call->account);
    int code = matches ? open_entries(call, 0, false, &outer) : chimera_rego_no_memory(call);
    if (code == CHIMERA_OK && outer.count > 0) /* OPA does not look at the second one otherwise */
        code = open_entries(call, 1, true, &inner);
    if (code == CHIMERA_OK) {
        for (size_t i = 0; i < outer.count && code == CHIMERA_OK; i++) {
            for (size_t k = 0; k < inner.count && code == CHIMERA_OK; k++) {
                code = chimera_rego_spend(call, 8);
                if (code == CHIMERA_OK)
                    code = match(call, matches, &outer.entry[i], &inner.entry[k]);
            }
        }
    }
    close_entries(call, &outer);
    close_entries(call, &inner);
    return chimera_rego_finish_set(call, code, matches, ret_result);
}
