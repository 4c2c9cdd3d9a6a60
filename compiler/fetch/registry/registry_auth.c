/* SPDX-License-Identifier: Apache-2.0 */
/* registry_auth.c - what a place wants to see, and how to get it (cli-and-distribution.md §3.5).
 *
 * A login goes to the place that it is for, with Basic, and to the realm that a challenge of that
 * place names: by https, or by http when the place itself was reached so.
 */
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>

#include "compiler/fetch/registry/challenge.h"
#include "compiler/fetch/registry/registry_internal.h"
#include "compiler/fetch/transfer/transfer_url.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/clock.h"

#define CHALLENGES_MAX 8
#define SCOPES_MAX 8
#define SECRET_LEAST 4 /* bytes: fewer are everywhere */
#define FORM_MAX ((size_t)64 << 10)
#define CLIENT_ID "chimera"

void chimera_registry_wipe(char *secret)
{
    if (secret)
        OPENSSL_cleanse(secret, strlen(secret));
    free(secret);
}

static void wipe_text(char **text)
{
    chimera_registry_wipe(*text);
}
#define WIPED __attribute__((cleanup(wipe_text)))

/* --- Tokens that are kept --- */

static char *token_key(const struct chimera_registry *registry, const struct chimera_call *call)
{
    return chimera_registry_text("%zu %s", (size_t)(call->place - registry->places), call->scope);
}

static struct chimera_kept_token *find_token(struct chimera_registry *registry, const char *key)
{
    for (size_t i = 0; key && i < registry->token_count; i++)
        if (strcmp(registry->tokens[i].key, key) == 0)
            return &registry->tokens[i];
    return NULL;
}

static void drop_token(struct chimera_registry *registry, struct chimera_kept_token *token)
{
    free(token->key);
    chimera_registry_wipe(token->authorization);
    *token = registry->tokens[--registry->token_count];
}

const char *chimera_registry_authorization(struct chimera_registry *registry,
                                           const struct chimera_call *call)
{
    if (!call->scope)
        return NULL;
    if (call->place->basic)
        return call->place->basic;
    CHIMERA_FREE char *key = token_key(registry, call);
    struct chimera_kept_token *token = find_token(registry, key);
    if (token && chimera_clock_ms() >= token->good_until_ms) {
        drop_token(registry, token);
        token = NULL;
    }
    return token ? token->authorization : NULL;
}

/* --- Basic --- */

static bool has_password(const struct chimera_credential *credential)
{
    return credential && credential->username && credential->password && *credential->username;
}

static int make_basic(const struct chimera_credential *credential, char **ret_text,
                      struct chimera_error *err)
{
    if (strchr(credential->username, ':'))
        return chimera_fail(err, CHIMERA_EINVAL, "a user's name with a colon cannot log in");
    WIPED char *pair = chimera_registry_text("%s:%s", credential->username, credential->password);
    size_t size = pair ? strlen(pair) : 0, start = strlen("Basic ");
    if (!pair || size > FORM_MAX)
        return chimera_fail_memory(err);
    char *text = malloc(start + (size + 2) / 3 * 4 + 1);
    if (!text)
        return chimera_fail_memory(err);
    memcpy(text, "Basic ", start);
    EVP_EncodeBlock((uint8_t *)text + start, (const uint8_t *)pair, (int)size);
    *ret_text = text;
    return CHIMERA_OK;
}

/* --- What others say of it --- */

static void hide(char *text, size_t size, const char *secret)
{
    size_t length = secret ? strlen(secret) : 0;
    const char *end = text + size;
    if (length < SECRET_LEAST)
        return;
    while ((text = memmem(text, (size_t)(end - text), secret, length))) {
        memset(text, '*', length);
        text += length;
    }
}

void chimera_registry_hide_secrets(const struct chimera_registry *registry,
                                   const struct chimera_place *place, char *text, size_t size)
{
    WIPED char *basic = NULL;
    if (size == 0)
        return;
    if (has_password(place->credential) &&
        make_basic(place->credential, &basic, NULL) == CHIMERA_OK) {
        hide(text, size, basic + strlen("Basic "));
        hide(text, size, place->credential->password);
    }
    if (place->credential)
        hide(text, size, place->credential->identity_token);
    for (size_t i = 0; i < registry->token_count; i++)
        hide(text, size, registry->tokens[i].authorization + strlen("Bearer "));
}

/* --- Bearer --- */

struct realm { /* of one challenge */
    const struct chimera_call *call;
    const struct chimera_challenge *challenge;
    char *url; /* owned */
};

static struct chimera_slice next_word(struct chimera_slice *words, char between)
{
    const char *end = memchr(words->data, between, words->size);
    struct chimera_slice word = {words->data, end ? (size_t)(end - words->data) : words->size};
    size_t taken = word.size + (end != NULL);
    *words = (struct chimera_slice){words->data + taken, words->size - taken};
    return word;
}

/* "repository:a/b" and "pull,push". */
static void split_scope(struct chimera_slice scope, struct chimera_slice *ret_resource,
                        struct chimera_slice *ret_actions)
{
    const char *colon = scope.size > 0 ? memrchr(scope.data, ':', scope.size) : NULL;
    size_t size = colon ? (size_t)(colon - scope.data) : scope.size;
    *ret_resource = (struct chimera_slice){scope.data, size};
    size += colon != NULL;
    *ret_actions = (struct chimera_slice){scope.data + size, scope.size - size};
}

static bool has_action(struct chimera_slice actions, struct chimera_slice action)
{
    while (actions.size > 0)
        if (chimera_slice_equal(next_word(&actions, ','), action))
            return true;
    return false;
}

/* Is all of `scope` in what we ask for ourselves? Then it is not asked for twice. */
static bool is_asked(struct chimera_slice scope, struct chimera_slice own)
{
    struct chimera_slice resource, actions, other, allowed;
    split_scope(scope, &resource, &actions);
    while (own.size > 0) {
        split_scope(next_word(&own, ' '), &other, &allowed);
        if (!chimera_slice_equal(resource, other))
            continue;
        while (actions.size > 0)
            if (!has_action(allowed, next_word(&actions, ',')))
                return false;
        return true;
    }
    return false;
}

typedef void add_scope(struct chimera_slice scope, bool is_first, struct chimera_buffer *out);

static void add_encoded(struct chimera_slice text, struct chimera_buffer *out)
{
    CHIMERA_FREE char *copy = strndup(text.data, text.size);
    if (copy)
        chimera_registry_encode(copy, out);
    else
        out->failed = CHIMERA_ENOMEM;
}

static void add_query_scope(struct chimera_slice scope, bool is_first, struct chimera_buffer *out)
{
    (void)is_first;
    chimera_buffer_text(out, "&scope=");
    add_encoded(scope, out);
}

static void add_form_scope(struct chimera_slice scope, bool is_first, struct chimera_buffer *out)
{
    chimera_buffer_text(out, is_first ? "&scope=" : "%20");
    add_encoded(scope, out);
}

/* The client comes first, so that all else has its `&`. */
static void add_question(const struct realm *realm, add_scope *add, struct chimera_buffer *out)
{
    chimera_buffer_text(out, "client_id=" CLIENT_ID);
    if (*realm->challenge->service) {
        chimera_buffer_text(out, "&service=");
        chimera_registry_encode(realm->challenge->service, out);
    }
    /* Ours, and what the challenge names besides. */
    struct chimera_slice own = chimera_slice_of(realm->call->scope), ours = own;
    struct chimera_slice theirs = chimera_slice_of(realm->challenge->scope);
    size_t count = 0;
    while (ours.size > 0)
        add(next_word(&ours, ' '), count++ == 0, out);
    while (theirs.size > 0 && count < SCOPES_MAX) {
        struct chimera_slice word = next_word(&theirs, ' ');
        if (word.size > 0 && !is_asked(word, own))
            add(word, count++ == 0, out);
    }
}

static int fail_realm(const struct realm *realm, const struct chimera_transfer_answer *answer,
                      struct chimera_error *err)
{
    struct chimera_buffer why;
    chimera_buffer_init(&why, sizeof(err->text));
    chimera_registry_explain(answer, &why);
    bool is_refused = answer->status >= 400 && answer->status < 500;
    int code = chimera_fail(err, is_refused ? CHIMERA_EREFUSED : CHIMERA_EIO,
                            "%s: no token from %.*s: status %u%.*s", realm->call->place->host,
                            (int)strcspn(realm->url, "?"), realm->url, answer->status,
                            (int)why.size, why.data ? why.data : "");
    chimera_buffer_free(&why);
    return code;
}

static int take_token(struct chimera_registry *registry, const struct realm *realm,
                      const struct chimera_transfer_answer *answer, struct chimera_error *err)
{
    struct chimera_error why = {0};
    WIPED char *token = NULL;
    unsigned lifetime_s = 0;
    if (answer->status != 200)
        return fail_realm(realm, answer, err);
    int code = chimera_token_read(chimera_buffer_slice(&answer->body),
                                  chimera_clock_wall_ms() / 1000, &token, &lifetime_s, &why);
    if (code < 0)
        return chimera_fail(err, code, "%s: no token from %.*s: %s", realm->call->place->host,
                            (int)strcspn(realm->url, "?"), realm->url, why.text);
    char *key = token_key(registry, realm->call);
    char *authorization = chimera_registry_text("Bearer %s", token);
    if (!key || !authorization) {
        free(key);
        chimera_registry_wipe(authorization);
        return chimera_fail_memory(err);
    }
    /* The first one goes when there is no room: it is asked for again. */
    struct chimera_kept_token *old = find_token(registry, key);
    if (old || registry->token_count == CHIMERA_TOKENS_MAX)
        drop_token(registry, old ? old : registry->tokens);
    /* One that is over at once is good for the call that it was asked for. */
    int64_t lifetime_ms = lifetime_s > 0 ? (int64_t)lifetime_s * 1000 : 1000;
    registry->tokens[registry->token_count++] =
        (struct chimera_kept_token){key, authorization, chimera_clock_ms() + lifetime_ms};
    return CHIMERA_OK;
}

static int ask_realm(struct chimera_registry *registry, const struct realm *realm,
                     const struct chimera_transfer_request *request, struct chimera_error *err)
{
    struct chimera_transfer_answer answer;
    struct chimera_error why = {0};
    int code = chimera_transfer(registry->options.transport, request, &answer, &why);
    if (code < 0)
        return chimera_fail(err, code, "%s: no token: %s", realm->call->place->host, why.text);
    if (answer.status != 200)
        chimera_registry_hide_secrets(registry, realm->call->place, answer.body.data,
                                      answer.body.size);
    code = take_token(registry, realm, &answer, err);
    if (answer.body.data)
        OPENSSL_cleanse(answer.body.data, answer.body.size);
    chimera_transfer_answer_done(&answer);
    return code;
}

static int get_token(struct chimera_registry *registry, const struct realm *realm,
                     struct chimera_error *err)
{
    const struct chimera_credential *credential = realm->call->place->credential;
    WIPED char *basic = NULL;
    if (has_password(credential)) {
        int code = make_basic(credential, &basic, err);
        if (code < 0)
            return code;
    }
    struct chimera_buffer url;
    chimera_buffer_init(&url, CHIMERA_URL_MAX);
    chimera_buffer_text(&url, realm->url);
    chimera_buffer_byte(&url, strchr(realm->url, '?') ? '&' : '?');
    add_question(realm, add_query_scope, &url);
    chimera_buffer_byte(&url, '\0');
    const struct chimera_transfer_request request = {
        .method = "GET",
        .url = url.data,
        .authorization = basic,
        .body = CHIMERA_NO_BODY,
        .limit = CHIMERA_TOKEN_ANSWER_MAX,
        .is_idempotent = true,
    };
    int code = url.failed ? chimera_fail_memory(err) : ask_realm(registry, realm, &request, err);
    chimera_buffer_free(&url);
    return code;
}

/* OAuth 2's refresh of a token, as Docker's servers take it. */
static int refresh_token(struct chimera_registry *registry, const struct realm *realm,
                         struct chimera_error *err)
{
    static const char *const headers[] = {"Content-Type: application/x-www-form-urlencoded", NULL};
    struct chimera_buffer form;
    chimera_buffer_init(&form, FORM_MAX);
    chimera_buffer_reserve(&form, FORM_MAX); /* no copy of the secret is left where it grew */
    add_question(realm, add_form_scope, &form);
    chimera_buffer_text(&form, "&grant_type=refresh_token&refresh_token=");
    chimera_registry_encode(realm->call->place->credential->identity_token, &form);
    struct chimera_transfer_request request = {
        .method = "POST",
        .url = realm->url,
        .headers = headers,
        .body = {.bytes = chimera_buffer_slice(&form), .fd = -1},
        .limit = CHIMERA_TOKEN_ANSWER_MAX,
        .is_idempotent = true,
    };
    int code = form.failed ? chimera_fail_memory(err) : ask_realm(registry, realm, &request, err);
    if (form.data)
        OPENSSL_cleanse(form.data, form.size);
    chimera_buffer_free(&form);
    return code;
}

static int use_bearer(struct chimera_registry *registry, const struct chimera_call *call,
                      const struct chimera_challenge *challenge, struct chimera_error *err)
{
    const struct chimera_credential *credential = call->place->credential;
    struct chimera_url url;
    struct chimera_error why = {0};
    int code = chimera_url_parse(NULL, challenge->realm, &url, &why);
    if (code < 0)
        return chimera_fail(err, code, "%s: a realm that is not asked for a token: %s",
                            call->place->host, why.text);
    struct realm realm = {call, challenge, url.text};
    if (!url.is_https && !call->place->is_plain)
        code =
            chimera_fail(err, CHIMERA_EREFUSED, "%s: sends to %s for a token, which is not https",
                         call->place->host, url.shown);
    else if (credential && credential->identity_token)
        code = refresh_token(registry, &realm, err);
    else
        code = get_token(registry, &realm, err);
    chimera_url_done(&url);
    if (code == CHIMERA_OK) { /* what it wants now */
        chimera_registry_wipe(call->place->basic);
        call->place->basic = NULL;
    }
    return code;
}

/* --- Which of them --- */

/* Bearer before Basic: a token is good for less. */
static bool find_challenge(const struct chimera_transfer_answer *answer, const char *scheme,
                           struct chimera_challenge *ret_challenge)
{
    for (size_t i = 0; i < CHALLENGES_MAX; i++) {
        struct chimera_slice text = chimera_transfer_header(answer, "www-authenticate", i);
        for (size_t j = 0; j < CHALLENGES_MAX && text.data; j++) {
            if (!chimera_challenge_next(&text, ret_challenge))
                break;
            if (chimera_challenge_is(ret_challenge, scheme) && !ret_challenge->is_bad)
                return true;
        }
    }
    return false;
}

int chimera_registry_authenticate(struct chimera_registry *registry,
                                  const struct chimera_call *call,
                                  const struct chimera_transfer_answer *answer,
                                  struct chimera_error *err)
{
    CHIMERA_FREE struct chimera_challenge *challenge = malloc(sizeof(*challenge));
    if (!challenge)
        return chimera_fail_memory(err);
    /* A redirect may have led to a host that wants a login of its own: ours is not for it. */
    CHIMERA_FREE char *url = NULL;
    bool is_home = false;
    int code = chimera_registry_resolve_url(call, answer, chimera_slice_of(answer->url), &url,
                                            &is_home, err);
    if (code == CHIMERA_OK && !is_home)
        code = chimera_fail(err, CHIMERA_EREFUSED, "%s: leads to %.*s, which asks for a login",
                            call->place->host, (int)strcspn(answer->url, "?"), answer->url);
    if (code < 0)
        return code;
    CHIMERA_FREE char *key = token_key(registry, call);
    struct chimera_kept_token *token = find_token(registry, key);
    if (token)
        drop_token(registry, token);
    if (find_challenge(answer, "bearer", challenge) && *challenge->realm)
        return use_bearer(registry, call, challenge, err);
    if (find_challenge(answer, "basic", challenge)) {
        struct chimera_place *place = call->place;
        if (place->basic)
            return chimera_fail(err, CHIMERA_EREFUSED, "%s: the login is not accepted",
                                place->host);
        if (place->credential && place->credential->identity_token)
            return chimera_fail(err, CHIMERA_EREFUSED,
                                "%s: asks for a name and a password, and the login is a token",
                                place->host);
        if (!has_password(place->credential))
            return chimera_fail(err, CHIMERA_EREFUSED, "%s: asks for a login, and there is none",
                                place->host);
        return make_basic(place->credential, &place->basic, err);
    }
    return chimera_registry_fail(call, answer, err);
}
