/* SPDX-License-Identifier: Apache-2.0 */
/* WASI programs that wait at their first read of input (runtime-performance.md §4): what a resumed
 * request sees, what it shares with others, and which programs are not kept waiting. */
#include "runtime/base/clock.h"
#include "tests/unit/wasi_guest.h"

#include <stdio.h>
#include <stdlib.h>

#include "runtime/instance/watchdog.h"
#include "runtime/policy/slots.h"

static unsigned starts;                     /* how often a program has begun */
static struct chimera_policy_gauges gauges; /* of all that open_waiting() opens */

static bool can_wait(void)
{
#if defined(__x86_64__) && !defined(__SANITIZE_THREAD__)
    return true;
#else
    return false;
#endif
}

static void open_gauged(struct fixture *fixture, void (*what)(struct chimera_guest *),
                        unsigned lanes, struct chimera_slots *slots,
                        struct chimera_policy_gauges *of_it)
{
    const struct chimera_policy_options options = {
        .id = "p", .limit_ms = 2000, .lanes = lanes, .slots = slots, .gauges = of_it};
    body = what;
    starts = 0;
    c_guest_init(&fixture->module, CHIMERA_MODE_WASI);
    c_guest_export(&fixture->module, "memory", "", NULL);
    c_guest_export(&fixture->module, "_start", ":", start);
    assert_int_equal(chimera_policy_open(&fixture->module.loaded, &options, &fixture->policy, NULL),
                     0);
    chimera_arena_init(&fixture->arena, 64 << 20);
    fixture->request = c_guest_request("{\"n\":1}");
}

static void open_waiting(struct fixture *fixture, void (*what)(struct chimera_guest *),
                         unsigned lanes, struct chimera_slots *slots)
{
    open_gauged(fixture, what, lanes, slots, &gauges);
}

static void ask(struct fixture *fixture, unsigned lane)
{
    memset(&fixture->response, 0xee, sizeof(fixture->response));
    assert_int_equal(chimera_policy_evaluate(fixture->policy, lane, &fixture->request, 0,
                                             &fixture->arena, &fixture->response),
                     CHIMERA_OK);
}

static void assert_start(const struct fixture *fixture, const char *text)
{
    assert_string_equal(chimera_policy_start_text(fixture->policy), text);
}

/* Reads all of its input to 8192 on and returns its size. */
static U read_input(struct chimera_guest *guest)
{
    U size = 0;
    for (U step = 1; step > 0; size += step) {
        put32(guest, 0, 8192 + size);
        put32(guest, 4, 1024);
        chimera_wasi_fd_read(guest, 0, 0, 1, 8);
        step = get32(guest, 8);
    }
    return size;
}

static void count_and_answer(struct chimera_guest *guest)
{
    starts++;
    put32(guest, 16384, get32(guest, 16384) + 1); /* 1, if memory is new */
    U size = read_input(guest);
    put32(guest, 16384, get32(guest, 16384) + 1);
    got[0] = get32(guest, 16384);
    got[1] = size;
    accept(guest);
}

static void a_program_starts_once_and_answers_every_request(void **state)
{
    struct fixture fixture;
    (void)state;
    open_waiting(&fixture, count_and_answer, 1, NULL);
    for (int i = 0; i < 5; i++) {
        got[0] = 0;
        ask(&fixture, 0);
        assert_true(fixture.response.allowed);
        assert_int_equal(got[0], 2);
    }
    assert_int_equal(starts, can_wait() ? 1 : 5);
    assert_start(&fixture, can_wait() ? "at the first read of input"
                                      : "from the start: this machine or this build cannot keep a "
                                        "waiting program");
    close_policy(&fixture);
}

static void every_request_gets_its_own_input(void **state)
{
    static const char *const requests[] = {"{\"n\":1}", "{\"n\":22}", "{}"};
    struct fixture fixture;
    (void)state;
    open_waiting(&fixture, count_and_answer, 1, NULL);
    for (size_t i = 0; i < 3; i++) {
        fixture.request = c_guest_request(requests[i]);
        ask(&fixture, 0);
        assert_int_equal(got[1], strlen("{\"request\":,\"settings\":{}}") + strlen(requests[i]));
    }
    close_policy(&fixture);
}

static void say_before_and_after(struct chimera_guest *guest)
{
    write_to(guest, 1, "{\"accepted\":");
    read_input(guest);
    write_to(guest, 1, "true}");
}

static void what_was_written_before_the_input_is_written_again(void **state)
{
    struct fixture fixture;
    (void)state;
    open_waiting(&fixture, say_before_and_after, 1, NULL);
    for (int i = 0; i < 3; i++) {
        ask(&fixture, 0);
        assert_true(fixture.response.allowed);
    }
    close_policy(&fixture);
}

static void close_and_look(struct chimera_guest *guest)
{
    chimera_wasi_fd_close(guest, 2);
    read_input(guest);
    got[0] = chimera_wasi_fd_close(guest, 2); /* BADF: it was closed before the input */
    got[1] = chimera_wasi_fd_close(guest, 0); /* open for every request */
    accept(guest);
}

static void descriptors_are_as_they_were_at_the_input(void **state)
{
    struct fixture fixture;
    (void)state;
    open_waiting(&fixture, close_and_look, 1, NULL);
    for (int i = 0; i < 3; i++) {
        ask(&fixture, 0);
        assert_int_equal(got[0], 8);
        assert_int_equal(got[1], 0);
    }
    close_policy(&fixture);
}

static void draw_and_keep(struct chimera_guest *guest)
{
    chimera_wasi_random_get(guest, 20000, 16);
    chimera_wasi_clock_time_get(guest, 1, 1, 20016);
    chimera_wasi_clock_time_get(guest, 0, 1, 20024);
    read_input(guest);
    memcpy(got, memory(guest, 20000), 32);
    chimera_wasi_random_get(guest, 20032, 16);
    memcpy(got + 8, memory(guest, 20032), 16);
    accept(guest);
}

/* The same numbers on both lanes from before the input, others from after it */
static void lanes_start_with_the_same_numbers_and_go_on_with_their_own(void **state)
{
    struct fixture fixture;
    U first[12];
    (void)state;
    open_waiting(&fixture, draw_and_keep, 2, NULL);
    ask(&fixture, 0);
    memcpy(first, got, sizeof(first));
    ask(&fixture, 1);
    if (can_wait())
        assert_memory_equal(first, got, 32);
    assert_memory_not_equal(first + 8, got + 8, 16);
    ask(&fixture, 0);
    if (can_wait())
        assert_memory_equal(first, got, 32);
    close_policy(&fixture);
}

/* --- Programs that run from the start --- */

static void read_nothing(struct chimera_guest *guest)
{
    starts++;
    accept(guest);
}

static void call_first(struct chimera_guest *guest)
{
    starts++;
    chimera_wasi_host_call(guest, 0, 0, 0, 0, 0, 0, 0, 0);
    read_input(guest);
    accept(guest);
}

static void fail_first(struct chimera_guest *guest)
{
    starts++;
    write_to(guest, 2, "no luck");
    chimera_guest_trap(guest, CHIMERA_TRAP_UNREACHABLE, NULL);
}

GUEST_CODE static void loop_first(struct chimera_guest *guest)
{
    (void)guest;
    for (volatile unsigned i = 0;; i++)
        ;
}

static void programs_that_cannot_wait_run_from_the_start(void **state)
{
    static const struct {
        void (*body)(struct chimera_guest *);
        const char *start;
        bool is_allowed;
    } cases[] = {
        {read_nothing, "from the start: it ends without reading its input", true},
        {call_first, "from the start: it calls its host before it reads its input", true},
        {fail_first, "from the start: it fails before it reads its input", false},
        {loop_first, "from the start: it takes too long to come to its input", false},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        struct fixture fixture;
        open_waiting(&fixture, cases[i].body, 1, NULL);
        ask(&fixture, 0);
        assert_start(&fixture, cases[i].start);
        assert_int_equal(fixture.response.allowed, cases[i].is_allowed);
        unsigned before = starts;
        ask(&fixture, 0);
        if (cases[i].body != loop_first)
            assert_int_equal(starts, before + 1);
        close_policy(&fixture);
    }
}

static void a_fresh_start_is_made_when_asked_for(void **state)
{
    struct fixture fixture;
    (void)state;
    open_policy(&fixture, CHIMERA_MODE_WASI, "{}");
    starts = 0;
    for (int i = 0; i < 3; i++)
        check_allowed(&fixture, count_and_answer);
    assert_int_equal(starts, 3);
    close_policy(&fixture);
}

/* --- The pool --- */

static void the_pool_ends_who_was_not_asked_for_longest(void **state)
{
    struct fixture fixtures[3];
    struct chimera_slots *slots;
    (void)state;
    struct chimera_policy_gauges own[3] = {0};
    assert_int_equal(chimera_slots_new(1, 2, &slots, NULL), 0);
    for (size_t i = 0; i < 3; i++)
        open_gauged(&fixtures[i], count_and_answer, 1, slots, &own[i]);
    ask(&fixtures[0], 0);
    ask(&fixtures[1], 0);
    ask(&fixtures[0], 0); /* now 1 is the older */
    ask(&fixtures[2], 0);
    assert_int_equal(atomic_load(&own[0].instances), 1);
    assert_int_equal(atomic_load(&own[1].instances), 0);
    assert_int_equal(atomic_load(&own[2].instances), 1);
    assert_int_equal(starts, can_wait() ? 3 : 4);
    ask(&fixtures[1], 0); /* made again; 0 goes */
    assert_true(fixtures[1].response.allowed);
    for (size_t i = 0; i < 3; i++) { /* of 0 there is none */
        assert_int_equal(atomic_load(&own[i].instances), i > 0);
        close_policy(&fixtures[i]);
        assert_int_equal(atomic_load(&own[i].instances), 0);
        assert_int_equal(atomic_load(&own[i].kept_bytes), 0);
    }
    chimera_slots_free(slots);
}

static void an_idle_slot_gives_its_pages_back_and_still_answers(void **state)
{
    struct fixture fixture;
    struct chimera_slots *slots;
    (void)state;
    assert_int_equal(chimera_slots_new(1, 2, &slots, NULL), 0);
    open_waiting(&fixture, count_and_answer, 1, slots);
    assert_false(chimera_slots_trim(slots, 0, chimera_clock_ns())); /* nobody there */
    ask(&fixture, 0);
    assert_true(chimera_slots_trim(slots, 0, chimera_clock_ns())); /* too young */
    struct chimera_run_report report;
    chimera_policy_last_run(fixture.policy, 0, &report);
    assert_int_equal(report.stop, CHIMERA_STOP_NONE);
    assert_int_equal(report.resets, 1);
    assert_true(report.pages >= 3); /* of input, answer and count */
    uint64_t of_stack = atomic_load(&gauges.kept_bytes) - report.pages * CHIMERA_PROCESSOR_PAGE;
    assert_in_range(of_stack, CHIMERA_PROCESSOR_PAGE, 256 * 1024);
    assert_false(chimera_slots_trim(slots, 0, chimera_clock_ns() + 6000000000u));
    assert_int_equal(atomic_load(&gauges.kept_bytes), 0);
    assert_int_equal(atomic_load(&gauges.instances), 1);
    ask(&fixture, 0);
    assert_true(fixture.response.allowed);
    assert_int_equal(got[0], 2);
    close_policy(&fixture);
    chimera_slots_free(slots);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_program_starts_once_and_answers_every_request),
        cmocka_unit_test(every_request_gets_its_own_input),
        cmocka_unit_test(what_was_written_before_the_input_is_written_again),
        cmocka_unit_test(descriptors_are_as_they_were_at_the_input),
        cmocka_unit_test(lanes_start_with_the_same_numbers_and_go_on_with_their_own),
        cmocka_unit_test(programs_that_cannot_wait_run_from_the_start),
        cmocka_unit_test(a_fresh_start_is_made_when_asked_for),
        cmocka_unit_test(the_pool_ends_who_was_not_asked_for_longest),
        cmocka_unit_test(an_idle_slot_gives_its_pages_back_and_still_answers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
