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
#include "runtime/yaml/yaml.h"

#define FILE_MAX ((size_t)16 << 20)
#define CERTIFICATE_MAX ((size_t)4 << 20)

static int fail_type(const char *key, const char *wanted, struct chimera_error *err)
{
    return chimera_fail(err, CHIMERA_EINVAL, "%s: invalid type, expected %s", key, wanted);
}

/* A number or a boolean is taken for its text, as the reference does here. */
static int check_text(struct json_object *value, const char *key, struct chimera_error *err)
{
    bool is_list =
        json_object_is_type(value, json_type_array) || json_object_is_type(value, json_type_object);
    return value && !is_list ? CHIMERA_OK : fail_type(key, "a string", err);
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

static int check_certificate(struct chimera_slice bytes, struct chimera_error *err)
{
    if (bytes.size > 0 && bytes.size <= INT_MAX && (is_pem(bytes) || is_der(bytes)))
        return CHIMERA_OK;
    return chimera_fail(err, CHIMERA_EINVAL,
                        "Invalid certificate: Raw certificate is not in PEM nor in DER encoding");
}

static int check_certificate_file(const char *path, struct chimera_error *err)
{
    struct chimera_buffer bytes;
    if (access(path, R_OK) != 0)
        return chimera_fail(err, CHIMERA_EIO, "Cannot read certificate from file: %s (os error %d)",
                            strerror(errno), errno);
    chimera_buffer_init(&bytes, CERTIFICATE_MAX);
    int code = chimera_file_read(path, &bytes, err);
    if (code == CHIMERA_OK)
        code = check_certificate(chimera_buffer_slice(&bytes), err);
    chimera_buffer_free(&bytes);
    return code;
}

/* {type: Path, path: …} or {type: Data, data: …} */
static int check_authority(struct json_object *authority, struct chimera_error *err)
{
    struct json_object *type = NULL, *value = NULL;
    if (!json_object_is_type(authority, json_type_object))
        return fail_type("source_authorities", "an internally tagged enum", err);
    if (!json_object_object_get_ex(authority, "type", &type))
        return chimera_fail(err, CHIMERA_EINVAL, "source_authorities: missing field `type`");
    int code = check_text(type, "type", err);
    if (code < 0)
        return code;
    const char *name = json_object_get_string(type);
    bool is_path = strcmp(name, "Path") == 0;
    if (!is_path && strcmp(name, "Data") != 0)
        return chimera_fail(
            err, CHIMERA_EINVAL,
            "source_authorities: unknown variant `%.40s`, expected `Data` or `Path`", name);
    const char *key = is_path ? "path" : "data";
    if (!json_object_object_get_ex(authority, key, &value))
        return chimera_fail(err, CHIMERA_EINVAL, "source_authorities: missing field `%s`", key);
    code = check_text(value, key, err);
    if (code < 0)
        return code;
    const char *text = json_object_get_string(value);
    return is_path ? check_certificate_file(text, err)
                   : check_certificate(chimera_slice_of(text), err);
}

static int check_authorities(struct json_object *hosts, struct chimera_error *err)
{
    int code = CHIMERA_OK;
    if (!json_object_is_type(hosts, json_type_object))
        return fail_type("source_authorities", "a map", err);
    struct json_object_iterator at = json_object_iter_begin(hosts),
                                end = json_object_iter_end(hosts);
    for (; code == CHIMERA_OK && !json_object_iter_equal(&at, &end); json_object_iter_next(&at)) {
        struct json_object *list = json_object_iter_peek_value(&at);
        if (!json_object_is_type(list, json_type_array))
            return fail_type("source_authorities", "a sequence", err);
        for (size_t i = 0; i < json_object_array_length(list) && code == CHIMERA_OK; i++)
            code = check_authority(json_object_array_get_idx(list, i), err);
    }
    return code;
}

/* --- The rest --- */

static int check_insecure(struct json_object *list, struct chimera_error *err)
{
    int code = CHIMERA_OK;
    if (!json_object_is_type(list, json_type_array))
        return fail_type("insecure_sources", "a sequence", err);
    for (size_t i = 0; i < json_object_array_length(list) && code == CHIMERA_OK; i++)
        code = check_text(json_object_array_get_idx(list, i), "insecure_sources", err);
    return code;
}

static int check_proxies(struct json_object *proxies, struct chimera_error *err)
{
    static const char *const KEYS[] = {"http_proxy", "https_proxy", "no_proxy"};
    int code = CHIMERA_OK;
    if (!proxies)
        return CHIMERA_OK;
    if (!json_object_is_type(proxies, json_type_object))
        return fail_type("proxies", "struct ProxyConfig", err);
    for (size_t i = 0; i < sizeof(KEYS) / sizeof(KEYS[0]) && code == CHIMERA_OK; i++) {
        struct json_object *value = NULL;
        if (json_object_object_get_ex(proxies, KEYS[i], &value) && value)
            code = check_text(value, KEYS[i], err);
    }
    return code;
}

static int check_tree(struct json_object *tree, struct chimera_error *err)
{
    struct json_object *value = NULL;
    int code = CHIMERA_OK;
    if (!json_object_is_type(tree, json_type_object))
        return chimera_fail(err, CHIMERA_EINVAL, "invalid type: expected a map");
    if (json_object_object_get_ex(tree, "insecure_sources", &value))
        code = check_insecure(value, err);
    if (code == CHIMERA_OK && json_object_object_get_ex(tree, "source_authorities", &value))
        code = check_authorities(value, err);
    if (code == CHIMERA_OK && json_object_object_get_ex(tree, "proxies", &value))
        code = check_proxies(value, err);
    return code;
}

int chimera_sources_check_text(struct chimera_slice text, struct chimera_error *err)
{
    static const struct chimera_yaml_options OPTIONS = {.empty_is_map = true};
    CHIMERA_JSON struct json_object *tree = NULL;
    int code = chimera_yaml_parse(text, &OPTIONS, &tree, err);
    return code < 0 ? code : check_tree(tree, err);
}

int chimera_sources_check(const char *path, struct chimera_error *err)
{
    struct chimera_error why = {0};
    struct chimera_buffer text;
    int code = CHIMERA_OK;
    chimera_buffer_init(&text, FILE_MAX);
    if (access(path, R_OK) != 0) /* the reference calls every file a certificate here */
        code =
            chimera_fail(&why, CHIMERA_EIO, "Cannot read certificate from file: %s (os error %d)",
                         strerror(errno), errno);
    if (code == CHIMERA_OK)
        code = chimera_file_read(path, &text, &why);
    if (code == CHIMERA_OK)
        code = chimera_sources_check_text(chimera_buffer_slice(&text), &why);
    chimera_buffer_free(&text);
    if (code < 0)
        return chimera_fail(err, code, "error while loading sources from %s: %s", path, why.text);
    return CHIMERA_OK;
}
