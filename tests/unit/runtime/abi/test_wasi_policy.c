/* SPDX-License-Identifier: Apache-2.0 */
/* Whole runs of WASI programs: how they end, what they read; guest-abis.md §3.2 and §3.3,
 * start.jsonl, and webhook-contract.md §2.1 for the programs of 2020. */
#include "tests/unit/wasi_guest.h"

/* --- Endings --- */

static void accept_and_exit_0(struct chimera_guest *guest)
{
    write_to(guest, 1, " {\"accepted\":true}\n\n");
    write_to(guest, 2, "a word to the log");
    chimera_wasi_proc_exit(guest, 0);
}

static void accept_and_exit_1(struct chimera_guest *guest)
{
    accept(guest);
    write_to(guest, 2, "  it went wrong\n");
    chimera_wasi_proc_exit(guest, 1);
}

static void exit_200(struct chimera_guest *guest)
{
    chimera_wasi_proc_exit(guest, 200);
}

static void trap(struct chimera_guest *guest)
{
    accept(guest);
    write_to(guest, 2, "panic: no");
    chimera_guest_trap(guest, CHIMERA_TRAP_UNREACHABLE, NULL);
}

static void print_nothing(struct chimera_guest *guest)
{
    (void)guest;
}

static void print_twice(struct chimera_guest *guest)
{
    write_to(guest, 1, "{\"accepted\":true}\n{\"accepted\":true}\n");
}

static void print_bad_utf8(struct chimera_guest *guest)
{
    write_to(guest, 1, "{\"accepted\":true\xff}");
}

static void complain_in_bad_utf8(struct chimera_guest *guest)
{
    accept(guest);
    write_to(guest, 2, "ab\xc3");
}

static void raise_signal(struct chimera_guest *guest)
{
    chimera_wasi_proc_raise(guest, 6);
}

static void read_outside(struct chimera_guest *guest)
{
    chimera_wasi_fd_read(guest, 0, 0xfffffff0, 4, 8);
}

static void write_too_much(struct chimera_guest *guest)
{
    put32(guest, 0, 0);
    put32(guest, 4, 3 * 65536);
    while (chimera_wasi_fd_write(guest, 1, 0, 1, 8) == 0)
        ;
}

GUEST_CODE static void loop(struct chimera_guest *guest)
{
    (void)guest;
    for (volatile unsigned i = 0;; i++)
        ;
}

static void validate_maps_every_ending(void **state)
{
    struct fixture fixture;
    (void)state;
    open_policy(&fixture, CHIMERA_MODE_WASI, "{}");
    check_allowed(&fixture, accept);
    check_allowed(&fixture, accept_and_exit_0);
    check_rejected(&fixture, accept_and_exit_1, "it went wrong");
    check_rejected(&fixture, exit_200, "");
    check_rejected(&fixture, trap, "panic: no");
    check_rejected(&fixture, raise_signal, "");
    check_rejected(&fixture, read_outside, "");
    check_rejected(&fixture, write_too_much, "");
    check_rejected(&fixture, loop, CHIMERA_DEADLINE_TEXT);
    check_rejected(
        &fixture, print_nothing,
        "internal server error: Cannot deserialize policy validation response: EOF while parsing "
        "a value at line 1 column 0");
    check_rejected(&fixture, print_twice,
                   "internal server error: Cannot deserialize policy validation response: trailing "
                   "characters at line 2 column 1");
    check_rejected(
        &fixture, print_bad_utf8,
        "stdout pipe conversion error: Cannot convert buffer to UTF8 string: invalid utf-8 "
        "sequence of 1 bytes from index 16");
    check_rejected(
        &fixture, complain_in_bad_utf8,
        "stderr pipe conversion error: Cannot convert buffer to UTF8 string: invalid utf-8 "
        "sequence of 1 bytes from index 2");
    check_allowed(&fixture, accept);
    close_policy(&fixture);
}

static void say_valid(struct chimera_guest *guest)
{
    write_to(guest, 1, "{\"valid\":true}");
}

static void say_invalid(struct chimera_guest *guest)
{
    write_to(guest, 1, "{\"valid\":false,\"message\":\"key x is missing\"}");
}

static void settings_are_answered_as_recorded(void **state)
{
    static const struct {
        void (*body)(struct chimera_guest *);
        bool is_valid;
        const char *message;
    } cases[] = {
        {say_valid, true, NULL},
        {say_invalid, false, "key x is missing"},
        {accept_and_exit_1, false, "it went wrong"},
        {exit_200, false, ""},
        {raise_signal, false, ""},
        {print_twice, false,
         "Cannot deserialize settings validation response: missing field `valid` at "
         "line 1 column 17"},
        {loop, false, CHIMERA_DEADLINE_TEXT},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        struct fixture fixture;
        bool is_valid;
        struct chimera_slice message;
        open_policy(&fixture, CHIMERA_MODE_WASI, "{}");
        body = cases[i].body;
        assert_int_equal(chimera_policy_check_settings(fixture.policy, 0, &fixture.arena, &is_valid,
                                                       &message, NULL),
                         0);
        assert_int_equal(is_valid, cases[i].is_valid);
        assert_int_equal(message.data == NULL, cases[i].message == NULL);
        if (cases[i].message)
            c_guest_assert_slice(message, cases[i].message);
        close_policy(&fixture);
    }
}

/* --- Arguments, environment, standard input --- */

static char seen[512]; /* arguments, or input */
static size_t seen_size;

static void read_arguments(struct chimera_guest *guest)
{
    got[0] = chimera_wasi_args_sizes_get(guest, 16, 20);
    got[1] = get32(guest, 16);
    seen_size = get32(guest, 20);
    got[2] = chimera_wasi_args_get(guest, 64, 1024);
    got[3] = get32(guest, 64);
    got[4] = get32(guest, 68);
    memcpy(seen, memory(guest, 1024), seen_size);
    got[5] = chimera_wasi_environ_sizes_get(guest, 16, 20);
    got[6] = get32(guest, 16);
    got[7] = get32(guest, 20);
    got[8] = chimera_wasi_environ_get(guest, 0xfffffff1, 0xfffffff1); /* nothing is written */
    accept(guest);
}

static void a_program_gets_its_arguments(void **state)
{
    static const U want[] = {0, 2, 0, 1024, 1036, 0, 0, 0, 0};
    (void)state;
    check_in_wasi(read_arguments);
    assert_memory_equal(got, want, sizeof(want));
    assert_int_equal(seen_size, 21);
    assert_memory_equal(seen, "policy.wasm\0validate", 21);
}

/* Reads until there is nothing, with a first iovec that takes nothing; returns how often. */
static U drain(struct chimera_guest *guest)
{
    for (U reads = 1;; reads++) {
        put32(guest, 0, 1024);
        put32(guest, 4, 0);
        put32(guest, 8, 1024);
        put32(guest, 12, 7);
        put32(guest, 16, 2048);
        put32(guest, 20, 100);
        if (chimera_wasi_fd_read(guest, 0, 0, 3, 24) != 0 || get32(guest, 24) == 0)
            return reads;
        memcpy(seen + seen_size, memory(guest, 1024), get32(guest, 24));
        seen_size += get32(guest, 24);
    }
}

static U call_host(struct chimera_guest *guest, const char *name_space, const char *operation)
{
    static const char binding[] = "kubewarden", payload[] = "\"x\"";
    memcpy(memory(guest, 512), binding, sizeof(binding));
    memcpy(memory(guest, 544), name_space, strlen(name_space));
    memcpy(memory(guest, 576), operation, strlen(operation));
    memcpy(memory(guest, 640), payload, sizeof(payload));
    return chimera_wasi_host_call(guest, 512, sizeof(binding) - 1, 544, (U)strlen(name_space), 576,
                                  (U)strlen(operation), 640, sizeof(payload) - 1);
}

static void read_in_pieces(struct chimera_guest *guest)
{
    seen_size = 0;
    got[0] = drain(guest);
    got[1] = drain(guest);
    got[2] = call_host(guest, "net", "x");
    got[3] = drain(guest);
    got[4] = call_host(guest, "tracing", "log");
    got[5] = drain(guest);
    accept(guest);
}

static void the_end_of_input_is_not_final(void **state)
{
    static const char want[] =
        "{\"request\":{\"n\":1},\"settings\":{}}Policy has not been granted access to "
        "the 'net/x' host capability. The violation has been reported.";
    (void)state;
    check_in_wasi(read_in_pieces);
    assert_int_equal(seen_size, strlen(want));
    assert_memory_equal(seen, want, seen_size);
    assert_int_equal(got[0], (33 + 6) / 7 + 1);
    assert_int_equal(got[1], 1);
    assert_int_equal(got[2], 1); /* failure: the opposite of waPC */
    assert_int_equal(got[4], 0);
    assert_int_equal(got[5], 1);
}

static void call_before_reading(struct chimera_guest *guest)
{
    seen_size = 0;
    call_host(guest, "net", "x");
    drain(guest);
    accept(guest);
}

static void an_answer_queues_behind_what_was_not_read(void **state)
{
    (void)state;
    check_in_wasi(call_before_reading);
    assert_memory_equal(seen, "{\"request\":{\"n\":1},\"settings\":{}}Policy", 39);
}

/* Seven bytes of an answer, another call, and then the rest of both. */
static void call_with_half_an_answer(struct chimera_guest *guest)
{
    drain(guest);
    seen_size = 0;
    call_host(guest, "net", "x");
    put32(guest, 0, 1024);
    put32(guest, 4, 7);
    chimera_wasi_fd_read(guest, 0, 0, 1, 24);
    memcpy(seen, memory(guest, 1024), 7);
    seen_size = get32(guest, 24);
    call_host(guest, "net", "y");
    drain(guest);
    accept(guest);
}

static void an_answer_that_is_half_read_goes_on(void **state)
{
#define REFUSED(name)                                           \
    "Policy has not been granted access to the 'net/" name "' " \
    "host capability. The violation has been reported."
    static const char want[] = REFUSED("x") REFUSED("y");
    (void)state;
    check_in_wasi(call_with_half_an_answer);
    assert_int_equal(seen_size, strlen(want));
    assert_memory_equal(seen, want, seen_size);
}

/* --- Chimera of 2020 --- */

static void read_as_in_2020(struct chimera_guest *guest)
{
    chimera_wasi_environ_sizes_get(guest, 16, 20);
    got[0] = get32(guest, 16);
    seen_size = get32(guest, 20);
    chimera_wasi_environ_get(guest, 64, 1024);
    memcpy(seen, memory(guest, 1024), seen_size);
    drain(guest);
    chimera_wasi_args_sizes_get(guest, 16, 20);
    got[1] = get32(guest, 16);
    write_to(guest, 1, "{\"accepted\":false,\"message\":\"not today\"}\n");
}

static void programs_of_2020_get_variables_and_the_bare_request(void **state)
{
    static const char want[] = "LIST=[1,\"a\"]\0N=1.5\0ON=true\0WHO=alice,bob\0{\"n\":1}";
    struct fixture fixture;
    (void)state;
    open_policy(&fixture, CHIMERA_MODE_CHIMERA,
                "{\"LIST\":[1,\"a\"],\"N\":1.5,\"ON\":true,\"WHO\":\"alice,bob\",\"none\":null}");
    evaluate(&fixture, read_as_in_2020);
    assert_false(fixture.response.allowed);
    c_guest_assert_slice(fixture.response.status.message, "not today");
    assert_int_equal(got[0], 4);
    assert_int_equal(got[1], 1);
    assert_int_equal(seen_size, sizeof(want) - 1);
    assert_memory_equal(seen, want, sizeof(want) - 1);
    close_policy(&fixture);
}

static void settings_of_2020_must_fit_into_an_environment(void **state)
{
    static const struct {
        const char *settings, *message;
    } cases[] = {
        {"{}", NULL},
        {"{\"A\":\"x=y\"}", NULL},
        {"{\"A=B\":\"x\"}", "the setting \"A=B\" cannot be the name of an environment variable"},
        {"{\"\":\"x\"}", "the setting \"\" cannot be the name of an environment variable"},
        {"{\"A\":\"x\\u0000\"}",
         "the setting \"A\" cannot be the value of an environment variable"},
        {"[1]", "the settings are not an object"},
        {"{\"A\":", "EOF while parsing a value at line 1 column 5"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        struct fixture fixture;
        bool is_valid;
        struct chimera_slice message;
        open_policy(&fixture, CHIMERA_MODE_CHIMERA, cases[i].settings);
        assert_int_equal(chimera_policy_check_settings(fixture.policy, 0, &fixture.arena, &is_valid,
                                                       &message, NULL),
                         0);
        assert_int_equal(is_valid, cases[i].message == NULL);
        if (cases[i].message)
            c_guest_assert_slice(message, cases[i].message);
        close_policy(&fixture);
    }
}

static void settings_of_2020_that_do_not_fit_are_none_at_all(void **state)
{
    static const char *const settings[] = {"{\"A\":\"x\",\"B=C\":\"y\"}", "[1]"};
    (void)state;
    for (size_t i = 0; i < sizeof(settings) / sizeof(*settings); i++) {
        struct fixture fixture;
        open_policy(&fixture, CHIMERA_MODE_CHIMERA, settings[i]);
        evaluate(&fixture, read_as_in_2020);
        assert_int_equal(got[0], 0);
        assert_int_equal(seen_size, 7); /* the request alone */
        close_policy(&fixture);
    }
}

static void open_refuses_a_program_without_start(void **state)
{
    struct c_guest module;
    struct chimera_policy *policy = NULL;
    struct chimera_error err = {0};
    const struct chimera_policy_options options = {.id = "p", .lanes = 1};
    (void)state;
    c_guest_init(&module, CHIMERA_MODE_WASI);
    assert_int_equal(chimera_policy_open(&module.loaded, &options, &policy, &err), CHIMERA_EMODULE);
    assert_non_null(strstr(err.text, "cannot find `_start` function inside of module: "));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(validate_maps_every_ending),
        cmocka_unit_test(settings_are_answered_as_recorded),
        cmocka_unit_test(a_program_gets_its_arguments),
        cmocka_unit_test(the_end_of_input_is_not_final),
        cmocka_unit_test(an_answer_queues_behind_what_was_not_read),
        cmocka_unit_test(an_answer_that_is_half_read_goes_on),
        cmocka_unit_test(programs_of_2020_get_variables_and_the_bare_request),
        cmocka_unit_test(settings_of_2020_must_fit_into_an_environment),
        cmocka_unit_test(settings_of_2020_that_do_not_fit_are_none_at_all),
        cmocka_unit_test(open_refuses_a_program_without_start),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
