/* SPDX-License-Identifier: Apache-2.0 */
/* Logins are looked up here, as their helpers are programs; the network and the trust root's text
 * are for a confined child. */
#include "compiler/fetch/health.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "compiler/fetch/child/network_child.h"
#include "compiler/fetch/session.h"
#include "compiler/fetch/signature/trust/trust_root.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/file.h"
#include "runtime/login/credentials.h"

#define TRUST_ROOT_MAX ((size_t)4 << 20)
#define YES "y"

struct question { /* of a registry */
    const struct chimera_fetch_options *options;
    struct chimera_image_reference image;
    struct chimera_credential credential;
    struct chimera_login login;
};

void chimera_health_done(struct chimera_health *health)
{
    free(health->failure);
    free(health->proxy);
    free(health->login);
    free(health->refusal);
    free(health->warning);
    *health = (struct chimera_health){0};
}

static void put_switch(struct chimera_buffer *out, bool is_on)
{
    chimera_network_put_text(out, is_on ? YES : "");
}

/* Without the login first: it may not be wanted. */
static void ask_root(const struct question *question, struct chimera_session *session,
                     const char *url, struct chimera_buffer *out)
{
    struct chimera_registry_root root = {0}, ignored;
    struct chimera_error failure = {0}, refusal = {0};
    int code = chimera_registry_ask_root(session->registry, false, &root, &failure);
    if (code == CHIMERA_OK && root.wants_login && question->login.credential)
        chimera_registry_ask_root(session->registry, true, &ignored, &refusal);
    chimera_network_put_text(out, failure.text);
    chimera_network_put_text(out, chimera_transfer_proxy(session->transport, url, root.is_plain));
    put_switch(out, root.is_plain);
    put_switch(out, root.is_unverified);
    put_switch(out, root.wants_login);
    chimera_network_put_text(out, refusal.text);
}

/* In the child. */
static int ask(void *context, struct chimera_buffer *out, struct chimera_error *err)
{
    const struct question *question = context;
    const struct chimera_session_input input = {.sources = question->options->sources,
                                                .image = &question->image,
                                                .logins = &question->login,
                                                .login_count = question->login.credential ? 1 : 0};
    struct chimera_session session;
    CHIMERA_FREE char *url = NULL;
    int code = chimera_session_open(&session, &input, err);
    if (code == CHIMERA_OK &&
        asprintf(&url, "https://%s/", chimera_image_reference_host(&question->image)) < 0) {
        url = NULL;
        code = chimera_fail_memory(err);
    }
    if (code == CHIMERA_OK)
        ask_root(question, &session, url, out);
    chimera_session_close(&session);
    return code;
}

/* Nothing stays NULL. */
static bool take_text(struct chimera_slice *said, char **ret_text)
{
    const char *text = chimera_network_take_text(said);
    *ret_text = text && *text ? strdup(text) : NULL;
    return text && (!*text || *ret_text);
}

static bool take_switch(struct chimera_slice *said, bool *ret_is_on)
{
    const char *text = chimera_network_take_text(said);
    *ret_is_on = text && *text;
    return text;
}

static int take_answer(struct chimera_slice said, struct chimera_health *health,
                       struct chimera_error *err)
{
    bool is_whole = take_text(&said, &health->failure) && take_text(&said, &health->proxy) &&
                    take_switch(&said, &health->is_plain) &&
                    take_switch(&said, &health->is_unverified) &&
                    take_switch(&said, &health->wants_login) && take_text(&said, &health->refusal);
    return is_whole
               ? CHIMERA_OK
               : chimera_fail(err, CHIMERA_EIO, "the process that asks said half of an answer");
}

/* --- What is found out before --- */

/* A host, and nothing more: as the beginning of an image's name. */
static int read_host(const char *host, struct chimera_image_reference *ret_image,
                     struct chimera_error *err)
{
    CHIMERA_FREE char *name = NULL;
    if (asprintf(&name, "%s/registry", host) < 0) {
        name = NULL;
        return chimera_fail_memory(err);
    }
    bool is_host = *host && !strpbrk(host, "/@") &&
                   chimera_image_reference_parse(chimera_slice_of(name), ret_image, NULL) == 0 &&
                   (strcmp(ret_image->registry, host) == 0 ||
                    strcmp(chimera_image_reference_host(ret_image), host) == 0);
    return is_host ? CHIMERA_OK
                   : chimera_fail(err, CHIMERA_EINVAL, "%s: not host or host:port", host);
}

static bool has_authorities(const struct chimera_sources *sources, const char *host)
{
    for (size_t i = 0; sources && i < sources->authority_count; i++)
        if (strcmp(sources->authorities[i].host, host) == 0)
            return true;
    return false;
}

static int find_login(struct question *question, struct chimera_health *health,
                      struct chimera_error *err)
{
    const char *host = chimera_image_reference_host(&question->image);
    int code = chimera_credential_find(question->options->docker_config, host,
                                       &question->credential, &health->warning, err);
    if (code < 0 || chimera_credential_is_empty(&question->credential))
        return code;
    question->login = (struct chimera_login){host, &question->credential};
    const char *origin = question->credential.origin;
    health->login = strdup(origin ? origin : "config.json");
    return health->login ? CHIMERA_OK : chimera_fail_memory(err);
}

int chimera_health_find(const struct chimera_fetch_options *options, const char *host,
                        struct chimera_health *ret_health, struct chimera_error *err)
{
    struct question question = {.options = options};
    struct chimera_health health = {0};
    struct chimera_buffer said;
    chimera_buffer_init(&said, CHIMERA_NETWORK_ANSWER_MAX);
    int code = read_host(host, &question.image, err);
    if (code == CHIMERA_OK)
        code = find_login(&question, &health, err);
    if (code == CHIMERA_OK)
        code = chimera_network_run(CHIMERA_NO_FOLDER, ask, &question, &said, err);
    if (code == CHIMERA_OK)
        code = take_answer(chimera_buffer_slice(&said), &health, err);
    health.has_own_authorities = has_authorities(options->sources, host);
    chimera_buffer_free(&said);
    chimera_credential_done(&question.credential);
    chimera_image_reference_done(&question.image);
    if (code < 0)
        chimera_health_done(&health);
    else
        *ret_health = health;
    return code;
}

/* --- The trust root --- */

struct trust_file {
    const char *path; /* NULL: what is shipped */
    struct chimera_buffer text;
};

static int judge_trust(void *context, struct chimera_buffer *out, struct chimera_error *err)
{
    const struct trust_file *file = context;
    struct chimera_trust_root root = {0};
    int code = file->path ? chimera_trust_root_parse(chimera_buffer_slice(&file->text), file->path,
                                                     &root, err)
                          : chimera_trust_root_read(NULL, &root, err);
    if (code < 0)
        return code;
    chimera_trust_root_warn(&root, file->path, (int64_t)time(NULL), out);
    chimera_trust_root_done(&root);
    return CHIMERA_OK;
}

int chimera_health_find_trust(const struct chimera_fetch_options *options,
                              struct chimera_buffer *note, struct chimera_error *err)
{
    struct trust_file file = {.path = options->trust_root};
    chimera_buffer_init(&file.text, TRUST_ROOT_MAX);
    int code = file.path ? chimera_file_read(file.path, &file.text, err) : CHIMERA_OK;
    if (code == CHIMERA_OK)
        code = chimera_network_run(CHIMERA_NO_FOLDER, judge_trust, &file, note, err);
    chimera_buffer_free(&file.text);
    return code;
}
