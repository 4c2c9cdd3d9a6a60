/* SPDX-License-Identifier: Apache-2.0 */
/* transfer_internal.h - what the files of a transfer share: transfer.c (redirects, retries, hosts),
 * transfer_exchange.c (one request on libcurl), transfer_setup.c (its options), transfer_body.c
 * (its bytes), transfer_failure.c (what to say of its failures), transfer_route.c (which
 * authorities and which proxy), transfer_exception.c (which hosts are left out of that).
 */
#ifndef CHIMERA_COMPILER_FETCH_TRANSFER_TRANSFER_INTERNAL_H
#define CHIMERA_COMPILER_FETCH_TRANSFER_TRANSFER_INTERNAL_H

#include <curl/curl.h>

#include "compiler/fetch/transfer/transfer.h"
#include "compiler/fetch/transfer/transfer_url.h"

enum chimera_level { /* how a host is spoken to */
                     CHIMERA_LEVEL_VERIFIED,
                     CHIMERA_LEVEL_UNVERIFIED, /* the rest for insecure hosts only */
                     CHIMERA_LEVEL_PLAIN,
};

struct chimera_transfer_host { /* owns its texts */
    struct chimera_transfer_host *next;
    char *name; /* chimera_url's */
    bool is_insecure;
    bool is_known; /* has answered on this level, and stays there */
    enum chimera_level level;
    bool needs_file; /* the folder of the system's authorities was not enough */
    struct chimera_buffer
        authorities; /* this host's, with the system's file if it needs that; PEM */
};

struct chimera_transport {
    struct chimera_transport_options options;
    CURL *easy;                                        /* owned; keeps connections */
    const char *authorities_file, *authorities_folder; /* borrowed; NULL: none */
    bool is_hashed; /* authorities are found in the folder by their name, without reading all */
    struct chimera_transfer_host *hosts;       /* owned */
    char *http_proxy, *https_proxy, *no_proxy; /* owned; NULL: none */
    bool has_ended;                            /* the peer has told the end of TLS */
    uint64_t deadline_ns;                      /* 0: none */
};

/* transfer_route.c: */
int chimera_route_init(struct chimera_transport *transport, struct chimera_error *err);
void chimera_route_done(struct chimera_transport *transport);
/* Borrowed from the transport. */
int chimera_route_host(struct chimera_transport *transport, const struct chimera_url *url,
                       struct chimera_transfer_host **ret_host, struct chimera_error *err);
/* From now on, the file counts for this host, too. False: it does already, or there is none. */
bool chimera_route_widen(struct chimera_transport *transport, const struct chimera_url *url,
                         struct chimera_transfer_host *host);
/* "": none. Borrowed from the transport. */
const char *chimera_route_proxy(const struct chimera_transport *transport,
                                const struct chimera_url *url, bool is_https);
/* What of a proxy may be told: not what is before an `@`. */
const char *chimera_route_proxy_place(const char *proxy);
/* `list` as NO_PROXY has it: hosts with their subdomains, addresses, networks, `*`. */
bool chimera_route_is_excepted(const char *list, const char *host, unsigned port);

#define CHIMERA_TRANSFER_HEADERS_MAX ((size_t)64 << 10)    /* of one answer */
#define CHIMERA_TRANSFER_ERROR_BODY_MAX ((size_t)64 << 10) /* of an answer that is not 2xx */

enum chimera_outcome {                              /* of a failure */
                       CHIMERA_OUTCOME_STOPPED,     /* by us, or for good */
                       CHIMERA_OUTCOME_UNREACHED,   /* no connection: nothing was sent */
                       CHIMERA_OUTCOME_UNTRUSTED,   /* no TLS connection: nothing was sent */
                       CHIMERA_OUTCOME_INTERRUPTED, /* lost on the way */
};

struct chimera_exchange { /* one request to one place */
    struct chimera_transport *transport;
    const struct chimera_transfer_request *request;
    const struct chimera_url *url;
    const struct chimera_transfer_host *host;
    enum chimera_level level;
    const char *authorization; /* NULL: none */
    bool has_body;

    struct chimera_transfer_answer *answer; /* reset by chimera_exchange_run() */
    bool *has_taken;                        /* the sink has bytes of an earlier try */
    enum chimera_outcome outcome;           /* of a failure */
    bool is_unknown; /* so it is because nobody here knows the certificate's authority */

    /* While it runs: */
    const char *proxy;
    uint64_t sent, received, length; /* length: UINT64_MAX while unknown */
    size_t header_bytes;
    bool is_chunked;
    bool is_cut;                /* enough of an error's body was read */
    struct chimera_error *stop; /* filled by a callback that ended the transfer */
    char why[CURL_ERROR_SIZE];
};

/* Once in a process. */
void chimera_exchange_begin(void);
/* CHIMERA_OK: there is an answer, of any status. */
int chimera_exchange_run(struct chimera_exchange *exchange, struct chimera_error *err);

/* transfer_setup.c: all options of the request on the transport's handle; what it reads is freed by
 * the caller when it is over. */
int chimera_exchange_set_up(struct chimera_exchange *exchange, struct curl_slist **ret_headers,
                            struct chimera_error *err);

void chimera_exchange_free_headers(struct curl_slist **list); /* wipes */

/* transfer_body.c: what comes and goes; the context of all of them is the exchange. */
uint64_t chimera_exchange_body_size(const struct chimera_exchange *exchange);
size_t chimera_exchange_take_header(char *bytes, size_t one, size_t size, void *context);
size_t chimera_exchange_take_body(char *bytes, size_t one, size_t size, void *context);
size_t chimera_exchange_give_body(char *room, size_t one, size_t size, void *context);
int chimera_exchange_seek_body(void *context, curl_off_t offset, int origin);

/* transfer_failure.c: tells what `result` means for a person, and sets the outcome. */
int chimera_exchange_fail(struct chimera_exchange *exchange, CURLcode result,
                          struct chimera_error *err);

#endif
