/* SPDX-License-Identifier: Apache-2.0 */
/* transfer_route.c - whom a host's certificate may be from, and by which proxy it is reached.
 *
 * The system's authorities count for every host, those of sources.yml for the one host that they
 * are listed for (cli-and-distribution.md §3.7). Reading all of the system's takes longer than the
 * rest of a small request, so its folder is tried first where authorities are found in it by name,
 * and its file when that is not enough. Proxies come from that file, or else from the
 * environment; libcurl's own reading of it is off.
 */
#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "compiler/fetch/transfer/transfer_internal.h"
#include "runtime/base/file.h"

#define AUTHORITIES_MAX ((size_t)16 << 20)
#define HASH_DIGITS 8 /* of a name that `openssl rehash` gives */

/* --- Authorities --- */

/* NULL when it is unset or empty. */
static const char *environment(const char *name)
{
    const char *value = getenv(name);
    return value && value[0] ? value : NULL;
}

/* Whether the folder's files have the names by which OpenSSL finds an authority in it. */
static bool has_hashes(const char *path)
{
    DIR *folder = path ? opendir(path) : NULL;
    struct dirent *entry = NULL;
    bool is_hashed = false;
    while (folder && !is_hashed && (entry = readdir(folder)))
        is_hashed = strspn(entry->d_name, "0123456789abcdef") == HASH_DIGITS &&
                    strcmp(entry->d_name + HASH_DIGITS, ".0") == 0;
    if (folder)
        closedir(folder);
    return is_hashed;
}

static bool is_named(const char *listed, const struct chimera_url *url)
{
    if (strcasecmp(listed, url->name) == 0)
        return true;
    /* https://host:443 is the place that `host` names */
    return url->is_https && url->port == 443 && strcasecmp(listed, url->host) == 0;
}

static const struct chimera_authority *find_own(const struct chimera_sources *sources,
                                                const struct chimera_url *url)
{
    for (size_t i = 0; sources && i < sources->authority_count; i++)
        if (is_named(sources->authorities[i].host, url))
            return &sources->authorities[i];
    return NULL;
}

static bool is_insecure(const struct chimera_sources *sources, const struct chimera_url *url)
{
    for (char **at = sources ? sources->insecure : NULL; at && *at; at++)
        if (is_named(*at, url))
            return true;
    return false;
}

/* libcurl takes a list in memory in place of the system's file, so it gets both in one. */
static int merge_authorities(const struct chimera_transport *transport,
                             const struct chimera_authority *own,
                             struct chimera_transfer_host *host, struct chimera_error *err)
{
    struct chimera_buffer *out = &host->authorities;
    const char *file = transport->authorities_file;
    bool is_needed = host->needs_file || !transport->is_hashed;
    int code = CHIMERA_OK;
    chimera_buffer_reset(out);
    if (is_needed && file && access(file, F_OK) == 0)
        code = chimera_file_read(file, out, err);
    if (code < 0)
        return code;
    chimera_buffer_byte(out, '\n');
    chimera_buffer_text(out, own->certificates);
    return out->failed
               ? chimera_fail(err, out->failed, "%s: the authorities are too many", own->host)
               : CHIMERA_OK;
}

static struct chimera_transfer_host *add_host(struct chimera_transport *transport,
                                              const struct chimera_url *url)
{
    struct chimera_transfer_host *host = calloc(1, sizeof(*host));
    char *name = strdup(url->name);
    if (!host || !name) {
        free(host);
        free(name);
        return NULL;
    }
    host->name = name;
    host->is_insecure = is_insecure(transport->options.sources, url);
    chimera_buffer_init(&host->authorities, AUTHORITIES_MAX);
    host->next = transport->hosts;
    transport->hosts = host;
    return host;
}

static void drop_first_host(struct chimera_transport *transport)
{
    struct chimera_transfer_host *host = transport->hosts;
    transport->hosts = host->next;
    chimera_buffer_free(&host->authorities);
    free(host->name);
    free(host);
}

int chimera_route_host(struct chimera_transport *transport, const struct chimera_url *url,
                       struct chimera_transfer_host **ret_host, struct chimera_error *err)
{
    const struct chimera_authority *own = find_own(transport->options.sources, url);
    struct chimera_transfer_host *host = transport->hosts;
    while (host && strcmp(host->name, url->name) != 0)
        host = host->next;
    if (!host) {
        host = add_host(transport, url);
        if (!host)
            return chimera_fail_memory(err);
        int code = own ? merge_authorities(transport, own, host, err) : CHIMERA_OK;
        if (code < 0) {
            drop_first_host(transport);
            return code;
        }
    }
    *ret_host = host;
    return CHIMERA_OK;
}

bool chimera_route_widen(struct chimera_transport *transport, const struct chimera_url *url,
                         struct chimera_transfer_host *host)
{
    const struct chimera_authority *own = find_own(transport->options.sources, url);
    if (host->needs_file || !transport->is_hashed || !transport->authorities_file)
        return false;
    host->needs_file = true;
    return !own || merge_authorities(transport, own, host, NULL) == CHIMERA_OK;
}

/* --- Proxies --- */

static int choose(const char *configured, const char *upper, const char *lower, char **ret_value,
                  struct chimera_error *err)
{
    const char *value = configured ? configured : environment(upper);
    if (!value)
        value = environment(lower);
    if (value && value[0]) {
        *ret_value = strdup(value);
        if (!*ret_value)
            return chimera_fail_memory(err);
    }
    return CHIMERA_OK;
}

/* Where OpenSSL's variables name some, these and no others are the system's. */
int chimera_route_init(struct chimera_transport *transport, struct chimera_error *err)
{
    static const struct chimera_sources NONE = {0};
    const struct chimera_sources *sources =
        transport->options.sources ? transport->options.sources : &NONE;
    const curl_version_info_data *info = curl_version_info(CURLVERSION_NOW);
    const char *file = environment("SSL_CERT_FILE"), *folder = environment("SSL_CERT_DIR");
    if (!file && !folder) {
        file = info->cainfo;
        folder = info->capath;
    }
    transport->authorities_file = file;
    transport->authorities_folder = folder;
    transport->is_hashed = has_hashes(folder);
    int code = choose(sources->http_proxy, "HTTP_PROXY", "http_proxy", &transport->http_proxy, err);
    if (code >= 0)
        code = choose(sources->https_proxy, "HTTPS_PROXY", "https_proxy", &transport->https_proxy,
                      err);
    if (code >= 0)
        code = choose(sources->no_proxy, "NO_PROXY", "no_proxy", &transport->no_proxy, err);
    return code;
}

void chimera_route_done(struct chimera_transport *transport)
{
    while (transport->hosts)
        drop_first_host(transport);
    free(transport->http_proxy);
    free(transport->https_proxy);
    free(transport->no_proxy);
}

const char *chimera_route_proxy(const struct chimera_transport *transport,
                                const struct chimera_url *url, bool is_https)
{
    const char *proxy = is_https ? transport->https_proxy : transport->http_proxy;
    unsigned port = is_https ? url->port : url->plain_port;
    if (!proxy ||
        (transport->no_proxy && chimera_route_is_excepted(transport->no_proxy, url->host, port)))
        return "";
    return proxy;
}

const char *chimera_route_proxy_place(const char *proxy)
{
    const char *at = strrchr(proxy, '@'), *scheme = strstr(proxy, "://");
    return at ? at + 1 : scheme ? scheme + 3 : proxy;
}

const char *chimera_transfer_proxy(const struct chimera_transport *transport, const char *url,
                                   bool is_plain)
{
    struct chimera_url parsed;
    if (chimera_url_parse(NULL, url, &parsed, NULL) < 0)
        return NULL;
    const char *proxy = chimera_route_proxy(transport, &parsed, parsed.is_https && !is_plain);
    chimera_url_done(&parsed);
    return proxy[0] ? chimera_route_proxy_place(proxy) : NULL;
}
