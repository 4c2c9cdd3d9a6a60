/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>

#include "runtime/broker/tally.h"

static struct chimera_tally tally;

static void expect(const char *want)
{
    struct chimera_buffer out;
    chimera_buffer_init(&out, CHIMERA_TALLY_TEXT * 2);
    chimera_tally_read(&tally, &out);
    chimera_buffer_byte(&out, '\0');
    assert_string_equal(out.data, want);
    chimera_buffer_free(&out);
}

static void only_metrics_of_ours_are_read(void **state)
{
    (void)state;
    expect("");
    chimera_tally_write(&tally, CHIMERA_SLICE("# TYPE chimera_a counter\nchimera_a{b=\"c\"} 1\n"
                                              "up 1\nchimera_b \x1b[31m\n# HELP x y\nchimera_c 2"));
    expect("# TYPE chimera_a counter\nchimera_a{b=\"c\"} 1\nchimera_c 2\n");
}

/* By who has been taken over. */
static void what_is_spoilt_is_not_believed(void **state)
{
    (void)state;
    memset(&tally, 0, sizeof(tally));
    chimera_tally_write(&tally, CHIMERA_SLICE("chimera_a 1\n"));
    atomic_fetch_add(&tally.sequence, 1); /* for ever being written */
    expect("");
    atomic_fetch_add(&tally.sequence, 1);
    atomic_store(&tally.size, UINT32_MAX);
    expect("chimera_a 1\n");
}

static void a_long_text_is_cut_at_a_line(void **state)
{
    static char text[CHIMERA_TALLY_TEXT + 100];
    struct chimera_buffer out;
    (void)state;
    for (size_t i = 0; i < sizeof(text); i++)
        text[i] = "chimera_ab 12345\n"[i % 17];
    chimera_tally_write(&tally, (struct chimera_slice){text, sizeof(text)});
    chimera_buffer_init(&out, CHIMERA_TALLY_TEXT * 2);
    chimera_tally_read(&tally, &out);
    assert_int_equal(out.size, CHIMERA_TALLY_TEXT / 17 * 17);
    chimera_buffer_free(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_metrics_of_ours_are_read),
        cmocka_unit_test(what_is_spoilt_is_not_believed),
        cmocka_unit_test(a_long_text_is_cut_at_a_line),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
