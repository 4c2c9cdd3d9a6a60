/* SPDX-License-Identifier: Apache-2.0 */
/* Builtins crypto.parse_private_keys, crypto.x509.parse_rsa_private_key and parse_keypair. */
#include "runtime/rego/builtins/crypto/base/armor.h"
#include "runtime/rego/builtins/crypto/base/private_key.h"
#include "runtime/rego/builtins/crypto/x509/show.h"

#define BEGIN "-----BEGIN"

/* --- Keys --- */

/* What each block of PEM that is a private key is added to. */
struct key_list {
    struct chimera_maker *maker;
    struct json_object *array; /* NULL: no key yet */
    bool is_jwk;               /* the first one only, as a JSON Web Key */
};

static void add_key(struct key_list *list, struct chimera_slice type, struct chimera_slice der)
{
    static const char *const types[] = {"RSA PRIVATE KEY", "PRIVATE KEY", "EC PRIVATE KEY"};
    struct chimera_maker *maker = list->maker;
    unsigned form = 0;
    while (form < 3 && !chimera_slice_is(type, types[form]))
        form++;
    if (form == 3)
        return;
    struct chimera_private_key key = {.kind = CHIMERA_PRIVATE_RSA};
    bool is_left_out = list->is_jwk && list->array;
    maker->code =
        chimera_rego_private_key_read(maker->call, (enum chimera_private_key_form)form, der, &key);
    if (!list->array)
        list->array = chimera_make_array(maker);
    if (maker->code == CHIMERA_OK && !is_left_out)
        chimera_make_element(maker, list->array,
                             list->is_jwk ? chimera_private_key_show_jwk(maker, &key)
                                          : chimera_private_key_show(maker, &key));
}

/* All keys of a text of PEM, or of base64 of such. Blocks of other kinds are passed over. */
static void read_keys(struct key_list *list, struct chimera_slice text)
{
    struct chimera_maker *maker = list->maker;
    struct chimera_buffer decoded, der;
    struct chimera_rego_pem pem;
    chimera_rego_buffer(maker->call, &decoded);
    chimera_rego_buffer(maker->call, &der);
    if (chimera_rego_base64_decode(text, CHIMERA_BASE64_STANDARD, &decoded))
        text = chimera_buffer_slice(&decoded);
    while (maker->code == CHIMERA_OK && chimera_rego_pem_next(text, &pem, &der)) {
        text = pem.rest;
        add_key(list, pem.type, chimera_buffer_slice(&der));
        chimera_buffer_reset(&der);
    }
    const struct chimera_account *account = maker->call->account;
    if (maker->code == CHIMERA_OK && (decoded.failed || der.failed || (account && account->failed)))
        maker->code = chimera_rego_no_memory(maker->call);
    chimera_buffer_free(&decoded);
    chimera_buffer_free(&der);
}

int chimera_rego_parse_private_keys(const struct chimera_rego_call *call,
                                    struct json_object **ret_result)
{
    struct chimera_slice text;
    struct chimera_maker maker = {.call = call};
    struct key_list list = {.maker = &maker};
    int code = chimera_rego_want_string(call, 0, &text);
    if (code < 0)
        return code;
    if (text.size == 0) {
        *ret_result = NULL;
        return CHIMERA_OK;
    }
    read_keys(&list, text);
    if (!list.array)
        list.array = chimera_make_array(&maker);
    return chimera_make_finish(&maker, list.array, ret_result);
}

int chimera_rego_x509_parse_rsa_private_key(const struct chimera_rego_call *call,
                                            struct json_object **ret_result)
{
    struct chimera_slice text;
    struct chimera_buffer decoded;
    struct chimera_maker maker = {.call = call};
    struct key_list list = {.maker = &maker, .is_jwk = true};
    int code = chimera_rego_want_string(call, 0, &text);
    if (code < 0)
        return code;
    if (text.size == 0)
        return chimera_fail(call->err, CHIMERA_EINVAL, "input PEM data was empty");
    chimera_rego_buffer(call, &decoded);
    if (!chimera_slice_starts(text, BEGIN)) {
        if (!chimera_rego_base64_decode(text, CHIMERA_BASE64_STANDARD, &decoded))
            maker.code = chimera_rego_refuse(call, "illegal base64 data");
        text = chimera_buffer_slice(&decoded);
    }
    if (maker.code == CHIMERA_OK)
        read_keys(&list, text);
    chimera_buffer_free(&decoded);
    if (maker.code == CHIMERA_OK)
        *ret_result = list.array ? json_object_get(json_object_array_get_idx(list.array, 0)) : NULL;
    json_object_put(list.array);
    return maker.code;
}

/* --- A certificate and its key --- */

struct pair {
    const struct chimera_rego_call *call;
    struct json_object *chain;      /* owned: the certificates as base64 */
    struct chimera_buffer leaf_der; /* of the first one */
    struct chimera_buffer key_der;
    struct chimera_x509 leaf;
    struct chimera_private_key key;
};

/* The text itself, or what it decodes to, in `decoded`; whether that is PEM. */
static int open_text(const struct chimera_rego_call *call, unsigned index,
                     struct chimera_buffer *decoded, struct chimera_slice *ret_text,
                     bool *ret_is_pem)
{
    int code = chimera_rego_want_string(call, index, ret_text);
    if (code < 0)
        return code;
    if (!chimera_slice_starts(*ret_text, BEGIN " ")) {
        if (!chimera_rego_base64_decode(*ret_text, CHIMERA_BASE64_STANDARD, decoded))
            return chimera_rego_refuse(call, "illegal base64 data");
        *ret_text = chimera_buffer_slice(decoded);
    }
    *ret_is_pem = chimera_slice_starts(*ret_text, BEGIN " ");
    return decoded->failed ? chimera_rego_no_memory(call) : CHIMERA_OK;
}

static void add_certificate(struct chimera_maker *maker, struct pair *pair,
                            struct chimera_slice der)
{
    if (json_object_array_length(pair->chain) == 0)
        chimera_buffer_append(&pair->leaf_der, der);
    chimera_make_element(maker, pair->chain, chimera_make_bytes(maker, der));
}

static void read_certificates(struct chimera_maker *maker, struct pair *pair)
{
    const struct chimera_rego_call *call = maker->call;
    struct chimera_buffer decoded, der;
    struct chimera_rego_pem pem;
    struct chimera_slice text = {0};
    bool is_pem = false;
    chimera_rego_buffer(call, &decoded);
    chimera_rego_buffer(call, &der);
    maker->code = open_text(call, 0, &decoded, &text, &is_pem);
    pair->chain = chimera_make_array(maker);
    if (maker->code == CHIMERA_OK && !is_pem)
        add_certificate(maker, pair, text);
    while (maker->code == CHIMERA_OK && is_pem && chimera_rego_pem_next(text, &pem, &der)) {
        text = pem.rest;
        if (chimera_slice_is(pem.type, "CERTIFICATE"))
            add_certificate(maker, pair, chimera_buffer_slice(&der));
        chimera_buffer_reset(&der);
    }
    if (maker->code == CHIMERA_OK &&
        (der.failed || pair->leaf_der.failed || (call->account && call->account->failed)))
        maker->code = chimera_rego_no_memory(call);
    if (maker->code == CHIMERA_OK && json_object_array_length(pair->chain) == 0)
        maker->code = chimera_fail(call->err, CHIMERA_EINVAL,
                                   "tls: failed to find any PEM data in certificate input");
    chimera_buffer_free(&decoded);
    chimera_buffer_free(&der);
}

/* The first block whose type ends so is the key; of which form is tried. */
static int read_key(struct pair *pair)
{
    const struct chimera_rego_call *call = pair->call;
    struct chimera_buffer decoded;
    struct chimera_rego_pem pem;
    struct chimera_slice text;
    bool is_pem, is_found = false;
    chimera_rego_buffer(call, &decoded);
    int code = open_text(call, 1, &decoded, &text, &is_pem);
    if (code == CHIMERA_OK && !is_pem) {
        is_found = true;
        chimera_buffer_append(&pair->key_der, text);
    }
    while (code == CHIMERA_OK && !is_found && chimera_rego_pem_next(text, &pem, &pair->key_der)) {
        const char *last = "PRIVATE KEY";
        size_t size = strlen(last);
        text = pem.rest;
        is_found = pem.type.size >= size &&
                   memcmp(pem.type.data + pem.type.size - size, last, size) == 0 &&
                   (pem.type.size == size || pem.type.data[pem.type.size - size - 1] == ' ');
        if (!is_found)
            chimera_buffer_reset(&pair->key_der);
    }
    chimera_buffer_free(&decoded);
    if (code == CHIMERA_OK && !is_found)
        code = chimera_fail(call->err, CHIMERA_EINVAL,
                            "tls: failed to find any PEM data in key input");
    if (code < 0)
        return code;
    code = CHIMERA_EINVAL;
    for (unsigned form = 0; form < 3 && code == CHIMERA_EINVAL; form++)
        code = chimera_rego_private_key_read(call, (enum chimera_private_key_form)form,
                                             chimera_buffer_slice(&pair->key_der), &pair->key);
    return code;
}

static bool belongs(const struct pair *pair)
{
    const struct chimera_x509_public_key *public_key = &pair->leaf.public_key;
    const struct chimera_private_key *key = &pair->key;
    struct chimera_slice point = public_key->point;
    switch (public_key->algorithm) {
    case CHIMERA_X509_RSA:
        return key->kind == CHIMERA_PRIVATE_RSA && chimera_slice_equal(key->rsa.n, public_key->n) &&
               chimera_slice_equal(key->rsa.e, public_key->e);
    case CHIMERA_X509_ECDSA:
        return key->kind == CHIMERA_PRIVATE_EC && key->curve == public_key->curve &&
               memcmp(point.data + 1, key->x.data, point.size - 1) == 0;
    case CHIMERA_X509_ED25519:
        return key->kind == CHIMERA_PRIVATE_ED25519 && chimera_slice_equal(point, key->x);
    case CHIMERA_X509_UNKNOWN_KEY:
    case CHIMERA_X509_DSA:
    case CHIMERA_X509_X25519:
        break;
    }
    return false;
}

/* tls.Certificate */
static struct json_object *show_pair(struct chimera_maker *maker, struct pair *pair)
{
    struct json_object *object = chimera_make_object(maker);
    chimera_make_member(maker, object, "Certificate", pair->chain);
    pair->chain = NULL; /* now the object's */
    chimera_make_member(maker, object, "PrivateKey", chimera_private_key_show(maker, &pair->key));
    chimera_make_member(maker, object, "SupportedSignatureAlgorithms", NULL);
    chimera_make_member(maker, object, "OCSPStaple", NULL);
    chimera_make_member(maker, object, "SignedCertificateTimestamps", NULL);
    chimera_make_member(maker, object, "Leaf", chimera_x509_show(maker, &pair->leaf, false));
    return object;
}

int chimera_rego_x509_parse_keypair(const struct chimera_rego_call *call,
                                    struct json_object **ret_result)
{
    struct pair pair = {.call = call};
    struct chimera_maker maker = {.call = call};
    struct json_object *object = NULL;
    int code = chimera_rego_want(call, 0, CHIMERA_REGO_STRING);
    if (code == CHIMERA_OK)
        code = chimera_rego_want(call, 1, CHIMERA_REGO_STRING);
    if (code < 0)
        return code;
    chimera_rego_buffer(call, &pair.leaf_der);
    chimera_rego_buffer(call, &pair.key_der);
    read_certificates(&maker, &pair);
    if (maker.code == CHIMERA_OK)
        maker.code = read_key(&pair);
    if (maker.code == CHIMERA_OK &&
        !chimera_x509_read(call, chimera_buffer_slice(&pair.leaf_der), &pair.leaf))
        maker.code = chimera_rego_refuse(call, "x509: malformed certificate");
    if (maker.code == CHIMERA_OK && !belongs(&pair))
        maker.code =
            chimera_fail(call->err, CHIMERA_EINVAL, "tls: private key does not match public key");
    if (maker.code == CHIMERA_OK)
        object = show_pair(&maker, &pair);
    json_object_put(pair.chain);
    chimera_buffer_free(&pair.leaf_der);
    chimera_buffer_free(&pair.key_der);
    return chimera_make_finish(&maker, object, ret_result);
}
