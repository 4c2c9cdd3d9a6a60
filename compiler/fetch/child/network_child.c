/* SPDX-License-Identifier: Apache-2.0 */
#include "compiler/fetch/child/network_child.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "runtime/base/clock.h"
#include "runtime/confine/network.h"

#define WAIT_MAX_MS 60000

/* What comes first through the pipe. */
enum { GOOD = '+', BAD = '-' };

struct failure { /* behind BAD; then the details */
    int code;
    char text[sizeof((struct chimera_error){0}.text)];
};

static int write_all(int fd, const char *data, size_t size)
{
    while (size > 0) {
        ssize_t count = write(fd, data, size);
        if (count < 0 && errno != EINTR)
            return 1;
        if (count > 0) {
            data += count;
            size -= (size_t)count;
        }
    }
    return 0;
}

static int tell_failure(int fd, int code, const struct chimera_error *err)
{
    struct failure failure = {.code = code};
    char kind = BAD;
    memcpy(failure.text, err->text, sizeof(failure.text));
    const struct chimera_buffer *details = err->details;
    return write_all(fd, &kind, 1) || write_all(fd, (const char *)&failure, sizeof(failure)) ||
           write_all(fd, details->data, details->size);
}

/* Kernels before 5.9 have no close_range(): those that can be ours are tried. */
static void close_from(int first)
{
    if (syscall(SYS_close_range, (unsigned)first, ~0U, 0U) == 0)
        return;
    for (int fd = first; fd < 65536; fd++)
        close(fd);
}

/* What the commands print is for whoever started them, chimera-server say, to believe: not for a
 * process that strangers speak to. Nor are the answers of its siblings. */
static int keep_little(struct chimera_network_folder folder, int *fd)
{
    int own = *fd;
    if (folder.keeps_files)
        return 0;
    /* First, as whoever started the command may have left us a number of these three. */
    if (dup2(own, STDERR_FILENO + 1) < 0)
        return -1;
    *fd = STDERR_FILENO + 1;
    int empty = open("/dev/null", O_RDWR);
    if (empty < 0 || dup2(empty, STDIN_FILENO) < 0 || dup2(empty, STDOUT_FILENO) < 0 ||
        (own == STDERR_FILENO && dup2(empty, STDERR_FILENO) < 0))
        return -1;
    close_from(STDERR_FILENO + 2);
    return 0;
}

static int confine(struct chimera_network_folder folder, struct chimera_error *err)
{
    const struct chimera_network_rights rights = {.folder = folder.path,
                                                  .is_writable = folder.is_writable};
    const char *lack = folder.must_confine ? chimera_network_lack() : NULL;
    return !lack ? chimera_network_confine(&rights, err)
                 : chimera_fail(err, CHIMERA_EREFUSED,
                                "the process that fetches cannot be confined here (%s): fetch the "
                                "policy elsewhere, or allow unconfined builds",
                                lack);
}

/* In the child: never returns. */
static _Noreturn void work(struct chimera_network_folder folder, chimera_network_task *task,
                           void *context, int fd)
{
    struct chimera_buffer out, details;
    chimera_buffer_init(&out, CHIMERA_NETWORK_ANSWER_MAX);
    chimera_buffer_init(&details, CHIMERA_NETWORK_ANSWER_MAX / 2);
    struct chimera_error err = {.details = &details};
    char kind = GOOD;
    signal(SIGINT, SIG_DFL);
    signal(SIGTERM, SIG_DFL);
    signal(SIGPIPE, SIG_IGN); /* a peer that closes is an error like others */
    int code = keep_little(folder, &fd) < 0 ? chimera_fail_errno(&err, "/dev/null")
                                            : confine(folder, &err);
    if (code == CHIMERA_OK)
        code = task(context, &out, &err);
    if (code == CHIMERA_OK && out.failed)
        code = chimera_fail(&err, out.failed, "what was found: %s", chimera_code_text(out.failed));
    int failed = code == CHIMERA_OK ? write_all(fd, &kind, 1) || write_all(fd, out.data, out.size)
                                    : tell_failure(fd, code, &err);
    _exit(failed); /* what is ours to free goes with the process */
}

int chimera_network_start(struct chimera_network_folder folder, chimera_network_task *task,
                          void *context, struct chimera_network_child *ret_child,
                          struct chimera_error *err)
{
    int ends[2];
    pid_t parent = getpid();
    if (pipe2(ends, O_CLOEXEC) < 0)
        return chimera_fail_errno(err, "pipe");
    pid_t pid = fork();
    if (pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (getppid() != parent)
            _exit(1);
        work(folder, task, context, ends[1]);
    }
    int number = errno;
    close(ends[1]);
    if (pid < 0) {
        close(ends[0]);
        return chimera_fail(err, CHIMERA_EIO, "fork: %s", strerror(number));
    }
    *ret_child = (struct chimera_network_child){
        .pid = pid,
        .fd = ends[0],
        .until_ms = folder.keeps_files
                        ? 0
                        : chimera_clock_ms() + CHIMERA_NETWORK_SECONDS_MAX * (int64_t)1000};
    return CHIMERA_OK;
}

static int take_failure(struct chimera_slice said, struct chimera_error *err)
{
    struct failure failure;
    if (said.size < sizeof(failure))
        return chimera_fail(err, CHIMERA_EIO,
                            "the process that fetches said half of why it failed");
    memcpy(&failure, said.data, sizeof(failure));
    failure.text[sizeof(failure.text) - 1] = '\0';
    if (err && err->details)
        chimera_buffer_append(err->details, (struct chimera_slice){said.data + sizeof(failure),
                                                                   said.size - sizeof(failure)});
    /* It is confined because it may be anybody's: no success may come out of this. */
    return chimera_fail(err, failure.code < 0 ? failure.code : CHIMERA_EIO, "%s", failure.text);
}

/* Until the child's end, or until its time is over. */
static int listen_to(const struct chimera_network_child *child, struct chimera_buffer *said,
                     struct chimera_error *err)
{
    struct pollfd polled = {.fd = child->fd, .events = POLLIN};
    for (;;) {
        char bytes[4096];
        int64_t left = child->until_ms ? child->until_ms - chimera_clock_ms() : -1;
        if (child->until_ms && left <= 0)
            return chimera_fail(err, CHIMERA_EIO,
                                "it takes too long: the registry or the network is too slow");
        int count = poll(&polled, 1, left > WAIT_MAX_MS ? WAIT_MAX_MS : (int)left);
        ssize_t size = count > 0 ? read(child->fd, bytes, sizeof(bytes)) : -1;
        if (count > 0 && size == 0)
            return CHIMERA_OK;
        if ((count < 0 || (count > 0 && size < 0)) && errno != EINTR)
            return chimera_fail_errno(err, "the process that fetches");
        if (size > 0 &&
            chimera_buffer_append(said, (struct chimera_slice){bytes, (size_t)size}) < 0)
            return chimera_fail(err, said->failed, "the process that fetches says too much");
    }
}

int chimera_network_finish(struct chimera_network_child *child, struct chimera_buffer *out,
                           struct chimera_error *err)
{
    struct chimera_buffer said;
    int status = 0;
    chimera_buffer_init(&said, CHIMERA_NETWORK_ANSWER_MAX);
    int code = listen_to(child, &said, err);
    close(child->fd);
    if (code < 0)
        kill(child->pid, SIGKILL);
    while (waitpid(child->pid, &status, 0) < 0 && errno == EINTR)
        ;
    *child = (struct chimera_network_child){.fd = -1};
    struct chimera_slice behind = {said.size ? said.data + 1 : NULL, said.size ? said.size - 1 : 0};
    if (code == CHIMERA_OK && (status != 0 || said.size == 0))
        code =
            WIFSIGNALED(status)
                ? chimera_fail(err, CHIMERA_EIO,
                               "the process that fetches was ended by signal %d (%s)",
                               WTERMSIG(status), strsignal(WTERMSIG(status)))
                : chimera_fail(err, CHIMERA_EIO, "the process that fetches ended with exit code %d",
                               WEXITSTATUS(status));
    else if (code == CHIMERA_OK && said.data[0] != GOOD)
        code = take_failure(behind, err);
    else if (code == CHIMERA_OK)
        code = chimera_buffer_append(out, behind) < 0 ? chimera_fail_memory(err) : CHIMERA_OK;
    chimera_buffer_free(&said);
    return code;
}

int chimera_network_run(struct chimera_network_folder folder, chimera_network_task *task,
                        void *context, struct chimera_buffer *out, struct chimera_error *err)
{
    struct chimera_network_child child;
    int code = chimera_network_start(folder, task, context, &child, err);
    return code < 0 ? code : chimera_network_finish(&child, out, err);
}

const char *chimera_network_take_text(struct chimera_slice *said)
{
    const char *text = said->data;
    const char *nul = said->size > 0 ? memchr(text, '\0', said->size) : NULL;
    if (!nul)
        return NULL;
    said->size -= (size_t)(nul + 1 - text);
    said->data = nul + 1;
    return text;
}

void chimera_network_put_text(struct chimera_buffer *out, const char *text)
{
    const char *put = text ? text : "";
    chimera_buffer_append(out, (struct chimera_slice){put, strlen(put) + 1});
}
