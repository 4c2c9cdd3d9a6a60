/* SPDX-License-Identifier: Apache-2.0 */
/* What an exporter reads of others: packets of a worker that may be taken over, answers of whoever
 * is behind the collector's address. */
#include <stdint.h>
#include <stdlib.h>

#include "plugins/otlp/grpc_reply.c"
#include "plugins/otlp/otlp_encode.c"
#include "plugins/otlp/protobuf.c"

#define SPANS_MAX 64

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool is_true)
{
    if (!is_true)
        abort();
}

/* Each span that is encoded can be read again, and nothing lies between them. */
static void try_packet(struct chimera_slice bytes)
{
    struct chimera_buffer out;
    size_t begin[SPANS_MAX], lost;
    chimera_buffer_init(&out, 1 << 16);
    size_t count = encode_packet(bytes, &out, begin, SPANS_MAX, &lost);
    struct chimera_slice rest = {out.data, out.size};
    for (size_t i = 0; i < count; i++) {
        struct protobuf_field field, inner;
        check(begin[i] == out.size - rest.size);
        check(protobuf_next(&rest, &field) && field.number == 2 && field.bytes.data);
        while (protobuf_next(&field.bytes, &inner))
            ;
        check(field.bytes.size == 0);
    }
    check(rest.size == 0);
    chimera_buffer_free(&out);
}

/* Lines of a head, an empty one, a body. */
static void try_reply(struct chimera_slice bytes)
{
    static struct reply reply;
    char why[600];
    reply_reset(&reply);
    while (bytes.size > 0) {
        const char *end = memchr(bytes.data, '\n', bytes.size);
        size_t size = end ? (size_t)(end - bytes.data) : bytes.size;
        if (size == 0)
            break;
        reply_add_header(&reply, (struct chimera_slice){bytes.data, size});
        bytes.data += size + (end != NULL);
        bytes.size -= size + (end != NULL);
    }
    if (bytes.size > 0)
        reply_add_body(&reply, (struct chimera_slice){bytes.data + 1, bytes.size - 1});
    reply_read(&reply, why, sizeof(why));
    check(strlen(why) < sizeof(why));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct chimera_slice bytes = {(const char *)data, size};
    try_packet(bytes);
    try_reply(bytes);
    return 0;
}
