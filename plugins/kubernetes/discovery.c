/* SPDX-License-Identifier: Apache-2.0 */
#include "plugins/kubernetes/discovery.h"

#include <stdio.h>
#include <stdlib.h>

#include "plugins/kubernetes/direct.h"
#include "runtime/base/clock.h"
#include "runtime/json/shape.h"

#define KNOWN_MS 600000
#define UNKNOWN_MS 1000 /* a failure is kept no longer: its definition may come any time */

enum { NAME, KIND, NAMESPACED, FIELDS };
static const struct chimera_shape_field fields[FIELDS] = {
    [NAME] = {{"name", 4}, CHIMERA_SHAPE_STRING},
    [KIND] = {{"kind", 4}, CHIMERA_SHAPE_STRING},
    [NAMESPACED] = {{"namespaced", 10}, CHIMERA_SHAPE_BOOL}};
static const struct chimera_shape shape = {
    .name = "APIResource", .field = fields, .count = FIELDS, .is_lenient = true};

enum { RESOURCES, LIST_FIELDS };
static const struct chimera_shape_field list_fields[LIST_FIELDS] = {
    [RESOURCES] = {{"resources", 9}, CHIMERA_SHAPE_STRUCTS, .shape = &shape}};
static const struct chimera_shape list_shape = {
    .name = "APIResourceList", .field = list_fields, .count = LIST_FIELDS, .is_lenient = true};

int kube_discovery_open(struct kube_discovery *discovery, struct kube_network *network,
                        struct chimera_error *err)
{
    discovery->network = network;
    pthread_cond_init(&discovery->answered, NULL);
    pthread_mutex_init(&discovery->lock, NULL);
    discovery->known = calloc(KUBE_DISCOVERY_ENTRIES, sizeof(*discovery->known));
    return discovery->known ? CHIMERA_OK : chimera_fail_memory(err);
}

void kube_discovery_close(struct kube_discovery *discovery)
{
    for (unsigned i = 0; discovery->known && i < KUBE_DISCOVERY_ENTRIES; i++)
        free(discovery->known[i].failure);
    free(discovery->known);
    pthread_cond_destroy(&discovery->answered);
    pthread_mutex_destroy(&discovery->lock);
}

/* Groups, versions and plurals: lower case, digits, `-` and `.`. */
static bool is_label(struct chimera_slice text)
{
    for (size_t i = 0; i < text.size; i++) {
        char byte = text.data[i];
        if (!((byte >= 'a' && byte <= 'z') || (byte >= '0' && byte <= '9') || byte == '-' ||
              byte == '.'))
            return false;
    }
    return text.size > 0 && text.size < KUBE_NAME_MAX && !chimera_slice_is(text, ".") &&
           !chimera_slice_is(text, "..");
}

bool kube_is_path_name(struct chimera_slice name)
{
    for (size_t i = 0; i < name.size; i++)
        if (name.data[i] == '/' || name.data[i] == '%' || (unsigned char)name.data[i] <= ' ')
            return false;
    return name.size > 0 && name.size < KUBE_NAME_MAX && !chimera_slice_is(name, ".") &&
           !chimera_slice_is(name, "..");
}

int kube_resource_path(const struct kube_resource *resource, const char *name_space,
                       struct chimera_buffer *out)
{
    bool is_core = strcmp(resource->api_version, "v1") == 0;
    chimera_buffer_print(out, "/%s/%s", is_core ? "api" : "apis", resource->api_version);
    if (name_space) {
        chimera_buffer_text(out, "/namespaces/");
        kube_escape(out, chimera_slice_of(name_space));
    }
    chimera_buffer_print(out, "/%s", resource->plural);
    return out->failed;
}

static int check_version(const char *api_version, const char *kind, struct chimera_error *err)
{
    const char *slash = strchr(api_version, '/');
    struct chimera_slice group = {api_version, slash ? (size_t)(slash - api_version) : 0};
    if (strlen(kind) >= KUBE_NAME_MAX)
        return chimera_fail(err, CHIMERA_EINVAL, "Cannot find resource %.40s/%.40s…", api_version,
                            kind);
    if (strcmp(api_version, "v1") == 0)
        return CHIMERA_OK;
    if (!slash || !is_label(group) || !is_label(chimera_slice_of(slash + 1)))
        return chimera_fail(err, CHIMERA_EINVAL, "cannot determine group and version for %.300s",
                            api_version);
    return CHIMERA_OK;
}

/* The first whose kind matches; what is below another resource (pods/log) is none of its own. */
static int find_in(struct chimera_slice body, struct kube_resource *resource,
                   struct chimera_error *err)
{
    struct chimera_scan scan;
    struct chimera_slice list[LIST_FIELDS] = {0};
    if (!chimera_shape_read_all(&scan, body, &list_shape, list))
        return chimera_scan_report(&scan, err);
    chimera_scan_init(&scan, list[RESOURCES]);
    chimera_scan_peek(&scan);
    bool is_open = chimera_scan_open(&scan);
    for (bool is_first = true; is_open && chimera_scan_next_element(&scan, is_first) > 0;
         is_first = false) {
        struct chimera_slice value[FIELDS] = {0};
        char kind[KUBE_NAME_MAX];
        if (!chimera_shape_read(&scan, &shape, value))
            break;
        kube_status_text(value[KIND], kind, sizeof(kind));
        kube_status_text(value[NAME], resource->plural, sizeof(resource->plural));
        if (strcmp(kind, resource->kind) != 0 || !is_label(chimera_slice_of(resource->plural)))
            continue;
        resource->is_namespaced = chimera_slice_is(value[NAMESPACED], "true");
        return CHIMERA_OK;
    }
    return chimera_fail(err, CHIMERA_EREFUSED, "Cannot find resource %s/%s", resource->api_version,
                        resource->kind);
}

/* *ret_is_known: the API server has told whether there is such a kind, so that can be kept. */
static int ask(struct kube_network *network, uint64_t deadline_ns, struct kube_resource *resource,
               bool *ret_is_known, struct chimera_error *err)
{
    char path[sizeof(resource->api_version) + 8];
    struct kube_direct_answer answer;
    struct chimera_error lost = {0};
    bool is_core = strcmp(resource->api_version, "v1") == 0;
    snprintf(path, sizeof(path), "/%s/%s", is_core ? "api" : "apis", resource->api_version);
    int code = kube_direct_ask(network, path, NULL, deadline_ns, &answer, &lost);
    *ret_is_known = false;
    if (code < 0)
        return chimera_fail(err, code, "error finding resource %s / %s: %.600s",
                            resource->api_version, resource->kind, lost.text);
    if (answer.http_code / 100 != 2)
        code = chimera_fail(err, CHIMERA_EREFUSED, "error finding resource %s / %s: %s",
                            resource->api_version, resource->kind, answer.status.message);
    else
        code = find_in(chimera_buffer_slice(&answer.body), resource, err);
    *ret_is_known = answer.http_code / 100 == 2 || answer.http_code == 404;
    kube_direct_answer_done(&answer);
    return code;
}

/* With the lock; NULL: not known, or not any more. */
static struct kube_known *find_known(struct kube_discovery *discovery, const char *api_version,
                                     const char *kind)
{
    int64_t now_ms = chimera_clock_ms();
    for (unsigned i = 0; i < KUBE_DISCOVERY_ENTRIES; i++) {
        struct kube_known *known = &discovery->known[i];
        if (known->until_ms > now_ms && strcmp(known->resource.kind, kind) == 0 &&
            strcmp(known->resource.api_version, api_version) == 0)
            return known;
    }
    return NULL;
}

/* With the lock. */
static void keep(struct kube_discovery *discovery, const struct kube_resource *resource,
                 const char *failure)
{
    struct kube_known *known = find_known(discovery, resource->api_version, resource->kind);
    if (!known) {
        known = &discovery->known[discovery->next];
        discovery->next = (discovery->next + 1) % KUBE_DISCOVERY_ENTRIES;
    }
    free(known->failure);
    known->resource = *resource;
    known->failure = failure ? strdup(failure) : NULL;
    int64_t keep_ms = !failure ? KNOWN_MS : known->failure ? UNKNOWN_MS : 0;
    known->until_ms = chimera_clock_ms() + keep_ms;
}

struct kube_asking {
    struct kube_asking *next;
    const char *api_version, *kind;
};

static bool is_asked_for(const struct kube_discovery *discovery, const char *api_version,
                         const char *kind)
{
    const struct kube_asking *asking = discovery->asking;
    while (asking &&
           (strcmp(asking->kind, kind) != 0 || strcmp(asking->api_version, api_version) != 0))
        asking = asking->next;
    return asking != NULL;
}

/* Asks, once for all who want to know; with the lock, which is let go meanwhile. */
static int ask_once(struct kube_discovery *discovery, struct kube_resource *resource,
                    uint64_t deadline_ns, struct chimera_error *err)
{
    struct kube_asking asking = {discovery->asking, resource->api_version, resource->kind};
    struct kube_asking **at = &discovery->asking;
    struct chimera_error why = {0};
    bool is_known = false;
    discovery->asking = &asking;
    pthread_mutex_unlock(&discovery->lock);
    int code = ask(discovery->network, deadline_ns, resource, &is_known, &why);
    pthread_mutex_lock(&discovery->lock);
    while (*at != &asking)
        at = &(*at)->next;
    *at = asking.next;
    if (is_known)
        keep(discovery, resource, code < 0 ? why.text : NULL);
    pthread_cond_broadcast(&discovery->answered);
    return code < 0 ? chimera_fail(err, code, "%s", why.text) : code;
}

int kube_discovery_find(struct kube_discovery *discovery, const char *api_version, const char *kind,
                        uint64_t deadline_ns, struct kube_resource *ret_resource,
                        struct chimera_error *err)
{
    const struct kube_known *known = NULL;
    bool is_in_time = true;
    int code = check_version(api_version, kind, err);
    if (code < 0)
        return code;
    pthread_mutex_lock(&discovery->lock);
    while (!(known = find_known(discovery, api_version, kind)) && is_in_time &&
           is_asked_for(discovery, api_version, kind))
        is_in_time = chimera_clock_await(&discovery->answered, &discovery->lock, deadline_ns);
    if (!known) {
        memset(ret_resource, 0, sizeof(*ret_resource));
        memcpy(ret_resource->api_version, api_version, strlen(api_version)); /* as checked */
        memcpy(ret_resource->kind, kind, strlen(kind));
        code = ask_once(discovery, ret_resource, deadline_ns, err);
    } else if (known->failure) {
        code = chimera_fail(err, CHIMERA_EREFUSED, "%s", known->failure);
    } else {
        *ret_resource = known->resource;
    }
    pthread_mutex_unlock(&discovery->lock);
    return code;
}

void kube_discovery_forget(struct kube_discovery *discovery, const struct kube_resource *resource)
{
    pthread_mutex_lock(&discovery->lock);
    struct kube_known *known = find_known(discovery, resource->api_version, resource->kind);
    if (known)
        known->until_ms = 0;
    pthread_mutex_unlock(&discovery->lock);
}
