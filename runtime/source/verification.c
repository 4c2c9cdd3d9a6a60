/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/source/verification.h"

#include <errno.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <stdlib.h>
#include <unistd.h>

#include "runtime/base/buffer.h"
#include "runtime/base/file.h"
#include "runtime/json/tree.h"
#include "runtime/yaml/document.h"

#define FILE_MAX ((size_t)16 << 20)
#define PRIVATE "PRIVATE KEY"
#define A_KIND "pubKey, genericIssuer or githubAction"
#define A_SIGNATURE "a map with `kind`: " A_KIND
#define A_LIST "a list of signatures, each " A_SIGNATURE
#define A_SUBJECT "{equal: …} or {urlPrefix: …}"

/* Else what is behind the NUL would not count. */
static bool is_whole(struct json_object *text)
{
    return strlen(json_object_get_string(text)) == (size_t)json_object_get_string_len(text);
}

/* What the key holds; NULL where that is wrong, or where it is absent and may be. */
static const char *check_text(struct chimera_document *document, struct json_object *map,
                              const char *key, bool is_required, const char *expected)
{
    struct json_object *value = NULL;
    if (!chimera_document_member(document, map, key, is_required ? expected : NULL, &value))
        return NULL;
    bool is_text =
        (value || is_required) && chimera_document_is(document, value, json_type_string, expected);
    if (is_text && !is_whole(value))
        chimera_document_note(document, "a text with a NUL in it");
    chimera_document_leave(document);
    return is_text ? json_object_get_string(value) : NULL;
}

static void check_key(struct chimera_document *document, struct json_object *entry)
{
    static const char expected[] = "a public key in PEM form (-----BEGIN PUBLIC KEY-----)";
    const char *text = check_text(document, entry, "key", true, expected);
    check_text(document, entry, "owner", false, "a text");
    BIO *bio = text ? BIO_new_mem_buf(text, (int)strlen(text)) : NULL;
    EVP_PKEY *key = bio ? PEM_read_bio_PUBKEY(bio, NULL, NULL, NULL) : NULL;
    bool is_public = key != NULL;
    EVP_PKEY_free(key);
    BIO_free(bio);
    ERR_clear_error();
    if (!text || (is_public && !strstr(text, PRIVATE)))
        return;
    chimera_document_enter(document, "key");
    if (strstr(text, PRIVATE)) /* which is not to be shown, not even how it begins */
        chimera_document_note(document, "expected %s, found a private one", expected);
    else
        chimera_document_expect(document, json_object_object_get(entry, "key"), expected);
    chimera_document_leave(document);
}

static void check_prefix(struct chimera_document *document, struct json_object *subject)
{
    static const char expected[] = "a URL such as https://HOST/PATH";
    const char *prefix = check_text(document, subject, "urlPrefix", true, expected);
    if (!prefix || strstr(prefix, "://"))
        return;
    chimera_document_enter(document, "urlPrefix");
    chimera_document_expect(document, json_object_object_get(subject, "urlPrefix"), expected);
    chimera_document_leave(document);
}

/* {equal: …} or {urlPrefix: …} */
static void check_subject(struct chimera_document *document, struct json_object *entry)
{
    static const char *const KEYS[] = {"equal", "urlPrefix", NULL};
    struct json_object *subject = NULL;
    if (!chimera_document_member(document, entry, "subject", A_SUBJECT, &subject))
        return;
    if (chimera_document_is(document, subject, json_type_object, A_SUBJECT)) {
        chimera_document_refuse_others(document, subject, KEYS, "a subject");
        bool is_equal = json_object_object_get_ex(subject, KEYS[0], NULL);
        bool is_prefix = json_object_object_get_ex(subject, KEYS[1], NULL);
        if (is_equal == is_prefix)
            chimera_document_note(document, "expected one of `equal` and `urlPrefix`, found %s",
                                  is_equal ? "both" : "neither");
        else if (is_equal)
            check_text(document, subject, KEYS[0], true, "a text");
        else
            check_prefix(document, subject);
    }
    chimera_document_leave(document);
}

static void check_kind(struct chimera_document *document, struct json_object *entry,
                       const char *kind)
{
    static const char *const PUBLIC_KEY[] = {"kind", "owner", "key", "annotations", NULL};
    static const char *const ISSUER[] = {"kind", "issuer", "subject", "annotations", NULL};
    static const char *const ACTION[] = {"kind", "owner", "repo", "annotations", NULL};
    if (strcmp(kind, "pubKey") == 0) {
        chimera_document_refuse_others(document, entry, PUBLIC_KEY, kind);
        check_key(document, entry);
    } else if (strcmp(kind, "genericIssuer") == 0) {
        chimera_document_refuse_others(document, entry, ISSUER, kind);
        check_text(document, entry, "issuer", true, "a text");
        check_subject(document, entry);
    } else if (strcmp(kind, "githubAction") == 0) {
        chimera_document_refuse_others(document, entry, ACTION, kind);
        check_text(document, entry, "owner", true, "a text");
        check_text(document, entry, "repo", false, "a text");
    } else {
        chimera_document_enter(document, "kind");
        chimera_document_expect(document, json_object_object_get(entry, "kind"), A_KIND);
        chimera_document_leave(document);
    }
}

static void check_entry(struct chimera_document *document, struct json_object *entry)
{
    if (!chimera_document_is(document, entry, json_type_object, A_SIGNATURE))
        return;
    const char *kind = check_text(document, entry, "kind", true, A_KIND);
    if (kind)
        check_kind(document, entry, kind);
    struct json_object *value = NULL;
    if (!chimera_document_member(document, entry, "annotations", NULL, &value))
        return;
    if (value &&
        chimera_document_is(document, value, json_type_object, "a map from names to texts")) {
        struct json_object_iterator at = json_object_iter_begin(value),
                                    end = json_object_iter_end(value);
        for (; !json_object_iter_equal(&at, &end); json_object_iter_next(&at)) {
            chimera_document_enter(document, json_object_iter_peek_name(&at));
            value = json_object_iter_peek_value(&at);
            if (chimera_document_is(document, value, json_type_string, "a text") &&
                !is_whole(value))
                chimera_document_note(document, "a text with a NUL in it");
            chimera_document_leave(document);
        }
    }
    chimera_document_leave(document);
}

static void check_list(struct chimera_document *document, struct json_object *list)
{
    if (!chimera_document_is(document, list, json_type_array, A_LIST))
        return;
    for (size_t i = 0; i < json_object_array_length(list); i++) {
        chimera_document_enter_index(document, i);
        check_entry(document, json_object_array_get_idx(list, i));
        chimera_document_leave(document);
    }
}

static void check_minimum(struct chimera_document *document, struct json_object *any)
{
    struct json_object *value = NULL;
    if (!chimera_document_member(document, any, "minimumMatches", NULL, &value))
        return;
    if (!json_object_is_type(value, json_type_int) || json_object_get_int64(value) < 0 ||
        json_object_get_int64(value) > 255)
        chimera_document_expect(document, value, "a number from 0 to 255");
    chimera_document_leave(document);
}

static void check_any_of(struct chimera_document *document, struct json_object *any)
{
    static const char *const KEYS[] = {"minimumMatches", "signatures", NULL};
    struct json_object *value = NULL;
    if (!chimera_document_is(document, any, json_type_object,
                             "a map of minimumMatches and signatures"))
        return;
    chimera_document_refuse_others(document, any, KEYS, "anyOf");
    check_minimum(document, any);
    if (chimera_document_member(document, any, "signatures", A_LIST, &value)) {
        check_list(document, value);
        chimera_document_leave(document);
    }
}

static void check_version(struct chimera_document *document)
{
    struct json_object *version = NULL;
    if (!chimera_document_member(document, document->tree, "apiVersion", NULL, &version))
        return; /* the reference reads such files as v1 */
    if (!json_object_is_type(version, json_type_string) ||
        strcmp(json_object_get_string(version), "v1") != 0)
        chimera_document_expect(document, version, "v1 (Not a supported configuration version)");
    chimera_document_leave(document);
}

/* What nobody knows may be what somebody relies on, so it is refused. */
static void check_tree(struct chimera_document *document)
{
    static const char *const KEYS[] = {"apiVersion", "allOf", "anyOf", NULL};
    struct json_object *tree = document->tree, *all = NULL, *any = NULL;
    if (!chimera_document_is(document, tree, json_type_object, "a map of allOf and anyOf"))
        return;
    check_version(document);
    chimera_document_refuse_others(document, tree, KEYS, "the file");
    json_object_object_get_ex(tree, "allOf", &all);
    json_object_object_get_ex(tree, "anyOf", &any);
    if (!all && !any)
        chimera_document_note(document, "expected allOf or anyOf, found neither (config is missing "
                                        "signatures in both allOf and anyOff list)");
    if (all) {
        chimera_document_enter(document, "allOf");
        check_list(document, all);
        chimera_document_leave(document);
    }
    if (any) {
        chimera_document_enter(document, "anyOf");
        check_any_of(document, any);
        chimera_document_leave(document);
    }
}

/* --- What it says --- */

static int read_list(struct json_object *list, struct chimera_constraint **ret_list,
                     size_t *ret_count, struct chimera_error *err)
{
    size_t count = list ? json_object_array_length(list) : 0;
    *ret_list = count ? calloc(count, sizeof(**ret_list)) : NULL;
    if (count && !*ret_list)
        return chimera_fail_memory(err);
    for (*ret_count = 0; *ret_count < count; ++*ret_count) {
        int code = chimera_constraint_read(json_object_array_get_idx(list, *ret_count),
                                           &(*ret_list)[*ret_count], err);
        if (code < 0)
            return code;
    }
    return CHIMERA_OK;
}

int chimera_verification_parse(struct chimera_slice text, const char *path,
                               struct chimera_verification *ret_verification,
                               struct chimera_error *err)
{
    static const struct chimera_yaml_options OPTIONS = {.duplicate_keys_fail = true};
    struct chimera_verification verification = {0};
    struct chimera_document document;
    if (chimera_document_read(&document, text, &OPTIONS))
        check_tree(&document);
    int code = chimera_problems_fail(&document.problems, path, CHIMERA_EINVAL, err);
    if (code == CHIMERA_OK && ret_verification) {
        struct json_object *any = json_object_object_get(document.tree, "anyOf"), *minimum = NULL;
        verification.minimum_matches = 1;
        if (any && json_object_object_get_ex(any, "minimumMatches", &minimum))
            verification.minimum_matches = (unsigned)json_object_get_int(minimum);
        code = read_list(json_object_object_get(document.tree, "allOf"), &verification.all_of,
                         &verification.all_count, err);
        if (code == CHIMERA_OK && any)
            code = read_list(json_object_object_get(any, "signatures"), &verification.any_of,
                             &verification.any_count, err);
        verification.has_any_of = any;
        if (code < 0)
            chimera_verification_done(&verification);
        else
            *ret_verification = verification;
    }
    chimera_document_done(&document);
    return code;
}

int chimera_verification_read(const char *path, struct chimera_verification *ret_verification,
                              struct chimera_error *err)
{
    struct chimera_buffer text;
    if (access(path, R_OK) != 0)
        return chimera_fail(err, CHIMERA_EIO,
                            "failed to read verification file: %s: %s (os error %d)", path,
                            strerror(errno), errno);
    chimera_buffer_init(&text, FILE_MAX);
    int code = chimera_file_read(path, &text, err);
    if (code == CHIMERA_OK)
        code = chimera_verification_parse(chimera_buffer_slice(&text), path, ret_verification, err);
    chimera_buffer_free(&text);
    return code;
}

static void list_done(struct chimera_constraint *list, size_t count)
{
    for (size_t i = 0; i < count; i++)
        chimera_constraint_done(&list[i]);
    free(list);
}

void chimera_verification_done(struct chimera_verification *verification)
{
    list_done(verification->all_of, verification->all_count);
    list_done(verification->any_of, verification->any_count);
    *verification = (struct chimera_verification){0};
}

int chimera_verification_add(struct chimera_verification *verification,
                             struct chimera_constraint *constraint, struct chimera_error *err)
{
    size_t count = verification->all_count;
    struct chimera_constraint *list = reallocarray(verification->all_of, count + 1, sizeof(*list));
    if (!list) {
        chimera_constraint_done(constraint);
        return chimera_fail_memory(err);
    }
    list[count] = *constraint;
    *constraint = (struct chimera_constraint){0};
    verification->all_of = list;
    verification->all_count = count + 1;
    return CHIMERA_OK;
}
