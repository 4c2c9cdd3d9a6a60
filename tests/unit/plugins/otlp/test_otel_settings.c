/* SPDX-License-Identifier: Apache-2.0 */
/* The variables of the OpenTelemetry specification, as it describes them ("Environment Variable
 * Specification", "OpenTelemetry Protocol Exporter"). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
/* cmocka wants those before it */
#include <cmocka.h>

#include "plugins/otlp/settings.c"

static const char *const names[] = {"OTEL_EXPORTER_OTLP_ENDPOINT",
                                    "OTEL_EXPORTER_OTLP_METRICS_ENDPOINT",
                                    "OTEL_EXPORTER_OTLP_INSECURE",
                                    "OTEL_EXPORTER_OTLP_HEADERS",
                                    "OTEL_EXPORTER_OTLP_METRICS_HEADERS",
                                    "OTEL_EXPORTER_OTLP_TIMEOUT",
                                    "OTEL_EXPORTER_OTLP_METRICS_COMPRESSION",
                                    "OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE",
                                    "OTEL_SERVICE_NAME",
                                    "OTEL_RESOURCE_ATTRIBUTES",
                                    "OTEL_METRIC_EXPORT_INTERVAL",
                                    "OTEL_BSP_MAX_QUEUE_SIZE",
                                    "OTEL_BSP_MAX_EXPORT_BATCH_SIZE"};

static int clear(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        unsetenv(names[i]);
    return 0;
}

static void done(struct signal_settings *settings)
{
    for (size_t i = 0; i < settings->header_count; i++) {
        free(settings->header[i].key);
        free(settings->header[i].value);
    }
    free(settings->origin);
}

static void all_done(struct settings *settings)
{
    for (size_t i = 0; i < settings->attribute_count; i++) {
        free(settings->attribute[i].key);
        free(settings->attribute[i].value);
    }
}

static void defaults_are_the_specification_s(void **state)
{
    struct signal_settings settings;
    struct settings all;
    (void)state;
    assert_int_equal(settings_read_signal(SIGNAL_METRICS, &settings, NULL), 0);
    assert_string_equal(settings.origin, "http://localhost:4317");
    assert_int_equal(settings.timeout_ms, 10000);
    assert_false(settings.is_tls || settings.is_gzip || settings.ca_file || settings.header_count);
    done(&settings);
    assert_int_equal(settings_read(&all, NULL), 0);
    assert_int_equal(all.metric_interval_ms, 60000);
    assert_int_equal(all.batch_delay_ms, 5000);
    assert_int_equal(all.queue_max, 2048);
    assert_int_equal(all.batch_max, 512);
    assert_false(all.is_delta);
    all_done(&all);
}

static void endpoints_are_reduced_to_their_origin(void **state)
{
    static const struct {
        const char *endpoint, *insecure, *origin; /* NULL: refused */
    } cases[] = {
        {"http://c:4317", NULL, "http://c:4317"},
        {"https://c", NULL, "https://c"},
        {"HTTPS://c:1/v1/metrics?x", NULL, "https://c:1"},
        {"http://[::1]:4317/", NULL, "http://[::1]:4317"},
        {"c:4317", NULL, "https://c:4317"},
        {"c:4317", "true", "http://c:4317"},
        {"c:4317", "TRUE", "http://c:4317"},
        {"https://c", "true", "https://c"}, /* the scheme wins */
        {"", NULL, "http://localhost:4317"},
        {"ftp://c", NULL, NULL},
        {"http://", NULL, NULL},
        {"http:///path", NULL, NULL},
        {"http://user@c", NULL, NULL},
        {"http://a b", NULL, NULL},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct signal_settings settings;
        struct chimera_error err = {0};
        clear(NULL);
        setenv("OTEL_EXPORTER_OTLP_ENDPOINT", cases[i].endpoint, 1);
        if (cases[i].insecure)
            setenv("OTEL_EXPORTER_OTLP_INSECURE", cases[i].insecure, 1);
        int code = settings_read_signal(SIGNAL_TRACES, &settings, &err);
        assert_int_equal(code == 0, cases[i].origin != NULL);
        if (cases[i].origin)
            assert_string_equal(settings.origin, cases[i].origin);
        else
            assert_non_null(strstr(err.text, "OTEL_EXPORTER_OTLP_ENDPOINT"));
        done(&settings);
    }
}

static void the_signal_s_own_variable_wins(void **state)
{
    struct signal_settings settings;
    (void)state;
    setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "http://all", 1);
    setenv("OTEL_EXPORTER_OTLP_METRICS_ENDPOINT", "http://metrics", 1);
    setenv("OTEL_EXPORTER_OTLP_METRICS_COMPRESSION", "gzip", 1);
    assert_int_equal(settings_read_signal(SIGNAL_METRICS, &settings, NULL), 0);
    assert_string_equal(settings.origin, "http://metrics");
    assert_true(settings.is_gzip);
    done(&settings);
    assert_int_equal(settings_read_signal(SIGNAL_TRACES, &settings, NULL), 0);
    assert_string_equal(settings.origin, "http://all");
    assert_false(settings.is_gzip);
    done(&settings);
    setenv("OTEL_EXPORTER_OTLP_METRICS_ENDPOINT", "", 1);
    assert_int_equal(settings_read_signal(SIGNAL_METRICS, &settings, NULL), 0);
    assert_string_equal(settings.origin, "http://all");
    done(&settings);
}

static void headers_are_decoded_and_cannot_end_a_line(void **state)
{
    struct signal_settings settings;
    (void)state;
    setenv("OTEL_EXPORTER_OTLP_HEADERS", " a = b%20c=d , broken,=x, evil=x%0d%0ay: z,e=,p=50%", 1);
    assert_int_equal(settings_read_signal(SIGNAL_METRICS, &settings, NULL), 0);
    assert_int_equal(settings.header_count, 3);
    assert_string_equal(settings.header[0].key, "a");
    assert_string_equal(settings.header[0].value, "b c=d");
    assert_string_equal(settings.header[1].key, "e");
    assert_string_equal(settings.header[1].value, "");
    assert_string_equal(settings.header[2].value, "50%");
    done(&settings);
}

static void too_many_headers_are_left_out(void **state)
{
    char text[1000] = "";
    struct signal_settings settings;
    (void)state;
    for (size_t i = 0; i < 100; i++)
        snprintf(text + 4 * i, sizeof(text) - 4 * i, "k=v,");
    setenv("OTEL_EXPORTER_OTLP_HEADERS", text, 1);
    assert_int_equal(settings_read_signal(SIGNAL_METRICS, &settings, NULL), 0);
    assert_int_equal(settings.header_count, SETTINGS_HEADERS_MAX);
    done(&settings);
}

static void numbers_that_are_none_leave_the_default(void **state)
{
    static const char *const wrong[] = {"x", "-1", "0", "1.5", "99999999999999999999", " 5", ""};
    (void)state;
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        struct signal_settings settings;
        setenv("OTEL_EXPORTER_OTLP_TIMEOUT", wrong[i], 1);
        assert_int_equal(settings_read_signal(SIGNAL_METRICS, &settings, NULL), 0);
        assert_int_equal(settings.timeout_ms, 10000);
        done(&settings);
    }
}

static void the_resource_has_one_service_name(void **state)
{
    struct settings all;
    (void)state;
    setenv("OTEL_RESOURCE_ATTRIBUTES", "a=1,service.name=one,b=2", 1);
    assert_int_equal(settings_read(&all, NULL), 0);
    assert_int_equal(all.attribute_count, 3);
    assert_string_equal(all.attribute[0].key, "service.name");
    assert_string_equal(all.attribute[0].value, "one");
    all_done(&all);
    setenv("OTEL_SERVICE_NAME", "two", 1);
    assert_int_equal(settings_read(&all, NULL), 0);
    assert_int_equal(all.attribute_count, 3);
    assert_string_equal(all.attribute[0].value, "two");
    all_done(&all);
}

static void batches_fit_the_queue(void **state)
{
    struct settings all;
    (void)state;
    setenv("OTEL_BSP_MAX_QUEUE_SIZE", "10", 1);
    setenv("OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE", "Delta", 1);
    assert_int_equal(settings_read(&all, NULL), 0);
    assert_int_equal(all.batch_max, 10);
    assert_true(all.is_delta);
    all_done(&all);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(defaults_are_the_specification_s, clear),
        cmocka_unit_test_setup(endpoints_are_reduced_to_their_origin, clear),
        cmocka_unit_test_setup(the_signal_s_own_variable_wins, clear),
        cmocka_unit_test_setup(headers_are_decoded_and_cannot_end_a_line, clear),
        cmocka_unit_test_setup(too_many_headers_are_left_out, clear),
        cmocka_unit_test_setup(numbers_that_are_none_leave_the_default, clear),
        cmocka_unit_test_setup(the_resource_has_one_service_name, clear),
        cmocka_unit_test_setup(batches_fit_the_queue, clear),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
