/* SPDX-License-Identifier: Apache-2.0 */
#include "compiler/tool/process.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#define MIB ((uint64_t)1 << 20)

static int run_shell(const char *script, struct chimera_process_limits limits,
                     struct chimera_error *err)
{
    const char *const argv[] = {"/bin/sh", "-c", script, NULL};
    struct chimera_command command = {.what = "the tool",
                                      .argv = argv,
                                      .is_unconfined = true,
                                      .limits = limits,
                                      .advice = "take a smaller one"};
    return chimera_process_run(&command, err);
}

static double seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static void run_accepts_only_exit_code_zero(void **state)
{
    (void)state;
    struct chimera_error err = {0};
    assert_int_equal(run_shell("exit 0", (struct chimera_process_limits){0}, &err), CHIMERA_OK);
    assert_int_equal(err.code, 0);
    assert_int_equal(run_shell("exit 3", (struct chimera_process_limits){0}, &err), CHIMERA_ETOOL);
    assert_string_equal(err.text, "the tool failed with exit code 3");
}

struct failure {
    const char *script;
    struct chimera_process_limits limits;
    int code;
    const char *text;
};

static void run_names_the_cause_of_a_failure(void **state)
{
    (void)state;
    static const struct failure failures[] = {
        {"echo one >&2; echo two >&2; exit 1",
         {0},
         CHIMERA_ETOOL,
         "the tool failed with exit code 1: two"},
        {"echo 'a.c:1:2: error: bad' >&2; echo '1 error generated.' >&2; exit 1",
         {0},
         CHIMERA_ETOOL,
         "the tool failed with exit code 1: a.c:1:2: error: bad"},
        {"printf 'a\\033[2Jb\\n' >&2; exit 1",
         {0},
         CHIMERA_ETOOL,
         "the tool failed with exit code 1: a?[2Jb"},
        {"echo said; exit 1", {0}, CHIMERA_ETOOL, "the tool failed with exit code 1: said"},
        {"kill -SEGV $$",
         {0},
         CHIMERA_ETOOL,
         "the tool crashed with signal 11 (Segmentation fault)"},
        {"kill -KILL $$", {0}, CHIMERA_ETOOL, "the tool was killed from outside (signal 9)"},
        {"sleep 60",
         {.wall_seconds = 1},
         CHIMERA_ELIMIT,
         "the tool passed its time limit of 1 s; take a smaller one"},
        {"while :; do :; done",
         {.cpu_seconds = 1},
         CHIMERA_ELIMIT,
         "the tool passed its processor time limit of 1 s; take a smaller one"},
        {"head -c 3000000 /dev/zero > /tmp/chimera-test-process.$$; r=$?; rm -f "
         "/tmp/chimera-test-process.$$; "
         "exit $r",
         {.file_bytes = MIB},
         CHIMERA_ELIMIT,
         "the tool passed its file size limit of 1 MiB; take a smaller one"},
        {"echo 'LLVM ERROR: out of memory' >&2; kill -ABRT $$",
         {.memory_bytes = 512 * MIB},
         CHIMERA_ELIMIT,
         "the tool passed its memory limit of 512 MiB; take a smaller one"},
    };
    for (size_t i = 0; i < sizeof(failures) / sizeof(failures[0]); i++) {
        struct chimera_error err = {0};
        int code = run_shell(failures[i].script, failures[i].limits, &err);
        assert_int_equal(code, failures[i].code);
        if (!strstr(err.text, failures[i].text))
            fail_msg("%s: %s", failures[i].script, err.text);
    }
}

static void run_names_a_program_that_cannot_start(void **state)
{
    (void)state;
    struct chimera_error err = {0};
    const char *const argv[] = {"/nowhere/clang", NULL};
    struct chimera_command command = {.what = "clang", .argv = argv};
    assert_int_equal(chimera_process_run(&command, &err), CHIMERA_ETOOL);
    assert_string_equal(
        err.text, "cannot start clang (/nowhere/clang): the program: No such file or directory");
    const char *const shell[] = {"/bin/sh", "-c", "exit 0", NULL};
    command = (struct chimera_command){.what = "sh", .argv = shell, .folder = "/nowhere"};
    assert_int_equal(chimera_process_run(&command, &err), CHIMERA_ETOOL);
    assert_non_null(strstr(err.text, "its folder: No such file or directory"));
}

static int capture_shell(const char *script, const char *folder, char *ret_text, size_t size)
{
    const char *const argv[] = {"/bin/sh", "-c", script, NULL};
    struct chimera_buffer output;
    chimera_buffer_init(&output, size - 1);
    struct chimera_command command = {.what = "sh",
                                      .argv = argv,
                                      .folder = folder,
                                      .is_unconfined = true,
                                      .sink = chimera_process_capture,
                                      .sink_context = &output};
    int code = chimera_process_run(&command, NULL);
    if (output.size > 0)
        memcpy(ret_text, output.data, output.size);
    ret_text[output.size] = '\0';
    chimera_buffer_free(&output);
    return code;
}

static void a_child_sees_little_of_us(void **state)
{
    (void)state;
    char text[400];
    setenv("CPATH", "/usr/include/evil", 1);
    int kept = dup(STDOUT_FILENO); /* not close-on-exec */
    assert_int_equal(
        capture_shell("echo \"$CPATH|$LC_ALL|$TMPDIR|$(pwd)\"; cat; ls /proc/self/fd | wc -l; "
                      "grep NoNewPrivs /proc/self/status; ulimit -c",
                      "/tmp", text, sizeof(text)),
        CHIMERA_OK);
    close(kept);
    unsetenv("CPATH");
    /* ls has the three streams and the folder that it reads. */
    assert_string_equal(text, "|C|/tmp|/tmp\n4\nNoNewPrivs:\t1\n0\n");
}

static void a_long_output_reaches_the_sink_whole(void **state)
{
    (void)state;
    char text[64];
    assert_int_equal(capture_shell("head -c 5000000 /dev/zero | wc -c", NULL, text, sizeof(text)),
                     CHIMERA_OK);
    assert_string_equal(text, "5000000\n");
}

static void a_sink_that_refuses_ends_the_child(void **state)
{
    (void)state;
    char text[64];
    assert_int_equal(capture_shell("yes", NULL, text, sizeof(text)),
                     CHIMERA_ELIMIT); /* it comes back */
}

static int count_done(void *context, size_t index, struct chimera_error *err)
{
    (void)err;
    unsigned *done = context;
    *done |= 1u << index;
    return CHIMERA_OK;
}

/* The most that ran at once, by a log of what begins (b) and ends (e). */
static int count_at_once(const char *path)
{
    int now = 0, most = 0;
    FILE *file = fopen(path, "re");
    assert_non_null(file);
    for (int byte; (byte = fgetc(file)) != EOF;) {
        now += byte == 'b' ? 1 : byte == 'e' ? -1 : 0;
        most = now > most ? now : most;
    }
    fclose(file);
    return most;
}

/* Three at once: none ends before three have begun, and a fourth would show. */
static void a_pool_runs_all_and_reports_each(void **state)
{
    char path[] = "/tmp/test_process.XXXXXX", script[200];
    int fd = mkstemp(path);
    struct chimera_command commands[6];
    const char *const argv[] = {"/bin/sh", "-c", script, NULL};
    unsigned done = 0;
    (void)state;
    assert_true(fd >= 0);
    close(fd);
    snprintf(script, sizeof(script),
             "echo b >>%s; while [ $(grep -c b %s) -lt 3 ]; do sleep 0.01; done; sleep 0.05; echo "
             "e >>%s",
             path, path, path);
    for (size_t i = 0; i < 6; i++)
        commands[i] = (struct chimera_command){
            .what = "one", .argv = argv, .is_unconfined = true, .limits = {.wall_seconds = 120}};
    assert_int_equal(chimera_process_run_all(commands, 6, 3, count_done, &done, NULL), CHIMERA_OK);
    assert_int_equal(done, 63);
    assert_int_equal(count_at_once(path), 3);
    assert_int_equal(chimera_process_run_all(commands, 0, 3, NULL, NULL, NULL), CHIMERA_OK);
    unlink(path);
}

static void the_first_failure_of_a_pool_ends_the_rest(void **state)
{
    (void)state;
    const char *const slow[] = {"/bin/sh", "-c", "sleep 600 & sleep 600", NULL};
    const char *const bad[] = {"/bin/sh", "-c", "sleep 0.1; exit 7", NULL};
    struct chimera_command commands[] = {{.what = "slow one", .argv = slow, .is_unconfined = true},
                                         {.what = "bad one", .argv = bad, .is_unconfined = true},
                                         {.what = "third", .argv = slow, .is_unconfined = true}};
    struct chimera_error err = {0};
    double start = seconds();
    assert_int_equal(chimera_process_run_all(commands, 3, 2, NULL, NULL, &err), CHIMERA_ETOOL);
    assert_string_equal(err.text, "bad one failed with exit code 7");
    assert_true(seconds() - start < 300); /* not when the others end by themselves */
}

static void what_a_child_leaves_behind_is_killed(void **state)
{
    (void)state;
    char text[64];
    int number = 0;
    assert_int_equal(capture_shell("sleep 600 >/dev/null 2>&1 & echo $!", NULL, text, sizeof(text)),
                     CHIMERA_OK);
    for (const char *digit = text; *digit >= '0' && *digit <= '9'; digit++)
        number = number * 10 + (*digit - '0');
    assert_true(number > 1);
    for (int i = 0; i < 6000 && kill(number, 0) == 0; i++) {
        char path[64], line[128] = "";
        snprintf(path, sizeof(path), "/proc/%d/stat", number);
        FILE *file = fopen(path, "re");
        char *got = file ? fgets(line, sizeof(line), file) : NULL;
        if (file)
            fclose(file);
        if (!got || strstr(line, ") Z"))
            return; /* gone, but for an init that does not reap */
        nanosleep(&(struct timespec){.tv_nsec = 20000000}, NULL);
    }
    assert_int_equal(kill(number, 0), -1);
}

static void on_alarm(int number)
{
    (void)number;
    chimera_process_kill_all();
}

/* In a process of its own, because nothing can be started after it. */
static void kill_all_ends_a_run_from_a_signal_handler(void **state)
{
    (void)state;
    pid_t pid = fork();
    if (pid == 0) {
        struct chimera_error err = {0};
        signal(SIGALRM, on_alarm);
        alarm(1);
        bool is_right =
            run_shell("sleep 60", (struct chimera_process_limits){0}, &err) == CHIMERA_ETOOL &&
            strcmp(err.text, "the tool was interrupted") == 0 &&
            run_shell("exit 0", (struct chimera_process_limits){0}, &err) == CHIMERA_ETOOL;
        _exit(is_right ? 0 : 1);
    }
    int status = -1;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(run_accepts_only_exit_code_zero),
        cmocka_unit_test(run_names_the_cause_of_a_failure),
        cmocka_unit_test(run_names_a_program_that_cannot_start),
        cmocka_unit_test(a_child_sees_little_of_us),
        cmocka_unit_test(a_long_output_reaches_the_sink_whole),
        cmocka_unit_test(a_sink_that_refuses_ends_the_child),
        cmocka_unit_test(a_pool_runs_all_and_reports_each),
        cmocka_unit_test(the_first_failure_of_a_pool_ends_the_rest),
        cmocka_unit_test(what_a_child_leaves_behind_is_killed),
        cmocka_unit_test(kill_all_ends_a_run_from_a_signal_handler),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
