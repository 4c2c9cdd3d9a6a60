/* SPDX-License-Identifier: Apache-2.0 */
#include "plugins/kubernetes/settings.h"

#include <stdlib.h>
#include <string.h>

#include "runtime/base/slice.h"
#include "runtime/json/tree.h"

/* As the reference says when it has no cluster. */
#define NO_CLUSTER "kube::Client was not initialized properly"

static const struct field {
    const char *name;
    size_t at;
} fields[] = {
    {"certificate_authority", offsetof(struct kube_settings, certificate_authority)},
    {"client_certificate", offsetof(struct kube_settings, client_certificate)},
    {"client_key", offsetof(struct kube_settings, client_key)},
    {"token", offsetof(struct kube_settings, token)},
    {"token_file", offsetof(struct kube_settings, token_file)},
    {"username", offsetof(struct kube_settings, username)},
    {"password", offsetof(struct kube_settings, password)},
    {"tls_server_name", offsetof(struct kube_settings, tls_server_name)},
    {"proxy_url", offsetof(struct kube_settings, proxy_url)},
    {"as", offsetof(struct kube_settings, as)},
    {"as_uid", offsetof(struct kube_settings, as_uid)},
};

static int read_server(struct json_object *cluster, struct kube_settings *settings,
                       struct chimera_error *err)
{
    struct json_object *server = chimera_json_member(cluster, "server");
    const char *text =
        json_object_is_type(server, json_type_string) ? json_object_get_string(server) : NULL;
    struct chimera_slice url = text ? chimera_slice_of(text) : (struct chimera_slice){0};
    if (!text || !(chimera_slice_starts(url, "https://") || chimera_slice_starts(url, "http://")) ||
        strpbrk(text, "?#@ \t\r\n"))
        return chimera_fail(err, CHIMERA_EINVAL, "the cluster's server is no URL");
    while (url.size > 0 && url.data[url.size - 1] == '/')
        url.size--;
    settings->server = strndup(url.data, url.size);
    return settings->server ? CHIMERA_OK : chimera_fail_memory(err);
}

int kube_settings_read(struct json_object *all, struct kube_settings *ret_settings,
                       struct chimera_error *err)
{
    struct json_object *cluster = chimera_json_member(all, "kubernetes"), *member;
    struct json_object *limits = chimera_json_member(all, "limits");
    struct kube_settings *settings = ret_settings;
    *settings = (struct kube_settings){.bytes_max = KUBE_BYTES_DEFAULT};
    if (!cluster)
        return chimera_fail(err, CHIMERA_EINVAL, NO_CLUSTER);
    member = chimera_json_member(limits, "kubernetes_bytes");
    if (json_object_get_uint64(member) > 0)
        settings->bytes_max = json_object_get_uint64(member);
    for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
        member = chimera_json_member(cluster, fields[i].name);
        if (member && !json_object_is_type(member, json_type_string))
            return chimera_fail(err, CHIMERA_EINVAL, "the cluster's %s is no text", fields[i].name);
        if (member)
            *(const char **)(void *)((char *)settings + fields[i].at) =
                json_object_get_string(member);
    }
    settings->as_groups = chimera_json_member(cluster, "as_groups");
    settings->as_extra = chimera_json_member(cluster, "as_user_extra");
    settings->has_exec = chimera_json_member(cluster, "exec") != NULL;
    settings->is_insecure =
        json_object_get_boolean(chimera_json_member(cluster, "insecure_skip_tls_verify"));
    return read_server(cluster, settings, err);
}

void kube_settings_done(struct kube_settings *settings)
{
    free(settings->server);
    *settings = (struct kube_settings){0};
}
