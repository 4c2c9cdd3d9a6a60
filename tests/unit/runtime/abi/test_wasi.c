/* SPDX-License-Identifier: Apache-2.0 */
/* WASI's functions called by a guest in C; what they answer is guest-abis.md §2.6 and §3.5. */
#include "tests/unit/wasi_guest.h"

#include <sys/resource.h>

#include <time.h>

static char seen[512];
static uint8_t stats[4][80];

/* --- Descriptors --- */

static void ask_descriptors(struct chimera_guest *guest)
{
    U *to = got;
    *to++ = chimera_wasi_fd_read(guest, 1, 0, 0, 8);
    *to++ = chimera_wasi_fd_write(guest, 0, 0, 0, 8);
    *to++ = chimera_wasi_fd_pread(guest, 0, 0, 0, 0, 8);
    *to++ = chimera_wasi_fd_seek(guest, 1, 0, 0, 8);
    *to++ = chimera_wasi_fd_seek(guest, 1, 0, 3, 8);
    *to++ = chimera_wasi_fd_fdstat_set_flags(guest, 0, 4);
    *to++ = chimera_wasi_fd_fdstat_set_flags(guest, 0, 32);
    *to++ = chimera_wasi_fd_fdstat_set_rights(guest, 0, 0, 0);
    *to++ = chimera_wasi_fd_fdstat_set_rights(guest, 3, 0, 0);
    *to++ = chimera_wasi_fd_advise(guest, 0, 0, 0, 0);
    *to++ = chimera_wasi_fd_advise(guest, 0, 0, 0, 6);
    *to++ = chimera_wasi_fd_allocate(guest, 0, 0, 0);
    *to++ = chimera_wasi_fd_allocate(guest, 9, 0, 0);
    *to++ = chimera_wasi_fd_sync(guest, 2);
    *to++ = chimera_wasi_fd_datasync(guest, 3);
    *to++ = chimera_wasi_fd_prestat_get(guest, 3, 8);
    *to++ = chimera_wasi_fd_prestat_get(guest, 0, 8);
    *to++ = chimera_wasi_fd_prestat_dir_name(guest, 3, 0, 0);
    *to++ = chimera_wasi_fd_filestat_set_times(guest, 0, 0, 0, 3);
    *to++ = chimera_wasi_path_open(guest, 3, 0, 0, 0, 0, 0, 0, 0, 8);
    *to++ = chimera_wasi_path_open(guest, 3, 0, 0, 0, 16, 0, 0, 0, 8);
    *to++ = chimera_wasi_sock_accept(guest, 0, 0, 8);
    *to++ = chimera_wasi_sched_yield(guest);
    *to++ = chimera_wasi_fd_renumber(guest, 0, 3);
    *to++ = chimera_wasi_fd_renumber(guest, 2, 0);
    *to++ = chimera_wasi_fd_sync(guest, 2);
    *to++ = chimera_wasi_fd_close(guest, 0);
    *to++ = chimera_wasi_fd_close(guest, 0);
    *to++ = chimera_wasi_fd_close(guest, 0xffffffff);
    accept(guest);
}

static void descriptors_answer_as_specified(void **state)
{
    static const U want[] = {8, 8, 8,  8,  28, 8,  28, 58, 8, 8, 28, 58, 8, 0, 8,
                             8, 8, 54, 28, 8,  28, 8,  0,  8, 0, 8,  0,  8, 8};
    (void)state;
    check_in_wasi(ask_descriptors);
    for (size_t i = 0; i < sizeof(want) / sizeof(*want); i++)
        assert_int_equal(got[i], want[i]);
}

static void ask_stats(struct chimera_guest *guest)
{
    memset(memory(guest, 256), 0x55, 256);
    got[0] = chimera_wasi_fd_fdstat_get(guest, 0, 256);
    memcpy(stats[0], memory(guest, 256), 32);
    got[1] = chimera_wasi_fd_fdstat_get(guest, 2, 256);
    memcpy(stats[1], memory(guest, 256), 32);
    got[2] = chimera_wasi_fd_fdstat_get(guest, 3, 256);
    memset(memory(guest, 256), 0x55, 256);
    got[3] = chimera_wasi_fd_filestat_get(guest, 1, 256);
    memcpy(stats[2], memory(guest, 256), 80);
    memset(memory(guest, 256), 0x55, 256);
    got[4] = chimera_wasi0_fd_filestat_get(guest, 1, 256);
    memcpy(stats[3], memory(guest, 256), 80);
    accept(guest);
}

static void stats_are_those_of_pipes(void **state)
{
    static const U codes[] = {0, 0, 8, 0, 0};
    static const uint8_t input[24] = {[8] = 2}, output[24] = {[2] = 1, [8] = 64}, zero[64];
    (void)state;
    check_in_wasi(ask_stats);
    assert_memory_equal(got, codes, sizeof(codes));
    assert_memory_equal(stats[0], input, 24);
    assert_int_equal(stats[0][24], 0x55);
    assert_memory_equal(stats[1], output, 24);
    assert_memory_equal(stats[2], zero, 64);
    assert_int_equal(stats[2][64], 0x55);
    assert_memory_equal(stats[3], zero, 56);
    assert_int_equal(stats[3][56], 0x55);
}

/* --- Pointers that must trap rather than answer --- */

static U pointer_case;

static void misuse_pointers(struct chimera_guest *guest)
{
    enum { END = 4 * 65536 };
    put32(guest, 0, END - 8);
    put32(guest, 4, 9);
    switch (pointer_case) {
    case 0:
        chimera_wasi_fd_write(guest, 1, 0, 1, 8); /* the buffer ends behind memory */
        break;
    case 1:
        put32(guest, 4, 8);
        chimera_wasi_fd_write(guest, 1, 0, 1, 10); /* the result is misaligned */
        break;
    case 2:
        chimera_wasi_fd_write(guest, 1, 2, 1, 8); /* the iovecs are */
        break;
    case 3:
        chimera_wasi_fd_write(guest, 1, END - 8, 2, 8);
        break;
    case 4:
        chimera_wasi_fd_read(guest, 0, END - 8, 0x20000000,
                             8); /* the array's size overflows 32 bits */
        break;
    case 5:
        chimera_wasi_clock_time_get(guest, 0, 0, END - 4);
        break;
    case 6:
        chimera_wasi_random_get(guest, END - 1, 2);
        break;
    case 7:
        chimera_wasi_args_get(guest, END - 4, 1024);
        break;
    case 8:
        chimera_wasi_args_get(guest, 64, END - 4);
        break;
    case 9:
        chimera_wasi_poll_oneoff(guest, END - 40, 0, 1, 8);
        break;
    case 10:
        chimera_wasi_fd_fdstat_get(guest, 0, 4);
        break;
    case 11:
        chimera_wasi_host_call(guest, 0, 0, 0, 0, END, 1, 0, 0);
        break;
    case 12:
        chimera_wasi_args_get(guest, 0xfffffffc, 1024);
        break;
    default:
        break;
    }
    accept(guest);
}

static void bad_pointers_trap(void **state)
{
    struct fixture fixture;
    (void)state;
    open_policy(&fixture, CHIMERA_MODE_WASI, "{}");
    for (pointer_case = 0; pointer_case <= 12; pointer_case++) {
        evaluate(&fixture, misuse_pointers);
        if (fixture.response.allowed)
            fail_msg("pointer case %u did not trap", pointer_case);
    }
    check_allowed(&fixture, misuse_pointers);
    close_policy(&fixture);
}

/* --- Clocks and random numbers --- */

static L times[6];

static void ask_clocks(struct chimera_guest *guest)
{
    got[0] = chimera_wasi_clock_time_get(guest, 0, 1, 16);
    memcpy(&times[0], memory(guest, 16), 8);
    got[1] = chimera_wasi_clock_time_get(guest, 1, 1, 16);
    memcpy(&times[1], memory(guest, 16), 8);
    got[2] = chimera_wasi_clock_time_get(guest, 1, 1, 16);
    memcpy(&times[2], memory(guest, 16), 8);
    got[3] = chimera_wasi_clock_time_get(guest, 2, 1, 16);
    got[4] = chimera_wasi_clock_time_get(guest, 4, 1, 16);
    got[5] = chimera_wasi_clock_res_get(guest, 1, 16);
    memcpy(&times[3], memory(guest, 16), 8);
    got[6] = chimera_wasi_clock_res_get(guest, 3, 16);
    got[7] = chimera_wasi_clock_res_get(guest, 77, 16);
    memset(memory(guest, 64), 0, 64);
    got[8] = chimera_wasi_random_get(guest, 64, 64);
    got[9] = chimera_wasi_random_get(guest, 4 * 65536, 0);
    memcpy(seen, memory(guest, 64), 64);
    accept(guest);
}

static void clocks_and_random_numbers_work(void **state)
{
    static const U want[] = {0, 0, 0, 8, 28, 0, 8, 28, 0, 0};
    static const uint8_t zero[16];
    (void)state;
    check_in_wasi(ask_clocks);
    assert_memory_equal(got, want, sizeof(want));
    assert_true(times[0] / 1000000000 - (L)time(NULL) + 2 < 4);
    assert_true(times[1] < 60000000000); /* since the instance was made */
    assert_true(times[2] >= times[1]);
    for (int i = 0; i < 3; i++)
        assert_int_equal(times[i] % 1000000, 0); /* whole milliseconds, and the clock says so */
    assert_int_equal(times[3], 1000000);
    assert_true(times[1] >= 1000000); /* Go's runtime stops when it reads zero */
    assert_memory_not_equal(seen, zero, 16);
    assert_memory_not_equal(seen + 48, zero, 16);
}

/* --- Waiting --- */

enum { IN = 1024, OUT = 8192, COUNT_AT = 16 };

static void subscribe_clock(struct chimera_guest *guest, U index, U clock, L timeout, U flags)
{
    U at = IN + 48 * index;
    memset(memory(guest, at), 0, 48);
    put64(guest, at, 1000 + index);
    put32(guest, at + 16, clock);
    put64(guest, at + 24, timeout);
    put32(guest, at + 40, flags);
}

static void subscribe_file(struct chimera_guest *guest, U index, U tag, U fd)
{
    U at = IN + 48 * index;
    memset(memory(guest, at), 0, 48);
    put64(guest, at, 1000 + index);
    put32(guest, at + 8, tag);
    put32(guest, at + 16, fd);
}

#define MS ((L)1000000)

static L now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (L)now.tv_sec * 1000000000 + (L)now.tv_nsec;
}

static void wait_for_clocks(struct chimera_guest *guest)
{
    L begin = now_ns();
    subscribe_clock(guest, 0, 3, 20 * MS, 0); /* alone, any clock will do */
    memset(memory(guest, OUT), 0x55, 64);
    got[0] = chimera_wasi_poll_oneoff(guest, IN, OUT, 1, COUNT_AT);
    times[0] = now_ns() - begin;
    got[1] = get32(guest, COUNT_AT);
    got[2] = get32(guest, OUT);
    memcpy(stats[0], memory(guest, OUT + 8), 25);
    subscribe_clock(guest, 0, 1, 60000 * MS, 0);
    subscribe_clock(guest, 1, 0, 5 * MS, 0);
    got[3] = chimera_wasi_poll_oneoff(guest, IN, OUT, 2, COUNT_AT);
    times[1] = now_ns() - begin - times[0];
    got[4] = get32(guest, COUNT_AT);
    got[5] = get32(guest, OUT);
    subscribe_clock(guest, 0, 1, 1, 1); /* long ago */
    got[6] = chimera_wasi_poll_oneoff(guest, IN, OUT, 1, COUNT_AT);
    put64(guest, IN + 8, 0);
    put64(guest, IN + 16, 0xabcdef); /* identifier */
    put64(guest, IN + 24, 1);        /* clock */
    put64(guest, IN + 32, 7 * MS);
    put64(guest, IN + 40, 0);
    put64(guest, IN + 48, 0);
    begin = now_ns();
    got[7] = chimera_wasi0_poll_oneoff(guest, IN, OUT, 1, COUNT_AT);
    times[2] = now_ns() - begin;
    accept(guest);
}

static void poll_waits_for_the_first_clock(void **state)
{
    static const U want[] = {0, 1, 1000, 0, 1, 1001, 0, 0};
    static const uint8_t event[24];
    (void)state;
    check_in_wasi(wait_for_clocks);
    assert_memory_equal(got, want, sizeof(want));
    assert_memory_equal(stats[0], event, 24);
    assert_int_equal(stats[0][24], 0x55);
    assert_true(times[0] >= 20 * MS);
    assert_true(times[1] >= 5 * MS && times[1] < 60000 * MS);
    assert_true(times[2] >= 7 * MS);
}

static void poll_wrongly(struct chimera_guest *guest)
{
    got[0] = chimera_wasi_poll_oneoff(guest, IN, OUT, 0, COUNT_AT);
    subscribe_file(guest, 0, 1, 0);
    got[1] = chimera_wasi_poll_oneoff(guest, IN, OUT, 1, COUNT_AT);
    subscribe_file(guest, 0, 2, 7);
    got[2] = chimera_wasi_poll_oneoff(guest, IN, OUT, 1, COUNT_AT);
    subscribe_file(guest, 0, 3, 0);
    got[3] = chimera_wasi_poll_oneoff(guest, IN, OUT, 1, COUNT_AT);
    subscribe_clock(guest, 0, 0, 1, 1);
    got[4] = chimera_wasi_poll_oneoff(guest, IN, OUT, 1, COUNT_AT);
    subscribe_clock(guest, 0, 9, 1, 0);
    got[5] = chimera_wasi_poll_oneoff(guest, IN, OUT, 1, COUNT_AT);
    subscribe_clock(guest, 0, 1, 1, 0);
    subscribe_clock(guest, 1, 2, 1, 0);
    got[6] = chimera_wasi_poll_oneoff(guest, IN, OUT, 2, COUNT_AT);
    accept(guest);
}

static void poll_refuses_what_cannot_be_waited_for(void **state)
{
    static const U want[] = {28, 28, 8, 28, 58, 28, 28};
    (void)state;
    check_in_wasi(poll_wrongly);
    assert_memory_equal(got, want, sizeof(want));
}

static void sleep_for_an_hour(struct chimera_guest *guest)
{
    subscribe_clock(guest, 0, 1, 3600000 * MS, 0);
    for (;;)
        chimera_wasi_poll_oneoff(guest, IN, OUT, 1, COUNT_AT);
}

static void a_sleeping_guest_is_interrupted(void **state)
{
    struct fixture fixture;
    (void)state;
    open_policy(&fixture, CHIMERA_MODE_WASI, "{}");
    check_rejected(&fixture, sleep_for_an_hour, CHIMERA_DEADLINE_TEXT);
    close_policy(&fixture);
}

static void sleep_once(struct chimera_guest *guest)
{
    subscribe_clock(guest, 0, 1, 3600000 * MS, 0);
    chimera_wasi_poll_oneoff(guest, IN, OUT, 1, COUNT_AT);
}

/* The sleep ends when the time is up, the watchdog's signal may come a little later: in between the
 * guest must not go on. */
static void nothing_runs_behind_a_sleep_that_took_all_the_time(void **state)
{
    struct fixture fixture;
    (void)state;
    open_policy(&fixture, CHIMERA_MODE_WASI, "{}");
    body = sleep_once;
    for (uint32_t i = 0; i < 60; i++) {
        assert_int_equal(chimera_policy_evaluate(fixture.policy, 0, &fixture.request, 2 + i % 7,
                                                 &fixture.arena, &fixture.response),
                         CHIMERA_OK);
        c_guest_assert_slice(fixture.response.status.message, CHIMERA_DEADLINE_TEXT);
    }
    close_policy(&fixture);
}

/* --- How long is a moment --- */

static long times_slept(void)
{
    struct rusage usage;
    getrusage(RUSAGE_THREAD, &usage);
    return usage.ru_nvcsw;
}

static L clock_now(struct chimera_guest *guest)
{
    L time;
    chimera_wasi_clock_time_get(guest, 1, 0, 4096);
    memcpy(&time, memory(guest, 4096), sizeof(time));
    return time;
}

static void wait_ns(struct chimera_guest *guest, L time)
{
    memset(memory(guest, 1024), 0, 48);
    put32(guest, 1024 + 16, 1); /* the monotonic clock */
    put64(guest, 1024 + 24, time);
    chimera_wasi_poll_oneoff(guest, 1024, 2048, 1, 8);
}

static void wait_for_moments(struct chimera_guest *guest)
{
    memset(got, 0, sizeof(got));
    for (int i = 0; i < 20; i++) {
        long slept = times_slept();
        wait_ns(guest, 0);
        got[0] += times_slept() == slept;
        L before = clock_now(guest);
        wait_ns(guest, 1);
        got[1] += clock_now(guest) > before;
    }
    accept(guest);
}

/* None is over at once, and any other when the clock has moved. */
static void no_time_is_none_and_little_is_a_tick(void **state)
{
    (void)state;
    check_in_wasi(wait_for_moments);
    assert_true(got[0] > 0);
    assert_int_equal(got[1], 20);
}

/* --- Random numbers end where they should --- */

static void draw_much(struct chimera_guest *guest)
{
    static const U sizes[] = {16383, 16384, 16385, 20000, 40000};
    memset(got, 0, sizeof(got));
    for (size_t i = 0; i < 5; i++) {
        memset(memory(guest, 65536), 0, 3 * 65536);
        got[0] |= chimera_wasi_random_get(guest, 65536, sizes[i]);
        for (U k = 0; k < 32; k++) { /* of which one at least is not 0 */
            got[1 + i] |= *memory(guest, 65536 + sizes[i] - 1 - k);
            got[0] |= *memory(guest, 65536 + sizes[i] + k);
        }
        got[0] |= got[1 + i] == 0;
    }
    accept(guest);
}

static void random_numbers_fill_what_was_asked_for(void **state)
{
    (void)state;
    check_in_wasi(draw_much);
    assert_int_equal(got[0], 0);
}

/* --- What is said of a signal --- */

static void raise_signal(struct chimera_guest *guest)
{
    chimera_wasi_proc_raise(guest, 6);
}

static void a_signal_is_a_trap_of_its_name(void **state)
{
    struct c_guest module;
    struct chimera_guest *guest;
    union chimera_value none = {0};
    (void)state;
    c_guest_init(&module, CHIMERA_MODE_WASI);
    c_guest_export(&module, "_start", ":", start);
    assert_int_equal(chimera_guest_new(&module.loaded, 1 << 20, &guest, NULL), 0);
    assert_int_equal(chimera_abi_wasi.attach(guest, NULL), 0);
    body = raise_signal;
    chimera_guest_begin(guest, 0);
    assert_int_equal(chimera_guest_run(guest, module.exports, &none), CHIMERA_ETRAP);
    chimera_guest_end(guest);
    assert_string_equal(chimera_guest_stop_text(guest), "proc_raise unsupported");
    chimera_abi_wasi.detach(guest);
    chimera_guest_free(guest);
}

/* --- Answers that nobody reads --- */

#define NAME_SIZE 190000u

static void call_without_reading(struct chimera_guest *guest)
{
    memset(memory(guest, 4096), 'x', NAME_SIZE);
    for (got[0] = 0; got[0] < 1000; got[0]++) /* 16 MiB are kept at most */
        chimera_wasi_host_call(guest, 4096, NAME_SIZE, 0, 0, 0, 0, 0, 0);
    accept(guest);
}

static void answers_have_to_be_read(void **state)
{
    struct fixture fixture;
    (void)state;
    open_policy(&fixture, CHIMERA_MODE_WASI, "{}");
    check_rejected(&fixture, call_without_reading, "");
    assert_in_range(got[0], 80, 100);
    close_policy(&fixture);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(descriptors_answer_as_specified),
        cmocka_unit_test(stats_are_those_of_pipes),
        cmocka_unit_test(bad_pointers_trap),
        cmocka_unit_test(clocks_and_random_numbers_work),
        cmocka_unit_test(poll_waits_for_the_first_clock),
        cmocka_unit_test(poll_refuses_what_cannot_be_waited_for),
        cmocka_unit_test(a_sleeping_guest_is_interrupted),
        cmocka_unit_test(nothing_runs_behind_a_sleep_that_took_all_the_time),
        cmocka_unit_test(no_time_is_none_and_little_is_a_tick),
        cmocka_unit_test(random_numbers_fill_what_was_asked_for),
        cmocka_unit_test(a_signal_is_a_trap_of_its_name),
        cmocka_unit_test(answers_have_to_be_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
