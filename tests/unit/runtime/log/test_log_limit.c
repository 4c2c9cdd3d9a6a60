/* SPDX-License-Identifier: Apache-2.0 */
/* How much a policy may log (log_limit.h), on a clock of the test's own. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "runtime/log/log.h"
#include "runtime/log/log_internal.h"
#include "runtime/log/log_limit.h"

#define S UINT64_C(1000000000)
#define LINES 300 /* all fit into a pipe */
#define RATE 100  /* lines a second, so 100 KiB */

static uint64_t now_ns = 1000 * S;
static unsigned counted;
static char counted_id[64];

static void count(struct chimera_slice id)
{
    counted++;
    snprintf(counted_id, sizeof(counted_id), "%.*s", (int)id.size, id.data);
}

static int begin(void **state)
{
    (void)state;
    now_ns += 1000 * S; /* all buckets are full again */
    counted = 0;
    chimera_log_limit_count = count;
    chimera_log_limit_set(RATE);
    return 0;
}

static struct chimera_log_permit ask(const char *id, enum chimera_log_speaker speaker, size_t bytes)
{
    return chimera_log_limit_ask(chimera_slice_of(id), speaker, bytes, now_ns);
}

static unsigned speak(const char *id, unsigned lines, size_t bytes)
{
    unsigned given = 0;
    for (unsigned i = 0; i < lines; i++)
        given += ask(id, CHIMERA_LOG_OF_POLICY, bytes).is_given;
    return given;
}

static void two_seconds_worth_may_come_at_once(void **state)
{
    (void)state;
    assert_int_equal(speak("once", 1000, 10), 2 * RATE);
    assert_int_equal(counted, 1000 - 2 * RATE);
    assert_string_equal(counted_id, "once");
}

static void a_steady_rate_is_never_too_much(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 50 * RATE; i++, now_ns += S / RATE)
        assert_true(ask("steady", CHIMERA_LOG_OF_POLICY, CHIMERA_LOG_LINE_SHARE).is_given);
    assert_int_equal(counted, 0);
}

static void long_lines_count_for_more(void **state)
{
    (void)state;
    assert_int_equal(speak("long", 1000, (size_t)16 * 1024), 2 * RATE / 16);
}

static void the_longest_line_has_room_at_the_lowest_rate(void **state)
{
    (void)state;
    chimera_log_limit_set(1);
    assert_int_equal(speak("rare", 10, (size_t)16 * 1024), 1);
}

static void the_loss_is_told_of_once_at_each_end(void **state)
{
    unsigned begins = 0, ends = 0;
    (void)state;
    for (unsigned i = 0; i < 1000; i++)
        begins += ask("loud", CHIMERA_LOG_OF_POLICY, 10).begins;
    now_ns += S - 1; /* a token is there by now, and it stays silent */
    struct chimera_log_permit permit = ask("loud", CHIMERA_LOG_OF_POLICY, 10);
    assert_false(permit.is_given || permit.begins || permit.lost);
    assert_int_equal(begins, 1);
    now_ns++;
    for (unsigned i = 0; i < RATE; i++) {
        permit = ask("loud", CHIMERA_LOG_OF_POLICY, 10);
        assert_true(permit.is_given);
        ends += permit.lost > 0;
        assert_int_equal(permit.lost, i == 0 ? 1000 - 2 * RATE + 1 : 0);
    }
    assert_int_equal(ends, 1);
}

static void a_loud_policy_gets_its_rate_and_no_more(void **state)
{
    unsigned given = 0;
    (void)state;
    speak("forever", 1000, 10);                                   /* the burst is over */
    for (unsigned i = 0; i < 100 * 1000; i++, now_ns += S / 1000) /* 100 s, 1,000 lines each */
        given += ask("forever", CHIMERA_LOG_OF_POLICY, 10).is_given;
    assert_in_range(given, 80 * RATE, 101 * RATE);
}

static void policies_do_not_share(void **state)
{
    (void)state;
    speak("one", 1000, 10);
    assert_int_equal(speak("other", 10, 10), 10);
}

/* Else a policy could hide what is said about it. */
static void what_is_said_about_a_policy_has_a_share_of_its_own(void **state)
{
    (void)state;
    speak("noisy", 1000, 10);
    assert_true(ask("noisy", CHIMERA_LOG_ABOUT_POLICY, 10).is_given);
    for (unsigned i = 0; i < 1000; i++)
        ask("blamed", CHIMERA_LOG_ABOUT_POLICY, 10);
    assert_true(ask("blamed", CHIMERA_LOG_OF_POLICY, 10).is_given);
}

static void zero_is_no_limit(void **state)
{
    (void)state;
    chimera_log_limit_set(0);
    assert_int_equal(speak("free", 100000, 10), 100000);
}

/* --- In the log --- */

static int ends[2];

static const char *read_log(void)
{
    static char text[65536];
    ssize_t size = read(ends[0], text, sizeof(text) - 1);
    text[size > 0 ? size : 0] = '\0';
    return text;
}

static unsigned count_of(const char *text, const char *part)
{
    unsigned found = 0;
    for (const char *at = text; (at = strstr(at, part)); at++)
        found++;
    return found;
}

static int open_log(void **state)
{
    chimera_log_open(ends[1], CHIMERA_LOG_TEXT, CHIMERA_LOG_INFO);
    return begin(state);
}

static void say(const char *id, unsigned lines)
{
    for (unsigned i = 0; i < lines; i++)
        chimera_log_in("policy_log", CHIMERA_LOG_INFO, "policy_log", CHIMERA_SLICE("hello"),
                       CHIMERA_TEXT("policy_id", chimera_slice_of(id)));
}

/* What the log says was dropped, all in all. */
static unsigned long sum_of_losses(const char *text)
{
    static const char notice[] = "log lines of a policy were dropped policy_id=\"talker\" lines=";
    unsigned long sum = 0;
    for (const char *at = text; (at = strstr(at, notice)); at += strlen(notice))
        sum += strtoul(at + strlen(notice), NULL, 10);
    return sum;
}

/* However long the test takes: no line is missing that was not told of. */
static void the_log_tells_what_is_missing(void **state)
{
    (void)state;
    chimera_log_limit_set(1);
    say("talker", LINES);
    assert_false(chimera_log_limit_settle(true, chimera_log_notice_of_policy));
    const char *text = read_log();
    assert_true(count_of(text, "hello") >= 2);
    assert_true(count_of(text, " WARN chimera::log: log lines of a policy are dropped for a while: "
                               "it writes too many policy_id=\"talker\"\n") >= 1);
    assert_int_equal(count_of(text, "hello") + sum_of_losses(text), LINES);
}

static void what_is_said_in_a_policy_s_span_counts_and_elsewhere_not(void **state)
{
    struct chimera_span group = {.name = "validate", .policy_id = CHIMERA_SLICE("group")};
    struct chimera_span inner = {
        .name = "validate", .parent = &group, .policy_id = CHIMERA_SLICE("member")};
    (void)state;
    chimera_log_limit_set(1);
    chimera_log_span = &inner;
    for (unsigned i = 0; i < LINES; i++)
        chimera_log(CHIMERA_LOG_ERROR, "t", CHIMERA_SLICE("refused"));
    chimera_log_span = NULL;
    assert_true(counted > 0);
    assert_string_equal(counted_id, "group/member");
    assert_non_null(strstr(read_log(), "policy_id=\"group/member\""));
    for (unsigned i = 0; i < LINES; i++)
        chimera_log(CHIMERA_LOG_ERROR, "t", CHIMERA_SLICE("mine"));
    assert_int_equal(count_of(read_log(), "mine"), LINES);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(two_seconds_worth_may_come_at_once, begin),
        cmocka_unit_test_setup(a_steady_rate_is_never_too_much, begin),
        cmocka_unit_test_setup(long_lines_count_for_more, begin),
        cmocka_unit_test_setup(the_longest_line_has_room_at_the_lowest_rate, begin),
        cmocka_unit_test_setup(the_loss_is_told_of_once_at_each_end, begin),
        cmocka_unit_test_setup(a_loud_policy_gets_its_rate_and_no_more, begin),
        cmocka_unit_test_setup(policies_do_not_share, begin),
        cmocka_unit_test_setup(what_is_said_about_a_policy_has_a_share_of_its_own, begin),
        cmocka_unit_test_setup(zero_is_no_limit, begin),
        cmocka_unit_test_setup(the_log_tells_what_is_missing, open_log),
        cmocka_unit_test_setup(what_is_said_in_a_policy_s_span_counts_and_elsewhere_not, open_log),
    };
    if (pipe(ends) < 0)
        return 1;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
