/* SPDX-License-Identifier: Apache-2.0 */
#include "plugins/otlp/grpc_reply.h"

#include <stdio.h>
#include <strings.h>

#include "plugins/otlp/protobuf.h"
#include "runtime/base/percent.h"

#define FRAME_HEAD 5

/* https://grpc.io/docs/guides/status-codes/ */
static const char *const code_names[] = {
    "OK",        "CANCELLED",      "UNKNOWN",           "INVALID_ARGUMENT",   "DEADLINE_EXCEEDED",
    "NOT_FOUND", "ALREADY_EXISTS", "PERMISSION_DENIED", "RESOURCE_EXHAUSTED", "FAILED_PRECONDITION",
    "ABORTED",   "OUT_OF_RANGE",   "UNIMPLEMENTED",     "INTERNAL",           "UNAVAILABLE",
    "DATA_LOSS", "UNAUTHENTICATED"};
#define CODE_COUNT ((int)(sizeof(code_names) / sizeof(code_names[0])))

void reply_reset(struct reply *reply)
{
    reply->http_status = 0;
    reply->grpc_status = -1;
    reply->message[0] = '\0';
    reply->body_size = 0;
    reply->is_too_long = false;
}

/* -1 when it is no small number. */
static int small_number(struct chimera_slice text)
{
    int number = 0;
    if (text.size == 0 || text.size > 3)
        return -1;
    for (size_t i = 0; i < text.size; i++) {
        if (text.data[i] < '0' || text.data[i] > '9')
            return -1;
        number = number * 10 + (text.data[i] - '0');
    }
    return number;
}

static bool is_named(struct chimera_slice line, const char *name, struct chimera_slice *ret_value)
{
    size_t size = strlen(name);
    if (line.size <= size || strncasecmp(line.data, name, size) != 0 || line.data[size] != ':')
        return false;
    *ret_value =
        chimera_slice_trim((struct chimera_slice){line.data + size + 1, line.size - size - 1});
    return true;
}

void reply_add_header(struct reply *reply, struct chimera_slice line)
{
    struct chimera_slice value;
    if (chimera_slice_starts(line, "HTTP/")) { /* a head begins; of 100s there are several */
        const char *space = memchr(line.data, ' ', line.size);
        size_t left = space ? line.size - (size_t)(space + 1 - line.data) : 0;
        reply->http_status = left >= 3 ? small_number((struct chimera_slice){space + 1, 3}) : -1;
    } else if (is_named(line, "grpc-status", &value)) {
        reply->grpc_status = small_number(value);
    } else if (is_named(line, "grpc-message", &value)) {
        /* Percent-decoded, and cut. */
        struct chimera_slice text = value;
        size_t used = 0;
        while (text.size > 0 && used + 1 < (sizeof(reply->message))) {
            int byte = chimera_percent_take(&text, CHIMERA_PERCENT_LENIENT);
            reply->message[used++] = byte ? (char)byte : ' ';
        }
        reply->message[used] = '\0';
    }
}

void reply_add_body(struct reply *reply, struct chimera_slice bytes)
{
    size_t room = sizeof(reply->body) - reply->body_size;
    reply->is_too_long = reply->is_too_long || bytes.size > room;
    size_t size = bytes.size < room ? bytes.size : room;
    if (size > 0)
        memcpy(reply->body + reply->body_size, bytes.data, size);
    reply->body_size += size;
}

/* The message of the answer's first frame; empty when there is none, or a compressed one. */
static struct chimera_slice message_of(const struct reply *reply)
{
    struct chimera_slice none = {"", 0};
    if (reply->body_size < FRAME_HEAD || reply->body[0] != 0)
        return none;
    uint32_t size = 0;
    for (size_t i = 1; i < FRAME_HEAD; i++)
        size = size << 8 | (uint8_t)reply->body[i];
    if (size > reply->body_size - FRAME_HEAD)
        return none;
    return (struct chimera_slice){reply->body + FRAME_HEAD, size};
}

/* Export…ServiceResponse.partial_success: how many were refused, and why. */
static void read_partial(struct chimera_slice message, char *ret_why, size_t why_size)
{
    struct protobuf_field field, inner;
    while (protobuf_next(&message, &field)) {
        if (field.number != 1 || !field.bytes.data)
            continue;
        uint64_t refused = 0;
        struct chimera_slice text = {"", 0};
        while (protobuf_next(&field.bytes, &inner)) {
            if (inner.number == 1 && !inner.bytes.data)
                refused = inner.value;
            if (inner.number == 2 && inner.bytes.data)
                text = inner.bytes;
        }
        if (refused || text.size)
            snprintf(ret_why, why_size, "the collector refused %llu of it: %.*s",
                     (unsigned long long)refused, text.size < 200 ? (int)text.size : 200,
                     text.data);
    }
}

enum reply_result reply_read(const struct reply *reply, char *ret_why, size_t why_size)
{
    ret_why[0] = '\0';
    if (reply->grpc_status < 0) { /* a proxy's answer, or none of gRPC's */
        int status = reply->http_status;
        snprintf(ret_why, why_size, "the answer is not gRPC's (HTTP status %d)", status);
        return status == 429 || (status >= 502 && status <= 504) ? REPLY_RETRY : REPLY_FAILED;
    }
    if (reply->grpc_status == 0) {
        read_partial(message_of(reply), ret_why, why_size);
        return REPLY_DONE;
    }
    snprintf(ret_why, why_size, "%s: %s",
             reply->grpc_status < CODE_COUNT ? code_names[reply->grpc_status] : "an unknown code",
             reply->message);
    /* "OTLP/gRPC Failures" of the protocol's specification. */
    int code = reply->grpc_status;
    return (code == 1 || code == 4 || code == 8 || code == 10 || code == 11 || code == 14 ||
            code == 15)
               ? REPLY_RETRY
               : REPLY_FAILED;
}
