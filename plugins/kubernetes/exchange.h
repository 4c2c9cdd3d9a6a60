/* SPDX-License-Identifier: Apache-2.0 */
/* exchange.h - one request to the API server, on the network's thread. */
#ifndef CHIMERA_KUBERNETES_EXCHANGE_H
#define CHIMERA_KUBERNETES_EXCHANGE_H

#include "plugins/kubernetes/credential.h"
#include "plugins/kubernetes/objects/status.h"

#define KUBE_ERROR_BODY_MAX ((size_t)64 << 10)

struct kube_server { /* the API server, as it is spoken to */
    struct kube_settings settings;
    struct kube_credential credential;
    CURLM *multi;                  /* owned; the network's thread uses it */
    struct curl_slist *connect_to; /* owned; where it is, when it has another name */
};

int kube_server_open(struct kube_server *server, const struct chimera_provider_host *host,
                     struct chimera_error *err);
/* What kube_server_open() left, whether it failed or not. */
void kube_server_close(struct kube_server *server);

/* How it ended. */
enum kube_outcome {
    KUBE_DONE,    /* 2xx, and all of it came */
    KUBE_REFUSED, /* another status: it is in `status` */
    KUBE_LOST,    /* no answer, or not all of it: `error` */
    KUBE_STOPPED, /* by whoever took the bytes: `error` */
};

struct kube_exchange {
    /* Bytes of a 2xx answer; anything but 0 ends it. NULL: they go into `body`. */
    int (*take)(struct kube_exchange *exchange, struct chimera_slice bytes,
                struct chimera_error *err);
    /* Once, after a beginning; it may begin again. */
    void (*ended)(struct kube_exchange *exchange, enum kube_outcome outcome);
    struct kube_server *server; /* borrowed */
    struct chimera_buffer body; /* of an error; or without `take` */
    size_t body_max;            /* of a 2xx answer, without `take` */
    struct kube_status status;  /* what KUBE_REFUSED says */
    struct chimera_error error; /* what the others say */
    unsigned http_code;
    int64_t retry_after_ms; /* 0: the API server did not say */
    /* Its own: */
    CURL *easy; /* owned; NULL: not under way */
    struct curl_slist *headers;
    char why[CURL_ERROR_SIZE];
};

struct kube_exchange_request {
    const char *path; /* with its query, encoded */
    const char *body; /* of a POST; NULL: it is a GET */
    int64_t timeout_ms;
};

/* 0; 1: credentials are on their way, begin again when the network wakes; or an error. */
int kube_exchange_begin(struct kube_exchange *exchange, const struct kube_exchange_request *request,
                        struct chimera_error *err);
/* Ends it without a word, if it is under way. */
void kube_exchange_stop(struct kube_exchange *exchange);
void kube_exchange_done(struct kube_exchange *exchange);

/* What curl_multi_info_read() said. */
void kube_exchange_finish(struct kube_exchange *exchange, CURLcode result);

/* Is another try of use: the API server was not reached, is busy, or broken? */
bool kube_exchange_may_retry(const struct kube_exchange *exchange, enum kube_outcome outcome);

/* `text` so that it can stand in a path or a query. */
int kube_escape(struct chimera_buffer *out, struct chimera_slice text);

#endif
