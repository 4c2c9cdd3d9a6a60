/* SPDX-License-Identifier: Apache-2.0 */
/* Whatever is taken as a request gives the guest JSON, and names for the log. And the guest's JSON,
 * taken again, gives itself: it was in its normal form. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/json/scan.h"
#include "runtime/review/request.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void expect(bool is_right)
{
    if (!is_right)
        abort();
}

static void expect_same(struct chimera_slice text)
{
    struct chimera_request request;
    struct chimera_error err;
    struct chimera_arena arena;
    chimera_arena_init(&arena, (size_t)1 << 20);
    expect(chimera_request_parse_file(text, false, &arena, &request, &err) == CHIMERA_OK);
    expect(request.json.size == text.size);
    char *again = malloc(text.size + 1);
    expect(again != NULL);
    chimera_pieces_copy(&request.json, 0, again, text.size);
    expect(memcmp(again, text.data, text.size) == 0);
    free(again);
    chimera_arena_free(&arena);
}

static void expect_json(const struct chimera_request *request, struct chimera_arena *arena)
{
    struct chimera_request_labels labels;
    chimera_request_label(request, arena, &labels);
    char *text = malloc(request->json.size + 1);
    expect(text != NULL);
    size_t size = chimera_pieces_copy(&request->json, 0, text, request->json.size);
    expect(chimera_json_check((struct chimera_slice){text, size}, NULL) == CHIMERA_OK);
    if (!request->is_raw)
        expect_same((struct chimera_slice){text, size});
    expect(!request->object.data || chimera_json_check(request->object, NULL) == CHIMERA_OK);
    free(text);
}

/* By its places a body is what was read. */
static void expect_places(const struct chimera_request *request, struct chimera_slice body)
{
    struct chimera_request again;
    struct chimera_request_places places;
    if (!chimera_request_find_places(request, body, &places))
        return;
    chimera_request_take_places(&places, body, &again);
    expect(again.json.count == request->json.count && again.json.size == request->json.size);
    for (unsigned i = 0; i < again.json.count; i++)
        expect(again.json.piece[i].size == request->json.piece[i].size &&
               memcmp(again.json.piece[i].data, request->json.piece[i].data,
                      again.json.piece[i].size) == 0);
    expect(again.uid.size == request->uid.size && again.kind.size == request->kind.size &&
           again.operation.size == request->operation.size &&
           again.name_space.size == request->name_space.size &&
           again.object.data == request->object.data);
}

/* What is left without managedFields is JSON, and has none. */
static void expect_omission(const struct chimera_request *request)
{
    struct chimera_request cut, again;
    struct chimera_arena arena;
    chimera_arena_init(&arena, (size_t)4 << 20);
    expect(chimera_request_omit_managed_fields(request, &arena, &cut));
    expect(cut.json.size <= request->json.size);
    expect_json(&cut, &arena);
    expect(chimera_request_omit_managed_fields(&cut, &arena, &again));
    expect(again.json.size == cut.json.size && again.object.data == cut.object.data);
    chimera_arena_free(&arena);
}

/* With room for little. */
static void parse_again(struct chimera_slice body, bool is_taken)
{
    struct chimera_request request;
    struct chimera_slice why;
    struct chimera_arena arena;
    chimera_arena_init(&arena, body.size % 64);
    enum chimera_request_problem problem =
        chimera_request_parse_review(body, &arena, &request, &why);
    expect(problem == CHIMERA_REQUEST_TOO_BIG || (problem == CHIMERA_REQUEST_OK) == is_taken);
    if (problem == CHIMERA_REQUEST_OK)
        expect_json(&request, &arena);
    chimera_arena_free(&arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct chimera_slice body = {(const char *)data, size}, why;
    struct chimera_request request;
    struct chimera_error err;
    struct chimera_arena arena;
    chimera_arena_init(&arena, (size_t)1 << 20);
    bool is_taken =
        chimera_request_parse_review(body, &arena, &request, &why) == CHIMERA_REQUEST_OK;
    if (is_taken) {
        expect_json(&request, &arena);
        expect_omission(&request);
        expect_places(&request, body);
    } else {
        expect(why.size > 0);
    }
    parse_again(body, is_taken);
    if (chimera_request_parse_raw(body, &arena, &request, &why) == CHIMERA_REQUEST_OK)
        expect_json(&request, &arena);
    for (int is_raw = 0; is_raw < 2; is_raw++)
        if (chimera_request_parse_file(body, is_raw, &arena, &request, &err) == CHIMERA_OK)
            expect_json(&request, &arena);
    chimera_arena_free(&arena);
    return 0;
}
