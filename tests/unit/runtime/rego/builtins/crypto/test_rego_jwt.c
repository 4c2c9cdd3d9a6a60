/* SPDX-License-Identifier: Apache-2.0 */
/* JSON Web Tokens: what make-rego-cases cannot ask OPA, for its answers are random, or there are
 * none. The keys are of nobody. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "runtime/base/base64.h"
#include "runtime/rego/builtin.h"

#define TEXT_MAX ((size_t)16 << 20)

/* Makes the call with arguments that are a Rego array. What came of it is in `out`. */
static int call(const char *name, struct chimera_slice args, struct chimera_account *account,
                struct chimera_buffer *out)
{
    struct chimera_error err = {0};
    struct json_object *list = NULL, *values[CHIMERA_REGO_ARGS_MAX] = {NULL}, *result = NULL;
    if (chimera_rego_parse(args, &list, &err) < 0)
        fail_msg("%s", err.text);
    for (size_t i = 0; i < json_object_array_length(list); i++)
        values[i] = json_object_array_get_idx(list, i);
    const struct chimera_rego_call asked = {.args = values, .account = account, .err = &err};
    int code = chimera_rego_builtin_find(name)->function(&asked, &result);
    chimera_buffer_init(out, TEXT_MAX);
    if (code == CHIMERA_OK)
        chimera_rego_write(result, out);
    else
        chimera_buffer_text(out, err.text);
    json_object_put(result);
    json_object_put(list);
    return code;
}

static void expect(const char *name, const char *args, int code, const char *want)
{
    struct chimera_buffer got;
    int found = call(name, chimera_slice_of(args), NULL, &got);
    if (found != code || !chimera_slice_is(chimera_buffer_slice(&got), want))
        fail_msg("%s gives %d, %.*s", name, found, (int)got.size, got.data);
    chimera_buffer_free(&got);
}

/* --- Signing --- */

static const struct {
    const char *algorithm, *private_key, *public_key;
} keys[] = {
    {"ES256",
     "{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"A8t-owCXf_mFKFJMRP5van3pSMZ_JubeDznSkhASSV8\","
     "\"y\":\"UtBR49WuHRbwqeGXnT53OBHtk_rySpPK_tNg215INFo\",\"d\":\"_F6tBnmHl4TYyCu10c5UcD-"
     "j5ecfNSUJF0xFvhNkkI0\"}",
     "{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"A8t-owCXf_mFKFJMRP5van3pSMZ_JubeDznSkhASSV8\","
     "\"y\":\"UtBR49WuHRbwqeGXnT53OBHtk_rySpPK_tNg215INFo\"}"},
    {"ES384",
     "{\"kty\":\"EC\",\"crv\":\"P-384\",\"x\":"
     "\"0DeD0pqZT0tOxOLaMaqvmbtXr0zdtbtgqAvYz11eJ0DBMKvsDyjr1OgdKEw1_yvz\",\"y\":\"Ufonq7tgxfhu-"
     "oSnlPSU1zQgS2BThsHnGd-nnWmJiD0Ev3T1vekNOGhGeKtVLeV8\",\"d\":\"-NNq2Bt6JjZT_"
     "3auYwWEg9Zgo0MqPbsZCwAfF6FBsisoX92TXzuLYtNebVFlHybS\"}",
     "{\"kty\":\"EC\",\"crv\":\"P-384\",\"x\":"
     "\"0DeD0pqZT0tOxOLaMaqvmbtXr0zdtbtgqAvYz11eJ0DBMKvsDyjr1OgdKEw1_yvz\",\"y\":\"Ufonq7tgxfhu-"
     "oSnlPSU1zQgS2BThsHnGd-nnWmJiD0Ev3T1vekNOGhGeKtVLeV8\"}"},
    {"ES512",
     "{\"kty\":\"EC\",\"crv\":\"P-521\",\"x\":\"AF8Mbww4Wlslaykm-"
     "TgM0RBsCR3SWZtLsl6fRWR09sl1RNR6z6qh2T8RQP2qpn1-WZdd02dwwU0ZxfKNQkfnS3u7\",\"y\":\"AKV-"
     "ClOqCjWp-EUxsXjfY8sVv0IYpX0j8lF32CUtgHYyHPGp_mPeRVsEjPSewRHjWP--dUVXS8QTmzJi6TwQDfcm\",\"d\":"
     "\"AcIo0zNrJJScPepm9wH4VhsMH47aZgUwEMcFzHQSChw0abbqQjkfX6iW9m6ZBPp_ur3Qt3zAoQSW2olXtSTJDR5_"
     "\"}",
     "{\"kty\":\"EC\",\"crv\":\"P-521\",\"x\":\"AF8Mbww4Wlslaykm-"
     "TgM0RBsCR3SWZtLsl6fRWR09sl1RNR6z6qh2T8RQP2qpn1-WZdd02dwwU0ZxfKNQkfnS3u7\",\"y\":\"AKV-"
     "ClOqCjWp-EUxsXjfY8sVv0IYpX0j8lF32CUtgHYyHPGp_mPeRVsEjPSewRHjWP--dUVXS8QTmzJi6TwQDfcm\"}"},
    {"PS256",
     "{\"kty\":\"RSA\",\"n\":\"7mH7LgD6ua2tYIh5Qrr71-osvDFmDqX7I3gjtzpBneg7YfGuO_"
     "zv2HKcjBEw85LQqEwRsIlpfrB1V8DQi4xPPYXLuUm6usBtKov0a_lDRbm_c4jrp4PHQXWS__Ng0VdUBAC-"
     "d12ED5yRWwVXPy3sWRoVDzvTjfu85wYhVxAvE9TJPXyAD19xkYJlk4qn8og3mcNlYhGk_cLlfo44-k4QN-"
     "MFK1ZTx2JtF4EV41oEfGDyOfxzmj-"
     "3UntIqOHr2FxuFtSyCsBGuQFHBaoCwrhfQrSEKE7KVME8rshSHC34RIvoaCDkM7YcbOmXmqq7aX6jdE03qTmnjjnypD3a"
     "Zj1Qbw\",\"e\":\"AQAB\",\"d\":\"crvYADlac7ni475r1rFWe4JrS5zfCRfcOyMc1ZiFcnIO-"
     "sIu4RKJgf0P2d6AWAuGwCn0rapFi0N1Bup3tWKv1OWrux-"
     "Ab1gkcsDvwHQ1a77OJdZ1zaeAZMIpIWXLaJaGinKtOZhZ8oWh9FQqvO7mfbAvCKj71q-"
     "eKPdrXpMchYcME9oF2BWdfJYXLaWtOwQcxZLJ1trpcEz65MeZ0PukdQ3rvyQMfra7q7y67O8SoJxeavycUf_"
     "5vSWYtZW6aG5uzzmn6H4U2p6Vgq1Dyqax0OvwdtraLAFhZCxkN_"
     "YDBYxpqyzB7n5qjghxqgQ4sY0oO4GERI2V7rw9rOfh9Z2RIQ\",\"p\":"
     "\"98dRkiHF3vXnKB4HgXActkZsvnwgkGpTVzzk5ytpeAvkoYOpEqhE8oFsItaA52rZSR4JrJzKaEe76pAUZAKOhgSLFbI"
     "LU2E5WW7hkY9DJqzfOnRwdeMKzIAVHBkQtChubYa2FOvC7UiUUkKkrBJklfXeB75nrpLjNFHYdjwaYBE\",\"q\":"
     "\"9kraL83WsF4ClwUqPd6Y_QnxGjY-FOpBnjsEwbKKVXg9VGmuWElIlmEhYr529p4tuEqIjcjCXxP4-8mWi5--"
     "3aUwlIeZwmwycK7fcFl6Gl91ZTWGjl5aCySdHcZ0RMl5uT8akR6KLh-w2FfvcXiz7IWN05kovnBs9A5bHAjVKH8\","
     "\"dp\":"
     "\"zkUR9RNEhG41t0H4gZrxbBSIprLy8QZyxuccsA2Fybgs5wCSGcQXUcLIYOAtg3mB1cq5xwbnwZQmLgkv0GoIeC0EFFW"
     "Z9Bm2Amu6QNEA2AuF8kXI8XrHHKNr7242Z6RY-bjxj80NAzgusaRlLhJJxkVeRxgNfFkv5_hSuWsjkeE\",\"dq\":"
     "\"rSBoxvm2VDuBLo9e5ia2_AglBvviH-mbPpLWASJzwyjGU7QF7eF1uN-GDFc-"
     "YJVIJieeXawllZgAiV1nCba9ACjCQWYgW16bBkKmpd7_"
     "ydIYP5CkiSchvHt8RhXeXQwTGHiXQDNrhoiYUztdATKLp1MqIveigFue-t-sg8Rhshk\",\"qi\":\"8fVpg-"
     "9Q6J84qBJok8J7k5_a2xfR3k5fwqVx2ckwiRrs-O-1pVthz9DFwGqtiuzKpenu6MSsXakWN30TJPziXiPew7B6e-"
     "xNml4eg9OYZ4nc-FZ6qF6JNCAuEicmAlGbfrbCXSqNbQHcZZFhuiU6JcY--RGK1WKyn0uga5MJbrw\"}",
     "{\"kty\":\"RSA\",\"n\":\"7mH7LgD6ua2tYIh5Qrr71-osvDFmDqX7I3gjtzpBneg7YfGuO_"
     "zv2HKcjBEw85LQqEwRsIlpfrB1V8DQi4xPPYXLuUm6usBtKov0a_lDRbm_c4jrp4PHQXWS__Ng0VdUBAC-"
     "d12ED5yRWwVXPy3sWRoVDzvTjfu85wYhVxAvE9TJPXyAD19xkYJlk4qn8og3mcNlYhGk_cLlfo44-k4QN-"
     "MFK1ZTx2JtF4EV41oEfGDyOfxzmj-"
     "3UntIqOHr2FxuFtSyCsBGuQFHBaoCwrhfQrSEKE7KVME8rshSHC34RIvoaCDkM7YcbOmXmqq7aX6jdE03qTmnjjnypD3a"
     "Zj1Qbw\",\"e\":\"AQAB\"}"},
    {"EdDSA",
     "{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":\"mygTzKNmyzm3XMEC2aisDTgKa4STaz6ahJuDUF_4Ycg\","
     "\"d\":\"UY6XrMVfKBMeAt3YFAN6G1dA8SX-1CerDCZ7lOwmotA\"}",
     "{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":\"mygTzKNmyzm3XMEC2aisDTgKa4STaz6ahJuDUF_4Ycg\"}"},
};

/* Into `out`: the arguments of io.jwt.decode_verify for a token that was signed, and a key. */
static void sign(size_t i, size_t key, struct chimera_buffer *out)
{
    struct chimera_buffer args, token;
    chimera_buffer_init(&args, TEXT_MAX);
    chimera_buffer_print(&args, "[{\"alg\":\"%s\"},{\"iss\":\"me\"},%s]", keys[i].algorithm,
                         keys[i].private_key);
    assert_int_equal(call("io.jwt.encode_sign", chimera_buffer_slice(&args), NULL, &token),
                     CHIMERA_OK);
    struct json_object *text = json_object_new_string(keys[key].public_key);
    chimera_buffer_init(out, TEXT_MAX);
    chimera_buffer_print(out, "[%.*s,{\"cert\":%s}]", (int)token.size, token.data,
                         json_object_to_json_string(text));
    json_object_put(text);
    chimera_buffer_free(&args);
    chimera_buffer_free(&token);
}

static void what_is_signed_verifies(void **state)
{
    struct chimera_buffer args, got, wanted;
    (void)state;
    for (size_t i = 0; i < sizeof(keys) / sizeof(*keys); i++) {
        for (size_t key = 0; key < sizeof(keys) / sizeof(*keys); key++) {
            sign(i, key, &args);
            chimera_buffer_init(&wanted, TEXT_MAX);
            chimera_buffer_print(&wanted, "[true,{\"alg\":\"%s\"},{\"iss\":\"me\"}]",
                                 keys[i].algorithm);
            assert_int_equal(call("io.jwt.decode_verify", chimera_buffer_slice(&args), NULL, &got),
                             CHIMERA_OK);
            assert_true(i == key ? chimera_slice_equal(chimera_buffer_slice(&got),
                                                       chimera_buffer_slice(&wanted))
                                 : chimera_slice_is(chimera_buffer_slice(&got), "[false,{},{}]"));
            chimera_buffer_free(&args);
            chimera_buffer_free(&got);
            chimera_buffer_free(&wanted);
        }
    }
}

static void two_signatures_differ(void **state)
{
    struct chimera_buffer a, b;
    (void)state;
    sign(0, 0, &a);
    sign(0, 0, &b);
    assert_false(chimera_slice_equal(chimera_buffer_slice(&a), chimera_buffer_slice(&b)));
    chimera_buffer_free(&a);
    chimera_buffer_free(&b);
}

/* --- Where OPA ends, or a stack would --- */

static void members_of_another_type_are_errors(void **state)
{
    (void)state;
    expect("io.jwt.decode",
           "[\"eyJhbGciOiAiSFMyNTYiLCAidHlwIjogIkpXVCIsICJjdHkiOiAxfQ.eyJpc3MiOiAibWUiLCAibiI6IDF9."
           "CaNBdTQSYpcIbU5A9rXSghCq4ab79DuKkD3fbzzSS4g\"]",
           CHIMERA_EINVAL, "cty: must be a string");
    expect("io.jwt.decode",
           "[\"eyJhbGciOiAiSFMyNTYiLCAidHlwIjogIkpXVCIsICJjdHkiOiBudWxsfQ."
           "eyJpc3MiOiAibWUiLCAibiI6IDF9.Gjfx0VjT87SHeFz-7GrWwvPQuANmYj8OuTSaLdNHGJg\"]",
           CHIMERA_EINVAL, "cty: must be a string");
    expect(
        "io.jwt.decode_verify",
        "[\"eyJhbGciOiAiSFMyNTYiLCAidHlwIjogIkpXVCJ9.eyJpc3MiOiAxfQ."
        "G8yyvylGNmmGxZmTV6XARtK4MriXvQgtoATmzq0PXuM\", {\"secret\": \"secret\", \"iss\": \"me\"}]",
        CHIMERA_EINVAL, "iss value must be a string");
}

/* "eyJjdHkiOiJKV1QifQ" is {"cty":"JWT"}. Nothing is verified on the way. */
static void tokens_are_nested_so_deep_only(void **state)
{
    struct chimera_buffer token, next, args;
    (void)state;
    chimera_buffer_init(&token, TEXT_MAX);
    chimera_buffer_init(&next, TEXT_MAX);
    chimera_buffer_init(&args, TEXT_MAX);
    chimera_buffer_text(&token, "e30.e30.");
    for (int depth = 1; depth <= 17; depth++) {
        chimera_buffer_reset(&args);
        chimera_buffer_print(&args, "[\"%.*s\"]", (int)token.size, token.data);
        chimera_buffer_byte(&args, '\0');
        if (depth <= 16)
            expect("io.jwt.decode", args.data, CHIMERA_OK, "[{},{},\"\"]");
        else
            expect("io.jwt.decode", args.data, CHIMERA_ELIMIT, "tokens are nested too deeply");
        chimera_buffer_reset(&next);
        chimera_buffer_text(&next, "eyJjdHkiOiJKV1QifQ.");
        chimera_base64_encode(chimera_buffer_slice(&token),
                              CHIMERA_BASE64_URL | CHIMERA_BASE64_UNPADDED, &next);
        chimera_buffer_byte(&next, '.');
        chimera_buffer_reset(&token);
        chimera_buffer_append(&token, chimera_buffer_slice(&next));
    }
    chimera_buffer_free(&token);
    chimera_buffer_free(&next);
    chimera_buffer_free(&args);
}

/* --- Accounts --- */

/* Nobody may take a token for a wrong one that there was no time to look at. */
static void an_account_that_ended_is_no_verdict(void **state)
{
    struct chimera_buffer args, got;
    (void)state;
    sign(0, 0, &args);
    for (uint64_t bytes = 64; bytes < 32768; bytes *= 2) {
        struct chimera_account account;
        chimera_account_open(&account, CHIMERA_ACCOUNT_FOREVER, bytes);
        int code = call("io.jwt.decode_verify", chimera_buffer_slice(&args), &account, &got);
        if (code == CHIMERA_OK)
            assert_false(chimera_slice_is(chimera_buffer_slice(&got), "[false,{},{}]"));
        else
            assert_int_equal(code, CHIMERA_ELIMIT);
        chimera_buffer_free(&got);
        chimera_account_open(&account, 1, CHIMERA_ACCOUNT_FOREVER);
        assert_int_equal(call("io.jwt.decode_verify", chimera_buffer_slice(&args), &account, &got),
                         CHIMERA_EDEADLINE);
        chimera_buffer_free(&got);
    }
    chimera_buffer_free(&args);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_signed_verifies),
        cmocka_unit_test(two_signatures_differ),
        cmocka_unit_test(members_of_another_type_are_errors),
        cmocka_unit_test(tokens_are_nested_so_deep_only),
        cmocka_unit_test(an_account_that_ended_is_no_verdict),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
