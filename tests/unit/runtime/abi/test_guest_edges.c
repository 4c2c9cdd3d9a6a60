/* SPDX-License-Identifier: Apache-2.0 */
/* What a guest may ask of its host at the edges: answers that are not there, pointers beyond the
 * end, waiting, random numbers, and which of its ends are told to the log. */
#include "tests/unit/wapc_imports.h"
#include "tests/unit/wasi_guest.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

#include "runtime/abi/abi_internal.h"
#include "runtime/abi/wapc.h"
#include "runtime/abi/wasi.h"
#include "runtime/instance/watchdog.h"
#include "runtime/log/log.h"
#include "runtime/plugin/export.h"

#define COUNT(array) (sizeof(array) / sizeof(*(array)))

/* --- A waPC guest whose call, and whose start, is a function of C --- */

static void (*first)(struct chimera_guest *guest);

GUEST_CODE static void wapc_call(struct chimera_instance *instance, union chimera_value *values)
{
    values[0].i32 = 1;
    body(instance->guest);
}

GUEST_CODE static void wapc_init(struct chimera_instance *instance, union chimera_value *values)
{
    (void)values;
    if (first)
        first(instance->guest);
}

static void open_wapc(struct fixture *fixture, unsigned lanes)
{
    const struct chimera_policy_options options = {
        .id = "p", .limit_ms = 5000, .lanes = lanes, .settings = CHIMERA_SLICE("{}")};
    c_guest_init(&fixture->module, CHIMERA_MODE_WAPC);
    c_guest_export(&fixture->module, "memory", "", NULL);
    c_guest_export(&fixture->module, "__guest_call", "ii:i", wapc_call);
    c_guest_export(&fixture->module, "wapc_init", ":", wapc_init);
    assert_int_equal(chimera_policy_open(&fixture->module.loaded, &options, &fixture->policy, NULL),
                     0);
    chimera_arena_init(&fixture->arena, 64 << 20);
    fixture->request = c_guest_request("{\"n\":1}");
}

static U put(struct chimera_guest *guest, U at, const char *text)
{
    memcpy(memory(guest, at), text, strlen(text));
    return (U)strlen(text);
}

static void respond(struct chimera_guest *guest)
{
    chimera_wapc_guest_response(guest, 256, put(guest, 256, "{\"accepted\":true}"));
}

static U call_host(struct chimera_guest *guest, const char *name_space, const char *operation)
{
    U sizes[] = {put(guest, 512, "kubewarden"), put(guest, 544, name_space),
                 put(guest, 576, operation), put(guest, 640, "\"x\"")};
    return chimera_wapc_host_call(guest, 512, sizes[0], 544, sizes[1], 576, sizes[2], 640,
                                  sizes[3]);
}

/* --- Answers of host calls --- */

static void copy_what_is_there(struct chimera_guest *guest)
{
    static const char refused[] = "Policy has not been granted";
    got[0] = call_host(guest, "net", "x");
    got[1] = chimera_wapc_host_response_len(guest);
    put(guest, 1024, "nothing yet");
    chimera_wapc_host_response(guest, 1024);
    got[2] = (U)memcmp(memory(guest, 1024), "nothing yet", 11);
    chimera_wapc_host_error(guest, 1024);
    got[3] = (U)memcmp(memory(guest, 1024), refused, sizeof(refused) - 1);
    got[4] = call_host(guest, "tracing", "log");
    got[5] = chimera_wapc_host_response_len(guest) + chimera_wapc_host_error_len(guest);
    chimera_wapc_host_error(guest, UINT32_MAX); /* there is none, so it may be anywhere */
    respond(guest);
}

/* An answer of no bytes has a place, too. */
static void copy_nothing_outside(struct chimera_guest *guest)
{
    call_host(guest, "tracing", "log");
    chimera_wapc_host_response(guest, UINT32_MAX);
    respond(guest);
}

static void copy_outside(struct chimera_guest *guest)
{
    call_host(guest, "net", "x");
    chimera_wapc_host_error(guest, UINT32_MAX);
    respond(guest);
}

static void only_what_is_there_is_copied(void **state)
{
    static const U want[] = {0, 0, 0, 0, 1, 0};
    struct fixture fixture;
    (void)state;
    first = NULL;
    open_wapc(&fixture, 1);
    check_allowed(&fixture, copy_what_is_there);
    assert_memory_equal(got, want, sizeof(want));
    check_rejected(&fixture, copy_outside,
                   "internal server error: Guest call failure: out of bounds memory access");
    check_rejected(&fixture, copy_nothing_outside,
                   "internal server error: Guest call failure: out of bounds memory access");
    close_policy(&fixture);
}

/* A list of the cluster's objects may be larger than what a policy may say itself: it is not copied
 * but into the guest, which has to have room for it. */
#define LIST_BYTES ((size_t)17 << 20)
static char list[LIST_BYTES];
static unsigned lists_used;

static void end_list(struct chimera_shared_bytes *shared)
{
    (void)shared;
    lists_used++;
}

static bool answer_list(struct chimera_capability_source *source,
                        const struct chimera_host_request *request,
                        struct chimera_host_answer *answer)
{
    static struct chimera_shared_bytes shared;
    (void)source, (void)request;
    shared =
        (struct chimera_shared_bytes){.users = 1, .bytes = {list, sizeof(list)}, .free = end_list};
    answer->shared = &shared;
    return true;
}

static void ask_for_list(struct chimera_guest *guest)
{
    got[0] = call_host(guest, "net", "v1/dns_lookup_host");
    got[1] = chimera_wapc_host_response_len(guest);
    respond(guest);
}

static void a_large_list_is_shared(void **state)
{
    static struct chimera_capability_source source = {.ask = answer_list};
    static const char *const all[] = {"*", NULL};
    const struct chimera_policy_options options = {.id = "p",
                                                   .limit_ms = 5000,
                                                   .lanes = 1,
                                                   .settings = CHIMERA_SLICE("{}"),
                                                   .capabilities = all,
                                                   .source = &source};
    struct fixture fixture;
    (void)state;
    first = NULL;
    open_wapc(&fixture, 1);
    chimera_policy_close(fixture.policy);
    assert_int_equal(chimera_policy_open(&fixture.module.loaded, &options, &fixture.policy, NULL),
                     0);
    check_allowed(&fixture, ask_for_list);
    assert_int_equal(got[0], 1);
    assert_int_equal(got[1], LIST_BYTES);
    assert_int_equal(lists_used, 1); /* let go behind the evaluation */
    close_policy(&fixture);
}

/* --- Random numbers: those of the start are the same in each slot, those of a request are not ---
 */

static uint8_t drawn[4][16];
static size_t draws;

static void draw_at_start(struct chimera_guest *guest)
{
    chimera_wasi_random_get(guest, 2048, 16);
}

static void draw_again(struct chimera_guest *guest)
{
    memcpy(drawn[draws++], memory(guest, 2048), 16);
    chimera_wasi_random_get(guest, 2048, 16);
    memcpy(drawn[draws++], memory(guest, 2048), 16);
    respond(guest);
}

static void slots_differ_in_what_is_asked_after_the_start(void **state)
{
    struct fixture fixture;
    (void)state;
    first = draw_at_start;
    open_wapc(&fixture, 2);
    draws = 0;
    body = draw_again;
    for (unsigned lane = 0; lane < 2; lane++)
        assert_int_equal(chimera_policy_evaluate(fixture.policy, lane, &fixture.request, 0,
                                                 &fixture.arena, &fixture.response),
                         0);
    assert_int_equal(draws, 4);
    assert_memory_equal(drawn[0], drawn[2], 16);
    assert_memory_not_equal(drawn[0], drawn[1], 16);
    assert_memory_not_equal(drawn[1], drawn[3], 16);
    close_policy(&fixture);
    first = NULL;
}

/* Of 64 times one byte, and of the bytes around it. */
static void draw_bytes(struct chimera_guest *guest)
{
    memset(got, 0, sizeof(got));
    for (U i = 0; i < 64; i++) {
        memset(memory(guest, 1024), 7, 3);
        got[0] |= chimera_wasi_random_get(guest, 1025, 1);
        got[1] += *memory(guest, 1025) != 7;
        got[2] += *memory(guest, 1024) != 7 || *memory(guest, 1026) != 7;
    }
    accept(guest);
}

static void each_byte_that_is_asked_for_is_random(void **state)
{
    (void)state;
    check_in_wasi(draw_bytes);
    assert_int_equal(got[0], 0);
    assert_true(got[1] > 0);
    assert_int_equal(got[2], 0);
}

/* --- Waiting --- */

/* How often this thread has left its processor to others by itself. */
static long times_slept(void)
{
    struct rusage usage;
    getrusage(RUSAGE_THREAD, &usage);
    return usage.ru_nvcsw;
}

static U wait_ms(struct chimera_guest *guest, uint64_t ms)
{
    memset(memory(guest, 1024), 0, 48);
    put32(guest, 1024 + 16, 1); /* the monotonic clock */
    put64(guest, 1024 + 24, ms * 1000000);
    return chimera_wasi_poll_oneoff(guest, 1024, 2048, 1, 8);
}

/* An hour after its clock began. */
static void wait_late(struct chimera_guest *guest)
{
    long start = times_slept();
    chimera_wasi_of(guest)->created_ns -= (uint64_t)3600 * 1000000000;
    got[0] = wait_ms(guest, 200);
    got[1] = times_slept() > start;
    chimera_wasi_of(guest)->created_ns += (uint64_t)3600 * 1000000000;
    accept(guest);
}

static void waiting_is_no_work_and_no_longer_than_asked(void **state)
{
    (void)state;
    check_in_wasi(wait_late);
    assert_int_equal(got[0], 0);
    assert_int_equal(got[1], 1);
}

/* --- Arguments and times --- */

static void take_arguments(struct chimera_guest *guest)
{
    memset(memory(guest, 64), 7, 16);
    got[0] = chimera_wasi_args_get(guest, 64, 1024);
    got[1] = get32(guest, 64);
    got[2] = get32(guest, 68);
    got[3] = get32(guest, 72);
    accept(guest);
}

static void set_times(struct chimera_guest *guest)
{
    static const U flags[] = {0, 1, 2, 3, 4, 8, 12, 13, 15, 16, 5, 10};
    for (size_t i = 0; i < COUNT(flags); i++)
        got[i] = chimera_wasi_fd_filestat_set_times(guest, 1, 0, 0, flags[i]);
    for (U whence = 0; whence < 4; whence++)
        got[COUNT(flags) + whence] = chimera_wasi_fd_seek(guest, 1, 0, whence, 8);
    got[16] = chimera_wasi_fd_fdstat_set_flags(guest, 1, 31);
    got[17] = chimera_wasi_fd_fdstat_set_flags(guest, 1, 32);
    got[18] = chimera_wasi_fd_filestat_get(guest, 1, 1024);
    got[19] = chimera_wasi_fd_filestat_get(guest, 3, 1024);
    accept(guest);
}

static void no_more_is_written_than_there_are_arguments(void **state)
{
    static const U want[] = {0, 1024, 1036, 0x07070707};
    (void)state;
    check_in_wasi(take_arguments);
    assert_memory_equal(got, want, sizeof(want));
}

static void flags_are_looked_at(void **state)
{
    static const U want[] = {8, 8, 8, 28, 8, 8, 28, 28, 28, 28, 8, 8, 8, 8, 8, 28, 8, 28, 0, 8};
    (void)state;
    check_in_wasi(set_times);
    for (size_t i = 0; i < COUNT(want); i++)
        if (got[i] != want[i])
            fail_msg("%zu: %u", i, got[i]);
}

/* --- Ends --- */

static void print_much(struct chimera_guest *guest)
{
    write_to(guest, 1, "{\"accepted\":true}");
    memset(memory(guest, 8192), ' ', 8192);
    put32(guest, 0, 8192);
    put32(guest, 4, 8192);
    chimera_wasi_fd_write(guest, 1, 0, 1, 8);
}

static void an_answer_needs_room_with_who_asked(void **state)
{
    struct fixture fixture;
    (void)state;
    open_policy(&fixture, CHIMERA_MODE_WASI, "{}");
    check_allowed(&fixture, print_much);
    chimera_arena_free(&fixture.arena);
    chimera_arena_init(&fixture.arena, 4096);
    check_rejected(&fixture, print_much, "the policy's answer is too large");
    close_policy(&fixture);
}

static unsigned starts;

/* What it says before it waits for its input is said in each run. */
static void complain_early(struct chimera_guest *guest)
{
    starts++;
    write_to(guest, 2, "early, ");
    put32(guest, 0, 1024);
    put32(guest, 4, 64);
    chimera_wasi_fd_read(guest, 0, 0, 1, 8);
    write_to(guest, 2, "late");
    chimera_wasi_proc_exit(guest, 1);
}

static void early_words_are_part_of_each_run(void **state)
{
    const struct chimera_policy_options options = {
        .id = "p", .settings = CHIMERA_SLICE("{}"), .limit_ms = 5000, .lanes = 1};
    struct fixture fixture;
    (void)state;
    open_policy(&fixture, CHIMERA_MODE_WASI, "{}");
    chimera_policy_close(fixture.policy);
    body = complain_early;
    assert_int_equal(chimera_policy_open(&fixture.module.loaded, &options, &fixture.policy, NULL),
                     0);
    for (int i = 0; i < 3; i++)
        check_rejected(&fixture, complain_early, "early, late");
    assert_int_equal(starts, 1);
    assert_string_equal(chimera_policy_start_text(fixture.policy), "at the first read of input");
    close_policy(&fixture);
}

static char seen[64];

static void keep_input(struct chimera_guest *guest)
{
    put32(guest, 0, 1024);
    put32(guest, 4, sizeof(seen) - 1);
    chimera_wasi_fd_read(guest, 0, 0, 1, 8);
    memcpy(seen, memory(guest, 1024), get32(guest, 8));
    write_to(guest, 1, "{\"valid\":true}");
}

static void settings_are_what_is_read(void **state)
{
    struct fixture fixture;
    bool is_valid;
    struct chimera_slice message;
    (void)state;
    open_policy(&fixture, CHIMERA_MODE_WASI, "{\"a\":[1,2]}");
    body = keep_input;
    assert_int_equal(
        chimera_policy_check_settings(fixture.policy, 0, &fixture.arena, &is_valid, &message, NULL),
        0);
    assert_true(is_valid);
    assert_string_equal(seen, "{\"a\":[1,2]}");
    close_policy(&fixture);
}

/* --- Long texts, which are looked at in pieces --- */

#define LONG 40000u
#define PIECE 16384u

static U bad_at; /* where a byte is wrong; 0: none is */

static void say_long_error(struct chimera_guest *guest)
{
    memory(guest, 65536)[0] = 'x'; /* so that characters lie over the ends of pieces */
    for (U i = 1; i < LONG - 1; i += 2)
        memcpy(memory(guest, 65536 + i), "\xc3\xa9", 2);
    memory(guest, 65536)[LONG - 1] = 'x';
    if (bad_at)
        memory(guest, 65536)[bad_at] = 0xff;
    chimera_wapc_guest_error(guest, 65536, LONG);
}

static void long_texts_are_characters_to_their_end(void **state)
{
    static const U places[] = {0,         5,        PIECE - 5, PIECE - 4, PIECE - 3,
                               PIECE - 1, PIECE,    PIECE + 1, PIECE + 9, 2 * PIECE - 1,
                               2 * PIECE, LONG - 2, LONG - 1};
    struct fixture fixture;
    (void)state;
    open_wapc(&fixture, 1);
    for (size_t i = 0; i < COUNT(places); i++) {
        bad_at = places[i];
        evaluate(&fixture, say_long_error);
        struct chimera_slice text = fixture.response.status.message;
        bool is_refused = text.size < LONG && memmem(text.data, text.size, "is not UTF-8", 12);
        assert_int_equal(is_refused, bad_at != 0);
    }
    close_policy(&fixture);
}

/* --- The log --- */

static char log_path[] = "/tmp/chimera-edges-log-XXXXXX";
static int log_fd;

static char *take_log(void)
{
    off_t size = lseek(log_fd, 0, SEEK_END);
    char *text = calloc(1, (size_t)size + 1);
    assert_int_equal(pread(log_fd, text, (size_t)size, 0), size);
    assert_int_equal(ftruncate(log_fd, 0), 0);
    return text;
}

static void trap(struct chimera_guest *guest)
{
    chimera_guest_trap(guest, CHIMERA_TRAP_UNREACHABLE, NULL);
}

static void fail_in_words(struct chimera_guest *guest)
{
    if (chimera_wapc_of(guest))
        chimera_wapc_guest_error(guest, 256, put(guest, 256, "no"));
    else
        chimera_wasi_proc_exit(guest, 1);
}

static void complain_and_accept(struct chimera_guest *guest)
{
    write_to(guest, 2, "hm");
    if (chimera_wapc_of(guest))
        respond(guest);
    else
        accept(guest);
}

static void begin_in_words(struct chimera_guest *guest)
{
    write_to(guest, 1, "begun");
}

/* A stop has a line of its own, which is not said twice. */
static void each_end_is_told_once(void **state)
{
    static const struct {
        enum chimera_mode mode;
        void (*what)(struct chimera_guest *);
        const char *wanted, *unwanted;
    } cases[] = {
        {CHIMERA_MODE_WAPC, fail_in_words, "chimera::wapc", "chimera::trap"},
        {CHIMERA_MODE_WAPC, trap, "chimera::trap", "chimera::wapc"},
        {CHIMERA_MODE_WAPC, respond, "begun", "chimera::wapc"}, /* though no line has ended */
        {CHIMERA_MODE_WAPC, complain_and_accept, "hm", "chimera::wapc"},
        {CHIMERA_MODE_WASI, fail_in_words, "the policy failed", "the policy wrote to stderr"},
        {CHIMERA_MODE_WASI, trap, "chimera::trap", "the policy failed"},
        {CHIMERA_MODE_WASI, complain_and_accept, "the policy wrote to stderr", "the policy failed"},
        {CHIMERA_MODE_WASI, accept, "", "the policy"},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct fixture fixture;
        if (cases[i].mode == CHIMERA_MODE_WAPC)
            open_wapc(&fixture, 1);
        else
            open_policy(&fixture, cases[i].mode, "{}");
        free(take_log());
        first = begin_in_words;
        evaluate(&fixture, cases[i].what);
        char *text = take_log();
        if (!strstr(text, cases[i].wanted) || strstr(text, cases[i].unwanted))
            fail_msg("case %zu: %s", i, text);
        free(text);
        close_policy(&fixture);
    }
    first = NULL;
}

static void print_long_line(struct chimera_guest *guest)
{
    memset(memory(guest, 65536), 'x', 10000);
    put32(guest, 0, 65536);
    put32(guest, 4, 8192);
    put32(guest, 16, 65536);
    put32(guest, 20, 10);
    chimera_wasi_fd_write(guest, 1, 0, 1, 8);
    chimera_wasi_fd_write(guest, 1, 16, 1, 8);
    respond(guest);
}

/* The length of the n-th run of at least ten `x`. */
static size_t run_of_x(const char *text, unsigned n)
{
    for (size_t size; *text; text += size ? size : 1) {
        size = strspn(text, "x");
        if (size >= 10 && n-- == 0)
            return size;
    }
    return 0;
}

static void long_lines_are_broken(void **state)
{
    struct fixture fixture;
    (void)state;
    open_wapc(&fixture, 1);
    free(take_log());
    check_allowed(&fixture, print_long_line);
    char *text = take_log();
    assert_int_equal(run_of_x(text, 0), 8192);
    assert_int_equal(run_of_x(text, 1), 10);
    free(text);
    close_policy(&fixture);
}

/* --- Deadlines --- */

static volatile int has_begun;

GUEST_CODE static void begin(struct chimera_instance *instance, union chimera_value *values)
{
    (void)values;
    has_begun = 1;
    if (chimera_guest_suspend(instance->guest))
        has_begun = 2;
}

/* Whether or not the watchdog has seen it by then. */
static void who_is_late_does_not_begin(void **state)
{
    struct c_guest module;
    struct chimera_guest *guest;
    union chimera_value none = {0};
    (void)state;
    c_guest_init(&module, CHIMERA_MODE_NONE);
    c_guest_export(&module, "begin", ":", begin);
    assert_int_equal(chimera_guest_new(&module.loaded, 1 << 20, &guest, NULL), 0);
    chimera_guest_begin(guest, 60000);
    uint64_t deadline = guest->run->deadline_ns;
    guest->run->deadline_ns = 1;
    assert_int_equal(chimera_guest_run(guest, module.exports, &none), CHIMERA_EDEADLINE);
    assert_int_equal(guest->stop, CHIMERA_STOP_DEADLINE);
    assert_int_equal(has_begun, 0);
    chimera_guest_end(guest);
    chimera_guest_begin(guest, 60000);
    assert_true(guest->run->deadline_ns >= deadline);
    assert_int_equal(chimera_guest_run(guest, module.exports, &none), 0);
    assert_int_equal(has_begun, 1);
    chimera_guest_end(guest);
    if (chimera_guest_is_suspended(guest)) {
        chimera_guest_begin(guest, 60000);
        guest->run->deadline_ns = 1;
        assert_int_equal(chimera_guest_resume(guest), CHIMERA_EDEADLINE);
        assert_int_equal(has_begun, 1);
        chimera_guest_end(guest);
        chimera_guest_begin(guest, 60000);
        assert_int_equal(chimera_guest_resume(guest), 0);
        assert_int_equal(has_begun, 2);
        chimera_guest_end(guest);
    }
    chimera_guest_free(guest);
}

/* --- Exports --- */

/* What stands behind the last export is none. */
static void no_export_is_behind_the_last(void **state)
{
    struct c_guest module;
    struct chimera_guest *guest;
    struct chimera_error err = {0};
    (void)state;
    c_guest_init(&module, CHIMERA_MODE_WAPC);
    c_guest_export(&module, "__guest_call", "ii:i", wapc_call);
    c_guest_export(&module, "memory", "", NULL);
    module.plugin.export_count--;
    assert_int_equal(chimera_abi_wapc.check(&module.plugin, &err), CHIMERA_EMODULE);
    assert_string_equal(err.text, "Cannot find 'mem' export");
    assert_int_equal(chimera_guest_new(&module.loaded, 1 << 20, &guest, NULL), 0);
    assert_null(chimera_plugin_export(guest->loaded->plugin, "memory", CHIMERA_EXPORT_MEMORY));
    module.plugin.export_count = 0;
    assert_null(
        chimera_plugin_export(guest->loaded->plugin, "__guest_call", CHIMERA_EXPORT_FUNCTION));
    assert_null(chimera_plugin_function(&module.plugin, "__guest_call", "ii:i"));
    module.plugin.export_count = 2;
    assert_non_null(chimera_plugin_function(&module.plugin, "__guest_call", "ii:i"));
    assert_non_null(chimera_plugin_export(guest->loaded->plugin, "memory", CHIMERA_EXPORT_MEMORY));
    assert_int_equal(chimera_abi_wapc.check(&module.plugin, &err), 0);
    module.exports[0].name_size--; /* what only begins so is another */
    assert_null(
        chimera_plugin_export(guest->loaded->plugin, "__guest_call", CHIMERA_EXPORT_FUNCTION));
    assert_null(chimera_plugin_function(&module.plugin, "__guest_call", "ii:i"));
    assert_null(chimera_plugin_export(guest->loaded->plugin, "__guest_cal", CHIMERA_EXPORT_MEMORY));
    assert_non_null(
        chimera_plugin_export(guest->loaded->plugin, "__guest_cal", CHIMERA_EXPORT_FUNCTION));
    module.exports[0].name_size++;
    assert_null(
        chimera_plugin_export(guest->loaded->plugin, "__guest_cal", CHIMERA_EXPORT_FUNCTION));
    assert_null(chimera_plugin_function(&module.plugin, "__guest_cal", "ii:i"));
    chimera_guest_free(guest);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_what_is_there_is_copied),
        cmocka_unit_test(a_large_list_is_shared),
        cmocka_unit_test(slots_differ_in_what_is_asked_after_the_start),
        cmocka_unit_test(each_byte_that_is_asked_for_is_random),
        cmocka_unit_test(waiting_is_no_work_and_no_longer_than_asked),
        cmocka_unit_test(no_more_is_written_than_there_are_arguments),
        cmocka_unit_test(flags_are_looked_at),
        cmocka_unit_test(an_answer_needs_room_with_who_asked),
        cmocka_unit_test(early_words_are_part_of_each_run),
        cmocka_unit_test(settings_are_what_is_read),
        cmocka_unit_test(long_texts_are_characters_to_their_end),
        cmocka_unit_test(each_end_is_told_once),
        cmocka_unit_test(long_lines_are_broken),
        cmocka_unit_test(who_is_late_does_not_begin),
        cmocka_unit_test(no_export_is_behind_the_last),
    };
    log_fd = mkostemp(log_path, O_APPEND | O_CLOEXEC);
    if (log_fd < 0)
        return 1;
    unlink(log_path);
    chimera_log_open(log_fd, CHIMERA_LOG_TEXT, CHIMERA_LOG_INFO);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
