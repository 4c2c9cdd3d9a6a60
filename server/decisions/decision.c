/* SPDX-License-Identifier: Apache-2.0 */
#include "server/decisions/decision.h"

#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "runtime/base/clock.h"
#include "runtime/text/printable.h"

/* Of the JSON of each text: so all of them fit the line, and some causes. */
#define ID_MAX 384
#define NAME_BYTES_MAX 256
#define WORD_MAX 128
#define MESSAGE_MAX 1024
#define CAUSE_MAX 256
#define CAUSES_END 2800    /* behind it no cause begins, so that what follows still fits */
#define CUT "\xe2\x80\xa6" /* … */

struct line {
    char *bytes; /* DECISION_LINE_MAX */
    size_t size;
};

static void put(struct line *line, const char *text)
{
    size_t size = strlen(text);
    if (line->size + size > DECISION_LINE_MAX)
        return; /* it does not come to that: the limits above see to it */
    memcpy(line->bytes + line->size, text, size);
    line->size += size;
}

/* Escaped, also what a terminal would act on. Cut between characters, with a mark that says so. */
static void put_string(struct line *line, struct chimera_slice text, size_t max)
{
    char room[CHIMERA_PRINTABLE_SIZE];
    size_t end = line->size + max - strlen(CUT) - 1;
    put(line, "\"");
    while (text.size > 0) {
        struct chimera_slice shown;
        bool is_quoted = text.data[0] == '"' || text.data[0] == '\\';
        size_t size = chimera_printable_next(text, CHIMERA_PRINTABLE_JSON, room, &shown);
        if (line->size + shown.size + is_quoted > end) {
            put(line, CUT);
            break;
        }
        put(line, is_quoted ? "\\" : "");
        memcpy(line->bytes + line->size, shown.data, shown.size);
        line->size += shown.size;
        text = chimera_slice_behind(text, size);
    }
    put(line, "\"");
}

static void put_text(struct line *line, const char *key, struct chimera_slice text, size_t max)
{
    put(line, key);
    if (text.data)
        put_string(line, text, max);
    else
        put(line, "null");
}

size_t decision_begin_line(char ret_line[DECISION_LINE_MAX])
{
    struct tm tm = {0};
    uint64_t now_ms = chimera_clock_wall_ms();
    time_t seconds = (time_t)(now_ms / 1000);
    gmtime_r(&seconds, &tm);
    return (size_t)snprintf(ret_line, DECISION_LINE_MAX,
                            "{\"time\":\"%04d-%02d-%02dT%02d:%02d:%02d.%03uZ\"", tm.tm_year + 1900,
                            tm.tm_mon + 1, tm.tm_mday, tm.tm_hour, tm.tm_min, tm.tm_sec,
                            (unsigned)(now_ms % 1000));
}

static void put_kind(struct line *line, const struct chimera_request_labels *labels)
{
    put_text(line, ",\"kind\":{\"group\":", labels->kind_group, WORD_MAX);
    put_text(line, ",\"version\":", labels->kind_version, WORD_MAX);
    put_text(line, ",\"kind\":", labels->kind, WORD_MAX);
    put_text(line, ",\"subresource\":", labels->subresource, WORD_MAX);
    put(line, "}");
}

static bool is_told(uint32_t omitted, unsigned field)
{
    return !(omitted & UINT32_C(1) << field);
}

static void put_object(struct line *line, const struct decision *decision, uint32_t omitted)
{
    const struct chimera_request *request = decision->request;
    struct chimera_request_labels labels = {0};
    chimera_request_label(request, decision->arena, &labels);
    if (is_told(omitted, DECISION_UID))
        put_text(line, ",\"uid\":", request->uid, WORD_MAX);
    if (is_told(omitted, DECISION_OPERATION))
        put_text(line, ",\"operation\":", request->operation, WORD_MAX);
    if (is_told(omitted, DECISION_KIND))
        put_kind(line, &labels);
    if (is_told(omitted, DECISION_NAMESPACE))
        put_text(line, ",\"namespace\":", request->name_space, NAME_BYTES_MAX);
    if (is_told(omitted, DECISION_NAME))
        put_text(line, ",\"name\":", labels.name, NAME_BYTES_MAX);
    if (is_told(omitted, DECISION_USER))
        put_text(line, ",\"user\":", chimera_request_user(request, decision->arena),
                 NAME_BYTES_MAX);
}

/* Of a group the members that said no, by "spec.policies.NAME". */
static void put_causes(struct line *line, const struct chimera_cause *cause)
{
    char left_out[48];
    unsigned count = 0;
    const char *before = "";
    put(line, ",\"causes\":[");
    for (; cause && line->size < CAUSES_END; cause = cause->next) {
        put(line, before);
        put_text(line, "{\"field\":", cause->field, CAUSE_MAX);
        put_text(line, ",\"message\":", cause->message, CAUSE_MAX);
        put_text(line, ",\"reason\":", cause->reason, WORD_MAX);
        put(line, "}");
        before = ",";
    }
    put(line, "]");
    for (; cause; cause = cause->next)
        count++;
    snprintf(left_out, sizeof(left_out), ",\"causes_left_out\":%u", count);
    put(line, count ? left_out : "");
}

static void put_trace(struct line *line, const uint8_t *trace_id)
{
    char text[3];
    put(line, ",\"trace_id\":\"");
    for (size_t i = 0; i < DECISION_TRACE_ID; i++) {
        snprintf(text, sizeof(text), "%02x", trace_id[i]);
        put(line, text);
    }
    put(line, "\"");
}

/* So that nobody takes what was left out for what was not there. */
static void put_omitted(struct line *line, uint32_t omitted)
{
    const char *before = ",\"omitted\":[\"";
    for (unsigned i = 0; i < DECISION_FIELD_COUNT; i++)
        if (!is_told(omitted, i)) {
            put(line, before);
            put(line, decision_field_names[i]);
            before = "\",\"";
        }
    put(line, omitted ? "\"]" : "");
}

size_t decision_line(const struct decision *decision, uint32_t omitted,
                     char ret_line[DECISION_LINE_MAX])
{
    const struct chimera_status *status = &decision->response->status;
    struct line line = {.bytes = ret_line, .size = decision_begin_line(ret_line)};
    char code[32];
    put_text(&line, ",\"policy_id\":", decision->policy_id, ID_MAX);
    put_text(&line, ",\"mode\":", chimera_slice_of(decision->mode), WORD_MAX);
    put_text(&line, ",\"origin\":", chimera_slice_of(decision->origin), WORD_MAX);
    put(&line, decision->is_enforced ? ",\"enforced\":true" : ",\"enforced\":false");
    put_object(&line, decision, omitted);
    snprintf(code, sizeof(code), ",\"code\":%u", status->code);
    put(&line, status->has_code ? code : ",\"code\":null");
    if (is_told(omitted, DECISION_MESSAGE))
        put_text(&line, ",\"message\":", status->message, MESSAGE_MAX);
    if (is_told(omitted, DECISION_CAUSES))
        put_causes(&line, status->causes);
    if (is_told(omitted, DECISION_TRACE_ID) && decision->trace_id)
        put_trace(&line, decision->trace_id);
    put_omitted(&line, omitted);
    put(&line, "}\n");
    return line.size;
}

void decision_log_write(const struct decision_log *log, const struct decision *decision)
{
    char line[DECISION_LINE_MAX];
    size_t size = decision_line(decision, log->omitted, line);
    if (write(log->fd, line, size) < 0)
        atomic_fetch_add_explicit(&log->counters->crowded, 1, memory_order_relaxed);
}
