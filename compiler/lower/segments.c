/* SPDX-License-Identifier: Apache-2.0 */
/* Element segments: read, checked, and written as segments of funcref or externref. Data segments:
 * with folded offsets. */
#include "compiler/lower/lowering.h"

struct segment {
    uint32_t
        flags; /* bit 0: not active; bit 1: a table index, or declarative; bit 2: expressions */
    uint32_t table;
    struct wasm_expression offset;
    lower_type type;
};

static bool is_active(const struct segment *segment)
{
    return !(segment->flags & 1);
}

static void read_head(struct reader *reader, struct lowering *lowering, struct segment *segment)
{
    segment->flags = reader_u32(reader);
    if (segment->flags > 7)
        reader_fail(reader, CHIMERA_EMODULE, "malformed elements segment kind %u", segment->flags);
    if (is_active(segment)) {
        segment->table = segment->flags & 2 ? reader_u32(reader) : 0;
        segment->offset = lower_constant(reader, lowering, WASM_I32);
    }
    bool has_type = segment->flags & 3;
    segment->type = segment->flags & 4 ? LOWER_FUNCREF : LOWER_REFERENCE | HEAP_FUNC;
    if (has_type && (segment->flags & 4))
        segment->type = lower_read_reference(reader, lowering);
    else if (has_type && reader_byte(reader) != 0)
        reader_fail(reader, CHIMERA_EMODULE, "malformed element kind");
    if (reader->code < 0 || !is_active(segment))
        return;
    if (segment->table >= lowering->table_count)
        reader_fail(reader, CHIMERA_EMODULE, "unknown table %u", segment->table);
    else if (!lower_matches(segment->type, lowering->tables[segment->table].type))
        reader_fail(reader, CHIMERA_EMODULE, "type mismatch: the segment's and its table's");
}

static void copy_entry(struct reader *reader, struct lowering *lowering,
                       const struct segment *segment)
{
    if (segment->flags & 4) {
        struct wasm_expression entry = lower_constant(reader, lowering, segment->type);
        if (reader->code == 0)
            lower_write_constant(lowering, &entry, &lowering->elements);
        return;
    }
    uint32_t function = reader_u32(reader);
    if (reader->code == 0 && function >= lowering->function_count) {
        reader_fail(reader, CHIMERA_EMODULE, "unknown function %u", function);
    } else if (reader->code == 0) {
        lowering->declared[function] |= 1;
        writer_u32(&lowering->elements, function);
    }
}

void lower_read_elements(struct reader *reader, struct lowering *lowering)
{
    uint32_t count = reader_count(reader, WASM_SEGMENTS_MAX, "element segments");
    lowering->segments = reader_reserve(reader, count, sizeof(*lowering->segments));
    for (uint32_t i = 0; i < count && reader->code == 0; i++) {
        struct segment segment = {0};
        read_head(reader, lowering, &segment);
        uint32_t entries = reader_count(reader, WASM_ENTRIES_MAX, "entries");
        if (reader->code < 0)
            return;
        /* Always with its table and its type in words of the older proposals. */
        struct chimera_buffer *out = &lowering->elements;
        uint32_t flags = is_active(&segment) ? segment.flags | 2 : segment.flags;
        writer_u32(out, flags);
        if (is_active(&segment)) {
            writer_u32(out, segment.table);
            lower_write_constant(lowering, &segment.offset, out);
        }
        bool is_function = lower_is_function(segment.type);
        uint8_t type = is_function ? WASM_FUNCREF : WASM_EXTERNREF;
        chimera_buffer_byte(out, flags & 4 ? type : 0);
        writer_u32(out, entries);
        for (uint32_t j = 0; j < entries && reader->code == 0; j++)
            copy_entry(reader, lowering, &segment);
        lowering->segments[lowering->segment_count++] = segment.type;
    }
}

uint32_t lower_slot(struct lowering *lowering, uint32_t function)
{
    if (lowering->slots[function] == 0) {
        lowering->slotted[lowering->slot_count++] = function;
        lowering->slots[function] = lowering->slot_count;
    }
    return lowering->slots[function];
}

/* The private table's contents, from 1 on: entry 0 is null, or what call_ref calls. */
static uint32_t write_private(struct lowering *lowering, struct chimera_buffer *out)
{
    static const uint8_t offset[] = {OP_I32_CONST, 1, OP_END};
    if (!lowering->has_private_table || lowering->slot_count == 0)
        return 0;
    chimera_buffer_byte(out, 2);
    writer_u32(out, lowering->table_count);
    writer_bytes(out, offset, offset + sizeof(offset));
    chimera_buffer_byte(out, 0);
    writer_u32(out, lowering->slot_count);
    for (uint32_t i = 0; i < lowering->slot_count; i++)
        writer_u32(out, lowering->slotted[i]);
    return 1;
}

void lower_write_elements(struct lowering *lowering, struct chimera_buffer *out)
{
    struct chimera_buffer own;
    chimera_buffer_init(&own, out->limit);
    uint32_t count =
        lowering->table_segments + lowering->segment_count + write_private(lowering, &own);
    if (count > 0) {
        writer_u32(out, count);
        chimera_buffer_append(out, chimera_buffer_slice(&lowering->table_elements));
        chimera_buffer_append(out, chimera_buffer_slice(&lowering->elements));
        chimera_buffer_append(out, chimera_buffer_slice(&own));
    }
    if (own.failed || lowering->elements.failed || lowering->table_elements.failed)
        out->failed = CHIMERA_ELIMIT;
    chimera_buffer_free(&own);
}

/* --- Data. --- */

static void copy_data(struct reader *reader, struct lowering *lowering)
{
    struct chimera_buffer *out = &lowering->data;
    uint32_t kind = reader_u32(reader);
    if (kind > 2)
        reader_fail(reader, CHIMERA_EMODULE, "malformed data segment kind %u", kind);
    writer_u32(out, kind);
    if (kind == 2)
        writer_u32(out,
                   reader_u32(reader)); /* the memory; the reader of the new module judges it */
    if (kind != 1) {
        struct wasm_expression offset = lower_constant(reader, lowering, WASM_I32);
        if (reader->code == 0)
            lower_write_constant(lowering, &offset, out);
    }
    struct chimera_slice bytes = reader_bytes(reader, reader_u32(reader));
    writer_u32(out, (uint32_t)bytes.size);
    chimera_buffer_append(out, bytes);
}

void lower_read_data(struct reader *reader, struct lowering *lowering)
{
    lowering->data_count = reader_count(reader, WASM_SEGMENTS_MAX, "data segments");
    for (uint32_t i = 0; i < lowering->data_count && reader->code == 0; i++)
        copy_data(reader, lowering);
}
