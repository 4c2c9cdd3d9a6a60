/* SPDX-License-Identifier: Apache-2.0 */
/* Builtin net.cidr_merge. In OPA ranges of both families lie in one space, IPv4 as mapped IPv6. */
#include <stdio.h>
#include <stdlib.h>

#include "runtime/base/sort.h"
#include "runtime/rego/builtins/net/network.h"

struct range {
    struct chimera_network first, last; /* of 16 bytes */
    struct chimera_network original;
    bool is_merged;
};

/* A bare IPv4 address gets the mask of its class, as in Go. */
static bool read_range(struct json_object *value, struct range *ret_range)
{
    struct chimera_network network;
    if (!json_object_is_type(value, json_type_string))
        return false;
    if (chimera_network_read_address(chimera_rego_string(value), &network)) {
        if (network.size != 4)
            return false;
        network.prefix = network.address[0] < 0x80 ? 8 : network.address[0] < 0xC0 ? 16 : 24;
        network.was_mapped = false;
    } else if (!chimera_network_read(chimera_rego_string(value), &network)) {
        return false;
    }
    *ret_range = (struct range){.first = network, .last = network, .original = network};
    chimera_network_fill_host(&ret_range->first, false);
    chimera_network_fill_host(&ret_range->last, true);
    chimera_network_widen(&ret_range->first);
    chimera_network_widen(&ret_range->last);
    return true;
}

static int compare_address(const struct chimera_network *a, const struct chimera_network *b)
{
    return memcmp(a->address, b->address, sizeof(a->address));
}

static int by_last(const void *a, const void *b, struct chimera_account *account)
{
    (void)account;
    const struct range *x = a, *y = b;
    int order = compare_address(&x->last, &y->last);
    return order ? order : compare_address(&x->first, &y->first);
}

/* 0.0.0.0 has nothing before it, as :: has not. */
static bool step_back(struct chimera_network *address)
{
    static const uint8_t zero[16] = {[10] = 0xFF, [11] = 0xFF};
    return memcmp(address->address, zero, sizeof(zero)) != 0 &&
           chimera_network_step(address, false);
}

/* From the top down, joins what overlaps or is adjacent. What is left is at the end of the list,
 * from where it returns on. A network that was written as mapped is not joined: OPA keeps it apart
 * or breaks off. */
static size_t join(struct range *ranges, size_t count)
{
    size_t top = count - 1;
    for (size_t i = count - 1; i-- > 0;) {
        struct range *above = &ranges[top];
        struct chimera_network before = above->first;
        bool is_apart = above->original.was_mapped || ranges[i].original.was_mapped;
        if (!step_back(&before))
            before = above->first;
        if (is_apart || compare_address(&before, &ranges[i].last) > 0) {
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
                       const struct chimera_network *network)
{
    char address[CHIMERA_NETWORK_TEXT], text[CHIMERA_NETWORK_TEXT + 8];
    struct chimera_network shown = *network;
    int code = chimera_rego_spend(call, CHIMERA_NETWORK_PRINT_UNITS);
    if (code < 0)
        return code;
    chimera_network_narrow(&shown);
    chimera_network_print(&shown, address);
    snprintf(text, sizeof(text), "%s/%u", address, shown.prefix);
    return chimera_rego_push_string(call, networks, chimera_slice_of(text));
}

/* The fewest networks that cover a range: from its start, each as large as alignment and end allow.
 */
static int put_range(const struct chimera_rego_call *call, struct json_object *networks,
                     const struct range *range)
{
    struct chimera_network at = range->first;
    for (;;) {
        struct chimera_network block, end;
        for (at.prefix = 0;; at.prefix++) {
            block = end = at;
            chimera_network_fill_host(&block, false);
            chimera_network_fill_host(&end, true);
            if (compare_address(&block, &at) == 0 && compare_address(&end, &range->last) <= 0)
                break;
        }
        int code = chimera_rego_spend(call, at.prefix * 8);
        if (code == CHIMERA_OK)
            code = put_network(call, networks, &at);
        if (code < 0)
            return code;
        at = end;
        if (compare_address(&end, &range->last) == 0 || !chimera_network_step(&at, true))
            return CHIMERA_OK;
    }
}

static int merge(const struct chimera_rego_call *call, struct range *ranges, size_t count,
                 struct json_object *networks)
{
    int code = CHIMERA_OK;
    for (size_t i = 0; i < count && code == CHIMERA_OK; i++) {
        code = chimera_rego_spend(call, CHIMERA_NETWORK_READ_UNITS);
        if (!read_range(json_object_array_get_idx(call->args[0], i), &ranges[i]))
            return chimera_fail(call->err, CHIMERA_EINVAL, "an element is no network");
    }
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
