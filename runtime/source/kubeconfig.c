/* SPDX-License-Identifier: Apache-2.0 */
/* Names and rules of kubectl's files: "Organizing Cluster Access Using kubeconfig Files" and the
 * reference "Client Configuration (v1)" of Kubernetes' documentation. */
#include "runtime/source/kubeconfig.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "runtime/base/base64.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/file.h"
#include "runtime/json/tree.h"
#include "runtime/yaml/yaml.h"

#define FILE_MAX ((size_t)4 << 20)
#define POD_FOLDER "/var/run/secrets/kubernetes.io/serviceaccount"
#define NO_CLUSTER                                                             \
    "no cluster is known: there is no $KUBECONFIG, no ~/.kube/config, and no " \
    "$KUBERNETES_SERVICE_HOST, as a Pod has it"

static const char *const lists[] = {"clusters", "users", "contexts"};

/* NULL: it is not there, or no text. */
static const char *text_of(struct json_object *object, const char *name)
{
    struct json_object *value = chimera_json_member(object, name);
    return json_object_is_type(value, json_type_string) ? json_object_get_string(value) : NULL;
}

static int add_text(struct json_object *to, const char *name, const char *text)
{
    struct json_object *value = json_object_new_string(text);
    return value && json_object_object_add(to, name, value) == 0 ? CHIMERA_OK : CHIMERA_ENOMEM;
}

/* --- Files into one --- */

/* Makes the path of a member absolute: it counts from the folder of the file that says it. */
static void resolve(struct json_object *object, const char *name, const char *file)
{
    const char *path = text_of(object, name), *slash = strrchr(file, '/');
    if (!path || !path[0] || path[0] == '/' || !slash)
        return;
    char *whole = NULL;
    if (asprintf(&whole, "%.*s/%s", (int)(slash - file), file, path) < 0)
        return;
    add_text(object, name, whole);
    free(whole);
}

static void resolve_all(struct json_object *entry, const char *file)
{
    static const char *const of_users[] = {"client-certificate", "client-key", "tokenFile"};
    struct json_object *user = chimera_json_member(entry, "user");
    resolve(chimera_json_member(entry, "cluster"), "certificate-authority", file);
    for (size_t i = 0; i < sizeof(of_users) / sizeof(of_users[0]); i++)
        resolve(user, of_users[i], file);
    struct json_object *exec = chimera_json_member(user, "exec");
    const char *command = text_of(exec, "command");
    if (command && strchr(command, '/')) /* else it is searched for */
        resolve(exec, "command", file);
}

static struct json_object *find_named(struct json_object *list, const char *name)
{
    size_t count = json_object_is_type(list, json_type_array) ? json_object_array_length(list) : 0;
    for (size_t i = 0; i < count; i++) {
        struct json_object *entry = json_object_array_get_idx(list, i);
        const char *other = text_of(entry, "name");
        if (other && strcmp(other, name) == 0)
            return entry;
    }
    return NULL;
}

/* What is said in `next` and not yet in `all`. */
static int merge(struct json_object *all, struct json_object *next, const char *file,
                 struct chimera_error *err)
{
    if (!json_object_is_type(next, json_type_object))
        return chimera_fail(err, CHIMERA_EINVAL, "%s: it is no kubeconfig", file);
    const char *current = text_of(next, "current-context");
    if (current && current[0] && !text_of(all, "current-context"))
        add_text(all, "current-context", current);
    for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++) {
        struct json_object *from = chimera_json_member(next, lists[i]);
        struct json_object *to = chimera_json_member(all, lists[i]);
        if (from && !json_object_is_type(from, json_type_array))
            return chimera_fail(err, CHIMERA_EINVAL, "%s: %s is no list", file, lists[i]);
        size_t count = from ? json_object_array_length(from) : 0;
        for (size_t j = 0; j < count; j++) {
            struct json_object *entry = json_object_array_get_idx(from, j);
            const char *name = text_of(entry, "name");
            if (!name)
                return chimera_fail(err, CHIMERA_EINVAL, "%s: an entry of %s has no name", file,
                                    lists[i]);
            if (find_named(to, name))
                continue;
            resolve_all(entry, file);
            json_object_array_add(to, json_object_get(entry));
        }
    }
    return CHIMERA_OK;
}

static int merge_file(struct json_object *all, const char *file, struct chimera_error *err)
{
    static const struct chimera_yaml_options options = {.is_stream = true};
    CHIMERA_JSON struct json_object *documents = NULL;
    struct chimera_error why = {0};
    struct chimera_buffer text;
    chimera_buffer_init(&text, FILE_MAX);
    int code = chimera_file_read(file, &text, err);
    if (code == CHIMERA_OK) {
        code = chimera_yaml_parse(chimera_buffer_slice(&text), &options, &documents, &why);
        if (code < 0)
            chimera_fail(err, CHIMERA_EINVAL, "%s: %s", file, why.text);
    }
    chimera_buffer_free(&text);
    size_t count = code == CHIMERA_OK ? json_object_array_length(documents) : 0;
    for (size_t i = 0; i < count && code == CHIMERA_OK; i++) {
        struct json_object *document = json_object_array_get_idx(documents, i);
        if (document) /* an empty one says nothing */
            code = merge(all, document, file, err);
    }
    return code;
}

/* --- One of it --- */

/* Copies a text of the file into what is made of it; another type is refused. */
static int take_text(struct json_object *from, const char *name, struct json_object *to,
                     const char *as, struct chimera_error *err)
{
    struct json_object *value = chimera_json_member(from, name);
    if (!value ||
        (json_object_is_type(value, json_type_string) && json_object_get_string_len(value) == 0))
        return CHIMERA_OK;
    if (!json_object_is_type(value, json_type_string))
        return chimera_fail(err, CHIMERA_EINVAL, "%s is no text", name);
    const char *text = json_object_get_string(value);
    if (strlen(text) != (size_t)json_object_get_string_len(value))
        return chimera_fail(err, CHIMERA_EINVAL, "%s has a NUL in it", name);
    return add_text(to, as, text) < 0 ? chimera_fail_memory(err) : CHIMERA_OK;
}

static int add_pem(struct json_object *to, const char *as, struct chimera_buffer *pem,
                   const char *name, struct chimera_error *err)
{
    if (!memmem(pem->data, pem->size, "-----BEGIN ", 11) || memchr(pem->data, 0, pem->size))
        return chimera_fail(err, CHIMERA_EINVAL, "%s is no PEM", name);
    chimera_buffer_byte(pem, 0);
    return pem->failed || add_text(to, as, pem->data) < 0 ? chimera_fail_memory(err) : CHIMERA_OK;
}

/* NAME-data, in Base64, else the file NAME. */
static int take_pem(struct json_object *from, const char *name, struct json_object *to,
                    const char *as, struct chimera_error *err)
{
    char data_name[64];
    snprintf(data_name, sizeof(data_name), "%s-data", name);
    const char *data = text_of(from, data_name), *file = text_of(from, name);
    struct chimera_buffer pem;
    int code = CHIMERA_OK;
    if (!(data && data[0]) && !(file && file[0]))
        return CHIMERA_OK;
    chimera_buffer_init(&pem, FILE_MAX);
    if (data && data[0]) {
        struct chimera_slice text = chimera_slice_trim(chimera_slice_of(data));
        char *room = chimera_buffer_reserve(&pem, chimera_base64_decoded_max(text.size));
        if (!room)
            code = chimera_fail_memory(err);
        else if (!chimera_base64_decode(text, CHIMERA_BASE64_STANDARD, room, &pem.size))
            code = chimera_fail(err, CHIMERA_EINVAL, "%s is no Base64", data_name);
    } else {
        code = chimera_file_read(file, &pem, err);
    }
    if (code == CHIMERA_OK)
        code = add_pem(to, as, &pem, data && data[0] ? data_name : file, err);
    chimera_buffer_free(&pem);
    return code;
}

/* Who to act as. */
static int take_impersonation(struct json_object *user, struct json_object *to,
                              struct chimera_error *err)
{
    struct json_object *groups = chimera_json_member(user, "as-groups");
    struct json_object *extra = chimera_json_member(user, "as-user-extra");
    int code = take_text(user, "as", to, "as", err);
    if (code == CHIMERA_OK)
        code = take_text(user, "as-uid", to, "as_uid", err);
    if (code == CHIMERA_OK && groups && !chimera_json_are_texts(groups))
        code = chimera_fail(err, CHIMERA_EINVAL, "as-groups is no list of texts");
    if (code == CHIMERA_OK && groups)
        json_object_object_add(to, "as_groups", json_object_get(groups));
    if (code < 0 || !extra)
        return code;
    if (!json_object_is_type(extra, json_type_object))
        return chimera_fail(err, CHIMERA_EINVAL, "as-user-extra is no map");
    json_object_object_foreach(extra, key, values)
    {
        if (!chimera_json_are_texts(values))
            return chimera_fail(err, CHIMERA_EINVAL, "as-user-extra: %s is no list of texts", key);
    }
    json_object_object_add(to, "as_user_extra", json_object_get(extra));
    return CHIMERA_OK;
}

static int take_user(struct json_object *user, struct json_object *to, struct chimera_error *err)
{
    static const char *const texts[][2] = {{"token", "token"},
                                           {"tokenFile", "token_file"},
                                           {"username", "username"},
                                           {"password", "password"}};
    int code = CHIMERA_OK;
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]) && code == CHIMERA_OK; i++)
        code = take_text(user, texts[i][0], to, texts[i][1], err);
    if (code == CHIMERA_OK)
        code = take_pem(user, "client-certificate", to, "client_certificate", err);
    if (code == CHIMERA_OK)
        code = take_pem(user, "client-key", to, "client_key", err);
    if (code == CHIMERA_OK)
        code = take_impersonation(user, to, err);
    struct json_object *exec = chimera_json_member(user, "exec");
    if (code == CHIMERA_OK && exec && !text_of(exec, "command"))
        code = chimera_fail(err, CHIMERA_EINVAL, "exec has no command");
    if (code == CHIMERA_OK && exec)
        json_object_object_add(to, "exec", json_object_get(exec));
    if (code == CHIMERA_OK && chimera_json_member(user, "auth-provider"))
        code = chimera_fail(err, CHIMERA_EINVAL,
                            "auth-provider has left Kubernetes: exec has taken its place");
    if (code == CHIMERA_OK && !text_of(to, "client_certificate") != !text_of(to, "client_key"))
        code = chimera_fail(err, CHIMERA_EINVAL,
                            "client-certificate and client-key go together: one of them is there");
    return code;
}

static int take_cluster(struct json_object *cluster, struct json_object *to,
                        struct chimera_error *err)
{
    struct json_object *insecure = chimera_json_member(cluster, "insecure-skip-tls-verify");
    const char *proxy = getenv("HTTPS_PROXY"); /* what the file does not say; as the reference */
    proxy = proxy && proxy[0] ? proxy : getenv("https_proxy");
    if (!text_of(cluster, "server"))
        return chimera_fail(err, CHIMERA_EINVAL, "it has no server");
    if (insecure && !json_object_is_type(insecure, json_type_boolean))
        return chimera_fail(err, CHIMERA_EINVAL, "insecure-skip-tls-verify is not true or false");
    int code = take_text(cluster, "server", to, "server", err);
    if (code == CHIMERA_OK)
        code = take_text(cluster, "tls-server-name", to, "tls_server_name", err);
    if (code == CHIMERA_OK)
        code = take_text(cluster, "proxy-url", to, "proxy_url", err);
    if (code == CHIMERA_OK && proxy && proxy[0] && !text_of(to, "proxy_url"))
        code = add_text(to, "proxy_url", proxy);
    if (code == CHIMERA_OK)
        code = take_pem(cluster, "certificate-authority", to, "certificate_authority", err);
    if (code == CHIMERA_OK && json_object_get_boolean(insecure))
        json_object_object_add(to, "insecure_skip_tls_verify", json_object_new_boolean(true));
    /* What a program for credentials may be told of the cluster. */
    struct json_object *extensions = chimera_json_member(cluster, "extensions");
    struct json_object *extension = find_named(extensions, "client.authentication.k8s.io/exec");
    if (code == CHIMERA_OK && chimera_json_member(extension, "extension"))
        json_object_object_add(to, "exec_config",
                               json_object_get(chimera_json_member(extension, "extension")));
    return code;
}

/* The part of that kind and name, or a refusal that tells it. */
static int find_part(struct json_object *all, const char *list, const char *member,
                     const char *name, struct json_object **ret_part)
{
    struct json_object *entry = find_named(chimera_json_member(all, list), name);
    *ret_part = chimera_json_member(entry, member);
    return json_object_is_type(*ret_part, json_type_object) ? CHIMERA_OK : CHIMERA_EINVAL;
}

static int take_context(struct json_object *all, const char *name, struct json_object *to,
                        struct chimera_error *err)
{
    struct json_object *context = NULL, *cluster = NULL, *user = NULL;
    struct chimera_error why = {0};
    if (find_part(all, "contexts", "context", name, &context) < 0)
        return chimera_fail(err, CHIMERA_EINVAL, "there is no context '%s'", name);
    const char *cluster_name = text_of(context, "cluster"), *user_name = text_of(context, "user");
    if (!cluster_name || find_part(all, "clusters", "cluster", cluster_name, &cluster) < 0)
        return chimera_fail(err, CHIMERA_EINVAL, "context '%s': there is no cluster '%s'", name,
                            cluster_name ? cluster_name : "");
    int code = take_cluster(cluster, to, &why);
    if (code < 0)
        return chimera_fail(err, code, "cluster '%s': %s", cluster_name, why.text);
    if (!user_name || !user_name[0])
        return CHIMERA_OK;
    if (find_part(all, "users", "user", user_name, &user) < 0)
        return chimera_fail(err, CHIMERA_EINVAL, "context '%s': there is no user '%s'", name,
                            user_name);
    code = take_user(user, to, &why);
    return code < 0 ? chimera_fail(err, code, "user '%s': %s", user_name, why.text) : code;
}

static int make(struct json_object *all, const char *paths, const char *context,
                struct json_object **ret_cluster, struct chimera_error *err)
{
    struct chimera_error why = {0};
    if (!context)
        context = text_of(all, "current-context");
    if (!context)
        return chimera_fail(err, CHIMERA_EINVAL, "%s: there is no current-context", paths);
    struct json_object *cluster = json_object_new_object();
    if (!cluster)
        return chimera_fail_memory(err);
    int code = take_context(all, context, cluster, &why);
    if (code == CHIMERA_OK)
        code = add_text(cluster, "origin", paths);
    if (code < 0) {
        json_object_put(cluster);
        return chimera_fail(err, code, "%s: %s", paths,
                            why.code ? why.text : chimera_code_text(code));
    }
    *ret_cluster = cluster;
    return CHIMERA_OK;
}

int chimera_kubeconfig_files(const char *paths, const char *context,
                             struct json_object **ret_cluster, struct chimera_error *err)
{
    CHIMERA_JSON struct json_object *all = json_object_new_object();
    CHIMERA_FREE char *copy = strdup(paths);
    bool is_any = false;
    if (!all || !copy)
        return chimera_fail_memory(err);
    for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++)
        json_object_object_add(all, lists[i], json_object_new_array());
    for (char *rest = copy, *path; (path = strsep(&rest, ":"));) {
        if (!path[0] || (access(path, F_OK) != 0 && errno == ENOENT))
            continue; /* as kubectl does */
        int code = merge_file(all, path, err);
        if (code < 0)
            return code;
        is_any = true;
    }
    if (!is_any)
        return chimera_fail(err, CHIMERA_EINVAL, "%s: there is no such file", paths);
    return make(all, paths, context, ret_cluster, err);
}

/* --- As a Pod --- */

static int pod_server(const char *host, const char *port, struct json_object *to,
                      struct chimera_error *err)
{
    char *server = NULL;
    bool is_v6 = strchr(host, ':') && host[0] != '[';
    if (!port[0] || strspn(port, "0123456789") != strlen(port) || strlen(port) > 5)
        return chimera_fail(err, CHIMERA_EINVAL, "$KUBERNETES_SERVICE_PORT is no port: %s", port);
    if (asprintf(&server, "https://%s%s%s:%s", is_v6 ? "[" : "", host, is_v6 ? "]" : "", port) < 0)
        return chimera_fail_memory(err);
    int code = add_text(to, "server", server);
    free(server);
    return code < 0 ? chimera_fail_memory(err) : CHIMERA_OK;
}

int chimera_kubeconfig_pod(const char *folder, const char *host, const char *port,
                           struct json_object **ret_cluster, struct chimera_error *err)
{
    CHIMERA_FREE char *token = chimera_path_join(folder, "token");
    CHIMERA_FREE char *authority = chimera_path_join(folder, "ca.crt");
    struct json_object *cluster = json_object_new_object();
    struct chimera_buffer pem;
    if (!token || !authority || !cluster) {
        json_object_put(cluster);
        return chimera_fail_memory(err);
    }
    chimera_buffer_init(&pem, FILE_MAX);
    int code = pod_server(host, port, cluster, err);
    if (code == CHIMERA_OK)
        code = chimera_file_read(authority, &pem, err);
    if (code == CHIMERA_OK)
        code = add_pem(cluster, "certificate_authority", &pem, authority, err);
    if (code == CHIMERA_OK && access(token, R_OK) != 0)
        code = chimera_fail_errno(err, token);
    if (code == CHIMERA_OK &&
        (add_text(cluster, "token_file", token) < 0 || add_text(cluster, "origin", folder) < 0))
        code = chimera_fail_memory(err);
    chimera_buffer_free(&pem);
    if (code < 0)
        json_object_put(cluster);
    else
        *ret_cluster = cluster;
    return code;
}

int chimera_kubeconfig_read(const char *context, struct json_object **ret_cluster,
                            struct chimera_error *err)
{
    const char *paths = getenv("KUBECONFIG"), *home = getenv("HOME");
    const char *host = getenv("KUBERNETES_SERVICE_HOST"), *port = getenv("KUBERNETES_SERVICE_PORT");
    if (paths && strspn(paths, ":") != strlen(paths))
        return chimera_kubeconfig_files(paths, context, ret_cluster, err);
    CHIMERA_FREE char *usual = home && home[0] ? chimera_path_join(home, ".kube/config") : NULL;
    if (usual && access(usual, F_OK) == 0)
        return chimera_kubeconfig_files(usual, context, ret_cluster, err);
    if (context)
        return chimera_fail(err, CHIMERA_EINVAL,
                            "there is no kubeconfig that could have a context '%s'", context);
    if (!host || !host[0] || !port)
        return chimera_fail(err, CHIMERA_EINVAL, NO_CLUSTER);
    return chimera_kubeconfig_pod(POD_FOLDER, host, port, ret_cluster, err);
}
