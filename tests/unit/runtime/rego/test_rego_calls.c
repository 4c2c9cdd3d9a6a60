/* SPDX-License-Identifier: Apache-2.0 */
/* A Rego module and its host call each other: what may be nested, and texts at the end of memory.
 */
#include "tests/unit/rego_guest.h"

#define NESTED "the policy calls its host from within a host call"

static unsigned pick;  /* which builtin is called from a call back, by its number of arguments */
static unsigned times; /* that the hook did something */
static uint32_t grown_from; /* what memory.grow said */

/* --- Calls of a builtin --- */

GUEST_CODE static void call_builtin(struct chimera_guest *guest, unsigned arity, uint32_t a)
{
    if (arity == 0)
        chimera_opa_builtin0(guest, 0, 0);
    else if (arity == 1)
        chimera_opa_builtin1(guest, 1, 0, a);
    else if (arity == 2)
        chimera_opa_builtin2(guest, 2, 0, a, a);
    else if (arity == 3)
        chimera_opa_builtin3(guest, 3, 0, a, a, a);
    else
        chimera_opa_builtin4(guest, 4, 0, a, a, a, a);
}

static const char *argument;

GUEST_CODE static uint32_t reverse_text(struct chimera_guest *guest, uint32_t first,
                                        uint32_t second)
{
    (void)first, (void)second;
    call_builtin(guest, 1, rego_put(guest, REGO_TEXT, argument));
    return 0;
}

GUEST_CODE static uint32_t reverse(struct chimera_guest *guest, uint32_t first, uint32_t second)
{
    (void)first, (void)second;
    rego_put(guest, REGO_TEXT, "\"abc\"");
    call_builtin(guest, 1, REGO_TEXT);
    return 0;
}

GUEST_CODE static uint32_t call_picked(struct chimera_guest *guest, uint32_t first, uint32_t second)
{
    (void)first, (void)second;
    if (guest->depth == 2) {
        times++;
        call_builtin(guest, pick, REGO_TEXT);
    }
    return 0;
}

static void no_builtin_is_called_from_a_call_back(void **state)
{
    static rego_hook **const hooks[] = {&on_malloc, &on_value_parse, &on_value_dump};
    struct rego_fixture fixture;
    (void)state;
    rego_open(&fixture, 5000);
    for (size_t i = 0; i < sizeof(hooks) / sizeof(*hooks); i++) {
        for (pick = 0; pick <= 4; pick++) {
            on_eval = reverse;
            *hooks[i] = call_picked;
            times = 0;
            rego_expect_failure(&fixture, NESTED);
            assert_int_equal(times, 1);
            *hooks[i] = NULL;
            rego_expect_allowed(&fixture); /* the mark is not left behind */
        }
    }
    rego_close(&fixture);
}

/* --- Values of the host's --- */

GUEST_CODE static uint32_t look_for_values(struct chimera_guest *guest, uint32_t first,
                                           uint32_t second)
{
    (void)first, (void)second;
    if (guest->depth != 2)
        return 0;
    times++;
    for (size_t i = 0; i < CHIMERA_REGO_ARGS_MAX; i++)
        assert_null(chimera_rego_of(guest)->args[i]);
    assert_null(chimera_rego_of(guest)->result);
    return 0;
}

GUEST_CODE static uint32_t add_dates(struct chimera_guest *guest, uint32_t first, uint32_t second)
{
    (void)first, (void)second;
    rego_put(guest, REGO_TEXT, "1");
    call_builtin(guest, 4, REGO_TEXT);
    return 0;
}

static void no_value_lives_while_the_module_runs(void **state)
{
    struct rego_fixture fixture;
    (void)state;
    rego_open(&fixture, 5000);
    on_eval = add_dates;
    on_malloc = on_value_parse = on_value_dump = look_for_values;
    times = 0;
    rego_expect_allowed(&fixture);
    assert_int_equal(times, 4 + 2);
    rego_close(&fixture);
}

/* --- What an honest module does there --- */

GUEST_CODE static uint32_t grow_and_give(struct chimera_guest *guest, uint32_t size,
                                         uint32_t second)
{
    (void)size, (void)second;
    if (guest->depth != 2)
        return 0;
    grown_from = chimera_memory_grow(guest, 1);
    chimera_opa_println(guest, REGO_TEXT);
    return grown_from * CHIMERA_PAGE_BYTES;
}

GUEST_CODE static uint32_t take_grown(struct chimera_guest *guest, uint32_t at, uint32_t size)
{
    times += size == 5 && memcmp(rego_at(guest, at), "\"cba\"", 5) == 0;
    return at;
}

static void memory_grows_for_a_result(void **state)
{
    struct rego_fixture fixture;
    (void)state;
    rego_open(&fixture, 5000);
    on_eval = reverse;
    on_malloc = grow_and_give;
    on_value_parse = take_grown;
    for (int i = 0; i < 3; i++) {
        times = 0;
        rego_expect_allowed(&fixture);
        assert_int_equal(grown_from, REGO_MEMORY / CHIMERA_PAGE_BYTES);
        assert_int_equal(times, 1);
    }
    rego_close(&fixture);
}

/* --- Memory that is grown for a result stays on the account --- */

#define LIMIT ((uint64_t)2 << 20)

static uint64_t accounted; /* at the end */

GUEST_CODE static uint32_t grow_each_time(struct chimera_guest *guest, uint32_t size,
                                          uint32_t second)
{
    (void)size, (void)second;
    if (guest->depth == 2 && chimera_memory_grow(guest, 1) == UINT32_MAX)
        times++;
    return 0;
}

GUEST_CODE static uint32_t reverse_often(struct chimera_guest *guest, uint32_t first,
                                         uint32_t second)
{
    for (int i = 0; i < 100; i++)
        reverse(guest, first, second);
    accounted = guest->account.bytes;
    grown_from = chimera_memory_grow(guest, 0);
    return 0;
}

static void memory_that_was_grown_for_results_counts(void **state)
{
    struct rego_fixture fixture;
    (void)state;
    rego_make(&fixture.module);
    fixture.module.plugin.memory_max_pages = 1000;
    rego_serve(&fixture, 5000, LIMIT);
    on_eval = reverse_often;
    on_malloc = grow_each_time;
    for (int i = 0; i < 3; i++) {
        times = 0;
        rego_expect_allowed(&fixture);
        assert_in_range(grown_from, 29, 31); /* of 32; a 64th is the host's */
        assert_int_equal(times, 100 - (grown_from - REGO_MEMORY / CHIMERA_PAGE_BYTES));
        assert_int_equal(accounted, (uint64_t)grown_from * CHIMERA_PAGE_BYTES);
    }
    rego_close(&fixture);
}

/* --- So do values: a hundred bytes and more for each three of their text --- */

#define VALUE_BYTES 150000u

/* A list of empty lists, as an argument or as the module's result. */
static uint32_t put_lists(struct chimera_guest *guest)
{
    char *at = rego_at(guest, REGO_HEAP);
    at[0] = '[';
    for (uint32_t i = 1; i < VALUE_BYTES; i += 3)
        memcpy(at + i, "[],", 3);
    memcpy(at + VALUE_BYTES - 2, "0]", 3);
    return REGO_HEAP;
}

GUEST_CODE static uint32_t count_in_lists(struct chimera_guest *guest, uint32_t first,
                                          uint32_t second)
{
    (void)first, (void)second;
    rego_put(guest, REGO_TEXT, "\"a\"");
    chimera_opa_builtin2(guest, 2, 0, put_lists(guest), REGO_TEXT); /* not what it takes */
    return 0;
}

static void values_that_the_host_makes_count(void **state)
{
    struct rego_fixture fixture;
    (void)state;
    rego_make(&fixture.module);
    rego_serve(&fixture, 20000, LIMIT);
    on_eval = count_in_lists;
    for (int i = 0; i < 3; i++)
        rego_expect_failure(&fixture, "the policy's memory limit of 2 MiB is reached: see "
                                      "`memoryLimit` of --policy-options and --memory-limit of "
                                      "`chimera run`");
    rego_close(&fixture);
    rego_make(&fixture.module);
    rego_serve(&fixture, 20000, 256 << 20);
    on_eval = count_in_lists;
    rego_evaluate(&fixture);
    assert_null(memmem(fixture.response.status.message.data, fixture.response.status.message.size,
                       "memory limit", strlen("memory limit")));
    rego_close(&fixture);
}

GUEST_CODE static uint32_t run_out(struct chimera_guest *guest, uint32_t first, uint32_t second)
{
    (void)first, (void)second;
    if (guest->depth == 2)
        chimera_opa_abort(guest, rego_put(guest, REGO_TEXT, "no memory"));
    return 0;
}

static void a_module_may_give_up_in_a_call_back(void **state)
{
    struct rego_fixture fixture;
    (void)state;
    rego_open(&fixture, 5000);
    on_eval = reverse;
    on_malloc = run_out;
    rego_expect_failure(&fixture, "opa_abort: no memory");
    on_malloc = NULL;
    rego_expect_allowed(&fixture);
    rego_close(&fixture);
}

/* --- Texts at the end of memory: behind it is nothing that may be read --- */

static uint32_t text_at;
static char last_byte;

/* Memory from `text_at` on is one text of 'a', which ends in `last_byte`. */
GUEST_CODE static uint32_t fill_end(struct chimera_guest *guest)
{
    memset(rego_at(guest, text_at), 'a', REGO_MEMORY - text_at);
    *rego_at(guest, text_at) = '"';
    *rego_at(guest, REGO_MEMORY - 2) = '"';
    *rego_at(guest, REGO_MEMORY - 1) = last_byte;
    return text_at;
}

GUEST_CODE static uint32_t reverse_end(struct chimera_guest *guest, uint32_t first, uint32_t second)
{
    (void)first, (void)second;
    call_builtin(guest, 1, text_at < REGO_MEMORY ? fill_end(guest) : text_at);
    return 0;
}

GUEST_CODE static uint32_t abort_end(struct chimera_guest *guest, uint32_t first, uint32_t second)
{
    (void)first, (void)second;
    chimera_opa_abort(guest, text_at < REGO_MEMORY ? fill_end(guest) : text_at);
    return 0;
}

static void arguments_end_inside_of_memory(void **state)
{
    struct rego_fixture fixture;
    (void)state;
    rego_open(&fixture, 5000);
    on_eval = reverse_end;
    text_at = REGO_MEMORY - 8;
    last_byte = '\0';
    rego_expect_allowed(&fixture);
    last_byte = '"';
    rego_expect_failure(&fixture, "a text of the policy does not end");
    text_at = REGO_MEMORY;
    rego_expect_failure(&fixture, "a text of the policy does not end");
    text_at = REGO_MEMORY + 1;
    rego_expect_failure(&fixture, "out of bounds memory access");
    text_at = UINT32_MAX;
    rego_expect_failure(&fixture, "out of bounds memory access");
    rego_close(&fixture);
}

static void messages_end_with_memory(void **state)
{
    struct rego_fixture fixture;
    (void)state;
    rego_open(&fixture, 5000);
    on_eval = abort_end;
    text_at = REGO_MEMORY - 8;
    last_byte = 'z';
    rego_expect_failure(&fixture, "opa_abort: \"aaaaa\"z");
    text_at = REGO_MEMORY;
    rego_expect_failure(&fixture, "opa_abort: ");
    text_at = REGO_MEMORY + 1;
    rego_expect_failure(&fixture, "out of bounds memory access");
    rego_close(&fixture);
}

/* --- What the module answers, and where --- */

static void arguments_are_json(void **state)
{
    static const char *const texts[] = {"", "abc", "[1", "\"a\" \"b\""};
    struct rego_fixture fixture;
    (void)state;
    rego_open(&fixture, 5000);
    on_eval = reverse_text;
    for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
        argument = texts[i];
        rego_evaluate(&fixture);
        assert_false(fixture.response.allowed);
        assert_non_null(memmem(fixture.response.status.message.data,
                               fixture.response.status.message.size, "strings.reverse: ", 17));
    }
    argument = "\"abc\"";
    rego_expect_allowed(&fixture);
    rego_close(&fixture);
}

GUEST_CODE static uint32_t read_nothing(struct chimera_guest *guest, uint32_t first,
                                        uint32_t second)
{
    (void)guest, (void)first, (void)second;
    return UINT32_MAX; /* no value */
}

static void a_result_that_the_module_cannot_read_ends_it(void **state)
{
    struct rego_fixture fixture;
    (void)state;
    rego_open(&fixture, 5000);
    on_eval = reverse;
    on_value_parse = read_nothing;
    rego_expect_failure(&fixture, "strings.reverse: the policy cannot read the result");
    rego_close(&fixture);
}

GUEST_CODE static uint32_t beyond(struct chimera_guest *guest, uint32_t first, uint32_t second)
{
    (void)second;
    return guest->depth == 2 ? REGO_MEMORY - first + 1 : 0;
}

static void results_are_put_inside_of_memory(void **state)
{
    struct rego_fixture fixture;
    (void)state;
    rego_open(&fixture, 5000);
    on_eval = reverse;
    on_malloc = beyond; /* by one byte */
    rego_expect_failure(&fixture, "out of bounds memory access");
    rego_close(&fixture);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_builtin_is_called_from_a_call_back),
        cmocka_unit_test(no_value_lives_while_the_module_runs),
        cmocka_unit_test(memory_grows_for_a_result),
        cmocka_unit_test(memory_that_was_grown_for_results_counts),
        cmocka_unit_test(values_that_the_host_makes_count),
        cmocka_unit_test(a_module_may_give_up_in_a_call_back),
        cmocka_unit_test(arguments_end_inside_of_memory),
        cmocka_unit_test(messages_end_with_memory),
        cmocka_unit_test(results_are_put_inside_of_memory),
        cmocka_unit_test(arguments_are_json),
        cmocka_unit_test(a_result_that_the_module_cannot_read_ends_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
