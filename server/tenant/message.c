/* SPDX-License-Identifier: Apache-2.0 */
#include "server/tenant/message.h"

#include <stdint.h>

#include "runtime/json/scan.h"

#define NULL_SIZE UINT32_MAX
#define CAUSES_MAX 4096

struct place {
    uint32_t offset, size;
};

/* --- Writing --- */

static void put_number(struct chimera_buffer *out, uint32_t number)
{
    chimera_buffer_append(out, (struct chimera_slice){(const char *)&number, sizeof(number)});
}

static void put_slice(struct chimera_buffer *out, struct chimera_slice slice)
{
    if (slice.size >= NULL_SIZE)
        out->failed = CHIMERA_ELIMIT;
    put_number(out, slice.data ? (uint32_t)slice.size : NULL_SIZE);
    if (slice.data)
        chimera_buffer_append(out, slice);
}

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
    put_number(out, (uint32_t)call->verb);
    put_number(out, call->policy);
    put_number(out, call->limit_ms);
    if (!request)
        return;
    put_number(out, request->is_raw);
    put_slice(out, request->uid);
    put_slice(out, request->name_space);
    put_slice(out, request->operation);
    put_slice(out, request->kind);
    if (request->json.size >= NULL_SIZE)
        out->failed = CHIMERA_ELIMIT;
    struct place place = find_object(request);
    put_number(out, place.offset);
    put_number(out, place.size);
    put_slice(out, place.size ? (struct chimera_slice){NULL, 0} : request->object);
    put_number(out, (uint32_t)request->json.size);
    for (unsigned i = 0; i < request->json.count; i++)
        chimera_buffer_append(out, request->json.piece[i]);
}

void message_put_check(struct chimera_buffer *out, int code, struct chimera_slice text)
{
    put_number(out, (uint32_t)-code);
    put_slice(out, text);
}

static void put_status(struct chimera_buffer *out, const struct chimera_status *status)
{
    uint32_t causes = 0;
    put_slice(out, status->status);
    put_slice(out, status->message);
    put_slice(out, status->reason);
    put_number(out, status->has_details);
    put_slice(out, status->details_name);
    put_slice(out, status->details_group);
    put_slice(out, status->details_kind);
    put_slice(out, status->details_uid);
    put_number(out, status->has_retry_after);
    put_number(out, status->retry_after_seconds);
    put_number(out, status->has_code);
    put_number(out, status->code);
    for (const struct chimera_cause *cause = status->causes; cause; cause = cause->next)
        causes++;
    put_number(out, causes);
    for (const struct chimera_cause *cause = status->causes; cause; cause = cause->next) {
        put_slice(out, cause->message);
        put_slice(out, cause->field);
        put_slice(out, cause->reason);
    }
}

static void put_long(struct chimera_buffer *out, uint64_t number)
{
    put_number(out, (uint32_t)number);
    put_number(out, (uint32_t)(number >> 32));
}

void message_put_cost(struct chimera_buffer *out, const struct chimera_run_report *cost)
{
    put_number(out, cost->stop);
    put_number(out, cost->resets);
    put_long(out, cost->pages);
    put_long(out, cost->reset_ns);
    put_long(out, cost->wall_ns);
    put_long(out, cost->cpu_ns);
}

void message_put_response(struct chimera_buffer *out, int code,
                          const struct chimera_response *response)
{
    put_number(out, (uint32_t)-code);
    if (code < 0)
        return;
    put_number(out, response->allowed);
    put_number(out, response->is_failure);
    put_slice(out, response->patch_type);
    put_slice(out, response->patch);
    put_slice(out, response->audit_annotations);
    put_slice(out, response->warnings);
    put_number(out, response->has_status);
    if (response->has_status)
        put_status(out, &response->status);
}

/* --- Reading: the first failure sticks --- */

struct reader {
    struct chimera_slice rest;
    bool failed;
};

static uint32_t get_number(struct reader *reader)
{
    uint32_t number = 0;
    if (reader->failed || reader->rest.size < sizeof(number)) {
        reader->failed = true;
        return 0;
    }
    memcpy(&number, reader->rest.data, sizeof(number));
    reader->rest.data += sizeof(number);
    reader->rest.size -= sizeof(number);
    return number;
}

static bool get_bool(struct reader *reader)
{
    uint32_t number = get_number(reader);
    reader->failed = reader->failed || number > 1;
    return number == 1;
}

static struct chimera_slice get_slice(struct reader *reader)
{
    uint32_t size = get_number(reader);
    struct chimera_slice slice = {NULL, 0};
    if (reader->failed || size == NULL_SIZE)
        return slice;
    if (size > reader->rest.size) {
        reader->failed = true;
        return slice;
    }
    slice = (struct chimera_slice){reader->rest.data, size};
    reader->rest.data += size;
    reader->rest.size -= size;
    return slice;
}

static bool is_done(const struct reader *reader)
{
    return !reader->failed && reader->rest.size == 0;
}

bool message_get_call(struct chimera_slice bytes, struct message_call *ret_call,
                      struct chimera_request *ret_request)
{
    struct reader reader = {.rest = bytes};
    ret_call->verb = (enum message_verb)get_number(&reader);
    ret_call->policy = get_number(&reader);
    ret_call->limit_ms = get_number(&reader);
    if (ret_call->verb == MESSAGE_CHECK)
        return is_done(&reader);
    *ret_request = (struct chimera_request){.is_raw = get_bool(&reader)};
    ret_request->uid = get_slice(&reader);
    ret_request->name_space = get_slice(&reader);
    ret_request->operation = get_slice(&reader);
    ret_request->kind = get_slice(&reader);
    struct place place = {.offset = get_number(&reader)};
    place.size = get_number(&reader);
    ret_request->object = get_slice(&reader);
    struct chimera_slice json = get_slice(&reader);
    chimera_pieces_add(&ret_request->json, json);
    if (place.offset > json.size || place.size > json.size - place.offset)
        return false;
    if (place.size > 0)
        ret_request->object = (struct chimera_slice){json.data + place.offset, place.size};
    return ret_call->verb == MESSAGE_EVALUATE && is_done(&reader);
}

/* Codes are small and negative. */
static int get_code(struct reader *reader)
{
    uint32_t number = get_number(reader);
    if (number > 1000)
        reader->failed = true;
    return reader->failed ? 0 : -(int)number;
}

bool message_get_check(struct chimera_slice bytes, int *ret_code, struct chimera_slice *ret_text)
{
    struct reader reader = {.rest = bytes};
    *ret_code = get_code(&reader);
    *ret_text = get_slice(&reader);
    return is_done(&reader);
}

/* What goes into the answer as it stands must be what it says it is. */
static struct chimera_slice get_json(struct reader *reader)
{
    struct chimera_slice text = get_slice(reader), value;
    struct chimera_scan scan;
    if (!text.data)
        return text;
    chimera_scan_init(&scan, text);
    if (!chimera_scan_skip(&scan, &value) || !chimera_scan_end(&scan))
        reader->failed = true;
    return text;
}

static bool is_base64(char c)
{
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '+' ||
           c == '/' || c == '=';
}

static struct chimera_cause *get_causes(struct reader *reader, struct chimera_arena *arena)
{
    struct chimera_cause *first = NULL, **tail = &first;
    uint32_t count = get_number(reader);
    reader->failed = reader->failed || count > CAUSES_MAX;
    for (uint32_t i = 0; i < count && !reader->failed; i++) {
        struct chimera_cause *cause = chimera_arena_take(arena, sizeof(*cause));
        if (!cause) {
            reader->failed = true;
            break;
        }
        cause->message = get_slice(reader);
        cause->field = get_slice(reader);
        cause->reason = get_slice(reader);
        cause->next = NULL;
        *tail = cause;
        tail = &cause->next;
    }
    return first;
}

static void get_status(struct reader *reader, struct chimera_arena *arena,
                       struct chimera_status *status)
{
    status->status = get_slice(reader);
    status->message = get_slice(reader);
    status->reason = get_slice(reader);
    status->has_details = get_bool(reader);
    status->details_name = get_slice(reader);
    status->details_group = get_slice(reader);
    status->details_kind = get_slice(reader);
    status->details_uid = get_slice(reader);
    status->has_retry_after = get_bool(reader);
    status->retry_after_seconds = get_number(reader);
    status->has_code = get_bool(reader);
    status->code = (uint16_t)get_number(reader);
    status->causes = get_causes(reader, arena);
}

static uint64_t get_long(struct reader *reader)
{
    uint64_t low = get_number(reader);
    return low | (uint64_t)get_number(reader) << 32;
}

/* No evaluation resets more than its own memory, of 4 GiB at most, once. */
bool message_take_cost(struct chimera_slice *bytes, struct chimera_run_report *ret_cost)
{
    struct reader reader = {.rest = *bytes};
    struct chimera_run_report cost = {0};
    cost.stop = get_number(&reader);
    cost.resets = get_number(&reader);
    cost.pages = get_long(&reader);
    cost.reset_ns = get_long(&reader);
    cost.wall_ns = get_long(&reader);
    cost.cpu_ns = get_long(&reader);
    if (reader.failed || cost.resets > 1 || cost.pages > UINT64_C(1) << 20)
        return false;
    *bytes = reader.rest;
    *ret_cost = cost;
    return true;
}

bool message_get_response(struct chimera_slice bytes, struct chimera_arena *arena, int *ret_code,
                          struct chimera_response *ret_response)
{
    struct reader reader = {.rest = bytes};
    struct chimera_response response = {.uid = ret_response->uid};
    *ret_code = get_code(&reader);
    if (*ret_code < 0)
        return is_done(&reader);
    response.allowed = get_bool(&reader);
    response.is_failure = get_bool(&reader);
    response.patch_type = get_slice(&reader);
    response.patch = get_slice(&reader);
    for (size_t i = 0; i < response.patch.size; i++)
        reader.failed = reader.failed || !is_base64(response.patch.data[i]);
    response.audit_annotations = get_json(&reader);
    response.warnings = get_json(&reader);
    response.has_status = get_bool(&reader);
    if (response.has_status)
        get_status(&reader, arena, &response.status);
    if (!is_done(&reader))
        return false;
    *ret_response = response;
    return true;
}
