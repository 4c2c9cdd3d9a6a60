/* SPDX-License-Identifier: Apache-2.0 */
/* What is drawn by lot holds for an evaluation and its arguments, and no longer. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>

#include "runtime/json/node.h"
#include "runtime/rego/builtin.h"

/* Of `name` for a text and a number, as text. */
static void draw(const char *name, struct chimera_rego_seed *seed, const char *text, int64_t number,
                 char ret_drawn[64])
{
    struct json_object *args[] = {json_object_new_string(text), json_object_new_int64(number)};
    struct json_object *result = NULL;
    struct chimera_error err = {0};
    struct chimera_buffer out;
    const struct chimera_rego_call call = {.args = args, .seed = seed, .err = &err};
    if (chimera_rego_builtin_find(name)->function(&call, &result) < 0)
        fail_msg("%s", err.text);
    chimera_buffer_init(&out, 63);
    chimera_rego_write(result, &out);
    memcpy(ret_drawn, out.data, out.size);
    ret_drawn[out.size] = '\0';
    chimera_buffer_free(&out);
    json_object_put(result);
    json_object_put(args[0]);
    json_object_put(args[1]);
}

static void lots_hold_for_an_evaluation(void **state)
{
    static const char *const names[] = {"rand.intn", "uuid.rfc4122"};
    const int64_t most = INT64_MAX;
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct chimera_rego_seed seed = {0}, other = {0};
        char first[64], again[64];
        draw(names[i], &seed, "a", most, first);
        assert_true(seed.is_filled);
        draw(names[i], &seed, "a", most, again);
        assert_string_equal(first, again);
        draw(names[i], &seed, "b", most, again);
        assert_string_not_equal(first, again);
        draw(names[i], &other, "a", most, again);
        assert_string_not_equal(first, again);
    }
}

static void numbers_are_below_their_bound(void **state)
{
    (void)state;
    unsigned seen = 0;
    struct chimera_rego_seed seed = {0};
    for (int i = 0; i < 1000; i++) {
        char text[16], drawn[64];
        snprintf(text, sizeof(text), "%d", i);
        draw("rand.intn", &seed, text, i % 2 ? 5 : -5, drawn);
        assert_true(drawn[0] >= '0' && drawn[0] <= '4' && drawn[1] == '\0');
        seen |= 1u << (drawn[0] - '0');
    }
    assert_int_equal(seen, 0x1F); /* a number is missed once in 10^96 */
}

/* RFC 4122 §4.4: version 4, and the variant of that RFC. */
static void uuids_are_random_ones(void **state)
{
    (void)state;
    struct chimera_rego_seed seed = {0};
    for (int i = 0; i < 100; i++) {
        char text[16], drawn[64];
        snprintf(text, sizeof(text), "%d", i);
        draw("uuid.rfc4122", &seed, text, 0, drawn);
        assert_int_equal(strlen(drawn), 38);
        for (size_t at = 1; at < 37; at++) {
            bool is_dash = at == 9 || at == 14 || at == 19 || at == 24;
            assert_true(is_dash ? drawn[at] == '-' : strchr("0123456789abcdef", drawn[at]) != NULL);
        }
        assert_int_equal(drawn[15], '4');
        assert_non_null(strchr("89ab", drawn[20]));
    }
}

static void the_host_tells_nothing_of_itself(void **state)
{
    (void)state;
    char told[64];
    draw("opa.runtime", NULL, "", 0, told);
    assert_string_equal(told, "{}");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lots_hold_for_an_evaluation),
        cmocka_unit_test(numbers_are_below_their_bound),
        cmocka_unit_test(uuids_are_random_ones),
        cmocka_unit_test(the_host_tells_nothing_of_itself),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
