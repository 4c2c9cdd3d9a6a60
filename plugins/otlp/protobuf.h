/* SPDX-License-Identifier: Apache-2.0 */
/* protobuf.h - writes protocol buffers' wire format: what OTLP needs of it.
 *
 * Appends to a buffer, which keeps the first failure. Values that are the default are written, too:
 * leave out what is not to be there.
 */
#ifndef CHIMERA_OTLP_PROTOBUF_H
#define CHIMERA_OTLP_PROTOBUF_H

#include "runtime/base/buffer.h"

void protobuf_put_varint(struct chimera_buffer *out, unsigned field, uint64_t value);
void protobuf_put_fixed64(struct chimera_buffer *out, unsigned field, uint64_t value);
void protobuf_put_double(struct chimera_buffer *out, unsigned field, double value);
void protobuf_put_bytes(struct chimera_buffer *out, unsigned field, struct chimera_slice bytes);
/* A string has to be UTF-8, or a receiver refuses all of the message: bad bytes become U+FFFD. */
void protobuf_put_text(struct chimera_buffer *out, unsigned field, struct chimera_slice text);

/* A nested message, or a packed list: what is written in between is its content. */
size_t protobuf_begin(struct chimera_buffer *out, unsigned field);
void protobuf_end(struct chimera_buffer *out, size_t begin);

/* Elements of a packed list. */
void protobuf_add_fixed64(struct chimera_buffer *out, uint64_t value);
void protobuf_add_double(struct chimera_buffer *out, double value);

/* Reads one field off the front of `bytes`: a number, or bytes. False at the end, and where the
 * message goes wrong. */
struct protobuf_field {
    unsigned number;
    uint64_t value;             /* of a varint or a fixed one */
    struct chimera_slice bytes; /* .data NULL for those */
};
bool protobuf_next(struct chimera_slice *bytes, struct protobuf_field *ret_field);

#endif
