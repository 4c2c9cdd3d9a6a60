/* SPDX-License-Identifier: Apache-2.0 */
/* Checkpoints: a real one, by the key of the trust root that belongs to it, with lines of others
 * about it, and with each byte changed. */
#include "compiler/fetch/signature/trust/checkpoint.h"

#include "tests/unit/compiler/fetch/signature/samples.h"

#define DASH "\xE2\x80\x94"
#define TEXT "localhost\n5\n1muLJ8plHkkSK7jqqfprXQSaR+KLSp1M5iBlpN7vxLI=\n"
#define OF_LOG                                                                                     \
    DASH                                                                                           \
        " localhost n9tuXfjNjJlIaTEb7Kxl3OkZfZ657y9+fsjISAqjRM/U80V/t4DoElbFiKTYCZHcIWNzR+afhHV08" \
        "/kST7++n7zmcws=\n"
#define OF_WITNESS                                                                   \
    DASH " witness.example "                                                         \
         "O8PH5AAAAABopO8+4O9uzScQrNEnGdKLYXSPoUjH1Se4n92W+wT/j5Kel/4J2XWE4bEe9bpIV" \
         "UD6EGOeUDFkSWz/rbDhvVcJ/2OrDw==\n"

static struct chimera_trust_root root;

static int set_up(void **state)
{
    (void)state;
    return chimera_trust_root_read(SAMPLES "trusted_root.json", &root, NULL);
}

static int tear_down(void **state)
{
    (void)state;
    chimera_trust_root_done(&root);
    return 0;
}

static int check(const char *note, size_t size, struct chimera_error *err)
{
    struct chimera_checkpoint checkpoint;
    int code = chimera_checkpoint_read((struct chimera_slice){note, size}, &checkpoint, err);
    return code < 0 ? code : chimera_checkpoint_check(&checkpoint, &root.logs[0], err);
}

static void a_real_one_is_right(void **state)
{
    (void)state;
    static const char *const notes[] = {
        TEXT "\n" OF_LOG,
        TEXT "\n" OF_LOG OF_WITNESS,
        TEXT "\n" OF_WITNESS OF_LOG,
        TEXT "\n" DASH " localhost AAAAAAAA\n" OF_LOG,
        TEXT "\nanything\n" OF_LOG,
    };
    for (size_t i = 0; i < sizeof(notes) / sizeof(notes[0]); i++)
        assert_int_equal(check(notes[i], strlen(notes[i]), NULL), CHIMERA_OK);
}

static void its_parts_are_found(void **state)
{
    (void)state;
    struct chimera_checkpoint checkpoint;
    const char note[] = "a log\n1200\nAAAA\nmore\n\nodd\n\n" OF_LOG;
    assert_int_equal(chimera_checkpoint_read(CHIMERA_SLICE(note), &checkpoint, NULL), CHIMERA_OK);
    assert_true(chimera_slice_is(checkpoint.origin, "a log"));
    assert_int_equal(checkpoint.size, 1200);
    assert_true(chimera_slice_is(checkpoint.root, "AAAA"));
    /* Signatures are behind the last blank line. */
    assert_true(chimera_slice_is(checkpoint.signed_text, "a log\n1200\nAAAA\nmore\n\nodd\n"));
    assert_true(chimera_slice_is(checkpoint.lines, OF_LOG));
}

static void each_bit_counts(void **state)
{
    (void)state;
    char note[] = TEXT "\n" OF_LOG;
    for (size_t at = 0; at + 1 < sizeof(note); at++) {
        for (unsigned bit = 0; bit < 8; bit++) {
            note[at] = (char)(note[at] ^ (1 << bit));
            if (check(note, sizeof(note) - 1, NULL) == CHIMERA_OK)
                fail_msg("byte %zu, bit %u", at, bit);
            note[at] = (char)(note[at] ^ (1 << bit));
        }
        assert_int_not_equal(check(note, at, NULL), CHIMERA_OK);
    }
}

static void what_is_no_checkpoint_is_refused(void **state)
{
    (void)state;
    static const char *const notes[] = {
        "",
        "\n",
        "\n\n",
        "\n\n\n\n\n\n",
        TEXT OF_LOG,
        TEXT "\n",
        TEXT "\n" OF_WITNESS,
        "5\nAAAA\n\n" OF_LOG,
        "localhost\n5\n\n" OF_LOG,
        "localhost\nAAAA\n\n" OF_LOG,
        "localhost\n05\nAAAA\n\n" OF_LOG,
        "localhost\n-5\nAAAA\n\n" OF_LOG,
        "localhost\n99999999999999999999\nAAAA\n\n" OF_LOG,
        TEXT "\n" DASH " other" /* the log's bytes under another name */
             " n9tuXfjNjJlIaTEb7Kxl3OkZfZ657y9+fsjISAqjRM/U80V/t4DoElbFiKTYCZHcIWNzR+afhHV08"
             "/kST7++n7zmcws=\n",
    };
    for (size_t i = 0; i < sizeof(notes) / sizeof(notes[0]); i++) {
        if (check(notes[i], strlen(notes[i]), NULL) == CHIMERA_OK)
            fail_msg("%s", notes[i]);
    }
}

/* One that has the first bytes of its id, but not the rest, is not that log's. */
static void the_whole_id_is_compared(void **state)
{
    (void)state;
    const char note[] = TEXT "\n" OF_LOG;
    struct chimera_error err = {0};
    root.logs[0].note_id[31] ^= 1;
    assert_int_equal(check(note, sizeof(note) - 1, &err), CHIMERA_EREFUSED);
    assert_non_null(strstr(err.text, "of another log than its key"));
    root.logs[0].note_id[31] ^= 1;
}

static void many_lines_of_others_are_not_read_for_ever(void **state)
{
    (void)state;
    struct chimera_buffer note;
    chimera_buffer_init(&note, 1 << 20);
    chimera_buffer_text(&note, TEXT "\n");
    for (int i = 0; i < 64; i++)
        chimera_buffer_text(&note, OF_WITNESS);
    chimera_buffer_text(&note, OF_LOG);
    assert_int_equal(note.failed, 0);
    assert_int_equal(check(note.data, note.size, NULL), CHIMERA_EREFUSED);
    chimera_buffer_free(&note);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_real_one_is_right),
        cmocka_unit_test(its_parts_are_found),
        cmocka_unit_test(each_bit_counts),
        cmocka_unit_test(what_is_no_checkpoint_is_refused),
        cmocka_unit_test(the_whole_id_is_compared),
        cmocka_unit_test(many_lines_of_others_are_not_read_for_ever),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
