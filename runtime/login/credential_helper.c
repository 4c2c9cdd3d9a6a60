/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/login/credential_helper.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <openssl/crypto.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "runtime/base/buffer.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/clock.h"
#include "runtime/json/tree.h"

#define SECONDS_MAX 60 /* somebody may have to type a password */
#define ANSWER_MAX ((size_t)64 << 10)
#define REASON_MAX 200
#define NOT_FOUND "credentials not found in native keychain" /* what docker's own helpers say */

extern char **environ;

struct helper {
    char program[NAME_MAX + 1];
    pid_t process;
    int fd;     /* -1: not started; becomes readable when the process has ended */
    int output; /* -1: not started */
    struct chimera_buffer answer;
    int64_t until_ms;
};

static int fail_helper(const struct helper *helper, const char *why, struct chimera_error *err)
{
    return chimera_fail(err, CHIMERA_ETOOL, "%s: %s", helper->program, why);
}

/* --- Its start --- */

static int spawn(struct helper *helper, int input, int output)
{
    char *const words[] = {helper->program, (char[]){"get"}, NULL};
    posix_spawn_file_actions_t files;
    posix_spawnattr_t attributes;
    sigset_t none, all;
    sigemptyset(&none);
    sigfillset(&all);
    posix_spawn_file_actions_init(&files);
    posix_spawnattr_init(&attributes);
    posix_spawn_file_actions_adddup2(&files, input, STDIN_FILENO);
    posix_spawn_file_actions_adddup2(&files, output, STDOUT_FILENO);
    posix_spawn_file_actions_addopen(&files, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK |
                                              POSIX_SPAWN_SETSIGDEF);
    posix_spawnattr_setpgroup(&attributes, 0);
    posix_spawnattr_setsigmask(&attributes, &none);
    posix_spawnattr_setsigdefault(&attributes, &all);
    int number =
        posix_spawnp(&helper->process, helper->program, &files, &attributes, words, environ);
    posix_spawn_file_actions_destroy(&files);
    posix_spawnattr_destroy(&attributes);
    return number;
}

/* The question lies in the pipe before anybody reads it, so a program that does not look at it
 * cannot end us by SIGPIPE. */
static int start(struct helper *helper, const char *server, struct chimera_error *err)
{
    CHIMERA_CLOSE int input = -1;
    CHIMERA_CLOSE int question = -1;
    CHIMERA_CLOSE int output = -1;
    int pair[2];
    size_t size = strlen(server);
    if (pipe2(pair, O_CLOEXEC) != 0)
        return chimera_fail_errno(err, "pipe");
    input = pair[0];
    question = pair[1];
    if (size > PIPE_BUF || write(question, server, size) != (ssize_t)size)
        return fail_helper(helper, "cannot be asked", err);
    if (pipe2(pair, O_CLOEXEC | O_NONBLOCK) != 0)
        return chimera_fail_errno(err, "pipe");
    helper->output = pair[0];
    output = pair[1];
    fcntl(output, F_SETFL, 0); /* the program's end is an ordinary one */
    int number = spawn(helper, input, output);
    if (number != 0)
        return fail_helper(helper, number == ENOENT ? "is not there" : strerror(number), err);
    helper->fd = pidfd_open(helper->process, 0);
    return helper->fd < 0 ? chimera_fail_errno(err, "pidfd_open") : CHIMERA_OK;
}

/* --- Its answer --- */

/* False: there is no more for now, or at all. */
static bool read_some(struct helper *helper)
{
    char bytes[4096];
    ssize_t got = read(helper->output, bytes, sizeof(bytes));
    if (got > 0)
        chimera_buffer_append(&helper->answer, (struct chimera_slice){bytes, (size_t)got});
    OPENSSL_cleanse(bytes, sizeof(bytes));
    return got > 0 && !helper->answer.failed;
}

/* Until the program ends: what it leaves running, a keyring say, may keep the pipe open. */
static int listen_to(struct helper *helper, struct chimera_error *err)
{
    struct pollfd sets[] = {{.fd = helper->fd, .events = POLLIN},
                            {.fd = helper->output, .events = POLLIN}};
    while (!(sets[0].revents & POLLIN)) {
        int64_t left = helper->until_ms - chimera_clock_ms();
        if (left <= 0)
            return fail_helper(helper, "no answer in time", err);
        if (poll(sets, 2, (int)left) < 0 && errno != EINTR)
            return chimera_fail_errno(err, helper->program);
        if (sets[1].revents && !read_some(helper))
            sets[1].fd = -1; /* its end */
        if (helper->answer.failed)
            return fail_helper(helper, "answers too much", err);
    }
    while (read_some(helper))
        ;
    return helper->answer.failed ? fail_helper(helper, "answers too much", err) : CHIMERA_OK;
}

/* Its status. One that has not ended is killed with what it has started; what one that has ended
 * leaves running, a keyring say, is meant to stay. */
static int end(struct helper *helper, bool is_over)
{
    int status = -1;
    if (helper->process > 0) {
        if (!is_over)
            kill(-helper->process, SIGKILL);
        while (waitpid(helper->process, &status, 0) < 0 && errno == EINTR)
            ;
    }
    if (helper->fd >= 0)
        close(helper->fd);
    if (helper->output >= 0)
        close(helper->output);
    return status;
}

static void drop_tree(struct json_object **tree)
{
    json_object_put(*tree);
}

static const char *read_member(struct json_object *tree, const char *name)
{
    struct json_object *value = NULL;
    if (!json_object_is_type(tree, json_type_object) ||
        !json_object_object_get_ex(tree, name, &value) ||
        !json_object_is_type(value, json_type_string))
        return NULL;
    const char *text = json_object_get_string(value);
    return strlen(text) == (size_t)json_object_get_string_len(value) ? text : NULL;
}

static int read_answer(const struct helper *helper, struct chimera_credential *ret_credential,
                       struct chimera_error *err)
{
    __attribute__((cleanup(drop_tree))) struct json_object *tree = NULL;
    struct chimera_credential credential = {0};
    if (chimera_json_parse(chimera_buffer_slice(&helper->answer), &tree, NULL) < 0)
        return fail_helper(helper, "the answer is no JSON", err);
    const char *name = read_member(tree, "Username"), *secret = read_member(tree, "Secret");
    if (!name || !secret)
        return fail_helper(helper, "the answer has no Username and Secret", err);
    if (!secret[0])
        return CHIMERA_OK;
    if (strcmp(name, "<token>") == 0) {
        credential.identity_token = strdup(secret);
    } else {
        credential.username = strdup(name);
        credential.password = strdup(secret);
    }
    if (!credential.identity_token && !(credential.username && credential.password)) {
        chimera_credential_done(&credential);
        return chimera_fail_memory(err);
    }
    *ret_credential = credential;
    return CHIMERA_OK;
}

/* By the protocol, standard output has the reason then. */
static int explain(const struct helper *helper, struct chimera_error *err)
{
    struct chimera_slice reason = chimera_slice_trim(chimera_buffer_slice(&helper->answer));
    if (chimera_slice_is(reason, NOT_FOUND))
        return CHIMERA_OK;
    if (reason.size > 0 && reason.data[0] == '{')
        reason.size = 0; /* a login, or half of one */
    if (reason.size > REASON_MAX)
        reason.size = REASON_MAX;
    if (reason.size == 0)
        return fail_helper(helper, "fails, and says no reason", err);
    return chimera_fail(err, CHIMERA_ETOOL, "%s: fails: %.*s", helper->program, (int)reason.size,
                        reason.data);
}

int chimera_credential_helper_ask(const char *name, const char *server,
                                  struct chimera_credential *ret_credential,
                                  struct chimera_error *err)
{
    struct helper helper = {
        .fd = -1, .output = -1, .until_ms = chimera_clock_ms() + SECONDS_MAX * (int64_t)1000};
    chimera_buffer_init(&helper.answer, ANSWER_MAX);
    /* It is a name that is looked up by PATH, and no way into another folder. */
    int size = -1;
    if (name[0] && !strchr(name, '/'))
        size = snprintf(helper.program, sizeof(helper.program), "docker-credential-%s", name);
    int code =
        size < 0 || (size_t)size >= sizeof(helper.program)
            ? chimera_fail(err, CHIMERA_ETOOL, "a helper's name without a slash, not '%.60s'", name)
            : CHIMERA_OK;
    if (code == CHIMERA_OK)
        code = start(&helper, server, err);
    if (code == CHIMERA_OK)
        code = listen_to(&helper, err);
    int status = end(&helper, code == CHIMERA_OK);
    *ret_credential = (struct chimera_credential){0};
    if (code == CHIMERA_OK && WIFEXITED(status) && WEXITSTATUS(status) == 0)
        code = read_answer(&helper, ret_credential, err);
    else if (code == CHIMERA_OK)
        code = explain(&helper, err);
    if (helper.answer.data)
        OPENSSL_cleanse(helper.answer.data, helper.answer.size);
    chimera_buffer_free(&helper.answer);
    return code;
}
