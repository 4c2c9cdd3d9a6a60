/* SPDX-License-Identifier: Apache-2.0 */
/* transfer.h - one HTTP request and its answer, on libcurl.
 *
 * Knows the sources (insecure hosts, authorities of hosts, proxies), redirects, retries and limits;
 * no registry. Connections are kept between calls. Credentials are given per request, and never
 * follow a redirect to another host, port or scheme. The digests of what is received are the
 * caller's to compare, in its sink. One thread.
 */
#ifndef CHIMERA_COMPILER_FETCH_TRANSFER_TRANSFER_H
#define CHIMERA_COMPILER_FETCH_TRANSFER_TRANSFER_H

#include <stdint.h>

#include "runtime/base/buffer.h"
#include "runtime/base/error.h"
#include "runtime/source/sources.h"

struct chimera_transport;

struct chimera_transport_options {         /* borrowed for the transport's life */
    const struct chimera_sources *sources; /* NULL: none */
    /* Told now and then while bytes move, of one transfer: `total` is 0 when it is not known. NULL:
     * nobody asks. Anything but 0 ends the transfer (Ctrl-C). */
    int (*progress)(void *context, uint64_t done, uint64_t total);
    void *context;
    /* A transfer that is slower than CHIMERA_TRANSFER_SLOWEST bytes a second for so long, on
     * average, is given up; 0: 60. */
    unsigned stall_seconds;
    unsigned tries_max; /* of one request; 0: 6 */
};
#define CHIMERA_TRANSFER_SLOWEST 64

int chimera_transport_new(const struct chimera_transport_options *options,
                          struct chimera_transport **ret_transport, struct chimera_error *err);
void chimera_transport_free(struct chimera_transport *transport);

/* From now on nothing goes on past this time (CLOCK_MONOTONIC), neither a transfer nor the wait
 * before another try; 0, as at first: there is none. */
void chimera_transport_set_deadline(struct chimera_transport *transport, uint64_t deadline_ns);

/* Gets bytes of a body as they come; anything but 0 (an enum chimera_code) ends the transfer with
 * that. A retry begins the body anew: `restart` says so before it. */
struct chimera_transfer_sink {
    int (*restart)(void *context);
    int (*take)(void *context, struct chimera_slice bytes);
    void *context;
};

struct chimera_transfer_body {  /* of a request */
    struct chimera_slice bytes; /* from memory; or, with fd >= 0, from a file */
    int fd;                     /* -1: none */
    uint64_t offset, size;      /* the part of the file */
};
#define CHIMERA_NO_BODY ((struct chimera_transfer_body){.fd = -1})

struct chimera_transfer_request {
    const char *method;         /* GET, HEAD, POST, PATCH, PUT, DELETE */
    const char *url;            /* https://…; http:// only for insecure hosts */
    const char *const *headers; /* "Name: value", ends with NULL; NULL: none */
    const char *authorization;  /* value of that header; NULL: none */
    struct chimera_transfer_body body;
    /* It is a part of something larger, of which progress tells: what was before it, and all of
     * that; 0: it is not. */
    uint64_t part_start, part_whole;
    const struct chimera_transfer_sink *sink; /* of a 2xx answer's body; NULL: into answer->body */
    uint64_t limit;     /* of bytes of a 2xx answer's body; 0: 64 KiB, which others have anyway */
    bool is_idempotent; /* may be sent again after 408, 429, 5xx or a lost connection */
};

struct chimera_transfer_answer {
    unsigned status;
    struct chimera_buffer body;    /* of an answer that is not 2xx at most 64 KiB of it */
    struct chimera_buffer headers; /* of the last answer: "name: value\n", names in lower case */
    char *url; /* owned: where the redirects led; https:// also where http was spoken in the end */
    bool was_plain;      /* which is what this tells: it came without TLS */
    bool was_unverified; /* or with TLS from who knows whom, for an insecure host */
};

/* An answer of any status is a success here. CHIMERA_EIO: none came, and err->text tells host and
 * reason, never a credential; CHIMERA_ELIMIT: it is larger than the limit; CHIMERA_EREFUSED: a
 * redirect that is not followed, a scheme that is not allowed. */
int chimera_transfer(struct chimera_transport *transport,
                     const struct chimera_transfer_request *request,
                     struct chimera_transfer_answer *ret_answer, struct chimera_error *err);
void chimera_transfer_answer_done(struct chimera_transfer_answer *answer);

/* "host:port" of the proxy that such a URL is asked for by, without its login; borrowed from the
 * transport. NULL: none. */
const char *chimera_transfer_proxy(const struct chimera_transport *transport, const char *url,
                                   bool is_plain);

/* The value of the number-th header of that name (in lower case); NULL data: there is none. */
struct chimera_slice chimera_transfer_header(const struct chimera_transfer_answer *answer,
                                             const char *name, size_t number);

#endif
