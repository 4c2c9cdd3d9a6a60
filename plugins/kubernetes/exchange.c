/* SPDX-License-Identifier: Apache-2.0 */
#include "plugins/kubernetes/exchange.h"

#include <stdlib.h>
#include <strings.h>

#define CONNECT_MS 5000
#define RETRY_AFTER_MAX_S 60
#define HEADERS_MAX 256 /* lines */

/* --- The server --- */

/* A server with another name in its certificate is spoken to by that name, at its own address. */
static int set_server_name(struct kube_server *server, struct chimera_error *err)
{
    struct kube_settings *settings = &server->settings;
    if (!settings->tls_server_name)
        return CHIMERA_OK;
    CURLU *url = curl_url();
    char *host = NULL, *port = NULL, *named = NULL, *to = NULL;
    bool is_good = url && curl_url_set(url, CURLUPART_URL, settings->server, 0) == CURLUE_OK &&
                   curl_url_get(url, CURLUPART_HOST, &host, 0) == CURLUE_OK &&
                   curl_url_get(url, CURLUPART_PORT, &port, CURLU_DEFAULT_PORT) == CURLUE_OK &&
                   curl_url_set(url, CURLUPART_HOST, settings->tls_server_name, 0) == CURLUE_OK &&
                   curl_url_get(url, CURLUPART_URL, &named, 0) == CURLUE_OK;
    if (is_good && asprintf(&to, "::%s:%s", host, port) >= 0) {
        server->connect_to = curl_slist_append(NULL, to);
        free(to);
    }
    if (is_good) {
        free(settings->server);
        size_t size = strlen(named);
        settings->server = strndup(named, size - (size && named[size - 1] == '/'));
    }
    curl_free(host);
    curl_free(port);
    curl_free(named);
    curl_url_cleanup(url);
    return is_good && server->connect_to && settings->server
               ? CHIMERA_OK
               : chimera_fail(err, CHIMERA_EINVAL, "the cluster's tls-server-name is none");
}

int kube_server_open(struct kube_server *server, const struct chimera_provider_host *host,
                     struct chimera_error *err)
{
    *server = (struct kube_server){0};
    int code = kube_settings_read(host->settings, &server->settings, err);
    if (code == CHIMERA_OK)
        code = set_server_name(server, err);
    if (code == CHIMERA_OK &&
        (curl_global_init(CURL_GLOBAL_DEFAULT) != 0 || !(server->multi = curl_multi_init())))
        code = chimera_fail(err, CHIMERA_ENOMEM, "libcurl does not start");
    int opened = kube_credential_open(&server->credential, &server->settings, host, server->multi,
                                      code < 0 ? NULL : err);
    return code < 0 ? code : opened;
}

void kube_server_close(struct kube_server *server)
{
    kube_credential_close(&server->credential);
    curl_multi_cleanup(server->multi);
    curl_slist_free_all(server->connect_to);
    kube_settings_done(&server->settings);
}

/* --- Bytes that come --- */

static size_t take_header(char *bytes, size_t size, size_t count, void *context)
{
    struct kube_exchange *exchange = context;
    struct chimera_slice line = {bytes, size * count};
    static const char name[] = "retry-after:";
    if (line.size < sizeof(name) || strncasecmp(line.data, name, sizeof(name) - 1) != 0)
        return line.size;
    struct chimera_slice value = chimera_slice_trim(chimera_slice_behind(line, sizeof(name) - 1));
    int64_t seconds = 0;
    for (size_t i = 0; i < value.size && seconds < RETRY_AFTER_MAX_S; i++) {
        if (value.data[i] < '0' || value.data[i] > '9')
            return line.size; /* a date, which no API server sends */
        seconds = seconds * 10 + (value.data[i] - '0');
    }
    exchange->retry_after_ms = (seconds < RETRY_AFTER_MAX_S ? seconds : RETRY_AFTER_MAX_S) * 1000;
    return line.size;
}

static bool is_good(const struct kube_exchange *exchange)
{
    long code = 0;
    curl_easy_getinfo(exchange->easy, CURLINFO_RESPONSE_CODE, &code);
    return code >= 200 && code <= 299;
}

static size_t take_body(char *bytes, size_t size, size_t count, void *context)
{
    struct kube_exchange *exchange = context;
    struct chimera_slice part = {bytes, size * count};
    bool is_wanted = is_good(exchange);
    if (is_wanted && exchange->take)
        return exchange->take(exchange, part, &exchange->error) == CHIMERA_OK ? part.size : 0;
    size_t most = is_wanted ? exchange->body_max : KUBE_ERROR_BODY_MAX;
    if (exchange->body.size + part.size > most) {
        if (!is_wanted)
            return part.size; /* enough of it is there */
        chimera_fail(&exchange->error, CHIMERA_ELIMIT,
                     "the API server's answer is larger than %zu MiB", most >> 20);
        return 0;
    }
    chimera_buffer_append(&exchange->body, part);
    if (exchange->body.failed)
        chimera_fail_memory(&exchange->error);
    return exchange->body.failed ? 0 : part.size;
}

static bool add_header(struct kube_exchange *exchange, const char *name, const char *value)
{
    char *line = NULL;
    struct curl_slist *more = NULL;
    if (strpbrk(value, "\r\n"))
        return true; /* none that could be sent */
    if (asprintf(&line, "%s: %s", name, value) < 0)
        return false;
    more = curl_slist_append(exchange->headers, line);
    free(line);
    exchange->headers = more ? more : exchange->headers;
    return more != NULL;
}

/* Who we act as: RBAC of the API server decides whether we may. */
static bool add_impersonation(struct kube_exchange *exchange, const struct kube_settings *settings)
{
    bool is_added = !settings->as || add_header(exchange, "Impersonate-User", settings->as);
    is_added = is_added &&
               (!settings->as_uid || add_header(exchange, "Impersonate-Uid", settings->as_uid));
    size_t count = json_object_is_type(settings->as_groups, json_type_array)
                       ? json_object_array_length(settings->as_groups)
                       : 0;
    for (size_t i = 0; i < count && is_added && i < HEADERS_MAX; i++)
        is_added =
            add_header(exchange, "Impersonate-Group",
                       json_object_get_string(json_object_array_get_idx(settings->as_groups, i)));
    if (!json_object_is_type(settings->as_extra, json_type_object))
        return is_added;
    json_object_object_foreach(settings->as_extra, key, values)
    {
        struct chimera_buffer name;
        chimera_buffer_init(&name, 4096);
        chimera_buffer_text(&name, "Impersonate-Extra-");
        kube_escape(&name, chimera_slice_of(key));
        chimera_buffer_byte(&name, 0);
        count = json_object_is_type(values, json_type_array) ? json_object_array_length(values) : 0;
        for (size_t i = 0; i < count && is_added && !name.failed && i < HEADERS_MAX; i++)
            is_added = add_header(exchange, name.data,
                                  json_object_get_string(json_object_array_get_idx(values, i)));
        chimera_buffer_free(&name);
    }
    return is_added;
}

static void set_options(struct kube_exchange *exchange, const struct kube_exchange_request *request)
{
    CURL *easy = exchange->easy;
    const struct kube_settings *settings = &exchange->server->settings;
    curl_easy_setopt(easy, CURLOPT_PRIVATE, exchange);
    curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    curl_easy_setopt(easy, CURLOPT_PATH_AS_IS, 1L);
    curl_easy_setopt(easy, CURLOPT_PROXY, settings->proxy_url ? settings->proxy_url : "");
    curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(easy, CURLOPT_TCP_KEEPALIVE, 1L);
    curl_easy_setopt(easy, CURLOPT_TCP_KEEPIDLE, 20L);
    curl_easy_setopt(easy, CURLOPT_TCP_KEEPINTVL, 5L);
    curl_easy_setopt(easy, CURLOPT_BUFFERSIZE, 65536L);
    curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, (long)CONNECT_MS);
    curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, (long)request->timeout_ms);
    curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, exchange->why);
    curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, take_header);
    curl_easy_setopt(easy, CURLOPT_HEADERDATA, exchange);
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, take_body);
    curl_easy_setopt(easy, CURLOPT_WRITEDATA, exchange);
    curl_easy_setopt(easy, CURLOPT_HTTPHEADER, exchange->headers);
    curl_easy_setopt(easy, CURLOPT_USERAGENT, "chimera");
    if (request->body)
        curl_easy_setopt(easy, CURLOPT_COPYPOSTFIELDS, request->body);
    curl_easy_setopt(easy, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    if (settings->certificate_authority) {
        const char *pem = settings->certificate_authority;
        struct curl_blob blob = {(void *)(uintptr_t)pem, strlen(pem), CURL_BLOB_NOCOPY};
        curl_easy_setopt(easy, CURLOPT_CAINFO_BLOB, &blob);
        curl_easy_setopt(easy, CURLOPT_CAPATH, NULL); /* or the system's would count as well */
    }
    if (settings->is_insecure) {
        curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, 0L);
        curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, 0L);
    }
}

static int set_address(struct kube_exchange *exchange, const struct kube_exchange_request *request)
{
    const struct kube_server *server = exchange->server;
    char *url = NULL;
    if (asprintf(&url, "%s%s", server->settings.server, request->path) < 0)
        return CHIMERA_ENOMEM;
    CURLcode code = curl_easy_setopt(exchange->easy, CURLOPT_URL, url);
    if (server->connect_to && code == CURLE_OK)
        code = curl_easy_setopt(exchange->easy, CURLOPT_CONNECT_TO, server->connect_to);
    free(url);
    return code == CURLE_OK ? CHIMERA_OK : CHIMERA_ENOMEM;
}

int kube_exchange_begin(struct kube_exchange *exchange, const struct kube_exchange_request *request,
                        struct chimera_error *err)
{
    struct kube_server *server = exchange->server;
    exchange->error = (struct chimera_error){0};
    exchange->status = (struct kube_status){0};
    exchange->retry_after_ms = 0;
    exchange->why[0] = '\0';
    chimera_buffer_free(&exchange->body); /* of an earlier try */
    chimera_buffer_init(&exchange->body, exchange->body_max + KUBE_ERROR_BODY_MAX);
    exchange->easy = curl_easy_init();
    int code = exchange->easy ? CHIMERA_OK : CHIMERA_ENOMEM;
    if (code == CHIMERA_OK)
        code = kube_credential_apply(&server->credential, exchange->easy, &exchange->headers, err);
    if (code == CHIMERA_OK &&
        !(add_header(exchange, "Accept", "application/json") &&
          (!request->body || add_header(exchange, "Content-Type", "application/json")) &&
          add_impersonation(exchange, &server->settings)))
        code = CHIMERA_ENOMEM;
    if (code == CHIMERA_OK)
        code = set_address(exchange, request);
    if (code == CHIMERA_OK) {
        set_options(exchange, request);
        if (curl_multi_add_handle(server->multi, exchange->easy) != CURLM_OK)
            code = CHIMERA_ENOMEM;
    }
    if (code != CHIMERA_OK) {
        curl_easy_cleanup(exchange->easy);
        exchange->easy = NULL;
        kube_exchange_done(exchange);
    }
    return code == CHIMERA_ENOMEM ? chimera_fail_memory(err) : code;
}

void kube_exchange_stop(struct kube_exchange *exchange)
{
    if (exchange->easy) {
        curl_multi_remove_handle(exchange->server->multi, exchange->easy);
        curl_easy_cleanup(exchange->easy);
    }
    exchange->easy = NULL;
    curl_slist_free_all(exchange->headers);
    exchange->headers = NULL;
}

void kube_exchange_done(struct kube_exchange *exchange)
{
    kube_exchange_stop(exchange);
    chimera_buffer_free(&exchange->body);
}

void kube_exchange_finish(struct kube_exchange *exchange, CURLcode result)
{
    long http_code = 0;
    curl_easy_getinfo(exchange->easy, CURLINFO_RESPONSE_CODE, &http_code);
    exchange->http_code = (unsigned)http_code;
    kube_exchange_stop(exchange);
    enum kube_outcome outcome = KUBE_DONE;
    if (exchange->error.code < 0) {
        outcome = KUBE_STOPPED;
    } else if (http_code >= 300 || (http_code && http_code < 200)) {
        outcome = KUBE_REFUSED;
        kube_status_read(chimera_buffer_slice(&exchange->body), exchange->http_code,
                         &exchange->status);
        exchange->status.code = exchange->http_code; /* a body cannot say otherwise */
    } else if (result != CURLE_OK) {
        outcome = KUBE_LOST;
        chimera_fail(&exchange->error, CHIMERA_EIO, "the API server %s: %s",
                     http_code ? "broke off" : "cannot be reached",
                     exchange->why[0] ? exchange->why : curl_easy_strerror(result));
    }
    exchange->ended(exchange, outcome);
}

bool kube_exchange_may_retry(const struct kube_exchange *exchange, enum kube_outcome outcome)
{
    unsigned code = exchange->http_code;
    return outcome == KUBE_LOST ||
           (outcome == KUBE_REFUSED && (code == 429 || code == 408 || code >= 500));
}

int kube_escape(struct chimera_buffer *out, struct chimera_slice text)
{
    static const char plain[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~";
    static const char digits[] = "0123456789ABCDEF";
    for (size_t i = 0; i < text.size && !out->failed; i++) {
        unsigned char byte = (unsigned char)text.data[i];
        if (byte && strchr(plain, byte))
            chimera_buffer_byte(out, byte);
        else {
            char escape[3] = {'%', digits[byte >> 4], digits[byte & 15]};
            chimera_buffer_append(out, (struct chimera_slice){escape, 3});
        }
    }
    return out->failed;
}
