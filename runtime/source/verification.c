#include "runtime/source/verification.h"

#include <errno.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <unistd.h>

#include "runtime/base/buffer.h"
#include "runtime/base/file.h"
#include "runtime/json/tree.h"
#include "runtime/yaml/yaml.h"

#define FILE_MAX ((size_t)16 << 20)
#define WRONG "Not a valid configuration file: "

static int fail_missing(const char *key, struct chimera_error *err)
{
    return chimera_fail(err, CHIMERA_EINVAL, WRONG "missing field `%s`", key);
}

static int check_type(struct json_object *value, enum json_type type, const char *key,
                      struct chimera_error *err)
{
    if (json_object_is_type(value, type))
        return CHIMERA_OK;
    return chimera_fail(err, CHIMERA_EINVAL, WRONG "%s: invalid type, expected %s", key,
                        type == json_type_string   ? "a string"
                        : type == json_type_object ? "a map"
                                                   : "a sequence");
}

/* `keys` ends with NULL. What nobody knows may be what somebody relies on. */
static int refuse_others(struct json_object *tree, const char *const *keys,
                         struct chimera_error *err)
{
    struct json_object_iterator at = json_object_iter_begin(tree), end = json_object_iter_end(tree);
    for (; !json_object_iter_equal(&at, &end); json_object_iter_next(&at)) {
        const char *const *key = keys;
        const char *name = json_object_iter_peek_name(&at);
        while (*key && strcmp(*key, name) != 0)
            key++;
        if (!*key)
            return chimera_fail(err, CHIMERA_EINVAL, WRONG "unknown field `%.100s`", name);
    }
    return CHIMERA_OK;
}

static int check_text(struct json_object *tree, const char *key, bool is_required,
                      struct chimera_error *err)
{
    struct json_object *value = NULL;
    bool is_there = json_object_object_get_ex(tree, key, &value);
    if (!is_there || (!value && !is_required))
        return is_required ? fail_missing(key, err) : CHIMERA_OK;
    return check_type(value, json_type_string, key, err);
}

static int check_annotations(struct json_object *tree, struct chimera_error *err)
{
    struct json_object *value = NULL;
    if (!json_object_object_get_ex(tree, "annotations", &value) || !value)
        return CHIMERA_OK;
    int code = check_type(value, json_type_object, "annotations", err);
    if (code < 0)
        return code;
    struct json_object_iterator at = json_object_iter_begin(value),
                                end = json_object_iter_end(value);
    for (; code == CHIMERA_OK && !json_object_iter_equal(&at, &end); json_object_iter_next(&at))
        code = check_type(json_object_iter_peek_value(&at), json_type_string, "annotations", err);
    return code;
}

static int check_key(struct json_object *entry, struct chimera_error *err)
{
    struct json_object *value = json_object_object_get(entry, "key");
    const char *text = json_object_get_string(value);
    BIO *bio = BIO_new_mem_buf(text, json_object_get_string_len(value));
    EVP_PKEY *key = bio ? PEM_read_bio_PUBKEY(bio, NULL, NULL, NULL) : NULL;
    bool is_good = key != NULL;
    EVP_PKEY_free(key);
    BIO_free(bio);
    ERR_clear_error();
    return is_good ? CHIMERA_OK
                   : chimera_fail(err, CHIMERA_EINVAL, WRONG "key: not a public key in PEM form");
}

/* {equal: …} or {urlPrefix: …} */
static int check_subject(struct json_object *entry, struct chimera_error *err)
{
    static const char *const KEYS[] = {"equal", "urlPrefix", NULL};
    struct json_object *subject = NULL;
    if (!json_object_object_get_ex(entry, "subject", &subject))
        return fail_missing("subject", err);
    int code = check_type(subject, json_type_object, "subject", err);
    if (code == CHIMERA_OK)
        code = refuse_others(subject, KEYS, err);
    if (code == CHIMERA_OK && json_object_object_length(subject) != 1)
        code = chimera_fail(err, CHIMERA_EINVAL,
                            WRONG "subject: exactly one of `equal` and `urlPrefix` is wanted");
    for (size_t i = 0; KEYS[i] && code == CHIMERA_OK; i++)
        if (json_object_object_get_ex(subject, KEYS[i], NULL))
            code = check_text(subject, KEYS[i], true, err);
    const char *prefix = code == CHIMERA_OK
                             ? json_object_get_string(json_object_object_get(subject, KEYS[1]))
                             : NULL;
    if (prefix && !strstr(prefix, "://"))
        code = chimera_fail(err, CHIMERA_EINVAL, WRONG "relative URL without a base: \"%.100s\"",
                            prefix);
    return code;
}

static int check_entry(struct json_object *entry, struct chimera_error *err)
{
    static const char *const PUBLIC_KEY[] = {"kind", "owner", "key", "annotations", NULL};
    static const char *const ISSUER[] = {"kind", "issuer", "subject", "annotations", NULL};
    static const char *const ACTION[] = {"kind", "owner", "repo", "annotations", NULL};
    int code = check_type(entry, json_type_object, "signatures", err);
    if (code == CHIMERA_OK)
        code = check_text(entry, "kind", true, err);
    if (code < 0)
        return code;
    const char *kind = json_object_get_string(json_object_object_get(entry, "kind"));
    bool is_key = strcmp(kind, "pubKey") == 0, is_issuer = strcmp(kind, "genericIssuer") == 0;
    if (!is_key && !is_issuer && strcmp(kind, "githubAction") != 0)
        return chimera_fail(err, CHIMERA_EINVAL,
                            WRONG
                            "unknown variant `%.40s`, expected one of `pubKey`, `genericIssuer`, "
                            "`githubAction`",
                            kind);
    code = refuse_others(entry, is_key ? PUBLIC_KEY : is_issuer ? ISSUER : ACTION, err);
    if (code == CHIMERA_OK)
        code = check_text(entry, is_key ? "key" : is_issuer ? "issuer" : "owner", true, err);
    if (code == CHIMERA_OK && is_key)
        code = check_text(entry, "owner", false, err);
    if (code == CHIMERA_OK && is_key)
        code = check_key(entry, err);
    if (code == CHIMERA_OK && is_issuer)
        code = check_subject(entry, err);
    if (code == CHIMERA_OK && !is_key && !is_issuer)
        code = check_text(entry, "repo", false, err);
    return code < 0 ? code : check_annotations(entry, err);
}

static int check_list(struct json_object *list, const char *key, struct chimera_error *err)
{
    int code = check_type(list, json_type_array, key, err);
    for (size_t i = 0; code == CHIMERA_OK && i < json_object_array_length(list); i++)
        code = check_entry(json_object_array_get_idx(list, i), err);
    return code;
}

static int check_any_of(struct json_object *any, struct chimera_error *err)
{
    static const char *const KEYS[] = {"minimumMatches", "signatures", NULL};
    struct json_object *value = NULL;
    int code = check_type(any, json_type_object, "anyOf", err);
    if (code == CHIMERA_OK)
        code = refuse_others(any, KEYS, err);
    if (code == CHIMERA_OK && json_object_object_get_ex(any, "minimumMatches", &value) &&
        (!json_object_is_type(value, json_type_int) || json_object_get_int64(value) < 0 ||
         json_object_get_int64(value) > 255))
        code = chimera_fail(err, CHIMERA_EINVAL,
                            WRONG "minimumMatches: invalid value, expected a number from 0 to 255");
    if (code == CHIMERA_OK && !json_object_object_get_ex(any, "signatures", &value))
        code = fail_missing("signatures", err);
    return code < 0 ? code : check_list(value, "signatures", err);
}

static int check_version(struct json_object *tree, struct chimera_error *err)
{
    struct json_object *version = NULL;
    if (!json_object_object_get_ex(tree, "apiVersion", &version))
        return CHIMERA_OK; /* the reference reads such files as v1 */
    if (json_object_is_type(version, json_type_string) &&
        strcmp(json_object_get_string(version), "v1") == 0)
        return CHIMERA_OK;
    return chimera_fail(err, CHIMERA_EINVAL, "Not a supported configuration version: Unsupported");
}

static int check_tree(struct json_object *tree, struct chimera_error *err)
{
    static const char *const KEYS[] = {"apiVersion", "allOf", "anyOf", NULL};
    struct json_object *all = NULL, *any = NULL;
    int code = check_type(tree, json_type_object, "the file", err);
    if (code == CHIMERA_OK)
        code = check_version(tree, err);
    if (code == CHIMERA_OK)
        code = refuse_others(tree, KEYS, err);
    if (code < 0)
        return code;
    json_object_object_get_ex(tree, "allOf", &all);
    json_object_object_get_ex(tree, "anyOf", &any);
    if (!all && !any)
        return chimera_fail(err, CHIMERA_EINVAL,
                            "config is missing signatures in both allOf and anyOff list");
    if (all)
        code = check_list(all, "allOf", err);
    return code < 0 || !any ? code : check_any_of(any, err);
}

int chimera_verification_check_text(struct chimera_slice text, struct chimera_error *err)
{
    static const struct chimera_yaml_options OPTIONS = {.duplicate_keys_fail = true};
    CHIMERA_JSON struct json_object *tree = NULL;
    struct chimera_error why = {0};
    int code = chimera_yaml_parse(text, &OPTIONS, &tree, &why);
    return code < 0 ? chimera_fail(err, code, WRONG "%s", why.text) : check_tree(tree, err);
}

int chimera_verification_check(const char *path, struct chimera_error *err)
{
    struct chimera_buffer text;
    if (access(path, R_OK) != 0)
        return chimera_fail(err, CHIMERA_EIO, "failed to read verification file: %s (os error %d)",
                            strerror(errno), errno);
    chimera_buffer_init(&text, FILE_MAX);
    int code = chimera_file_read(path, &text, err);
    if (code == CHIMERA_OK)
        code = chimera_verification_check_text(chimera_buffer_slice(&text), err);
    chimera_buffer_free(&text);
    return code;
}
