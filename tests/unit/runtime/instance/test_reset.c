/* SPDX-License-Identifier: Apache-2.0 */
/* What the host keeps of a guest is brought back with the guest: whatever a run did to it, and
 * however it ended, the next one starts where a new slot does. Compared byte by byte
 * (tests/describe.h). */
#include "tests/unit/rego_guest.h"
#include "tests/unit/wapc_imports.h"
#include "tests/unit/wasi_guest.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "runtime/abi/wapc.h"
#include "runtime/instance/types_internal.h"
#include "runtime/log/log.h"
#include "tests/describe.h"

/* --- One slot, in any mode --- */

struct slot {
    struct c_guest module;
    struct chimera_guest *guest;
    const struct chimera_abi *abi;
    struct chimera_buffer prepared; /* what the host knew when it was */
};

static void (*work)(struct chimera_guest *guest);  /* what a request does */
static void (*first)(struct chimera_guest *guest); /* what the start does; NULL: nothing */

GUEST_CODE static void wapc_call(struct chimera_instance *instance, union chimera_value *values)
{
    values[0].i32 = 1;
    work(instance->guest);
}

GUEST_CODE static void wapc_init(struct chimera_instance *instance, union chimera_value *values)
{
    (void)values;
    if (first)
        first(instance->guest);
}

/* A program that reads all its input, and then does what it is for. */
GUEST_CODE static void wasi_start(struct chimera_instance *instance, union chimera_value *values)
{
    struct chimera_guest *guest = instance->guest;
    (void)values;
    if (first)
        first(guest);
    do {
        put32(guest, 0, 1024);
        put32(guest, 4, 4096);
        chimera_wasi_fd_read(guest, 0, 0, 1, 8);
    } while (get32(guest, 8) > 0);
    work(guest);
}

GUEST_CODE static uint32_t rego_work(struct chimera_guest *guest, uint32_t one, uint32_t two)
{
    (void)one, (void)two;
    work(guest);
    return 0;
}

static void describe(const struct slot *slot, struct chimera_buffer *out)
{
    chimera_buffer_reset(out);
    describe_host(slot->guest, out);
    assert_int_equal(out->failed, 0);
}

static void export_functions(struct c_guest *module, enum chimera_mode mode)
{
    c_guest_init(module, mode);
    c_guest_export(module, "memory", "", NULL);
    if (mode == CHIMERA_MODE_WAPC) {
        c_guest_export(module, "__guest_call", "ii:i", wapc_call);
        c_guest_export(module, "wapc_init", ":", wapc_init);
    } else {
        c_guest_export(module, "_start", ":", wasi_start);
    }
}

static void prepare_slot(struct slot *slot, enum chimera_mode mode)
{
    struct chimera_error err = {0};
    slot->abi = chimera_abi_of(mode);
    chimera_buffer_init(&slot->prepared, 1 << 20);
    if (mode == CHIMERA_MODE_OPA) {
        rego_make(&slot->module);
        on_eval = rego_work;
    } else {
        export_functions(&slot->module, mode);
    }
    assert_int_equal(chimera_guest_new(&slot->module.loaded, 1 << 20, &slot->guest, NULL), 0);
    assert_int_equal(slot->abi->attach(slot->guest, NULL), 0);
    chimera_guest_begin(slot->guest, 5000);
    if (slot->abi->prepare(slot->guest, CHIMERA_SLICE("{\"A\":\"x\"}"), &err) < 0)
        fail_msg("%s", err.text);
    chimera_guest_end(slot->guest);
    describe(slot, &slot->prepared);
}

static void drop_slot(struct slot *slot)
{
    slot->abi->detach(slot->guest);
    chimera_guest_free(slot->guest);
    chimera_buffer_free(&slot->prepared);
}

static void run_once(struct slot *slot, void (*what)(struct chimera_guest *), uint32_t limit_ms)
{
    struct chimera_arena arena;
    struct chimera_request request = c_guest_request("{\"n\":1}");
    struct chimera_response response;
    chimera_arena_init(&arena, 64 << 20);
    work = what;
    chimera_guest_begin(slot->guest, limit_ms);
    slot->abi->validate(slot->guest, &request, CHIMERA_SLICE("{}"), &arena, &response);
    chimera_guest_end(slot->guest);
    chimera_arena_free(&arena);
}

static void expect_prepared(const struct slot *slot)
{
    struct chimera_buffer now;
    chimera_buffer_init(&now, 1 << 20);
    describe(slot, &now);
    assert_int_equal(now.size, slot->prepared.size);
    assert_memory_equal(now.data, slot->prepared.data, now.size);
    chimera_buffer_free(&now);
}

/* --- What a guest can do to its host --- */

static U put(struct chimera_guest *guest, U at, const char *text)
{
    memcpy(memory(guest, at), text, strlen(text));
    return (U)strlen(text);
}

static void leave_files(struct chimera_guest *guest)
{
    write_to(guest, 1, "a line that does not end");
    write_to(guest, 2, "nor this");
    chimera_wasi_fd_close(guest, 1);
    chimera_wasi_fd_renumber(guest, 0, 2);
}

/* Answers that nobody reads, of which a first byte is read. */
static void leave_answers(struct chimera_guest *guest)
{
    U at[8];
    const char *const texts[4] = {"kubewarden", "net", "v1/dns_lookup_host", "\"secret\""};
    for (U i = 0; i < 4; i++) {
        at[2 * i] = 8192 + 256 * i;
        at[2 * i + 1] = put(guest, 8192 + 256 * i, texts[i]);
    }
    for (int i = 0; i < 2; i++)
        chimera_wasi_host_call(guest, at[0], at[1], at[2], at[3], at[4], at[5], at[6], at[7]);
    if (chimera_wapc_of(guest))
        chimera_wapc_host_call(guest, at[0], at[1], at[2], at[3], at[4], at[5], at[6], at[7]);
    put32(guest, 0, 1024);
    put32(guest, 4, 1);
    chimera_wasi_fd_read(guest, 0, 0, 1, 8);
}

static void leave_words(struct chimera_guest *guest)
{
    U size = put(guest, 1024, "{\"accepted\":true,\"message\":\"of an earlier request\"}");
    if (!chimera_wapc_of(guest))
        return;
    chimera_wapc_guest_error(guest, 1024, size);
    chimera_wapc_guest_response(guest, 1024, size);
}

static void leave_all(struct chimera_guest *guest)
{
    leave_words(guest);
    leave_answers(guest);
    leave_files(guest);
}

static void leave_all_and_trap(struct chimera_guest *guest)
{
    leave_all(guest);
    chimera_guest_trap(guest, CHIMERA_TRAP_HOST, "words that stay");
}

static void leave_all_and_exit(struct chimera_guest *guest)
{
    leave_all(guest);
    chimera_wasi_proc_exit(guest, 3);
}

static void leave_all_and_lie(struct chimera_guest *guest)
{
    leave_all(guest);
    chimera_wasi_fd_read(guest, 2, 0xfffffff0, 4, 8); /* left in the middle of an import function */
}

GUEST_CODE static void leave_all_and_loop(struct chimera_guest *guest)
{
    leave_all(guest);
    for (volatile int i = 0;; i++)
        ;
}

static void (*const misdeeds[])(struct chimera_guest *) = {
    leave_files,        leave_answers,      leave_words,       leave_all,
    leave_all_and_trap, leave_all_and_exit, leave_all_and_lie, leave_all_and_loop};

static const enum chimera_mode wasi_modes[] = {CHIMERA_MODE_WAPC, CHIMERA_MODE_WASI,
                                               CHIMERA_MODE_CHIMERA};

#define COUNT(array) (sizeof(array) / sizeof(*(array)))

static void nothing_of_a_run_is_left(void **state)
{
    (void)state;
    first = NULL;
    for (size_t mode = 0; mode < COUNT(wasi_modes); mode++) {
        struct slot slot;
        prepare_slot(&slot, wasi_modes[mode]);
        for (size_t i = 0; i < COUNT(misdeeds); i++) {
            run_once(&slot, misdeeds[i], 100);
            assert_int_equal(chimera_guest_reset(slot.guest), 0);
            expect_prepared(&slot);
        }
        drop_slot(&slot);
    }
}

/* --- What the start did is no request's, and stays --- */

static void close_output(struct chimera_guest *guest)
{
    chimera_wasi_fd_close(guest, 2);
}

static void tell_files(struct chimera_guest *guest)
{
    for (U fd = 0; fd < 3; fd++)
        got[fd] = chimera_wasi_fd_sync(guest, fd);
    leave_files(guest);
}

static void every_request_begins_where_the_start_ended(void **state)
{
    static const U want[] = {0, 0, 8};
    (void)state;
    for (size_t mode = 0; mode < COUNT(wasi_modes); mode++) {
        struct slot slot;
        first = close_output;
        prepare_slot(&slot, wasi_modes[mode]);
        for (int i = 0; i < 3; i++) {
            run_once(&slot, tell_files, 5000);
            assert_memory_equal(got, want, sizeof(want));
            assert_int_equal(chimera_guest_reset(slot.guest), 0);
            expect_prepared(&slot);
        }
        drop_slot(&slot);
    }
    first = NULL;
}

/* A start may call its host; what it leaves unread is gone before the first request, as it is
 * before each that follows. */
static void what_the_start_left_unread_is_gone(void **state)
{
    static void (*const starts[])(struct chimera_guest *) = {leave_answers, leave_words, leave_all};
    (void)state;
    for (size_t i = 0; i < COUNT(starts); i++) {
        struct slot slot;
        first = starts[i];
        prepare_slot(&slot, CHIMERA_MODE_WAPC);
        run_once(&slot, leave_answers, 5000);
        assert_int_equal(chimera_guest_reset(slot.guest), 0);
        expect_prepared(&slot);
        drop_slot(&slot);
    }
    first = NULL;
}

static void slots_of_one_policy_are_alike(void **state)
{
    (void)state;
    for (size_t mode = 0; mode < COUNT(wasi_modes); mode++) {
        struct slot slots[2];
        prepare_slot(&slots[0], wasi_modes[mode]);
        run_once(&slots[0], leave_all_and_trap, 5000);
        assert_int_equal(chimera_guest_reset(slots[0].guest), 0);
        prepare_slot(&slots[1], wasi_modes[mode]);
        describe(&slots[0], &slots[0].prepared);
        assert_int_equal(slots[0].prepared.size, slots[1].prepared.size);
        assert_memory_equal(slots[0].prepared.data, slots[1].prepared.data, slots[0].prepared.size);
        drop_slot(&slots[0]);
        drop_slot(&slots[1]);
    }
}

/* --- Rego --- */

GUEST_CODE static uint32_t trap_in_call_back(struct chimera_guest *guest, uint32_t one,
                                             uint32_t two)
{
    (void)one, (void)two;
    if (guest->depth == 2)
        chimera_guest_trap(guest, CHIMERA_TRAP_UNREACHABLE, NULL);
    return 0;
}

GUEST_CODE static uint32_t loop_in_call_back(struct chimera_guest *guest, uint32_t one,
                                             uint32_t two)
{
    (void)one, (void)two;
    for (volatile int i = 0; guest->depth == 2; i++)
        ;
    return 0;
}

static void split(struct chimera_guest *guest)
{
    rego_put(guest, REGO_TEXT, "\"a,b,c\"");
    rego_put(guest, REGO_TEXT + 64, "\",\"");
    rego_put(guest, REGO_TEXT + 128, "2");
    chimera_opa_builtin3(guest, 3, 0, REGO_TEXT, REGO_TEXT + 64, REGO_TEXT + 128);
}

static void builtins_leave_nothing(void **state)
{
    static rego_hook **const hooks[] = {&on_malloc, &on_value_parse, &on_value_dump};
    static rego_hook *const ends[] = {NULL, trap_in_call_back, loop_in_call_back};
    struct slot slot;
    (void)state;
    prepare_slot(&slot, CHIMERA_MODE_OPA);
    for (size_t hook = 0; hook < COUNT(hooks); hook++) {
        for (size_t end = 0; end < COUNT(ends); end++) {
            *hooks[hook] = ends[end];
            run_once(&slot, split, 100);
            assert_true(end == 0 || slot.guest->stop != CHIMERA_STOP_NONE);
            assert_int_equal(chimera_guest_reset(slot.guest), 0);
            expect_prepared(&slot);
        }
        *hooks[hook] = NULL;
    }
    drop_slot(&slot);
}

/* --- Memory: the pages that a thread wrote are known by its own count of faults --- */

#define FAR (3u * CHIMERA_PAGE_BYTES)
#define FAULTS_MAX 8192

static uint8_t *fresh_pages; /* each is a fault of who touches it first */
static size_t touched;

static uint64_t touch_one(void)
{
    uint64_t count;
    assert_true(touched < 2 * FAULTS_MAX);
    *(volatile uint8_t *)(fresh_pages + touched++ * CHIMERA_PROCESSOR_PAGE) = 1;
    chimera_fault_count(&count);
    return count;
}

static void write_near(struct chimera_guest *guest)
{
    *memory(guest, 0) = 1;
}

static void write_far(struct chimera_guest *guest)
{
    *memory(guest, FAR) = 1;
}

/* Writes another page, and then has as many faults as the first thread had at its last reset. */
static void *reset_here(void *context)
{
    struct slot *slot = context;
    uint64_t wanted = slot->guest->internal->reset.faults, count;
    run_once(slot, write_far, 5000);
    do
        count = touch_one();
    while (count < wanted);
    return chimera_guest_reset(slot->guest) == 0 ? slot : NULL;
}

static void a_reset_on_another_thread_finds_its_pages(void **state)
{
    size_t size = 2 * FAULTS_MAX * CHIMERA_PROCESSOR_PAGE;
    struct slot slot;
    pthread_t thread;
    void *good = NULL;
    uint64_t start;
    (void)state;
    fresh_pages = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    assert_ptr_not_equal(fresh_pages, MAP_FAILED);
    madvise(fresh_pages, size, MADV_NOHUGEPAGE);
    prepare_slot(&slot, CHIMERA_MODE_WAPC);
    chimera_fault_count(&start);
    while (touch_one() < start + FAULTS_MAX / 2) /* more than a thread has that just began */
        ;
    for (int i = 0; i < 3; i++) {
        run_once(&slot, write_near, 5000);
        assert_int_equal(chimera_guest_reset(slot.guest), 0);
    }
    assert_int_equal(pthread_create(&thread, NULL, reset_here, &slot), 0);
    assert_int_equal(pthread_join(thread, &good), 0);
    assert_non_null(good);
    assert_int_equal(*memory(slot.guest, FAR), 0);
    drop_slot(&slot);
    munmap(fresh_pages, size);
}

/* --- The same as the policy and its log see it --- */

static char log_path[] = "/tmp/chimera-reset-log-XXXXXX";
static int log_fd;

/* What was logged since the last time, without the times at which it was. */
static char *take_log(void)
{
    off_t size = lseek(log_fd, 0, SEEK_END);
    char *text = calloc(1, (size_t)size + 1);
    assert_int_equal(pread(log_fd, text, (size_t)size, 0), size);
    assert_int_equal(ftruncate(log_fd, 0), 0);
    char *to = text;
    for (char *line = text, *end; *line; line = end) {
        end = strchr(line, '\n') + 1;
        char *rest = memchr(line, ' ', (size_t)(end - line));
        memmove(to, rest, (size_t)(end - rest));
        to += end - rest;
    }
    *to = '\0';
    return text;
}

static void tell_what_it_finds(struct chimera_guest *guest)
{
    char text[128];
    put32(guest, 0, 1024);
    put32(guest, 4, 64);
    put32(guest, 8, 0);
    U code = chimera_wasi_fd_read(guest, 0, 0, 1, 8), size = get32(guest, 8);
    snprintf(text, sizeof(text), "{\"accepted\":true,\"message\":\"read %u: %u bytes: %.*s\"}",
             code, size, (int)size, (const char *)memory(guest, 1024));
    write_to(guest, 2, "found\n");
    if (chimera_wapc_of(guest))
        chimera_wapc_guest_response(guest, 4096, put(guest, 4096, text));
    else
        write_to(guest, 1, text);
}

/* What one request gets, and what it logs. Owned by the caller. */
static char *ask(struct chimera_policy *policy, void (*what)(struct chimera_guest *))
{
    struct chimera_arena arena;
    struct chimera_request request = c_guest_request("{\"n\":1}");
    struct chimera_response response;
    struct chimera_buffer text;
    chimera_arena_init(&arena, 64 << 20);
    chimera_buffer_init(&text, 1 << 20);
    work = what;
    free(take_log());
    assert_int_equal(chimera_policy_evaluate(policy, 0, &request, 0, &arena, &response), 0);
    chimera_response_write(&response, &text);
    char *log = take_log();
    chimera_buffer_byte(&text, '\n');
    chimera_buffer_text(&text, log);
    chimera_buffer_byte(&text, '\0');
    free(log);
    chimera_arena_free(&arena);
    return text.data;
}

static struct chimera_policy *open_one(struct c_guest *module, enum chimera_mode mode)
{
    const struct chimera_policy_options options = {
        .id = "p", .limit_ms = 100, .lanes = 1, .settings = CHIMERA_SLICE("{}")};
    struct chimera_policy *policy;
    struct chimera_error err = {0};
    export_functions(module, mode);
    assert_int_equal(chimera_policy_open(&module->loaded, &options, &policy, NULL), 0);
    assert_int_equal(chimera_policy_warm(policy, 0, &err), 0);
    return policy;
}

static void a_second_request_is_answered_and_logged_like_a_first(void **state)
{
    (void)state;
    for (size_t mode = 0; mode < COUNT(wasi_modes); mode++) {
        struct c_guest module[2];
        struct chimera_policy *used = open_one(&module[0], wasi_modes[mode]);
        struct chimera_policy *fresh = open_one(&module[1], wasi_modes[mode]);
        char *want = ask(fresh, tell_what_it_finds);
        assert_non_null(strstr(want, wasi_modes[mode] == CHIMERA_MODE_WAPC ? "found" : "read 0"));
        for (size_t i = 0; i < COUNT(misdeeds); i++) {
            free(ask(used, misdeeds[i]));
            char *text = ask(used, tell_what_it_finds);
            assert_string_equal(text, want);
            free(text);
        }
        free(want);
        chimera_policy_close(used);
        chimera_policy_close(fresh);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_of_a_run_is_left),
        cmocka_unit_test(every_request_begins_where_the_start_ended),
        cmocka_unit_test(what_the_start_left_unread_is_gone),
        cmocka_unit_test(slots_of_one_policy_are_alike),
        cmocka_unit_test(builtins_leave_nothing),
        cmocka_unit_test(a_reset_on_another_thread_finds_its_pages),
        cmocka_unit_test(a_second_request_is_answered_and_logged_like_a_first),
    };
    log_fd = mkostemp(log_path, O_APPEND | O_CLOEXEC);
    if (log_fd < 0)
        return 1;
    unlink(log_path);
    chimera_log_open(log_fd, CHIMERA_LOG_TEXT, CHIMERA_LOG_INFO);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
