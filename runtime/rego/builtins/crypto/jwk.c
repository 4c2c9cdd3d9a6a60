/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/rego/builtins/crypto/jwk.h"

#include "runtime/rego/builtins/crypto/base/armor.h"
#include "runtime/rego/builtins/crypto/x509/x509.h"
#include "runtime/rego/unmarshal.h"

#define CHAIN_MAX 10 /* certificates in "x5c", and bytes of each */
#define CHAIN_BYTES_MAX ((size_t)256 << 10)
#define KEY_FREE_NS 3000

struct reader {
    const struct chimera_rego_call *call;
    struct chimera_rego_keys *keys;
    struct json_object *object; /* the key that is being read */
    bool is_signer;
    const char *wrong; /* what is wrong with it; NULL: nothing */
};

static int fail_key(const struct reader *reader, const char *why)
{
    const struct chimera_account *account = reader->call->account;
    if (account && account->failed)
        return chimera_rego_no_memory(reader->call);
    return chimera_fail(reader->call->err, CHIMERA_EINVAL, "failed to parse a JWK key (set): %s",
                        why);
}

/* --- Members --- */

static bool has(const struct reader *reader, const char *name)
{
    return json_object_object_get_ex(reader->object, name, NULL);
}

/* A string, or null for an empty one. */
static struct chimera_slice text_of(struct reader *reader, const char *name)
{
    struct json_object *value = NULL;
    if (!json_object_object_get_ex(reader->object, name, &value) || !value)
        return CHIMERA_SLICE("");
    if (json_object_is_type(value, json_type_string))
        return chimera_rego_string(value);
    reader->wrong = name;
    return CHIMERA_SLICE("");
}

/* Base64 of whatever form it seems to have. There is room: it was made for the whole text. */
static struct chimera_slice bytes_of(struct reader *reader, const char *name)
{
    struct chimera_slice text = text_of(reader, name);
    struct chimera_buffer *octets = &reader->keys->octets;
    size_t before = octets->size;
    bool is_padded = text.size > 0 && text.data[text.size - 1] == '=';
    bool is_standard =
        text.size > 0 && (memchr(text.data, '+', text.size) || memchr(text.data, '/', text.size));
    unsigned form = (is_padded ? 0u : CHIMERA_BASE64_UNPADDED) |
                    (is_standard ? CHIMERA_BASE64_STANDARD : CHIMERA_BASE64_URL);
    if (!chimera_rego_base64_decode(text, form, octets))
        reader->wrong = name;
    if (octets->size == before)
        return CHIMERA_SLICE("");
    return (struct chimera_slice){octets->data + before, octets->size - before};
}

/* The value of the last member of that name, in whatever case: so the library guesses what a key
 * is. */
static bool guess(const struct reader *reader, const char *name, struct json_object **ret_value)
{
    bool is_there = false;
    const struct lh_entry *entry = json_object_get_object(reader->object)->head;
    for (; entry; entry = entry->next) {
        if (strcasecmp((const char *)lh_entry_k(entry), name) == 0) {
            *ret_value = (struct json_object *)lh_entry_v(entry);
            is_there = true;
        }
    }
    return is_there;
}

/* "x5c": nothing is done with it, but a wrong one makes the key a wrong one. */
static int check_chain(struct reader *reader)
{
    struct json_object *chain = NULL;
    int code = CHIMERA_OK;
    if (!json_object_object_get_ex(reader->object, "x5c", &chain))
        return code;
    if (!json_object_is_type(chain, json_type_array) || json_object_array_length(chain) > CHAIN_MAX)
        return fail_key(reader, "x5c");
    for (size_t i = 0; i < json_object_array_length(chain) && code == CHIMERA_OK; i++) {
        struct chimera_buffer text, der;
        struct chimera_x509 certificate;
        struct json_object *encoded = json_object_array_get_idx(chain, i);
        if (!json_object_is_type(encoded, json_type_string))
            return fail_key(reader, "x5c");
        struct chimera_slice rest = chimera_rego_string(encoded);
        chimera_rego_buffer(reader->call, &text);
        chimera_buffer_init_within(&der, CHAIN_BYTES_MAX, reader->call->account);
        for (; rest.size > 0 && !text.failed; rest = chimera_slice_behind(rest, 1))
            if (!memchr(" \t\r\n\v\f", *rest.data, 6))
                chimera_buffer_byte(&text, (uint8_t)*rest.data);
        bool is_good =
            chimera_rego_base64_decode(chimera_buffer_slice(&text), 0, &der) && !der.failed;
        if (!is_good || !chimera_x509_read(reader->call, chimera_buffer_slice(&der), &certificate))
            code = fail_key(reader, "x5c");
        chimera_buffer_free(&text);
        chimera_buffer_free(&der);
    }
    return code;
}

/* What is the same in keys of all kinds. */
static int read_common(struct reader *reader, struct chimera_rego_named_key *named)
{
    static const char *const texts[] = {"use", "x5t", "x5t#S256", "x5u"};
    struct json_object *uses = NULL;
    named->kid = text_of(reader, "kid");
    named->alg = text_of(reader, "alg");
    for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++)
        text_of(reader, texts[i]);
    if (has(reader, "alg") && !chimera_rego_jws_is_key_algorithm(named->alg))
        reader->wrong = "alg";
    if (json_object_object_get_ex(reader->object, "key_ops", &uses) && uses) {
        bool is_list = json_object_is_type(uses, json_type_array);
        for (size_t i = 0; is_list && i < json_object_array_length(uses); i++) {
            struct json_object *use = json_object_array_get_idx(uses, i);
            is_list = !use || json_object_is_type(use, json_type_string);
        }
        if (!is_list)
            reader->wrong = "key_ops";
    }
    return check_chain(reader);
}

/* --- Keys by their kind --- */

static void want(struct reader *reader, const char *const names[])
{
    for (; *names; names++)
        if (!has(reader, *names))
            reader->wrong = *names;
}

static void read_rsa(struct reader *reader, bool is_private, struct chimera_rego_key *ret_key)
{
    struct chimera_rego_rsa rsa = {.n = bytes_of(reader, "n"), .e = bytes_of(reader, "e")};
    struct chimera_slice exponent = chimera_rego_without_zeroes(rsa.e);
    want(reader, (const char *const[]){"n", "e", NULL});
    if (chimera_rego_without_zeroes(rsa.n).size == 0)
        reader->wrong = "n";
    if (exponent.size == 0 || exponent.size > 8 || !(exponent.data[exponent.size - 1] & 1) ||
        (exponent.size == 8 && (uint8_t)exponent.data[0] >= 0x80))
        reader->wrong = "e";
    if (is_private) {
        rsa.d = bytes_of(reader, "d");
        rsa.p = bytes_of(reader, "p");
        rsa.q = bytes_of(reader, "q");
        rsa.dp = bytes_of(reader, "dp");
        rsa.dq = bytes_of(reader, "dq");
        rsa.qi = bytes_of(reader, "qi");
        if (rsa.d.size == 0)
            reader->wrong = "d";
        want(reader, (const char *const[]){"p", "q", NULL});
        if (!reader->is_signer)
            rsa = (struct chimera_rego_rsa){.n = rsa.n, .e = rsa.e};
    }
    if (reader->wrong)
        return;
    chimera_rego_key_rsa(&rsa, ret_key);
    ret_key->is_private = is_private;
}

static void read_ec(struct reader *reader, bool is_private, struct chimera_rego_key *ret_key)
{
    struct chimera_slice name = text_of(reader, "crv");
    struct chimera_slice x = bytes_of(reader, "x"), y = bytes_of(reader, "y"), d = {0};
    char point[1 + 2 * 66] = {4};
    enum chimera_rego_curve curve = CHIMERA_REGO_P256;
    while (curve < CHIMERA_REGO_CURVES && !chimera_slice_is(name, chimera_rego_curve_name(curve)))
        curve++;
    if (is_private)
        d = bytes_of(reader, "d");
    if (curve == CHIMERA_REGO_CURVES) {
        reader->wrong = "crv";
        return;
    }
    size_t size = chimera_rego_curve_bytes(curve);
    if (x.size != size || y.size != size || (is_private && d.size != size)) {
        reader->wrong = "a number's length";
        return;
    }
    memcpy(point + 1, x.data, size);
    memcpy(point + 1 + size, y.data, size);
    if (!reader->wrong &&
        !chimera_rego_key_ec(curve, (struct chimera_slice){point, 1 + 2 * size}, d, ret_key))
        reader->wrong = "the point is not on the curve";
}

/* A set for signing may hold keys of curves that there is no use for here. */
static void read_okp(struct reader *reader, bool is_private, struct chimera_rego_key *ret_key)
{
    static const char *const others[] = {"Ed448", "X448", "P-256", "P-384", "P-521"};
    struct chimera_slice name = text_of(reader, "crv"), x = bytes_of(reader, "x"), d = {0};
    bool is_ed25519 = chimera_slice_is(name, "Ed25519"),
         is_known = chimera_slice_is(name, "X25519");
    *ret_key = (struct chimera_rego_key){.kind = CHIMERA_REGO_KEY_OTHER, .is_private = is_private};
    if (is_private)
        d = bytes_of(reader, "d");
    bool is_right_size = x.size == 32 && (!is_private || d.size == 32);
    for (size_t i = 0; i < sizeof(others) / sizeof(*others) && !is_known && !is_ed25519; i++)
        if (chimera_slice_is(name, others[i])) {
            is_known = reader->is_signer;
            is_right_size = x.size > 0 && (!is_private || d.size > 0);
        }
    if (!is_known && !is_ed25519)
        reader->wrong = "crv";
    else if (!is_right_size)
        reader->wrong = "a number's length";
    if (reader->wrong || !is_ed25519)
        return;
    if (!chimera_rego_key_ed25519(x, d, ret_key) && !reader->is_signer)
        reader->wrong = "ed25519: invalid x value given d value";
}

static int read_key(struct reader *reader, struct chimera_rego_named_key *named)
{
    struct json_object *kind = NULL, *d;
    bool is_private = guess(reader, "d", &d);
    guess(reader, "kty", &kind);
    if (kind && !json_object_is_type(kind, json_type_string))
        return fail_key(reader, "kty");
    struct chimera_slice type = kind ? chimera_rego_string(kind) : CHIMERA_SLICE("");
    int code = read_common(reader, named);
    if (code < 0)
        return code;
    if (has(reader, "kty") && !chimera_slice_equal(text_of(reader, "kty"), type))
        reader->wrong = "kty";
    if (is_private && !has(reader, "d"))
        reader->wrong = "d";
    code = chimera_rego_has_time(reader->call, CHIMERA_REGO_KEY_NS);
    if (code < 0)
        return code;
    if (chimera_slice_is(type, "RSA")) {
        read_rsa(reader, is_private, &named->key);
    } else if (chimera_slice_is(type, "EC")) {
        read_ec(reader, is_private, &named->key);
    } else if (chimera_slice_is(type, "OKP")) {
        read_okp(reader, is_private, &named->key);
    } else if (chimera_slice_is(type, "oct")) {
        named->key.kind = CHIMERA_REGO_KEY_BYTES;
        named->key.bytes = bytes_of(reader, "k");
        if (named->key.bytes.size == 0)
            reader->wrong = "k";
    } else {
        reader->wrong = "kty";
    }
    return reader->wrong ? fail_key(reader, reader->wrong) : CHIMERA_OK;
}

/* --- Sets --- */

/* Takes the key, and what it costs. */
static int keep(struct reader *reader, struct chimera_rego_named_key *named)
{
    struct chimera_account *account = reader->call->account;
    chimera_buffer_append(&reader->keys->list,
                          (struct chimera_slice){(const char *)named, sizeof(*named)});
    if (reader->keys->list.failed) {
        chimera_rego_key_free(&named->key);
        return chimera_rego_no_memory(reader->call);
    }
    if (account)
        account->owed_ns += KEY_FREE_NS;
    return chimera_account_take(account, CHIMERA_REGO_KEY_HEAP) < 0
               ? chimera_rego_no_memory(reader->call)
               : CHIMERA_OK;
}

static int add_key(struct reader *reader, struct json_object *object)
{
    struct chimera_rego_named_key named = {0};
    reader->object = object;
    reader->wrong = NULL;
    if (!json_object_is_type(object, json_type_object))
        return fail_key(reader, "a key is no object");
    int code = read_key(reader, &named);
    bool is_needed = reader->is_signer || named.alg.size == 0;
    if (!is_needed) {
        const struct chimera_rego_jws *jws = chimera_rego_jws_find(named.alg);
        is_needed = jws && !jws->is_alias;
    }
    if (code == CHIMERA_OK && is_needed)
        return keep(reader, &named);
    chimera_rego_key_free(&named.key);
    return code;
}

static int read_jwk(struct reader *reader, struct chimera_slice text)
{
    struct json_object *set = NULL;
    bool has_more = false;
    int code = chimera_rego_unmarshal_first(text, reader->call->account, &reader->keys->tree,
                                            &has_more, reader->call->err);
    if (code < 0)
        return code;
    struct json_object *tree = reader->keys->tree;
    bool is_object = json_object_is_type(tree, json_type_object);
    if (!is_object || has_more || !json_object_object_get_ex(tree, "keys", &set))
        return add_key(reader, tree);
    if (!json_object_is_type(set, json_type_array) ||
        json_object_array_length(set) > CHIMERA_REGO_KEYS_MAX)
        return fail_key(reader, "keys");
    for (size_t i = 0; i < json_object_array_length(set) && code == CHIMERA_OK; i++)
        code = add_key(reader, json_object_array_get_idx(set, i));
    return code;
}

static int read_pem(struct reader *reader, const struct chimera_rego_pem *pem,
                    struct chimera_slice der)
{
    const struct chimera_rego_call *call = reader->call;
    struct chimera_rego_named_key named = {0};
    struct chimera_x509 certificate;
    bool is_certificate = chimera_slice_is(pem->type, "CERTIFICATE"), is_good;
    if (pem->rest.size > 0)
        return chimera_fail(call->err, CHIMERA_EINVAL, "extra data after a PEM certificate block");
    if (!is_certificate && !chimera_slice_is(pem->type, "PUBLIC KEY"))
        return chimera_fail(call->err, CHIMERA_EINVAL,
                            "failed to extract a Key from the PEM certificate");
    int code = chimera_rego_has_time(call, CHIMERA_REGO_KEY_NS + der.size);
    if (code < 0)
        return code;
    if (is_certificate) {
        is_good = chimera_x509_read(call, der, &certificate);
        if (is_good)
            chimera_x509_key(&certificate.public_key, &named.key);
    } else {
        is_good = chimera_x509_public_key(der, &named.key);
    }
    if (!is_good)
        return chimera_rego_refuse(call, is_certificate ? "failed to parse a PEM certificate"
                                                        : "failed to parse a PEM public key");
    return keep(reader, &named);
}

static int open_keys(struct reader *reader, struct chimera_slice text)
{
    struct chimera_rego_keys *keys = reader->keys;
    struct chimera_rego_pem pem;
    struct chimera_account *account = reader->call->account;
    *keys = (struct chimera_rego_keys){0};
    chimera_buffer_init_within(&keys->list, SIZE_MAX, account);
    chimera_buffer_init_within(&keys->octets, SIZE_MAX, account);
    if (!reader->is_signer && chimera_rego_pem_next(text, &pem, &keys->octets)) {
        keys->is_from_pem = true;
        return read_pem(reader, &pem, chimera_buffer_slice(&keys->octets));
    }
    chimera_buffer_reset(&keys->octets);
    if (!chimera_buffer_reserve(&keys->octets, text.size + 1)) /* so that nothing moves */
        return chimera_rego_no_memory(reader->call);
    return read_jwk(reader, text);
}

int chimera_rego_keys_open(const struct chimera_rego_call *call, struct chimera_slice text,
                           struct chimera_rego_keys *ret_keys)
{
    struct reader reader = {.call = call, .keys = ret_keys};
    return open_keys(&reader, text);
}

int chimera_rego_keys_open_signer(const struct chimera_rego_call *call, struct chimera_slice text,
                                  struct chimera_rego_keys *ret_keys)
{
    struct reader reader = {.call = call, .keys = ret_keys, .is_signer = true};
    return open_keys(&reader, text);
}

const struct chimera_rego_named_key *chimera_rego_keys_at(const struct chimera_rego_keys *keys,
                                                          size_t index)
{
    return (const struct chimera_rego_named_key *)(const void *)keys->list.data + index;
}

void chimera_rego_keys_close(struct chimera_rego_keys *keys)
{
    struct chimera_account *account = keys->list.account;
    for (size_t i = 0; i < chimera_rego_keys_count(keys); i++) {
        struct chimera_rego_named_key *named =
            (struct chimera_rego_named_key *)(void *)keys->list.data + i;
        chimera_rego_key_free(&named->key);
        chimera_account_give_back(account, CHIMERA_REGO_KEY_HEAP);
        if (account)
            account->owed_ns -= account->owed_ns < KEY_FREE_NS ? account->owed_ns : KEY_FREE_NS;
    }
    chimera_buffer_free(&keys->list);
    chimera_buffer_free(&keys->octets);
    json_object_put(keys->tree);
    keys->tree = NULL;
}
