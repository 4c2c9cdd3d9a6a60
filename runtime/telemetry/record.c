/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/telemetry/record.h"

#define MAGIC 'R'
#define HEAD_BYTES (1 + CHIMERA_RECORD_TRACE_ID)
#define TEXT_MAX ((size_t)256)
#define ROOM_FOR_TEXT ((size_t)16) /* less is not worth a text */

enum { ITEM_SPAN = 1, ITEM_EVENT };
enum { FIELD_TEXT = 1, FIELD_NUMBER, FIELD_BOOL };

/* --- Writing --- */

/* Appends to the packet up to `limit`; what does not fit sets `is_full`. */
struct writer {
    struct chimera_record *record;
    size_t limit;
    bool is_full;
};

static void put_bytes(struct writer *writer, const void *bytes, size_t size)
{
    struct chimera_record *record = writer->record;
    if (writer->is_full || size > writer->limit - record->size) {
        writer->is_full = true;
        return;
    }
    if (size > 0)
        memcpy(record->bytes + record->size, bytes, size);
    record->size += size;
}

static void put_byte(struct writer *writer, uint8_t byte)
{
    put_bytes(writer, &byte, 1);
}

static void put_number(struct writer *writer, uint64_t number)
{
    put_bytes(writer, &number, sizeof(number));
}

static void put_text(struct writer *writer, struct chimera_slice text)
{
    uint16_t size = (uint16_t)(text.size < TEXT_MAX ? text.size : TEXT_MAX);
    put_bytes(writer, &size, sizeof(size));
    put_bytes(writer, text.data, size);
}

/* How many of them found no room. */
static uint16_t put_fields(struct writer *writer, const struct chimera_log_field *fields,
                           size_t count)
{
    for (size_t i = 0; i < count; i++) {
        size_t before = writer->record->size;
        const struct chimera_log_field *field = &fields[i];
        bool is_text = field->kind == CHIMERA_FIELD_TEXT || field->kind == CHIMERA_FIELD_WORD;
        put_byte(writer, is_text                               ? FIELD_TEXT
                         : field->kind == CHIMERA_FIELD_NUMBER ? FIELD_NUMBER
                                                               : FIELD_BOOL);
        put_text(writer, chimera_slice_of(field->name));
        if (is_text)
            put_text(writer, field->text);
        else
            put_number(writer, (uint64_t)field->number);
        if (!writer->is_full)
            continue;
        writer->record->size = before;
        writer->is_full = false;
        return (uint16_t)(count - i);
    }
    return 0;
}

void chimera_record_begin(struct chimera_record *record,
                          const uint8_t trace_id[CHIMERA_RECORD_TRACE_ID])
{
    record->bytes[0] = MAGIC;
    memcpy(record->bytes + 1, trace_id, CHIMERA_RECORD_TRACE_ID);
    record->size = HEAD_BYTES;
    record->spans = record->dropped_events = record->dropped_spans = 0;
}

const uint8_t *chimera_record_trace_id(const struct chimera_record *record)
{
    return (const uint8_t *)record->bytes + 1;
}

/* An item: kind, size of what follows, how many found no room, content. */
static size_t begin_item(struct writer *writer, uint8_t kind)
{
    uint16_t none = 0;
    size_t at = writer->record->size;
    put_byte(writer, kind);
    put_bytes(writer, &none, sizeof(none));
    put_bytes(writer, &none, sizeof(none));
    return at;
}

/* False when even its beginning found no room; then it is gone. */
static bool end_item(struct writer *writer, size_t at, bool is_whole, uint16_t dropped)
{
    struct chimera_record *record = writer->record;
    uint16_t size = (uint16_t)(record->size - at - 3);
    if (!is_whole) {
        record->size = at;
        return false;
    }
    memcpy(record->bytes + at + 1, &size, sizeof(size));
    memcpy(record->bytes + at + 3, &dropped, sizeof(dropped));
    return true;
}

void chimera_record_add_span(struct chimera_record *record, const struct chimera_record_span *span,
                             const struct chimera_log_field *fields, size_t field_count)
{
    bool is_root = span->parent == 0 || span->has_caller;
    struct writer writer = {record, CHIMERA_RECORD_MAX - (is_root ? 0 : CHIMERA_RECORD_FOR_ROOT),
                            record->size > CHIMERA_RECORD_MAX - CHIMERA_RECORD_FOR_ROOT &&
                                !is_root};
    size_t at = begin_item(&writer, ITEM_SPAN);
    put_number(&writer, span->id);
    put_number(&writer, span->parent);
    put_number(&writer, span->started_ns);
    put_number(&writer, span->ended_ns);
    put_byte(&writer, span->is_error);
    put_byte(&writer, span->has_caller);
    put_text(&writer, span->name);
    bool is_whole = !writer.is_full;
    uint16_t dropped = is_whole ? put_fields(&writer, fields, field_count) : 0;
    if (is_root)
        dropped = (uint16_t)(dropped + record->dropped_events);
    if (end_item(&writer, at, is_whole, dropped))
        record->spans++;
    else
        record->dropped_spans++;
}

void chimera_record_add_event(struct chimera_record *record,
                              const struct chimera_record_event *event,
                              const struct chimera_log_field *fields, size_t field_count)
{
    struct writer writer = {record, CHIMERA_RECORD_MAX - CHIMERA_RECORD_FOR_SPANS,
                            record->size > CHIMERA_RECORD_MAX - CHIMERA_RECORD_FOR_SPANS};
    size_t at = begin_item(&writer, ITEM_EVENT);
    put_number(&writer, event->span);
    put_number(&writer, event->at_ns);
    put_byte(&writer, (uint8_t)event->level);
    put_byte(&writer, event->message.data != NULL);
    put_text(&writer, event->target);
    put_text(&writer, event->message);
    bool is_whole = !writer.is_full;
    uint16_t dropped = is_whole ? put_fields(&writer, fields, field_count) : 0;
    if (!end_item(&writer, at, is_whole, dropped))
        record->dropped_events++;
}

/* --- Reading: each takes its bytes off the front, and fails for good where there are too few ---
 */

struct reader {
    struct chimera_slice rest;
    bool has_failed;
};

static void take(struct reader *reader, void *ret_bytes, size_t size)
{
    if (reader->has_failed || size > reader->rest.size) {
        reader->has_failed = true;
        memset(ret_bytes, 0, size);
        return;
    }
    memcpy(ret_bytes, reader->rest.data, size);
    reader->rest.data += size;
    reader->rest.size -= size;
}

static uint8_t take_byte(struct reader *reader)
{
    uint8_t byte;
    take(reader, &byte, sizeof(byte));
    return byte;
}

static uint64_t take_number(struct reader *reader)
{
    uint64_t number;
    take(reader, &number, sizeof(number));
    return number;
}

static uint16_t take_short(struct reader *reader)
{
    uint16_t number;
    take(reader, &number, sizeof(number));
    return number;
}

static struct chimera_slice take_text(struct reader *reader)
{
    size_t size = take_short(reader);
    struct chimera_slice bytes = {reader->rest.data, size};
    if (reader->has_failed || size > reader->rest.size) {
        reader->has_failed = true;
        return (struct chimera_slice){"", 0};
    }
    reader->rest.data += size;
    reader->rest.size -= size;
    return bytes;
}

bool chimera_record_open(struct chimera_slice packet, const uint8_t **ret_trace_id,
                         struct chimera_slice *ret_items)
{
    if (packet.size < HEAD_BYTES || packet.data[0] != MAGIC)
        return false;
    *ret_trace_id = (const uint8_t *)packet.data + 1;
    *ret_items = (struct chimera_slice){packet.data + HEAD_BYTES, packet.size - HEAD_BYTES};
    return true;
}

static void take_event(struct reader *reader, struct chimera_record_event *ret_event)
{
    ret_event->span = take_number(reader);
    ret_event->at_ns = take_number(reader);
    uint8_t level = take_byte(reader);
    bool has_message = take_byte(reader) != 0;
    ret_event->level =
        level < CHIMERA_LOG_SILENT ? (enum chimera_log_level)level : CHIMERA_LOG_ERROR;
    ret_event->target = take_text(reader);
    ret_event->message = take_text(reader);
    if (!has_message)
        ret_event->message.data = NULL;
}

bool chimera_record_next(struct chimera_slice *items, struct chimera_record_item *ret_item)
{
    struct reader outer = {*items, false};
    uint8_t kind = take_byte(&outer);
    struct reader inner = {take_text(&outer), false};
    *ret_item = (struct chimera_record_item){.is_span = kind == ITEM_SPAN};
    ret_item->dropped = take_short(&inner);
    if (kind == ITEM_SPAN) {
        struct chimera_record_span *ret_span = &ret_item->span;
        ret_span->id = take_number(&inner);
        ret_span->parent = take_number(&inner);
        ret_span->started_ns = take_number(&inner);
        ret_span->ended_ns = take_number(&inner);
        ret_span->is_error = take_byte(&inner) != 0;
        ret_span->has_caller = take_byte(&inner) != 0;
        ret_span->name = take_text(&inner);
    } else if (kind == ITEM_EVENT) {
        take_event(&inner, &ret_item->event);
    } else {
        return false;
    }
    ret_item->fields = inner.rest;
    *items = outer.rest;
    return !outer.has_failed && !inner.has_failed;
}

bool chimera_record_next_field(struct chimera_slice *fields, struct chimera_record_field *ret_field)
{
    struct reader reader = {*fields, false};
    uint8_t kind = take_byte(&reader);
    *ret_field = (struct chimera_record_field){.name = take_text(&reader)};
    ret_field->is_text = kind == FIELD_TEXT;
    ret_field->is_bool = kind == FIELD_BOOL;
    if (kind == FIELD_TEXT)
        ret_field->text = take_text(&reader);
    else if (kind == FIELD_NUMBER || kind == FIELD_BOOL)
        ret_field->number = (int64_t)take_number(&reader);
    else
        return false;
    *fields = reader.rest;
    return !reader.has_failed;
}
