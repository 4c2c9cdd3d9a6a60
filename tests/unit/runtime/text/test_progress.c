/* SPDX-License-Identifier: Apache-2.0 */
/* What a build tells while it goes on: a line that changes on a terminal, lines that stay
 * elsewhere. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
/* cmocka wants those before it */
#include <cmocka.h>

#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "runtime/base/clock.h"
#include "runtime/text/progress.h"

#define SECOND UINT64_C(1000000000)

static int reader; /* of what was told */
static char told[4096];

/* A terminal hands over what was written in pieces, and a little later. */
static const char *read_told(const char *end)
{
    size_t used = 0;
    struct pollfd ready = {.fd = reader, .events = POLLIN};
    told[0] = '\0';
    while (used + 1 < sizeof(told) && poll(&ready, 1, *end ? 10000 : 0) > 0) {
        ssize_t got = read(reader, told + used, sizeof(told) - 1 - used);
        if (got <= 0)
            break;
        used += (size_t)got;
        told[used] = '\0';
        if (*end && used >= strlen(end) && strcmp(told + used - strlen(end), end) == 0)
            break;
    }
    return told;
}

static void expect_told(const char *text)
{
    assert_string_equal(read_told(text), text);
}

static struct chimera_progress to_pipe(void)
{
    struct chimera_progress progress;
    int ends[2];
    assert_int_equal(pipe2(ends, O_CLOEXEC | O_NONBLOCK), 0);
    reader = ends[0];
    chimera_progress_init(&progress, ends[1]);
    assert_false(progress.is_shown);
    return progress;
}

static struct chimera_progress to_terminal(void)
{
    struct chimera_progress progress;
    setenv("TERM", "xterm", 1);
    setenv("NO_COLOR", "1", 1);
    reader = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC | O_NONBLOCK);
    assert_true(reader >= 0 && grantpt(reader) == 0 && unlockpt(reader) == 0);
    chimera_progress_init(&progress, open(ptsname(reader), O_RDWR | O_NOCTTY | O_CLOEXEC));
    assert_true(progress.is_shown);
    return progress;
}

static void done(const struct chimera_progress *progress)
{
    close(progress->fd);
    close(reader);
}

static void without_a_terminal_what_was_built_has_a_line(void **state)
{
    (void)state;
    struct chimera_progress progress = to_pipe();
    chimera_progress_begin(&progress, "file:///policies/rust-privileged.wasm", 2, 7);
    chimera_progress_show(&progress, "compiling", 3, 8);
    expect_told("");
    progress.since_ns -= 15 * SECOND + SECOND / 5;
    chimera_progress_end(&progress, "full");
    read_told(" s\n");
    assert_true(strncmp(told, "built rust-privileged full 15.", 30) == 0);
    done(&progress);
}

static void what_came_to_nothing_has_none(void **state)
{
    (void)state;
    struct chimera_progress progress = to_pipe();
    chimera_progress_begin(&progress, "a.wasm", 1, 1);
    chimera_progress_end(&progress, NULL);
    chimera_progress_end(&progress, "full"); /* nor what was not begun */
    expect_told("");
    done(&progress);
}

static void names_are_short_and_harmless(void **state)
{
    (void)state;
    const struct {
        const char *given, *shown;
    } cases[] = {
        {"/a/b/pod.wasm", "pod"},
        {"registry://registry.example/team/pod:v1.2", "pod:v1.2"},
        {"https://example/p.wasm?token=secret", "p"},
        {"https://example/p.wasm?at=/a/b", "p"},
        {".wasm", ".wasm"},
        {"plain", "plain"},
        {"a\033[2Jb", "a\\u{1b}[2Jb"},
        {"0123456789012345678901234567890123456789012345\xC3\xA4", /* as far as it has room */
         "0123456789012345678901234567890123456789012345"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        struct chimera_progress progress = to_pipe();
        chimera_progress_begin(&progress, cases[i].given, 1, 1);
        assert_string_equal(progress.name, cases[i].shown);
        done(&progress);
    }
}

static void a_terminal_sees_name_step_and_seconds(void **state)
{
    (void)state;
    struct chimera_progress progress = to_terminal();
    chimera_progress_begin(&progress, "rust-privileged.wasm", 2, 7);
    progress.since_ns -= 4 * SECOND;
    chimera_progress_show(&progress, "compiling", 3, 8);
    expect_told("\r\033[K[2/7] rust-privileged  compiling 3/8  4 s");
    progress.since_ns -= SECOND;
    progress.last_ns -= SECOND;
    chimera_progress_tick(&progress);
    expect_told("\r\033[K[2/7] rust-privileged  compiling 3/8  5 s");
    chimera_progress_end(&progress, "full");
    expect_told("\r\033[K"); /* nothing stays */
    chimera_progress_begin(&progress, "alone", 1, 1);
    chimera_progress_show(&progress, "wasm2c", 0, 0);
    expect_told("\r\033[Kalone  wasm2c");
    done(&progress);
}

static void a_line_is_written_again_only_where_one_stands(void **state)
{
    (void)state;
    struct chimera_progress progress = to_terminal();
    chimera_progress_tick(NULL);
    chimera_progress_begin(&progress, "a", 1, 1);
    chimera_progress_tick(&progress);
    expect_told("");
    chimera_progress_show(&progress, "wasm2c", 0, 0);
    chimera_progress_clear(&progress);
    expect_told("\r\033[Ka  wasm2c\r\033[K");
    progress.last_ns -= SECOND;
    chimera_progress_tick(&progress);
    expect_told("");
    done(&progress);
}

static void who_asks_for_it_is_told_of_a_wait_once(void **state)
{
    (void)state;
    struct chimera_progress progress = to_terminal();
    progress.is_shown = false;
    chimera_progress_begin(&progress, "a/rust-privileged.wasm", 1, 1);
    progress.since_ns -= 6 * SECOND;
    chimera_progress_tick(&progress);
    expect_told("");
    progress.tells_wait = true;
    chimera_progress_tick(&progress);
    chimera_progress_tick(&progress);
    expect_told("building rust-privileged\r\n"); /* a terminal's line end */
    chimera_progress_begin(&progress, "b", 1, 1);
    progress.tells_wait = true;
    chimera_progress_tick(&progress);
    expect_told(""); /* soon */
    done(&progress);
}

static void the_first_and_the_last_of_a_step_are_shown_at_once(void **state)
{
    (void)state;
    struct chimera_progress progress = to_terminal();
    chimera_progress_show(NULL, "compiling", 1, 2);
    for (size_t i = 0; i <= 3; i++)
        chimera_progress_show(&progress, "compiling", i, 3);
    chimera_progress_clear(&progress);
    /* What is between the two depends on the time that passes. */
    static const char first[] = "\r\033[Kcompiling  0/3\r\033[K", last[] = "compiling  3/3\r\033[K";
    read_told(last);
    assert_memory_equal(told, first, strlen(first));
    assert_non_null(strstr(told, last));
    done(&progress);
}

static void bytes_have_a_bar(void **state)
{
    (void)state;
    struct chimera_progress progress = to_terminal();
    chimera_progress_show_bytes(&progress, "manifest", 300, 600); /* there before it is read */
    chimera_progress_show_bytes(&progress, "policy", 10600000, 52400000);
    chimera_progress_clear(&progress);
    expect_told("\r\033[Kpolicy  [====----------------] 10.6 of 52.4 MB\r\033[K");
    done(&progress);
}

static size_t steps;

static void count_step(const struct chimera_progress *progress)
{
    assert_string_equal(progress->name, "a");
    steps++;
}

static void each_step_is_told_once(void **state)
{
    (void)state;
    struct chimera_progress progress = to_pipe();
    progress.on_step = count_step;
    chimera_progress_begin(&progress, "a", 1, 1);
    chimera_progress_show(&progress, "wasm2c", 0, 0);
    for (size_t i = 0; i < 8; i++)
        chimera_progress_show(&progress, "compiling", i, 8);
    assert_int_equal(steps, 2);
    done(&progress);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(without_a_terminal_what_was_built_has_a_line),
        cmocka_unit_test(what_came_to_nothing_has_none),
        cmocka_unit_test(names_are_short_and_harmless),
        cmocka_unit_test(a_terminal_sees_name_step_and_seconds),
        cmocka_unit_test(a_line_is_written_again_only_where_one_stands),
        cmocka_unit_test(who_asks_for_it_is_told_of_a_wait_once),
        cmocka_unit_test(the_first_and_the_last_of_a_step_are_shown_at_once),
        cmocka_unit_test(bytes_have_a_bar),
        cmocka_unit_test(each_step_is_told_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
