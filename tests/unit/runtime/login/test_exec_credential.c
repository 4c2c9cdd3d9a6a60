/* SPDX-License-Identifier: Apache-2.0 */
/* Programs for credentials, as Kubernetes' documentation has them ("Authenticating", client-go
 * credential plugins): shell scripts play them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
/* cmocka wants those before it */
#include <cmocka.h>

#include <stdlib.h>

#include "runtime/base/clock.h"
#include "runtime/json/tree.h"
#include "runtime/login/exec_credential.h"

#define V1 "client.authentication.k8s.io/v1"
#define ANSWER(status) \
    "echo '{\"apiVersion\":\"" V1 "\",\"kind\":\"ExecCredential\",\"status\":" status "}'"

static struct chimera_buffer out;
static struct chimera_error err;

static int set_up(void **state)
{
    (void)state;
    chimera_buffer_init(&out, 1 << 20);
    err = (struct chimera_error){0};
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    chimera_buffer_free(&out);
    return 0;
}

/* Runs `script` by a shell; `more` is what the cluster has besides. */
static int run_script(const char *script, const char *more, uint32_t limit_ms)
{
    CHIMERA_JSON struct json_object *cluster = json_tokener_parse(more);
    struct json_object *exec = chimera_json_member(cluster, "exec");
    struct json_object *args = json_object_new_array();
    json_object_array_add(args, json_object_new_string("-c"));
    json_object_array_add(args, json_object_new_string(script));
    json_object_object_add(exec, "args", args);
    return chimera_exec_credential_run(cluster, limit_ms, &out, &err);
}

#define EXEC(more) "{\"exec\":{\"command\":\"sh\",\"apiVersion\":\"" V1 "\"" more "}}"

static void a_token(void **state)
{
    (void)state;
    assert_int_equal(run_script(ANSWER("{\"token\":\"t\",\"expirationTimestamp\":"
                                       "\"2030-01-01T00:00:00Z\"}"),
                                EXEC(""), 60000),
                     0);
    chimera_buffer_byte(&out, 0);
    assert_string_equal(out.data, "{\"expirationTimestamp\":\"2030-01-01T00:00:00Z\",\"token\":"
                                  "\"t\"}");
}

static void what_it_is_told(void **state)
{
    (void)state;
    setenv("INHERITED", "yes", 1);
    setenv("KUBERNETES_EXEC_INFO", "another's", 1);
    setenv("REGION", "another's", 1);
    assert_int_equal(
        run_script("test \"$INHERITED $REGION\" = 'yes here' && test \"$KUBERNETES_EXEC_INFO\" = "
                   "'{\"kind\":\"ExecCredential\",\"apiVersion\":\"" V1
                   "\",\"spec\":{\"interactive\":false,\"cluster\":{\"server\":\"https://h\","
                   "\"config\":{\"a\":1},\"certificate-authority-data\":\"UEVN\"}}}' && "
                   "! read word && " ANSWER("{\"clientCertificateData\":\"c\",\"clientKeyData\":"
                                            "\"k\"}"),
                   "{\"server\":\"https://h\",\"token\":\"secret\",\"certificate_authority\":"
                   "\"PEM\",\"exec_config\":{\"a\":1},\"exec\":{\"command\":\"sh\",\"apiVersion\":"
                   "\"" V1 "\",\"provideClusterInfo\":true,\"env\":[{\"name\":\"REGION\",\"value\":"
                   "\"here\"}]}}",
                   60000),
        0);
}

static void what_is_refused(void **state)
{
    static const struct {
        const char *script, *cluster, *why;
    } cases[] = {
        {"", "{\"exec\":{}}", "exec has no command"},
        {"", "{\"exec\":{\"command\":\"sh\"}}",
         "exec: apiVersion is not client.authentication.k8s.io/v1 or v1beta1"},
        {"", EXEC(",\"interactiveMode\":\"Always\""),
         "sh: it wants somebody at a terminal (interactiveMode: Always)"},
        {"", "{\"exec\":{\"command\":\"/no/such/program\",\"apiVersion\":\"" V1 "\"}}",
         "/no/such/program: there is no such program"},
        {"echo no login >&2; exit 3", EXEC(""), "sh: exit code 3: no login"},
        {"kill -9 $$", EXEC(""), "sh: it was killed"},
        {"echo '{'", EXEC(""), "sh: what it says is no JSON"},
        {"echo '[]'", EXEC(""), "sh: what it says is no ExecCredential"},
        {"echo '{\"kind\":\"ExecCredential\",\"apiVersion\":\"client.authentication.k8s.io/"
         "v1beta1\",\"status\":{\"token\":\"t\"}}'",
         EXEC(""), "sh: what it says has another apiVersion"},
        {ANSWER("{\"clientKeyData\":\"k\"}"), EXEC(""),
         "sh: what it says has neither a token nor a certificate with its key"},
        {ANSWER("{\"token\":7}"), EXEC(""),
         "sh: what it says has neither a token nor a certificate with its key"},
        {"yes", EXEC(""), "sh: it says too much"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        err = (struct chimera_error){0};
        assert_true(run_script(cases[i].script, cases[i].cluster, 60000) < 0);
        assert_string_equal(err.text, cases[i].why);
        assert_int_equal(out.size, 0);
    }
}

static void odd_args(void **state)
{
    (void)state;
    CHIMERA_JSON struct json_object *cluster = json_tokener_parse(EXEC(",\"args\":[7]"));
    assert_true(chimera_exec_credential_run(cluster, 60000, &out, &err) < 0);
    assert_string_equal(err.text, "sh: one of its args is no text");
    struct json_object *args = json_object_new_array();
    for (int i = 0; i < 1000; i++)
        json_object_array_add(args, json_object_new_string("x"));
    json_object_object_add(chimera_json_member(cluster, "exec"), "args", args);
    assert_true(chimera_exec_credential_run(cluster, 60000, &out, &err) < 0);
    assert_string_equal(err.text, "sh: it has too many args");
}

/* It is killed with what it has started, or the pipe would stay open. */
static void one_that_takes_too_long(void **state)
{
    (void)state;
    int64_t begun_ms = chimera_clock_ms();
    assert_int_equal(run_script("sleep 1000 & sleep 1000", EXEC(""), 200), CHIMERA_ETOOL);
    assert_string_equal(err.text, "sh: no answer in time");
    assert_true(chimera_clock_ms() - begun_ms < 500000);
}

static void one_that_leaves_something_running(void **state)
{
    (void)state;
    int64_t begun_ms = chimera_clock_ms();
    assert_int_equal(run_script("sleep 30 & " ANSWER("{\"token\":\"t\"}"), EXEC(""), 600000), 0);
    assert_true(chimera_clock_ms() - begun_ms < 25000);
}

/* And complains for ever, until nobody reads it any more. */
static void one_that_leaves_something_loud(void **state)
{
    (void)state;
    assert_int_equal(run_script("for i in 1 2 3 4; do yes no >&2 & done; sleep 0.1; " ANSWER(
                                    "{\"token\":\"t\"}"),
                                EXEC(""), 60000),
                     0);
}

static void many_complaints_are_cut(void **state)
{
    (void)state;
    assert_int_equal(run_script("yes no | head -c 100000 >&2; exit 1", EXEC(""), 60000),
                     CHIMERA_ETOOL);
    assert_true(strlen(err.text) > 300 && strlen(err.text) < 500);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_token, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_it_is_told, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_is_refused, set_up, tear_down),
        cmocka_unit_test_setup_teardown(odd_args, set_up, tear_down),
        cmocka_unit_test_setup_teardown(one_that_takes_too_long, set_up, tear_down),
        cmocka_unit_test_setup_teardown(one_that_leaves_something_running, set_up, tear_down),
        cmocka_unit_test_setup_teardown(one_that_leaves_something_loud, set_up, tear_down),
        cmocka_unit_test_setup_teardown(many_complaints_are_cut, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
