/* SPDX-License-Identifier: Apache-2.0 */
/* transfer_setup.c - what libcurl is told of one request. Nothing of the environment, no file of
 * the home and no state but connections has a say.
 */
#include <openssl/crypto.h>
#include <openssl/ssl.h>
#include <string.h>

#include "compiler/fetch/transfer/transfer_internal.h"
#include "runtime/base/clock.h"

#define CONNECT_TIMEOUT_MS 10000L
#define BUFFER_SIZE ((long)256 << 10)

static int tls_index = -1; /* of what set_context() leaves with OpenSSL */

void chimera_exchange_begin(void)
{
    tls_index = SSL_CTX_get_ex_new_index(0, NULL, NULL, NULL, NULL);
}

/* --- Headers --- */

/* A token server or a caller's caller may have chosen the text: a line end in it would begin
 * another field. */
static int add_header(struct curl_slist **list, const char *name, const char *value,
                      struct chimera_error *err)
{
    struct chimera_buffer line;
    const char *text = value;
    for (; *text; text++)
        if (((unsigned char)*text < 0x20 && *text != '\t') || *text == 0x7f)
            return chimera_fail(err, CHIMERA_EREFUSED,
                                "a header field with a control character in it");
    chimera_buffer_init(&line, CHIMERA_TRANSFER_HEADERS_MAX);
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

void chimera_exchange_free_headers(struct curl_slist **list)
{
    for (struct curl_slist *at = *list; at; at = at->next)
        OPENSSL_cleanse(at->data, strlen(at->data));
    curl_slist_free_all(*list);
}

/* --- TLS --- */

/* libcurl takes a connection that was cut for the end of a body that has no length. TLS tells its
 * end, by an alert, so nobody on the way can shorten a file unless that is not looked at. */
static void note_alert(const SSL *tls, int where, int what)
{
    bool *has_ended = SSL_CTX_get_ex_data(SSL_get_SSL_CTX(tls), tls_index);
    if ((where & SSL_CB_READ_ALERT) == SSL_CB_READ_ALERT && (what & 0xff) == SSL3_AD_CLOSE_NOTIFY)
        *has_ended = true;
}

static CURLcode set_context(CURL *easy, void *tls, void *context)
{
    struct chimera_transport *transport = context; /* outlives its connections */
    (void)easy;
    if (SSL_CTX_set_ex_data(tls, tls_index, &transport->has_ended) != 1)
        return CURLE_OUT_OF_MEMORY;
    SSL_CTX_set_info_callback(tls, note_alert);
    return CURLE_OK;
}

static void set_tls(struct chimera_exchange *exchange)
{
    const struct chimera_transport *transport = exchange->transport;
    const struct chimera_buffer *own = &exchange->host->authorities;
    CURL *easy = transport->easy;
    bool is_verified = exchange->level == CHIMERA_LEVEL_VERIFIED;
    curl_easy_setopt(easy, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    curl_easy_setopt(easy, CURLOPT_PROXY_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    curl_easy_setopt(easy, CURLOPT_SSL_CTX_FUNCTION, set_context);
    curl_easy_setopt(easy, CURLOPT_SSL_CTX_DATA, exchange->transport);
    curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, is_verified ? 1L : 0L);
    curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, is_verified ? 2L : 0L);
    curl_easy_setopt(
        easy, CURLOPT_CAINFO,
        transport->is_hashed && !exchange->host->needs_file ? NULL : transport->authorities_file);
    curl_easy_setopt(easy, CURLOPT_CAPATH, transport->authorities_folder);
    curl_easy_setopt(easy, CURLOPT_PROXY_CAINFO, transport->authorities_file);
    curl_easy_setopt(easy, CURLOPT_PROXY_CAPATH, transport->authorities_folder);
    if (own->size > 0) { /* connections of hosts with other authorities are not reused by libcurl */
        struct curl_blob blob = {.data = own->data, .len = own->size, .flags = CURL_BLOB_NOCOPY};
        curl_easy_setopt(easy, CURLOPT_CAINFO_BLOB, &blob);
    }
}

/* --- The rest --- */

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
    uint64_t deadline_ns = exchange->transport->deadline_ns, now_ns = chimera_clock_ns();
    if (deadline_ns) /* 0 would be no limit */
        curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS,
                         deadline_ns > now_ns ? (long)((deadline_ns - now_ns) / 1000000) + 1 : 1L);
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
                     (curl_off_t)(exchange->has_body ? chimera_exchange_body_size(exchange) : 0));
    curl_easy_setopt(easy, CURLOPT_UPLOAD_BUFFERSIZE, BUFFER_SIZE);
}

static int tell_progress(void *context, curl_off_t down_total, curl_off_t down, curl_off_t up_total,
                         curl_off_t up)
{
    struct chimera_exchange *exchange = context;
    const struct chimera_transport_options *options = &exchange->transport->options;
    const struct chimera_transfer_request *request = exchange->request;
    uint64_t done = (uint64_t)(up_total > 0 ? up : down);
    uint64_t total = (uint64_t)(up_total > 0 ? up_total : down_total);
    if (request->part_whole > 0) {
        done = request->part_start + (uint64_t)up;
        total = request->part_whole;
    }
    if (options->progress(options->context, done, total) == 0)
        return 0;
    chimera_fail(exchange->stop, CHIMERA_EIO, "%s: interrupted", exchange->url->shown);
    return 1;
}

static void set_callbacks(struct chimera_exchange *exchange)
{
    CURL *easy = exchange->transport->easy;
    curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, exchange->why);
    curl_easy_setopt(easy, CURLOPT_BUFFERSIZE, BUFFER_SIZE);
    curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, chimera_exchange_take_header);
    curl_easy_setopt(easy, CURLOPT_HEADERDATA, exchange);
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, chimera_exchange_take_body);
    curl_easy_setopt(easy, CURLOPT_WRITEDATA, exchange);
    curl_easy_setopt(easy, CURLOPT_READFUNCTION, chimera_exchange_give_body);
    curl_easy_setopt(easy, CURLOPT_READDATA, exchange);
    curl_easy_setopt(easy, CURLOPT_SEEKFUNCTION, chimera_exchange_seek_body);
    curl_easy_setopt(easy, CURLOPT_SEEKDATA, exchange);
    curl_easy_setopt(easy, CURLOPT_XFERINFOFUNCTION, tell_progress);
    curl_easy_setopt(easy, CURLOPT_XFERINFODATA, exchange);
    curl_easy_setopt(easy, CURLOPT_NOPROGRESS, exchange->transport->options.progress ? 0L : 1L);
}

int chimera_exchange_set_up(struct chimera_exchange *exchange, struct curl_slist **ret_headers,
                            struct chimera_error *err)
{
    const char *const *headers = exchange->request->headers;
    int code = add_header(ret_headers, NULL, "Expect:", err);
    for (; code >= 0 && headers && *headers; headers++)
        code = add_header(ret_headers, NULL, *headers, err);
    if (code >= 0 && exchange->authorization)
        code = add_header(ret_headers, "Authorization", exchange->authorization, err);
    if (code < 0)
        return code;
    curl_easy_reset(exchange->transport->easy); /* the options; connections stay */
    set_route(exchange);
    set_tls(exchange);
    set_method(exchange);
    set_callbacks(exchange);
    curl_easy_setopt(exchange->transport->easy, CURLOPT_HTTPHEADER, *ret_headers);
    return CHIMERA_OK;
}
