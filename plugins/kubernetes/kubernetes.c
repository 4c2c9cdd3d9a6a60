/* SPDX-License-Identifier: Apache-2.0 */
/* kubernetes.c - the cluster's objects, and questions to its API server, for policies: the
 * provider's entry. docs/internals/cluster.md has the whole picture.
 */
#include <inttypes.h>
#include <stdlib.h>

#include "plugins/kubernetes/lookup.h"
#include "plugins/kubernetes/queries.h"
#include "runtime/json/tree.h"

#define KEEP_MS 5000 /* guest-abis.md §5.2 */

extern const struct chimera_provider chimera_provider;

struct cluster {
    struct kube_network network;
    struct kube_discovery discovery;
    struct kube_queries queries;
    struct kube_budget budget;
};

/* NULL: null, or not there. */
static const char *text_of(struct json_object *fields, const char *name)
{
    struct json_object *value = chimera_json_member(fields, name);
    return json_object_is_type(value, json_type_string) ? json_object_get_string(value) : NULL;
}

static int list(struct cluster *cluster, const struct chimera_host_request *request,
                uint64_t deadline_ns, struct chimera_provider_answer *answer,
                struct chimera_error *err)
{
    struct json_object *fields = request->fields;
    struct kube_query_what what = {.name_space = request->kind == CHIMERA_ASK_LIST_NAMESPACE
                                                     ? text_of(fields, "namespace")
                                                     : NULL,
                                   .label_selector = text_of(fields, "label_selector"),
                                   .field_selector = text_of(fields, "field_selector"),
                                   .masks = chimera_json_member(fields, "field_masks")};
    int code = kube_discovery_find(&cluster->discovery, text_of(fields, "api_version"),
                                   text_of(fields, "kind"), deadline_ns, &what.resource, err);
    if (code < 0)
        return code;
    if (what.name_space && !what.resource.is_namespaced)
        return chimera_fail(err, CHIMERA_EINVAL,
                            "resource %s/%s is cluster wide. Cannot search for it inside of a "
                            "namespace",
                            what.resource.api_version, what.resource.kind);
    if (what.name_space && !kube_is_path_name(chimera_slice_of(what.name_space)))
        return chimera_fail(err, CHIMERA_EINVAL, "'%.100s' cannot be a namespace", what.name_space);
    return kube_queries_answer(&cluster->queries, &what, deadline_ns, answer, err);
}

static int plural(struct cluster *cluster, const struct chimera_host_request *request,
                  uint64_t deadline_ns, struct chimera_buffer *out, struct chimera_error *err)
{
    struct kube_resource resource;
    int code = kube_discovery_find(&cluster->discovery, text_of(request->fields, "api_version"),
                                   text_of(request->fields, "kind"), deadline_ns, &resource, err);
    if (code == CHIMERA_OK)
        chimera_json_write_string(chimera_slice_of(resource.plural), out);
    return code;
}

static int answer_request(struct cluster *cluster, const struct chimera_host_request *request,
                          uint64_t deadline_ns, struct chimera_provider_answer *answer,
                          struct chimera_error *err)
{
    struct json_object *fields = request->fields;
    int code;
    switch (request->kind) {
    case CHIMERA_ASK_LIST_ALL:
    case CHIMERA_ASK_LIST_NAMESPACE:
        return list(cluster, request, deadline_ns, answer, err);
    case CHIMERA_ASK_GET:
        code = kube_lookup_object(&cluster->discovery, request, deadline_ns, &answer->text, err);
        break;
    case CHIMERA_ASK_PLURAL:
        code = plural(cluster, request, deadline_ns, &answer->text, err);
        break;
    case CHIMERA_ASK_CAN_I:
        code = kube_lookup_access(&cluster->discovery, chimera_json_member(fields, "request"),
                                  deadline_ns, &answer->text, err);
        break;
    default:
        return chimera_fail(err, CHIMERA_EINVAL, "the cluster is not asked for that");
    }
    if (code == CHIMERA_OK && answer->text.failed)
        code = chimera_fail(err, CHIMERA_ELIMIT, "the API server's answer is too large");
    if (code == CHIMERA_OK &&
        !json_object_get_boolean(chimera_json_member(fields, "disable_cache")))
        answer->keep_ms = KEEP_MS;
    return code;
}

static void call_cluster(void *self, const struct chimera_host_request *request,
                         uint64_t deadline_ns, struct chimera_provider_answer *answer)
{
    struct chimera_error err = {0};
    if (answer_request(self, request, deadline_ns, answer, &err) == CHIMERA_OK)
        return;
    answer->is_error = true;
    chimera_buffer_reset(&answer->text);
    chimera_buffer_text(&answer->text, err.text);
}

/* --- Life --- */

static void close_cluster(void *self)
{
    struct cluster *cluster = self;
    kube_network_stop(&cluster->network);
    kube_queries_close(&cluster->queries);
    kube_discovery_close(&cluster->discovery);
    kube_network_close(&cluster->network);
    free(cluster);
}

static int open_cluster(const struct chimera_provider_host *host, void **ret_self,
                        struct chimera_error *err)
{
    struct cluster *cluster = calloc(1, sizeof(*cluster));
    if (!cluster)
        return chimera_fail_memory(err);
    struct json_object *idle =
        chimera_json_member(chimera_json_member(host->settings, "limits"), "kubernetes_idle_ms");
    struct kube_query_home home = {.network = &cluster->network,
                                   .discovery = &cluster->discovery,
                                   .budget = &cluster->budget,
                                   .versions = host->versions,
                                   .idle_ms = idle ? json_object_get_int64(idle) : KUBE_IDLE_MS};
    kube_queries_open(&cluster->queries, &home);
    int code = kube_discovery_open(&cluster->discovery, &cluster->network, err);
    if (code == CHIMERA_OK)
        code = kube_network_open(&cluster->network, host, err);
    cluster->budget.limit = cluster->network.server.settings.bytes_max;
    if (code < 0)
        close_cluster(cluster);
    else
        *ret_self = cluster;
    return code;
}

static void count_cluster(void *self, struct chimera_buffer *out)
{
    struct cluster *cluster = self;
    kube_queries_count(&cluster->queries, out);
    chimera_buffer_print(out,
                         "# HELP chimera_kubernetes_used_bytes Memory of all objects and answers\n"
                         "# TYPE chimera_kubernetes_used_bytes gauge\n"
                         "chimera_kubernetes_used_bytes %" PRIu64 "\n"
                         "# HELP chimera_kubernetes_limit_bytes What they may use\n"
                         "# TYPE chimera_kubernetes_limit_bytes gauge\n"
                         "chimera_kubernetes_limit_bytes %" PRIu64 "\n",
                         cluster->budget.used, cluster->budget.limit);
}

__attribute__((visibility("default")))
const struct chimera_provider chimera_provider = {.abi = CHIMERA_PROVIDER_ABI,
                                                  .name = "kubernetes",
                                                  .open = open_cluster,
                                                  .call = call_cluster,
                                                  .count = count_cluster,
                                                  .close = close_cluster};
