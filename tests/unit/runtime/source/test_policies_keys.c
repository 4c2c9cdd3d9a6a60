/* SPDX-License-Identifier: Apache-2.0 */
/* The table of the keys of policies.yml (policy-server.md §3.1). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "runtime/source/policies_keys.h"

static void assert_names(enum policies_owner owner, const char *const *wanted)
{
    const char *names[POLICIES_KEYS_MAX];
    policies_keys_of(owner, names);
    for (size_t i = 0; names[i] || wanted[i]; i++) {
        assert_true(names[i] && wanted[i]);
        assert_string_equal(names[i], wanted[i]);
    }
}

static void each_owner_has_its_keys(void **state)
{
    static const char *const policy[] = {"module",
                                         "message",
                                         "policyMode",
                                         "allowedToMutate",
                                         "settings",
                                         "timeoutEvalSeconds",
                                         "contextAwareResources",
                                         "hostCapabilities",
                                         "namespacedName",
                                         NULL};
    static const char *const group[] = {"expression", "message",        "policies",
                                        "policyMode", "namespacedName", NULL};
    static const char *const member[] = {
        "module",           "settings", "timeoutEvalSeconds", "contextAwareResources",
        "hostCapabilities", NULL};
    static const char *const resource[] = {"apiVersion", "kind", NULL};
    (void)state;
    assert_names(POLICIES_OF_POLICY, policy);
    assert_names(POLICIES_OF_GROUP, group);
    assert_names(POLICIES_OF_MEMBER, member);
    assert_names(POLICIES_OF_RESOURCE, resource);
}

static void each_key_is_explained(void **state)
{
    (void)state;
    for (const struct policies_key *key = policies_keys; key->name; key++) {
        assert_true(strlen(key->help) > 10);
        assert_true(key->help[strlen(key->help) - 1] != '.');
        assert_true(*policies_key_type_text(key->type));
        assert_int_equal(key->required & ~key->owners, 0);
        assert_int_equal(key->may_empty & key->required, 0);
    }
}

/* The controller's note may stand twice, and so may what is no key of an entry. */
static void names_are_those_that_are_read(void **state)
{
    (void)state;
    for (const char *const *name = policies_key_names; *name; name++) {
        assert_string_not_equal(*name, "namespacedName");
        assert_string_not_equal(*name, "kind");
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_owner_has_its_keys),
        cmocka_unit_test(each_key_is_explained),
        cmocka_unit_test(names_are_those_that_are_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
