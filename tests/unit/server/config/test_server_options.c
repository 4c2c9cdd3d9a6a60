/* SPDX-License-Identifier: Apache-2.0 */
/* Flags, environment and what they come to (policy-server.md §1; start.jsonl of the recordings). */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
/* cmocka wants those before it */
#include <cmocka.h>

#include "server/config/config.h"
#include "server/config/options.c"

static int parse(char *const *arguments, struct options *ret_options, struct chimera_error *err)
{
    enum chimera_cli_action action;
    int count = 0;
    while (arguments[count])
        count++;
    return options_parse(count, arguments, ret_options, &action, err);
}

#define PARSE(options, err, ...) parse((char *[]){(char[]){"s"}, __VA_ARGS__, NULL}, options, err)
#define WORD(text) ((char[]){text})

static int clean_environment(void **state)
{
    (void)state;
    for (const struct chimera_cli_option *option = TABLE; option->name; option++)
        unsetenv(option->variable);
    unsetenv("CHIMERA_CACHE_DIR");
    setenv("KUBECONFIG", "/nonexistent", 1);
    return 0;
}

static void without_flags_the_defaults_are_the_reference_s(void **state)
{
    struct options options;
    struct config config;
    (void)state;
    assert_int_equal(parse((char *[]){WORD("s"), NULL}, &options, NULL), 0);
    assert_int_equal(config_make(&options, &config, NULL), 0);
    assert_int_equal(ntohs(config.main_address.v4.sin_port), 3000);
    assert_int_equal(ntohs(config.probe_address.v4.sin_port), 8081);
    assert_int_equal(config.main_address.v4.sin_addr.s_addr, INADDR_ANY);
    assert_int_equal(config.limit_seconds, 2);
    assert_true(config.is_limited);
    assert_true(config.workers >= 1);
    assert_int_equal(config.max_body_bytes, 2097152);
    assert_string_equal(options.policies, "policies.yml");
    assert_string_equal(config.cache_dir, "./chimera-cache");
    assert_false(config.has_kubernetes);
    config_done(&config);
}

static void the_admin_port_is_loopback_s_unless_told(void **state)
{
    static const char *const wrong[] = {"", "x", "65536", ":1", "localhost:1", "1.2.3.4:", "::1:1"};
    struct options options;
    struct config config;
    struct chimera_error err = {0};
    char word[64];
    (void)state;
    assert_int_equal(PARSE(&options, NULL, WORD("--admin-port=9090")), 0);
    assert_int_equal(config_make(&options, &config, NULL), 0);
    assert_true(config.has_admin);
    assert_int_equal(ntohs(config.admin_address.v4.sin_port), 9090);
    assert_int_equal(ntohl(config.admin_address.v4.sin_addr.s_addr), INADDR_LOOPBACK);
    config_done(&config);
    assert_int_equal(PARSE(&options, NULL, WORD("--admin-port=[::1]:9091")), 0);
    assert_int_equal(config_make(&options, &config, NULL), 0);
    assert_int_equal(config.admin_address.v6.sin6_family, AF_INET6);
    assert_int_equal(ntohs(config.admin_address.v6.sin6_port), 9091);
    config_done(&config);
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        snprintf(word, sizeof(word), "--admin-port=%s", wrong[i]);
        assert_int_equal(PARSE(&options, NULL, word), 0);
        assert_int_equal(config_make(&options, &config, &err), CHIMERA_EINVAL);
        assert_non_null(strstr(err.text, "--admin-port: "));
    }
}

static void a_flag_wins_over_its_variable(void **state)
{
    struct options options;
    (void)state;
    setenv("KUBEWARDEN_PORT", "8443", 1);
    setenv("KUBEWARDEN_POLICIES", "/config/policies.yml", 1);
    assert_int_equal(PARSE(&options, NULL, WORD("--port=1"), WORD("--log-level"), WORD("warn")), 0);
    assert_string_equal(options.port, "1");
    assert_string_equal(options.policies, "/config/policies.yml");
    assert_string_equal(options.log_level, "warn");
    setenv("KUBEWARDEN_LOG_LEVEL", "loud", 1); /* nobody asks for it then */
    assert_int_equal(PARSE(&options, NULL, WORD("--log-level=info")), 0);
    assert_true(PARSE(&options, NULL, WORD("--port=1")) < 0);
}

static void any_number_of_workers_is_taken(void **state)
{
    struct options options;
    struct config config;
    (void)state;
    assert_int_equal(PARSE(&options, NULL, WORD("--workers=1000")), 0);
    assert_int_equal(config_make(&options, &config, NULL), 0);
    assert_int_equal(config.workers, 256); /* threads */
    config_done(&config);
}

/* Each way that a switch is set ends in its field; test_cli.c has the words that it takes. */
static void switches_come_from_flags_and_variables(void **state)
{
    struct options options;
    (void)state;
    setenv("KUBEWARDEN_ENABLE_PPROF", "On", 1);
    setenv("KUBEWARDEN_DAEMON", "off", 1);
    setenv("NO_COLOR", "anything", 1);
    assert_int_equal(PARSE(&options, NULL, WORD("--ignore-kubernetes-connection-failure=true"),
                           WORD("--no-policy-watch")),
                     0);
    assert_true(options.is_pprof);
    assert_false(options.is_daemon);
    assert_true(options.is_without_kubernetes);
    assert_true(options.is_watch_off);
}

/* The texts are clap's, as far as scripts see them. */
static void nonsense_on_the_command_line_is_named(void **state)
{
    struct options options;
    struct chimera_error err = {0};
    (void)state;
    assert_true(PARSE(&options, &err, WORD("--workers"), WORD("-1")) < 0);
    assert_string_equal(err.text, "unexpected argument '-1' found");
    setenv("KUBEWARDEN_LOG_FMT", "xml", 1);
    assert_true(PARSE(&options, &err, WORD("--port=1")) < 0);
    assert_string_equal(err.text, "invalid value 'xml' for 'KUBEWARDEN_LOG_FMT'\n"
                                  "  [possible values: text, json, otlp]");
}

struct refusal {
    const char *flag, *text;
};

static const struct refusal REFUSALS[] = {
    {"--port=70000", "--port: expected a number from 0 to 65535, found '70000' (error parsing "
                     "arguments: invalid socket address syntax)"},
    {"--port=", "--port: expected a number from 0 to 65535, found '' "},
    {"--port=80x", "--port: expected a number from 0 to 65535, found '80x' "},
    {"--addr=localhost", "--addr: expected an IP address such as 0.0.0.0, 127.0.0.1 or ::, and no "
                         "name, found 'localhost' (error parsing arguments: invalid socket address "
                         "syntax)"},
    {"--addr=999.1.1.1", "--addr: expected an IP address "},
    {"--addr=[::1", "--addr: expected an IP address "},
    {"--addr=[1.2.3.4]", "--addr: expected an IP address "},
    {"--addr=:::1", "--addr: expected an IP address "},
    {"--addr=::1%lo", "--addr: expected an IP address "},
    {"--addr=", "--addr: expected an IP address "},
    {"--readiness-probe-port=a", "--readiness-probe-port: expected a number from 0 to 65535"},
    {"--workers=0",
     "--workers: error parsing the number of workers: '0' is not a number from 1 on"},
    {"--workers=many",
     "--workers: error parsing the number of workers: 'many' is not a number from 1 on"},
    {"--policy-timeout=2s", "--policy-timeout: expected a whole number of seconds, found '2s'"},
    {"--cert-file=/nowhere",
     "both certificate and key must be provided together: --key-file is missing"},
    {"--key-file=/nowhere",
     "both certificate and key must be provided together: --cert-file is missing"},
    {"--client-ca-file=/nowhere",
     "client CA certificate requires server certificate and key to be specified: "
     "--client-ca-file needs --cert-file and --key-file"},
    {"--sources-path=/nowhere", "--sources-path: error while loading sources from /nowhere: Cannot "
                                "read certificate from file: "
                                "No such file or directory (os error 2)"},
    {"--verification-path=/nowhere", "--verification-path: failed to read verification file: "
                                     "/nowhere: No such file or directory (os "
                                     "error 2)"},
    {"--readiness-probe-port=3000",
     "--port and --readiness-probe-port are both 3000: Address already in use (os error 98)"},
    {"--admin-port=127.0.0.1:3000", "--port and --admin-port are both 3000: "},
    {"--admin-port=8081", "--readiness-probe-port and --admin-port are both 8081: "},
    {"--verification-path=/dev/null",
     "/dev/null: expected a map of allOf and anyOf, found nothing"},
    {"--max-body-bytes=1", "--max-body-bytes: '1' is not a number from 1024 to"},
};

static void settings_that_cannot_be_are_refused(void **state)
{
    struct options options;
    struct config config;
    (void)state;
    for (size_t i = 0; i < sizeof(REFUSALS) / sizeof(REFUSALS[0]); i++) {
        struct chimera_error err = {0};
        char flag[64];
        snprintf(flag, sizeof(flag), "%s", REFUSALS[i].flag);
        assert_int_equal(PARSE(&options, &err, flag), 0);
        assert_true(config_make(&options, &config, &err) < 0);
        if (strncmp(err.text, REFUSALS[i].text, strlen(REFUSALS[i].text)) != 0)
            fail_msg("%s: %s", REFUSALS[i].flag, err.text);
    }
}

static void a_certificate_that_cannot_be_read_is_named(void **state)
{
    static const struct {
        const char *certificate, *key, *authorities, *text;
    } cases[] = {
        {"/nowhere", "/dev/null", NULL,
         "--cert-file: cannot read /nowhere: No such file or directory (os error 2)"},
        {"/dev/null", "/nowhere", NULL, "--key-file: cannot read /nowhere: "},
        {"/dev/null", "/dev/null", "/dev/null,/nowhere",
         "--client-ca-file: cannot read /nowhere: "},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct options options;
        struct config config;
        struct chimera_error err = {0};
        assert_int_equal(parse((char *[]){WORD("s"), NULL}, &options, NULL), 0);
        options.cert_file = cases[i].certificate;
        options.key_file = cases[i].key;
        options.client_ca_files = cases[i].authorities;
        assert_true(config_make(&options, &config, &err) < 0);
        if (strncmp(err.text, cases[i].text, strlen(cases[i].text)) != 0)
            fail_msg("%s", err.text);
    }
}

/* Two addresses may have the same port, if neither is all of them. */
static void ports_of_other_addresses_may_be_equal(void **state)
{
    struct options options;
    struct config config;
    (void)state;
    assert_int_equal(
        PARSE(&options, NULL, WORD("--addr=127.0.0.2"), WORD("--admin-port=127.0.0.1:3000")), 0);
    assert_int_equal(config_make(&options, &config, NULL), 0);
    config_done(&config);
    assert_int_equal(PARSE(&options, NULL, WORD("--port=0"), WORD("--readiness-probe-port=0")), 0);
    assert_int_equal(config_make(&options, &config, NULL), 0);
    config_done(&config);
}

static void what_gave_the_value_is_blamed(void **state)
{
    static const struct {
        const char *said, *told;
    } cases[] = {
        {"--port and --readiness-probe-port are both 1",
         "KUBEWARDEN_PORT and --readiness-probe-port are both 1"},
        {"cannot listen (--port): no", "cannot listen (KUBEWARDEN_PORT): no"},
        {"--ports, --por, -- and - are none; --port",
         "--ports, --por, -- and - are none; KUBEWARDEN_PORT"},
        {"", ""},
    };
    struct options options;
    struct chimera_error err = {0};
    (void)state;
    setenv("KUBEWARDEN_PORT", "1", 1);
    assert_int_equal(PARSE(&options, NULL, WORD("--readiness-probe-port=1")), 0);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        chimera_fail(&err, CHIMERA_EINVAL, "%s", cases[i].said);
        options_name_sources(&options, &err);
        assert_string_equal(err.text, cases[i].told);
    }
    memset(err.text, 'x', sizeof(err.text) - 1);
    memcpy(err.text + sizeof(err.text) - 8, " --port", 8);
    options_name_sources(&options, &err); /* longer than there is room for: cut */
    assert_string_equal(err.text + sizeof(err.text) - 8, " KUBEWA");
    assert_int_equal(PARSE(&options, NULL, WORD("--port=1")), 0);
    chimera_fail(&err, CHIMERA_EINVAL, "--port: no");
    options_name_sources(&options, &err);
    assert_string_equal(err.text, "--port: no");
}

static void ipv6_is_taken_with_brackets_and_without(void **state)
{
    static char addresses[][32] = {"--addr=[::]", "--addr=::", "--addr=[::1]", "--addr=::1"};
    struct options options;
    struct config config;
    (void)state;
    for (size_t i = 0; i < sizeof(addresses) / sizeof(addresses[0]); i++) {
        const struct in6_addr *want = i < 2 ? &in6addr_any : &in6addr_loopback;
        assert_int_equal(
            PARSE(&options, NULL, addresses[i], WORD("--port=1234"), WORD("--workers=3")), 0);
        assert_int_equal(config_make(&options, &config, NULL), 0);
        assert_int_equal(config.main_address.any.sa_family, AF_INET6);
        assert_int_equal(config.main_address.size, sizeof(struct sockaddr_in6));
        assert_int_equal(ntohs(config.main_address.v6.sin6_port), 1234);
        assert_memory_equal(&config.main_address.v6.sin6_addr, want, sizeof(*want));
        assert_int_equal(config.workers, 3);
        config_done(&config);
    }
}

static void a_switched_off_limit_is_not_read(void **state)
{
    struct options options;
    struct config config;
    (void)state;
    assert_int_equal(
        PARSE(&options, NULL, WORD("--disable-timeout-protection"), WORD("--policy-timeout=x")), 0);
    assert_int_equal(config_make(&options, &config, NULL), 0);
    assert_false(config.is_limited);
    config_done(&config);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(without_flags_the_defaults_are_the_reference_s, clean_environment),
        cmocka_unit_test_setup(the_admin_port_is_loopback_s_unless_told, clean_environment),
        cmocka_unit_test_setup(a_flag_wins_over_its_variable, clean_environment),
        cmocka_unit_test_setup(any_number_of_workers_is_taken, clean_environment),
        cmocka_unit_test_setup(switches_come_from_flags_and_variables, clean_environment),
        cmocka_unit_test_setup(nonsense_on_the_command_line_is_named, clean_environment),
        cmocka_unit_test_setup(settings_that_cannot_be_are_refused, clean_environment),
        cmocka_unit_test_setup(ipv6_is_taken_with_brackets_and_without, clean_environment),
        cmocka_unit_test_setup(a_certificate_that_cannot_be_read_is_named, clean_environment),
        cmocka_unit_test_setup(ports_of_other_addresses_may_be_equal, clean_environment),
        cmocka_unit_test_setup(what_gave_the_value_is_blamed, clean_environment),
        cmocka_unit_test_setup(a_switched_off_limit_is_not_read, clean_environment),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
