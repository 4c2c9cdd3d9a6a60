/* SPDX-License-Identifier: Apache-2.0 */
/* credential.h - who we are to the API server, now: a token that stays, one in a file that is
 * rotated, one that a program of the parent's makes.
 *
 * The network's thread asks; a thread of its own waits for the parent where there is such a
 * program, and wakes the network.
 */
#ifndef CHIMERA_KUBERNETES_CREDENTIAL_H
#define CHIMERA_KUBERNETES_CREDENTIAL_H

#include <curl/curl.h>
#include <pthread.h>

#include "plugins/kubernetes/settings.h"
#include "runtime/capability/provider.h"

#define KUBE_TOKEN_MAX ((size_t)64 << 10)

struct kube_credential {
    const struct kube_settings *settings;     /* borrowed */
    const struct chimera_provider_host *host; /* borrowed */
    CURLM *multi;                             /* borrowed: whom to wake */
    pthread_mutex_t lock;                     /* of all below */
    pthread_cond_t wish;
    pthread_t thread;
    bool has_thread, is_wished, is_ending;
    char *token;                  /* owned; NULL: none yet, or none at all */
    char *certificate, *key;      /* owned: of a program; NULL: those of the settings */
    int64_t read_at_ms;           /* of the file; of the program's answer */
    int64_t expires_at_ms;        /* of the program's answer; INT64_MAX: never */
    int64_t retry_at_ms;          /* after a failure not before */
    bool is_stale;                /* the API server did not take it */
    struct chimera_error failure; /* code 0: none */
};

int kube_credential_open(struct kube_credential *credential, const struct kube_settings *settings,
                         const struct chimera_provider_host *host, CURLM *multi,
                         struct chimera_error *err);
void kube_credential_close(struct kube_credential *credential);

/* A thread that gets no signals: they are for the broker's own. */
int kube_thread_start(pthread_t *ret_thread, void *(*run)(void *context), void *context);

/* Adds it to a request: 0; 1: there is none yet, ask again when the network is woken; or an error.
 */
int kube_credential_apply(struct kube_credential *credential, CURL *easy,
                          struct curl_slist **headers, struct chimera_error *err);
/* The API server answered 401: the next one shall be a fresh one. False: there is no other. */
bool kube_credential_refuse(struct kube_credential *credential);

#endif
