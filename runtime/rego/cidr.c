/* Builtins net.cidr_*: networks written as address and prefix length. */
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>

#include "runtime/rego/family.h"

/* Addresses that net.cidr_expand may make. */
#define EXPAND_MAX_BITS 17

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
    for (unsigned bit = network->prefix; bit < 8 * network->size; bit++) {
        uint8_t mask = (uint8_t)(0x80u >> bit % 8);
        if (ones)
            network->address[bit / 8] |= mask;
        else
            network->address[bit / 8] &= (uint8_t)~mask;
    }
}

static bool read_network(struct chimera_slice text, struct network *ret_network)
{
    struct network network;
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
    struct json_object *addresses = json_object_new_array();
    bool has_room = addresses != NULL;
    for (uint32_t i = 0; has_room && i < (uint32_t)1 << bits; i++) {
        print_address(&network, text);
        has_room = chimera_rego_append_string(addresses, chimera_slice_of(text));
        step(&network, true);
    }
    if (!has_room) {
        json_object_put(addresses);
        return chimera_rego_no_memory(call);
    }
    chimera_rego_make_set(addresses);
    return chimera_rego_give(call, addresses, ret_result);
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
    if (json_object_is_type(entry, json_type_array) && json_object_array_length(entry) > 0)
        entry = json_object_array_get_idx(entry, 0);
    if (!json_object_is_type(entry, json_type_string))
        return chimera_fail(call->err, CHIMERA_EINVAL, "element must be string or non-empty array");
    if (may_be_ip && read_address(chimera_rego_string(entry), ret_network))
        return CHIMERA_OK;
    return want_network(call, entry, ret_network);
}

/* Operand of net.cidr_contains_matches, flattened: what stands for entry `i` in the result, and it.
 */
struct entries {
    struct json_object *whole;
    struct json_object *keys; /* of an object: owned */
    size_t count;
};

static int open_entries(const struct chimera_rego_call *call, unsigned index,
                        struct entries *ret_entries)
{
    struct json_object *whole = call->args[index];
    struct entries entries = {.whole = whole, .count = 1};
    if (json_object_is_type(whole, json_type_array))
        entries.count = json_object_array_length(whole);
    if (json_object_is_type(whole, json_type_object)) {
        const struct chimera_rego_call inner = {.args = &call->args[index], .err = call->err};
        int code = chimera_rego_object_keys(&inner, &entries.keys);
        if (code < 0)
            return code;
        entries.count = json_object_array_length(entries.keys);
    }
    *ret_entries = entries;
    return CHIMERA_OK;
}

/* *ret_key is new, *ret_value borrowed; a NULL key means no memory. */
static void entry_at(const struct entries *entries, size_t i, struct json_object **ret_key,
                     struct json_object **ret_value)
{
    struct json_object *whole = entries->whole;
    if (entries->keys) {
        struct json_object *key = json_object_array_get_idx(entries->keys, i);
        *ret_value = json_object_object_get(whole, json_object_get_string(key));
        *ret_key = json_object_get(key);
    } else if (chimera_rego_type_of(whole) == CHIMERA_REGO_ARRAY) {
        *ret_value = json_object_array_get_idx(whole, i);
        *ret_key = json_object_new_int64((int64_t)i);
    } else {
        *ret_value = json_object_is_type(whole, json_type_array)
                         ? json_object_array_get_idx(whole, i)
                         : whole;
        *ret_key = json_object_get(*ret_value);
    }
}

static bool add_match(struct json_object *matches, struct json_object *outer,
                      struct json_object *inner)
{
    struct json_object *pair = json_object_new_array();
    bool done = pair && chimera_rego_append(pair, json_object_get(outer)) &&
                chimera_rego_append(pair, json_object_get(inner));
    if (done)
        return chimera_rego_append(matches, pair);
    json_object_put(pair);
    return false;
}

static int match_entry(const struct chimera_rego_call *call, struct json_object *outer_key,
                       struct json_object *outer, const struct entries *inner,
                       struct json_object *matches)
{
    struct network big, small;
    int code = entry_network(call, outer, false, &big);
    if (code == CHIMERA_OK)
        code = chimera_rego_spend(call, 64 * inner->count);
    for (size_t i = 0; i < inner->count && code == CHIMERA_OK; i++) {
        struct json_object *key, *value;
        entry_at(inner, i, &key, &value);
        code = entry_network(call, value, true, &small);
        if (code == CHIMERA_OK && contains(&big, &small) && !add_match(matches, outer_key, key))
            code = chimera_rego_no_memory(call);
        json_object_put(key);
    }
    return code;
}

int chimera_rego_cidr_contains_matches(const struct chimera_rego_call *call,
                                       struct json_object **ret_result)
{
    struct entries outer = {0}, inner = {0};
    struct json_object *matches = json_object_new_array();
    int code = matches ? open_entries(call, 0, &outer) : chimera_rego_no_memory(call);
    if (code == CHIMERA_OK)
        code = open_entries(call, 1, &inner);
    for (size_t i = 0; code == CHIMERA_OK && i < outer.count; i++) {
        struct json_object *key, *value;
        entry_at(&outer, i, &key, &value);
        code = match_entry(call, key, value, &inner, matches);
        json_object_put(key);
    }
    json_object_put(outer.keys);
    json_object_put(inner.keys);
    if (code < 0) {
        json_object_put(matches);
        return code;
    }
    chimera_rego_make_set(matches);
    return chimera_rego_give(call, matches, ret_result);
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

static int by_last(const void *a, const void *b)
{
    const struct range *x = a, *y = b;
    int order = compare_address(&x->last, &y->last);
    return order ? order : compare_address(&x->first, &y->first);
}

static bool touches(const struct range *low, const struct range *high)
{
    struct network before = high->first;
    if (low->last.size != high->first.size)
        return false;
    return !step(&before, false) || compare_address(&before, &low->last) <= 0;
}

/* From the top down, joins what overlaps or is adjacent; returns how many are left. */
static size_t join(struct range *ranges, size_t count)
{
    for (size_t i = count; i-- > 1;) {
        if (!touches(&ranges[i - 1], &ranges[i]))
            continue;
        if (compare_address(&ranges[i].first, &ranges[i - 1].first) < 0)
            ranges[i - 1].first = ranges[i].first;
        ranges[i - 1].last = ranges[i].last;
        ranges[i - 1].is_merged = true;
        memmove(&ranges[i], &ranges[i + 1], (count - i - 1) * sizeof(*ranges));
        count--;
    }
    return count;
}

static bool put_network(struct json_object *networks, const struct network *network)
{
    char address[INET6_ADDRSTRLEN], text[INET6_ADDRSTRLEN + 8];
    print_address(network, address);
    snprintf(text, sizeof(text), "%s/%u", address, network->prefix);
    return chimera_rego_append_string(networks, chimera_slice_of(text));
}

/* The fewest networks that cover a range: from its start, each as large as alignment and end allow.
 */
static bool put_range(struct json_object *networks, const struct range *range)
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
        if (!put_network(networks, &at))
            return false;
        at = end;
        if (compare_address(&end, &range->last) == 0 || !step(&at, true))
            return true;
    }
}

int chimera_rego_cidr_merge(const struct chimera_rego_call *call, struct json_object **ret_result)
{
    if (!json_object_is_type(call->args[0], json_type_array))
        return chimera_fail(call->err, CHIMERA_EINVAL, "operand must be an array");
    size_t count = json_object_array_length(call->args[0]);
    struct range *ranges = calloc(count + 1, sizeof(*ranges));
    struct json_object *networks = json_object_new_array();
    bool are_valid = true, has_room = ranges && networks;
    for (size_t i = 0; has_room && are_valid && i < count; i++)
        are_valid = read_range(json_object_array_get_idx(call->args[0], i), &ranges[i]);
    if (has_room && are_valid) {
        qsort(ranges, count, sizeof(*ranges), by_last);
        count = join(ranges, count);
    }
    for (size_t i = 0; has_room && are_valid && i < count; i++)
        has_room = ranges[i].is_merged ? put_range(networks, &ranges[i])
                                       : put_network(networks, &ranges[i].original);
    free(ranges);
    if (has_room && are_valid) {
        chimera_rego_make_set(networks);
        return chimera_rego_give(call, networks, ret_result);
    }
    json_object_put(networks);
    return has_room ? chimera_fail(call->err, CHIMERA_EINVAL, "an element is no network")
                    : chimera_rego_no_memory(call);
}
