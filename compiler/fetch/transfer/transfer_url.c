/* SPDX-License-Identifier: Apache-2.0 */
#include "compiler/fetch/transfer/transfer_url.h"

#include <ctype.h>
#include <curl/curl.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/base/buffer.h"

#define URL_MAX ((size_t)16 << 10)

static void drop_curl_text(char **text)
{
    curl_free(*text);
}

static void drop_curl_url(CURLU **url)
{
    curl_url_cleanup(*url);
}

#define CURL_TEXT __attribute__((cleanup(drop_curl_text))) char *
#define CURL_URL __attribute__((cleanup(drop_curl_url))) CURLU *

/* A copy that free() ends; NULL when there is none. */
static char *get_part(CURLU *url, CURLUPart part, unsigned flags)
{
    CURL_TEXT text = NULL;
    return curl_url_get(url, part, &text, flags) == CURLUE_OK && text ? strdup(text) : NULL;
}

static unsigned get_port(CURLU *url)
{
    CURL_TEXT text = NULL;
    unsigned port = 0;
    if (curl_url_get(url, CURLUPART_PORT, &text, CURLU_DEFAULT_PORT) != CURLUE_OK)
        return 0;
    for (const char *at = text; at && *at;
         at++) /* at most five digits, which libcurl has checked */
        port = port * 10 + (unsigned)(*at - '0');
    return port;
}

static char *make_name(CURLU *url, const char *host)
{
    CURL_TEXT port = NULL;
    struct chimera_buffer name;
    chimera_buffer_init(&name, URL_MAX);
    chimera_buffer_text(&name, host);
    if (curl_url_get(url, CURLUPART_PORT, &port, 0) == CURLUE_OK && port)
        chimera_buffer_print(&name, ":%s", port);
    chimera_buffer_byte(&name, '\0');
    if (name.failed)
        chimera_buffer_free(&name);
    return name.data;
}

static int split(CURLU *url, struct chimera_url *ret_url, struct chimera_error *err)
{
    ret_url->host = get_part(url, CURLUPART_HOST, 0);
    for (char *at = ret_url->host; at && *at; at++)
        *at = (char)tolower((unsigned char)*at);
    ret_url->name = ret_url->host ? make_name(url, ret_url->host) : NULL;
    curl_url_set(url, CURLUPART_FRAGMENT, NULL, 0);
    ret_url->text = get_part(url, CURLUPART_URL, 0);
    ret_url->port = get_port(url);
    curl_url_set(url, CURLUPART_SCHEME, "http", 0);
    ret_url->plain = get_part(url, CURLUPART_URL, 0);
    ret_url->plain_port = get_port(url);
    curl_url_set(url, CURLUPART_SCHEME, ret_url->is_https ? "https" : "http", 0);
    curl_url_set(url, CURLUPART_QUERY, NULL, 0);
    ret_url->shown = get_part(url, CURLUPART_URL, 0);
    if (!ret_url->name || !ret_url->text || !ret_url->plain || !ret_url->shown)
        return chimera_fail_memory(err);
    return CHIMERA_OK;
}

static int set_text(CURLU *url, const char *base, const char *text, struct chimera_error *err)
{
    const char *query = strchr(text, '?');
    int shown = (int)(query ? query - text : (long)strlen(text));
    CURLUcode code = CURLUE_MALFORMED_INPUT;
    if (strlen(text) > URL_MAX)
        return chimera_fail(err, CHIMERA_EREFUSED, "a URL of more than %zu bytes", URL_MAX);
    if (base)
        curl_url_set(url, CURLUPART_URL, base, 0);
    code = curl_url_set(url, CURLUPART_URL, text,
                        CURLU_URLENCODE | CURLU_DISALLOW_USER | CURLU_NON_SUPPORT_SCHEME);
    if (code == CURLUE_OUT_OF_MEMORY)
        return chimera_fail_memory(err);
    if (code == CURLUE_USER_NOT_ALLOWED)
        return chimera_fail(err, CHIMERA_EREFUSED, "a URL that holds a login is refused");
    if (code != CURLUE_OK)
        return chimera_fail(err, CHIMERA_EREFUSED, "%.*s: not a URL: %s", shown, text,
                            curl_url_strerror(code));
    return CHIMERA_OK;
}

int chimera_url_parse(const char *base, const char *text, struct chimera_url *ret_url,
                      struct chimera_error *err)
{
    CURL_URL url = curl_url();
    CURL_TEXT scheme = NULL;
    struct chimera_url parts = {0};
    if (!url)
        return chimera_fail_memory(err);
    int code = set_text(url, base, text, err);
    if (code < 0)
        return code;
    if (curl_url_get(url, CURLUPART_SCHEME, &scheme, 0) != CURLUE_OK)
        return chimera_fail(err, CHIMERA_EREFUSED, "a URL without a scheme");
    parts.is_https = strcmp(scheme, "https") == 0;
    if (!parts.is_https && strcmp(scheme, "http") != 0)
        return chimera_fail(err, CHIMERA_EREFUSED, "the scheme %s is not spoken: https is", scheme);
    code = split(url, &parts, err);
    if (code < 0)
        chimera_url_done(&parts);
    else
        *ret_url = parts;
    return code;
}

void chimera_url_done(struct chimera_url *url)
{
    free(url->text);
    free(url->shown);
    free(url->plain);
    free(url->host);
    free(url->name);
    *url = (struct chimera_url){0};
}

bool chimera_url_is_same_origin(const struct chimera_url *a, bool is_plain,
                                const struct chimera_url *b)
{
    if (strcmp(a->host, b->host) != 0)
        return false;
    if (is_plain && !b->is_https)
        return a->plain_port == b->port;
    return a->is_https == b->is_https && a->port == b->port;
}
