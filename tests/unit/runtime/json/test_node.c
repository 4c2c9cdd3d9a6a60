/* SPDX-License-Identifier: Apache-2.0 */
/* What values cost on an account, against what the heap really gives for them: never less, and
 * never more than twice as much. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
/* cmocka wants those before it */
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "runtime/json/node.h"
#include "tests/unit/heap.h"

#define MANY 20000

typedef struct json_object *make(struct chimera_account *account, int i);

static struct json_object *an_object(struct chimera_account *account, int i)
{
    (void)i;
    return chimera_node_object(account);
}

static struct json_object *an_array(struct chimera_account *account, int i)
{
    (void)i;
    return chimera_node_array(account);
}

static struct json_object *an_integer(struct chimera_account *account, int i)
{
    return i % 2 ? chimera_node_int64(account, i) : chimera_node_uint64(account, UINT64_MAX);
}

static struct json_object *a_double(struct chimera_account *account, int i)
{
    return chimera_node_double(account, i);
}

static struct json_object *a_boolean(struct chimera_account *account, int i)
{
    return chimera_node_boolean(account, i % 2);
}

static const char letters[] = "abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyz";

static struct json_object *a_double_with_a_text(struct chimera_account *account, int i)
{
    return chimera_node_double_text(account, i,
                                    (struct chimera_slice){letters, 1 + (size_t)i % 40});
}

static struct json_object *a_string(struct chimera_account *account, int i)
{
    return chimera_node_string(account, (struct chimera_slice){letters, (size_t)i % 50});
}

static struct json_object *elements(struct chimera_account *account, size_t count)
{
    struct json_object *array = chimera_node_array(account);
    for (size_t i = 0; i < count; i++)
        assert_int_equal(chimera_node_append(account, array, NULL), CHIMERA_OK);
    return array;
}

static struct json_object *a_filled_array(struct chimera_account *account, int i)
{
    return elements(account, (size_t)i % 30);
}

static struct json_object *members(struct chimera_account *account, int count)
{
    char key[16];
    struct json_object *object = chimera_node_object(account);
    for (int i = 0; i < count; i++) {
        snprintf(key, sizeof(key), "key%d", i);
        assert_int_equal(chimera_node_add(account, object, key, NULL), CHIMERA_OK);
    }
    return object;
}

static struct json_object *a_filled_object(struct chimera_account *account, int i)
{
    return members(account, i % 30);
}

static struct json_object *a_copy(struct chimera_account *account, int i)
{
    struct json_object *whole = members(NULL, i % 20), *copy = NULL;
    json_object_object_add(whole, "list", elements(NULL, (size_t)i % 20));
    json_object_object_add(whole, "text", a_string(NULL, i));
    json_object_object_add(whole, "number", a_double_with_a_text(NULL, i));
    assert_true(chimera_node_copy(account, whole, &copy));
    json_object_put(whole);
    return copy;
}

static void check_cost(const char *name, make *make_one, int count)
{
    struct json_object **made = calloc((size_t)count, sizeof(*made));
    struct chimera_account account;
    assert_non_null(made);
    json_object_put(make_one(NULL, count - 1)); /* what the first of a process needs besides */
    chimera_account_open(&account, CHIMERA_ACCOUNT_FOREVER, CHIMERA_ACCOUNT_FOREVER);
    size_t before = heap_in_use();
    for (int i = 0; i < count; i++) {
        made[i] = make_one(&account, i);
        assert_non_null(made[i]);
    }
    size_t real = heap_in_use() - before;
    for (int i = 0; i < count; i++)
        json_object_put(made[i]);
    free(made);
    if (!heap_agrees(real, account.bytes))
        fail_msg("%s: %zu bytes for %d, of which %zu were taken", name, real, count,
                 (size_t)account.bytes);
    assert_true(account.owed_ns >= (uint64_t)count * CHIMERA_ACCOUNT_FREE_NS);
}

static void values_cost_what_they_take(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        make *make_one;
    } kinds[] = {
        {"objects", an_object},
        {"arrays", an_array},
        {"integers", an_integer},
        {"doubles", a_double},
        {"booleans", a_boolean},
        {"texts of numbers", a_double_with_a_text},
        {"strings", a_string},
        {"arrays of some", a_filled_array},
        {"objects of some", a_filled_object},
        {"copies", a_copy},
    };
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
        check_cost(kinds[i].name, kinds[i].make_one, MANY);
}

static struct json_object *a_large_array(struct chimera_account *account, int i)
{
    return elements(account, 200000 + (size_t)i);
}

static struct json_object *a_large_object(struct chimera_account *account, int i)
{
    return members(account, 100000 + i);
}

static struct json_object *a_large_string(struct chimera_account *account, int i)
{
    char *text = calloc(1, 3000000);
    assert_non_null(text);
    struct json_object *made =
        chimera_node_string(account, (struct chimera_slice){text, 1000000 + (size_t)i * 77777});
    free(text);
    return made;
}

static void large_values_cost_what_they_take(void **state)
{
    (void)state;
    check_cost("a large array", a_large_array, 3);
    check_cost("a large object", a_large_object, 3);
    check_cost("large strings", a_large_string, 20);
}

/* While a table or list grows both are there. */
static void growing_takes_both(void **state)
{
    (void)state;
    struct chimera_account account;
    chimera_account_open(&account, CHIMERA_ACCOUNT_FOREVER, CHIMERA_ACCOUNT_FOREVER);
    json_object_put(elements(&account, 1 << 16));
    assert_true(account.bytes_peak >= account.bytes + (1 << 15) * sizeof(void *));
    chimera_account_open(&account, CHIMERA_ACCOUNT_FOREVER, CHIMERA_ACCOUNT_FOREVER);
    json_object_put(members(&account, 20000));
    assert_true(account.bytes_peak > account.bytes);
}

static void a_key_again_costs_no_table(void **state)
{
    (void)state;
    struct chimera_account account;
    chimera_account_open(&account, CHIMERA_ACCOUNT_FOREVER, CHIMERA_ACCOUNT_FOREVER);
    struct json_object *object = members(&account, 11); /* the next one makes it grow */
    uint64_t before = account.bytes;
    for (int i = 0; i < 100; i++)
        assert_int_equal(chimera_node_add(&account, object, "key0", NULL), CHIMERA_OK);
    assert_true(account.bytes <= before + 100 * chimera_node_key_bytes(4));
    json_object_put(object);
}

/* `value` is gone in any case: the sanitizer sees it. */
static void nothing_is_made_beyond_the_limit(void **state)
{
    (void)state;
    struct chimera_account account;
    struct json_object *array = chimera_node_array(NULL), *object = chimera_node_object(NULL);
    for (int i = 0; i < 11; i++) {
        char key[2] = {(char)('a' + i), '\0'};
        json_object_object_add(object, key, NULL);
    }
    chimera_account_open(&account, CHIMERA_ACCOUNT_FOREVER, 60);
    assert_null(chimera_node_int64(&account, 1));
    assert_int_equal(chimera_node_failure(&account), CHIMERA_ELIMIT);
    assert_null(chimera_node_string(&account, CHIMERA_SLICE("text")));
    int code = CHIMERA_OK;
    for (int i = 0; i < 4 && code == CHIMERA_OK; i++)
        code = chimera_node_append(&account, array, chimera_node_int64(NULL, 1));
    assert_int_equal(code, CHIMERA_ELIMIT);
    assert_int_equal(chimera_node_add(&account, object, "more", chimera_node_int64(NULL, 1)),
                     CHIMERA_ELIMIT);
    assert_int_equal(json_object_object_length(object), 11);
    assert_int_equal(account.bytes, 0);
    json_object_put(array);
    json_object_put(object);
}

static void a_copy_is_the_same(void **state)
{
    (void)state;
    struct json_object *whole = chimera_node_object(NULL), *copy = NULL;
    json_object_object_add(whole, "large", chimera_node_uint64(NULL, UINT64_MAX));
    json_object_object_add(whole, "small", chimera_node_int64(NULL, INT64_MIN));
    json_object_object_add(whole, "text", chimera_node_string(NULL, CHIMERA_SLICE("a\0b")));
    json_object_object_add(whole, "list", elements(NULL, 3));
    json_object_object_add(whole, "yes", chimera_node_boolean(NULL, true));
    json_object_object_add(whole, "half", chimera_node_double(NULL, 0.5));
    assert_true(chimera_node_copy(NULL, whole, &copy));
    assert_true(json_object_equal(whole, copy));
    assert_ptr_not_equal(json_object_object_get(whole, "list"),
                         json_object_object_get(copy, "list"));
    json_object_put(whole);
    json_object_put(copy);
    assert_true(chimera_node_copy(NULL, NULL, &copy));
    assert_null(copy);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_cost_what_they_take),
        cmocka_unit_test(large_values_cost_what_they_take),
        cmocka_unit_test(growing_takes_both),
        cmocka_unit_test(a_key_again_costs_no_table),
        cmocka_unit_test(nothing_is_made_beyond_the_limit),
        cmocka_unit_test(a_copy_is_the_same),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
