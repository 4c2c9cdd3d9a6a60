/* SPDX-License-Identifier: Apache-2.0 */
#include "compiler/opa/signature.h"

#include <openssl/decoder.h>
#include <openssl/ec.h>
#include <openssl/pem.h>
#include <stdlib.h>

#include "compiler/opa/canonical.h"
#include "runtime/base/arena.h"
#include "runtime/base/base64.h"
#include "runtime/base/file.h"
#include "runtime/json/tree.h"
#include "runtime/rego/builtins/crypto/base/jws.h"

#define KEY_MAX ((size_t)64 << 10)
#define SIGNATURES_MAX ((size_t)4 << 20)
#define UNPADDED (CHIMERA_BASE64_URL | CHIMERA_BASE64_UNPADDED)

/* What this process requires, of all bundles that it reads. */
static struct {
    bool is_required;
    struct chimera_rego_key key; /* its pkey is owned */
    struct chimera_buffer secret;
    char *scope; /* owned; NULL: none */
} required;

/* --- The key --- */

static EVP_PKEY *read_pem(struct chimera_slice text)
{
    EVP_PKEY *key = NULL;
    X509 *certificate = NULL;
    BIO *bio = BIO_new_mem_buf(text.data, (int)text.size);
    OSSL_DECODER_CTX *context =
        OSSL_DECODER_CTX_new_for_pkey(&key, "PEM", NULL, NULL, EVP_PKEY_PUBLIC_KEY, NULL, NULL);
    if (bio && context && OSSL_DECODER_from_bio(context, bio) != 1) {
        BIO_free(bio);
        bio = BIO_new_mem_buf(text.data, (int)text.size);
        certificate = bio ? PEM_read_bio_X509(bio, NULL, NULL, NULL) : NULL;
        key = certificate ? X509_get_pubkey(certificate) : NULL;
    }
    X509_free(certificate);
    OSSL_DECODER_CTX_free(context);
    BIO_free(bio);
    return key;
}

/* Which kind it is, as the runtime names them; false for one that signs no tokens. */
static bool describe_key(EVP_PKEY *pkey, struct chimera_rego_key *ret_key)
{
    static const char *const groups[] = {[CHIMERA_REGO_P256] = "prime256v1",
                                         [CHIMERA_REGO_P384] = "secp384r1",
                                         [CHIMERA_REGO_P521] = "secp521r1"};
    char group[64] = "";
    *ret_key = (struct chimera_rego_key){.pkey = pkey, .bits = (unsigned)EVP_PKEY_get_bits(pkey)};
    switch (EVP_PKEY_get_base_id(pkey)) {
    case EVP_PKEY_RSA:
        ret_key->kind = CHIMERA_REGO_KEY_RSA;
        return ret_key->bits <= CHIMERA_REGO_RSA_BITS_MAX;
    case EVP_PKEY_ED25519:
        ret_key->kind = CHIMERA_REGO_KEY_ED25519;
        return true;
    case EVP_PKEY_EC:
        ret_key->kind = CHIMERA_REGO_KEY_EC;
        EVP_PKEY_get_group_name(pkey, group, sizeof(group), NULL);
        for (size_t i = CHIMERA_REGO_P256; i <= CHIMERA_REGO_P521; i++) {
            ret_key->curve = (enum chimera_rego_curve)i;
            if (strcmp(group, groups[i]) == 0)
                return true;
        }
        return false;
    default:
        return false;
    }
}

int chimera_opa_require_signature(const char *path, const char *scope, struct chimera_error *err)
{
    chimera_buffer_init(&required.secret, KEY_MAX);
    int code = chimera_file_read(path, &required.secret, err);
    struct chimera_slice text = chimera_buffer_slice(&required.secret);
    required.scope = scope ? strdup(scope) : NULL;
    if (code < 0)
        return code;
    if (scope && !required.scope)
        return chimera_fail_memory(err);
    if (text.size == 0)
        return chimera_fail(err, CHIMERA_EINVAL, "%s: the key of OPA bundles is empty", path);
    required.is_required = true;
    required.key = (struct chimera_rego_key){.kind = CHIMERA_REGO_KEY_BYTES, .bytes = text};
    if (!memmem(text.data, text.size, "-----BEGIN ", strlen("-----BEGIN ")))
        return CHIMERA_OK;
    EVP_PKEY *key = read_pem(text);
    if (key && describe_key(key, &required.key))
        return CHIMERA_OK;
    EVP_PKEY_free(key);
    return chimera_fail(err, CHIMERA_EINVAL,
                        "%s: no key of OPA bundles: in PEM it must be a public key or a "
                        "certificate, of RSA, P-256, P-384, P-521 or Ed25519",
                        path);
}

bool opa_signature_is_required(void)
{
    return required.is_required;
}

/* --- The token --- */

static int refuse(const char *path, struct chimera_error *err, const char *why, const char *what)
{
    return chimera_fail(err, CHIMERA_EUNSIGNED,
                        "%s: the OPA bundle is not signed as required: %s%s", path, why, what);
}

/* A part of the token as JSON. NULL: it is none, or no memory. */
static struct json_object *read_part(struct chimera_arena *arena, struct chimera_slice part)
{
    struct chimera_slice text;
    struct json_object *tree = NULL;
    if (chimera_base64_decode_in(arena, part, UNPADDED, &text) < 0 ||
        chimera_json_parse(text, &tree, NULL) < 0)
        return NULL;
    return tree;
}

static const char *member_text(struct json_object *object, const char *key)
{
    struct json_object *value = chimera_json_member(object, key);
    return json_object_is_type(value, json_type_string) ? json_object_get_string(value) : "";
}

/* Whether the key has signed `token`; *ret_claims is owned by the caller. */
static int open_token(const char *path, struct chimera_arena *arena, struct chimera_slice token,
                      struct json_object **ret_claims, struct chimera_error *err)
{
    struct chimera_slice part[3] = {0}, signature;
    struct chimera_error why = {0};
    const struct chimera_rego_call call = {.err = &why};
    size_t count = 0, start = 0;
    for (size_t i = 0; i <= token.size; i++) {
        if (i < token.size && token.data[i] != '.')
            continue;
        if (count < 3)
            part[count] = (struct chimera_slice){token.data + start, i - start};
        count++;
        start = i + 1;
    }
    CHIMERA_JSON struct json_object *header = count == 3 ? read_part(arena, part[0]) : NULL;
    const char *name = member_text(header, "alg");
    const struct chimera_rego_jws *jws = chimera_rego_jws_find(chimera_slice_of(name));
    bool is_valid = false;
    if (!json_object_is_type(header, json_type_object) ||
        chimera_base64_decode_in(arena, part[2], UNPADDED, &signature) < 0)
        return refuse(path, err, "what " OPA_SIGNATURES " has is no token", "");
    if (!jws || jws->is_alias || json_object_object_get_ex(header, "crit", NULL))
        return refuse(path, err, "its token asks for what is not known here: ",
                      jws && !jws->is_alias ? "crit" : name);
    struct chimera_slice text = {token.data, part[0].size + 1 + part[1].size};
    int code = chimera_rego_jws_verify(&call, jws, CHIMERA_REGO_JWS_STRICT, &required.key,
                                       &(struct chimera_rego_signed){text, signature}, &is_valid);
    if (code < 0 || !is_valid)
        return refuse(path, err, "its token is not signed by the key, with ", name);
    *ret_claims = read_part(arena, part[1]);
    return json_object_is_type(*ret_claims, json_type_object)
               ? CHIMERA_OK
               : refuse(path, err, "what the token says cannot be read", "");
}

/* --- Files --- */

/* As OPA names them; what is too weak to say anything is none. */
static const struct {
    const char *name;
    const EVP_MD *(*kind)(void);
} hashes[] = {{"SHA-224", EVP_sha224},         {"SHA-256", EVP_sha256},
              {"SHA-384", EVP_sha384},         {"SHA-512", EVP_sha512},
              {"SHA-512-224", EVP_sha512_224}, {"SHA-512-256", EVP_sha512_256}};

/* `row` is what the token says of the file. */
static int check_file(const char *path, const struct opa_archive *archive,
                      const struct opa_file *file, struct json_object *row,
                      struct chimera_error *err)
{
    const char *slash = strrchr(file->name, '/'), *last = slash ? slash + 1 : file->name;
    const EVP_MD *kind = NULL;
    struct chimera_slice bytes = opa_file_bytes(archive, file);
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned size = 0;
    struct chimera_buffer canonical, hex;
    struct chimera_error why = {0};
    for (size_t i = 0; i < sizeof(hashes) / sizeof(*hashes); i++)
        if (strcmp(member_text(row, "algorithm"), hashes[i].name) == 0)
            kind = hashes[i].kind();
    if (!kind)
        return refuse(path, err, "by no digest that counts here: ", file->name);
    chimera_buffer_init(&canonical, 8 * bytes.size + 8);
    int code = CHIMERA_OK;
    if (strcmp(last, "data.json") == 0 || strcmp(last, ".manifest") == 0) {
        code = opa_canonical_json(bytes, &canonical, &why);
        bytes = chimera_buffer_slice(&canonical);
    }
    chimera_buffer_init(&hex, sizeof(digest) * 2);
    bool is_right =
        code == CHIMERA_OK && EVP_Digest(bytes.data, bytes.size, digest, &size, kind, NULL) == 1;
    chimera_rego_put_hex((struct chimera_slice){(const char *)digest, size}, &hex);
    is_right = is_right && chimera_slice_is(chimera_buffer_slice(&hex), member_text(row, "hash"));
    chimera_buffer_free(&hex);
    chimera_buffer_free(&canonical);
    if (code < 0)
        return chimera_fail(err, code, "%s: %s of the OPA bundle cannot be hashed: %s", path,
                            file->name, why.text);
    return is_right ? CHIMERA_OK
                    : refuse(path, err, "its token has another digest of ", file->name);
}

/* Each file is in the list, and each of the list is there. */
static int check_files(const char *path, const struct opa_archive *archive,
                       struct json_object *list, struct chimera_error *err)
{
    size_t count = json_object_is_type(list, json_type_array) ? json_object_array_length(list) : 0;
    int code = CHIMERA_OK;
    for (size_t i = 0; i < archive->count && code == CHIMERA_OK; i++) {
        const struct opa_file *file = &archive->file[i];
        struct json_object *row = NULL;
        for (size_t j = 0; j < count && !row; j++) {
            row = json_object_array_get_idx(list, j);
            row = strcmp(member_text(row, "name"), file->name) == 0 ? row : NULL;
        }
        if (row)
            code = check_file(path, archive, file, row, err);
        else if (strcmp(file->name, OPA_SIGNATURES) != 0)
            code = refuse(path, err, "its token does not have ", file->name);
    }
    for (size_t i = 0; i < count && code == CHIMERA_OK; i++) {
        const char *name = member_text(json_object_array_get_idx(list, i), "name");
        if (!opa_archive_find(archive, name))
            code = refuse(path, err, "its token has what is not there: ", name);
    }
    return code;
}

int opa_signature_check(const char *path, const struct opa_archive *archive,
                        struct chimera_error *err)
{
    const struct opa_file *file = opa_archive_find(archive, OPA_SIGNATURES);
    CHIMERA_JSON struct json_object *signatures = NULL, *claims = NULL;
    struct chimera_arena arena;
    if (!file && required.is_required)
        return refuse(path, err, "it has no " OPA_SIGNATURES, "");
    if (file && !required.is_required)
        return chimera_fail(err, CHIMERA_EUNSIGNED,
                            "%s: the OPA bundle is signed, and nobody says by which key it must "
                            "be: name that with --opa-bundle-key",
                            path);
    if (!file)
        return CHIMERA_OK;
    if (file->size > SIGNATURES_MAX ||
        chimera_json_parse(opa_file_bytes(archive, file), &signatures, NULL) < 0)
        return refuse(path, err, OPA_SIGNATURES " cannot be read", "");
    struct json_object *list = chimera_json_member(signatures, "signatures");
    const char *plugin = member_text(signatures, "plugin");
    if (*plugin && strcmp(plugin, "_default") != 0)
        return refuse(path, err, "only OPA's own way of signing is known, not ", plugin);
    if (!json_object_is_type(list, json_type_array) || json_object_array_length(list) != 1)
        return refuse(path, err, OPA_SIGNATURES " must have one token", "");
    struct json_object *token = json_object_array_get_idx(list, 0);
    chimera_arena_init(&arena, 2 * SIGNATURES_MAX);
    int code =
        open_token(path, &arena, chimera_slice_of(json_object_get_string(token)), &claims, err);
    if (code == CHIMERA_OK)
        code = strcmp(member_text(claims, "scope"), required.scope ? required.scope : "") == 0
                   ? check_files(path, archive, chimera_json_member(claims, "files"), err)
                   : refuse(path, err,
                            "its token is for another scope: ", member_text(claims, "scope"));
    chimera_arena_free(&arena);
    return code;
}
