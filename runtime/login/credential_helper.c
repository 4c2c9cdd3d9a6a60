/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/login/credential_helper.h"

#include <limits.h>
#include <openssl/crypto.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "runtime/base/buffer.h"
#include "runtime/json/tree.h"
#include "runtime/login/helper_program.h"

#define SECONDS_MAX 60 /* somebody may have to type a password */
#define ANSWER_MAX ((size_t)64 << 10)
#define REASON_MAX 200
#define NOT_FOUND "credentials not found in native keychain" /* what docker's own helpers say */

extern char **environ;

static int fail_helper(const char *program, const char *why, struct chimera_error *err)
{
    return chimera_fail(err, CHIMERA_ETOOL, "%s: %s", program, why);
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

static int read_answer(const char *program, const struct chimera_buffer *answer,
                       struct chimera_credential *ret_credential, struct chimera_error *err)
{
    __attribute__((cleanup(drop_tree))) struct json_object *tree = NULL;
    struct chimera_credential credential = {0};
    if (chimera_json_parse(chimera_buffer_slice(answer), &tree, NULL) < 0)
        return fail_helper(program, "the answer is no JSON", err);
    const char *name = read_member(tree, "Username"), *secret = read_member(tree, "Secret");
    if (!name || !secret)
        return fail_helper(program, "the answer has no Username and Secret", err);
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
static int explain(const char *program, const struct chimera_buffer *answer,
                   struct chimera_error *err)
{
    struct chimera_slice reason = chimera_slice_trim(chimera_buffer_slice(answer));
    if (chimera_slice_is(reason, NOT_FOUND))
        return CHIMERA_OK;
    if (reason.size > 0 && reason.data[0] == '{')
        reason.size = 0; /* a login, or half of one */
    if (reason.size > REASON_MAX)
        reason.size = REASON_MAX;
    if (reason.size == 0)
        return fail_helper(program, "fails, and says no reason", err);
    return chimera_fail(err, CHIMERA_ETOOL, "%s: fails: %.*s", program, (int)reason.size,
                        reason.data);
}

int chimera_credential_helper_ask(const char *name, const char *server,
                                  struct chimera_credential *ret_credential,
                                  struct chimera_error *err)
{
    char program[NAME_MAX + 1];
    char *const words[] = {program, (char[]){"get"}, NULL};
    const struct chimera_helper_program helper = {
        .words = words, .environment = environ, .input = server, .limit_ms = SECONDS_MAX * 1000};
    struct chimera_buffer answer;
    int size = -1, status = -1;
    *ret_credential = (struct chimera_credential){0};
    /* It is a name that is looked up by PATH, and no way into another folder. */
    if (name[0] && !strchr(name, '/'))
        size = snprintf(program, sizeof(program), "docker-credential-%s", name);
    if (size < 0 || (size_t)size >= sizeof(program))
        return chimera_fail(err, CHIMERA_ETOOL, "a helper's name without a slash, not '%.60s'",
                            name);
    chimera_buffer_init(&answer, ANSWER_MAX);
    int code = chimera_helper_program_run(&helper, &answer, NULL, &status, err);
    if (code == CHIMERA_OK && WIFEXITED(status) && WEXITSTATUS(status) == 0)
        code = read_answer(program, &answer, ret_credential, err);
    else if (code == CHIMERA_OK)
        code = explain(program, &answer, err);
    if (answer.data)
        OPENSSL_cleanse(answer.data, answer.size);
    chimera_buffer_free(&answer);
    return code;
}
