/* SPDX-License-Identifier: Apache-2.0 */
/* Requests without managedFields: what is left out, what stays, what a patch comes to. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "runtime/base/base64.h"
#include "runtime/base/file.h"
#include "runtime/json/scan.h"
#include "runtime/json/tree.h"
#include "runtime/review/managed_fields.h"
#include "runtime/review/request.h"
#include "runtime/review/response.h"

#define ARENA_MAX ((size_t)4 << 20)
#define MANAGED "\"managedFields\":[{\"manager\":\"kubectl\",\"fieldsV1\":{\"f:a\":{}}}]"

static const struct {
    const char *object, *rest;
} cases[] = {
    {"{\"metadata\":{\"name\":\"a\"," MANAGED "}}", "{\"metadata\":{\"name\":\"a\"}}"},
    {"{\"metadata\":{" MANAGED ",\"name\":\"a\"}}", "{\"metadata\":{\"name\":\"a\"}}"},
    {"{\"metadata\":{\"name\":\"a\"," MANAGED ",\"uid\":\"b\"},\"spec\":1}",
     "{\"metadata\":{\"name\":\"a\",\"uid\":\"b\"},\"spec\":1}"},
    {"{\"metadata\":{" MANAGED "}}", "{\"metadata\":{}}"},
    /* White space stays where what it belongs to does. */
    {" { \"metadata\" : { " MANAGED " , \"name\" : \"a\" } } ",
     " { \"metadata\" : {\"name\" : \"a\" } } "},
    {"{\"metadata\":{\"name\":\"a\" , " MANAGED " }}", "{\"metadata\":{\"name\":\"a\" }}"},
    /* The same member twice, and spelled with escapes. */
    {"{\"metadata\":{\"managedFields\":1,\"managedFields\":2}}", "{\"metadata\":{}}"},
    {"{\"metadata\":{\"managedFields\":1,\"managedFields\":2,\"n\":0,\"managedFields\":3}}",
     "{\"metadata\":{\"n\":0}}"},
    {"{\"metadata\":{\"n\":0,\"managedFields\":1,\"managedFields\":2,\"m\":0}}",
     "{\"metadata\":{\"n\":0,\"m\":0}}"},
    {"{\"metadata\":{\"managed\\u0046ields\":1,\"n\":0},\"metad\\u0061ta\":{" MANAGED "}}",
     "{\"metadata\":{\"n\":0},\"metad\\u0061ta\":{}}"},
    /* Templates. */
    {"{\"spec\":{\"template\":{\"metadata\":{\"labels\":{}," MANAGED "},\"spec\":{}}}}",
     "{\"spec\":{\"template\":{\"metadata\":{\"labels\":{}},\"spec\":{}}}}"},
    {"{\"spec\":{\"jobTemplate\":{\"metadata\":{" MANAGED "},\"spec\":{\"template\":{\"metadata\":"
     "{" MANAGED ",\"name\":\"a\"}}}}}}",
     "{\"spec\":{\"jobTemplate\":{\"metadata\":{},\"spec\":{\"template\":{\"metadata\":"
     "{\"name\":\"a\"}}}}}}"},
    /* Anywhere else it is somebody's own. */
    {"{" MANAGED ",\"spec\":{" MANAGED ",\"metadata\":{" MANAGED "}}}", NULL},
    {"{\"metadata\":{\"annotations\":{" MANAGED "},\"managedfields\":1}}", NULL},
    {"{\"spec\":{\"template\":{\"spec\":{\"metadata\":{" MANAGED "}}}}}", NULL},
    {"{\"metadata\":[{" MANAGED "}],\"spec\":\"managedFields\"}", NULL},
    {"[{\"metadata\":{" MANAGED "}}]", NULL},
    {"{}", NULL},
    {"\"managedFields\"", NULL},
};

static void only_its_paths_are_left_out(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct chimera_slice object = chimera_slice_of(cases[i].object), rest;
        struct chimera_arena arena;
        chimera_arena_init(&arena, ARENA_MAX);
        assert_true(chimera_managed_fields_cut(object, &arena, &rest));
        assert_int_equal(chimera_json_check(rest, NULL), CHIMERA_OK);
        if (cases[i].rest)
            assert_true(chimera_slice_is(rest, cases[i].rest));
        else
            assert_ptr_equal(rest.data, object.data); /* not copied */
        chimera_arena_free(&arena);
    }
}

/* --- Against a tree that the members are taken out of --- */

static struct json_object *member(struct json_object *object, const char *name)
{
    struct json_object *value = NULL;
    json_object_object_get_ex(object, name, &value);
    return value;
}

static void take_out(struct json_object *object)
{
    struct json_object *spec = member(object, "spec"), *job = member(spec, "jobTemplate");
    struct json_object *const holders[] = {object, member(spec, "template"), job,
                                           member(member(job, "spec"), "template")};
    for (size_t i = 0; i < sizeof(holders) / sizeof(holders[0]); i++)
        if (member(holders[i], "metadata"))
            json_object_object_del(member(holders[i], "metadata"), "managedFields");
}

static struct json_object *parse(struct chimera_slice text)
{
    struct json_object *tree = NULL;
    assert_int_equal(chimera_json_parse(text, &tree, NULL), CHIMERA_OK);
    return tree;
}

static struct json_object *parse_pieces(const struct chimera_request *request)
{
    char *text = malloc(request->json.size);
    assert_non_null(text);
    size_t size = chimera_pieces_copy(&request->json, 0, text, request->json.size);
    assert_int_equal(size, request->json.size);
    struct json_object *tree = parse((struct chimera_slice){text, size});
    free(text);
    return tree;
}

static void read_request(const char *name, struct chimera_arena *arena,
                         struct chimera_buffer *owned, struct chimera_request *ret_request)
{
    struct chimera_slice why;
    char *path = chimera_path_join(TEST_DATA "/requests", name);
    chimera_arena_init(arena, ARENA_MAX);
    chimera_buffer_init(owned, ARENA_MAX);
    assert_int_equal(chimera_file_read(path, owned, NULL), CHIMERA_OK);
    free(path);
    assert_int_equal(
        chimera_request_parse_review(chimera_buffer_slice(owned), arena, ret_request, &why),
        CHIMERA_REQUEST_OK);
}

static void requests_are_as_a_tree_without_them(void **state)
{
    static const char *const names[] = {"pod-5k.json",     "pod-50k.json",
                                        "pod-update.json", "pod-delete.json",
                                        "deployment.json", "deployment-50-replicas.json"};
    (void)state;
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        struct chimera_arena arena;
        struct chimera_buffer owned;
        struct chimera_request request, cut;
        read_request(names[i], &arena, &owned, &request);
        assert_true(chimera_request_omit_managed_fields(&request, &arena, &cut));
        assert_true(cut.json.size < request.json.size);
        struct json_object *wanted = parse_pieces(&request), *got = parse_pieces(&cut);
        take_out(member(wanted, "object"));
        take_out(member(wanted, "oldObject"));
        assert_true(json_object_equal(wanted, got));
        if (request.object.data) {
            struct json_object *object = parse(cut.object);
            assert_true(json_object_equal(member(wanted, "object"), object));
            json_object_put(object);
        }
        json_object_put(wanted);
        json_object_put(got);
        chimera_buffer_free(&owned);
        chimera_arena_free(&arena);
    }
}

static void raw_requests_stay(void **state)
{
    static const char body[] = "{\"request\":{\"object\":{\"metadata\":{" MANAGED "}}}}";
    struct chimera_arena arena;
    struct chimera_request request, same;
    struct chimera_slice why;
    (void)state;
    chimera_arena_init(&arena, ARENA_MAX);
    assert_int_equal(chimera_request_parse_raw(chimera_slice_of(body), &arena, &request, &why),
                     CHIMERA_REQUEST_OK);
    assert_true(chimera_request_omit_managed_fields(&request, &arena, &same));
    assert_int_equal(same.json.size, request.json.size);
    chimera_arena_free(&arena);
}

/* A policy that gives back what it has seen, with a label more. */
static void patches_remove_nothing_that_was_not_seen(void **state)
{
    struct chimera_arena arena;
    struct chimera_buffer owned;
    struct chimera_request request, cut;
    struct chimera_response response;
    struct chimera_slice why, patch;
    (void)state;
    read_request("pod-5k.json", &arena, &owned, &request);
    assert_true(chimera_request_omit_managed_fields(&request, &arena, &cut));
    struct json_object *object = parse(cut.object);
    json_object_object_add(member(member(object, "metadata"), "labels"), "added",
                           json_object_new_string("yes"));
    struct chimera_slice answer = chimera_arena_print(
        &arena, "{\"accepted\":true,\"mutated_object\":%s}", json_object_to_json_string(object));
    assert_int_equal(chimera_response_from_validation(answer, &cut, &arena, &response, &why),
                     CHIMERA_OK);
    assert_int_equal(
        chimera_base64_decode_in(&arena, response.patch, CHIMERA_BASE64_STANDARD, &patch),
        CHIMERA_OK);
    assert_true(chimera_slice_is(
        patch, "[{\"op\":\"add\",\"path\":\"/metadata/labels/added\",\"value\":\"yes\"}]"));
    json_object_put(object);
    chimera_buffer_free(&owned);
    chimera_arena_free(&arena);
}

static void full_arena_is_told(void **state)
{
    static const char object[] = "{\"metadata\":{\"name\":\"a\"," MANAGED "}}";
    struct chimera_arena arena;
    struct chimera_slice rest;
    (void)state;
    chimera_arena_init(&arena, 0);
    assert_false(chimera_managed_fields_cut(chimera_slice_of(object), &arena, &rest));
    chimera_arena_free(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_its_paths_are_left_out),
        cmocka_unit_test(requests_are_as_a_tree_without_them),
        cmocka_unit_test(raw_requests_stay),
        cmocka_unit_test(patches_remove_nothing_that_was_not_seen),
        cmocka_unit_test(full_arena_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
