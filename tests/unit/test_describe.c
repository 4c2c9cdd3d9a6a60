/* SPDX-License-Identifier: Apache-2.0 */
/* Tests compare a guest with another one by its description (tests/describe.h), so that must
 * differ whenever any of its members does. */
#include "tests/unit/rego_guest.h"

#include "runtime/abi/wapc.h"
#include "runtime/abi/wasi.h"
#include "tests/describe.h"

static struct c_guest module;
static struct chimera_guest *guest;
static struct chimera_buffer before, now;

static void describe(struct chimera_buffer *out)
{
    chimera_buffer_reset(out);
    describe_host(guest, out);
    assert_int_equal(out->failed, 0);
}

static void expect_seen(const char *name, void *at, size_t size)
{
    describe(&before);
    for (size_t i = 0; i < size; i++)
        ((uint8_t *)at)[i] ^= 1;
    describe(&now);
    for (size_t i = 0; i < size; i++)
        ((uint8_t *)at)[i] ^= 1;
    if (now.size == before.size && memcmp(now.data, before.data, now.size) == 0)
        fail_msg("%s is not seen", name);
}

#define SEEN(member) expect_seen(#member, &(member), sizeof(member))

/* That it has failed, its words, and how many. */
static void expect_buffer_seen(const char *name, struct chimera_buffer *buffer)
{
    char text[] = "ab";
    struct chimera_buffer kept = *buffer;
    expect_seen(name, &buffer->failed, 1);
    *buffer = (struct chimera_buffer){.data = text, .size = 1};
    expect_seen(name, text, 1);
    text[1] = text[0];
    describe(&before);
    buffer->size = 2;
    describe(&now);
    assert_true(now.size > before.size);
    *buffer = kept;
}

#define BUFFER_SEEN(member) expect_buffer_seen(#member, &(member))

static void expect_strings_seen(struct chimera_wasi_strings *strings)
{
    char text[] = "a";
    struct chimera_wasi_strings kept = *strings;
    expect_seen("count", &strings->count, sizeof(strings->count));
    strings->text = (struct chimera_slice){text, 1};
    expect_seen("text", text, 1);
    *strings = kept;
}

static void open_host(enum chimera_mode mode)
{
    chimera_buffer_init(&before, 1 << 20);
    chimera_buffer_init(&now, 1 << 20);
    rego_make(&module);
    module.plugin.mode = mode;
    assert_int_equal(chimera_guest_new(&module.loaded, 1 << 20, &guest, NULL), 0);
    assert_int_equal(chimera_abi_of(mode)->attach(guest, NULL), 0);
}

static void close_host(enum chimera_mode mode)
{
    chimera_abi_of(mode)->detach(guest);
    chimera_abi_of(mode)->detach(guest); /* of what has been detached, nothing is left to free */
    assert_int_equal(chimera_guest_snapshot(guest, NULL), 0); /* nor to keep */
    chimera_guest_free(guest);
    chimera_buffer_free(&before);
    chimera_buffer_free(&now);
}

static void of_the_run(void **state)
{
    (void)state;
    open_host(CHIMERA_MODE_OPA);
    SEEN(guest->depth), SEEN(guest->stop), SEEN(guest->trap), SEEN(guest->exit_code);
    SEEN(guest->stop_at), SEEN(guest->stop_text[0]), SEEN(guest->account.units);
    SEEN(guest->account.bytes), SEEN(guest->account.bytes_limit), SEEN(guest->account.bytes_peak);
    SEEN(guest->account.deadline_ns), SEEN(guest->account.failed);
    close_host(CHIMERA_MODE_OPA);
}

static void of_wapc_and_wasi(void **state)
{
    (void)state;
    open_host(CHIMERA_MODE_WAPC);
    SEEN(chimera_wapc_of(guest)->operation), SEEN(chimera_wapc_of(guest)->payload),
        SEEN(chimera_wapc_of(guest)->has_response);
    SEEN(chimera_wapc_of(guest)->has_error), SEEN(chimera_wapc_of(guest)->answer_kind);
    BUFFER_SEEN(chimera_wapc_of(guest)->response), BUFFER_SEEN(chimera_wapc_of(guest)->error);
    BUFFER_SEEN(chimera_wapc_of(guest)->answer_text);
    SEEN(chimera_wasi_of(guest)->file), SEEN(chimera_wasi_of(guest)->kept_file),
        SEEN(chimera_wasi_of(guest)->stdio);
    SEEN(chimera_wasi_of(guest)->input), SEEN(chimera_wasi_of(guest)->input_done),
        SEEN(chimera_wasi_of(guest)->answers_done);
    SEEN(chimera_wasi_of(guest)->is_starting), SEEN(chimera_wasi_of(guest)->awaits_input),
        SEEN(chimera_wasi_of(guest)->has_drawn);
    SEEN(chimera_wasi_of(guest)->obstacle), SEEN(chimera_wasi_of(guest)->cursor.at),
        SEEN(chimera_wasi_of(guest)->cursor.start);
    SEEN(chimera_wasi_of(guest)->cursor.records);
    BUFFER_SEEN(chimera_wasi_of(guest)->answers), BUFFER_SEEN(chimera_wasi_of(guest)->output);
    BUFFER_SEEN(chimera_wasi_of(guest)->errors), BUFFER_SEEN(chimera_wasi_of(guest)->call_text);
    BUFFER_SEEN(chimera_wasi_of(guest)->variables),
        BUFFER_SEEN(chimera_wasi_of(guest)->early_output);
    BUFFER_SEEN(chimera_wasi_of(guest)->early_errors);
    expect_strings_seen(&chimera_wasi_of(guest)->arguments);
    expect_strings_seen(&chimera_wasi_of(guest)->environment);
    close_host(CHIMERA_MODE_WAPC);
}

static void of_rego(void **state)
{
    static const struct chimera_rego_builtin *builtins[2];
    (void)state;
    open_host(CHIMERA_MODE_OPA);
    SEEN(chimera_rego_of(guest)->data), SEEN(chimera_rego_of(guest)->now_ns),
        SEEN(chimera_rego_of(guest)->result);
    SEEN(chimera_rego_of(guest)->args[0]),
        SEEN(chimera_rego_of(guest)->args[CHIMERA_REGO_ARGS_MAX - 1]);
    BUFFER_SEEN(chimera_rego_of(guest)->text);
    chimera_rego_of(guest)->builtin = builtins;
    chimera_rego_of(guest)->builtin_count = 1;
    SEEN(builtins[0]);
    expect_seen("builtin_count", &chimera_rego_of(guest)->builtin_count, 1);
    chimera_rego_of(guest)->builtin_count = 2;
    SEEN(builtins[1]);
    chimera_rego_of(guest)->builtin = NULL;
    close_host(CHIMERA_MODE_OPA);
}

/* Two guests are alike, wherever their parts are, and whenever they were made. */
static void nothing_else(void **state)
{
    struct chimera_buffer first;
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        enum chimera_mode mode = i == 0 ? CHIMERA_MODE_WAPC : CHIMERA_MODE_OPA;
        open_host(mode);
        describe(&before);
        first = before;
        struct chimera_guest *kept = guest;
        open_host(mode);
        if (chimera_wasi_of(guest))
            chimera_wasi_of(guest)->created_ns++;
        describe(&now);
        assert_int_equal(now.size, first.size);
        assert_memory_equal(now.data, first.data, first.size);
        close_host(mode);
        guest = kept;
        before = first;
        close_host(mode);
    }
}

static void each_mode_has_its_own(void **state)
{
    static const enum chimera_mode modes[] = {CHIMERA_MODE_WAPC, CHIMERA_MODE_WASI,
                                              CHIMERA_MODE_OPA, CHIMERA_MODE_GATEKEEPER,
                                              CHIMERA_MODE_CHIMERA};
    (void)state;
    for (size_t i = 0; i < sizeof(modes) / sizeof(*modes); i++)
        assert_int_equal(chimera_abi_of(modes[i])->mode, modes[i]);
    assert_null(chimera_abi_of(CHIMERA_MODE_NONE));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(of_the_run),
        cmocka_unit_test(of_wapc_and_wasi),
        cmocka_unit_test(of_rego),
        cmocka_unit_test(nothing_else),
        cmocka_unit_test(each_mode_has_its_own),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
