/* SPDX-License-Identifier: Apache-2.0 */
/* What kubectl's files say ("Organizing Cluster Access Using kubeconfig Files" and "Client
 * Configuration (v1)" of Kubernetes' documentation), and what a Pod has ("Accessing the Kubernetes
 * API from a Pod"). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
/* cmocka wants those before it */
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "runtime/base/file.h"
#include "runtime/json/tree.h"
#include "runtime/source/kubeconfig.h"

#define PEM "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"
#define PEM_BASE64 \
    "LS0tLS1CRUdJTiBDRVJUSUZJQ0FURS0tLS0tCkFBQUEKLS0tLS1FTkQgQ0VSVElGSUNBVEUtLS0tLQo="

static char folder[] = "/tmp/chimera-kubeconfig-XXXXXX";
static struct json_object *cluster;
static struct chimera_error err;

static int set_up(void **state)
{
    (void)state;
    unsetenv("HTTPS_PROXY");
    unsetenv("https_proxy");
    return mkdtemp(folder) ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    return chimera_folder_remove(folder, NULL);
}

static int drop(void **state)
{
    (void)state;
    json_object_put(cluster);
    cluster = NULL;
    err = (struct chimera_error){0};
    return 0;
}

static char *path_of(const char *name)
{
    static char path[4][200];
    static unsigned turn;
    char *own = path[turn++ % 4];
    snprintf(own, sizeof(path[0]), "%s/%s", folder, name);
    return own;
}

static char *put(const char *name, const char *text)
{
    char *path = path_of(name);
    assert_int_equal(chimera_file_write_scratch(path, chimera_slice_of(text), &err), 0);
    return path;
}

static const char *text(const char *name)
{
    return json_object_get_string(chimera_json_member(cluster, name));
}

#define CLUSTER(more)                                                                           \
    "apiVersion: v1\nkind: Config\ncurrent-context: c\ncontexts:\n- name: c\n  context: "       \
    "{cluster: "                                                                                \
    "k, user: u}\n- name: other\n  context: {cluster: k, user: v, namespace: x}\nclusters:\n- " \
    "name: k\n  cluster:\n    server: https://10.0.0.1:6443\n" more

static void a_token(void **state)
{
    (void)state;
    put("config", CLUSTER("    certificate-authority-data: " PEM_BASE64
                          "\n    tls-server-name: kubernetes.default\n    proxy-url: "
                          "http://proxy:3128\nusers:\n- name: u\n  user: {token: t0ken}\n- name: "
                          "v\n  user: {username: me, password: '1'}\n"));
    assert_int_equal(chimera_kubeconfig_files(path_of("config"), NULL, &cluster, &err), 0);
    assert_string_equal(text("server"), "https://10.0.0.1:6443");
    assert_string_equal(text("token"), "t0ken");
    assert_string_equal(text("certificate_authority"), PEM);
    assert_string_equal(text("tls_server_name"), "kubernetes.default");
    assert_string_equal(text("proxy_url"), "http://proxy:3128");
    assert_string_equal(text("origin"), path_of("config"));
    assert_null(text("insecure_skip_tls_verify"));
    drop(state);
    assert_int_equal(chimera_kubeconfig_files(path_of("config"), "other", &cluster, &err), 0);
    assert_string_equal(text("username"), "me");
    assert_string_equal(text("password"), "1");
    assert_null(text("token"));
}

static void files_count_from_the_folder_of_their_file(void **state)
{
    (void)state;
    put("ca.pem", PEM);
    put("client.pem", PEM "client");
    put("client.key", PEM "key");
    put("config", CLUSTER("    certificate-authority: ca.pem\nusers:\n- name: u\n  user:\n    "
                          "client-certificate: client.pem\n    client-key: ./client.key\n    "
                          "tokenFile: token\n    exec: {command: ./bin/plugin, apiVersion: x}\n"));
    assert_int_equal(chimera_kubeconfig_files(path_of("config"), NULL, &cluster, &err), 0);
    assert_string_equal(text("certificate_authority"), PEM);
    assert_string_equal(text("client_certificate"), PEM "client");
    assert_string_equal(text("client_key"), PEM "key");
    assert_string_equal(text("token_file"), path_of("token"));
    assert_string_equal(json_object_get_string(
                            chimera_json_member(chimera_json_member(cluster, "exec"), "command")),
                        path_of("./bin/plugin"));
}

static void the_first_file_wins(void **state)
{
    (void)state;
    char paths[500];
    put("one", "current-context: c\nusers:\n- name: u\n  user: {token: first}\n");
    put("two",
        CLUSTER(
            "users:\n- name: u\n  user: {token: second, username: added}\n") "---\nusers:\n- name: "
                                                                             "late\n  user: "
                                                                             "{token: third}\n");
    snprintf(paths, sizeof(paths), ":%s:%s:%s:", path_of("one"), path_of("missing"),
             path_of("two"));
    assert_int_equal(chimera_kubeconfig_files(paths, NULL, &cluster, &err), 0);
    assert_string_equal(text("token"), "first");
    assert_null(text("username")); /* an entry is one value */
}

static void acting_as_another(void **state)
{
    (void)state;
    put("config", CLUSTER("    insecure-skip-tls-verify: true\nusers:\n- name: u\n  user: {token: "
                          "t, as: jane, as-uid: '7', as-groups: [dev, ops], as-user-extra: "
                          "{scopes: [a, b]}}\n"));
    assert_int_equal(chimera_kubeconfig_files(path_of("config"), NULL, &cluster, &err), 0);
    assert_string_equal(text("as"), "jane");
    assert_string_equal(text("as_uid"), "7");
    assert_string_equal(text("as_groups"), "[ \"dev\", \"ops\" ]");
    assert_string_equal(text("as_user_extra"), "{ \"scopes\": [ \"a\", \"b\" ] }");
    assert_string_equal(text("insecure_skip_tls_verify"), "true");
}

static void the_environments_proxy(void **state)
{
    (void)state;
    setenv("HTTPS_PROXY", "http://from-environment:1", 1);
    put("config", CLUSTER("users: [{name: u, user: {token: t}}]\n"));
    int code = chimera_kubeconfig_files(path_of("config"), NULL, &cluster, &err);
    unsetenv("HTTPS_PROXY");
    assert_int_equal(code, 0);
    assert_string_equal(text("proxy_url"), "http://from-environment:1");
}

static void what_is_wrong_is_told(void **state)
{
    static const struct {
        const char *file, *context, *why;
    } cases[] = {
        {"a: [", NULL, "at line 2 column 1, while parsing a flow node"},
        {"- 1\n", NULL, "it is no kubeconfig"},
        {"clusters: 7\n", NULL, "clusters is no list"},
        {"users: [{user: {}}]\n", NULL, "an entry of users has no name"},
        {"", NULL, "there is no current-context"},
        {"current-context: c\n", NULL, "there is no context 'c'"},
        {CLUSTER(""), NULL, "context 'c': there is no user 'u'"},
        {CLUSTER(""), "nope", "there is no context 'nope'"},
        {"current-context: c\ncontexts: [{name: c, context: {cluster: x}}]\n", NULL,
         "context 'c': there is no cluster 'x'"},
        {"current-context: c\ncontexts: [{name: c, context: {cluster: x}}]\nclusters: [{name: x, "
         "cluster: {}}]\n",
         NULL, "cluster 'x': it has no server"},
        {CLUSTER("    insecure-skip-tls-verify: maybe\n"), NULL,
         "insecure-skip-tls-verify is not true or false"},
        {CLUSTER("    certificate-authority-data: '!'\n"), NULL,
         "certificate-authority-data is no Base64"},
        {CLUSTER("    certificate-authority-data: QUFB\n"), NULL,
         "certificate-authority-data is no PEM"},
        {CLUSTER("    certificate-authority: nowhere.pem\n"), NULL, "nowhere.pem"},
        {CLUSTER("users: [{name: u, user: {token: 7}}]\n"), NULL, "user 'u': token is no text"},
        {CLUSTER("users: [{name: u, user: {token: \"a\\0b\"}}]\n"), NULL, "token has a NUL in it"},
        {CLUSTER("users: [{name: u, user: {client-key-data: " PEM_BASE64 "}}]\n"), NULL,
         "client-certificate and client-key go together: one of them is there"},
        {CLUSTER("users: [{name: u, user: {auth-provider: {name: gcp}}}]\n"), NULL,
         "auth-provider has left Kubernetes: exec has taken its place"},
        {CLUSTER("users: [{name: u, user: {exec: {apiVersion: x}}}]\n"), NULL,
         "exec has no command"},
        {CLUSTER("users: [{name: u, user: {as-groups: dev}}]\n"), NULL,
         "as-groups is no list of texts"},
        {CLUSTER("users: [{name: u, user: {as-groups: [7]}}]\n"), NULL,
         "as-groups is no list of texts"},
        {CLUSTER("users: [{name: u, user: {as-user-extra: []}}]\n"), NULL,
         "as-user-extra is no map"},
        {CLUSTER("users: [{name: u, user: {as-user-extra: {a: b}}}]\n"), NULL,
         "as-user-extra: a is no list of texts"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        err = (struct chimera_error){0};
        put("config", cases[i].file);
        assert_int_equal(
            chimera_kubeconfig_files(path_of("config"), cases[i].context, &cluster, &err),
            cases[i].why[0] == 'n' ? CHIMERA_EIO : CHIMERA_EINVAL);
        if (!strstr(err.text, cases[i].why) || !strstr(err.text, path_of("")))
            fail_msg("case %zu: %s", i, err.text);
        assert_null(cluster);
    }
    assert_int_equal(chimera_kubeconfig_files(path_of("missing"), NULL, &cluster, &err),
                     CHIMERA_EINVAL);
    assert_non_null(strstr(err.text, "there is no such file"));
}

static void a_pod(void **state)
{
    (void)state;
    put("ca.crt", PEM);
    put("token", "t");
    assert_int_equal(chimera_kubeconfig_pod(folder, "10.0.0.1", "443", &cluster, &err), 0);
    assert_string_equal(text("server"), "https://10.0.0.1:443");
    assert_string_equal(text("token_file"), path_of("token"));
    assert_string_equal(text("certificate_authority"), PEM);
    drop(state);
    assert_int_equal(chimera_kubeconfig_pod(folder, "fd00::1", "6443", &cluster, &err), 0);
    assert_string_equal(text("server"), "https://[fd00::1]:6443");
    drop(state);
    assert_int_equal(chimera_kubeconfig_pod(folder, "h", "tcp://x", &cluster, &err),
                     CHIMERA_EINVAL);
    assert_string_equal(err.text, "$KUBERNETES_SERVICE_PORT is no port: tcp://x");
    assert_int_equal(chimera_kubeconfig_pod(path_of("nowhere"), "h", "1", &cluster, &err),
                     CHIMERA_EIO);
}

static void where_it_is_looked_for(void **state)
{
    (void)state;
    setenv("HOME", folder, 1);
    unsetenv("KUBECONFIG");
    unsetenv("KUBERNETES_SERVICE_HOST");
    assert_int_equal(chimera_kubeconfig_read(NULL, &cluster, &err), CHIMERA_EINVAL);
    assert_non_null(strstr(err.text, "no cluster is known"));
    assert_int_equal(chimera_kubeconfig_read("c", &cluster, &err), CHIMERA_EINVAL);
    assert_string_equal(err.text, "there is no kubeconfig that could have a context 'c'");
    mkdir(path_of(".kube"), 0700);
    put(".kube/config", CLUSTER("users: [{name: u, user: {token: home}}]\n"));
    assert_int_equal(chimera_kubeconfig_read(NULL, &cluster, &err), 0);
    assert_string_equal(text("token"), "home");
    drop(state);
    setenv("KUBECONFIG", put("k", CLUSTER("users: [{name: u, user: {token: named}}]\n")), 1);
    assert_int_equal(chimera_kubeconfig_read(NULL, &cluster, &err), 0);
    assert_string_equal(text("token"), "named");
    /* One that was named and is not there is not passed over. */
    setenv("KUBECONFIG", path_of("missing"), 1);
    drop(state);
    assert_int_equal(chimera_kubeconfig_read(NULL, &cluster, &err), CHIMERA_EINVAL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(a_token, drop),
        cmocka_unit_test_teardown(files_count_from_the_folder_of_their_file, drop),
        cmocka_unit_test_teardown(the_first_file_wins, drop),
        cmocka_unit_test_teardown(acting_as_another, drop),
        cmocka_unit_test_teardown(the_environments_proxy, drop),
        cmocka_unit_test_teardown(what_is_wrong_is_told, drop),
        cmocka_unit_test_teardown(a_pod, drop),
        cmocka_unit_test_teardown(where_it_is_looked_for, drop),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
