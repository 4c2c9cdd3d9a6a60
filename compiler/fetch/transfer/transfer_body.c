/* SPDX-License-Identifier: Apache-2.0 */
/* transfer_body.c - the bytes of a request and of its answer: what comes is bounded and has to be
 * what it says, what goes can begin again.
 */
#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <unistd.h>

#include "compiler/fetch/transfer/transfer_internal.h"

#define ALL_HEADERS_MAX ((size_t)256 << 10) /* with those of 1xx answers */

/* --- What comes --- */

static bool is_good_status(const struct chimera_exchange *exchange)
{
    return exchange->answer->status >= 200 && exchange->answer->status < 300;
}

static uint64_t body_limit(const struct chimera_exchange *exchange)
{
    uint64_t limit = exchange->request->limit;
    return limit > 0 && is_good_status(exchange) ? limit : CHIMERA_TRANSFER_ERROR_BODY_MAX;
}

static int fail_size(struct chimera_exchange *exchange)
{
    return chimera_fail(exchange->stop, CHIMERA_ELIMIT,
                        "%s: the answer is larger than %" PRIu64 " bytes", exchange->url->shown,
                        body_limit(exchange));
}

/* A length that is told twice and differently is what request smuggling looks like. */
static int take_length(struct chimera_exchange *exchange, struct chimera_slice value)
{
    uint64_t length = 0;
    for (size_t i = 0; i < value.size; i++) {
        unsigned digit = (unsigned)(value.data[i] - '0');
        if (digit > 9 || length > (UINT64_MAX - digit) / 10)
            return chimera_fail(exchange->stop, CHIMERA_EIO,
                                "%s: a Content-Length that is no number", exchange->url->shown);
        length = length * 10 + digit;
    }
    if (exchange->length != UINT64_MAX && exchange->length != length)
        return chimera_fail(exchange->stop, CHIMERA_EIO, "%s: two values of Content-Length",
                            exchange->url->shown);
    exchange->length = length;
    return CHIMERA_OK;
}

static bool is_field(const struct chimera_buffer *headers, size_t start, const char *name)
{
    return !headers->failed &&
           chimera_slice_is((struct chimera_slice){headers->data + start, headers->size - start},
                            name);
}

static int take_field(struct chimera_exchange *exchange, struct chimera_slice line)
{
    struct chimera_buffer *headers = &exchange->answer->headers;
    const char *colon = memchr(line.data, ':', line.size);
    if (!colon || memchr(line.data, '\0', line.size) || isspace((unsigned char)line.data[0]))
        return CHIMERA_OK; /* not a field that anybody asks for */
    struct chimera_slice name = {line.data, (size_t)(colon - line.data)};
    struct chimera_slice value =
        chimera_slice_trim((struct chimera_slice){colon + 1, line.size - name.size - 1});
    size_t start = headers->size;
    chimera_buffer_append(headers, name);
    for (size_t i = start; i < headers->size; i++)
        headers->data[i] = (char)tolower((unsigned char)headers->data[i]);
    bool is_length = is_field(headers, start, "content-length");
    exchange->is_chunked |= is_field(headers, start, "transfer-encoding");
    chimera_buffer_text(headers, ": ");
    chimera_buffer_append(headers, value);
    chimera_buffer_byte(headers, '\n');
    if (headers->failed)
        return chimera_fail(exchange->stop, CHIMERA_ELIMIT, "%s: more than %zu bytes of headers",
                            exchange->url->shown, CHIMERA_TRANSFER_HEADERS_MAX);
    return is_length ? take_length(exchange, value) : CHIMERA_OK;
}

size_t chimera_exchange_take_header(char *bytes, size_t one, size_t size, void *context)
{
    struct chimera_exchange *exchange = context;
    struct chimera_slice line = {bytes, size};
    (void)one;
    exchange->header_bytes += size;
    if (exchange->header_bytes > ALL_HEADERS_MAX) {
        chimera_fail(exchange->stop, CHIMERA_ELIMIT, "%s: more than %zu bytes of headers",
                     exchange->url->shown, ALL_HEADERS_MAX);
        return 0;
    }
    int code = CHIMERA_OK;
    if (chimera_slice_starts(line, "HTTP/")) {
        long status = 0;
        curl_easy_getinfo(exchange->transport->easy, CURLINFO_RESPONSE_CODE, &status);
        exchange->answer->status = (unsigned)status;
        exchange->length = UINT64_MAX;
        exchange->is_chunked = false;
        chimera_buffer_reset(&exchange->answer->headers);
    } else if (chimera_slice_trim(line).size > 0) {
        code = take_field(exchange, line);
    } else if (strcmp(exchange->request->method, "HEAD") != 0 && is_good_status(exchange) &&
               exchange->length != UINT64_MAX && exchange->length > body_limit(exchange)) {
        code = fail_size(exchange);
    }
    return code < 0 ? 0 : size;
}

static int give_to_sink(struct chimera_exchange *exchange, struct chimera_slice bytes)
{
    const struct chimera_transfer_sink *sink = exchange->request->sink;
    errno = 0;
    *exchange->has_taken = true;
    int code = sink->take(sink->context, bytes);
    if (code < 0)
        chimera_fail(exchange->stop, code, "%s: what comes cannot be kept: %s",
                     exchange->url->shown,
                     code == CHIMERA_EIO && errno ? strerror(errno) : chimera_code_text(code));
    return code;
}

size_t chimera_exchange_take_body(char *bytes, size_t one, size_t size, void *context)
{
    struct chimera_exchange *exchange = context;
    struct chimera_slice piece = {bytes, size};
    bool is_good = is_good_status(exchange);
    uint64_t room = body_limit(exchange) - exchange->received;
    int code = CHIMERA_OK;
    (void)one;
    if (size > room && is_good) {
        fail_size(exchange);
        return 0;
    }
    exchange->is_cut = size > room;
    piece.size = exchange->is_cut ? (size_t)room : size;
    if (is_good && exchange->request->sink)
        code = give_to_sink(exchange, piece);
    else
        code = chimera_buffer_append(&exchange->answer->body, piece);
    if (code == CHIMERA_ENOMEM && exchange->stop->code == 0)
        chimera_fail_memory(exchange->stop);
    exchange->received += piece.size;
    return code < 0 || exchange->is_cut ? 0 : size;
}

/* --- What goes --- */

uint64_t chimera_exchange_body_size(const struct chimera_exchange *exchange)
{
    const struct chimera_transfer_body *body = &exchange->request->body;
    return body->fd >= 0 ? body->size : body->bytes.size;
}

size_t chimera_exchange_give_body(char *room, size_t one, size_t size, void *context)
{
    struct chimera_exchange *exchange = context;
    const struct chimera_transfer_body *body = &exchange->request->body;
    uint64_t left = chimera_exchange_body_size(exchange) - exchange->sent;
    size_t want = size * one < left ? size * one : (size_t)left;
    if (want == 0)
        return 0;
    if (body->fd < 0) {
        memcpy(room, body->bytes.data + exchange->sent, want);
    } else {
        ssize_t got = 0;
        do
            got = pread(body->fd, room, want, (off_t)(body->offset + exchange->sent));
        while (got < 0 && errno == EINTR);
        if (got <= 0) {
            chimera_fail(exchange->stop, CHIMERA_EIO, "%s: cannot read the file that is sent: %s",
                         exchange->url->shown, got < 0 ? strerror(errno) : "it has become shorter");
            return CURL_READFUNC_ABORT;
        }
        want = (size_t)got;
    }
    exchange->sent += want;
    return want;
}

/* On a kept connection that breaks before an answer libcurl sends all once more, by itself: what
 * may have had its effect the first time is not for it to repeat. */
int chimera_exchange_seek_body(void *context, curl_off_t offset, int origin)
{
    struct chimera_exchange *exchange = context;
    if (!exchange->request->is_idempotent && exchange->sent > 0)
        return CURL_SEEKFUNC_FAIL;
    if (origin != SEEK_SET || offset < 0 || (uint64_t)offset > chimera_exchange_body_size(exchange))
        return CURL_SEEKFUNC_FAIL;
    exchange->sent = (uint64_t)offset;
    return CURL_SEEKFUNC_OK;
}
