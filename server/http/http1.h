/* SPDX-License-Identifier: Apache-2.0 */
/* http1.h - strict HTTP/1.1 without input or output: bytes in, slices out (libraries.md §3.3, rule
 * 5).
 *
 * A head is parsed in place and its slices point into the caller's bytes. Whatever two parsers
 * could read differently is refused: both kinds of length, a repeated or signed Content-Length,
 * bare line feeds, folded lines, spaces before a colon, a head over HTTP_HEAD_MAX.
 */
#ifndef CHIMERA_SERVER_HTTP_HTTP1_H
#define CHIMERA_SERVER_HTTP_HTTP1_H

#include <stdint.h>

#include "runtime/base/slice.h"

#define HTTP_HEAD_MAX ((size_t)16 * 1024)

/* What the parsers return: these, or the HTTP status (>= 400) of the refusal. */
enum { HTTP_MORE = 0, HTTP_DONE = 1 };

#define HTTP_TRACE_ID 16

struct http_caller { /* what a `traceparent` says (W3C Trace Context §3.2) */
    uint64_t span;   /* 0: there is none, or none that can be read, or two */
    uint8_t trace_id[HTTP_TRACE_ID];
    bool is_sampled;
};

struct http_head {
    struct chimera_slice method;
    struct chimera_slice path;         /* as sent, not decoded, without the query */
    struct chimera_slice query;        /* without its '?' */
    struct chimera_slice host;         /* of the target, else of the field; .data NULL: none */
    struct chimera_slice content_type; /* of the first such field; .data NULL: none */
    uint64_t content_length;           /* 0 when there is no body, or a chunked one */
    bool is_chunked;
    bool expects_continue;
    bool keeps_alive; /* by version and Connection */
    bool is_http10;
    struct http_caller caller;
    size_t size; /* of the whole head, with its empty line */
};

/* Parses the head at the start of `bytes`. `*scanned` is 0 for a new request and remembers between
 * calls how far complete lines go, so that a head that comes byte by byte is not read over again.
 * *ret_head is filled on HTTP_DONE only. */
int http_head_parse(struct chimera_slice bytes, size_t *scanned, struct http_head *ret_head);

enum http_chunk_state {
    HTTP_CHUNK_SIZE = 0,
    HTTP_CHUNK_EXTENSION,
    HTTP_CHUNK_SIZE_LF,
    HTTP_CHUNK_DATA,
    HTTP_CHUNK_DATA_CR,
    HTTP_CHUNK_DATA_LF,
    HTTP_CHUNK_TRAILER_START,
    HTTP_CHUNK_TRAILER,
    HTTP_CHUNK_TRAILER_LF,
    HTTP_CHUNK_LAST_LF,
};

struct http_chunks { /* of one body; all zero at its start */
    enum http_chunk_state state;
    uint64_t left;     /* of the chunk */
    unsigned digits;   /* of the size seen so far */
    size_t line_bytes; /* of all extensions together, or of all trailers */
};

/* Decodes in place: the body's bytes move to the front of `data`, *ret_kept of them; *ret_used
 * bytes were read. All are, unless the body ends: what follows is the next request. Trailers are
 * dropped. */
int http_chunks_decode(struct http_chunks *chunks, char *data, size_t size, size_t *ret_used,
                       size_t *ret_kept);

#endif
