/* SPDX-License-Identifier: Apache-2.0 */
/* transfer_exchange.c - one request to one place on libcurl: its options, and the bytes that come
 * and go. Nothing of the environment, no file of the home and no state but connections has a say.
 */
#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <openssl/crypto.h>
#include <string.h>
#include <unistd.h>

#include "compiler/fetch/transfer_internal.h"

#define CONNECT_TIMEOUT_MS 10000L
#define HEADERS_MAX ((size_t)64 << 10)      /* of one answer */
#define ALL_HEADERS_MAX ((size_t)256 << 10) /* with those of 1xx answers and of a proxy */
#define ERROR_BODY_MAX ((size_t)64 << 10)
#define RECEIVE_BUFFER ((long)256 << 10)

/* --- What comes --- */

static bool is_good_status(const struct chimera_exchange *exchange)
{
    return exchange->answer->status >= 200 && exchange->answer->status < 300;
}

static uint64_t body_limit(const struct chimera_exchange *exchange)
{
    uint64_t limit = exchange->request->limit;
    return limit > 0 && is_good_status(exchange) ? limit : ERROR_BODY_MAX;
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
    bool is_length = !headers->failed &&
                     chimera_slice_is((struct chimera_slice){headers->data + start, name.size},
                                      "content-length");
    chimera_buffer_text(headers, ": ");
    chimera_buffer_append(headers, value);
    chimera_buffer_byte(headers, '\n');
    if (headers->failed)
        return chimera_fail(exchange->stop, CHIMERA_ELIMIT, "%s: more than %zu bytes of headers",
                            exchange->url->shown, HEADERS_MAX);
    return is_length ? take_length(exchange, value) : CHIMERA_OK;
}

static void begin_answer(struct chimera_exchange *exchange)
{
    long status = 0;
    curl_easy_getinfo(exchange->transport->easy, CURLINFO_RESPONSE_CODE, &status);
    exchange->answer->status = (unsigned)status;
    exchange->length = UINT64_MAX;
    chimera_buffer_reset(&exchange->answer->headers);
}

static int end_headers(struct chimera_exchange *exchange)
{
    bool has_body = strcmp(exchange->request->method, "HEAD") != 0;
    if (has_body && is_good_status(exchange) && exchange->length != UINT64_MAX &&
        exchange->length > body_limit(exchange))
        return fail_size(exchange);
    return CHIMERA_OK;
}

static size_t take_header(char *bytes, size_t one, size_t size, void *context)
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
    if (chimera_slice_starts(line, "HTTP/"))
        begin_answer(exchange);
    else if (chimera_slice_trim(line).size == 0)
        code = end_headers(exchange);
    else
        code = take_field(exchange, line);
    return code < 0 ? 0 : size;
}

static int give_to_sink(struct chimera_exchange *exchange, struct chimera_slice bytes)
{
    const struct chimera_transfer_sink *sink = exchange->request->sink;
    int code = CHIMERA_OK;
    if (exchange->received == 0 && *exchange->has_taken && sink->restart)
        code = sink->restart(sink->context);
    *exchange->has_taken = true;
    if (code >= 0)
        code = sink->take(sink->context, bytes);
    if (code < 0)
        chimera_fail(exchange->stop, code, "%s: %s", exchange->url->shown, chimera_code_text(code));
    return code;
}

static size_t take_body(char *bytes, size_t one, size_t size, void *context)
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

static uint64_t body_size(const struct chimera_exchange *exchange)
{
    const struct chimera_transfer_body *body = &exchange->request->body;
    return body->fd >= 0 ? body->size : body->bytes.size;
}

static size_t give_body(char *room, size_t one, size_t size, void *context)
{
    struct chimera_exchange *exchange = context;
    const struct chimera_transfer_body *body = &exchange->request->body;
    uint64_t left = body_size(exchange) - exchange->sent;
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

static int seek_body(void *context, curl_off_t offset, int origin)
{
    struct chimera_exchange *exchange = context;
    if (origin != SEEK_SET || offset < 0 || (uint64_t)offset > body_size(exchange))
        return CURL_SEEKFUNC_FAIL;
    exchange->sent = (uint64_t)offset;
    return CURL_SEEKFUNC_OK;
}

static int tell_progress(void *context, curl_off_t down_total, curl_off_t down, curl_off_t up_total,
                         curl_off_t up)
{
    struct chimera_exchange *exchange = context;
    const struct chimera_transport_options *options = &exchange->transport->options;
    bool is_up = up_total > 0;
    if (options->progress(options->context, (uint64_t)(is_up ? up : down),
                          (uint64_t)(is_up ? up_total : down_total)) == 0)
        return 0;
    chimera_fail(exchange->stop, CHIMERA_EIO, "%s: interrupted", exchange->url->shown);
    return 1;
}

/* --- Options --- */

/* A token server or a caller's caller may have chosen the text: a line end in it would begin
 * another field. */
static bool is_one_line(const char *text)
{
    for (; *text; text++)
        if (((unsigned char)*text < 0x20 && *text != '\t') || *text == 0x7f)
            return false;
    return true;
}

static int add_header(struct curl_slist **list, const char *name, const char *value,
                      struct chimera_error *err)
{
    struct chimera_buffer line;
    if (!is_one_line(value))
        return chimera_fail(err, CHIMERA_EREFUSED, "a header field with a control character in it");
    chimera_buffer_init(&line, HEADERS_MAX);
    if (name)
        chimera_buffer_print(&line, "%s: ", name);
    chimera_buffer_text(&line, value);
    chimera_buffer_byte(&line, '\0');
    struct curl_slist *more = line.failed ? NULL : curl_slist_append(*list, line.data);
    if (line.data)
        OPENSSL_cleanse(line.data, line.size);
    chimera_buffer_free(&line);
    if (!more)
        return chimera_fail_memory(err);
    *list = more;
    return CHIMERA_OK;
}

static void free_headers(struct curl_slist **list)
{
    for (struct curl_slist *at = *list; at; at = at->next)
        OPENSSL_cleanse(at->data, strlen(at->data));
    curl_slist_free_all(*list);
}

static int make_headers(const struct chimera_exchange *exchange, struct curl_slist **list,
                        struct chimera_error *err)
{
    const char *const *headers = exchange->request->headers;
    int code = add_header(list, NULL, "Expect:", err);
    for (; code >= 0 && headers && *headers; headers++)
        code = add_header(list, NULL, *headers, err);
    if (code >= 0 && exchange->authorization)
        code = add_header(list, "Authorization", exchange->authorization, err);
    return code;
}

static void set_tls(struct chimera_exchange *exchange)
{
    const struct chimera_transport *transport = exchange->transport;
    const struct chimera_buffer *own = &exchange->host->authorities;
    CURL *easy = transport->easy;
    bool is_verified = exchange->level == CHIMERA_LEVEL_VERIFIED;
    curl_easy_setopt(easy, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    curl_easy_setopt(easy, CURLOPT_PROXY_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, is_verified ? 1L : 0L);
    curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, is_verified ? 2L : 0L);
    curl_easy_setopt(easy, CURLOPT_CAINFO, transport->authorities_file);
    curl_easy_setopt(easy, CURLOPT_CAPATH, transport->authorities_folder);
    curl_easy_setopt(easy, CURLOPT_PROXY_CAINFO, transport->authorities_file);
    curl_easy_setopt(easy, CURLOPT_PROXY_CAPATH, transport->authorities_folder);
    if (own->size > 0) { /* connections of hosts with other authorities are not reused by libcurl */
        struct curl_blob blob = {.data = own->data, .len = own->size, .flags = CURL_BLOB_NOCOPY};
        curl_easy_setopt(easy, CURLOPT_CAINFO_BLOB, &blob);
    }
}

static void set_route(struct chimera_exchange *exchange)
{
    CURL *easy = exchange->transport->easy;
    bool is_https = exchange->url->is_https && exchange->level != CHIMERA_LEVEL_PLAIN;
    exchange->proxy = chimera_route_proxy(exchange->transport, exchange->url, is_https);
    curl_easy_setopt(easy, CURLOPT_URL, is_https ? exchange->url->text : exchange->url->plain);
    curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, is_https ? "https" : "http");
    curl_easy_setopt(easy, CURLOPT_PROXY, exchange->proxy); /* "" leaves the environment out, */
    curl_easy_setopt(easy, CURLOPT_NOPROXY, "");            /* as this does */
    curl_easy_setopt(easy, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
    curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
    curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    curl_easy_setopt(easy, CURLOPT_NETRC, (long)CURL_NETRC_IGNORED);
    curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(easy, CURLOPT_USERAGENT, "chimera/" CHIMERA_VERSION);
    curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, CONNECT_TIMEOUT_MS);
    curl_easy_setopt(easy, CURLOPT_LOW_SPEED_LIMIT, (long)CHIMERA_TRANSFER_SLOWEST);
    curl_easy_setopt(easy, CURLOPT_LOW_SPEED_TIME,
                     (long)exchange->transport->options.stall_seconds);
}

static void set_method(struct chimera_exchange *exchange)
{
    CURL *easy = exchange->transport->easy;
    const char *method = exchange->request->method;
    bool is_get = strcmp(method, "GET") == 0, is_head = strcmp(method, "HEAD") == 0;
    curl_easy_setopt(easy, CURLOPT_NOBODY, is_head ? 1L : 0L);
    if (!is_get && !is_head) /* as an upload, to which libcurl adds no Content-Type of its own */
        curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, method);
    if (is_get || is_head || strcmp(method, "DELETE") == 0)
        return;
    curl_easy_setopt(easy, CURLOPT_UPLOAD, 1L);
    curl_easy_setopt(easy, CURLOPT_INFILESIZE_LARGE,
                     (curl_off_t)(exchange->has_body ? body_size(exchange) : 0));
    curl_easy_setopt(easy, CURLOPT_UPLOAD_BUFFERSIZE, RECEIVE_BUFFER);
}

static void set_callbacks(struct chimera_exchange *exchange)
{
    CURL *easy = exchange->transport->easy;
    curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, exchange->why);
    curl_easy_setopt(easy, CURLOPT_BUFFERSIZE, RECEIVE_BUFFER);
    curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, take_header);
    curl_easy_setopt(easy, CURLOPT_HEADERDATA, exchange);
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, take_body);
    curl_easy_setopt(easy, CURLOPT_WRITEDATA, exchange);
    curl_easy_setopt(easy, CURLOPT_READFUNCTION, give_body);
    curl_easy_setopt(easy, CURLOPT_READDATA, exchange);
    curl_easy_setopt(easy, CURLOPT_SEEKFUNCTION, seek_body);
    curl_easy_setopt(easy, CURLOPT_SEEKDATA, exchange);
    curl_easy_setopt(easy, CURLOPT_XFERINFOFUNCTION, tell_progress);
    curl_easy_setopt(easy, CURLOPT_XFERINFODATA, exchange);
    curl_easy_setopt(easy, CURLOPT_NOPROGRESS, exchange->transport->options.progress ? 0L : 1L);
}

static void reset_answer(struct chimera_exchange *exchange)
{
    struct chimera_transfer_answer *answer = exchange->answer;
    uint64_t limit = exchange->request->limit;
    chimera_buffer_free(&answer->body);
    chimera_buffer_free(&answer->headers);
    chimera_buffer_init(&answer->body, limit > ERROR_BODY_MAX ? limit : ERROR_BODY_MAX);
    chimera_buffer_init(&answer->headers, HEADERS_MAX);
    answer->status = 0;
}

int chimera_exchange_run(struct chimera_exchange *exchange, struct chimera_error *err)
{
    __attribute__((cleanup(free_headers))) struct curl_slist *headers = NULL;
    struct chimera_error stop = {0};
    CURL *easy = exchange->transport->easy;
    exchange->outcome = CHIMERA_OUTCOME_STOPPED;
    exchange->stop = &stop;
    exchange->sent = exchange->received = 0;
    exchange->length = UINT64_MAX;
    reset_answer(exchange);
    int code = make_headers(exchange, &headers, err);
    if (code < 0)
        return code;
    curl_easy_reset(easy); /* the options; connections stay */
    set_route(exchange);
    set_tls(exchange);
    set_method(exchange);
    set_callbacks(exchange);
    curl_easy_setopt(easy, CURLOPT_HTTPHEADER, headers);
    CURLcode result = curl_easy_perform(easy);
    code = CHIMERA_OK;
    if (result != CURLE_OK && !exchange->is_cut)
        code = chimera_exchange_fail(exchange, result, err);
    curl_easy_setopt(easy, CURLOPT_HTTPHEADER, NULL); /* which go out of scope */
    curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, NULL);
    exchange->stop = NULL;
    return code;
}
