/* SPDX-License-Identifier: Apache-2.0 */
/* The table fits its terminal, and says nothing to it that a policy's name has for it; durations as
 * Go writes them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "bench_sample.h"
#include "toolchain/command/bench/report/formats.h"
#include "toolchain/command/bench/report/grid.h"
#include "toolchain/command/bench/report/table.h"

static char *told(const struct bench_run *run, unsigned width, bool is_utf8)
{
    const struct bench_screen screen = {.fd = -1, .width = width, .is_utf8 = is_utf8};
    struct chimera_buffer out;
    chimera_buffer_init(&out, (size_t)1 << 20);
    bench_table_write(run, &screen, &out);
    chimera_buffer_byte(&out, '\0');
    assert_int_equal(out.failed, 0);
    return out.data;
}

static void lines_fit(void **state)
{
    (void)state;
    static const unsigned widths[] = {80, 100, 120, 200};
    struct bench_run run = sample_run(5);
    free(run.point[1].policy);
    run.point[1].policy = strdup("a-policy-whose-name-is-longer-than-there-is-room-in-80-columns");
    free(run.point[2].request);
    run.point[2].request = strdup("a/folder/below/another/of/requests/with-a-long-name/pod.json");
    for (size_t i = 0; i < sizeof(widths) / sizeof(*widths); i++) {
        char *text = told(&run, widths[i], true), *rest = text;
        assert_non_null(strstr(text, "policy-000"));
        assert_non_null(strstr(text, "pod.json"));
        for (char *line = strsep(&rest, "\n"); line && *line; line = strsep(&rest, "\n"))
            if (grid_width_of(line) > widths[i])
                fail_msg("%u columns: '%s'", widths[i], line);
        free(text);
    }
    bench_run_done(&run);
}

static void names_give_no_orders(void **state)
{
    (void)state;
    struct bench_run run = sample_run(2);
    free(run.point[0].policy);
    run.point[0].policy = strdup("\x1b[2Jcleared\r\n\xe2\x80\xae");
    run.point[0].verdict = BENCH_REJECTED;
    run.point[0].message = strdup("\x1b]0;title\x07");
    run.point[1].failure = strdup("\x1b[31m");
    char *text = told(&run, 200, true);
    assert_null(strpbrk(text, "\x1b\r\x07"));
    assert_null(strstr(text, "\xe2\x80\xae"));
    assert_non_null(strstr(text, "\\u{1b}[2Jcleared"));
    assert_non_null(strstr(text, "not measured"));
    free(text);
    bench_run_done(&run);
}

static void a_policy_without_a_request_is_told_alone(void **state)
{
    (void)state;
    struct bench_run run = sample_run(1);
    run.point[0].request[0] = '\0';
    run.point[0].failure = strdup("cannot be built");
    char *text = told(&run, 80, true);
    assert_non_null(strstr(text, run.point[0].policy));
    assert_null(strstr(text, " on "));
    free(text);
    bench_run_done(&run);
}

static void both_places_round_alike(void **state)
{
    (void)state;
    struct bench_run run = sample_run(1);
    run.point[0].throughput = 1234.5678;
    char *text = told(&run, 80, true);
    assert_null(strstr(text, "1,234 "));
    assert_non_null(strstr(text, "1,235 a second"));
    free(text);
    bench_run_done(&run);
}

static void without_utf8_it_is_ascii(void **state)
{
    (void)state;
    struct bench_run run = sample_run(3);
    char *text = told(&run, 80, false);
    for (const char *at = text; *at; at++)
        assert_false((unsigned char)*at & 0x80);
    assert_non_null(strstr(text, " us"));
    assert_non_null(strstr(text, "#"));
    free(text);
    bench_run_done(&run);
}

/* What Go's time.Duration(n).String() gives. */
static void durations_are_gos(void **state)
{
    (void)state;
    static const struct {
        double ns;
        const char *text;
    } durations[] = {{0, "0s"},          {1, "1ns"},
                     {1500, "1.5µs"},    {53559, "53.559µs"},
                     {2000000, "2ms"},   {42126252, "42.126252ms"},
                     {1e9, "1s"},        {61500000000, "1m1.5s"},
                     {3600e9, "1h0m0s"}, {-1, "0s"}};
    for (size_t i = 0; i < sizeof(durations) / sizeof(*durations); i++) {
        struct chimera_buffer out;
        chimera_buffer_init(&out, 100);
        bench_put_go_duration(durations[i].ns, &out);
        chimera_buffer_byte(&out, '\0');
        assert_string_equal(out.data, durations[i].text);
        chimera_buffer_free(&out);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lines_fit),
        cmocka_unit_test(names_give_no_orders),
        cmocka_unit_test(a_policy_without_a_request_is_told_alone),
        cmocka_unit_test(both_places_round_alike),
        cmocka_unit_test(without_utf8_it_is_ascii),
        cmocka_unit_test(durations_are_gos),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
