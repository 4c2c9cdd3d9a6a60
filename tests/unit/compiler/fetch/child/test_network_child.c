/* SPDX-License-Identifier: Apache-2.0 */
/* What a process that strangers speak to can do, tried from inside. */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "compiler/fetch/child/network_child.h"
#include "runtime/base/clock.h"
#include "runtime/base/file.h"
#include "runtime/confine/landlock.h"
#include "runtime/instance/sanitizer.h"

#if defined(CHIMERA_ASAN) || defined(CHIMERA_TSAN)
#define IS_CONFINED false /* they need what it takes away */
#else
#define IS_CONFINED true
#endif

static char folder[] = "/tmp/chimera-network-child-XXXXXX";
static char inside[64], linked[64], outside[] = "/tmp/chimera-network-child-file-XXXXXX";

static int make_files(void **state)
{
    (void)state;
    int fd = mkstemp(outside);
    if (!mkdtemp(folder) || fd < 0)
        return -1;
    close(fd);
    snprintf(inside, sizeof(inside), "%s/file", folder);
    snprintf(linked, sizeof(linked), "%s/link", folder);
    return 0;
}

static int remove_files(void **state)
{
    (void)state;
    unlink(outside);
    return chimera_folder_remove(folder, NULL);
}

/* Tells the parent what could be done although it must not. */
static void expect(struct chimera_buffer *out, const char *what, long result, int number)
{
    if (result >= 0 || errno != number)
        chimera_buffer_print(out, "%s: %ld, %s\n", what, result, result < 0 ? strerror(errno) : "");
}

static int try_files(void *context, struct chimera_buffer *out, struct chimera_error *err)
{
    (void)context, (void)err;
    int fd = open(inside, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0)
        chimera_buffer_print(out, "the folder: %s\n", strerror(errno));
    expect(out, "a password", open("/etc/shadow", O_RDONLY), EACCES);
    expect(out, "the environment", open("/proc/self/environ", O_RDONLY), EACCES);
    expect(out, "another's file", open(outside, O_RDONLY), EACCES);
    expect(out, "another's file to write", open(outside, O_WRONLY), EACCES);
    expect(out, "a removal", unlink(outside), EACCES);
    expect(out, "a way out", rename(inside, outside), EACCES);
    expect(out, "a link", symlink("/etc/shadow", linked), EACCES);
    expect(out, "a mode", chmod(inside, 04755), EPERM);
    return CHIMERA_OK;
}

static int try_rest(void *context, struct chimera_buffer *out, struct chimera_error *err)
{
    (void)context, (void)err;
    const struct sockaddr_in here = {.sin_family = AF_INET,
                                     .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int tcp = socket(AF_INET, SOCK_STREAM, 0);
    if (tcp < 0)
        chimera_buffer_print(out, "no socket: %s\n", strerror(errno));
    if (chimera_landlock_version() >= 4)
        expect(out, "bind", bind(tcp, (const struct sockaddr *)&here, sizeof(here)), EACCES);
    expect(out, "listen", listen(tcp, 1), EPERM);
    expect(out, "a service of this machine's", socket(AF_UNIX, SOCK_STREAM, 0), EPERM);
    expect(out, "packets", socket(AF_PACKET, SOCK_RAW, 0), EPERM);
    expect(out, "the kernel's tables", socket(AF_NETLINK, SOCK_RAW, 0), EPERM);
    expect(out, "a key press", ioctl(STDERR_FILENO, TIOCSTI, "x"), EPERM);
    expect(out, "a signal", kill(getppid(), 0), EPERM);
    expect(out, "a look", ptrace(PTRACE_ATTACH, getppid(), 0, 0), EPERM);
    expect(out, "another user", setuid(1), EPERM);
    return CHIMERA_OK;
}

static void run(chimera_network_task *task)
{
    struct chimera_buffer out;
    struct chimera_error err = {0};
    chimera_buffer_init(&out, 10000);
    const struct chimera_network_folder room = {.path = folder, .is_writable = true};
    if (chimera_network_run(room, task, NULL, &out, &err) < 0)
        fail_msg("%s", err.text);
    if (out.size > 0)
        fail_msg("%.*s", (int)out.size, out.data);
    chimera_buffer_free(&out);
}

static void it_reaches_its_folder_and_the_network(void **state)
{
    (void)state;
    if (!IS_CONFINED || chimera_landlock_version() < 2)
        skip();
    run(try_files);
    run(try_rest);
}

static int become_another(void *context, struct chimera_buffer *out, struct chimera_error *err)
{
    (void)context, (void)err;
    execl("/bin/true", "true", NULL);
    chimera_buffer_text(out, strerror(errno));
    return CHIMERA_OK;
}

static int become_two(void *context, struct chimera_buffer *out, struct chimera_error *err)
{
    (void)context, (void)err;
    if (fork() == 0)
        _exit(0);
    chimera_buffer_text(out, strerror(errno));
    return CHIMERA_OK;
}

static void it_starts_nothing(void **state)
{
    static chimera_network_task *const tasks[] = {become_another, become_two};
    (void)state;
    if (!IS_CONFINED)
        skip();
    for (size_t i = 0; i < 2; i++) {
        struct chimera_buffer out;
        struct chimera_error err = {0};
        chimera_buffer_init(&out, 1000);
        assert_int_equal(chimera_network_run(CHIMERA_NO_FOLDER, tasks[i], NULL, &out, &err),
                         CHIMERA_EIO);
        assert_non_null(strstr(err.text, "was ended by signal 31"));
        chimera_buffer_free(&out);
    }
}

/* --- What is open --- */

static int look_at_files(void *context, struct chimera_buffer *out, struct chimera_error *err)
{
    struct stat null, status;
    const int *other = context;
    (void)err;
    stat("/dev/null", &null);
    for (int fd = STDIN_FILENO; fd <= STDOUT_FILENO; fd++)
        if (fstat(fd, &status) < 0 || status.st_rdev != null.st_rdev)
            chimera_buffer_print(out, "%d is not empty\n", fd);
    if (fcntl(*other, F_GETFD) >= 0)
        chimera_buffer_text(out, "another's answer can be read\n");
    return CHIMERA_OK;
}

static int wait_for_ever(void *context, struct chimera_buffer *out, struct chimera_error *err)
{
    (void)context, (void)out, (void)err;
    while (pause() < 0)
        ;
    return CHIMERA_OK;
}

static void it_has_no_output_and_no_other_s_answers(void **state)
{
    struct chimera_network_child other;
    struct chimera_buffer out;
    struct chimera_error err = {0};
    (void)state;
    chimera_buffer_init(&out, 1000);
    assert_int_equal(chimera_network_start(CHIMERA_NO_FOLDER, wait_for_ever, NULL, &other, &err),
                     CHIMERA_OK);
    int far = fcntl(other.fd, F_DUPFD, 50); /* not the number of its own pipe */
    int code = chimera_network_run(CHIMERA_NO_FOLDER, look_at_files, &far, &out, &err);
    close(far);
    kill(other.pid, SIGKILL);
    struct chimera_error killed = {0};
    assert_int_equal(chimera_network_finish(&other, &out, &killed), CHIMERA_EIO);
    assert_int_equal(code, CHIMERA_OK);
    if (out.size > 0)
        fail_msg("%.*s", (int)out.size, out.data);
    chimera_buffer_free(&out);
}

/* Its pipe may have one of their numbers then. */
static void whoever_starts_us_without_input_and_output_gets_answers(void **state)
{
    int saved[] = {dup(STDIN_FILENO), dup(STDOUT_FILENO)}, other = -1;
    struct chimera_buffer out;
    struct chimera_error err = {0};
    (void)state;
    chimera_buffer_init(&out, 1000);
    close(STDIN_FILENO);
    close(STDOUT_FILENO);
    int code = chimera_network_run(CHIMERA_NO_FOLDER, look_at_files, &other, &out, &err);
    for (int fd = 0; fd < 2; fd++) {
        dup2(saved[fd], fd);
        close(saved[fd]);
    }
    if (code < 0 || out.size > 0)
        fail_msg("%s%.*s", err.text, (int)out.size, out.size ? out.data : "");
    chimera_buffer_free(&out);
}

/* --- Its end --- */

static void it_is_ended_when_its_time_is_over(void **state)
{
    struct chimera_network_child child;
    struct chimera_buffer out;
    struct chimera_error err = {0};
    (void)state;
    chimera_buffer_init(&out, 1000);
    assert_int_equal(chimera_network_start(CHIMERA_NO_FOLDER, wait_for_ever, NULL, &child, &err),
                     CHIMERA_OK);
    pid_t pid = child.pid;
    child.until_ms = chimera_clock_ms() + 50;
    assert_int_equal(chimera_network_finish(&child, &out, &err), CHIMERA_EIO);
    assert_string_equal(err.text, "it takes too long: the registry or the network is too slow");
    assert_true(kill(pid, 0) < 0 && errno == ESRCH);
    chimera_buffer_free(&out);
}

static void where_it_must_be_confined_it_is_or_is_not(void **state)
{
    static const char *const played[] = {"none", "landlock", "seccomp"};
    int other = -1;
    (void)state;
    for (size_t i = 0; i < 3; i++) {
        struct chimera_buffer out;
        struct chimera_error err = {0};
        chimera_buffer_init(&out, 1000);
        setenv("CHIMERA_CONFINEMENT", played[i], 1);
        const struct chimera_network_folder must = {.must_confine = true};
        assert_int_equal(chimera_network_run(must, look_at_files, &other, &out, &err),
                         CHIMERA_EREFUSED);
        assert_non_null(strstr(err.text, "the process that fetches cannot be confined here"));
        assert_int_equal(chimera_network_run(CHIMERA_NO_FOLDER, look_at_files, &other, &out, &err),
                         CHIMERA_OK); /* as far as it goes */
        chimera_buffer_free(&out);
    }
    unsetenv("CHIMERA_CONFINEMENT");
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_reaches_its_folder_and_the_network),
        cmocka_unit_test(it_starts_nothing),
        cmocka_unit_test(it_has_no_output_and_no_other_s_answers),
        cmocka_unit_test(whoever_starts_us_without_input_and_output_gets_answers),
        cmocka_unit_test(it_is_ended_when_its_time_is_over),
        cmocka_unit_test(where_it_must_be_confined_it_is_or_is_not),
    };
    return cmocka_run_group_tests(tests, make_files, remove_files);
}
