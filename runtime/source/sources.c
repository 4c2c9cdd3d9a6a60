/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/source/sources.h"

#include <errno.h>
#include <limits.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <unistd.h>

#include "runtime/base/buffer.h"
#include "runtime/base/file.h"
#include "runtime/json/tree.h"
#include "runtime/yaml/document.h"

#define FILE_MAX ((size_t)16 << 20)
#define CERTIFICATE_MAX ((size_t)4 << 20)
#define AN_AUTHORITY "{type: Path, path: …} or {type: Data, data: …}"

static const char *const KEYS[] = {"insecure_sources", "source_authorities", "proxies", NULL};

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

static bool is_pem(struct chimera_slice bytes)
{
    BIO *bio = BIO_new_mem_buf(bytes.data, (int)bytes.size);
    X509 *certificate = bio ? PEM_read_bio_X509(bio, NULL, NULL, NULL) : NULL;
    bool is_good = certificate != NULL;
    X509_free(certificate);
    BIO_free(bio);
    ERR_clear_error();
    return is_good;
}

static bool is_der(struct chimera_slice bytes)
{
    const unsigned char *at = (const unsigned char *)bytes.data;
    X509 *certificate = d2i_X509(NULL, &at, (long)bytes.size);
    bool is_good = certificate != NULL;
    X509_free(certificate);
    ERR_clear_error();
    return is_good;
}

static void check_certificate(struct chimera_document *document, struct chimera_slice bytes)
{
    if (bytes.size == 0 || bytes.size > INT_MAX || (!is_pem(bytes) && !is_der(bytes)))
        chimera_document_note(document, "Invalid certificate: Raw certificate is not in PEM nor in "
                                        "DER encoding");
}

static void check_certificate_file(struct chimera_document *document, const char *path)
{
    struct chimera_error why = {0};
    struct chimera_buffer bytes;
    if (access(path, R_OK) != 0) {
        chimera_document_note(document, "Cannot read certificate from file: %s (os error %d)",
                              strerror(errno), errno);
        return;
    }
    chimera_buffer_init(&bytes, CERTIFICATE_MAX);
    if (chimera_file_read(path, &bytes, &why) < 0)
        chimera_document_note(document, "%s", why.text);
    else
        check_certificate(document, chimera_buffer_slice(&bytes));
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
static void check_authority(struct chimera_document *document, struct json_object *authority)
{
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
        check_certificate_file(document, text);
    else
        check_certificate(document, chimera_slice_of(text));
    chimera_document_leave(document);
}

typedef void element_check(struct chimera_document *document, struct json_object *element);

static void check_list(struct chimera_document *document, struct json_object *list,
                       const char *expected, element_check *check)
{
    if (!chimera_document_is(document, list, json_type_array, expected))
        return;
    for (size_t i = 0; i < json_object_array_length(list); i++) {
        chimera_document_enter_index(document, i);
        check(document, json_object_array_get_idx(list, i));
        chimera_document_leave(document);
    }
}

static void check_authorities(struct chimera_document *document, struct json_object *hosts)
{
    if (!chimera_document_is(document, hosts, json_type_object,
                             "a map from hosts to lists of authorities"))
        return;
    struct json_object_iterator at = json_object_iter_begin(hosts),
                                end = json_object_iter_end(hosts);
    for (; !json_object_iter_equal(&at, &end); json_object_iter_next(&at)) {
        chimera_document_enter(document, json_object_iter_peek_name(&at));
        check_list(document, json_object_iter_peek_value(&at),
                   "a list of authorities, each " AN_AUTHORITY, check_authority);
        chimera_document_leave(document);
    }
}

/* --- The rest --- */

static void check_host(struct chimera_document *document, struct json_object *host)
{
    check_text(document, host, "a host, or a host and its port");
}

static void check_proxies(struct chimera_document *document, struct json_object *proxies)
{
    static const char *const NAMES[] = {"http_proxy", "https_proxy", "no_proxy"};
    if (!proxies || !chimera_document_is(document, proxies, json_type_object,
                                         "a map of http_proxy, https_proxy and no_proxy"))
        return;
    for (size_t i = 0; i < sizeof(NAMES) / sizeof(NAMES[0]); i++) {
        struct json_object *value = NULL;
        if (!chimera_document_member(document, proxies, NAMES[i], NULL, &value))
            continue;
        if (value)
            check_text(document, value, "a text");
        chimera_document_leave(document);
    }
}

static void check_tree(struct chimera_document *document)
{
    struct json_object *tree = document->tree, *value = NULL;
    if (!chimera_document_is(document, tree, json_type_object,
                             "a map of insecure_sources, source_authorities and proxies"))
        return;
    if (chimera_document_member(document, tree, KEYS[0], NULL, &value)) {
        check_list(document, value, "a list of hosts", check_host);
        chimera_document_leave(document);
    }
    if (chimera_document_member(document, tree, KEYS[1], NULL, &value)) {
        check_authorities(document, value);
        chimera_document_leave(document);
    }
    if (chimera_document_member(document, tree, KEYS[2], NULL, &value)) {
        check_proxies(document, value);
        chimera_document_leave(document);
    }
}

int chimera_sources_check_text(struct chimera_slice text, const char *path, char **ret_warnings,
                               struct chimera_error *err)
{
    static const struct chimera_yaml_options OPTIONS = {.empty_is_map = true};
    struct chimera_document document;
    if (chimera_document_read(&document, text, &OPTIONS))
        check_tree(&document);
    int code = chimera_problems_fail(&document.problems, path, CHIMERA_EINVAL, err);
    if (code == CHIMERA_OK) {
        chimera_document_refuse_others(&document, document.tree, KEYS, "ignored: the file");
        *ret_warnings = chimera_problems_text(&document.problems, path);
    }
    chimera_document_done(&document);
    return code;
}

int chimera_sources_check(const char *path, char **ret_warnings, struct chimera_error *err)
{
    struct chimera_error why = {0};
    struct chimera_buffer text;
    chimera_buffer_init(&text, FILE_MAX);
    if (access(path, R_OK) != 0) /* the reference calls every file a certificate here */
        chimera_fail(&why, CHIMERA_EIO, "Cannot read certificate from file: %s (os error %d)",
                     strerror(errno), errno);
    else
        chimera_file_read(path, &text, &why);
    int code =
        why.code < 0
            ? chimera_fail(err, why.code, "error while loading sources from %s: %s", path, why.text)
            : chimera_sources_check_text(chimera_buffer_slice(&text), path, ret_warnings, err);
    chimera_buffer_free(&text);
    return code;
}
