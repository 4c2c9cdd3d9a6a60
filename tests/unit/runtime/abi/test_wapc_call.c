/* SPDX-License-Identifier: Apache-2.0 */
/* Any operation of a waPC guest, and the nine imports as guest-abis.md §2.2 and §2.3 have them. */
#include "tests/unit/c_guest.h"
#include "tests/unit/wapc_imports.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "runtime/log/log.h"
#include "runtime/policy/policy.h"

enum { NAME_AT = 16, PAYLOAD_AT = 512, TEXT_AT = 4096, SCRATCH_AT = 8192 };

#define MEMORY_BYTES (4 * CHIMERA_PAGE_BYTES)

static uint32_t put(struct chimera_instance *instance, uint32_t at, const char *text)
{
    memcpy(instance->memory.data + at, text, strlen(text));
    return (uint32_t)strlen(text);
}

static void respond(struct chimera_instance *instance, const char *text)
{
    chimera_wapc_guest_response(instance->guest, TEXT_AT, put(instance, TEXT_AT, text));
}

/* "binding/name space/operation", in pieces of their own; the payload is what lies at SCRATCH_AT.
 */
static uint32_t call_host(struct chimera_instance *instance, const char *const names[3],
                          uint32_t payload_size)
{
    uint32_t at[3], size[3];
    for (uint32_t i = 0; i < 3; i++) {
        at[i] = 1024 + 256 * i;
        size[i] = put(instance, at[i], names[i]);
    }
    return chimera_wapc_host_call(instance->guest, at[0], size[0], at[1], size[1], at[2], size[2],
                                  SCRATCH_AT, payload_size);
}

static const char *const unknown[] = {"nobody", "b", "c"};
static const char *const log_call[] = {"kubewarden", "tracing", "log"};

/* A call that fails, its error handed to one that succeeds, and back: each forgets the one before.
 */
static uint32_t chain(struct chimera_instance *instance)
{
    struct chimera_guest *guest = instance->guest;
    char text[160];
    uint32_t before = chimera_wapc_host_error_len(guest) + chimera_wapc_host_response_len(guest);
    uint32_t first = call_host(instance, unknown, 0);
    uint32_t size = chimera_wapc_host_error_len(guest);
    uint32_t response = chimera_wapc_host_response_len(guest);
    chimera_wapc_host_response(guest, SCRATCH_AT); /* there is none */
    chimera_wapc_host_error(guest, SCRATCH_AT);
    bool is_told = memcmp(instance->memory.data + SCRATCH_AT, "unknown binding: nobody", 23) == 0;
    uint32_t second = call_host(instance, log_call, size);
    uint32_t after = chimera_wapc_host_error_len(guest) + chimera_wapc_host_response_len(guest);
    uint32_t third = call_host(instance, unknown, 0);
    snprintf(text, sizeof(text), "%u %u %u %u %d %u %u %u %u", before, first, size, response,
             is_told, second, after, third, chimera_wapc_host_error_len(guest));
    respond(instance, text);
    return 1;
}

static uint32_t say_more(struct chimera_instance *instance)
{
    struct chimera_guest *guest = instance->guest;
    respond(instance, "first");
    chimera_wapc_guest_error(guest, TEXT_AT, put(instance, TEXT_AT, "an error"));
    respond(instance, "last");
    return 7; /* anything but 0 */
}

/* An answer of no bytes goes nowhere only when there is room for none of them. */
static uint32_t answer_to(struct chimera_instance *instance, uint32_t at)
{
    call_host(instance, log_call, 0);
    chimera_wapc_host_response(instance->guest, at);
    respond(instance, "fine");
    return 1;
}

static uint32_t do_operation(struct chimera_instance *instance, const char *name, uint32_t size)
{
    struct chimera_guest *guest = instance->guest;
    if (strcmp(name, "echo") == 0)
        chimera_wapc_guest_response(guest, PAYLOAD_AT, size);
    else if (strcmp(name, "nothing") == 0)
        chimera_wapc_guest_response(guest, 0, 0);
    else if (strcmp(name, "chain") == 0)
        return chain(instance);
    else if (strcmp(name, "more") == 0)
        return say_more(instance);
    else if (strcmp(name, "log") == 0)
        chimera_wapc_console_log(guest, PAYLOAD_AT, size), respond(instance, "");
    else if (strcmp(name, "at the end") == 0)
        return answer_to(instance, MEMORY_BYTES);
    else if (strcmp(name, "behind the end") == 0)
        return answer_to(instance, MEMORY_BYTES + 1);
    else
        return chimera_wapc_guest_error(guest, NAME_AT, (uint32_t)strlen(name)), 0;
    return 1;
}

GUEST_CODE static void guest_call(struct chimera_instance *instance, union chimera_value *values)
{
    char name[64] = "";
    uint32_t size = values[0].i32;
    chimera_wapc_guest_request(instance->guest, NAME_AT, PAYLOAD_AT);
    memset(instance->memory.data + PAYLOAD_AT, 0, values[1].i32);
    chimera_wapc_guest_request(instance->guest, NAME_AT, PAYLOAD_AT); /* as often as it likes */
    memcpy(name, instance->memory.data + NAME_AT, size < sizeof(name) ? size : sizeof(name) - 1);
    values[0].i32 = do_operation(instance, name, values[1].i32);
}

GUEST_CODE static void start(struct chimera_instance *instance, union chimera_value *values)
{
    (void)instance, (void)values;
}

struct fixture {
    struct c_guest module;
    struct chimera_policy *policy;
    struct chimera_arena arena;
};

static void open_policy(struct fixture *fixture, enum chimera_mode mode)
{
    static const char *const all[] = {"*", NULL};
    const struct chimera_policy_options options = {
        .id = "called", .limit_ms = 5000, .lanes = 1, .capabilities = all};
    c_guest_init(&fixture->module, mode);
    fixture->module.plugin.memory_max_pages = fixture->module.plugin.memory_min_pages;
    c_guest_export(&fixture->module, "memory", "", NULL);
    c_guest_export(&fixture->module, "__guest_call", "ii:i", guest_call);
    c_guest_export(&fixture->module, "_start", ":", start);
    assert_int_equal(chimera_policy_open(&fixture->module.loaded, &options, &fixture->policy, NULL),
                     0);
    chimera_arena_init(&fixture->arena, 1 << 20);
}

static void close_policy(struct fixture *fixture)
{
    chimera_policy_close(fixture->policy);
    chimera_arena_free(&fixture->arena);
}

static void check_call(struct fixture *fixture, const char *name, struct chimera_slice payload,
                       int code, struct chimera_slice answer)
{
    const struct chimera_policy_operation operation = {name, payload};
    struct chimera_slice text = {0};
    struct chimera_error err = {0};
    assert_int_equal(
        chimera_policy_call(fixture->policy, 0, &operation, &fixture->arena, &text, &err), code);
    assert_int_equal(text.size, answer.size);
    assert_memory_equal(text.data, answer.data, answer.size);
    if (code < 0)
        assert_memory_equal(err.text, answer.data, answer.size);
}

static void any_operation_gets_any_bytes(void **state)
{
    struct fixture fixture;
    const struct chimera_slice bytes = CHIMERA_SLICE("\0\xff\xfe text \n\0"), none = {"", 0};
    (void)state;
    open_policy(&fixture, CHIMERA_MODE_WAPC);
    check_call(&fixture, "echo", bytes, 0, bytes);
    check_call(&fixture, "echo", none, 0, none);
    check_call(&fixture, "nothing", bytes, 0, none);
    check_call(&fixture, "more", none, 0, CHIMERA_SLICE("last"));
    check_call(&fixture, "HandleRequest", bytes, CHIMERA_EGUEST, CHIMERA_SLICE("HandleRequest"));
    check_call(&fixture, "", none, CHIMERA_EGUEST, none);
    close_policy(&fixture);
}

static void a_host_call_forgets_the_one_before(void **state)
{
    struct fixture fixture;
    const struct chimera_slice none = {"", 0};
    (void)state;
    open_policy(&fixture, CHIMERA_MODE_WAPC);
    for (int i = 0; i < 2; i++) /* and an operation those of the one before */
        check_call(&fixture, "chain", none, 0, CHIMERA_SLICE("0 0 23 0 1 1 0 0 23"));
    check_call(&fixture, "at the end", none, 0, CHIMERA_SLICE("fine"));
    check_call(&fixture, "behind the end", none, CHIMERA_EGUEST,
               CHIMERA_SLICE("out of bounds memory access"));
    close_policy(&fixture);
}

static void what_is_said_to_the_console_is_logged(void **state)
{
    char path[] = "/tmp/chimera-console-XXXXXX", text[4096] = "";
    struct fixture fixture;
    int fd = mkostemp(path, O_APPEND | O_CLOEXEC);
    (void)state;
    assert_true(fd >= 0);
    unlink(path);
    chimera_log_open(fd, CHIMERA_LOG_TEXT, CHIMERA_LOG_INFO);
    open_policy(&fixture, CHIMERA_MODE_WAPC);
    check_call(&fixture, "log", CHIMERA_SLICE("hello from the guest"), 0,
               (struct chimera_slice){"", 0});
    check_call(&fixture, "log", CHIMERA_SLICE("not \xff text"), CHIMERA_EGUEST,
               CHIMERA_SLICE("a text from the policy is not UTF-8"));
    close_policy(&fixture);
    assert_true(pread(fd, text, sizeof(text) - 1, 0) > 0);
    assert_non_null(strstr(text, " INFO policy_log: hello from the guest policy_id=\"called\""));
    assert_null(strstr(text, "not \xff"));
    close(fd);
}

static void who_has_no_operations_refuses(void **state)
{
    struct fixture fixture;
    const struct chimera_policy_operation operation = {.name = "protocol_version"};
    struct chimera_slice text = {0};
    struct chimera_error err = {0};
    (void)state;
    open_policy(&fixture, CHIMERA_MODE_WASI);
    assert_int_equal(
        chimera_policy_call(fixture.policy, 0, &operation, &fixture.arena, &text, &err),
        CHIMERA_EINVAL);
    assert_string_equal(err.text, "protocol_version is only applicable to a Kubewarden policy");
    assert_null(text.data);
    close_policy(&fixture);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(any_operation_gets_any_bytes),
        cmocka_unit_test(a_host_call_forgets_the_one_before),
        cmocka_unit_test(what_is_said_to_the_console_is_logged),
        cmocka_unit_test(who_has_no_operations_refuses),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
