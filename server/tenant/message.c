/* SPDX-License-Identifier: Apache-2.0 */
#include "server/tenant/message.h"

#include <stdint.h>

#include "runtime/review/packed.h"

#define NULL_SIZE UINT32_MAX

struct place {
    uint32_t offset, size;
};

/* --- Writing --- */

/* The object is a part of the request's JSON, nearly all of it: it is told by its place there. With
 * `size` 0 when it is somewhere else. */
static struct place find_object(const struct chimera_request *request)
{
    uintptr_t object = (uintptr_t)request->object.data;
    size_t offset = 0;
    for (unsigned i = 0; i < request->json.count; i++) {
        const struct chimera_slice *piece = &request->json.piece[i];
        uintptr_t start = (uintptr_t)piece->data;
        if (object >= start && object - start < piece->size &&
            piece->size - (object - start) >= request->object.size)
            return (struct place){(uint32_t)(offset + (object - start)),
                                  (uint32_t)request->object.size};
        offset += piece->size;
    }
    return (struct place){0, 0};
}

void message_put_call(struct chimera_buffer *out, const struct message_call *call,
                      const struct chimera_request *request)
{
    chimera_pack_number(out, (uint32_t)call->verb);
    chimera_pack_number(out, call->policy);
    chimera_pack_number(out, call->limit_ms);
    if (!request)
        return;
    chimera_pack_number(out, request->is_raw);
    chimera_pack_slice(out, request->uid);
    chimera_pack_slice(out, request->name_space);
    chimera_pack_slice(out, request->operation);
    chimera_pack_slice(out, request->kind);
    if (request->json.size >= NULL_SIZE)
        out->failed = CHIMERA_ELIMIT;
    struct place place = find_object(request);
    chimera_pack_number(out, place.offset);
    chimera_pack_number(out, place.size);
    chimera_pack_slice(out, place.size ? (struct chimera_slice){NULL, 0} : request->object);
    chimera_pack_number(out, (uint32_t)request->json.size);
    for (unsigned i = 0; i < request->json.count; i++)
        chimera_buffer_append(out, request->json.piece[i]);
}

void message_put_check(struct chimera_buffer *out, int code, struct chimera_slice text)
{
    chimera_pack_number(out, (uint32_t)-code);
    chimera_pack_slice(out, text);
}

void message_put_cost(struct chimera_buffer *out, const struct chimera_run_report *cost)
{
    chimera_pack_number(out, cost->stop);
    chimera_pack_number(out, cost->is_pure);
    chimera_pack_number(out, cost->resets);
    chimera_pack_long(out, cost->pages);
    chimera_pack_long(out, cost->reset_ns);
    chimera_pack_long(out, cost->wall_ns);
    chimera_pack_long(out, cost->cpu_ns);
}

void message_put_response(struct chimera_buffer *out, int code,
                          const struct chimera_response *response)
{
    chimera_pack_number(out, (uint32_t)-code);
    if (code == CHIMERA_OK)
        chimera_pack_response(out, response);
}

/* --- Reading: the first failure sticks --- */

bool message_get_call(struct chimera_slice bytes, struct message_call *ret_call,
                      struct chimera_request *ret_request)
{
    struct chimera_unpack reader = {.rest = bytes};
    ret_call->verb = (enum message_verb)chimera_unpack_number(&reader);
    ret_call->policy = chimera_unpack_number(&reader);
    ret_call->limit_ms = chimera_unpack_number(&reader);
    if (ret_call->verb == MESSAGE_CHECK)
        return chimera_unpack_is_done(&reader);
    *ret_request = (struct chimera_request){.is_raw = chimera_unpack_bool(&reader)};
    ret_request->uid = chimera_unpack_slice(&reader);
    ret_request->name_space = chimera_unpack_slice(&reader);
    ret_request->operation = chimera_unpack_slice(&reader);
    ret_request->kind = chimera_unpack_slice(&reader);
    struct place place = {.offset = chimera_unpack_number(&reader)};
    place.size = chimera_unpack_number(&reader);
    ret_request->object = chimera_unpack_slice(&reader);
    struct chimera_slice json = chimera_unpack_slice(&reader);
    chimera_pieces_add(&ret_request->json, json);
    if (place.offset > json.size || place.size > json.size - place.offset)
        return false;
    if (place.size > 0)
        ret_request->object = (struct chimera_slice){json.data + place.offset, place.size};
    return ret_call->verb == MESSAGE_EVALUATE && chimera_unpack_is_done(&reader);
}

/* Codes are small and negative. */
static int get_code(struct chimera_unpack *reader)
{
    uint32_t number = chimera_unpack_number(reader);
    if (number > 1000)
        reader->failed = true;
    return reader->failed ? 0 : -(int)number;
}

bool message_get_check(struct chimera_slice bytes, int *ret_code, struct chimera_slice *ret_text)
{
    struct chimera_unpack reader = {.rest = bytes};
    *ret_code = get_code(&reader);
    *ret_text = chimera_unpack_slice(&reader);
    return chimera_unpack_is_done(&reader);
}

/* No evaluation resets more than its own memory, of 4 GiB at most, once. */
bool message_take_cost(struct chimera_slice *bytes, struct chimera_run_report *ret_cost)
{
    struct chimera_unpack reader = {.rest = *bytes};
    struct chimera_run_report cost = {0};
    cost.stop = chimera_unpack_number(&reader);
    cost.is_pure = chimera_unpack_bool(&reader);
    cost.resets = chimera_unpack_number(&reader);
    cost.pages = chimera_unpack_long(&reader);
    cost.reset_ns = chimera_unpack_long(&reader);
    cost.wall_ns = chimera_unpack_long(&reader);
    cost.cpu_ns = chimera_unpack_long(&reader);
    if (reader.failed || cost.resets > 1 || cost.pages > UINT64_C(1) << 20)
        return false;
    *bytes = reader.rest;
    *ret_cost = cost;
    return true;
}

bool message_get_response(struct chimera_slice bytes, struct chimera_arena *arena, int *ret_code,
                          struct chimera_response *ret_response)
{
    struct chimera_unpack reader = {.rest = bytes};
    *ret_code = get_code(&reader);
    if (*ret_code < 0)
        return chimera_unpack_is_done(&reader);
    return !reader.failed && chimera_unpack_response(reader.rest, arena, ret_response);
}
