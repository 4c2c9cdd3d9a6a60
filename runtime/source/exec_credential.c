/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/source/exec_credential.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <sys/pidfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "runtime/base/base64.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/clock.h"
#include "runtime/json/tree.h"

#define ANSWER_MAX ((size_t)256 << 10)
#define COMPLAINT_MAX ((size_t)400)
#define WORDS_MAX 256
#define INFO_NAME "KUBERNETES_EXEC_INFO"

extern char **environ;

struct run {
    const char *command;
    char **words, **environment; /* owned, as are the environment's own texts from `inherited` on */
    size_t inherited;
    pid_t process;
    int fd, output, complaints; /* -1: not there; fd becomes readable when the process has ended */
    struct chimera_buffer answer, complaint;
};

static const char *text_of(struct json_object *object, const char *name)
{
    struct json_object *value = chimera_json_member(object, name);
    return json_object_is_type(value, json_type_string) ? json_object_get_string(value) : NULL;
}

static int fail_run(const struct run *run, const char *why, struct chimera_error *err)
{
    return chimera_fail(err, CHIMERA_ETOOL, "%s: %s", run->command, why);
}

/* --- What it is told --- */

static void add_cluster(struct json_object *cluster, struct json_object *spec)
{
    static const char *const names[][2] = {{"server", "server"},
                                           {"tls_server_name", "tls-server-name"},
                                           {"insecure_skip_tls_verify", "insecure-skip-tls-verify"},
                                           {"proxy_url", "proxy-url"},
                                           {"exec_config", "config"}};
    struct json_object *told = json_object_new_object();
    const char *authority = text_of(cluster, "certificate_authority");
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        struct json_object *value = chimera_json_member(cluster, names[i][0]);
        if (value)
            json_object_object_add(told, names[i][1], json_object_get(value));
    }
    if (authority) {
        struct chimera_buffer text;
        chimera_buffer_init(&text, (size_t)8 << 20);
        chimera_base64_encode(chimera_slice_of(authority), CHIMERA_BASE64_STANDARD, &text);
        json_object_object_add(told, "certificate-authority-data",
                               json_object_new_string_len(text.data, (int)text.size));
        chimera_buffer_free(&text);
    }
    json_object_object_add(spec, "cluster", told);
}

/* NAME=VALUE, owned; NULL when memory ran out. */
static char *variable(const char *name, const char *value)
{
    char *text = NULL;
    return asprintf(&text, "%s=%s", name, value) < 0 ? NULL : text;
}

static char *info_of(struct json_object *cluster, struct json_object *exec)
{
    CHIMERA_JSON struct json_object *info = json_object_new_object();
    struct json_object *spec = json_object_new_object();
    json_object_object_add(info, "kind", json_object_new_string("ExecCredential"));
    json_object_object_add(info, "apiVersion", json_object_new_string(text_of(exec, "apiVersion")));
    json_object_object_add(spec, "interactive", json_object_new_boolean(false));
    if (json_object_get_boolean(chimera_json_member(exec, "provideClusterInfo")))
        add_cluster(cluster, spec);
    json_object_object_add(info, "spec", spec);
    return variable(INFO_NAME, json_object_to_json_string_ext(
                                   info, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE));
}

/* Is it one of those that we set, and so not inherited? */
static bool is_set(struct json_object *env, const char *inherited)
{
    size_t size = strcspn(inherited, "=");
    size_t count = json_object_is_type(env, json_type_array) ? json_object_array_length(env) : 0;
    struct chimera_slice name = {inherited, size};
    if (chimera_slice_is(name, INFO_NAME))
        return true;
    for (size_t i = 0; i < count; i++) {
        const char *other = text_of(json_object_array_get_idx(env, i), "name");
        if (other && chimera_slice_is(name, other))
            return true;
    }
    return false;
}

static int set_environment(struct run *run, struct json_object *cluster, struct json_object *exec)
{
    struct json_object *env = chimera_json_member(exec, "env");
    size_t own = json_object_is_type(env, json_type_array) ? json_object_array_length(env) : 0;
    size_t all = 0, count = 0;
    while (environ[all])
        all++;
    run->environment = calloc(all + own + 2, sizeof(char *));
    if (!run->environment)
        return CHIMERA_ENOMEM;
    for (size_t i = 0; i < all; i++)
        if (!is_set(env, environ[i]))
            run->environment[count++] = environ[i];
    run->inherited = count;
    run->environment[count] = info_of(cluster, exec);
    bool is_good = run->environment[count++] != NULL;
    for (size_t i = 0; i < own && is_good; i++) {
        struct json_object *entry = json_object_array_get_idx(env, i);
        const char *name = text_of(entry, "name"), *value = text_of(entry, "value");
        if (!name || !name[0] || strchr(name, '='))
            continue;
        run->environment[count] = variable(name, value ? value : "");
        is_good = run->environment[count++] != NULL;
    }
    return is_good ? CHIMERA_OK : CHIMERA_ENOMEM;
}

static int set_words(struct run *run, struct json_object *exec, struct chimera_error *err)
{
    struct json_object *args = chimera_json_member(exec, "args");
    size_t count = json_object_is_type(args, json_type_array) ? json_object_array_length(args) : 0;
    if (count > WORDS_MAX)
        return fail_run(run, "it has too many args", err);
    run->words = calloc(count + 2, sizeof(char *));
    if (!run->words)
        return chimera_fail_memory(err);
    run->words[0] = (char *)(uintptr_t)run->command;
    for (size_t i = 0; i < count; i++) {
        struct json_object *word = json_object_array_get_idx(args, i);
        if (!json_object_is_type(word, json_type_string))
            return fail_run(run, "one of its args is no text", err);
        run->words[i + 1] = (char *)(uintptr_t)json_object_get_string(word);
    }
    return CHIMERA_OK;
}

static int check(struct run *run, struct json_object *exec, struct chimera_error *err)
{
    const char *version = text_of(exec, "apiVersion"), *mode = text_of(exec, "interactiveMode");
    run->command = text_of(exec, "command");
    if (!run->command)
        return chimera_fail(err, CHIMERA_EINVAL, "exec has no command");
    if (!version || (strcmp(version, "client.authentication.k8s.io/v1") != 0 &&
                     strcmp(version, "client.authentication.k8s.io/v1beta1") != 0))
        return chimera_fail(err, CHIMERA_EINVAL,
                            "exec: apiVersion is not client.authentication.k8s.io/v1 or v1beta1");
    if (mode && strcmp(mode, "Always") == 0)
        return fail_run(run, "it wants somebody at a terminal (interactiveMode: Always)", err);
    return CHIMERA_OK;
}

/* --- Its run --- */

static int spawn(struct run *run, int output, int complaints)
{
    posix_spawn_file_actions_t files;
    posix_spawnattr_t attributes;
    sigset_t none, all;
    sigemptyset(&none);
    sigfillset(&all);
    posix_spawn_file_actions_init(&files);
    posix_spawnattr_init(&attributes);
    posix_spawn_file_actions_addopen(&files, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_adddup2(&files, output, STDOUT_FILENO);
    posix_spawn_file_actions_adddup2(&files, complaints, STDERR_FILENO);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK |
                                              POSIX_SPAWN_SETSIGDEF);
    posix_spawnattr_setpgroup(&attributes, 0);
    posix_spawnattr_setsigmask(&attributes, &none);
    posix_spawnattr_setsigdefault(&attributes, &all);
    int number = posix_spawnp(&run->process, run->command, &files, &attributes, run->words,
                              run->environment);
    posix_spawn_file_actions_destroy(&files);
    posix_spawnattr_destroy(&attributes);
    return number;
}

/* A pipe whose end for reading does not wait. */
static int make_pipe(int *ret_read, int *ret_write)
{
    int pair[2];
    if (pipe2(pair, O_CLOEXEC) != 0)
        return -1;
    *ret_read = pair[0];
    *ret_write = pair[1];
    return fcntl(pair[0], F_SETFL, O_NONBLOCK);
}

static int start(struct run *run, struct chimera_error *err)
{
    CHIMERA_CLOSE int output = -1;
    CHIMERA_CLOSE int complaints = -1;
    if (make_pipe(&run->output, &output) != 0 || make_pipe(&run->complaints, &complaints) != 0)
        return chimera_fail_errno(err, "pipe");
    int number = spawn(run, output, complaints);
    if (number != 0) {
        run->process = 0;
        return fail_run(run, number == ENOENT ? "there is no such program" : strerror(number), err);
    }
    run->fd = pidfd_open(run->process, 0);
    return run->fd < 0 ? chimera_fail_errno(err, "pidfd_open") : CHIMERA_OK;
}

/* False: there is no more for now, or at all. Of complaints the beginning is enough. */
static bool read_some(struct run *run, bool is_complaint)
{
    char bytes[4096];
    struct chimera_buffer *into = is_complaint ? &run->complaint : &run->answer;
    ssize_t got = read(is_complaint ? run->complaints : run->output, bytes, sizeof(bytes));
    size_t size = got > 0 ? (size_t)got : 0, room = into->limit - into->size;
    if (got > 0)
        chimera_buffer_append(
            into, (struct chimera_slice){bytes, is_complaint && size > room ? room : size});
    explicit_bzero(bytes, sizeof(bytes));
    return got > 0;
}

/* Until it ends: what it leaves running may keep the pipes open. */
static int listen_to(struct run *run, uint32_t limit_ms, struct chimera_error *err)
{
    int64_t until_ms = chimera_clock_ms() + limit_ms;
    struct pollfd sets[] = {{.fd = run->fd, .events = POLLIN},
                            {.fd = run->output, .events = POLLIN},
                            {.fd = run->complaints, .events = POLLIN}};
    while (!(sets[0].revents & POLLIN)) {
        int64_t left_ms = until_ms - chimera_clock_ms();
        if (left_ms <= 0)
            return fail_run(run, "no credentials in time", err);
        if (poll(sets, 3, (int)left_ms) < 0 && errno != EINTR)
            return chimera_fail_errno(err, run->command);
        if (sets[1].revents && !read_some(run, false))
            sets[1].fd = -1; /* its end */
        if (sets[2].revents && !read_some(run, true))
            sets[2].fd = -1;
        if (run->answer.failed)
            return fail_run(run, "it says too much", err);
    }
    while (read_some(run, false) || read_some(run, true))
        ;
    return run->answer.failed ? fail_run(run, "it says too much", err) : CHIMERA_OK;
}

/* Its status. One that has not ended is killed, with what it has started. */
static int end(struct run *run, bool has_ended)
{
    int status = -1;
    if (run->process > 0) {
        if (!has_ended)
            kill(-run->process, SIGKILL);
        while (waitpid(run->process, &status, 0) < 0 && errno == EINTR)
            ;
    }
    const int opened[] = {run->fd, run->output, run->complaints};
    for (size_t i = 0; i < 3; i++)
        if (opened[i] >= 0)
            close(opened[i]);
    return status;
}

/* --- Its answer --- */

static int complain(const struct run *run, int status, struct chimera_error *err)
{
    struct chimera_slice why = chimera_slice_trim(chimera_buffer_slice(&run->complaint));
    if (WIFEXITED(status))
        return chimera_fail(err, CHIMERA_ETOOL, "%s: exit code %d%s%.*s", run->command,
                            WEXITSTATUS(status), why.size ? ": " : "", (int)why.size, why.data);
    return fail_run(run, "it was killed", err);
}

static int take_status(const struct run *run, struct json_object *exec, struct chimera_buffer *out,
                       struct chimera_error *err)
{
    CHIMERA_JSON struct json_object *answer = NULL;
    if (chimera_json_parse(chimera_buffer_slice(&run->answer), &answer, NULL) < 0)
        return fail_run(run, "what it says is no JSON", err);
    const char *kind = text_of(answer, "kind"), *version = text_of(answer, "apiVersion");
    struct json_object *status = chimera_json_member(answer, "status");
    if (!kind || strcmp(kind, "ExecCredential") != 0)
        return fail_run(run, "what it says is no ExecCredential", err);
    if (!version || strcmp(version, text_of(exec, "apiVersion")) != 0)
        return fail_run(run, "what it says has another apiVersion", err);
    if (!text_of(status, "token") &&
        !(text_of(status, "clientCertificateData") && text_of(status, "clientKeyData")))
        return fail_run(run, "what it says has neither a token nor a certificate with its key",
                        err);
    chimera_json_write(status, out);
    return out->failed ? chimera_fail(err, out->failed, "%s: it says too much", run->command)
                       : CHIMERA_OK;
}

int chimera_exec_credential_run(struct json_object *cluster, uint32_t limit_ms,
                                struct chimera_buffer *out, struct chimera_error *err)
{
    struct json_object *exec = chimera_json_member(cluster, "exec");
    struct run run = {.fd = -1, .output = -1, .complaints = -1};
    chimera_buffer_init(&run.answer, ANSWER_MAX);
    chimera_buffer_init(&run.complaint, COMPLAINT_MAX);
    int code = check(&run, exec, err);
    if (code == CHIMERA_OK)
        code = set_words(&run, exec, err);
    if (code == CHIMERA_OK && set_environment(&run, cluster, exec) < 0)
        code = chimera_fail_memory(err);
    if (code == CHIMERA_OK)
        code = start(&run, err);
    if (code == CHIMERA_OK)
        code = listen_to(&run, limit_ms, err);
    int status = end(&run, code == CHIMERA_OK);
    if (code == CHIMERA_OK)
        code = status == 0 ? take_status(&run, exec, out, err) : complain(&run, status, err);
    for (char **text = run.environment ? run.environment + run.inherited : NULL; text && *text;
         text++)
        free(*text);
    free(run.environment);
    free(run.words);
    if (run.answer.data)
        explicit_bzero(run.answer.data, run.answer.size);
    chimera_buffer_free(&run.answer);
    chimera_buffer_free(&run.complaint);
    return code;
}
