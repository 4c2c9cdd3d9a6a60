/* SPDX-License-Identifier: Apache-2.0 */
#include "plugins/otlp/grpc_call.h"

#include <stdio.h>
#include <stdlib.h>
#define ZLIB_CONST
#include <zlib.h>

#define BODY_MAX ((size_t)16 << 20)
#define FRAME_HEAD 5
#define GZIP_WINDOW (15 + 16) /* zlib's way to ask for gzip's head */
#define DEFLATE_LEVEL 1

static size_t take_header(char *bytes, size_t size, size_t count, void *context)
{
    struct call *call = context;
    reply_add_header(&call->reply, (struct chimera_slice){bytes, size * count});
    return size * count;
}

static size_t take_body(char *bytes, size_t size, size_t count, void *context)
{
    struct call *call = context;
    reply_add_body(&call->reply, (struct chimera_slice){bytes, size * count});
    return call->reply.is_too_long ? 0 : size * count;
}

static bool add_header(struct call *call, const char *name, const char *value)
{
    char *line = NULL;
    /* libcurl wants a semicolon behind the name of a field that is empty. */
    int size = *value ? asprintf(&line, "%s: %s", name, value) : asprintf(&line, "%s;", name);
    struct curl_slist *more = size < 0 ? NULL : curl_slist_append(call->headers, line);
    free(size < 0 ? NULL : line);
    if (more)
        call->headers = more;
    return more != NULL;
}

static bool add_headers(struct call *call)
{
    const struct signal_settings *settings = call->settings;
    char timeout[32];
    snprintf(timeout, sizeof(timeout), "%ldm", settings->timeout_ms);
    bool is_good = add_header(call, "content-type", "application/grpc") &&
                   add_header(call, "te", "trailers") && add_header(call, "grpc-timeout", timeout);
    if (settings->is_gzip)
        is_good = is_good && add_header(call, "grpc-encoding", "gzip");
    for (size_t i = 0; i < settings->header_count; i++)
        is_good = is_good && add_header(call, settings->header[i].key, settings->header[i].value);
    struct curl_slist *more = curl_slist_append(call->headers, "accept:"); /* none */
    call->headers = more ? more : call->headers;
    return is_good && more;
}

/* The collector is near and told apart by its certificate, so no proxy that is meant for
 * registries. */
static void set_options(struct call *call)
{
    const struct signal_settings *settings = call->settings;
    CURL *easy = call->easy;
    curl_easy_setopt(easy, CURLOPT_URL, call->url);
    curl_easy_setopt(easy, CURLOPT_HTTPHEADER, call->headers);
    curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, settings->is_tls ? "https" : "http");
    curl_easy_setopt(easy, CURLOPT_HTTP_VERSION,
                     settings->is_tls ? (long)CURL_HTTP_VERSION_2TLS
                                      : (long)CURL_HTTP_VERSION_2_PRIOR_KNOWLEDGE);
    /* libcurl 7.88 fails when it uses such a connection again; making one costs little here. */
    curl_easy_setopt(easy, CURLOPT_FORBID_REUSE, settings->is_tls ? 0L : 1L);
    curl_easy_setopt(easy, CURLOPT_PROXY, "");
    curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(easy, CURLOPT_TCP_KEEPALIVE, 1L);
    curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, settings->timeout_ms);
    curl_easy_setopt(easy, CURLOPT_USERAGENT, "OTel-OTLP-Exporter-Chimera");
    curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, call->error);
    curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, take_header);
    curl_easy_setopt(easy, CURLOPT_HEADERDATA, call);
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, take_body);
    curl_easy_setopt(easy, CURLOPT_WRITEDATA, call);
    curl_easy_setopt(easy, CURLOPT_PRIVATE, call);
    curl_easy_setopt(easy, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    if (settings->ca_file) {
        curl_easy_setopt(easy, CURLOPT_CAINFO, settings->ca_file);
        curl_easy_setopt(easy, CURLOPT_CAPATH, NULL);
    }
    if (settings->certificate_file) {
        curl_easy_setopt(easy, CURLOPT_SSLCERT, settings->certificate_file);
        curl_easy_setopt(easy, CURLOPT_SSLKEY, settings->key_file);
    }
}

int call_open(struct call *call, const struct signal_settings *settings, const char *service,
              struct chimera_error *err)
{
    *call = (struct call){.settings = settings, .easy = curl_easy_init()};
    chimera_buffer_init(&call->body, BODY_MAX);
    if (!call->easy || asprintf(&call->url, "%s%s", settings->origin, service) < 0 ||
        !add_headers(call)) {
        call_close(call);
        return chimera_fail_memory(err);
    }
    set_options(call);
    return CHIMERA_OK;
}

void call_close(struct call *call)
{
    curl_easy_cleanup(call->easy);
    curl_slist_free_all(call->headers);
    free(call->url);
    chimera_buffer_free(&call->body);
    *call = (struct call){0};
}

static int append_compressed(struct chimera_buffer *out, struct chimera_slice message)
{
    z_stream stream = {0};
    if (deflateInit2(&stream, DEFLATE_LEVEL, Z_DEFLATED, GZIP_WINDOW, 8, Z_DEFAULT_STRATEGY) !=
        Z_OK)
        return CHIMERA_ENOMEM;
    size_t bound = deflateBound(&stream, message.size);
    char *room = chimera_buffer_reserve(out, bound);
    int result = Z_MEM_ERROR;
    if (room) {
        stream.next_in = (const Bytef *)message.data;
        stream.avail_in = (uInt)message.size; /* at most BODY_MAX */
        stream.next_out = (Bytef *)room;
        stream.avail_out = (uInt)bound;
        result = deflate(&stream, Z_FINISH);
        out->size += bound - stream.avail_out;
    }
    deflateEnd(&stream);
    return result == Z_STREAM_END ? CHIMERA_OK : CHIMERA_ELIMIT;
}

int call_prepare(struct call *call, struct chimera_slice message)
{
    struct chimera_buffer *body = &call->body;
    char head[FRAME_HEAD] = {(char)call->settings->is_gzip};
    chimera_buffer_reset(body);
    chimera_buffer_append(body, (struct chimera_slice){head, sizeof(head)});
    int code = message.size > BODY_MAX / 2 ? CHIMERA_ELIMIT
               : call->settings->is_gzip   ? append_compressed(body, message)
                                           : chimera_buffer_append(body, message);
    if (code < 0 || body->failed)
        return CHIMERA_ELIMIT;
    uint32_t size = (uint32_t)(body->size - FRAME_HEAD);
    for (size_t i = 1; i < FRAME_HEAD; i++)
        body->data[i] = (char)(size >> (8 * (FRAME_HEAD - 1 - i)));
    return CHIMERA_OK;
}

int call_start(struct call *call, CURLM *multi)
{
    reply_reset(&call->reply);
    call->error[0] = '\0';
    curl_easy_setopt(call->easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)call->body.size);
    curl_easy_setopt(call->easy, CURLOPT_POSTFIELDS, call->body.data);
    if (curl_multi_add_handle(multi, call->easy) != CURLM_OK)
        return CHIMERA_ENOMEM;
    call->is_running = true;
    return CHIMERA_OK;
}

enum reply_result call_finish(struct call *call, CURLM *multi, CURLcode result, char *ret_why,
                              size_t why_size)
{
    curl_multi_remove_handle(multi, call->easy);
    call->is_running = false;
    /* A status has come: what happened to the connection behind it does not matter. */
    if (result == CURLE_OK || call->reply.grpc_status >= 0)
        return reply_read(&call->reply, ret_why, why_size);
    snprintf(ret_why, why_size, "%s: %s", call->url,
             call->error[0] ? call->error : curl_easy_strerror(result));
    return REPLY_RETRY; /* there may be another collector, or another certificate, next time */
}
