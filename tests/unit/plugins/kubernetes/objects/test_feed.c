/* SPDX-License-Identifier: Apache-2.0 */
/* Lists and watches into a store, byte by byte and at once ("Efficient detection of changes" and
 * "Retrieving large results sets in chunks" in Kubernetes' API concepts). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
/* cmocka wants those before it */
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>

#include "plugins/kubernetes/objects/feed.h"

static struct kube_budget budget;
static struct kube_store store;
static struct kube_feed feed;
static struct chimera_error err;

static int set_up(void **state)
{
    (void)state;
    static const struct kube_object_form form = {NULL, true};
    budget = (struct kube_budget){.limit = (uint64_t)1 << 30};
    store = (struct kube_store){.budget = &budget};
    err = (struct chimera_error){0};
    kube_feed_init(&feed, &store, &form);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    kube_feed_done(&feed);
    kube_store_done(&store);
    assert_int_equal(budget.used, 0);
    return 0;
}

/* In parts of `size` bytes. */
static int give(const char *text, size_t size)
{
    struct chimera_slice rest = chimera_slice_of(text);
    int code = CHIMERA_OK;
    while (rest.size && code == CHIMERA_OK) {
        size_t now = rest.size < size ? rest.size : size;
        code = kube_feed_bytes(&feed, (struct chimera_slice){rest.data, now}, &err);
        rest = chimera_slice_behind(rest, now);
    }
    return code;
}

static int give_list(const char *text, size_t size)
{
    kube_feed_begin_list(&feed);
    int code = give(text, size);
    return code < 0 ? code : kube_feed_end_page(&feed, &err);
}

/* The names in their order, a blank behind each. */
static const char *names(void)
{
    static char all[1000];
    all[0] = '\0';
    for (size_t i = 0; i < store.count; i++) {
        const struct kube_stored *stored = store.object[i];
        snprintf(all + strlen(all), sizeof(all) - strlen(all), "%.*s/%.*s ", stored->space_size,
                 stored->bytes + stored->space_at, stored->name_size,
                 stored->bytes + stored->name_at);
    }
    return all;
}

#define ITEM(name, space) \
    "{\"metadata\":{\"name\":\"" name "\",\"namespace\":\"" space "\",\"resourceVersion\":\"5\"}}"

static void a_list_in_parts_of_any_size(void **state)
{
    static const char text[] = "{\"kind\":\"L\",\"items\":[" ITEM("b", "y") ",\n " ITEM(
        "a]}", "y") "," ITEM("q\\\"\\\\", "x") "],\"metadata\":{\"resourceVersion\":\"77\"}}\n";
    for (size_t size = 1; size < sizeof(text); size++) {
        set_up(state);
        assert_int_equal(give_list(text, size), 0);
        assert_string_equal(names(), "x/q\\\"\\\\ y/a]} y/b ");
        assert_string_equal(feed.version, "77");
        assert_int_equal(feed.next.size, 0);
        tear_down(state);
    }
    set_up(state);
}

static void pages(void **state)
{
    (void)state;
    assert_int_equal(give_list("{\"metadata\":{\"resourceVersion\":\"9\"},\"items\":[" ITEM(
                                   "old", "n") "," ITEM("kept", "n") "]}",
                               1000),
                     0);
    assert_int_equal(
        give_list("{\"metadata\":{\"resourceVersion\":\"10\",\"continue\":\"t\\u006fken=="
                  "\",\"remainingItemCount\":1},\"items\":[" ITEM("kept", "n") "]}",
                  1000),
        0);
    assert_true(chimera_slice_is(chimera_buffer_slice(&feed.next), "token=="));
    assert_string_equal(names(), "n/kept n/old "); /* nothing goes before the last page */
    feed.has_changed = false;
    kube_feed_begin_page(&feed);
    assert_int_equal(
        give("{\"metadata\":{\"resourceVersion\":\"10\"},\"items\":[" ITEM("new", "n") "]}", 7), 0);
    assert_int_equal(kube_feed_end_page(&feed, &err), 0);
    assert_string_equal(names(), "n/kept n/new ");
    assert_true(feed.has_changed);
    assert_string_equal(feed.version, "10");
}

static void the_same_list_again_changes_nothing(void **state)
{
    static const char text[] =
        "{\"metadata\":{\"resourceVersion\":\"9\"},\"items\":[" ITEM("a", "n") "]}";
    (void)state;
    assert_int_equal(give_list(text, 1000), 0);
    assert_true(feed.has_changed);
    feed.has_changed = false;
    assert_int_equal(give_list(text, 1000), 0);
    assert_false(feed.has_changed);
}

#define EVENT(type, name, version)                                                           \
    "{\"type\":\"" type "\",\"object\":{\"kind\":\"K\",\"apiVersion\":\"v1\",\"metadata\":{" \
    "\"name\":\"" name "\",\"namespace\":\"n\",\"resourceVersion\":\"" version "\"}}}\n"

static void events(void **state)
{
    static const char text[] = EVENT("ADDED", "c", "11") EVENT("MODIFIED", "a", "12")
        EVENT("DELETED", "b",
              "13") "{\"type\":\"BOOKMARK\",\"object\":{\"metadata\":{\"resourceVersion\":\"20\","
                    "\"creationTimestamp\":null}}}" EVENT("DELETED", "never", "21");
    for (size_t size = 1; size < 60; size++) {
        set_up(state);
        assert_int_equal(give_list("{\"metadata\":{\"resourceVersion\":\"9\"},\"items\":[" ITEM(
                                       "a", "n") "," ITEM("b", "n") "]}",
                                   1000),
                         0);
        feed.has_changed = false;
        kube_feed_begin_watch(&feed);
        assert_int_equal(give(text, size), 0);
        assert_string_equal(names(), "n/a n/c ");
        assert_true(feed.has_changed);
        assert_string_equal(feed.version, "21");
        assert_int_equal(feed.event_count, 5);
        assert_non_null(strstr(store.object[0]->bytes, "\"resourceVersion\":\"12\""));
        tear_down(state);
    }
    set_up(state);
}

static void a_bookmark_changes_nothing(void **state)
{
    (void)state;
    kube_feed_begin_watch(&feed);
    assert_int_equal(
        give("{\"type\":\"BOOKMARK\",\"object\":{\"metadata\":{\"resourceVersion\":\"20\"}}}", 9),
        0);
    assert_false(feed.has_changed);
    assert_int_equal(store.count, 0);
}

static void the_api_server_ends_a_watch(void **state)
{
    (void)state;
    kube_feed_begin_watch(&feed);
    assert_int_equal(give("{\"type\":\"ERROR\",\"object\":{\"kind\":\"Status\",\"code\":410,"
                          "\"message\":\"too old resource version: 1 (2)\"}}\n",
                          5),
                     CHIMERA_EIO);
    assert_int_equal(feed.refusal.code, 410);
    assert_string_equal(err.text, "too old resource version: 1 (2)");
}

static void what_is_none_is_refused(void **state)
{
    static const struct {
        bool is_watch;
        const char *text, *why;
    } cases[] = {
        {false, "", "the API server's answer was cut off"},
        {false, "[]", "the API server's answer is not the JSON of a list"},
        {false, "{\"items\":[]}", "the API server's list has no version"},
        {false, "{\"items\":[]}}", "the API server's answer is not the JSON of a list"},
        {false, "{\"items\":[]x", "the API server's answer is not the JSON of a list"},
        {false, "{\"items\":[1 2]}", "it is no object at line 1 column 1"},
        {false, "{\"metadata\" 7}", "the API server's answer is not the JSON of a list"},
        {false, "{\"metadata\":{\"continue\":7}}",
         "the API server's answer is not the JSON of a list"},
        {true, "7", "the API server's answer is not the JSON of a list"},
        {true, "{\"type\":\"LATER\",\"object\":{}}",
         "the API server sent an event of no known type"},
        {true, "{\"type\":7,\"object\":{}}",
         "invalid type: integer `7`, expected a string at line 1 column 9"},
        {true, EVENT("ADDED", "", "1"), "an object of the API server's has no name"},
        {true, "{\"type\":\"ADDED\",\"object\":{\"a\":1}}",
         "an object of the API server's has no metadata"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        set_up(state);
        int code = CHIMERA_OK;
        if (cases[i].is_watch) {
            kube_feed_begin_watch(&feed);
            code = give(cases[i].text, 1000);
        } else {
            code = give_list(cases[i].text, 1000);
        }
        assert_true(code < 0);
        assert_string_equal(err.text, cases[i].why);
        tear_down(state);
    }
    set_up(state);
}

static void the_budget(void **state)
{
    (void)state;
    budget.limit = 2000;
    kube_feed_begin_list(&feed);
    assert_int_equal(give("{\"metadata\":{\"resourceVersion\":\"9\"},\"items\":[", 100), 0);
    int code = CHIMERA_OK;
    char item[200];
    for (int i = 0; i < 100 && code == CHIMERA_OK; i++) {
        snprintf(item, sizeof(item), "{\"metadata\":{\"name\":\"n%d\"}},", i);
        code = give(item, 1000);
        assert_true(budget.used <= budget.limit);
        assert_int_equal(budget.used, store.used);
    }
    assert_int_equal(code, CHIMERA_ELIMIT);
    assert_non_null(strstr(err.text, "raise the limit (--cluster-memory)"));
}

static void many_in_no_order(void **state)
{
    (void)state;
    kube_feed_begin_watch(&feed);
    char event[200];
    for (int i = 0; i < 2000; i++) {
        snprintf(event, sizeof(event), EVENT("ADDED", "%03d", "%d"), i * 7 % 1000, i + 1);
        assert_int_equal(give(event, 1000), 0);
    }
    assert_int_equal(store.count, 1000);
    for (size_t i = 0; i < 1000; i++) {
        snprintf(event, sizeof(event), "\"name\":\"%03zu\"", i);
        assert_non_null(strstr(store.object[i]->bytes, event));
    }
    assert_int_equal(kube_store_drop_others(&store, 7), 1000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_list_in_parts_of_any_size, set_up, tear_down),
        cmocka_unit_test_setup_teardown(pages, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_same_list_again_changes_nothing, set_up, tear_down),
        cmocka_unit_test_setup_teardown(events, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_bookmark_changes_nothing, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_api_server_ends_a_watch, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_is_none_is_refused, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_budget, set_up, tear_down),
        cmocka_unit_test_setup_teardown(many_in_no_order, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
