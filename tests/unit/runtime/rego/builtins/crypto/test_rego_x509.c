/* SPDX-License-Identifier: Apache-2.0 */
/* Certificates and keys: where there is a limit that Go has not, and what an account does. The keys
 * are of nobody. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "runtime/base/base64.h"
#include "runtime/rego/builtin.h"

#define TEXT_MAX ((size_t)16 << 20)
#define NOW_NS 1735689600000000000 /* 2025 */

static const char CHAIN[] =
    "MIIBIDCBx6ADAgECAgID6TAKBggqhkjOPQQDAjAPMQ0wCwYDVQQDDARyb290MB4XDTIwMDEwMTAwMDAwMFoXDTQw"
    "MDEwMTAwMDAwMFowDzENMAsGA1UEAwwEcm9vdDBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABAPLfqMAl3/5hShS"
    "TET+b2p96UjGfybm3g850pIQEklfUtBR49WuHRbwqeGXnT53OBHtk/rySpPK/tNg215INFqjEzARMA8GA1UdEwEB"
    "/wQFMAMBAf8wCgYIKoZIzj0EAwIDSAAwRQIhAMABg5SEP93k2X08X93SSwn/rkKLlBNWndbZGvYuq1hvAiAxog58"
    "mfuAyjBtrU/7kgyyBESkQj34sLKaQ/95SjrgSDCCATIwgdqgAwIBAgICA+owCgYIKoZIzj0EAwIwDzENMAsGA1UE"
    "AwwEcm9vdDAeFw0yMDAxMDEwMDAwMDBaFw00MDAxMDEwMDAwMDBaMBAxDjAMBgNVBAMMBWludGVyMCowBQYDK2Vw"
    "AyEAmygTzKNmyzm3XMEC2aisDTgKa4STaz6ahJuDUF/4YcijVDBSMA8GA1UdEwEB/wQFMAMBAf8wHQYDVR0eAQH/"
    "BBMwEaAPMA2CC2V4YW1wbGUuY29tMA8GA1UdIAQIMAYwBAYCKgMwDwYDVR0kAQH/BAUwA4ABADAKBggqhkjOPQQD"
    "AgNHADBEAiBZ48j7uGCHmocVKUG4EV/5mDOIH0BoOfMjlmc3YxBOvQIgGDVBoPSEQJ9WsI/7KIUa3ZHRkniT8NYd"
    "K4ZIlBo6a9IwggEUMIHHoAMCAQICAgPrMAUGAytlcDAQMQ4wDAYDVQQDDAVpbnRlcjAeFw0yMDAxMDEwMDAwMDBa"
    "Fw00MDAxMDEwMDAwMDBaMA8xDTALBgNVBAMMBGxlYWYwKjAFBgMrZXADIQCbKBPMo2bLObdcwQLZqKwNOAprhJNr"
    "PpqEm4NQX/hhyKNGMEQwMQYDVR0RBCowKIINYS5leGFtcGxlLmNvbYYXaHR0cHM6Ly9hLmV4YW1wbGUuY29tL3gw"
    "DwYDVR0gBAgwBjAEBgIqAzAFBgMrZXADQQAYMHsf1PiXaL/IgQdepQm7opy67ZsefO3azMytGp10BFiLpyq1c/7/"
    "bWuHCaO7v1l6q3qXlxZV8An18Jk9w9AH";
static const char REQUEST[] =
    "MIGsMGACAQAwDDEKMAgGA1UEAwwBeDAqMAUGAytlcAMhAJsoE8yjZss5t1zBAtmorA04CmuEk2s+moSbg1Bf+GHI"
    "oCEwHwYJKoZIhvcNAQkOMRIwEDAOBgNVHREEBzAFggNhLmIwBQYDK2VwA0EASDa/CpaywOm35lMymltPyGfHD6Gq"
    "smGlzQ61dWg4d5efVv11IAzM6+/befl6CWdKr6x3Nr0ut8lBs4I58KImDw==";
static const char CERTIFICATE[] =
    "MIHEMHigAwIBAgICA+wwBQYDK2VwMAwxCjAIBgNVBAMMAXgwHhcNMjAwMTAxMDAwMDAwWhcNNDAwMTAxMDAwMDAw"
    "WjAMMQowCAYDVQQDDAF4MCowBQYDK2VwAyEAmygTzKNmyzm3XMEC2aisDTgKa4STaz6ahJuDUF/4YcgwBQYDK2Vw"
    "A0EATT6WHmdeKXHjW9Bb/L0M3O6pEg24sCuESnYlXDtziGJWNhk4KYewLVN7LZF1Z0QPgHrrkuLfsQerJ0k/22nX"
    "AQ==";
static const char KEY[] = "MC4CAQAwBQYDK2VwBCIEIFGOl6zFXygTHgLd2BQDehtXQPEl/tQnqwwme5TsJqLQ";
static const char EC_KEY[] = "-----BEGIN EC PRIVATE KEY-----\n"
                             "MHcCAQEEIPxerQZ5h5eE2MgrtdHOVHA/o+XnHzUlCRdMRb4TZJCNoAoGCCqGSM49\n"
                             "AwEHoUQDQgAEA8t+owCXf/mFKFJMRP5van3pSMZ/JubeDznSkhASSV9S0FHj1a4d\n"
                             "FvCp4ZedPnc4Ee2T+vJKk8r+02DbXkg0Wg==\n"
                             "-----END EC PRIVATE KEY-----\n";

/* What came of it as text, which the caller frees. */
static int call(const char *name, struct json_object *const args[], struct chimera_account *account,
                struct chimera_buffer *out)
{
    struct chimera_error err = {0};
    struct json_object *result = NULL;
    const struct chimera_rego_call asked = {
        .args = args, .now_ns = NOW_NS, .account = account, .err = &err};
    int code = chimera_rego_builtin_find(name)->function(&asked, &result);
    chimera_buffer_init(out, TEXT_MAX);
    if (code == CHIMERA_OK)
        chimera_rego_write(result, out);
    else
        chimera_buffer_text(out, err.text);
    json_object_put(result);
    return code;
}

static const struct {
    const char *builtin, *args[2];
} calls[] = {
    {"crypto.x509.parse_certificates", {CHAIN}},
    {"crypto.x509.parse_and_verify_certificates", {CHAIN}},
    {"crypto.x509.parse_certificate_request", {REQUEST}},
    {"crypto.x509.parse_keypair", {CERTIFICATE, KEY}},
    {"crypto.parse_private_keys", {EC_KEY}},
    {"crypto.x509.parse_rsa_private_key", {EC_KEY}},
};

/* Nobody may take a chain for a wrong one for want of memory or time. */
static void an_account_that_ended_is_no_answer(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(calls) / sizeof(*calls); i++) {
        struct chimera_buffer whole, got;
        struct json_object *args[2] = {json_object_new_string(calls[i].args[0]), NULL};
        if (calls[i].args[1])
            args[1] = json_object_new_string(calls[i].args[1]);
        assert_int_equal(call(calls[i].builtin, args, NULL, &whole), CHIMERA_OK);
        unsigned refused = 0, given = 0;
        for (uint64_t bytes = 64; bytes < (uint64_t)1 << 22; bytes += bytes / 2) {
            struct chimera_account account;
            chimera_account_open(&account, CHIMERA_ACCOUNT_FOREVER, bytes);
            int code = call(calls[i].builtin, args, &account, &got);
            assert_true(code == CHIMERA_OK ? chimera_slice_equal(chimera_buffer_slice(&got),
                                                                 chimera_buffer_slice(&whole))
                                           : code == CHIMERA_ELIMIT);
            refused += code != CHIMERA_OK;
            given += code == CHIMERA_OK;
            chimera_buffer_free(&got);
        }
        assert_true(refused > 0 && given > 0);
        struct chimera_account late;
        chimera_account_open(&late, 1, CHIMERA_ACCOUNT_FOREVER);
        assert_int_equal(call(calls[i].builtin, args, &late, &got), CHIMERA_EDEADLINE);
        chimera_buffer_free(&got);
        chimera_buffer_free(&whole);
        json_object_put(args[0]);
        json_object_put(args[1]);
    }
}

static void the_chain_is_verified(void **state)
{
    struct json_object *args[] = {json_object_new_string(CHAIN)};
    struct chimera_buffer got;
    (void)state;
    assert_int_equal(call("crypto.x509.parse_and_verify_certificates", args, NULL, &got),
                     CHIMERA_OK);
    assert_true(chimera_slice_starts(chimera_buffer_slice(&got), "[true,"));
    chimera_buffer_free(&got);
    json_object_put(args[0]);
}

/* --- Limits --- */

/* A JSON Web Key of so many bits, one more than a byte's: 01 00 .. 00 01. */
static struct json_object *rsa_key(size_t bytes)
{
    struct chimera_buffer modulus, text;
    chimera_buffer_init(&modulus, TEXT_MAX);
    chimera_buffer_init(&text, TEXT_MAX);
    chimera_buffer_byte(&modulus, 1);
    for (size_t i = 2; i < bytes; i++)
        chimera_buffer_byte(&modulus, 0);
    chimera_buffer_byte(&modulus, 1);
    chimera_buffer_text(&text, "{\"kty\":\"RSA\",\"e\":\"AQAB\",\"n\":\"");
    chimera_base64_encode(chimera_buffer_slice(&modulus),
                          CHIMERA_BASE64_URL | CHIMERA_BASE64_UNPADDED, &text);
    chimera_buffer_text(&text, "\"}");
    struct json_object *key = json_object_new_string_len(text.data, (int)text.size);
    chimera_buffer_free(&modulus);
    chimera_buffer_free(&text);
    return key;
}

/* In a 64 MiB modulus there would be time for nothing else. */
static void large_rsa_keys_verify_nothing(void **state)
{
    static const size_t sizes[] = {256, 1024, 1025, (size_t)1 << 20};
    (void)state;
    for (size_t i = 0; i < sizeof(sizes) / sizeof(*sizes); i++) {
        struct json_object *args[] = {json_object_new_string("eyJhbGciOiJSUzI1NiJ9.e30.AAAA"),
                                      rsa_key(sizes[i])};
        struct chimera_buffer got;
        assert_int_equal(call("io.jwt.verify_rs256", args, NULL, &got), CHIMERA_OK);
        assert_true(chimera_slice_is(chimera_buffer_slice(&got), "false"));
        chimera_buffer_free(&got);
        json_object_put(args[0]);
        json_object_put(args[1]);
    }
}

/* A certificate whose serial number has so many bytes; the rest is `tail`, DER behind it. */
static int parse_serial(size_t bytes, struct chimera_buffer *out)
{
    static const char name[] = "\x30\x00", sequence[] = "\x30\x05\x06\x03\x2B\x65\x70";
    static const char validity[] = "\x30\x1E\x17\x0D"
                                   "200101000000Z\x17\x0D"
                                   "400101000000Z";
    static const char key[] = "\x30\x2A\x30\x05\x06\x03\x2B\x65\x70\x03\x21\x00";
    struct chimera_buffer inside, tbs, text;
    chimera_buffer_init(&inside, TEXT_MAX);
    chimera_buffer_init(&tbs, TEXT_MAX);
    chimera_buffer_init(&text, TEXT_MAX);
    chimera_buffer_print(&inside, "%c%c%c%c%c", 2, 0x83, (int)(bytes >> 16),
                         (int)(bytes >> 8 & 0xFF), (int)(bytes & 0xFF));
    for (size_t i = 0; i < bytes; i++)
        chimera_buffer_byte(&inside, 1);
    chimera_buffer_append(&inside, CHIMERA_SLICE(sequence));
    chimera_buffer_append(&inside, CHIMERA_SLICE(name));
    chimera_buffer_append(&inside, CHIMERA_SLICE(validity));
    chimera_buffer_append(&inside, CHIMERA_SLICE(name));
    chimera_buffer_append(&inside, CHIMERA_SLICE(key));
    for (int i = 0; i < 32; i++)
        chimera_buffer_byte(&inside, 1);
    size_t size = inside.size;
    chimera_buffer_print(&tbs, "%c%c%c%c%c", 0x30, 0x83, (int)(size >> 16), (int)(size >> 8 & 0xFF),
                         (int)(size & 0xFF));
    chimera_buffer_append(&tbs, chimera_buffer_slice(&inside));
    chimera_buffer_append(&tbs, CHIMERA_SLICE(sequence));
    chimera_buffer_append(&tbs, CHIMERA_SLICE("\x03\x01\x00"));
    chimera_buffer_reset(&inside);
    size = tbs.size;
    chimera_buffer_print(&inside, "%c%c%c%c%c", 0x30, 0x83, (int)(size >> 16),
                         (int)(size >> 8 & 0xFF), (int)(size & 0xFF));
    chimera_buffer_append(&inside, chimera_buffer_slice(&tbs));
    chimera_base64_encode(chimera_buffer_slice(&inside), CHIMERA_BASE64_STANDARD, &text);
    struct json_object *args[] = {json_object_new_string_len(text.data, (int)text.size)};
    int code = call("crypto.x509.parse_certificates", args, NULL, out);
    json_object_put(args[0]);
    chimera_buffer_free(&inside);
    chimera_buffer_free(&tbs);
    chimera_buffer_free(&text);
    return code;
}

/* To write a number of a megabyte in decimal takes minutes. */
static void large_numbers_are_refused(void **state)
{
    struct chimera_buffer got;
    (void)state;
    assert_int_equal(parse_serial((size_t)66 << 10, &got), CHIMERA_ELIMIT);
    assert_true(chimera_slice_is(chimera_buffer_slice(&got), "a number is too large"));
    chimera_buffer_free(&got);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_account_that_ended_is_no_answer),
        cmocka_unit_test(the_chain_is_verified),
        cmocka_unit_test(large_rsa_keys_verify_nothing),
        cmocka_unit_test(large_numbers_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
