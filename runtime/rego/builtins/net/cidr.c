/* SPDX-License-Identifier: Apache-2.0 */
/* Builtins net.cidr_*: networks written as address and prefix length. */
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>

#include "runtime/base/sort.h"
#include "runtime/rego/arguments.h"
#include "runtime/rego/key.h"

/* Addresses that net.cidr_expand may make. */
#define EXPAND_MAX_BITS 17

/* Zeros before a prefix's length are let through, but not without end. */
#define NETWORK_MAX_BYTES 1000

#define READ_UNITS 64 /* of an address or network in a text */
#define PRINT_UNITS 128

struct network {
    uint8_t address[16]; /* of IPv4 only the first four bytes */
    unsigned size;       /* 4 or 16 */
    unsigned prefix;
};

static bool read_address(struct chimera_slice text, struct network *ret_network)
{
    char copy[INET6_ADDRSTRLEN];
    if (text.size >= sizeof(copy) || memchr(text.data, '\0', text.size))
        return false;
    memcpy(copy, text.data, text.size);
    copy[text.size] = '\0';
    struct network network = {.size = 4};
    if (inet_pton(AF_INET, copy, network.address) != 1) {
        network.size = 16;
        if (inet_pton(AF_INET6, copy, network.address) != 1)
            return false;
    }
    network.prefix = 8 * network.size;
    *ret_network = network;
    return true;
}

/* Clears (or sets) the bits behind the prefix. */
static void fill_host(struct network *network, bool ones)
{
    unsigned whole = network->prefix / 8, bits = network->prefix % 8;
    if (whole >= network->size)
        return;
    uint8_t mask = (uint8_t)(0xFFu >> bits), *byte = &network->address[whole];
    *byte = ones ? *byte | mask : *byte & (uint8_t)~mask;
    memset(byte + 1, ones ? 0xFF : 0, network->size - whole - 1);
}

static bool read_network(struct chimera_slice text, struct network *ret_network)
{
    struct network network;
    if (text.size > NETWORK_MAX_BYTES)
        return false;
    const char *slash = text.size ? memchr(text.data, '/', text.size) : NULL;
    size_t size = slash ? (size_t)(slash - text.data) : 0;
    if (!slash || !read_address((struct chimera_slice){text.data, size}, &network))
        return false;
    unsigned prefix = 0;
    for (size_t i = size + 1; i < text.size; i++) {
        if (text.data[i] < '0' || text.data[i] > '9' || prefix > 128)
            return false;
        prefix = prefix * 10 + (unsigned)(text.data[i] - '0');
    }
    if (size + 1 == text.size || prefix > 8 * network.size)
        return false;
    network.prefix = prefix;
    fill_host(&network, false);
    *ret_network = network;
    return true;
}

static void print_address(const struct network *network, char text[INET6_ADDRSTRLEN])
{
    inet_ntop(network->size == 4 ? AF_INET : AF_INET6, network->address, text, INET6_ADDRSTRLEN);
}

static int want_network(const struct chimera_rego_call *call, struct json_object *value,
                        struct network *ret_network)
{
    if (json_object_is_type(value, json_type_string) &&
        read_network(chimera_rego_string(value), ret_network))
        return CHIMERA_OK;
    return chimera_fail(call->err, CHIMERA_EINVAL, "invalid CIDR address");
}

int chimera_rego_cidr_is_valid(const struct chimera_rego_call *call,
                               struct json_object **ret_result)
{
    struct network network;
    bool is_valid = json_object_is_type(call->args[0], json_type_string) &&
                    read_network(chimera_rego_string(call->args[0]), &network);
    return chimera_rego_give_bool(call, is_valid, ret_result);
}

/* Adds one; false when it wraps around. */
static bool step(struct network *address, bool up)
{
    for (unsigned i = address->size; i-- > 0;) {
        if (up ? ++address->address[i] != 0 : address->address[i]-- != 0)
            return true;
    }
    return false;
}

int chimera_rego_cidr_expand(const struct chimera_rego_call *call, struct json_object **ret_result)
{
    struct network network;
    char text[INET6_ADDRSTRLEN];
    int code = want_network(call, call->args[0], &network);
    if (code < 0)
        return code;
    unsigned bits = 8 * network.size - network.prefix;
    if (bits > EXPAND_MAX_BITS)
        return chimera_fail(call->err, CHIMERA_ELIMIT, "the network has too many addresses");
    struct json_object *addresses = chimera_node_array(call->account);
    if (!addresses)
        return chimera_rego_no_memory(call);
    for (uint32_t i = 0; i < (uint32_t)1 << bits && code == CHIMERA_OK; i++) {
        print_address(&network, text);
        code = chimera_rego_spend(call, PRINT_UNITS);
        if (code == CHIMERA_OK)
            code = chimera_rego_push_string(call, addresses, chimera_slice_of(text));
        step(&network, true);
    }
    return chimera_rego_finish_set(call, code, addresses, ret_result);
}

/* --- Containment --- */

static bool contains(const struct network *outer, const struct network *inner)
{
    struct network first = *inner;
    if (outer->size != inner->size || outer->prefix > inner->prefix)
        return false;
    first.prefix = outer->prefix;
    fill_host(&first, false);
    return memcmp(first.address, outer->address, outer->size) == 0;
}

/* An entry is a network, or an array whose first element is one. */
static int entry_network(const struct chimera_rego_call *call, struct json_object *entry,
                         bool may_be_ip, struct network *ret_network)
{
    int code = chimera_rego_spend(call, READ_UNITS);
    if (code < 0)
        return code;
    if (json_object_is_type(entry, json_type_array) && json_object_array_length(entry) > 0)
        entry = json_object_array_get_idx(entry, 0);
    if (!json_object_is_type(entry, json_type_string))
        return chimera_fail(call->err, CHIMERA_EINVAL, "element must be string or non-empty array");
    if (may_be_ip && read_address(chimera_rego_string(entry), ret_network))
        return CHIMERA_OK;
    return want_network(call, entry, ret_network);
}

struct entry {
    struct network network;
    struct json_object *key; /* owned: what stands for it in the result */
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

/* Takes `key`. */
static int add_entry(const struct chimera_rego_call *call, struct entries *entries,
                     struct json_object *key, struct json_object *value, bool may_be_ip)
{
    struct entry entry = {.key = key};
    int code = entry_network(call, value, may_be_ip, &entry.network);
    if (code == CHIMERA_OK)
        entries->entry[entries->count++] = entry;
    else
        json_object_put(key);
    return code;
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
    return add_entry(call, entries, json_object_get(whole), whole, may_be_ip);
}

/* Takes nothing. */
static int add_match(const struct chimera_rego_call *call, struct json_object *matches,
                     const struct entry *outer, const struct entry *inner)
{
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
                if (code == CHIMERA_OK &&
                    contains(&outer.entry[i].network, &inner.entry[k].network))
                    code = add_match(call, matches, &outer.entry[i], &inner.entry[k]);
            }
        }
    }
    close_entries(call, &outer);
    close_entries(call, &inner);
    return chimera_rego_finish_set(call, code, matches, ret_result);
}

/* --- Merging --- */

struct range {
    struct network first, last, original;
    bool is_merged;
};

/* A bare IPv4 address gets the mask of its class, as in Go. */
static bool read_range(struct json_object *value, struct range *ret_range)
{
    struct network network;
    if (!json_object_is_type(value, json_type_string))
        return false;
    if (read_address(chimera_rego_string(value), &network)) {
        if (network.size != 4)
            return false;
        network.prefix = network.address[0] < 0x80 ? 8 : network.address[0] < 0xC0 ? 16 : 24;
    } else if (!read_network(chimera_rego_string(value), &network)) {
        return false;
    }
    *ret_range = (struct range){.first = network, .last = network, .original = network};
    fill_host(&ret_range->first, false);
    fill_host(&ret_range->last, true);
    return true;
}

static int compare_address(const struct network *a, const struct network *b)
{
    if (a->size != b->size)
        return a->size < b->size ? -1 : 1;
    return memcmp(a->address, b->address, a->size);
}

static int by_last(const void *a, const void *b, struct chimera_account *account)
{
    (void)account;
    const struct range *x = a, *y = b;
    int order = compare_address(&x->last, &y->last);
    return order ? order : compare_address(&x->first, &y->first);
}

/* From the top down, joins what overlaps or is adjacent. What is left is at the end of the list,
 * from where it returns on. */
static size_t join(struct range *ranges, size_t count)
{
    size_t top = count - 1;
    for (size_t i = count - 1; i-- > 0;) {
        struct range *above = &ranges[top];
        struct network before = above->first;
        if (ranges[i].last.size != above->first.size ||
            (step(&before, false) && compare_address(&before, &ranges[i].last) > 0)) {
            ranges[--top] = ranges[i];
            continue;
        }
        if (compare_address(&above->first, &ranges[i].first) > 0)
            above->first = ranges[i].first;
        above->is_merged = true;
    }
    return top;
}

static int put_network(const struct chimera_rego_call *call, struct json_object *networks,
                       const struct network *network)
{
    char address[INET6_ADDRSTRLEN], text[INET6_ADDRSTRLEN + 8];
    int code = chimera_rego_spend(call, PRINT_UNITS);
    if (code < 0)
        return code;
    print_address(network, address);
    snprintf(text, sizeof(text), "%s/%u", address, network->prefix);
    return chimera_rego_push_string(call, networks, chimera_slice_of(text));
}

/* The fewest networks that cover a range: from its start, each as large as alignment and end allow.
 */
static int put_range(const struct chimera_rego_call *call, struct json_object *networks,
                     const struct range *range)
{
    struct network at = range->first;
    for (;;) {
        struct network block, end;
        for (at.prefix = 0;; at.prefix++) {
            block = end = at;
            fill_host(&block, false);
            fill_host(&end, true);
            if (compare_address(&block, &at) == 0 && compare_address(&end, &range->last) <= 0)
                break;
        }
        int code = chimera_rego_spend(call, at.prefix * 8);
        if (code == CHIMERA_OK)
            code = put_network(call, networks, &at);
        if (code < 0)
            return code;
        at = end;
        if (compare_address(&end, &range->last) == 0 || !step(&at, true))
            return CHIMERA_OK;
    }
}

static int read_ranges(const struct chimera_rego_call *call, struct range *ranges, size_t count)
{
    int code = CHIMERA_OK;
    for (size_t i = 0; i < count && code == CHIMERA_OK; i++) {
        code = chimera_rego_spend(call, READ_UNITS);
        if (!read_range(json_object_array_get_idx(call->args[0], i), &ranges[i]))
            return chimera_fail(call->err, CHIMERA_EINVAL, "an element is no network");
    }
    return code;
}

static int merge(const struct chimera_rego_call *call, struct range *ranges, size_t count,
                 struct json_object *networks)
{
    int code = read_ranges(call, ranges, count);
    if (code < 0 || count == 0)
        return code;
    if (chimera_sort(ranges, count, sizeof(*ranges), by_last, call->account) < 0)
        return chimera_rego_no_memory(call);
    for (size_t i = join(ranges, count); i < count && code == CHIMERA_OK; i++)
        code = ranges[i].is_merged ? put_range(call, networks, &ranges[i])
                                   : put_network(call, networks, &ranges[i].original);
    return code;
}

int chimera_rego_cidr_merge(const struct chimera_rego_call *call, struct json_object **ret_result)
{
    if (!json_object_is_type(call->args[0], json_type_array))
        return chimera_fail(call->err, CHIMERA_EINVAL, "operand must be an array");
    size_t count = json_object_array_length(call->args[0]);
    uint64_t bytes = chimera_account_heap((count + 1) * sizeof(struct range));
    if (chimera_account_take(call->account, bytes) < 0)
        return chimera_rego_no_memory(call);
    struct range *ranges = calloc(count + 1, sizeof(*ranges));
    struct json_object *networks = chimera_node_array(call->account);
    int code =
        ranges && networks ? merge(call, ranges, count, networks) : chimera_rego_no_memory(call);
    free(ranges);
    chimera_account_give_back(call->account, bytes);
    return chimera_rego_finish_set(call, code, networks, ret_result);
}
