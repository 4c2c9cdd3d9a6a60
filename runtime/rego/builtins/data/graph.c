/* SPDX-License-Identifier: Apache-2.0 */
/* Builtin graph.reachable_paths: all ways from some nodes on, each until it ends or meets itself. A
 * graph has a list of neighbours a node. */
#include <stdlib.h>

#include "runtime/rego/arguments.h"
#include "runtime/rego/key.h"

struct step { /* a node of the way, and where its neighbours go on */
    struct json_object *node, *neighbours;
    size_t next;
};

struct walk {
    const struct chimera_rego_call *call;
    struct json_object *graph, *ways;
    struct step *steps; /* owned */
    size_t depth, capacity;
};

/* False: the graph does not have it, or the account has failed. *ret_neighbours is NULL for what is
 * no list. */
static bool find_node(const struct walk *walk, struct json_object *node,
                      struct json_object **ret_neighbours)
{
    struct lh_entry *entry = NULL;
    chimera_rego_find_value(walk->graph, node, walk->call->account, &entry);
    struct json_object *found = entry ? chimera_rego_entry_value(entry) : NULL;
    *ret_neighbours = json_object_is_type(found, json_type_array) ? found : NULL;
    return entry != NULL;
}

static size_t count_of(struct json_object *neighbours)
{
    return neighbours ? json_object_array_length(neighbours) : 0;
}

static int push_step(struct walk *walk, struct json_object *node, struct json_object *neighbours)
{
    const struct chimera_rego_call *call = walk->call;
    if (walk->depth == walk->capacity) {
        size_t capacity = walk->capacity ? 2 * walk->capacity : 64;
        size_t size = sizeof(*walk->steps);
        int code = chimera_account_take(call->account, capacity * size);
        struct step *steps = code < 0 ? NULL : realloc(walk->steps, capacity * size);
        if (!steps)
            return chimera_rego_no_memory(call);
        chimera_account_give_back(call->account, walk->capacity * size);
        walk->steps = steps;
        walk->capacity = capacity;
    }
    walk->steps[walk->depth++] = (struct step){.node = node, .neighbours = neighbours};
    return CHIMERA_OK;
}

/* The way as it is now, if it has a node. */
static int keep_way(const struct walk *walk)
{
    const struct chimera_rego_call *call = walk->call;
    struct json_object *way = chimera_node_array(call->account);
    int code = way ? CHIMERA_OK : chimera_rego_no_memory(call);
    for (size_t i = 0; i < walk->depth && code == CHIMERA_OK; i++)
        code = chimera_rego_push(call, way, json_object_get(walk->steps[i].node));
    if (code == CHIMERA_OK)
        return chimera_rego_push(call, walk->ways, way);
    json_object_put(way);
    return code;
}

static bool is_on_way(const struct walk *walk, struct json_object *node)
{
    chimera_account_spend(walk->call->account, 2 * walk->depth);
    for (size_t i = 0; i < walk->depth; i++) {
        if (chimera_rego_compare(walk->steps[i].node, node, walk->call->account) == 0)
            return true;
    }
    return false;
}

/* Goes on to one neighbour of the last step: what ends there is a way. OPA lets a start be its own
 * neighbour once. */
static int visit(struct walk *walk, struct json_object *node)
{
    struct json_object *neighbours;
    if (walk->depth > 1 && is_on_way(walk, node))
        return keep_way(walk);
    if (!find_node(walk, node, &neighbours))
        return walk->depth > 0 ? keep_way(walk) : CHIMERA_OK;
    int code = push_step(walk, node, neighbours);
    if (code == CHIMERA_OK && count_of(neighbours) == 0) {
        code = keep_way(walk);
        walk->depth--;
    }
    return code;
}

static int walk_from(struct walk *walk, struct json_object *node)
{
    int code = visit(walk, node);
    while (code == CHIMERA_OK && walk->depth > 0) {
        struct step *step = &walk->steps[walk->depth - 1];
        code = chimera_rego_spend(walk->call, 4);
        if (step->next == count_of(step->neighbours))
            walk->depth--;
        else if (code == CHIMERA_OK)
            code = visit(walk, json_object_array_get_idx(step->neighbours, step->next++));
    }
    return code;
}

int chimera_rego_reachable_paths(const struct chimera_rego_call *call,
                                 struct json_object **ret_result)
{
    struct walk walk = {.call = call, .graph = call->args[0]};
    int code = chimera_rego_want(call, 0, CHIMERA_REGO_OBJECT);
    if (code == CHIMERA_OK && !json_object_is_type(call->args[1], json_type_array))
        code = chimera_fail(call->err, CHIMERA_EINVAL, "operand 2 must be {array, set} but got %s",
                            chimera_rego_type_name(chimera_rego_type_of(call->args[1])));
    if (code < 0)
        return code;
    walk.ways = chimera_node_array(call->account);
    if (!walk.ways)
        return chimera_rego_no_memory(call);
    for (size_t i = 0; i < json_object_array_length(call->args[1]) && code == CHIMERA_OK; i++) {
        code = chimera_rego_spend(call, 4);
        if (code == CHIMERA_OK)
            code = walk_from(&walk, json_object_array_get_idx(call->args[1], i));
    }
    chimera_account_give_back(call->account, walk.capacity * sizeof(*walk.steps));
    free(walk.steps);
    return chimera_rego_finish_set(call, code, walk.ways, ret_result);
}
