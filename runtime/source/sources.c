/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/source/sources.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "runtime/base/buffer.h"
#include "runtime/base/file.h"
#include "runtime/json/tree.h"
#include "runtime/source/certificates.h"
#include "runtime/yaml/document.h"

#define FILE_MAX ((size_t)16 << 20)
#define CERTIFICATE_MAX ((size_t)4 << 20)
#define AN_AUTHORITY "{type: Path, path: …} or {type: Data, data: …}"
#define A_HOST "a host, or a host and its port"
#define A_PLACE "host[:port][/prefix]"

static const char *const KEYS[] = {"insecure_sources", "source_authorities", "proxies", "mirrors",
                                   NULL};

/* What is read goes into `sources` as far as it is right; who asked gets it when all is. */
struct reader {
    struct chimera_document document;
    struct chimera_sources sources;
    bool is_full; /* memory ran out */
};

/* --- Lists of texts --- */

static void keep_text(struct reader *reader, const char *text, char **ret_text)
{
    free(*ret_text);
    *ret_text = strdup(text);
    if (!*ret_text)
        reader->is_full = true;
}

static void drop_texts(char **texts)
{
    for (char **at = texts; at && *at; at++)
        free(*at);
    free(texts);
}

/* One element longer, and ended with NULL. */
static void add_text(struct reader *reader, const char *text, char ***list)
{
    size_t count = 0;
    while (*list && (*list)[count])
        count++;
    char **more = realloc(*list, (count + 2) * sizeof(*more));
    if (!more) {
        reader->is_full = true;
        return;
    }
    *list = more;
    more[count] = more[count + 1] = NULL;
    keep_text(reader, text, &more[count]);
}

/* A number or a boolean is taken for its text, as the reference does here. */
static bool check_text(struct chimera_document *document, struct json_object *value,
                       const char *expected)
{
    if (value && !json_object_is_type(value, json_type_array) &&
        !json_object_is_type(value, json_type_object))
        return true;
    chimera_document_expect(document, value, expected);
    return false;
}

/* --- Certificates --- */

static void read_certificate(struct reader *reader, struct chimera_slice bytes,
                             struct chimera_buffer *out)
{
    int code = chimera_certificates_append(bytes, out);
    if (code == CHIMERA_ENOMEM)
        reader->is_full = true;
    else if (code < 0)
        chimera_document_note(&reader->document,
                              "Invalid certificate: Raw certificate is not in PEM nor in "
                              "DER encoding");
}

static void read_certificate_file(struct reader *reader, const char *path,
                                  struct chimera_buffer *out)
{
    struct chimera_error why = {0};
    struct chimera_buffer bytes;
    if (access(path, R_OK) != 0) {
        chimera_document_note(&reader->document,
                              "Cannot read certificate from file: %s (os error %d)",
                              strerror(errno), errno);
        return;
    }
    chimera_buffer_init(&bytes, CERTIFICATE_MAX);
    if (chimera_file_read(path, &bytes, &why) < 0)
        chimera_document_note(&reader->document, "%s", why.text);
    else
        read_certificate(reader, chimera_buffer_slice(&bytes), out);
    chimera_buffer_free(&bytes);
}

/* What the key holds, as a text; NULL where that is wrong. */
static const char *read_text(struct chimera_document *document, struct json_object *map,
                             const char *key, const char *expected)
{
    struct json_object *value = NULL;
    if (!chimera_document_member(document, map, key, expected, &value))
        return NULL;
    bool is_text = check_text(document, value, expected);
    chimera_document_leave(document);
    return is_text ? json_object_get_string(value) : NULL;
}

/* {type: Path, path: …} or {type: Data, data: …} */
static void read_authority(struct reader *reader, struct json_object *authority, void *context)
{
    struct chimera_document *document = &reader->document;
    struct chimera_buffer *certificates = context;
    if (!chimera_document_is(document, authority, json_type_object, AN_AUTHORITY))
        return;
    const char *type = read_text(document, authority, "type", "Path or Data");
    if (!type)
        return;
    bool is_path = strcmp(type, "Path") == 0;
    if (!is_path && strcmp(type, "Data") != 0) {
        chimera_document_enter(document, "type");
        chimera_document_expect(document, json_object_object_get(authority, "type"),
                                "Path or Data");
        chimera_document_leave(document);
        return;
    }
    const char *key = is_path ? "path" : "data";
    const char *text = read_text(document, authority, key,
                                 is_path ? "the path of a certificate" : "a certificate");
    if (!text)
        return;
    chimera_document_enter(document, key);
    if (is_path)
        read_certificate_file(reader, text, certificates);
    else
        read_certificate(reader, chimera_slice_of(text), certificates);
    chimera_document_leave(document);
}

typedef void element_reader(struct reader *reader, struct json_object *element, void *context);

static void read_list(struct reader *reader, struct json_object *list, const char *expected,
                      element_reader *read, void *context)
{
    struct chimera_document *document = &reader->document;
    if (!chimera_document_is(document, list, json_type_array, expected))
        return;
    for (size_t i = 0; i < json_object_array_length(list); i++) {
        chimera_document_enter_index(document, i);
        read(reader, json_object_array_get_idx(list, i), context);
        chimera_document_leave(document);
    }
}

typedef void member_reader(struct reader *reader, const char *host, struct json_object *value,
                           size_t index);

/* Each host of the map, and the how manieth it is. */
static void read_hosts(struct reader *reader, struct json_object *hosts, member_reader *read)
{
    struct chimera_document *document = &reader->document;
    struct json_object_iterator at = json_object_iter_begin(hosts),
                                end = json_object_iter_end(hosts);
    for (size_t i = 0; !json_object_iter_equal(&at, &end); i++, json_object_iter_next(&at)) {
        const char *host = json_object_iter_peek_name(&at);
        chimera_document_enter(document, host);
        read(reader, host, json_object_iter_peek_value(&at), i);
        chimera_document_leave(document);
    }
}

static void read_host_authorities(struct reader *reader, const char *host, struct json_object *list,
                                  size_t index)
{
    struct chimera_authority *authority = &reader->sources.authorities[index];
    struct chimera_buffer certificates;
    chimera_buffer_init(&certificates, 4 * CERTIFICATE_MAX);
    read_list(reader, list, "a list of authorities, each " AN_AUTHORITY, read_authority,
              &certificates);
    chimera_buffer_byte(&certificates, '\0');
    keep_text(reader, host, &authority->host);
    if (certificates.failed)
        chimera_document_note(&reader->document, "more certificates than this reads");
    else
        keep_text(reader, certificates.data, &authority->certificates);
    chimera_buffer_free(&certificates);
}

static void read_authorities(struct reader *reader, struct json_object *hosts)
{
    struct chimera_sources *sources = &reader->sources;
    if (!chimera_document_is(&reader->document, hosts, json_type_object,
                             "a map from hosts to lists of authorities"))
        return;
    size_t count = (size_t)json_object_object_length(hosts);
    sources->authorities = calloc(count + 1, sizeof(*sources->authorities));
    if (!sources->authorities) {
        reader->is_full = true;
        return;
    }
    sources->authority_count = count;
    read_hosts(reader, hosts, read_host_authorities);
}

/* --- Mirrors --- */

static void read_place(struct reader *reader, struct json_object *place, void *context)
{
    if (!check_text(&reader->document, place, A_PLACE))
        return;
    const char *text = json_object_get_string(place);
    /* A host or an address with a port perhaps, and names of repositories behind it. */
    static const char HOST[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-:[]";
    static const char PREFIX[] = "abcdefghijklmnopqrstuvwxyz0123456789._-/";
    size_t host = strspn(text, HOST), size = strlen(text + host);
    const char *rest = text + host;
    if (host > 0 && (!*rest || *rest == '/') && !strstr(rest, "//") && !strstr(rest, "..") &&
        size == strspn(rest, PREFIX) && (size == 0 || rest[size - 1] != '/'))
        add_text(reader, text, context);
    else
        chimera_document_expect(&reader->document, place, A_PLACE);
}

static void read_host_mirrors(struct reader *reader, const char *host, struct json_object *list,
                              size_t index)
{
    struct chimera_mirror *mirror = &reader->sources.mirrors[index];
    keep_text(reader, host, &mirror->host);
    mirror->places = calloc(1, sizeof(*mirror->places)); /* an empty list is one, too */
    reader->is_full |= !mirror->places;
    read_list(reader, list, "a list of places, each " A_PLACE, read_place, &mirror->places);
}

static void read_mirrors(struct reader *reader, struct json_object *hosts)
{
    struct chimera_sources *sources = &reader->sources;
    if (!chimera_document_is(&reader->document, hosts, json_type_object,
                             "a map from hosts to lists of places"))
        return;
    size_t count = (size_t)json_object_object_length(hosts);
    sources->mirrors = calloc(count + 1, sizeof(*sources->mirrors));
    if (!sources->mirrors) {
        reader->is_full = true;
        return;
    }
    sources->mirror_count = count;
    read_hosts(reader, hosts, read_host_mirrors);
}

/* --- The rest --- */

static void read_insecure(struct reader *reader, struct json_object *host, void *context)
{
    if (check_text(&reader->document, host, A_HOST))
        add_text(reader, json_object_get_string(host), context);
}

static void read_hosts_without_tls(struct reader *reader, struct json_object *list)
{
    read_list(reader, list, "a list of hosts", read_insecure, &reader->sources.insecure);
}

/* With a map of them, what it does not name is no proxy, whatever the environment says. */
static void read_proxies(struct reader *reader, struct json_object *proxies)
{
    struct chimera_document *document = &reader->document;
    static const char *const NAMES[] = {"http_proxy", "https_proxy", "no_proxy"};
    struct chimera_sources *sources = &reader->sources;
    char **texts[] = {&sources->http_proxy, &sources->https_proxy, &sources->no_proxy};
    if (!proxies || !chimera_document_is(document, proxies, json_type_object,
                                         "a map of http_proxy, https_proxy and no_proxy"))
        return;
    for (size_t i = 0; i < sizeof(NAMES) / sizeof(NAMES[0]); i++) {
        struct json_object *value = NULL;
        keep_text(reader, "", texts[i]);
        if (!chimera_document_member(document, proxies, NAMES[i], NULL, &value))
            continue;
        if (value && check_text(document, value, "a text"))
            keep_text(reader, json_object_get_string(value), texts[i]);
        chimera_document_leave(document);
    }
}

static void read_tree(struct reader *reader)
{
    typedef void key_reader(struct reader * key_of, struct json_object * value);
    static key_reader *const READERS[] = {read_hosts_without_tls, read_authorities, read_proxies,
                                          read_mirrors};
    struct chimera_document *document = &reader->document;
    if (!chimera_document_is(document, document->tree, json_type_object,
                             "a map of insecure_sources, source_authorities and proxies"))
        return;
    for (size_t i = 0; i < sizeof(READERS) / sizeof(READERS[0]); i++) {
        struct json_object *value = NULL;
        if (!chimera_document_member(document, document->tree, KEYS[i], NULL, &value))
            continue;
        READERS[i](reader, value);
        chimera_document_leave(document);
    }
}

int chimera_sources_read_text(struct chimera_slice text, const char *path,
                              struct chimera_sources *ret_sources, char **ret_warnings,
                              struct chimera_error *err)
{
    static const struct chimera_yaml_options OPTIONS = {.empty_is_map = true};
    struct reader reader = {0};
    struct chimera_document *document = &reader.document;
    if (chimera_document_read(document, text, &OPTIONS))
        read_tree(&reader);
    int code = chimera_problems_fail(&document->problems, path, CHIMERA_EINVAL, err);
    if (code == CHIMERA_OK && reader.is_full)
        code = chimera_fail_memory(err);
    if (code == CHIMERA_OK) {
        chimera_document_refuse_others(document, document->tree, KEYS, "ignored: the file");
        *ret_warnings = chimera_problems_text(&document->problems, path);
        *ret_sources = reader.sources;
    } else {
        chimera_sources_done(&reader.sources);
    }
    chimera_document_done(document);
    return code;
}

int chimera_sources_read(const char *path, struct chimera_sources *ret_sources, char **ret_warnings,
                         struct chimera_error *err)
{
    struct chimera_error why = {0};
    struct chimera_buffer text;
    chimera_buffer_init(&text, FILE_MAX);
    if (access(path, R_OK) != 0) /* the reference calls every file a certificate here */
        chimera_fail(&why, CHIMERA_EIO, "Cannot read certificate from file: %s (os error %d)",
                     strerror(errno), errno);
    else
        chimera_file_read(path, &text, &why);
    int code = why.code < 0 ? chimera_fail(err, why.code, "error while loading sources from %s: %s",
                                           path, why.text)
                            : chimera_sources_read_text(chimera_buffer_slice(&text), path,
                                                        ret_sources, ret_warnings, err);
    chimera_buffer_free(&text);
    return code;
}

void chimera_sources_done(struct chimera_sources *sources)
{
    drop_texts(sources->insecure);
    for (size_t i = 0; i < sources->authority_count; i++) {
        free(sources->authorities[i].host);
        free(sources->authorities[i].certificates);
    }
    for (size_t i = 0; i < sources->mirror_count; i++) {
        free(sources->mirrors[i].host);
        drop_texts(sources->mirrors[i].places);
    }
    free(sources->authorities);
    free(sources->mirrors);
    free(sources->http_proxy);
    free(sources->https_proxy);
    free(sources->no_proxy);
    *sources = (struct chimera_sources){0};
}

int chimera_sources_check(const char *path, char **ret_warnings, struct chimera_error *err)
{
    struct chimera_sources sources;
    int code = chimera_sources_read(path, &sources, ret_warnings, err);
    if (code == CHIMERA_OK)
        chimera_sources_done(&sources);
    return code;
}
