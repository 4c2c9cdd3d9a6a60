/* SPDX-License-Identifier: Apache-2.0 */
/* The texts of RFC 4648 §10, each other text near them refused, and OpenSSL as a second opinion. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
/* cmocka wants those before it */
#include <cmocka.h>
#include <openssl/evp.h>
#include <stdlib.h>

#include "runtime/base/base64.h"
#include "runtime/base/error.h"

static const struct {
    const char *bytes, *text;
} PAIRS[] = {
    {"", ""},
    {"f", "Zg=="},
    {"fo", "Zm8="},
    {"foo", "Zm9v"},
    {"foob", "Zm9vYg=="},
    {"fooba", "Zm9vYmE="},
    {"foobar", "Zm9vYmFy"},
    {"\xfb\xff\xbf", "+/+/"},
};

static bool decodes(const char *text, unsigned form, const char *bytes)
{
    char to[64];
    size_t size = 0;
    return chimera_base64_decode(chimera_slice_of(text), form, to, &size) &&
           chimera_slice_is((struct chimera_slice){to, size}, bytes);
}

static void the_texts_of_the_standard_go_both_ways(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(PAIRS) / sizeof(PAIRS[0]); i++) {
        struct chimera_buffer out;
        chimera_buffer_init(&out, 100);
        assert_true(decodes(PAIRS[i].text, CHIMERA_BASE64_STANDARD, PAIRS[i].bytes));
        chimera_base64_encode(chimera_slice_of(PAIRS[i].bytes), CHIMERA_BASE64_STANDARD, &out);
        assert_true(chimera_slice_is(chimera_buffer_slice(&out), PAIRS[i].text));
        chimera_buffer_free(&out);
    }
}

static void each_alphabet_is_its_own(void **state)
{
    (void)state;
    assert_true(decodes("-_-_", CHIMERA_BASE64_URL, "\xfb\xff\xbf"));
    assert_false(decodes("+/+/", CHIMERA_BASE64_URL, "\xfb\xff\xbf"));
    assert_false(decodes("-_-_", CHIMERA_BASE64_STANDARD, "\xfb\xff\xbf"));
    assert_false(decodes("+_+_", CHIMERA_BASE64_STANDARD, "\xfb\xff\xbf"));
}

static void what_is_no_base64_is_refused(void **state)
{
    static const char *const BAD[] = {
        "Z",     "Zg",       "Zg=",  "Zh==",     "Zm9=",    "Zm8",        "====",
        "=",     "==",       "Z===", "Zg==Zg==", "Zm9v\n",  "Zm9v\nYg==", " Zm9v",
        "Zm9v ", "Zm9vYg=a", "Zm=v", "Zm9v====", "Zm\x80v", "Zm9v=",      "Zm9.",
    };
    (void)state;
    for (size_t i = 0; i < sizeof(BAD) / sizeof(BAD[0]); i++) {
        char to[64];
        size_t size = 77;
        if (chimera_base64_decode(chimera_slice_of(BAD[i]), CHIMERA_BASE64_STANDARD, to, &size))
            fail_msg("%s was taken", BAD[i]);
        assert_int_equal(size, 77);
    }
    char to[8];
    size_t size;
    assert_false(chimera_base64_decode((struct chimera_slice){"Zm\0v", 4}, 0, to, &size));
}

/* Each byte in the place of a digit: the value that it has is its place in the alphabet. */
static void the_digits_are_the_alphabets(void **state)
{
    static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
    (void)state;
    for (unsigned form = 0; form < 2; form++)
        for (int byte = 0; byte < 256; byte++) {
            char text[] = {'A', 'A', 'A', (char)byte}, to[8];
            size_t size = 0;
            const char *at = byte ? strchr(alphabet, byte) : NULL;
            int value = at ? (int)(at - alphabet) : -1;
            if (byte == (form ? '-' : '+'))
                value = 62;
            else if (byte == (form ? '_' : '/'))
                value = 63;
            bool is_good = chimera_base64_decode((struct chimera_slice){text, 4}, form, to, &size);
            if (byte == '=' && is_good) /* padding, of two bytes that are zero */
                assert_int_equal(size, 2);
            else if (is_good != (value >= 0))
                fail_msg("byte %d", byte);
            else if (is_good)
                assert_int_equal(to[2], value);
        }
}

static void without_padding_there_is_none(void **state)
{
    const unsigned form = CHIMERA_BASE64_URL | CHIMERA_BASE64_UNPADDED;
    struct chimera_buffer out;
    (void)state;
    assert_true(decodes("Zg", form, "f"));
    assert_true(decodes("Zm8", form, "fo"));
    assert_true(decodes("Zm9v", form, "foo"));
    assert_false(decodes("Zg==", form, "f"));
    assert_false(decodes("Zm8=", form, "fo"));
    assert_false(decodes("Zm9vY", form, "foo"));
    assert_false(decodes("Zh", form, "f"));
    chimera_buffer_init(&out, 100);
    chimera_base64_encode(CHIMERA_SLICE("\xfb\xff\xbf\xff"), form, &out);
    assert_true(chimera_slice_is(chimera_buffer_slice(&out), "-_-__w"));
    chimera_buffer_free(&out);
}

/* Bytes of each length; exactly as much room as is asked for, which the sanitizer watches. */
static void openssl_writes_the_same(void **state)
{
    (void)state;
    for (size_t size = 0; size < 200; size++) {
        unsigned char *bytes = malloc(size + 1);
        unsigned char text[300];
        assert_non_null(bytes);
        for (size_t i = 0; i < size; i++)
            bytes[i] = (unsigned char)(i * 151 + size * 31);
        int text_size = EVP_EncodeBlock(text, bytes, (int)size);
        struct chimera_buffer out;
        chimera_buffer_init(&out, 300);
        chimera_base64_encode((struct chimera_slice){(char *)bytes, size}, 0, &out);
        assert_int_equal(out.size, text_size);
        if (size > 0)
            assert_memory_equal(out.data, text, out.size);
        char *back = malloc(chimera_base64_decoded_max(out.size));
        size_t back_size = 0;
        assert_non_null(back);
        assert_true(chimera_base64_decode(chimera_buffer_slice(&out), 0, back, &back_size));
        assert_int_equal(back_size, size);
        assert_memory_equal(back, bytes, size);
        free(back);
        free(bytes);
        chimera_buffer_free(&out);
    }
}

static void an_arena_takes_what_fits(void **state)
{
    struct chimera_arena arena;
    struct chimera_slice bytes = {NULL, 0};
    (void)state;
    chimera_arena_init(&arena, 64);
    assert_int_equal(chimera_base64_decode_in(&arena, CHIMERA_SLICE("Zm9vYmE="), 0, &bytes),
                     CHIMERA_OK);
    assert_true(chimera_slice_is(bytes, "fooba"));
    assert_int_equal(chimera_base64_decode_in(&arena, CHIMERA_SLICE("Zm9vYmE"), 0, &bytes),
                     CHIMERA_EINVAL);
    chimera_arena_reset(&arena);
    char text[200];
    memset(text, 'A', sizeof(text));
    assert_int_equal(chimera_base64_decode_in(&arena, (struct chimera_slice){text, 200}, 0, &bytes),
                     CHIMERA_ELIMIT);
    chimera_arena_free(&arena);
}

static void a_full_buffer_keeps_the_failure(void **state)
{
    struct chimera_buffer out;
    (void)state;
    chimera_buffer_init(&out, 7);
    chimera_base64_encode(CHIMERA_SLICE("foobar"), 0, &out);
    assert_int_equal(out.failed, CHIMERA_ELIMIT);
    chimera_buffer_free(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_texts_of_the_standard_go_both_ways),
        cmocka_unit_test(each_alphabet_is_its_own),
        cmocka_unit_test(what_is_no_base64_is_refused),
        cmocka_unit_test(the_digits_are_the_alphabets),
        cmocka_unit_test(without_padding_there_is_none),
        cmocka_unit_test(openssl_writes_the_same),
        cmocka_unit_test(an_arena_takes_what_fits),
        cmocka_unit_test(a_full_buffer_keeps_the_failure),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
