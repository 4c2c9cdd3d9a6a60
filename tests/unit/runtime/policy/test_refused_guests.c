/* SPDX-License-Identifier: Apache-2.0 */
/* Guests that lack what their mode needs, and guests that the system has no room for. */
#include "tests/unit/c_guest.h"

#include <sys/resource.h>

#include "runtime/policy/policy.h"
#include "tests/unit/failing_allocation.h"

GUEST_CODE static void nothing(struct chimera_instance *instance, union chimera_value *values)
{
    (void)instance, (void)values;
}

static void expect_refusal(const struct c_guest *module, int wanted_code, const char *wanted)
{
    const struct chimera_policy_options options = {.id = "p", .limit_ms = 1000, .lanes = 1};
    struct chimera_policy *policy = NULL;
    struct chimera_error err = {0};
    int code = chimera_policy_open(&module->loaded, &options, &policy, &err);
    if (code != wanted_code || !strstr(err.text, wanted))
        fail_msg("wanted %d %s, got %d %s", wanted_code, wanted, code, err.text);
    assert_null(policy);
}

static void a_wapc_guest_has_its_function_and_its_memory(void **state)
{
    struct c_guest module;
    (void)state;
    c_guest_init(&module, CHIMERA_MODE_WAPC);
    c_guest_export(&module, "memory", "", NULL);
    expect_refusal(&module, CHIMERA_EMODULE,
                   "Guest call function (__guest_call) not exported by wasm module.");
    c_guest_export(&module, "__guest_call", "ii:", nothing); /* of another type */
    expect_refusal(&module, CHIMERA_EMODULE, "Guest call function (__guest_call) not exported");
    c_guest_init(&module, CHIMERA_MODE_WAPC);
    c_guest_export(&module, "__guest_call", "ii:i", nothing);
    expect_refusal(&module, CHIMERA_EMODULE, "Cannot find 'mem' export");
    c_guest_export(&module, "memor", "", NULL);
    c_guest_export(&module, "memory", "ii:i", nothing); /* is a function */
    expect_refusal(&module, CHIMERA_EMODULE, "Cannot find 'mem' export");
}

static void addresses_may_be_short(void **state)
{
    struct c_guest module;
    struct rlimit before, small = {.rlim_cur = (rlim_t)4 << 30};
    (void)state;
    if (!CAN_FAIL_ALLOCATIONS)
        skip(); /* a sanitizer's shadow is larger */
    c_guest_init(&module, CHIMERA_MODE_WAPC);
    c_guest_export(&module, "memory", "", NULL);
    c_guest_export(&module, "__guest_call", "ii:i", nothing);
    assert_int_equal(getrlimit(RLIMIT_AS, &before), 0);
    small.rlim_max = before.rlim_max;
    assert_int_equal(setrlimit(RLIMIT_AS, &small), 0);
    struct chimera_guest *guest = NULL;
    struct chimera_error err = {0};
    int code = chimera_guest_new(&module.loaded, (uint64_t)1 << 30, &guest, &err);
    assert_int_equal(setrlimit(RLIMIT_AS, &before), 0);
    assert_int_equal(code, CHIMERA_ENOMEM);
    assert_string_equal(err.text, "cannot reserve 8 GiB of addresses for a policy: Cannot allocate "
                                  "memory (see `ulimit -v`)");
}

static void every_allocation_of_a_policy_may_fail(void **state)
{
    struct c_guest module;
    const struct chimera_policy_options options = {.id = "p", .limit_ms = 1000, .lanes = 2};
    struct chimera_policy *policy = NULL;
    (void)state;
    if (!CAN_FAIL_ALLOCATIONS)
        skip();
    c_guest_init(&module, CHIMERA_MODE_WAPC);
    c_guest_export(&module, "memory", "", NULL);
    c_guest_export(&module, "__guest_call", "ii:i", nothing);
    for (unsigned long n = 1; !policy && n < 1000; n++) {
        struct chimera_error err = {0};
        fail_allocation(n);
        int code = chimera_policy_open(&module.loaded, &options, &policy, &err);
        fail_allocation(0);
        if (code == CHIMERA_OK ? !policy : policy || code != CHIMERA_ENOMEM)
            fail_msg("allocation %lu: %d %s", n, code, err.text);
    }
    assert_non_null(policy);
    chimera_policy_close(policy);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_wapc_guest_has_its_function_and_its_memory),
        cmocka_unit_test(addresses_may_be_short),
        cmocka_unit_test(every_allocation_of_a_policy_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
