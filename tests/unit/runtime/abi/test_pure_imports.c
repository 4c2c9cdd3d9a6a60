/* SPDX-License-Identifier: Apache-2.0 */
/* Which imports and builtins make an evaluation depend on more than its request: every one there is
 * stands here, by name, or is pure.
 */
#include <stdio.h>

#include "tests/hostile/callable.h"
#include "tests/hostile/slot.h"

static const struct import imports[] = {ALL_IMPORTS};

static const char *const impure_imports[] = {"__host_call", "call",        "clock_time_get",
                                             "random_get",  "poll_oneoff", NULL};
static const char *const impure_builtins[] = {
    "opa.runtime",
    "rand.intn",
    "uuid.rfc4122",
    "io.jwt.decode_verify",
    "io.jwt.encode_sign",
    "io.jwt.encode_sign_raw",
    "crypto.x509.parse_and_verify_certificates",
    "crypto.x509.parse_and_verify_certificates_with_options",
    "time.now_ns",
    "http.send",
    "net.lookup_ip_addr",
    NULL};

static bool is_listed(const char *const *names, const char *name)
{
    for (; *names; names++)
        if (strcmp(*names, name) == 0)
            return true;
    return false;
}

static const struct import *import;

/* All arguments are 0: what the function makes of them does not matter. */
GUEST_CODE static void call_import(struct chimera_guest *guest)
{
    ((call_function *)import->function)(guest, 0, 0, 0, 0, 0, 0, 0, 0, 0);
}

GUEST_CODE static void call_nothing(struct chimera_guest *guest)
{
    (void)guest;
}

static bool is_pure_after(struct slot *slot, slot_work *what)
{
    union chimera_value none = {0};
    const struct chimera_export *export =
        chimera_plugin_function(slot->guest->loaded->plugin, "call", ":");
    assert_non_null(export);
    work = what;
    chimera_guest_begin(slot->guest, 0);
    chimera_guest_run(slot->guest, export, &none);
    bool is_pure = slot->guest->is_pure;
    chimera_guest_end(slot->guest);
    assert_int_equal(chimera_guest_reset(slot->guest), 0);
    return is_pure;
}

static void imports_are_pure_but_for_those(void **state)
{
    static const enum chimera_mode modes[] = {CHIMERA_MODE_WAPC, CHIMERA_MODE_WASI,
                                              CHIMERA_MODE_OPA};
    (void)state;
    for (size_t m = 0; m < sizeof(modes) / sizeof(modes[0]); m++) {
        struct slot slot;
        slot_open(&slot, modes[m]);
        assert_true(is_pure_after(&slot, call_nothing));
        for (size_t i = 0; i < sizeof(imports) / sizeof(imports[0]); i++) {
            import = &imports[i];
            if (import->mode == modes[m] &&
                is_pure_after(&slot, call_import) == is_listed(impure_imports, import->name))
                fail_msg("%s: is it pure?", import->name);
        }
        assert_true(is_pure_after(&slot, call_nothing)); /* each run anew */
        slot_close(&slot);
    }
}

static void builtins_are_pure_but_for_those(void **state)
{
    size_t count, impure = 0;
    const struct chimera_rego_builtin *builtins = chimera_rego_builtins(&count);
    (void)state;
    for (size_t i = 0; i < count; i++) {
        impure += !builtins[i].is_pure;
        if (builtins[i].is_pure == is_listed(impure_builtins, builtins[i].name))
            fail_msg("%s: is it pure?", builtins[i].name);
    }
    assert_int_equal(impure, sizeof(impure_builtins) / sizeof(impure_builtins[0]) - 1);
}

static uint32_t builtin_id;

GUEST_CODE static void call_builtin(struct chimera_guest *guest)
{
    chimera_opa_builtin0(guest, builtin_id, 0);
}

GUEST_CODE static void call_builtin_of_a_text(struct chimera_guest *guest)
{
    chimera_opa_builtin1(guest, builtin_id, 0, rego_put(guest, REGO_ARGUMENTS, "\"text\""));
}

static uint32_t id_of(const char *name)
{
    size_t count;
    const struct chimera_rego_builtin *builtins = chimera_rego_builtins(&count);
    for (size_t i = 0; i < count; i++)
        if (strcmp(builtins[i].name, name) == 0)
            return (uint32_t)i;
    fail_msg("no %s", name);
    return 0;
}

static void what_a_builtin_is_makes_its_evaluation(void **state)
{
    struct slot slot;
    (void)state;
    slot_open(&slot, CHIMERA_MODE_OPA);
    builtin_id = id_of("strings.reverse");
    assert_true(is_pure_after(&slot, call_builtin_of_a_text));
    builtin_id = id_of("uuid.rfc4122");
    assert_false(is_pure_after(&slot, call_builtin_of_a_text));
    builtin_id = id_of("time.now_ns");
    assert_false(is_pure_after(&slot, call_builtin));
    assert_true(slot_is_as_prepared(&slot));
    slot_close(&slot);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(imports_are_pure_but_for_those),
        cmocka_unit_test(builtins_are_pure_but_for_those),
        cmocka_unit_test(what_a_builtin_is_makes_its_evaluation),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
