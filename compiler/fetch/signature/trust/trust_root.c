/* SPDX-License-Identifier: Apache-2.0 */
#include "compiler/fetch/signature/trust/trust_root.h"

#include <inttypes.h>
#include <openssl/err.h>
#include <string.h>
#include <time.h>

#include "compiler/fetch/signature/trust/fields.h"
#include "compiler/fetch/signature/trust/public_good.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/digest.h"
#include "runtime/base/file.h"
#include "runtime/json/tree.h"

#define RSA_BITS_MIN 2048
#define DAY_SECONDS 86400
#define SHIPPED_DAYS_MAX 400 /* authorities and logs are changed about once a year */

struct reader {
    struct chimera_fields fields;
    const char *name;
    int64_t newest;
};

static void refuse(struct reader *reader, const char *why)
{
    if (reader->fields.code == CHIMERA_OK)
        reader->fields.code =
            chimera_fail(reader->fields.err, CHIMERA_EINVAL, "%s: %s", reader->name, why);
}

/* --- Keys of logs --- */

static bool is_known_kind(const EVP_PKEY *key)
{
    char curve[32] = "";
    switch (EVP_PKEY_get_base_id(key)) {
    case EVP_PKEY_ED25519:
        return true;
    case EVP_PKEY_EC:
        return EVP_PKEY_get_group_name(key, curve, sizeof(curve), NULL) == 1 &&
               strcmp(curve, "prime256v1") == 0;
    case EVP_PKEY_RSA:
        return EVP_PKEY_get_bits(key) >= RSA_BITS_MIN;
    default:
        return false;
    }
}

/* NULL for a kind that we do not know; the text of the key is in `*ret_spki`. */
static EVP_PKEY *read_key(struct reader *reader, struct json_object *public_key,
                          struct chimera_slice *ret_spki)
{
    struct chimera_slice der = chimera_fields_bytes(&reader->fields, public_key, "rawBytes");
    const unsigned char *at = (const unsigned char *)der.data;
    *ret_spki = der;
    if (der.size == 0) {
        refuse(reader, "a log has no key");
        return NULL;
    }
    EVP_PKEY *key = d2i_PUBKEY(NULL, &at, (long)der.size);
    if (key && at == (const unsigned char *)der.data + der.size && is_known_kind(key))
        return key;
    EVP_PKEY_free(key);
    return NULL;
}

static struct chimera_trust_period read_period(struct reader *reader, struct json_object *in)
{
    struct json_object *period = chimera_fields_object(&reader->fields, in, "validFor");
    struct chimera_trust_period read = {
        chimera_fields_time(&reader->fields, period, "start"),
        chimera_fields_time(&reader->fields, period, "end"),
    };
    /* A start that is left out must not mean "since ever". */
    if (read.start == 0)
        refuse(reader, "a key or an authority has no time from which it counts");
    if (read.start > reader->newest)
        reader->newest = read.start;
    return read;
}

static struct chimera_slice read_id(struct reader *reader, struct json_object *log,
                                    const char *field)
{
    struct json_object *id = chimera_fields_object(&reader->fields, log, field);
    return chimera_fields_bytes(&reader->fields, id, "keyId");
}

/* A log's id is the hash of its key, except for notes of Ed25519 keys, where its name is hashed,
 * too: checkpoint.c checks those, when it has the name. */
static void check_id(struct reader *reader, const struct chimera_trust_log *log,
                     struct chimera_slice id, struct chimera_slice spki)
{
    struct chimera_digest digest;
    if (id.size != CHIMERA_LOG_ID_BYTES)
        refuse(reader, "the id of a log is not 32 bytes long");
    else if (!log->key || EVP_PKEY_get_base_id(log->key) == EVP_PKEY_ED25519)
        return;
    else if (chimera_digest_of(spki, &digest) < 0 ||
             memcmp(digest.bytes, id.data, sizeof(digest.bytes)) != 0)
        refuse(reader, "the id of a log is not that of its key");
}

static void read_log(struct reader *reader, struct json_object *from, struct chimera_trust_log *log)
{
    struct json_object *key = chimera_fields_object(&reader->fields, from, "publicKey");
    struct chimera_slice spki, id = read_id(reader, from, "logId");
    struct chimera_slice note_id = read_id(reader, from, "checkpointKeyId");
    log->key = read_key(reader, key, &spki);
    log->period = read_period(reader, key);
    if (note_id.size == 0)
        note_id = id;
    check_id(reader, log, id, spki);
    if (note_id.size != CHIMERA_LOG_ID_BYTES)
        refuse(reader, "the id of a log is not 32 bytes long");
    if (reader->fields.code < 0)
        return;
    memcpy(log->id, id.data, sizeof(log->id));
    memcpy(log->note_id, note_id.data, sizeof(log->note_id));
}

static void read_logs(struct reader *reader, struct json_object *root, const char *field,
                      struct chimera_trust_log **ret_logs, size_t *ret_count)
{
    size_t count;
    struct json_object *list =
        chimera_fields_list(&reader->fields, root, field, CHIMERA_TRUST_ENTRIES_MAX, &count);
    struct chimera_trust_log *logs = count > 0 ? calloc(count, sizeof(*logs)) : NULL;
    if (count > 0 && !logs) {
        refuse(reader, chimera_code_text(CHIMERA_ENOMEM));
        return;
    }
    *ret_logs = logs;
    *ret_count = count;
    for (size_t i = 0; i < count && reader->fields.code == CHIMERA_OK; i++)
        read_log(reader, json_object_array_get_idx(list, i), &logs[i]);
}

/* --- Authorities --- */

static void read_certificate(struct reader *reader, struct json_object *from, STACK_OF(X509) * to)
{
    struct chimera_slice der = chimera_fields_bytes(&reader->fields, from, "rawBytes");
    const unsigned char *at = (const unsigned char *)der.data;
    X509 *certificate = der.size > 0 ? d2i_X509(NULL, &at, (long)der.size) : NULL;
    if (certificate && at == (const unsigned char *)der.data + der.size &&
        sk_X509_push(to, certificate) > 0)
        return;
    X509_free(certificate);
    refuse(reader, "a certificate of an authority cannot be read");
}

static void read_authority(struct reader *reader, struct json_object *from,
                           struct chimera_trust_authority *authority)
{
    struct json_object *chain = chimera_fields_object(&reader->fields, from, "certChain");
    size_t count;
    struct json_object *list = chimera_fields_list(&reader->fields, chain, "certificates",
                                                   CHIMERA_TRUST_CHAIN_MAX, &count);
    authority->period = read_period(reader, from);
    authority->chain = sk_X509_new_null();
    if (!authority->chain)
        refuse(reader, chimera_code_text(CHIMERA_ENOMEM));
    if (count == 0)
        refuse(reader, "an authority has no certificates");
    for (size_t i = 0; i < count && reader->fields.code == CHIMERA_OK; i++)
        read_certificate(reader, json_object_array_get_idx(list, i), authority->chain);
}

static void read_authorities(struct reader *reader, struct json_object *root, const char *field,
                             struct chimera_trust_authority **ret_authorities, size_t *ret_count)
{
    size_t count;
    struct json_object *list =
        chimera_fields_list(&reader->fields, root, field, CHIMERA_TRUST_ENTRIES_MAX, &count);
    struct chimera_trust_authority *authorities =
        count > 0 ? calloc(count, sizeof(*authorities)) : NULL;
    if (count > 0 && !authorities) {
        refuse(reader, chimera_code_text(CHIMERA_ENOMEM));
        return;
    }
    *ret_authorities = authorities;
    *ret_count = count;
    for (size_t i = 0; i < count && reader->fields.code == CHIMERA_OK; i++)
        read_authority(reader, json_object_array_get_idx(list, i), &authorities[i]);
}

/* --- The file --- */

static bool is_root_type(struct chimera_slice type)
{
    static const char *const types[] = {
        "application/vnd.dev.sigstore.trustedroot+json;version=0.1",
        "application/vnd.dev.sigstore.trustedroot+json;version=0.2",
        "application/vnd.dev.sigstore.trustedroot.v0.1+json",
        "application/vnd.dev.sigstore.trustedroot.v0.2+json",
    };
    for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
        if (chimera_slice_is(type, types[i]))
            return true;
    }
    return false;
}

/* The trusted root in the file, which may be all of it. */
static struct json_object *find_root(struct reader *reader, struct json_object *file)
{
    struct chimera_fields *fields = &reader->fields;
    if (!json_object_is_type(file, json_type_object))
        file = NULL;
    if (is_root_type(chimera_fields_text(fields, file, "mediaType")))
        return file;
    struct json_object *root = chimera_fields_object(fields, file, "trustedRoot");
    if (!root && fields->code == CHIMERA_OK)
        fields->code =
            chimera_fail(fields->err, CHIMERA_EINVAL,
                         "Sigstore PKI file %s missing trusted_root field", reader->name);
    else if (!is_root_type(chimera_fields_text(fields, root, "mediaType")))
        refuse(reader, "a trusted root of a kind that is not known");
    return root;
}

static void read_root(struct reader *reader, struct json_object *file,
                      struct chimera_trust_root *to)
{
    struct json_object *root = find_root(reader, file);
    read_logs(reader, root, "tlogs", &to->logs, &to->log_count);
    read_logs(reader, root, "ctlogs", &to->certificate_logs, &to->certificate_log_count);
    read_authorities(reader, root, "certificateAuthorities", &to->authorities,
                     &to->authority_count);
    read_authorities(reader, root, "timestampAuthorities", &to->timestamp_authorities,
                     &to->timestamp_authority_count);
    to->newest = reader->newest;
}

int chimera_trust_root_parse(struct chimera_slice text, const char *name,
                             struct chimera_trust_root *ret_root, struct chimera_error *err)
{
    CHIMERA_JSON struct json_object *file = NULL;
    struct chimera_error why = {0};
    struct chimera_trust_root root = {0};
    struct chimera_arena arena;
    if (text.size > CHIMERA_TRUST_ROOT_MAX)
        return chimera_fail(err, CHIMERA_ELIMIT, "%s: too long for a trust root", name);
    if (chimera_json_parse(text, &file, &why) < 0)
        return chimera_fail(err, CHIMERA_EINVAL, "%s: %s", name, why.text);
    chimera_arena_init(&arena, 2 * CHIMERA_TRUST_ROOT_MAX);
    struct reader reader = {{&arena, err, name, CHIMERA_OK}, name, 0};
    read_root(&reader, file, &root);
    chimera_arena_free(&arena);
    ERR_clear_error();
    if (reader.fields.code < 0) {
        chimera_trust_root_done(&root);
        return reader.fields.code;
    }
    *ret_root = root;
    return CHIMERA_OK;
}

int chimera_trust_root_read(const char *path, struct chimera_trust_root *ret_root,
                            struct chimera_error *err)
{
    struct chimera_buffer text;
    chimera_buffer_init(&text, CHIMERA_TRUST_ROOT_MAX);
    int code = path ? chimera_file_read(path, &text, err) : CHIMERA_OK;
    for (size_t i = 0; !path && chimera_public_good[i]; i++)
        chimera_buffer_text(&text, chimera_public_good[i]);
    if (code == CHIMERA_OK && text.failed)
        code = chimera_fail_memory(err);
    if (code == CHIMERA_OK)
        code = chimera_trust_root_parse(chimera_buffer_slice(&text),
                                        path ? path : "the shipped trust root", ret_root, err);
    chimera_buffer_free(&text);
    return code;
}

static void free_logs(struct chimera_trust_log *logs, size_t count)
{
    for (size_t i = 0; i < count; i++)
        EVP_PKEY_free(logs[i].key);
    free(logs);
}

static void free_authorities(struct chimera_trust_authority *authorities, size_t count)
{
    for (size_t i = 0; i < count; i++)
        sk_X509_pop_free(authorities[i].chain, X509_free);
    free(authorities);
}

void chimera_trust_root_done(struct chimera_trust_root *root)
{
    free_logs(root->logs, root->log_count);
    free_logs(root->certificate_logs, root->certificate_log_count);
    free_authorities(root->authorities, root->authority_count);
    free_authorities(root->timestamp_authorities, root->timestamp_authority_count);
    *root = (struct chimera_trust_root){0};
}

/* --- Its age --- */

static bool has_authority(const struct chimera_trust_root *root, int64_t now)
{
    for (size_t i = 0; i < root->authority_count; i++) {
        /* Its period may be open and its certificates have ended. */
        time_t seconds = (time_t)now;
        bool is_valid = chimera_trust_period_has(root->authorities[i].period, now);
        for (int j = 0; is_valid && j < sk_X509_num(root->authorities[i].chain); j++)
            is_valid =
                X509_cmp_time(X509_get0_notAfter(sk_X509_value(root->authorities[i].chain, j)),
                              &seconds) > 0;
        if (is_valid)
            return true;
    }
    return false;
}

static bool has_log(const struct chimera_trust_root *root, int64_t now)
{
    for (size_t i = 0; i < root->log_count; i++)
        if (root->logs[i].key && chimera_trust_period_has(root->logs[i].period, now))
            return true;
    return false;
}

void chimera_trust_root_warn(const struct chimera_trust_root *root, const char *path, int64_t now,
                             struct chimera_buffer *out)
{
    int64_t days = now > root->newest ? (now - root->newest) / DAY_SECONDS : 0;
    time_t newest = (time_t)root->newest;
    struct tm date = {0};
    char when[32] = "?";
    const char *why = NULL;
    if (!has_authority(root, now))
        why = "has no certificate authority that is valid now";
    else if (!has_log(root, now))
        why = "has no log that is valid now";
    else if (!path && days > SHIPPED_DAYS_MAX)
        why = "may lack keys that came since, and have some that were withdrawn";
    if (!why)
        return;
    if (gmtime_r(&newest, &date))
        strftime(when, sizeof(when), "%Y-%m-%d", &date);
    chimera_buffer_print(out,
                         "%s %s: its newest entry is of %s, %" PRId64
                         " days ago; renew it with `cosign trusted-root create` and name the file "
                         "with --sigstore-trust-config",
                         path ? path : "the trust root that is shipped", why, when, days);
}

/* --- What is asked of it --- */

const struct chimera_trust_log *chimera_trust_log_find(const struct chimera_trust_log *logs,
                                                       size_t count, struct chimera_slice id)
{
    for (size_t i = 0; i < count; i++) {
        if (id.size == CHIMERA_LOG_ID_BYTES && memcmp(logs[i].id, id.data, id.size) == 0)
            return &logs[i];
    }
    return NULL;
}

bool chimera_trust_log_signed(const struct chimera_trust_log *log, struct chimera_slice message,
                              struct chimera_slice signature)
{
    EVP_MD_CTX *context = log->key ? EVP_MD_CTX_new() : NULL;
    if (!context)
        return false;
    bool is_plain = EVP_PKEY_get_base_id(log->key) == EVP_PKEY_ED25519;
    const EVP_MD *hash = is_plain ? NULL : EVP_sha256();
    bool is_right = EVP_DigestVerifyInit(context, NULL, hash, NULL, log->key) == 1 &&
                    EVP_DigestVerify(context, (const unsigned char *)signature.data, signature.size,
                                     (const unsigned char *)message.data, message.size) == 1;
    EVP_MD_CTX_free(context);
    return is_right;
}
