/* SPDX-License-Identifier: Apache-2.0 */
/* An object's form: k8s_openapi's ObjectMeta and serde_json's Value without preserve_order, which
 * is a map in the order of its keys (guest-abis.md §5.6). Numbers and texts are as serde_json
 * writes them; what Python's json.dumps(sort_keys=True, ensure_ascii=False, separators=(",", ":"))
 * makes of the same values agrees, below metadata. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
/* cmocka wants those before it */
#include <cmocka.h>

#include <stdlib.h>

#include "plugins/kubernetes/objects/object.h"
#include "runtime/json/tree.h"

static struct kube_object_writer writer;
static struct chimera_buffer out;
static struct chimera_error err;

static int set_up(void **state)
{
    (void)state;
    chimera_buffer_init(&out, (size_t)64 << 20);
    err = (struct chimera_error){0};
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    chimera_buffer_free(&out);
    kube_object_writer_done(&writer);
    return 0;
}

static int write_form(struct chimera_slice text, bool is_stripped, const char *masks)
{
    CHIMERA_JSON struct json_object *list = masks ? json_tokener_parse(masks) : NULL;
    struct kube_mask *mask = NULL;
    assert_int_equal(kube_mask_new(list, &mask, &err), 0);
    struct kube_object_form form = {mask, is_stripped};
    chimera_buffer_reset(&out);
    int code = kube_object_write(&writer, text, &form, &out, &err);
    kube_mask_free(mask);
    return code;
}

static const char *written(const char *text, bool is_stripped, const char *masks)
{
    assert_int_equal(write_form(chimera_slice_of(text), is_stripped, masks), 0);
    chimera_buffer_byte(&out, 0);
    return out.data;
}

static void members_are_in_their_order(void **state)
{
    (void)state;
    assert_string_equal(
        written(
            " { \"spec\" : {\"b\":1, \"a\" : [ {\"z\":1,\"y\":2} , [ ] , { } ]},\"kind\":\"K\","
            "\"data\":null,\"metadata\":{\"uid\":\"u\",\"name\":\"n\"},\"apiVersion\":\"v1\"}\n",
            false, NULL),
        "{\"apiVersion\":\"v1\",\"kind\":\"K\",\"metadata\":{\"name\":\"n\",\"uid\":\"u\"},"
        "\"data\":null,\"spec\":{\"a\":[{\"y\":2,\"z\":1},[],{}],\"b\":1}}");
}

static void keys_are_compared_as_bytes(void **state)
{
    (void)state;
    /* By what they stand for: \n is 10, a tab 9, a quote 34, a backslash 92, ü two bytes above z.
     */
    assert_string_equal(
        written("{\"d\":{\"z\":1,\"\\u00fc\":2,\"\\\\\":3,\"\\\"\":4,\"a\":5,\"\\t\":6,\"\\n\":7,"
                "\"\\u0001\":8,\"A\":9,\"\":10,\"ab\":11,\"\\ud83d\\ude00\":12,\"!\":13}}",
                false, NULL),
        "{\"d\":{\"\":10,\"\\u0001\":8,\"\\t\":6,\"\\n\":7,\"!\":13,\"\\\"\":4,\"A\":9,\"\\\\\":3,"
        "\"a\":5,\"ab\":11,\"z\":1,\"\xc3\xbc\":2,\"\xf0\x9f\x98\x80\":12}}");
}

static void the_last_of_equal_keys_counts(void **state)
{
    (void)state;
    assert_string_equal(
        written("{\"d\":{\"a\":1,\"b\":2,\"\\u0061\":{\"y\":1,\"x\":2},\"b\":3}}", false, NULL),
        "{\"d\":{\"a\":{\"x\":2,\"y\":1},\"b\":3}}");
    assert_string_equal(written("{\"a\":1,\"a\":2,\"a\":3}", false, NULL), "{\"a\":3}");
}

static void many_members(void **state)
{
    (void)state;
    struct chimera_buffer text, wanted;
    chimera_buffer_init(&text, 1 << 20);
    chimera_buffer_init(&wanted, 1 << 20);
    chimera_buffer_text(&text, "{\"d\":{");
    chimera_buffer_text(&wanted, "{\"d\":{");
    for (int i = 0; i < 1000; i++) {
        chimera_buffer_print(&text, "%s\"k%03d\":%d", i ? "," : "", i * 7 % 1000, i * 7 % 1000);
        chimera_buffer_print(&wanted, "%s\"k%03d\":%d", i ? "," : "", i, i);
    }
    chimera_buffer_text(&text, "}}");
    chimera_buffer_text(&wanted, "}}");
    chimera_buffer_byte(&text, 0);
    chimera_buffer_byte(&wanted, 0);
    assert_string_equal(written(text.data, false, NULL), wanted.data);
    chimera_buffer_free(&text);
    chimera_buffer_free(&wanted);
}

static void texts_and_numbers(void **state)
{
    (void)state;
    assert_string_equal(
        written("{\"d\":[\"\\u003ca\\/b\\u0026\",\"\\u2028\\b\\u001f\",1,-1,0,-0,1.0,1.50,1E2,1e-7,"
                "18446744073709551615,-9223372036854775808,18446744073709551616,1e20,"
                "0.1000000000000000055,true,false,null]}",
                false, NULL),
        "{\"d\":[\"<a/b&\",\"\xe2\x80\xa8\\b\\u001f\",1,-1,0,-0.0,1.0,1.5,100.0,1e-7,"
        "18446744073709551615,-9223372036854775808,1.8446744073709552e19,1e20,0.1,true,false,"
        "null]}");
}

static void metadata_has_what_is_known(void **state)
{
    (void)state;
    assert_string_equal(
        written("{\"metadata\":{\"clusterName\":\"x\",\"name\":\"n\",\"labels\":null,"
                "\"creationTimestamp\":null,\"annotations\":{\"b\":\"2\",\"a\":\"1\"},"
                "\"generation\":3,\"ownerReferences\":[{\"name\":\"o\",\"kind\":\"K\"}],"
                "\"finalizers\":[\"f\"],\"managedFields\":[{\"manager\":\"m\",\"fieldsV1\":{"
                "\"f:z\":{},\"f:a\":{}}}]}}",
                false, NULL),
        "{\"metadata\":{\"annotations\":{\"a\":\"1\",\"b\":\"2\"},\"finalizers\":[\"f\"],"
        "\"generation\":3,\"managedFields\":[{\"fieldsV1\":{\"f:a\":{},\"f:z\":{}},\"manager\":"
        "\"m\"}],\"name\":\"n\",\"ownerReferences\":[{\"kind\":\"K\",\"name\":\"o\"}]}}");
}

static void lists_have_less(void **state)
{
    (void)state;
    assert_string_equal(written("{\"metadata\":{\"name\":\"n\"}}", true, NULL),
                        "{\"metadata\":{\"annotations\":{},\"managedFields\":[],\"name\":\"n\"}}");
    assert_string_equal(
        written("{\"metadata\":{\"managedFields\":[{\"manager\":\"m\"}],\"annotations\":{"
                "\"kubectl.kubernetes.io/last-applied-configuration\":\"{}\",\"z\":\"1\",\"a\":"
                "\"2\"},\"name\":\"n\"},\"annotations\":{"
                "\"kubectl.kubernetes.io/last-applied-configuration\":\"stays\"}}",
                true, NULL),
        "{\"metadata\":{\"annotations\":{\"a\":\"2\",\"z\":\"1\"},\"managedFields\":[],\"name\":"
        "\"n\"},\"annotations\":{\"kubectl.kubernetes.io/last-applied-configuration\":\"stays\"}}");
    assert_string_equal(
        written("{\"metadata\":{\"annotations\":{"
                "\"\\u006bubectl.kubernetes.io/last-applied-configuration\":\"{}\"},"
                "\"managedFields\":null}}",
                true, NULL),
        "{\"metadata\":{\"annotations\":{},\"managedFields\":[]}}");
}

/* The cases of the reference's own test of field masks (field_mask.rs), and those of §5.6. */
static void masks_drop_what_they_do_not_name(void **state)
{
    static const struct {
        const char *text, *masks, *wanted;
    } cases[] = {
        {"{\"a\":{\"b\":1,\"c\":2},\"d\":3}", "[\"a.b\",\"d\"]", "{\"a\":{\"b\":1},\"d\":3}"},
        {"{\"user\":{\"age\":30,\"meta\":{\"active\":true,\"id\":1},\"name\":\"A\"},\"o\":1}",
         "[\"user.name\",\"user.meta.id\"]", "{\"user\":{\"meta\":{\"id\":1},\"name\":\"A\"}}"},
        {"{\"users\":[{\"name\":\"A\",\"age\":1},{\"name\":\"B\",\"age\":2}],\"n\":2}",
         "[\"users.name\"]", "{\"users\":[{\"name\":\"A\"},{\"name\":\"B\"}]}"},
        {"{\"users\":[{\"m\":{\"id\":1},\"name\":\"A\",\"x\":1}]}", "[\"users.name\",\"users.m\"]",
         "{\"users\":[{\"m\":{\"id\":1},\"name\":\"A\"}]}"},
        {"{\"user\":{\"a\":{\"b\":1}},\"o\":1}", "[\"user\"]", "{\"user\":{\"a\":{\"b\":1}}}"},
        {"{\"user\":{\"a\":1,\"b\":2}}", "[\"user\",\"user.a\"]", "{\"user\":{\"a\":1}}"},
        {"{\"a\":7,\"b\":[1,[2,{\"c\":3,\"d\":4}]]}", "[\"a.b\",\"b.c\"]",
         "{\"a\":7,\"b\":[1,[2,{\"c\":3}]]}"},
        {"{\"a\":1}", "[]", "{\"a\":1}"},
        {"{\"a\":1,\"\":2}", "[\"\"]", "{\"\":2}"},
        {"{\"apiVersion\":\"v1\",\"kind\":\"K\",\"metadata\":{\"name\":\"n\",\"labels\":{\"l\":"
         "\"1\"}},\"spec\":1}",
         "[\"metadata.name\"]",
         "{\"apiVersion\":\"v1\",\"kind\":\"K\",\"metadata\":{\"labels\":{\"l\":\"1\"},\"name\":"
         "\"n\"}}"},
        {"{\"a\":{\"\\u0062\":1,\"c\":{\"metadata\":1}}}", "[\"a.b\"]", "{\"a\":{\"b\":1}}"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        assert_string_equal(written(cases[i].text, false, cases[i].masks), cases[i].wanted);
}

static void what_is_none_is_refused(void **state)
{
    static const struct {
        const char *text, *why;
    } cases[] = {
        {"", "it is no object at line 1 column 0"},
        {"[]", "it is no object at line 1 column 1"},
        {"{", "EOF while parsing an object at line 1 column 1"},
        {"{\"a\":1}x", "trailing characters at line 1 column 8"},
        {"{\"a\":01}", "invalid number at line 1 column 7"},
        {"{\"a\":nul}", "expected ident at line 1 column 9"},
        {"{\"a\":1,}", "trailing comma at line 1 column 8"},
        {"{\"metadata\":null}", "metadata is no object at line 1 column 13"},
        {"{\"metadata\":{\"name\":7}}",
         "metadata has a member of a wrong type at line 1 column 21"},
        {"{\"metadata\":{\"labels\":[]}}",
         "metadata has a member of a wrong type at line 1 column 23"},
        {"{\"metadata\":{\"generation\":\"1\"}}",
         "metadata has a member of a wrong type at line 1 column 27"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        assert_int_equal(write_form(chimera_slice_of(cases[i].text), true, NULL), CHIMERA_EINVAL);
        assert_string_equal(err.text, cases[i].why);
        assert_int_equal(out.size, 0);
    }
}

static void too_many_members(void **state)
{
    (void)state;
    struct chimera_buffer text;
    chimera_buffer_init(&text, (size_t)32 << 20);
    chimera_buffer_text(&text, "{\"a\":0");
    for (int i = 0; i < 1 << 20; i++)
        chimera_buffer_text(&text, ",\"a\":1");
    chimera_buffer_byte(&text, '}');
    assert_int_equal(write_form(chimera_buffer_slice(&text), false, NULL), CHIMERA_ELIMIT);
    assert_string_equal(err.text, "an object of the API server's is too large");
    chimera_buffer_free(&text);
}

static struct chimera_slice part(struct kube_object_place place)
{
    return (struct chimera_slice){out.data + place.at, place.size};
}

static void names(void **state)
{
    (void)state;
    struct kube_object_names names;
    written("{\"kind\":\"K\",\"metadata\":{\"resourceVersion\":\"7\",\"namespace\":\"ns\",\"name\":"
            "\"n\\u0041\"},\"name\":\"other\"}",
            true, NULL);
    out.size--;
    assert_int_equal(kube_object_find_names(chimera_buffer_slice(&out), &names, &err), 0);
    assert_true(chimera_slice_is(part(names.name), "nA"));
    assert_true(chimera_slice_is(part(names.name_space), "ns"));
    assert_true(chimera_slice_is(part(names.version), "7"));
    assert_int_equal(kube_object_find_names(CHIMERA_SLICE("{\"a\":1}"), &names, &err),
                     CHIMERA_EINVAL);
    assert_string_equal(err.text, "an object of the API server's has no metadata");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(members_are_in_their_order, set_up, tear_down),
        cmocka_unit_test_setup_teardown(keys_are_compared_as_bytes, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_last_of_equal_keys_counts, set_up, tear_down),
        cmocka_unit_test_setup_teardown(many_members, set_up, tear_down),
        cmocka_unit_test_setup_teardown(texts_and_numbers, set_up, tear_down),
        cmocka_unit_test_setup_teardown(metadata_has_what_is_known, set_up, tear_down),
        cmocka_unit_test_setup_teardown(lists_have_less, set_up, tear_down),
        cmocka_unit_test_setup_teardown(masks_drop_what_they_do_not_name, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_is_none_is_refused, set_up, tear_down),
        cmocka_unit_test_setup_teardown(too_many_members, set_up, tear_down),
        cmocka_unit_test_setup_teardown(names, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
