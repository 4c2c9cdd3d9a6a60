/* SPDX-License-Identifier: Apache-2.0 */
/* The wire format: the examples of https://protobuf.dev/programming-guides/encoding/, and what
 * Python's struct module makes of numbers. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
/* cmocka wants those before it */
#include <cmocka.h>

#include "plugins/otlp/protobuf.c"

static struct chimera_buffer out;

static int set_up(void **state)
{
    (void)state;
    chimera_buffer_init(&out, 1 << 20);
    return 0;
}

static int take_down(void **state)
{
    (void)state;
    chimera_buffer_free(&out);
    return 0;
}

static void expect(const char *bytes, size_t size)
{
    assert_int_equal(out.failed, 0);
    assert_int_equal(out.size, size);
    assert_memory_equal(out.data, bytes, size);
    chimera_buffer_reset(&out);
}
#define EXPECT(literal) expect((literal), sizeof(literal) - 1)

static void the_documentation_s_examples(void **state)
{
    (void)state;
    protobuf_put_varint(&out, 1, 150); /* Test1 { a: 150 } */
    EXPECT("\x08\x96\x01");
    protobuf_put_text(&out, 2, CHIMERA_SLICE("testing"));
    EXPECT("\x12\x07\x74\x65\x73\x74\x69\x6e\x67");
    size_t inner = protobuf_begin(&out, 3); /* Test3 { c { a: 150 } } */
    protobuf_put_varint(&out, 1, 150);
    protobuf_end(&out, inner);
    EXPECT("\x1a\x03\x08\x96\x01");
    protobuf_put_varint(&out, 2, (uint64_t)-2); /* eleven bytes with the tag */
    EXPECT("\x10\xfe\xff\xff\xff\xff\xff\xff\xff\xff\x01");
}

static void fixed_numbers_are_little_endian(void **state)
{
    (void)state;
    protobuf_put_fixed64(&out, 7, 0x0102030405060708);
    EXPECT("\x39\x08\x07\x06\x05\x04\x03\x02\x01");
    protobuf_put_double(&out, 5, 2500.5); /* struct.pack("<d", 2500.5) */
    EXPECT("\x29\x00\x00\x00\x00\x00\x89\xa3\x40");
    size_t list = protobuf_begin(&out, 16); /* a tag of two bytes */
    protobuf_add_fixed64(&out, 1);
    protobuf_add_double(&out, -1.0);
    protobuf_end(&out, list);
    EXPECT("\x82\x01\x10\x01\0\0\0\0\0\0\0\0\0\0\0\0\0\xf0\xbf");
}

static void long_contents_make_room_for_their_length(void **state)
{
    static char text[20000], expected[20006];
    (void)state;
    memset(text, 'x', sizeof(text));
    for (size_t size = 126; size <= 16390;
         size += size == 130 ? 16250 : 1) { /* about 128 and 16384 */
        size_t outer = protobuf_begin(&out, 1);
        chimera_buffer_append(&out, (struct chimera_slice){text, size});
        protobuf_end(&out, outer);
        size_t at = 0;
        expected[at++] = 0x0a;
        if (size >= 16384)
            expected[at++] = (char)(size | 0x80);
        if (size >= 128)
            expected[at++] = (char)(size >= 16384 ? size >> 7 | 0x80 : size | 0x80);
        expected[at++] = (char)(size >= 16384 ? size >> 14 : size >= 128 ? size >> 7 : size);
        memset(expected + at, 'x', size);
        expect(expected, at + size);
    }
}

static void texts_become_utf8(void **state)
{
    (void)state;
    protobuf_put_text(&out, 1,
                      CHIMERA_SLICE("a\xff"
                                    "b\xc3"));
    EXPECT("\x0a\x08"
           "a\xef\xbf\xbd"
           "b\xef\xbf\xbd");
}

static void what_finds_no_room_fails_for_good(void **state)
{
    struct chimera_buffer small;
    (void)state;
    chimera_buffer_init(&small, 130);
    size_t outer = protobuf_begin(&small, 1);
    for (int i = 0; i < 64; i++)
        protobuf_put_varint(&small, 1, 1);
    protobuf_end(&small, outer); /* 128 bytes need a second byte of length, and there is none */
    assert_int_not_equal(small.failed, 0);
    chimera_buffer_free(&small);
}

static void fields_are_read_one_by_one(void **state)
{
    struct chimera_slice bytes = CHIMERA_SLICE("\x08\x96\x01\x12\x03"
                                               "abc\x19\x01\0\0\0\0\0\0\0\x25\x02\0\0\0");
    struct protobuf_field field;
    (void)state;
    assert_true(protobuf_next(&bytes, &field));
    assert_true(field.number == 1 && field.value == 150 && !field.bytes.data);
    assert_true(protobuf_next(&bytes, &field));
    assert_true(field.number == 2 && chimera_slice_is(field.bytes, "abc"));
    assert_true(protobuf_next(&bytes, &field));
    assert_true(field.number == 3 && field.value == 1);
    assert_true(protobuf_next(&bytes, &field));
    assert_true(field.number == 4 && field.value == 2);
    assert_false(protobuf_next(&bytes, &field));
}

static void broken_messages_are_refused(void **state)
{
    static const struct chimera_slice cases[] = {
        {"\x08", 1}, /* no value */
        {"\x12\x04"  /* three of four bytes */
         "abc",
         5},
        {"\x19\x01\x02", 3},                                  /* a short fixed one */
        {"\x0b\x0c", 2},                                      /* groups */
        {"\x00\x01", 2},                                      /* field 0 */
        {"\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", 11}, /* an endless varint */
        {"\x12\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", 11}, /* a length of 2^64 - 1 */
    };
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct chimera_slice bytes = cases[i];
        struct protobuf_field field;
        assert_false(protobuf_next(&bytes, &field));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_documentation_s_examples),
        cmocka_unit_test(fixed_numbers_are_little_endian),
        cmocka_unit_test(long_contents_make_room_for_their_length),
        cmocka_unit_test(texts_become_utf8),
        cmocka_unit_test(what_finds_no_room_fails_for_good),
        cmocka_unit_test(fields_are_read_one_by_one),
        cmocka_unit_test(broken_messages_are_refused),
    };
    return cmocka_run_group_tests(tests, set_up, take_down);
}
