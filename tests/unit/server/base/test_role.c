/* SPDX-License-Identifier: Apache-2.0 */
/* test_role.c - what the children of the server are left with, role by role: asked of themselves.
 */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "runtime/instance/sanitizer.h"
#include "server/base/bell.h"
#include "server/base/freed_memory.h"
#include "server/base/role.h"

static const struct expected {
    int death_signal;
    bool keeps_settings;
    const char *name; /* as `ps` shows it: 15 letters */
} expected[ROLE_COUNT] = {
    [ROLE_WORKER] = {SIGTERM, true, "chimera-worker"},
    [ROLE_TENANT] = {SIGKILL, true, "chimera-tenant"},
    [ROLE_ADMIN] = {SIGKILL, false, "chimera-admin"},
    [ROLE_EXPORTER] = {SIGTERM, false, "chimera-otlp"},
    [ROLE_DECISIONS] = {SIGTERM, false, "chimera-log"},
    [ROLE_BUILD] = {SIGTERM, false, "chimera-build"},
    [ROLE_CERTIFICATE_CHECK] = {SIGKILL, false, "chimera-certs"},
    [ROLE_BROKER] = {SIGKILL, false, "chimera-broker"},
    [ROLE_HELPER] = {SIGKILL, false, "chimera-helper"},
};

static const struct kept_settings *const kept = (const void *)&expected; /* opaque */
static char ours[] = "settings of a policy that it serves";
static char others[] = "settings of another policy's";
static struct shared seen = {.fd = -1}, written = {.fd = -1}, unseen = {.fd = -1};
static int outsider = -1, insider = -1;

static void forget(const struct kept_settings *told)
{
    if (told != kept)
        memset(ours, 0, sizeof(ours));
    memset(others, 0, sizeof(others));
}

static int set_up(void **state)
{
    (void)state;
    outsider = dup(0);
    insider = dup(0);
    role_forget_by(forget);
    return shared_make(&seen, "seen", 4096, false, NULL) < 0 ||
           shared_make(&written, "written", 4096, false, NULL) < 0 ||
           shared_make(&unseen, "unseen", 4096, false, NULL) < 0;
}

static int take_down(void **state)
{
    (void)state;
    close(outsider);
    close(insider);
    shared_done(&seen);
    shared_done(&written);
    shared_done(&unseen);
    return 0;
}

/* --- In the child --- */

/* The letters of /proc/self/maps: "rw-s"; "" where nothing is mapped. */
static const char *rights_at(const void *address)
{
    static char rights[8];
    unsigned long long from, to;
    FILE *maps = fopen("/proc/self/maps", "r");
    char line[512];
    rights[0] = '\0';
    while (maps && fgets(line, sizeof(line), maps))
        if (sscanf(line, "%llx-%llx %7s", &from, &to, rights) == 3 && from <= (uintptr_t)address &&
            (uintptr_t)address < to) {
            fclose(maps);
            return rights;
        }
    if (maps)
        fclose(maps);
    return "";
}

static void check(bool is_true, const char *what)
{
    if (is_true)
        return;
    fprintf(stderr, "the child: %s\n", what);
    _exit(1);
}

static void check_all(enum role role)
{
    const struct expected *wanted = &expected[role];
    char name[16];
    int death_signal = 0;
    prctl(PR_GET_PDEATHSIG, &death_signal);
    prctl(PR_GET_NAME, name);
    check(death_signal == wanted->death_signal, "its death signal");
    check(strcmp(name, wanted->name) == 0, "its name");
    check(fcntl(insider, F_GETFD) >= 0, "a descriptor too few");
    check(fcntl(outsider, F_GETFD) < 0 && errno == EBADF, "a descriptor too many");
    check(fcntl(seen.fd, F_GETFD) < 0 && fcntl(written.fd, F_GETFD) < 0, "shared memory is open");
    check(strcmp(rights_at(seen.data), "r--s") == 0, "memory to read");
    check(strcmp(rights_at(written.data), "rw-s") == 0, "memory to write");
    check(strcmp(rights_at(unseen.data), "rw-s") != 0, "another's memory");
    check((strcmp(ours, "settings of a policy that it serves") == 0) == wanted->keeps_settings,
          "its own settings");
    check(ours[0] != '\0' || ours[sizeof(ours) - 2] == '\0', "a part of the settings");
    check(others[0] == '\0' && others[sizeof(others) - 2] == '\0', "others' settings");
}

/* --- Tests --- */

static pid_t start(enum role role, struct chimera_error *err)
{
    const int descriptors[] = {-1, insider};
    const struct role_mapping mappings[] = {{&seen, false}, {&written, true}};
    const struct role_start role_start = {.role = role,
                                          .mappings = mappings,
                                          .mapping_count = 2,
                                          .kept = descriptors,
                                          .kept_count = 2,
                                          .settings = kept};
    return role_fork(&role_start, err);
}

static int exit_code_of(pid_t pid)
{
    int status = 0;
    assert_true(pid > 0);
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
        ;
    assert_true(WIFEXITED(status));
    return WEXITSTATUS(status);
}

static void each_role_has_what_its_row_says(void **state)
{
    (void)state;
    for (enum role role = 0; role < ROLE_COUNT; role++) {
        pid_t pid = start(role, NULL);
        if (pid == 0) {
            check_all(role);
            _exit(0);
        }
        assert_int_equal(exit_code_of(pid), 0);
    }
    assert_string_equal(ours, "settings of a policy that it serves"); /* the parent keeps all */
    assert_string_equal(others, "settings of another policy's");
}

static void a_child_without_its_memory_ends(void **state)
{
    struct shared before = written;
    (void)state;
    written.fd = -1;
    pid_t pid = start(ROLE_ADMIN, NULL);
    if (pid == 0)
        _exit(0);
    written = before;
    assert_int_equal(exit_code_of(pid), 1);
}

/* --- Signals --- */

/* What is heard of a signal that somebody else sends to a child of this role. */
static int heard_of(enum role role, int number)
{
    int ready[2], status, heard = 0;
    char byte;
    assert_int_equal(pipe(ready), 0);
    pid_t pid = start(role, NULL);
    if (pid == 0) {
        kill(getpid(), number); /* which is not its parent: it is taken for whom it was meant for */
        _exit(17);
    }
    close(ready[1]);
    assert_int_equal(read(ready[0], &byte, 1), 0);
    close(ready[0]);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 17);
    heard = bell_take();
    assert_int_equal(bell_take(), 0);
    return heard;
}

static void signals_are_passed_on(void **state)
{
    static const int numbers[] = {SIGHUP, SIGINT, SIGTERM};
    sigset_t signals, before;
    (void)state;
    sigemptyset(&signals);
    for (int i = 0; i < 3; i++)
        sigaddset(&signals, numbers[i]);
    sigprocmask(SIG_BLOCK, &signals, &before); /* as the supervisor does */
    assert_int_equal(bell_open(NULL), CHIMERA_OK);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(heard_of(ROLE_ADMIN, numbers[i]), numbers[i]);
        assert_int_equal(heard_of(ROLE_BUILD, numbers[i]), numbers[i]);
        assert_int_equal(heard_of(ROLE_TENANT, numbers[i]), 0);
    }
    bell_close();
    sigprocmask(SIG_SETMASK, &before, NULL);
}

/* A child that was taken over may write what it likes. */
static void other_bytes_mean_nothing(void **state)
{
    (void)state;
    assert_int_equal(bell_open(NULL), CHIMERA_OK);
    assert_int_equal(write(bell_end(), "\x09\x00\xff\x01z", 5), 5);
    assert_int_equal(bell_take(), SIGHUP);
    assert_int_equal(bell_take(), 0);
    bell_close();
}

static void the_parents_word_is_its_own(void **state)
{
    char byte;
    int told[2];
    (void)state;
    assert_int_equal(bell_open(NULL), CHIMERA_OK);
    assert_int_equal(pipe(told), 0);
    insider = told[1];
    pid_t pid = start(ROLE_EXPORTER, NULL);
    if (pid == 0) {
        bell_end_by(told[1]);
        check(!bell_pass_on(SIGTERM, getppid()), "its parent's signal is passed on");
        check(bell_pass_on(SIGTERM, 1), "a stranger's is not");
        check(write(told[1], "r", 1) == 1, "it cannot write");
        for (;;)
            pause();
    }
    assert_int_equal(read(told[0], &byte, 1), 1);
    kill(pid, SIGTERM);
    assert_int_equal(read(told[0], &byte, 1), 1);
    assert_int_equal(byte, '\0');
    assert_int_equal(bell_take(), SIGTERM);
    assert_int_equal(bell_take(), 0);
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
    bell_close();
    close(told[0]);
}

/* Who leads a group has it end, too, and rings no bell for what comes of that. */
static void a_build_ends_with_all_that_it_started(void **state)
{
    int ready[2], status;
    char byte;
    (void)state;
    assert_int_equal(bell_open(NULL), CHIMERA_OK);
    assert_int_equal(pipe(ready), 0);
    insider = ready[1];
    pid_t pid = start(ROLE_BUILD, NULL);
    if (pid == 0) {
        setpgid(0, 0);
        bell_end_group();
        pid_t helper = fork();
        if (helper == 0) {
            signal(SIGTERM, SIG_DFL);
            for (;;)
                pause();
        }
        check(write(ready[1], "r", 1) == 1, "it cannot write");
        while (waitpid(helper, &status, 0) < 0)
            ;
        _exit(WTERMSIG(status) == SIGTERM && bell_has_ended() ? 0 : 1);
    }
    assert_int_equal(read(ready[0], &byte, 1), 1);
    kill(pid, SIGTERM);
    assert_int_equal(exit_code_of(pid), 0);
    assert_int_equal(bell_take(), 0);
    bell_close();
    close(ready[0]);
}

static char command_line[] = "/usr/bin/chimera-server\0--port";

static void the_command_line_names_the_child(void **state)
{
    (void)state;
    role_show_name(command_line);
    pid_t pid = start(ROLE_ADMIN, NULL);
    if (pid == 0) {
        check(strcmp(command_line, "/usr/bin/chimera-admin") == 0, "its name");
        check(strcmp(command_line + 24, "--port") == 0, "what is behind it");
        _exit(0);
    }
    assert_int_equal(exit_code_of(pid), 0);
    char shorter[] = "serve\0--port";
    role_show_name(shorter);
    pid = start(ROLE_ADMIN, NULL);
    if (pid == 0)
        _exit(memcmp(shorter, "chime\0--port", sizeof(shorter)) != 0);
    assert_int_equal(exit_code_of(pid), 0);
    role_show_name(command_line);
}

/* Its parent is the process above, not what it is told. */
static void who_comes_too_late_is_told(void **state)
{
    (void)state;
    pid_t pid = fork();
    if (pid == 0)
        _exit(role_follow(getppid(), SIGKILL) && !role_follow(getpid(), SIGKILL) ? 0 : 1);
    assert_int_equal(exit_code_of(pid), 0);
}

/* --- Freed memory --- */

#define SECRET "a token that nobody else may see"

/* Without a copy of it on the way. */
static bool is_secret_at(const volatile char *at)
{
    for (size_t i = 0; i < sizeof(SECRET) - 1; i++)
        if (at[i] != SECRET[i])
            return false;
    return true;
}

/* In what malloc() gives: how many pieces of this size still hold what was put there. */
static unsigned count_left(size_t size, unsigned count)
{
    char *pieces[64];
    unsigned left = 0;
    for (unsigned i = 0; i < count; i++) {
        pieces[i] = malloc(size);
        left += is_secret_at(pieces[i] + 16); /* lists of malloc() begin a piece */
    }
    for (unsigned i = 0; i < count; i++)
        free(pieces[i]);
    return left;
}

static void free_secrets(size_t size, unsigned count)
{
    char *pieces[64];
    for (unsigned i = 0; i < count; i++) {
        pieces[i] = malloc(size);
        memset(pieces[i], 0, size);
        memcpy(pieces[i] + 16, SECRET, sizeof(SECRET));
    }
    for (unsigned i = 0; i < count; i++)
        free(pieces[i]);
}

static void nothing_is_left_in_freed_memory(void **state)
{
    (void)state;
#if defined(CHIMERA_ASAN) || defined(CHIMERA_TSAN)
    skip(); /* their malloc() does as it likes */
#endif
    for (size_t size = 64; size <= 8192; size += 56)
        for (unsigned count = 1; count <= 24; count += 5) {
            freed_memory_guard();
            free_secrets(size, count);
            freed_memory_leave();
            assert_int_equal(count_left(size, count), 0);
        }
}

/* It would cost every request. */
static void memory_is_not_filled_for_ever(void **state)
{
    (void)state;
#if defined(CHIMERA_ASAN) || defined(CHIMERA_TSAN)
    skip();
#endif
    freed_memory_guard();
    freed_memory_leave();
    free_secrets(2048, 4);
    assert_int_not_equal(count_left(2048, 4), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(each_role_has_what_its_row_says, set_up, take_down),
        cmocka_unit_test_setup_teardown(a_child_without_its_memory_ends, set_up, take_down),
        cmocka_unit_test(who_comes_too_late_is_told),
        cmocka_unit_test_setup_teardown(signals_are_passed_on, set_up, take_down),
        cmocka_unit_test(other_bytes_mean_nothing),
        cmocka_unit_test_setup_teardown(the_parents_word_is_its_own, set_up, take_down),
        cmocka_unit_test_setup_teardown(a_build_ends_with_all_that_it_started, set_up, take_down),
        cmocka_unit_test_setup_teardown(the_command_line_names_the_child, set_up, take_down),
        cmocka_unit_test(nothing_is_left_in_freed_memory),
        cmocka_unit_test(memory_is_not_filled_for_ever),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
