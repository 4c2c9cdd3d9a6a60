/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/login/exec_credential.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "runtime/base/base64.h"
#include "runtime/json/tree.h"
#include "runtime/login/helper_program.h"

#define ANSWER_MAX ((size_t)256 << 10)
#define COMPLAINT_MAX ((size_t)400)
#define WORDS_MAX 256
#define INFO_NAME "KUBERNETES_EXEC_INFO"

extern char **environ;

struct run {
    const char *command;
    char **words, **environment; /* owned, as are the environment's own texts from `inherited` on */
    size_t inherited;
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
    struct run run = {0};
    int status = -1;
    chimera_buffer_init(&run.answer, ANSWER_MAX);
    chimera_buffer_init(&run.complaint, COMPLAINT_MAX);
    int code = check(&run, exec, err);
    if (code == CHIMERA_OK)
        code = set_words(&run, exec, err);
    if (code == CHIMERA_OK && set_environment(&run, cluster, exec) < 0)
        code = chimera_fail_memory(err);
    const struct chimera_helper_program program = {
        .words = run.words, .environment = run.environment, .limit_ms = limit_ms};
    if (code == CHIMERA_OK)
        code = chimera_helper_program_run(&program, &run.answer, &run.complaint, &status, err);
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
