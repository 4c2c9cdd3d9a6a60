/* SPDX-License-Identifier: Apache-2.0 */
#include "server/supervisor/daemon.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "runtime/base/cleanup.h"
#include "runtime/base/file.h"
#include "runtime/text/printable.h"
#include "runtime/text/problems.h"

#define REPORT_MAX ((size_t)64 << 10)
#define READY '\0' /* no text begins so */

static int report_fd = -1; /* to the process that waits */
static int pid_fd = -1;    /* locked */
static const char *pid_path;

/* --- The process that was started --- */

static _Noreturn void wait_for_daemon(int fd)
{
    static char text[REPORT_MAX];
    size_t size = 0;
    ssize_t count;
    do {
        count = read(fd, text + size, REPORT_MAX - size);
        size += count > 0 ? (size_t)count : 0;
    } while ((count > 0 && text[0] != READY && size < REPORT_MAX) || (count < 0 && errno == EINTR));
    if (size > 0 && text[0] == READY)
        _exit(0);
    struct chimera_slice said = {text, size};
    if (size == 0)
        said = CHIMERA_SLICE("the daemon ended before it was ready");
    while (said.size > 0) {
        size_t line = strnlen(said.data, said.size);
        chimera_printable_say(stderr, "Error", "%.*s", (int)line, said.data);
        line += line < said.size;
        said = (struct chimera_slice){said.data + line, said.size - line};
    }
    _exit(1);
}

static void report(const char *bytes, size_t size)
{
    while (report_fd >= 0 && size > 0) {
        ssize_t count = write(report_fd, bytes, size);
        if (count < 0 && errno != EINTR)
            break; /* nobody waits any more */
        bytes += count > 0 ? count : 0;
        size -= count > 0 ? (size_t)count : 0;
    }
    if (report_fd >= 0)
        close(report_fd);
    report_fd = -1;
}

void daemon_ready(void)
{
    report(&(char){READY}, 1);
}

static void add_line(void *context, const char *line)
{
    struct chimera_buffer *lines = context;
    chimera_buffer_append(lines, (struct chimera_slice){line, strlen(line) + 1});
}

void daemon_failed(const struct chimera_error *err)
{
    struct chimera_buffer lines;
    chimera_buffer_init(&lines, REPORT_MAX);
    chimera_error_each(err, add_line, &lines);
    report(lines.data, lines.size);
    chimera_buffer_free(&lines);
}

/* --- The pid file --- */

static bool is_taken(const char *path)
{
    CHIMERA_CLOSE int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    return fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) < 0;
}

/* Written and locked beside, then moved, so that nobody reads half of it. */
static int write_pid(const char *path, struct chimera_error *err)
{
    CHIMERA_FREE char *temporary = NULL;
    if (is_taken(path))
        return chimera_fail(err, CHIMERA_EIO, "Cannot daemonize: another daemon has %s", path);
    pid_fd = chimera_file_temporary(path, CHIMERA_FILE_CODE, &temporary);
    if (pid_fd < 0)
        errno = -pid_fd;
    bool is_written = pid_fd >= 0 && flock(pid_fd, LOCK_EX | LOCK_NB) == 0 &&
                      dprintf(pid_fd, "%d\n", (int)getpid()) > 0 && rename(temporary, path) == 0;
    if (is_written) {
        pid_path = path;
        return CHIMERA_OK;
    }
    int number = errno;
    if (pid_fd >= 0)
        unlink(temporary);
    return chimera_fail(err, CHIMERA_EIO, "Cannot daemonize: cannot write %s: %s", path,
                        strerror(number));
}

void daemon_end(void)
{
    struct stat ours, there;
    if (pid_path && fstat(pid_fd, &ours) == 0 && stat(pid_path, &there) == 0 &&
        ours.st_dev == there.st_dev && ours.st_ino == there.st_ino)
        unlink(pid_path);
    pid_path = NULL;
}

/* --- Leaving the terminal --- */

static int open_output(const char *path, const char *name, int *ret_fd, struct chimera_error *err)
{
    *ret_fd = open(path ? path : "/dev/null", O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC,
                   CHIMERA_FILE_PLAIN);
    if (*ret_fd >= 0)
        return CHIMERA_OK;
    return chimera_fail(err, CHIMERA_EIO, "Cannot create file for daemon %s: %s: %s", name, path,
                        strerror(errno));
}

static int fail_fork(struct chimera_error *err)
{
    return chimera_fail_errno(err, "Cannot daemonize");
}

static void fail_leaving(const char *text)
{
    struct chimera_error err = {0};
    chimera_fail(&err, CHIMERA_EIO, "%s", text);
    daemon_failed(&err);
}

/* In the first child: the leader of a session, which may get a terminal again, ends; its child,
 * which may not, goes on. */
static void leave(int out_fd, int errors_fd)
{
    int empty = open("/dev/null", O_RDONLY | O_CLOEXEC);
    setsid();
    pid_t pid = fork();
    if (pid < 0)
        fail_leaving("Cannot daemonize: fork failed");
    if (pid != 0)
        _exit(pid < 0);
    if (empty < 0 || dup2(empty, 0) < 0 || dup2(out_fd, 1) < 0 || dup2(errors_fd, 2) < 0) {
        fail_leaving("Cannot daemonize: the standard streams cannot be replaced");
        _exit(1);
    }
    close(empty);
}

static int detach(int out_fd, int errors_fd, struct chimera_error *err)
{
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) < 0)
        return fail_fork(err);
    pid_t pid = fork();
    if (pid < 0) {
        fail_fork(err);
        close(ends[0]);
        close(ends[1]);
        return CHIMERA_EIO;
    }
    if (pid > 0) {
        close(ends[1]);
        waitpid(pid, NULL, 0);
        wait_for_daemon(ends[0]);
    }
    close(ends[0]);
    report_fd = ends[1];
    leave(out_fd, errors_fd);
    return CHIMERA_OK;
}

int daemon_begin(const struct options *options, struct chimera_error *err)
{
    CHIMERA_CLOSE int out_fd = -1;
    CHIMERA_CLOSE int errors_fd = -1;
    int code = open_output(options->daemon_stdout_file, "stdout", &out_fd, err);
    if (code == CHIMERA_OK)
        code = open_output(options->daemon_stderr_file, "stderr", &errors_fd, err);
    if (code == CHIMERA_OK)
        code = detach(out_fd, errors_fd, err);
    return code < 0 ? code : write_pid(options->daemon_pid_file, err);
}
