/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/review/packed.h"

#include "runtime/json/scan.h"

#define NULL_SIZE UINT32_MAX
#define CAUSES_MAX 4096

/* --- Numbers and texts --- */

void chimera_pack_number(struct chimera_buffer *out, uint32_t number)
{
    chimera_buffer_append(out, (struct chimera_slice){(const char *)&number, sizeof(number)});
}

void chimera_pack_long(struct chimera_buffer *out, uint64_t number)
{
    chimera_pack_number(out, (uint32_t)number);
    chimera_pack_number(out, (uint32_t)(number >> 32));
}

void chimera_pack_slice(struct chimera_buffer *out, struct chimera_slice slice)
{
    if (slice.size >= NULL_SIZE)
        out->failed = CHIMERA_ELIMIT;
    chimera_pack_number(out, slice.data ? (uint32_t)slice.size : NULL_SIZE);
    if (slice.data)
        chimera_buffer_append(out, slice);
}

uint32_t chimera_unpack_number(struct chimera_unpack *unpack)
{
    uint32_t number = 0;
    if (unpack->failed || unpack->rest.size < sizeof(number)) {
        unpack->failed = true;
        return 0;
    }
    memcpy(&number, unpack->rest.data, sizeof(number));
    unpack->rest.data += sizeof(number);
    unpack->rest.size -= sizeof(number);
    return number;
}

uint64_t chimera_unpack_long(struct chimera_unpack *unpack)
{
    uint64_t low = chimera_unpack_number(unpack);
    return low | (uint64_t)chimera_unpack_number(unpack) << 32;
}

bool chimera_unpack_bool(struct chimera_unpack *unpack)
{
    uint32_t number = chimera_unpack_number(unpack);
    unpack->failed = unpack->failed || number > 1;
    return number == 1;
}

struct chimera_slice chimera_unpack_slice(struct chimera_unpack *unpack)
{
    uint32_t size = chimera_unpack_number(unpack);
    struct chimera_slice slice = {NULL, 0};
    if (unpack->failed || size == NULL_SIZE)
        return slice;
    if (size > unpack->rest.size) {
        unpack->failed = true;
        return slice;
    }
    slice = (struct chimera_slice){unpack->rest.data, size};
    unpack->rest.data += size;
    unpack->rest.size -= size;
    return slice;
}

bool chimera_unpack_is_done(const struct chimera_unpack *unpack)
{
    return !unpack->failed && unpack->rest.size == 0;
}

/* --- Responses --- */

static void put_status(struct chimera_buffer *out, const struct chimera_status *status)
{
    uint32_t causes = 0;
    chimera_pack_slice(out, status->status);
    chimera_pack_slice(out, status->message);
    chimera_pack_slice(out, status->reason);
    chimera_pack_number(out, status->has_details);
    chimera_pack_slice(out, status->details_name);
    chimera_pack_slice(out, status->details_group);
    chimera_pack_slice(out, status->details_kind);
    chimera_pack_slice(out, status->details_uid);
    chimera_pack_number(out, status->has_retry_after);
    chimera_pack_number(out, status->retry_after_seconds);
    chimera_pack_number(out, status->has_code);
    chimera_pack_number(out, status->code);
    for (const struct chimera_cause *cause = status->causes; cause; cause = cause->next)
        causes++;
    chimera_pack_number(out, causes);
    for (const struct chimera_cause *cause = status->causes; cause; cause = cause->next) {
        chimera_pack_slice(out, cause->message);
        chimera_pack_slice(out, cause->field);
        chimera_pack_slice(out, cause->reason);
    }
}

void chimera_pack_response(struct chimera_buffer *out, const struct chimera_response *response)
{
    chimera_pack_number(out, response->allowed);
    chimera_pack_number(out, response->is_failure);
    chimera_pack_slice(out, response->patch_type);
    chimera_pack_slice(out, response->patch);
    chimera_pack_slice(out, response->audit_annotations);
    chimera_pack_slice(out, response->warnings);
    chimera_pack_number(out, response->has_status);
    if (response->has_status)
        put_status(out, &response->status);
}

/* What goes into the answer as it stands must be what it says it is. */
static struct chimera_slice get_json(struct chimera_unpack *reader)
{
    struct chimera_slice text = chimera_unpack_slice(reader), value;
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

static struct chimera_cause *get_causes(struct chimera_unpack *reader, struct chimera_arena *arena)
{
    struct chimera_cause *first = NULL, **tail = &first;
    uint32_t count = chimera_unpack_number(reader);
    reader->failed = reader->failed || count > CAUSES_MAX;
    for (uint32_t i = 0; i < count && !reader->failed; i++) {
        struct chimera_cause *cause = chimera_arena_take(arena, sizeof(*cause));
        if (!cause) {
            reader->failed = true;
            break;
        }
        cause->message = chimera_unpack_slice(reader);
        cause->field = chimera_unpack_slice(reader);
        cause->reason = chimera_unpack_slice(reader);
        cause->next = NULL;
        *tail = cause;
        tail = &cause->next;
    }
    return first;
}

static void get_status(struct chimera_unpack *reader, struct chimera_arena *arena,
                       struct chimera_status *status)
{
    status->status = chimera_unpack_slice(reader);
    status->message = chimera_unpack_slice(reader);
    status->reason = chimera_unpack_slice(reader);
    status->has_details = chimera_unpack_bool(reader);
    status->details_name = chimera_unpack_slice(reader);
    status->details_group = chimera_unpack_slice(reader);
    status->details_kind = chimera_unpack_slice(reader);
    status->details_uid = chimera_unpack_slice(reader);
    status->has_retry_after = chimera_unpack_bool(reader);
    status->retry_after_seconds = chimera_unpack_number(reader);
    status->has_code = chimera_unpack_bool(reader);
    status->code = (uint16_t)chimera_unpack_number(reader);
    status->causes = get_causes(reader, arena);
}

bool chimera_unpack_response(struct chimera_slice bytes, struct chimera_arena *arena,
                             struct chimera_response *ret_response)
{
    struct chimera_unpack reader = {.rest = bytes};
    struct chimera_response response = {.uid = ret_response->uid};
    response.allowed = chimera_unpack_bool(&reader);
    response.is_failure = chimera_unpack_bool(&reader);
    response.patch_type = chimera_unpack_slice(&reader);
    response.patch = chimera_unpack_slice(&reader);
    for (size_t i = 0; i < response.patch.size; i++)
        reader.failed = reader.failed || !is_base64(response.patch.data[i]);
    response.audit_annotations = get_json(&reader);
    response.warnings = get_json(&reader);
    response.has_status = chimera_unpack_bool(&reader);
    if (response.has_status)
        get_status(&reader, arena, &response.status);
    if (!chimera_unpack_is_done(&reader))
        return false;
    *ret_response = response;
    return true;
}
