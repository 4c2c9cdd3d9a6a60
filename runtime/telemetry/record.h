/* SPDX-License-Identifier: Apache-2.0 */
/* record.h - the spans of one request as one packet, from the process that answers to the one that
 * exports.
 *
 * A packet is one write to a pipe, which takes it whole or not at all. Texts are cut, and what
 * finds no room is left out and counted. Same machine, same program: numbers are as they are in
 * memory. But the writer may have been taken over by a guest, so reading checks all of it; what is
 * read points into the packet.
 */
#ifndef CHIMERA_TELEMETRY_RECORD_H
#define CHIMERA_TELEMETRY_RECORD_H

#include <stdint.h>

#include "runtime/log/log.h"

#define CHIMERA_RECORD_MAX 4096 /* PIPE_BUF */
#define CHIMERA_RECORD_TRACE_ID 16
/* Kept free, so that outer spans, which end last, find room behind what happened in inner ones. */
#define CHIMERA_RECORD_FOR_SPANS 2048
#define CHIMERA_RECORD_FOR_ROOT 768

struct chimera_record {
    size_t size;    /* 0: nothing in it */
    uint16_t spans; /* in it */
    uint16_t dropped_events, dropped_spans;
    char bytes[CHIMERA_RECORD_MAX];
};

/* Begins a packet. */
void chimera_record_begin(struct chimera_record *record,
                          const uint8_t trace_id[CHIMERA_RECORD_TRACE_ID]);

/* Of a packet that was begun. */
const uint8_t *chimera_record_trace_id(const struct chimera_record *record);

struct chimera_record_span {
    uint64_t id, parent; /* parent 0: the root */
    uint64_t started_ns, ended_ns;
    bool is_error;
    struct chimera_slice name;
    bool has_caller; /* the parent is the client's span: this one is our root all the same */
};
void chimera_record_add_span(struct chimera_record *record, const struct chimera_record_span *span,
                             const struct chimera_log_field *fields, size_t field_count);

struct chimera_record_event {
    uint64_t span, at_ns;
    enum chimera_log_level level;
    struct chimera_slice target, message; /* message.data NULL: none */
};
void chimera_record_add_event(struct chimera_record *record,
                              const struct chimera_record_event *event,
                              const struct chimera_log_field *fields, size_t field_count);

/* --- Reading --- */

struct chimera_record_field {
    struct chimera_slice name;
    bool is_text, is_bool;
    struct chimera_slice text;
    int64_t number;
};

struct chimera_record_item {
    bool is_span; /* else an event */
    struct chimera_record_span span;
    struct chimera_record_event event;
    uint16_t dropped; /* events or fields that found no room */
    struct chimera_slice fields;
};

/* The trace's id and the items behind it; false when this is no packet. */
bool chimera_record_open(struct chimera_slice packet, const uint8_t **ret_trace_id,
                         struct chimera_slice *ret_items);
/* Takes the next one off `items`; false at the end, and where they go wrong. */
bool chimera_record_next(struct chimera_slice *items, struct chimera_record_item *ret_item);
/* The same for the fields of an item. */
bool chimera_record_next_field(struct chimera_slice *fields,
                               struct chimera_record_field *ret_field);

#endif
