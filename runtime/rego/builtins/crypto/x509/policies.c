/* SPDX-License-Identifier: Apache-2.0 */
/* Which policies hold for a whole chain: the graph of RFC 9618. Nobody asks for a policy here, so
 * this only matters where a certificate requires that there is one. */
#include "runtime/rego/builtins/crypto/base/oid.h"
#include "runtime/rego/builtins/crypto/x509/chain.h"

/* Go has no such limits; a chain beyond them is none. */
#define NODES_MAX 2048
#define EDGES_MAX 16384

struct node { /* stands for one policy at one depth */
    struct chimera_slice policy;
    struct chimera_slice mappings; /* whose subjects are expected below; empty: the policy itself */
    unsigned depth, children, parents;
    bool is_gone;
};

struct edge {
    unsigned parent, child;
};

struct graph {
    const struct chimera_rego_call *call;
    struct node nodes[NODES_MAX];
    struct edge edges[EDGES_MAX];
    unsigned node_count, edge_count, depth;
    bool is_null, is_full;
    int code;
};

/* --- The graph --- */

/* -1: there is none at that depth. */
static int find_node(struct graph *graph, unsigned depth, struct chimera_slice policy)
{
    int code = chimera_rego_spend(graph->call, graph->node_count + 1);
    if (code < 0)
        graph->code = code;
    for (unsigned i = 0; i < graph->node_count; i++)
        if (!graph->nodes[i].is_gone && graph->nodes[i].depth == depth &&
            chimera_slice_equal(graph->nodes[i].policy, policy))
            return (int)i;
    return -1;
}

static int find_any(struct graph *graph, unsigned depth)
{
    for (unsigned i = 0; i < graph->node_count; i++)
        if (!graph->nodes[i].is_gone && graph->nodes[i].depth == depth &&
            chimera_oid_is(graph->nodes[i].policy, OID_ANY_POLICY))
            return (int)i;
    return -1;
}

static void add_node(struct graph *graph, struct chimera_slice policy)
{
    graph->is_full |= graph->node_count == NODES_MAX;
    if (!graph->is_full)
        graph->nodes[graph->node_count++] = (struct node){.policy = policy, .depth = graph->depth};
}

/* From `parent` to the node that was added last. */
static void add_edge(struct graph *graph, unsigned parent)
{
    graph->is_full |= graph->edge_count == EDGES_MAX;
    if (graph->is_full)
        return;
    unsigned child = graph->node_count - 1;
    graph->edges[graph->edge_count++] = (struct edge){parent, child};
    graph->nodes[parent].children++;
    graph->nodes[child].parents++;
}

static void remove_node(struct graph *graph, unsigned index)
{
    int code = chimera_rego_spend(graph->call, graph->edge_count / 4);
    if (code < 0)
        graph->code = code;
    graph->nodes[index].is_gone = true;
    for (unsigned i = 0; i < graph->edge_count; i++) {
        if (graph->edges[i].child == index)
            graph->nodes[graph->edges[i].parent].children--;
        if (graph->edges[i].parent == index)
            graph->nodes[graph->edges[i].child].parents--;
    }
}

/* Takes off what leads nowhere, from below. */
static void prune(struct graph *graph)
{
    for (unsigned depth = graph->depth; depth-- > 1;) {
        graph->code =
            graph->code < 0 ? graph->code : chimera_rego_spend(graph->call, graph->node_count + 1);
        for (unsigned i = 0; i < graph->node_count; i++) {
            const struct node *node = &graph->nodes[i];
            if (!node->is_gone && node->depth == depth && node->children == 0)
                remove_node(graph, i);
        }
    }
}

/* --- Expected policies --- */

struct expected { /* what the mappings of one node's policy are looked through for */
    struct chimera_slice issuer, wanted;
    bool is_issuer, is_found;
};

static bool look_at_mapping(void *context, unsigned type, struct chimera_slice oid)
{
    struct expected *expected = context;
    if (type == 0)
        expected->is_issuer = chimera_slice_equal(oid, expected->issuer);
    else
        expected->is_found |= expected->is_issuer && chimera_slice_equal(oid, expected->wanted);
    return true;
}

static bool expects(struct graph *graph, const struct node *node, struct chimera_slice policy)
{
    struct expected expected = {.issuer = node->policy, .wanted = policy};
    if (!node->mappings.data)
        return chimera_slice_equal(node->policy, policy);
    int code = chimera_rego_spend(graph->call, node->mappings.size / 4);
    if (code < 0)
        graph->code = code;
    chimera_x509_each(CHIMERA_X509_POLICY_MAPPINGS, node->mappings, look_at_mapping, &expected);
    return expected.is_found;
}

/* One of the certificate's own policies. */
static bool add_policy(void *context, unsigned type, struct chimera_slice policy)
{
    struct graph *graph = context;
    unsigned parents = 0, before = graph->node_count;
    (void)type;
    graph->code = chimera_rego_spend(graph->call, before);
    if (chimera_oid_is(policy, OID_ANY_POLICY))
        return true;
    for (unsigned i = 0; i < before && !graph->is_full && graph->code == CHIMERA_OK; i++) {
        const struct node *node = &graph->nodes[i];
        if (node->is_gone || node->depth + 1 != graph->depth || !expects(graph, node, policy))
            continue;
        if (parents++ == 0)
            add_node(graph, policy);
        add_edge(graph, i);
    }
    int any = parents ? -1 : find_any(graph, graph->depth - 1);
    if (any >= 0) {
        add_node(graph, policy);
        add_edge(graph, (unsigned)any);
    }
    return !graph->is_full && graph->code == CHIMERA_OK;
}

/* A policy that is expected, and for which there is no node: the certificate allows any. */
static bool add_missing(struct graph *graph, struct chimera_slice policy)
{
    if (find_node(graph, graph->depth, policy) >= 0)
        return true;
    unsigned before = graph->node_count;
    add_node(graph, policy);
    for (unsigned i = 0; i < before && !graph->is_full && graph->code == CHIMERA_OK; i++) {
        const struct node *node = &graph->nodes[i];
        if (!node->is_gone && node->depth + 1 == graph->depth && expects(graph, node, policy))
            add_edge(graph, i);
    }
    return !graph->is_full && graph->code == CHIMERA_OK;
}

struct missing {
    struct graph *graph;
    struct chimera_slice issuer;
    bool is_issuer;
};

static bool add_subject(void *context, unsigned type, struct chimera_slice oid)
{
    struct missing *missing = context;
    if (type == 0) {
        missing->is_issuer = chimera_slice_equal(oid, missing->issuer);
        return true;
    }
    return !missing->is_issuer || add_missing(missing->graph, oid);
}

static void add_all_missing(struct graph *graph)
{
    unsigned before = graph->node_count;
    for (unsigned i = 0; i < before && !graph->is_full && graph->code == CHIMERA_OK; i++) {
        const struct node *node = &graph->nodes[i];
        struct missing missing = {.graph = graph, .issuer = node->policy};
        if (node->is_gone || node->depth + 1 != graph->depth)
            continue;
        if (node->mappings.data)
            chimera_x509_each(CHIMERA_X509_POLICY_MAPPINGS, node->mappings, add_subject, &missing);
        else
            add_missing(graph, node->policy);
    }
}

static bool is_any(void *context, unsigned type, struct chimera_slice policy)
{
    bool *has_any = context;
    (void)type;
    *has_any |= chimera_oid_is(policy, OID_ANY_POLICY);
    return true;
}

/* --- Mappings --- */

struct mapper {
    struct graph *graph;
    struct chimera_slice mappings;
    bool is_allowed, is_wrong;
};

static bool check_mapping(void *context, unsigned type, struct chimera_slice oid)
{
    struct mapper *mapper = context;
    struct graph *graph = mapper->graph;
    int leaf = type == 0 && !mapper->is_allowed ? find_node(graph, graph->depth, oid) : -1;
    mapper->is_wrong |= mapper->is_allowed && chimera_oid_is(oid, OID_ANY_POLICY);
    if (leaf >= 0)
        remove_node(graph, (unsigned)leaf);
    return graph->code == CHIMERA_OK && !mapper->is_wrong;
}

static bool apply_mapping(void *context, unsigned type, struct chimera_slice issuer)
{
    struct mapper *mapper = context;
    struct graph *graph = mapper->graph;
    if (type != 0)
        return true;
    int leaf = find_node(graph, graph->depth, issuer);
    int any = leaf < 0 ? find_any(graph, graph->depth) : -1;
    if (any >= 0) {
        add_node(graph, issuer);
        add_edge(graph, (unsigned)any);
        leaf = (int)graph->node_count - 1;
    }
    if (leaf >= 0)
        graph->nodes[leaf].mappings = mapper->mappings;
    return !graph->is_full && graph->code == CHIMERA_OK;
}

/* False when a mapping is one of any policy. */
static bool map_policies(struct graph *graph, struct chimera_slice mappings, bool is_allowed)
{
    struct mapper mapper = {.graph = graph, .mappings = mappings, .is_allowed = is_allowed};
    if (!mappings.data)
        return true;
    chimera_x509_each(CHIMERA_X509_POLICY_MAPPINGS, mappings, check_mapping, &mapper);
    prune(graph);
    if (is_allowed && !mapper.is_wrong)
        chimera_x509_each(CHIMERA_X509_POLICY_MAPPINGS, mappings, apply_mapping, &mapper);
    return !mapper.is_wrong;
}

/* --- The chain --- */

struct counters { /* certificates until it holds; 0: now */
    int64_t explicit_policy, mapping, any;
};

static void lower_to(int64_t *counter, int64_t limit)
{
    if (limit >= 0 && limit < *counter)
        *counter = limit;
}

static void count_down(struct counters *counters, const struct chimera_x509 *link)
{
    if (!chimera_slice_equal(link->issuer, link->subject)) {
        counters->explicit_policy -= counters->explicit_policy > 0;
        counters->mapping -= counters->mapping > 0;
        counters->any -= counters->any > 0;
    }
    lower_to(&counters->explicit_policy, link->require_policy);
    lower_to(&counters->mapping, link->inhibit_mapping);
    lower_to(&counters->any, link->inhibit_any);
}

/* Whether a node is left that says something: one right below any policy, or any policy itself. */
static bool is_valid_left(struct graph *graph)
{
    if (graph->is_null)
        return false;
    if (find_any(graph, graph->depth) >= 0)
        return true;
    for (unsigned i = 0; i < graph->edge_count; i++) {
        const struct node *parent = &graph->nodes[graph->edges[i].parent];
        const struct node *child = &graph->nodes[graph->edges[i].child];
        if (!child->is_gone && !parent->is_gone && child->parents == 1 &&
            !chimera_oid_is(child->policy, OID_ANY_POLICY) &&
            chimera_oid_is(parent->policy, OID_ANY_POLICY))
            return true;
    }
    return false;
}

static void take_link(struct graph *graph, const struct chimera_x509 *link, bool allows_any)
{
    struct chimera_slice policies = link->value[CHIMERA_X509_POLICIES];
    bool has_any = false;
    graph->depth++;
    chimera_x509_each(CHIMERA_X509_POLICIES, policies, add_policy, graph);
    chimera_x509_each(CHIMERA_X509_POLICIES, policies, is_any, &has_any);
    if (has_any && allows_any)
        add_all_missing(graph);
    prune(graph);
}

static bool walk(struct graph *graph, const struct chimera_x509_chain *chain)
{
    int64_t depth = (int64_t)chain->size - 1;
    struct counters counters = {depth + 1, depth + 1, depth + 1};
    for (size_t i = chain->size - 1; i-- > 0 && graph->code == CHIMERA_OK;) {
        const struct chimera_x509 *link = chain->link[i];
        bool is_self = chimera_slice_equal(link->issuer, link->subject);
        struct chimera_slice policies = link->value[CHIMERA_X509_POLICIES], inside = {0};
        chimera_der_take(&policies, CHIMERA_DER_SEQUENCE, &inside);
        graph->is_null |= inside.size == 0;
        if (counters.explicit_policy == 0 && graph->is_null)
            return false;
        if (!graph->is_null)
            take_link(graph, link, counters.any > 0 || (i > 0 && is_self));
        if (!graph->is_null && i > 0 &&
            !map_policies(graph, link->value[CHIMERA_X509_POLICY_MAPPINGS], counters.mapping > 0))
            return false;
        if (i > 0)
            count_down(&counters, link);
    }
    counters.explicit_policy -= counters.explicit_policy > 0;
    if (chain->link[0]->require_policy == 0)
        counters.explicit_policy = 0;
    return counters.explicit_policy > 0 || is_valid_left(graph);
}

int chimera_x509_check_policies(const struct chimera_rego_call *call,
                                const struct chimera_x509_chain *chain, bool *ret_is_met)
{
    *ret_is_met = chain->size <= 1;
    if (chain->size <= 1)
        return CHIMERA_OK;
    struct chimera_buffer room;
    chimera_rego_buffer(call, &room);
    struct graph *graph = (void *)chimera_buffer_reserve(&room, sizeof(*graph));
    if (!graph)
        return chimera_rego_no_memory(call);
    graph->call = call;
    graph->node_count = graph->edge_count = graph->depth = 0;
    graph->is_null = graph->is_full = false;
    graph->code = CHIMERA_OK;
    add_node(graph, (struct chimera_slice){"\x55\x1D\x20\x00", 4});
    bool is_met = walk(graph, chain);
    *ret_is_met = is_met && !graph->is_full;
    int code = graph->code;
    chimera_buffer_free(&room);
    return code;
}
