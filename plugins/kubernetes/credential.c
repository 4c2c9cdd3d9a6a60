/* SPDX-License-Identifier: Apache-2.0 */
#include "plugins/kubernetes/credential.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

#include "runtime/base/clock.h"
#include "runtime/base/file.h"
#include "runtime/json/tree.h"

#define FILE_MS 60000  /* the kubelet rotates a token long before it expires */
#define AGAIN_MS 1000  /* after a failure; also how often a refused token is read again */
#define AHEAD_MS 30000 /* before it expires a program is asked for another */
#define LEAST_MS 10000 /* one that expires sooner is used so long: clocks differ */

static int set_token(struct kube_credential *credential, struct chimera_slice text,
                     struct chimera_error *err)
{
    size_t good = 0;
    text = chimera_slice_trim(text);
    /* A header's value: what could end it is none. */
    while (good < text.size && text.data[good] > ' ' && text.data[good] < 0x7f)
        good++;
    if (good == 0 || good < text.size)
        return chimera_fail(err, CHIMERA_EINVAL, "the token for the API server is none");
    char *token = strndup(text.data, text.size);
    if (!token)
        return chimera_fail_memory(err);
    free(credential->token);
    credential->token = token;
    return CHIMERA_OK;
}

static void read_file(struct kube_credential *credential)
{
    struct chimera_buffer text;
    struct chimera_error err = {0};
    chimera_buffer_init(&text, KUBE_TOKEN_MAX);
    int code = chimera_file_read(credential->settings->token_file, &text, &err);
    if (code == CHIMERA_OK)
        code = set_token(credential, chimera_buffer_slice(&text), &err);
    chimera_buffer_free(&text);
    credential->failure = code < 0 && !credential->token ? err : (struct chimera_error){0};
    credential->read_at_ms = chimera_clock_ms();
    credential->is_stale = false;
}

/* --- A program of the parent's --- */

/* RFC 3339 in UTC or with an offset, as ExecCredential's expirationTimestamp; INT64_MAX: none. */
static int64_t expiry_of(const char *text)
{
    struct tm when = {0};
    const char *rest = text ? strptime(text, "%Y-%m-%dT%H:%M:%S", &when) : NULL;
    if (!rest)
        return text ? 0 : INT64_MAX;
    if (*rest == '.')
        rest += strspn(rest, ".0123456789");
    int sign = *rest == '+' ? 1 : *rest == '-' ? -1 : 0, minutes = 0;
    struct tm offset = {0};
    if (sign && strptime(rest + 1, "%H:%M", &offset))
        minutes = sign * (offset.tm_hour * 60 + offset.tm_min);
    int64_t wall_s = (int64_t)timegm(&when) - (int64_t)minutes * 60;
    return wall_s * 1000 - (int64_t)chimera_clock_wall_ms() + chimera_clock_ms();
}

static int take_status(struct kube_credential *credential, struct json_object *status,
                       struct chimera_error *err)
{
    const char *token = json_object_get_string(chimera_json_member(status, "token"));
    const char *certificate =
        json_object_get_string(chimera_json_member(status, "clientCertificateData"));
    const char *key = json_object_get_string(chimera_json_member(status, "clientKeyData"));
    const char *expiry = json_object_get_string(chimera_json_member(status, "expirationTimestamp"));
    if (!token && (!certificate || !key))
        return chimera_fail(err, CHIMERA_EINVAL,
                            "the program for credentials gave neither a token nor a certificate");
    int code = token ? set_token(credential, chimera_slice_of(token), err) : CHIMERA_OK;
    char *new_certificate = certificate && key ? strdup(certificate) : NULL;
    char *new_key = new_certificate ? strdup(key) : NULL;
    free(credential->certificate);
    free(credential->key);
    credential->certificate = new_certificate;
    credential->key = new_key;
    int64_t now_ms = chimera_clock_ms();
    credential->expires_at_ms = expiry_of(expiry);
    if (credential->expires_at_ms < now_ms + LEAST_MS)
        credential->expires_at_ms = now_ms + LEAST_MS;
    credential->read_at_ms = now_ms;
    return code;
}

/* Without the lock: this takes as long as the program does. */
static void ask_program(struct kube_credential *credential)
{
    struct chimera_buffer answer;
    struct chimera_error err = {0};
    CHIMERA_JSON struct json_object *status = NULL;
    chimera_buffer_init(&answer, KUBE_TOKEN_MAX * 4);
    int code = credential->host->ask_parent(credential->host, "kubernetes-exec",
                                            (struct chimera_slice){0}, &answer, &err);
    if (code == CHIMERA_OK)
        code = chimera_json_parse(chimera_buffer_slice(&answer), &status, &err);
    pthread_mutex_lock(&credential->lock);
    if (code == CHIMERA_OK)
        code = take_status(credential, status, &err);
    credential->failure = code < 0 ? err : (struct chimera_error){0};
    credential->is_stale = credential->is_stale && code < 0;
    credential->retry_at_ms = chimera_clock_ms() + AGAIN_MS;
    pthread_mutex_unlock(&credential->lock);
    chimera_buffer_free(&answer);
}

static void *run_programs(void *context)
{
    struct kube_credential *credential = context;
    pthread_mutex_lock(&credential->lock);
    while (!credential->is_ending) {
        if (!credential->is_wished) {
            pthread_cond_wait(&credential->wish, &credential->lock);
            continue;
        }
        pthread_mutex_unlock(&credential->lock);
        ask_program(credential);
        pthread_mutex_lock(&credential->lock);
        credential->is_wished = false;
        curl_multi_wakeup(credential->multi);
    }
    pthread_mutex_unlock(&credential->lock);
    return NULL;
}

int kube_thread_start(pthread_t *ret_thread, void *(*run)(void *context), void *context)
{
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int number = pthread_create(ret_thread, NULL, run, context);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return number == 0 ? CHIMERA_OK : CHIMERA_EIO;
}

/* --- For the network --- */

int kube_credential_open(struct kube_credential *credential, const struct kube_settings *settings,
                         const struct chimera_provider_host *host, CURLM *multi,
                         struct chimera_error *err)
{
    *credential = (struct kube_credential){
        .settings = settings, .host = host, .multi = multi, .expires_at_ms = INT64_MAX};
    pthread_mutex_init(&credential->lock, NULL);
    pthread_cond_init(&credential->wish, NULL);
    if (settings->token && !settings->token_file && !settings->has_exec)
        return set_token(credential, chimera_slice_of(settings->token), err);
    if (!settings->has_exec)
        return CHIMERA_OK;
    if (kube_thread_start(&credential->thread, run_programs, credential) < 0)
        return chimera_fail(err, CHIMERA_EIO, "a thread for credentials does not start");
    credential->has_thread = true;
    return CHIMERA_OK;
}

void kube_credential_close(struct kube_credential *credential)
{
    pthread_mutex_lock(&credential->lock);
    credential->is_ending = true;
    pthread_cond_signal(&credential->wish);
    pthread_mutex_unlock(&credential->lock);
    if (credential->has_thread)
        pthread_join(credential->thread, NULL);
    free(credential->token);
    free(credential->certificate);
    free(credential->key);
    pthread_cond_destroy(&credential->wish);
    pthread_mutex_destroy(&credential->lock);
}

/* 0 when there is one to use now. With the lock. */
static int renew(struct kube_credential *credential, struct chimera_error *err)
{
    int64_t now_ms = chimera_clock_ms();
    const struct kube_settings *settings = credential->settings;
    if (settings->token_file) {
        int64_t age_ms = now_ms - credential->read_at_ms;
        if (!credential->read_at_ms || age_ms >= FILE_MS ||
            ((credential->is_stale || credential->failure.code) && age_ms >= AGAIN_MS))
            read_file(credential);
    } else if (settings->has_exec) {
        bool has_one = credential->token || credential->certificate;
        bool is_old =
            !has_one || credential->is_stale || now_ms >= credential->expires_at_ms - AHEAD_MS;
        if (is_old && now_ms >= credential->retry_at_ms) {
            credential->is_wished = true;
            pthread_cond_signal(&credential->wish);
        }
        if (!has_one || credential->is_stale || now_ms >= credential->expires_at_ms) {
            if (credential->is_wished)
                return 1;
            if (credential->failure.code == 0)
                return chimera_fail(err, CHIMERA_EREFUSED,
                                    "the API server refuses what the "
                                    "program for credentials gave");
        } else {
            return CHIMERA_OK;
        }
    }
    if (credential->failure.code == 0)
        return CHIMERA_OK;
    return chimera_fail(err, CHIMERA_EREFUSED, "no credentials for the API server: %s",
                        credential->failure.text);
}

static void set_blob(CURL *easy, CURLoption option, const char *pem)
{
    struct curl_blob blob = {(void *)(uintptr_t)pem, pem ? strlen(pem) : 0, CURL_BLOB_COPY};
    if (pem)
        curl_easy_setopt(easy, option, &blob);
}

int kube_credential_apply(struct kube_credential *credential, CURL *easy,
                          struct curl_slist **headers, struct chimera_error *err)
{
    const struct kube_settings *settings = credential->settings;
    pthread_mutex_lock(&credential->lock);
    int code = renew(credential, err);
    bool is_good = true;
    if (code == CHIMERA_OK && credential->token) {
        char *line = NULL;
        is_good = asprintf(&line, "Authorization: Bearer %s", credential->token) >= 0;
        struct curl_slist *more = is_good ? curl_slist_append(*headers, line) : NULL;
        free(is_good ? line : NULL);
        is_good = more != NULL;
        *headers = more ? more : *headers;
    } else if (code == CHIMERA_OK && settings->username) {
        curl_easy_setopt(easy, CURLOPT_HTTPAUTH, (long)CURLAUTH_BASIC);
        curl_easy_setopt(easy, CURLOPT_USERNAME, settings->username);
        curl_easy_setopt(easy, CURLOPT_PASSWORD, settings->password ? settings->password : "");
    }
    if (code == CHIMERA_OK) {
        set_blob(easy, CURLOPT_SSLCERT_BLOB,
                 credential->certificate ? credential->certificate : settings->client_certificate);
        set_blob(easy, CURLOPT_SSLKEY_BLOB,
                 credential->key ? credential->key : settings->client_key);
    }
    pthread_mutex_unlock(&credential->lock);
    return is_good ? code : chimera_fail_memory(err);
}

bool kube_credential_refuse(struct kube_credential *credential)
{
    const struct kube_settings *settings = credential->settings;
    pthread_mutex_lock(&credential->lock);
    int64_t now_ms = chimera_clock_ms();
    bool has_other = settings->token_file ? now_ms - credential->read_at_ms >= AGAIN_MS
                                          : settings->has_exec && now_ms >= credential->retry_at_ms;
    credential->is_stale = credential->is_stale || settings->token_file || settings->has_exec;
    pthread_mutex_unlock(&credential->lock);
    return has_other;
}
