/* SPDX-License-Identifier: Apache-2.0 */
#include "plugins/http/http_exchange.h"

#include <ctype.h>
#include <curl/curl.h>
#include <stdlib.h>

#include "runtime/base/cleanup.h"
#include "runtime/base/clock.h"
#include "runtime/base/file.h"
#include "runtime/json/tree.h"

#define REDIRECTS_MAX 10
#define HEADERS_BYTES_MAX ((size_t)64 << 10) /* of one answer */
#define ROOTS_MAX ((size_t)16 << 20)
#define WAIT_FIRST_NS 100000000.0
#define WAIT_LONGEST_NS 60000000000.0
#define WAIT_FACTOR 1.6

struct hop { /* one request to one place */
    const struct http_request *request;
    const struct http_hosts *hosts;
    struct http_answer *answer;
    CURL *easy;               /* owned */
    CURLU *url;               /* owned: where it goes */
    char *text, *host, *port; /* owned: of the url; the host without brackets */
    char *shown;              /* owned: the same without its password, for messages */
    char *referer;            /* owned: where the last redirect was; NULL: none is told */
    bool is_https;
    char method[64]; /* redirects may change it */
    bool has_body,
        is_elsewhere; /* elsewhere: on another host than the first, without its secrets */
    bool keeps_host;  /* a Host header that was given counts */
    size_t header_bytes;
    bool is_coded, is_too_large, is_1_1; /* of the answer: packed; HTTP/1.1 */
    uint64_t deadline_ns;
    struct chimera_buffer roots; /* owned: the authorities, as one text */
    char why[CURL_ERROR_SIZE];
};

void http_answer_done(struct http_answer *answer)
{
    json_object_put(answer->headers);
    chimera_buffer_free(&answer->body);
    answer->headers = NULL;
}

const char *http_answer_header(const struct http_answer *answer, const char *name)
{
    struct json_object *values = chimera_json_member(answer->headers, name);
    return values ? json_object_get_string(json_object_array_get_idx(values, 0)) : NULL;
}

/* As Go tells what happened with a URL: "Get \"http://…\": WHY". */
static int fail_url(const struct hop *hop, enum http_failure_kind kind, const char *url,
                    const char *why, struct http_failure *failure)
{
    char method[sizeof(hop->method)];
    snprintf(method, sizeof(method), "%s", hop->method);
    for (size_t i = 1; method[0] && method[i]; i++)
        method[i] = (char)tolower((unsigned char)method[i]);
    return http_fail(failure, kind, "%s \"%.500s\": %s", method, url, why);
}

/* --- Whom to ask --- */

/* An entry is a host, or host:port. */
static bool is_listed(struct json_object *list, const char *host, const char *port)
{
    size_t size = strlen(host);
    for (size_t i = 0; i < json_object_array_length(list); i++) {
        const char *entry = json_object_get_string(json_object_array_get_idx(list, i));
        if (!entry)
            continue;
        bool has_brackets = entry[0] == '[';
        entry += has_brackets;
        if (strncasecmp(entry, host, size) != 0)
            continue;
        entry += size;
        if (has_brackets && *entry++ != ']')
            continue;
        if (!*entry || (*entry == ':' && strcmp(entry + 1, port) == 0))
            return true;
    }
    return false;
}

/* The URL with stars for its password; or without any login, as a Referer has it. NULL: no memory.
 */
static char *text_without(CURLU *url, bool has_no_login)
{
    char *text = NULL, *password = NULL;
    CURLU *copy = curl_url_dup(url);
    if (copy && curl_url_get(copy, CURLUPART_PASSWORD, &password, 0) == CURLUE_OK)
        curl_url_set(copy, CURLUPART_PASSWORD, has_no_login ? NULL : "***", 0);
    if (copy && has_no_login) {
        curl_url_set(copy, CURLUPART_USER, NULL, 0);
        curl_url_set(copy, CURLUPART_FRAGMENT, NULL, 0);
    }
    if (copy)
        curl_url_get(copy, CURLUPART_URL, &text, 0);
    curl_free(password);
    curl_url_cleanup(copy);
    return text;
}

/* Takes the URL apart. `is_redirect`: its host is refused as Go's client has it. */
static int read_url(struct hop *hop, bool is_redirect, struct http_failure *failure)
{
    char *scheme = NULL, why[320];
    curl_free(hop->text);
    curl_free(hop->host);
    curl_free(hop->port);
    curl_free(hop->shown);
    hop->text = hop->host = hop->port = NULL;
    hop->shown = text_without(hop->url, false);
    bool is_good =
        curl_url_get(hop->url, CURLUPART_URL, &hop->text, 0) == CURLUE_OK &&
        curl_url_get(hop->url, CURLUPART_HOST, &hop->host, 0) == CURLUE_OK &&
        curl_url_get(hop->url, CURLUPART_SCHEME, &scheme, 0) == CURLUE_OK &&
        curl_url_get(hop->url, CURLUPART_PORT, &hop->port, CURLU_DEFAULT_PORT) == CURLUE_OK;
    hop->is_https = is_good && strcmp(scheme, "https") == 0;
    bool is_http = is_good && (hop->is_https || strcmp(scheme, "http") == 0);
    curl_free(scheme);
    if (!is_http)
        return fail_url(hop, HTTP_FAILURE_NETWORK, hop->shown ? hop->shown : "",
                        "unsupported protocol scheme", failure);
    size_t size = strlen(hop->host);
    if (hop->host[0] == '[') { /* an address of IPv6 */
        memmove(hop->host, hop->host + 1, size - 1);
        hop->host[size - 2] = '\0';
    }
    /* Nobody may be asked where there is no list at all. */
    const struct http_hosts *hosts = hop->hosts;
    if ((hosts->all || hosts->of_policy) &&
        (!hosts->all || is_listed(hosts->all, hop->host, hop->port)) &&
        (!hosts->of_policy || is_listed(hosts->of_policy, hop->host, hop->port)))
        return CHIMERA_OK;
    snprintf(why, sizeof(why), "disallowed host: %.256s", hop->host);
    return is_redirect ? fail_url(hop, HTTP_FAILURE_NETWORK, hop->shown, why, failure)
                       : http_fail(failure, HTTP_FAILURE_BUILTIN, "%s", why);
}

static int open_url(struct hop *hop, struct http_failure *failure)
{
    const char *text = http_text(&hop->request->url), *colon = strstr(text, "://");
    char why[64];
    size_t size = colon ? (size_t)(colon - text) : 0;
    bool is_http = (size == 4 && strncasecmp(text, "http", 4) == 0) ||
                   (size == 5 && strncasecmp(text, "https", 5) == 0);
    if (!is_http) {
        snprintf(why, sizeof(why), "unsupported protocol scheme \"%.*s\"",
                 size < 20 ? (int)size : 20, text);
        return fail_url(hop, HTTP_FAILURE_NETWORK, text, why, failure);
    }
    hop->url = curl_url();
    CURLUcode code =
        hop->url ? curl_url_set(hop->url, CURLUPART_URL, text, 0) : CURLUE_OUT_OF_MEMORY;
    if (code != CURLUE_OK)
        return http_fail(failure, HTTP_FAILURE_BUILTIN, "parse \"%.500s\": %s", text,
                         curl_url_strerror(code));
    return read_url(hop, false, failure);
}

/* --- What comes --- */

/* "HTTP/1.1 200 OK": what was before it was of another answer. */
static void take_status(struct hop *hop, struct chimera_slice line)
{
    struct http_answer *answer = hop->answer;
    const char *space = memchr(line.data, ' ', line.size);
    struct chimera_slice rest = {0};
    if (space)
        rest = chimera_slice_trim(chimera_slice_behind(line, (size_t)(space - line.data)));
    snprintf(answer->reason, sizeof(answer->reason), "%.*s", (int)rest.size,
             rest.data ? rest.data : "");
    json_object_put(answer->headers);
    answer->headers = json_object_new_object();
    chimera_buffer_reset(&answer->body);
    hop->header_bytes = 0;
    hop->is_coded = false;
    hop->is_1_1 = chimera_slice_starts(line, "HTTP/1.1");
}

static size_t take_header(char *bytes, size_t one, size_t count, void *context)
{
    struct hop *hop = context;
    struct chimera_slice line = chimera_slice_trim((struct chimera_slice){bytes, one * count});
    char name[128];
    hop->header_bytes += one * count;
    if (hop->header_bytes > HEADERS_BYTES_MAX) {
        hop->is_too_large = true;
        return 0;
    }
    if (chimera_slice_starts(line, "HTTP/")) {
        take_status(hop, line);
        return one * count;
    }
    const char *colon = line.size ? memchr(line.data, ':', line.size) : NULL;
    size_t size = colon ? (size_t)(colon - line.data) : 0;
    if (!hop->answer->headers || size == 0 || size >= sizeof(name))
        return one * count;
    for (size_t i = 0; i < size; i++)
        name[i] = (char)tolower((unsigned char)line.data[i]);
    name[size] = '\0';
    /* Go's client keeps this one to itself. */
    if (strcmp(name, "transfer-encoding") == 0)
        return one * count;
    struct chimera_slice value = chimera_slice_trim(chimera_slice_behind(line, size + 1));
    hop->is_coded |= strcmp(name, "content-encoding") == 0 && value.size == 4 &&
                     strncasecmp(value.data, "gzip", 4) == 0;
    struct json_object *values = NULL;
    if (!json_object_object_get_ex(hop->answer->headers, name, &values)) {
        values = json_object_new_array();
        json_object_object_add(hop->answer->headers, name, values);
    }
    json_object_array_add(values, json_object_new_string_len(value.data, (int)value.size));
    return one * count;
}

static size_t take_body(char *bytes, size_t one, size_t count, void *context)
{
    struct hop *hop = context;
    if (chimera_buffer_append(&hop->answer->body, (struct chimera_slice){bytes, one * count}) < 0) {
        hop->is_too_large = true;
        return 0;
    }
    return one * count;
}

/* --- What goes --- */

static bool is_secret(const char *name)
{
    static const char *const names[] = {"Authorization", "Cookie", "Cookie2", "Proxy-Authorization",
                                        "Www-Authenticate"};
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        if (strcasecmp(name, names[i]) == 0)
            return true;
    return false;
}

static bool has_header(const struct http_request *request, const char *name)
{
    for (size_t i = 0; i < request->header_count; i++)
        if (strcasecmp(request->headers[i].name, name) == 0)
            return true;
    return false;
}

/* What libcurl would add of its own is taken out. */
static struct curl_slist *make_headers(const struct hop *hop)
{
    const struct http_request *request = hop->request;
    struct curl_slist *list = curl_slist_append(NULL, "Expect:");
    list = curl_slist_append(list, "Accept:");
    if (!has_header(request, "Content-Type"))
        list = curl_slist_append(list, "Content-Type:");
    for (size_t i = 0; i < request->header_count; i++) {
        const struct http_header *header = &request->headers[i];
        char *line = NULL;
        if ((hop->is_elsewhere && is_secret(header->name)) ||
            (!hop->keeps_host && strcasecmp(header->name, "Host") == 0) ||
            strcasecmp(header->name, "Content-Length") == 0)
            continue;
        /* An empty one is written with a semicolon. */
        int size = header->value[0] ? asprintf(&line, "%s: %s", header->name, header->value)
                                    : asprintf(&line, "%s;", header->name);
        if (size >= 0) {
            list = curl_slist_append(list, line);
            free(line);
        }
    }
    return list;
}

static void set_method(const struct hop *hop)
{
    CURL *easy = hop->easy;
    bool is_head = strcmp(hop->method, "HEAD") == 0, is_get = strcmp(hop->method, "GET") == 0;
    bool has_length = hop->has_body || strcmp(hop->method, "POST") == 0 ||
                      strcmp(hop->method, "PUT") == 0 || strcmp(hop->method, "PATCH") == 0;
    if (is_head && !hop->has_body)
        curl_easy_setopt(easy, CURLOPT_NOBODY, 1L);
    else if (has_length) {
        curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE,
                         (curl_off_t)(hop->has_body ? hop->request->body.size : 0));
        curl_easy_setopt(easy, CURLOPT_POSTFIELDS, hop->has_body ? hop->request->body.data : "");
    }
    if (!is_get || has_length)
        curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, hop->method);
    /* As Go's client asks, where nobody says otherwise. */
    if (!is_head && !has_header(hop->request, "Accept-Encoding") &&
        !has_header(hop->request, "Range"))
        curl_easy_setopt(easy, CURLOPT_ACCEPT_ENCODING, "gzip");
}

static struct curl_blob blob_of(const struct chimera_buffer *buffer)
{
    return (struct curl_blob){.data = buffer->data, .len = buffer->size, .flags = CURL_BLOB_NOCOPY};
}

/* Authorities are those that are given; the system's only where they are wanted as well, or none
 * are given. */
static int set_tls(struct hop *hop, struct http_failure *failure)
{
    CURL *easy = hop->easy;
    const struct http_request *request = hop->request;
    const struct chimera_buffer *given = &request->authorities;
    const char *file = getenv("SSL_CERT_FILE");
    struct chimera_error why = {0};
    curl_easy_setopt(easy, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, request->is_unverified ? 0L : 1L);
    curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, request->is_unverified ? 0L : 2L);
    if (request->certificate.size > 0) {
        struct curl_blob certificate = blob_of(&request->certificate), key = blob_of(&request->key);
        curl_easy_setopt(easy, CURLOPT_SSLCERT_BLOB, &certificate);
        curl_easy_setopt(easy, CURLOPT_SSLKEY_BLOB, &key);
    }
    if (!file || !file[0])
        curl_easy_getinfo(hop->easy, CURLINFO_CAINFO, &file);
    if (given->size == 0) {
        curl_easy_setopt(hop->easy, CURLOPT_CAINFO, file);
        return CHIMERA_OK;
    }
    chimera_buffer_reset(&hop->roots);
    if (hop->request->trusts_system && file && chimera_file_read(file, &hop->roots, &why) < 0)
        return http_fail(failure, HTTP_FAILURE_BUILTIN, "%s", why.text);
    chimera_buffer_byte(&hop->roots, '\n');
    chimera_buffer_append(&hop->roots, chimera_buffer_slice(given));
    struct curl_blob blob = blob_of(&hop->roots);
    curl_easy_setopt(hop->easy, CURLOPT_CAINFO_BLOB, &blob);
    curl_easy_setopt(hop->easy, CURLOPT_CAPATH, NULL);
    return CHIMERA_OK;
}

/* A name for TLS that is not the host's goes into the URL, and the connection to the host. */
static struct curl_slist *set_server_name(const struct hop *hop, const char *name)
{
    char *to = NULL, *text = NULL;
    struct curl_slist *list = NULL;
    CURLU *url = curl_url_dup(hop->url);
    bool is_address = strchr(hop->host, ':') != NULL;
    if (url && curl_url_set(url, CURLUPART_HOST, name, 0) == CURLUE_OK &&
        curl_url_get(url, CURLUPART_URL, &text, 0) == CURLUE_OK &&
        asprintf(&to, "%s:%s:%s%s%s:%s", name, hop->port, is_address ? "[" : "", hop->host,
                 is_address ? "]" : "", hop->port) >= 0) {
        list = curl_slist_append(NULL, to);
        curl_easy_setopt(hop->easy, CURLOPT_CONNECT_TO, list);
        curl_easy_setopt(hop->easy, CURLOPT_URL, text);
        free(to);
    }
    curl_free(text);
    curl_url_cleanup(url);
    return list;
}

static void set_up(struct hop *hop, struct curl_slist *headers)
{
    CURL *easy = hop->easy;
    uint64_t now_ns = chimera_clock_ns();
    curl_easy_setopt(easy, CURLOPT_URL, hop->text);
    curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
    curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    curl_easy_setopt(easy, CURLOPT_NETRC, (long)CURL_NETRC_IGNORED);
    curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(easy, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
    curl_easy_setopt(easy, CURLOPT_USERAGENT, "chimera/" CHIMERA_VERSION);
    curl_easy_setopt(easy, CURLOPT_HTTPHEADER, headers);
    if (!has_header(hop->request, "Referer"))
        curl_easy_setopt(easy, CURLOPT_REFERER, hop->referer);
    curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, take_header);
    curl_easy_setopt(easy, CURLOPT_HEADERDATA, hop);
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, take_body);
    curl_easy_setopt(easy, CURLOPT_WRITEDATA, hop);
    curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, hop->why);
    curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS,
                     hop->deadline_ns > now_ns ? (long)((hop->deadline_ns - now_ns) / 1000000) + 1
                                               : 1L);
}

/* --- One hop --- */

static int fail_hop(struct hop *hop, CURLcode result, struct http_failure *failure)
{
    if (hop->is_too_large)
        return fail_url(hop, HTTP_FAILURE_NETWORK, hop->shown, "the answer is too large", failure);
    if (result == CURLE_OPERATION_TIMEDOUT)
        return fail_url(
            hop, HTTP_FAILURE_TIMEOUT, hop->shown,
            "context deadline exceeded (Client.Timeout exceeded while awaiting headers)", failure);
    return fail_url(hop, HTTP_FAILURE_NETWORK, hop->shown,
                    hop->why[0] ? hop->why : curl_easy_strerror(result), failure);
}

static int run_hop(struct hop *hop, struct http_failure *failure)
{
    const struct http_request *request = hop->request;
    const char *name = http_text(&request->server_name);
    for (size_t i = 0; i < request->header_count && !name[0] && hop->keeps_host; i++)
        if (strcasecmp(request->headers[i].name, "Host") == 0)
            name = request->headers[i].value;
    curl_easy_reset(hop->easy);
    struct curl_slist *headers = make_headers(hop), *places = NULL;
    hop->why[0] = '\0';
    set_up(hop, headers);
    set_method(hop);
    int code = set_tls(hop, failure);
    if (code == CHIMERA_OK && hop->is_https && name[0] && !hop->is_elsewhere) {
        places = set_server_name(hop, name);
        /* The host's own name is still what the request says. */
        char *line = NULL;
        bool is_address = strchr(hop->host, ':') != NULL, is_usual = strcmp(hop->port, "443") == 0;
        if (!has_header(request, "Host") &&
            asprintf(&line, "Host: %s%s%s%s%s", is_address ? "[" : "", hop->host,
                     is_address ? "]" : "", is_usual ? "" : ":", is_usual ? "" : hop->port) >= 0) {
            headers = curl_slist_append(headers, line);
            curl_easy_setopt(hop->easy, CURLOPT_HTTPHEADER, headers);
            free(line);
        }
    }
    if (code == CHIMERA_OK) {
        CURLcode result = curl_easy_perform(hop->easy);
        long status = 0;
        curl_easy_getinfo(hop->easy, CURLINFO_RESPONSE_CODE, &status);
        hop->answer->status = (unsigned)status;
        if (result != CURLE_OK)
            code = fail_hop(hop, result, failure);
    }
    curl_slist_free_all(headers);
    curl_slist_free_all(places);
    return code;
}

/* --- Redirects --- */

static int follow(struct hop *hop, const char *location, struct http_failure *failure)
{
    unsigned status = hop->answer->status;
    CHIMERA_FREE char *host = strdup(hop->host);
    CHIMERA_FREE char *port = strdup(hop->port);
    bool was_https = hop->is_https;
    if (!host || !port)
        return http_fail(failure, HTTP_FAILURE_BARE, "out of memory");
    curl_free(hop->referer);
    hop->referer = text_without(hop->url, true);
    CURLUcode result = curl_url_set(hop->url, CURLUPART_URL, location, 0);
    if (result != CURLUE_OK)
        return fail_url(hop, HTTP_FAILURE_NETWORK, hop->shown, "the redirect leads to no URL",
                        failure);
    int code = read_url(hop, true, failure);
    if (code < 0)
        return code;
    if (was_https && !hop->is_https) { /* what TLS hid is not told */
        curl_free(hop->referer);
        hop->referer = NULL;
    }
    hop->keeps_host =
        hop->keeps_host && !strstr(location, "://") && strncmp(location, "//", 2) != 0;
    hop->is_elsewhere = hop->is_elsewhere || was_https != hop->is_https ||
                        strcmp(host, hop->host) != 0 || strcmp(port, hop->port) != 0;
    if (status == 307 || status == 308)
        return CHIMERA_OK;
    if (strcmp(hop->method, "HEAD") != 0)
        snprintf(hop->method, sizeof(hop->method), "GET");
    hop->has_body = false;
    return CHIMERA_OK;
}

/* From the first place to the last one. */
static int run_all(struct hop *hop, struct http_failure *failure)
{
    for (int i = 0;; i++) {
        int code = run_hop(hop, failure);
        unsigned status = hop->answer->status;
        bool is_redirect =
            status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
        const char *location = code == CHIMERA_OK && is_redirect && hop->request->follows
                                   ? http_answer_header(hop->answer, "location")
                                   : NULL;
        if (!location || !location[0])
            return code;
        if (i == REDIRECTS_MAX)
            return fail_url(hop, HTTP_FAILURE_NETWORK, hop->shown, "stopped after 10 redirects",
                            failure);
        CHIMERA_FREE char *copy = strdup(location);
        code = copy ? follow(hop, copy, failure)
                    : http_fail(failure, HTTP_FAILURE_BARE, "out of memory");
        if (code < 0)
            return code;
    }
}

static int run_once(const struct http_request *request, const struct http_hosts *hosts,
                    uint64_t deadline_ns, struct http_answer *answer, struct http_failure *failure)
{
    uint64_t until_ns = chimera_clock_ns() + request->timeout_ns;
    struct hop hop = {
        .request = request,
        .hosts = hosts,
        .answer = answer,
        .easy = curl_easy_init(),
        .has_body = request->body.size > 0,
        .keeps_host = true,
        .deadline_ns = request->timeout_ns > 0 && until_ns < deadline_ns ? until_ns : deadline_ns,
    };
    chimera_buffer_init(&hop.roots, ROOTS_MAX);
    snprintf(hop.method, sizeof(hop.method), "%s", http_text(&request->method));
    int code =
        hop.easy ? open_url(&hop, failure) : http_fail(failure, HTTP_FAILURE_BARE, "out of memory");
    if (code == CHIMERA_OK)
        code = run_all(&hop, failure);
    const char *connection = code == CHIMERA_OK ? http_answer_header(answer, "connection") : NULL;
    if (connection && hop.is_1_1 && strcasestr(connection, "close"))
        json_object_object_del(answer->headers, "connection");
    /* What was packed is told as if it had not been. */
    if (code == CHIMERA_OK && hop.is_coded && !has_header(request, "Accept-Encoding") &&
        !has_header(request, "Range") && strcmp(hop.method, "HEAD") != 0) {
        json_object_object_del(answer->headers, "content-encoding");
        json_object_object_del(answer->headers, "content-length");
    }
    curl_easy_cleanup(hop.easy);
    curl_url_cleanup(hop.url);
    curl_free(hop.text);
    curl_free(hop.host);
    curl_free(hop.port);
    curl_free(hop.shown);
    curl_free(hop.referer);
    chimera_buffer_free(&hop.roots);
    return code;
}

int http_exchange_run(const struct http_request *request, const struct http_hosts *hosts,
                      uint64_t deadline_ns, struct http_answer *answer,
                      struct http_failure *failure)
{
    double wait_ns = WAIT_FIRST_NS;
    chimera_buffer_init(&answer->body, HTTP_ANSWER_MAX);
    for (unsigned i = 0;; i++) {
        int code = run_once(request, hosts, deadline_ns, answer, failure);
        bool is_lost =
            failure->kind == HTTP_FAILURE_NETWORK || failure->kind == HTTP_FAILURE_TIMEOUT;
        if (code == CHIMERA_OK || !is_lost || i == request->retries ||
            chimera_clock_ns() + (uint64_t)wait_ns >= deadline_ns)
            return code;
        const struct timespec wait = {.tv_sec = (time_t)(wait_ns / 1e9),
                                      .tv_nsec =
                                          (long)(wait_ns - 1e9 * (double)(time_t)(wait_ns / 1e9))};
        nanosleep(&wait, NULL);
        wait_ns = wait_ns * WAIT_FACTOR > WAIT_LONGEST_NS ? WAIT_LONGEST_NS : wait_ns * WAIT_FACTOR;
        *failure = (struct http_failure){0};
    }
}
