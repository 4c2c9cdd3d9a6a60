/* SPDX-License-Identifier: Apache-2.0 */
/* The provider of addresses. Names come from this machine alone: numbers, localhost, and those that
 * RFC 6761 says are never there. The words of failures are glibc's behind Rust's. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
/* cmocka wants those before it */
#include <cmocka.h>
#include <pthread.h>

#include "tests/unit/plugins/provider_driver.h"

static struct provider_driver *driver;

static int open_provider(void **state)
{
    (void)state;
    driver = calloc(1, sizeof(*driver));
    provider_driver_open(driver, "net", "{}");
    return 0;
}

static int close_provider(void **state)
{
    (void)state;
    provider_driver_close(driver);
    return 0;
}

static bool ask(const char *fields)
{
    return provider_driver_ask(driver, CHIMERA_ASK_ADDRESSES, fields,
                               provider_driver_later(PROVIDER_SECONDS));
}

static void a_number_is_its_own_address(void **state)
{
    (void)state;
    assert_true(ask("{\"host\": \"192.0.2.7\"}"));
    assert_string_equal(driver->text, "{\"ips\":[\"192.0.2.7\"]}");
    assert_true(ask("{\"host\": \"2001:db8:0:0::1\"}"));
    assert_string_equal(driver->text, "{\"ips\":[\"2001:db8::1\"]}");
    assert_int_equal(driver->answer.keep_ms, 0);
    assert_int_equal(driver->answer.version_place, 0);
}

static void localhost_is_there(void **state)
{
    (void)state;
    assert_true(ask("{\"host\": \"localhost\"}"));
    assert_non_null(strstr(driver->text, "\"127.0.0.1\""));
}

static void what_is_no_name_has_none(void **state)
{
    static const char *const hosts[] = {"", "..", "a b", "-.invalid", "name.invalid"};
    (void)state;
    for (size_t i = 0; i < sizeof(hosts) / sizeof(hosts[0]); i++) {
        char fields[64];
        snprintf(fields, sizeof(fields), "{\"host\": \"%s\"}", hosts[i]);
        assert_false(ask(fields));
        assert_non_null(strstr(driver->text, "failed to lookup address information: "));
        assert_int_equal(driver->answer.keep_ms, 0);
    }
}

static void a_name_of_any_length_is_answered(void **state)
{
    char fields[8192] = "{\"host\": \"";
    (void)state;
    size_t start = strlen(fields);
    memset(fields + start, 'a', 4000);
    snprintf(fields + start + 4000, 16, "\"}");
    assert_false(ask(fields));
    assert_string_equal(driver->text,
                        "failed to lookup address information: Name or service not known");
}

static void a_nul_is_none_of_a_name(void **state)
{
    (void)state;
    assert_false(ask("{\"host\": \"localhost\\u0000.invalid\"}"));
    assert_string_equal(driver->text, "data provided contains a nul byte");
}

static void what_is_no_request_is_refused(void **state)
{
    (void)state;
    assert_false(ask("{\"host\": 7}"));
    assert_string_equal(driver->text, "not a request for addresses");
    assert_false(provider_driver_ask(driver, CHIMERA_ASK_GET, "{\"host\": \"localhost\"}", 0));
    assert_string_equal(driver->text, "not a request for addresses");
}

/* The time is over before the thread of the lookup can have begun, mostly: either is an answer. */
static void a_deadline_that_is_over_leaves_the_lookup(void **state)
{
    bool was_left = false;
    (void)state;
    for (int i = 0; i < 100 && !was_left; i++) {
        bool is_good =
            provider_driver_ask(driver, CHIMERA_ASK_ADDRESSES, "{\"host\": \"localhost\"}", 1);
        was_left = !is_good && strcmp(driver->text, "failed to lookup address information: no "
                                                    "answer in time") == 0;
    }
    assert_true(was_left);
    assert_true(ask("{\"host\": \"192.0.2.7\"}"));
}

static void *ask_often(void *context)
{
    struct chimera_host_request request = {
        .kind = CHIMERA_ASK_ADDRESSES,
        .fields = provider_driver_read("{\"host\": \"198.51.100.1\"}")};
    for (int i = 0; i < 50; i++) {
        struct chimera_provider_answer answer = {.memory = -1};
        chimera_buffer_init(&answer.text, 4096);
        driver->provider->call(driver->self, &request, provider_driver_later(PROVIDER_SECONDS),
                               &answer);
        if (!answer.is_error &&
            chimera_slice_is(chimera_buffer_slice(&answer.text), "{\"ips\":[\"198.51.100.1\"]}"))
            ++*(int *)context;
        chimera_buffer_free(&answer.text);
    }
    json_object_put(request.fields);
    return NULL;
}

static void many_threads_ask_at_once(void **state)
{
    pthread_t threads[8];
    int good[8] = {0};
    (void)state;
    for (int i = 0; i < 8; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, ask_often, &good[i]), 0);
    for (int i = 0; i < 8; i++) {
        pthread_join(threads[i], NULL);
        assert_int_equal(good[i], 50);
    }
}

static void lookups_are_counted(void **state)
{
    struct chimera_buffer out;
    (void)state;
    assert_true(ask("{\"host\": \"192.0.2.7\"}"));
    assert_false(ask("{\"host\": 7}"));
    chimera_buffer_init(&out, 4096);
    driver->provider->count(driver->self, &out);
    chimera_buffer_byte(&out, 0);
    assert_non_null(strstr(out.data, "chimera_dns_lookups_total{result=\"success\"} 1\n"));
    assert_non_null(strstr(out.data, "chimera_dns_lookups_total{result=\"failure\"} 1\n"));
    chimera_buffer_free(&out);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, open_provider, close_provider)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_number_is_its_own_address),
        TEST(localhost_is_there),
        TEST(what_is_no_name_has_none),
        TEST(a_name_of_any_length_is_answered),
        TEST(a_nul_is_none_of_a_name),
        TEST(what_is_no_request_is_refused),
        TEST(a_deadline_that_is_over_leaves_the_lookup),
        TEST(many_threads_ask_at_once),
        TEST(lookups_are_counted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
