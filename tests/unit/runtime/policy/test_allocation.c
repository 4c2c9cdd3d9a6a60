/* SPDX-License-Identifier: Apache-2.0 */
/* Instances without memory: each allocation of a policy's life fails once, and what comes of it is
 * an error or an answer, never a crash, and the next request is served. */
#include "tests/unit/rego_guest.h"
#include "tests/unit/wapc_imports.h"

#include <fcntl.h>
#include <stdlib.h>

#include "runtime/log/log.h"

#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define HAS_SANITIZER
#endif
#endif
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define HAS_SANITIZER /* with an allocator of its own */
#endif

static unsigned long made, failing; /* the one that fails, counted from 1; 0: none */
static long live;                   /* blocks that are not freed */

#ifndef HAS_SANITIZER
void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *old, size_t size);

void __libc_free(void *block);

static void *note(void *block)
{
    live += block != NULL;
    return block;
}

static bool may_have(void)
{
    return ++made != failing;
}

void *malloc(size_t size)
{
    return may_have() ? note(__libc_malloc(size)) : NULL;
}

void *calloc(size_t count, size_t size)
{
    return may_have() ? note(__libc_calloc(count, size)) : NULL;
}

void *realloc(void *old, size_t size)
{
    if (!may_have())
        return NULL;
    void *block = __libc_realloc(old, size);
    live += !old && block;
    return block;
}

void free(void *block)
{
    live -= block != NULL;
    __libc_free(block);
}
#endif

uint32_t chimera_wasi_fd_read(struct chimera_guest *guest, uint32_t fd, uint32_t at, uint32_t count,
                              uint32_t size);
uint32_t chimera_wasi_fd_write(struct chimera_guest *guest, uint32_t fd, uint32_t at,
                               uint32_t count, uint32_t size);
uint32_t chimera_table_grow(struct chimera_guest *guest, struct chimera_table *table,
                            uint32_t delta, const void *initial);

struct instance {
    struct chimera_instance head;
    struct chimera_table table;
};

static const struct chimera_plugin_table shape = {
    .offset = offsetof(struct instance, table), .min = 4, .max = 1000, .entry_size = 24};

static void log_something(struct chimera_guest *guest)
{
    static const char text[] =
        "kubewardentracinglog{\"level\":\"error\",\"message\":\"m\",\"n\":[1]}";
    memcpy(guest->instance->memory.data + 1024, text, sizeof(text));
    chimera_wapc_host_call(guest, 1024, 10, 1034, 7, 1041, 3, 1044, sizeof(text) - 1 - 20);
}

/* Logs, prints, grows its table, and mutates what it was asked about. */
GUEST_CODE static void guest_call(struct chimera_instance *instance, union chimera_value *values)
{
    static const char valid[] = "{\"valid\":true}",
                      answer[] = "{\"accepted\":true,\"mutated_object\":{\"n\":[2,{\"x\":\"y\"}]}}";
    static const uint64_t entry[3];
    struct chimera_guest *guest = instance->guest;
    uint8_t *memory = instance->memory.data;
    bool is_settings = values[0].i32 == strlen("validate_settings");
    const uint32_t vector[] = {4096, 5000};
    chimera_wapc_guest_request(guest, 16, 65536);
    log_something(guest);
    memset(memory + 4096, 'x', 5000);
    memcpy(memory, vector, sizeof(vector));
    chimera_wasi_fd_write(guest, 1, 0, 1, 8);
    chimera_table_grow(guest, &((struct instance *)instance)->table, 500, entry);
    const char *text = is_settings ? valid : answer;
    memcpy(memory + 2000, text, strlen(text));
    chimera_wapc_guest_response(guest, 2000, (uint32_t)strlen(text));
    values[0].i32 = 1;
}

/* A program that says what it has to before it reads its input. */
GUEST_CODE static void wasi_start(struct chimera_instance *instance, union chimera_value *values)
{
    static const char answer[] = "{\"accepted\":true}";
    uint8_t *memory = instance->memory.data;
    const uint32_t vectors[] = {1024, 4096, 2048, sizeof(answer) - 1};
    (void)values;
    memcpy(memory, vectors, sizeof(vectors));
    memcpy(memory + 2048, answer, sizeof(answer));
    chimera_wasi_fd_write(instance->guest, 2, 8, 1, 16);
    chimera_wasi_fd_read(instance->guest, 0, 0, 1, 16);
    chimera_wasi_fd_write(instance->guest, 1, 8, 1, 16);
}

GUEST_CODE static uint32_t split(struct chimera_guest *guest, uint32_t first, uint32_t second)
{
    (void)first, (void)second;
    rego_put(guest, REGO_TEXT, "\"a,b,c\"");
    rego_put(guest, REGO_TEXT + 64, "\",\"");
    rego_put(guest, REGO_TEXT + 128, "2");
    chimera_opa_builtin3(guest, 3, 0, REGO_TEXT, REGO_TEXT + 64, REGO_TEXT + 128);
    return 0;
}

static struct c_guest module;

static void make_wasi_guest(void)
{
    c_guest_init(&module, CHIMERA_MODE_WASI);
    c_guest_export(&module, "memory", "", NULL);
    c_guest_export(&module, "_start", ":", wasi_start);
}

static void make_2020_guest(void)
{
    make_wasi_guest();
    module.plugin.mode = CHIMERA_MODE_CHIMERA;
}

static void make_rego_guest(void)
{
    rego_make(&module);
    on_eval = split;
}

static void make_wapc_guest(void)
{
    c_guest_init(&module, CHIMERA_MODE_WAPC);
    module.plugin.instance_size = sizeof(struct instance);
    module.plugin.tables = &shape;
    module.plugin.table_count = 1;
    module.plugin.changes_tables = 1;
    c_guest_export(&module, "memory", "", NULL);
    c_guest_export(&module, "__guest_call", "ii:i", guest_call);
}

static bool ask(struct chimera_policy *policy, bool *ret_mutates)
{
    struct chimera_arena arena;
    struct chimera_response response;
    struct chimera_request request = c_guest_request("{\"n\":[1]}");
    chimera_arena_init(&arena, 1 << 20);
    int code = chimera_policy_evaluate(policy, 0, &request, 0, &arena, &response);
    bool is_allowed = code == CHIMERA_OK && response.allowed;
    *ret_mutates = is_allowed && response.patch.data;
    chimera_arena_free(&arena);
    return is_allowed;
}

/* A policy's whole life in which one allocation fails; then another request without. */
static void live_through(unsigned long number)
{
    const struct chimera_policy_options options = {
        .id = "p", .limit_ms = 5000, .lanes = 1, .settings = CHIMERA_SLICE("{\"a\":\"b\"}")};
    struct chimera_policy *policy = NULL;
    struct chimera_arena arena;
    struct chimera_slice message;
    struct chimera_error err = {0};
    bool is_valid, mutates, can_mutate = module.plugin.mode == CHIMERA_MODE_WAPC;
    chimera_arena_init(&arena, 1 << 20);
    made = 0;
    failing = number;
    if (chimera_policy_open(&module.loaded, &options, &policy, &err) == CHIMERA_OK) {
        chimera_policy_check_settings(policy, 0, &arena, &is_valid, &message, &err);
        if (ask(policy, &mutates))
            assert_int_equal(mutates, can_mutate); /* no answer is half of one */
        ask(policy, &mutates);
        failing = 0;
        assert_true(ask(policy, &mutates));
        assert_int_equal(mutates, can_mutate);
    }
    failing = 0;
    chimera_policy_close(policy);
    chimera_arena_free(&arena);
}

static void one_that_fails_costs_no_more_than_its_request(void **state)
{
    static void (*const makers[])(void) = {make_wapc_guest, make_wasi_guest, make_2020_guest,
                                           make_rego_guest};
    (void)state;
#ifdef HAS_SANITIZER
    skip();
#endif
    for (size_t i = 0; i < sizeof(makers) / sizeof(*makers); i++) {
        makers[i]();
        live_through(0); /* what the process keeps for ever is made here */
        live_through(0);
        unsigned long all = made;
        long before = live;
        assert_in_range(all, 20, 2000);
        for (unsigned long number = 1; number <= all; number++) {
            live_through(number);
            assert_int_equal(live, before);
        }
    }
}

/* A start that has no snapshot is none. */
static int prepare(enum chimera_mode mode, unsigned long number)
{
    const struct chimera_abi *abi = chimera_abi_of(mode);
    struct chimera_guest *guest;
    assert_int_equal(chimera_guest_new(&module.loaded, 1 << 20, &guest, NULL), 0);
    assert_int_equal(abi->attach(guest, NULL), 0);
    chimera_guest_begin(guest, 5000);
    made = 0;
    failing = number;
    int code = abi->prepare(guest, CHIMERA_SLICE("{}"), NULL);
    failing = 0;
    chimera_guest_end(guest);
    abi->detach(guest);
    chimera_guest_free(guest);
    return code;
}

static void a_start_needs_its_snapshot(void **state)
{
    static const enum chimera_mode modes[] = {CHIMERA_MODE_WASI, CHIMERA_MODE_CHIMERA};
    (void)state;
#ifdef HAS_SANITIZER
    skip();
#endif
    for (size_t i = 0; i < sizeof(modes) / sizeof(*modes); i++) {
        unsigned failures = 0;
        make_wasi_guest();
        module.plugin.mode = modes[i];
        assert_int_equal(prepare(modes[i], 0), 0);
        for (unsigned long number = 1; number < 20; number++)
            failures += prepare(modes[i], number) == CHIMERA_ENOMEM;
        assert_true(failures > 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_that_fails_costs_no_more_than_its_request),
        cmocka_unit_test(a_start_needs_its_snapshot),
    };
    int log_fd = open("/dev/null", O_WRONLY | O_CLOEXEC);
    chimera_log_open(log_fd, CHIMERA_LOG_TEXT, CHIMERA_LOG_INFO);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
