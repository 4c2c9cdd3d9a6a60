/* SPDX-License-Identifier: Apache-2.0 */
/* A program that is run: what it is given to read, and its lines, long ones too. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>

#include <cmocka.h>

#include "server/base/program.h"

struct heard {
    size_t count;
    size_t size[8];
    char first[8];
};

static void hear(void *context, struct chimera_slice line)
{
    struct heard *heard = context;
    assert_true(heard->count < 8);
    heard->size[heard->count] = line.size;
    heard->first[heard->count++] = line.size ? line.data[0] : '-';
}

static struct heard run(const char *script, struct chimera_slice input)
{
    char *const argv[] = {(char[]){"sh"}, (char[]){"-c"}, (char *)(uintptr_t)script, NULL};
    struct heard heard = {0};
    struct chimera_buffer errors;
    struct chimera_error err = {0};
    int status = -1;
    chimera_buffer_init(&errors, 100);
    assert_int_equal(
        child_run(&(struct child_command){argv, input}, hear, &heard, &errors, &status, &err), 0);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    assert_int_equal(errors.size, 0);
    chimera_buffer_free(&errors);
    return heard;
}

static void it_reads_what_it_is_given(void **state)
{
    (void)state;
    struct heard heard = run("cat", CHIMERA_SLICE("a\nbc\n\n"));
    assert_int_equal(heard.count, 3);
    assert_int_equal(heard.size[0], 1);
    assert_int_equal(heard.size[1], 2);
    assert_int_equal(heard.size[2], 0);
    assert_int_equal(run("cat", (struct chimera_slice){0}).count, 0);
}

/* All of a pipe's room and more, so that a writer who waited for a reader would wait for ever. */
static void it_reads_more_than_a_pipe_holds(void **state)
{
    (void)state;
    static char many[3 << 20];
    memset(many, 'x', sizeof(many));
    struct heard heard = run("wc -c | grep -x 3145728", (struct chimera_slice){many, sizeof(many)});
    assert_int_equal(heard.count, 1);
}

/* The line behind one that is too long is still a line. */
static void a_long_line_is_cut_and_the_next_is_not(void **state)
{
    (void)state;
    for (size_t more = 0; more < 3; more++) {
        char script[256];
        snprintf(script, sizeof(script),
                 "head -c %zu /dev/zero | tr '\\0' a; echo; echo b; head -c 300000 /dev/zero | tr "
                 "'\\0' c; echo; echo d",
                 CHILD_LINE_MAX - 1 + more);
        struct heard heard = run(script, (struct chimera_slice){0});
        assert_int_equal(heard.count, 4);
        assert_memory_equal(heard.first, "abcd", 4);
        assert_in_range(heard.size[0], CHILD_LINE_MAX - 1, CHILD_LINE_MAX - 1 + more);
        assert_int_equal(heard.size[1], 1);
        assert_true(heard.size[2] >= CHILD_LINE_MAX && heard.size[2] < 300000);
        assert_int_equal(heard.size[3], 1);
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_reads_what_it_is_given),
        cmocka_unit_test(it_reads_more_than_a_pipe_holds),
        cmocka_unit_test(a_long_line_is_cut_and_the_next_is_not),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
