/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/base/clock.h"
#include "runtime/log/log_internal.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <strings.h>
#include <time.h>
#include <unistd.h>

#include "runtime/log/log_limit.h"
#include "runtime/text/printable.h"
#include "runtime/text/utf8.h"

#define TARGET "chimera::log"
#define LINE_BYTES ((size_t)16 * 1024)
/* Kept free while texts are added: what closes a line always fits. */
#define TAIL_BYTES ((size_t)256)
/* What spans may take besides, and a value of theirs. JSON names the innermost twice. */
#define SPANS_BYTES ((size_t)6 * 1024)
#define SPAN_BYTES ((size_t)3 * 1024)
#define SPAN_VALUE_BYTES ((size_t)512)
#define SPANS_MAX 8
#define POLICY_ID_BYTES ((size_t)640) /* "group/member" */

/* Written once by chimera_log_open(), before other threads are there. */
enum chimera_log_level chimera_log_from = CHIMERA_LOG_SILENT;
_Thread_local struct chimera_span *chimera_log_span;
void (*chimera_log_tap)(enum chimera_log_level level, const char *target,
                        struct chimera_slice message, const struct chimera_log_field *fields,
                        size_t field_count);
static int log_fd = -1;
static enum chimera_log_form log_form;

static const char *const level_names[] = {"TRACE", "DEBUG", "INFO", "WARN", "ERROR"};

struct line {
    size_t size;
    size_t body; /* texts are cut here; what closes the line fits behind */
    char text[CHIMERA_LOG_LINE_BYTES];
};

_Static_assert(CHIMERA_LOG_LINE_BYTES == LINE_BYTES + SPANS_BYTES + SPAN_BYTES,
               "no more is in one");

void chimera_log_open(int fd, enum chimera_log_form form, enum chimera_log_level from)
{
    log_fd = fd;
    log_form = form;
    chimera_log_from = from;
}

bool chimera_log_level_parse(struct chimera_slice name, enum chimera_log_level *ret_level)
{
    for (size_t i = 0; i < sizeof(level_names) / sizeof(*level_names); i++)
        if (name.size == strlen(level_names[i]) &&
            strncasecmp(name.data, level_names[i], name.size) == 0) {
            *ret_level = (enum chimera_log_level)i;
            return true;
        }
    if (name.size != strlen("warning") || strncasecmp(name.data, "warning", name.size) != 0)
        return false;
    *ret_level = CHIMERA_LOG_WARN;
    return true;
}

static void put_bytes(struct line *line, const char *bytes, size_t size)
{
    if (size > sizeof(line->text) - line->size)
        size = sizeof(line->text) - line->size;
    memcpy(line->text + line->size, bytes, size);
    line->size += size;
}

static void put_text(struct line *line, const char *text)
{
    put_bytes(line, text, strlen(text));
}

__attribute__((format(printf, 2, 3))) static void put_format(struct line *line, const char *format,
                                                             ...)
{
    char text[96];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof(text), format, arguments);
    va_end(arguments);
    put_text(line, text);
}

/* How many bytes from the start on need no look: almost all of what is logged. */
static size_t plain_prefix(const struct line *line, struct chimera_slice text, bool is_quoted)
{
    size_t size = 0, most = line->body - line->size + 1;
    for (; size < text.size && size < most; size++) {
        char byte = text.data[size];
        if (byte < ' ' || byte > '~' || (is_quoted && (byte == '"' || byte == '\\')))
            break;
    }
    return size;
}

/* Escapes what would leave its line or its quotes, or is not to be shown as it is (printable.h). */
static void put_escaped(struct line *line, struct chimera_slice text, bool is_quoted)
{
    enum chimera_printable_form form =
        log_form == CHIMERA_LOG_JSON ? CHIMERA_PRINTABLE_JSON : CHIMERA_PRINTABLE_SHOWN;
    char room[CHIMERA_PRINTABLE_SIZE];
    while (text.size > 0) {
        if (line->size > line->body) {
            put_text(line, "…");
            return;
        }
        struct chimera_slice shown = text;
        size_t size = shown.size = plain_prefix(line, text, is_quoted);
        if (size == 0)
            size = chimera_printable_next(text, form, room, &shown);
        if (is_quoted && (text.data[0] == '"' || text.data[0] == '\\'))
            put_text(line, "\\");
        put_bytes(line, shown.data, shown.size);
        text.data += size;
        text.size -= size;
    }
}

static void put_quoted(struct line *line, struct chimera_slice text)
{
    put_text(line, "\"");
    put_escaped(line, text, true);
    put_text(line, "\"");
}

static void put_time(struct line *line)
{
    struct tm date;
    uint64_t now_us = chimera_clock_wall_ns() / 1000;
    time_t second = (time_t)(now_us / 1000000);
    gmtime_r(&second, &date);
    put_format(line, "%04d-%02d-%02dT%02d:%02d:%02d.%06uZ", date.tm_year + 1900, date.tm_mon + 1,
               date.tm_mday, date.tm_hour, date.tm_min, date.tm_sec, (unsigned)(now_us % 1000000));
}

static void put_value(struct line *line, const struct chimera_log_field *field)
{
    switch (field->kind) {
    case CHIMERA_FIELD_NUMBER:
        put_format(line, "%" PRId64, field->number);
        return;
    case CHIMERA_FIELD_BOOL:
        put_text(line, field->number ? "true" : "false");
        return;
    case CHIMERA_FIELD_WORD:
        if (log_form == CHIMERA_LOG_TEXT) {
            put_escaped(line, field->text, false);
            return;
        }
        break;
    case CHIMERA_FIELD_TEXT:
        break;
    }
    put_quoted(line, field->text);
}

/* Fields that found no room are left out whole, so that JSON stays JSON. */
static bool has_room(const struct line *line, const struct chimera_log_field *field)
{
    return line->size < line->body && strlen(field->name) < TAIL_BYTES / 2;
}

/* Fields without the first one's separator. In JSON spans have a `name` of their own, so that of an
 * object gets another. */
static void put_span_fields(struct line *line, const struct chimera_span *span)
{
    bool is_json = log_form == CHIMERA_LOG_JSON;
    size_t body = line->body;
    for (size_t i = 0; i < span->field_count && has_room(line, &span->field[i]); i++) {
        const char *name = span->field[i].name;
        if (i > 0)
            put_text(line, is_json ? "," : " ");
        put_text(line, is_json ? "\"" : "");
        put_text(line, is_json && strcmp(name, "name") == 0 ? "object_name" : name);
        put_text(line, is_json ? "\":" : "=");
        if (line->size + SPAN_VALUE_BYTES < body)
            line->body = line->size + SPAN_VALUE_BYTES;
        put_value(line, &span->field[i]);
        line->body = body;
    }
}

/* From the outermost on; those too many are left out there. Returns how many. */
static size_t list_spans(struct chimera_span *ret_spans[SPANS_MAX])
{
    size_t count = 0;
    for (struct chimera_span *span = chimera_log_span; span && count < SPANS_MAX;
         span = span->parent) {
        if (span->complete)
            span->complete(span);
        ret_spans[count++] = span;
    }
    for (size_t i = 0; i < count / 2; i++) {
        struct chimera_span *other = ret_spans[i];
        ret_spans[i] = ret_spans[count - 1 - i];
        ret_spans[count - 1 - i] = other;
    }
    return count;
}

static void put_text_spans(struct line *line)
{
    struct chimera_span *spans[SPANS_MAX];
    size_t count = list_spans(spans);
    line->body = SPANS_BYTES;
    for (size_t i = 0; i < count; i++) {
        put_text(line, spans[i]->name);
        if (spans[i]->field_count > 0) {
            put_text(line, "{");
            put_span_fields(line, spans[i]);
            put_text(line, "}");
        }
        put_text(line, i + 1 < count ? ":" : ": ");
    }
}

static void put_json_span(struct line *line, const struct chimera_span *span)
{
    put_text(line, "{");
    put_span_fields(line, span);
    put_text(line, span->field_count > 0 ? ",\"name\":\"" : "\"name\":\"");
    put_text(line, span->name);
    put_text(line, "\"}");
}

static void put_json_spans(struct line *line)
{
    struct chimera_span *spans[SPANS_MAX];
    size_t count = list_spans(spans), from = line->size;
    if (count == 0)
        return;
    line->body = from + SPAN_BYTES - TAIL_BYTES;
    put_text(line, ",\"span\":");
    put_json_span(line, spans[count - 1]);
    line->body = from + SPAN_BYTES + SPANS_BYTES - TAIL_BYTES * (SPANS_MAX + 1);
    for (size_t i = 0; i < count; i++) {
        put_text(line, i == 0 ? ",\"spans\":[" : ",");
        put_json_span(line, spans[i]);
    }
    put_text(line, "]");
}

static void put_json_line(struct line *line, enum chimera_log_level level, const char *target,
                          struct chimera_slice message, const struct chimera_log_field *fields,
                          size_t field_count)
{
    line->body = LINE_BYTES - TAIL_BYTES;
    put_text(line, "{\"timestamp\":\"");
    put_time(line);
    put_format(line, "\",\"level\":\"%s\",\"fields\":{", level_names[level]);
    if (message.data) {
        put_text(line, "\"message\":");
        put_quoted(line, message);
    }
    for (size_t i = 0; i < field_count && has_room(line, &fields[i]); i++) {
        put_text(line, i > 0 || message.data ? ",\"" : "\"");
        put_text(line, fields[i].name);
        put_text(line, "\":");
        put_value(line, &fields[i]);
    }
    put_text(line, "},\"target\":\"");
    put_text(line, target);
    put_text(line, "\"");
    put_json_spans(line);
    put_text(line, "}");
}

/* --- Out --- */

int chimera_log_output(void)
{
    return log_fd;
}

/* On this thread, which waits. A log that nobody takes is lost: there is no better place to say so.
 */
void chimera_log_write_out(struct chimera_slice lines)
{
    while (lines.size > 0) {
        ssize_t step = write(log_fd, lines.data, lines.size);
        if (step < 0 && errno == EINTR)
            continue;
        if (step <= 0)
            return;
        lines.data += step;
        lines.size -= (size_t)step;
    }
}

static void make_line(struct line *line, enum chimera_log_level level, const char *target,
                      struct chimera_slice message, const struct chimera_log_field *fields,
                      size_t field_count)
{
    line->size = 0;
    if (log_form == CHIMERA_LOG_JSON) {
        put_json_line(line, level, target, message, fields, field_count);
    } else {
        put_time(line);
        put_format(line, " %5s ", level_names[level]);
        put_text_spans(line);
        line->body = LINE_BYTES - TAIL_BYTES;
        put_text(line, target);
        put_text(line, message.data ? ": " : ":");
        put_escaped(line, message, false);
        for (size_t i = 0; i < field_count && has_room(line, &fields[i]); i++) {
            put_text(line, " ");
            put_text(line, fields[i].name);
            put_text(line, "=");
            put_value(line, &fields[i]);
        }
    }
    if (line->size == sizeof(line->text))
        line->size--;
    put_text(line, "\n");
}

/* Whoever loses lines says so, whatever the level. */
static enum chimera_log_level notice_level(void)
{
    return chimera_log_is_on(CHIMERA_LOG_WARN) ? CHIMERA_LOG_WARN : CHIMERA_LOG_ERROR;
}

static void hand_out(struct line *line)
{
    struct chimera_slice text = {line->text, line->size};
    enum chimera_log_taken taken = chimera_log_take(text);
    if (taken == CHIMERA_LOG_NOT_TAKEN) {
        chimera_log_write_out(text);
    } else if (taken == CHIMERA_LOG_FULL) {
        /* In the room of a line that is not needed any more, for guests' stacks are short. */
        struct chimera_span *span = chimera_log_span;
        chimera_log_span = NULL;
        make_line(line, notice_level(), TARGET,
                  CHIMERA_SLICE("log lines are dropped from here on: the log is not read in time"),
                  NULL, 0);
        chimera_log_span = span;
        chimera_log_take_notice((struct chimera_slice){line->text, line->size});
    }
}

static void write_line(enum chimera_log_level level, const char *target,
                       struct chimera_slice message, const struct chimera_log_field *fields,
                       size_t field_count)
{
    int saved = errno;
    struct line line;
    make_line(&line, level, target, message, fields, field_count);
    hand_out(&line);
    if (chimera_log_tap && chimera_log_span)
        chimera_log_tap(level, target, message, fields, field_count);
    errno = saved;
}

/* --- Losses --- */

static void write_notice(const char *message, const struct chimera_log_field *fields, size_t count)
{
    struct chimera_span *span = chimera_log_span;
    chimera_log_span = NULL;
    write_line(notice_level(), TARGET, chimera_slice_of(message), fields, count);
    chimera_log_span = span;
}

void chimera_log_notice(const char *message, uint64_t lines)
{
    write_notice(message, (struct chimera_log_field[]){CHIMERA_NUMBER("lines", (int64_t)lines)}, 1);
}

void chimera_log_notice_of_policy(struct chimera_slice policy_id, uint64_t lines)
{
    write_notice("log lines of a policy were dropped",
                 (struct chimera_log_field[]){CHIMERA_TEXT("policy_id", policy_id),
                                              CHIMERA_NUMBER("lines", (int64_t)lines)},
                 2);
}

/* --- Policies --- */

/* Whose evaluation the thread is in, "group/member" as it is configured, in `room` when it is two
 * names; .data NULL: in none. */
static struct chimera_slice find_policy(char *room, size_t size)
{
    const struct chimera_span *span = chimera_log_span, *outer;
    while (span && !span->policy_id.data)
        span = span->parent;
    if (!span)
        return (struct chimera_slice){NULL, 0};
    for (outer = span->parent; outer && !outer->policy_id.data; outer = outer->parent)
        ;
    if (!outer)
        return span->policy_id;
    int length = snprintf(room, size, "%.*s/%.*s", (int)outer->policy_id.size,
                          outer->policy_id.data, (int)span->policy_id.size, span->policy_id.data);
    return (struct chimera_slice){room, (size_t)length < size ? (size_t)length : size - 1};
}

/* Without spans, at the start of a policy, the guest's lines name it. */
static struct chimera_slice find_name(const struct chimera_log_field *fields, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(fields[i].name, "policy_id") == 0)
            return fields[i].text;
    return (struct chimera_slice){NULL, 0};
}

/* Texts, up to what a line has room for. */
static size_t count_bytes(struct chimera_slice message, const struct chimera_log_field *fields,
                          size_t count)
{
    size_t bytes = message.size;
    for (size_t i = 0; i < count && bytes < LINE_BYTES; i++)
        bytes += fields[i].text.size;
    return bytes < LINE_BYTES ? bytes : LINE_BYTES;
}

/* May there be another line? */
static bool is_permitted(struct chimera_slice policy_id, enum chimera_log_speaker speaker,
                         size_t bytes)
{
    struct chimera_log_permit permit =
        chimera_log_limit_ask(policy_id, speaker, bytes, chimera_clock_ns());
    if (permit.lost > 0)
        chimera_log_notice_of_policy(policy_id, permit.lost);
    if (permit.begins)
        write_notice("log lines of a policy are dropped for a while: it writes too many",
                     (struct chimera_log_field[]){CHIMERA_TEXT("policy_id", policy_id)}, 1);
    return permit.is_given;
}

void chimera_log_write(enum chimera_log_level level, const char *target,
                       struct chimera_slice message, const struct chimera_log_field *fields,
                       size_t field_count)
{
    char room[POLICY_ID_BYTES];
    struct chimera_slice policy_id = find_policy(room, sizeof(room));
    if (!policy_id.data || is_permitted(policy_id, CHIMERA_LOG_ABOUT_POLICY,
                                        count_bytes(message, fields, field_count)))
        write_line(level, target, message, fields, field_count);
}

void chimera_log_write_in(const char *span, enum chimera_log_level level, const char *target,
                          struct chimera_slice message, const struct chimera_log_field *fields,
                          size_t field_count)
{
    struct chimera_span inner = {.parent = chimera_log_span, .name = span};
    char room[POLICY_ID_BYTES];
    struct chimera_slice policy_id = find_policy(room, sizeof(room));
    if (!policy_id.data)
        policy_id = find_name(fields, field_count);
    if (policy_id.data &&
        !is_permitted(policy_id, CHIMERA_LOG_OF_POLICY, count_bytes(message, fields, field_count)))
        return;
    if (chimera_log_span)
        chimera_log_span = &inner;
    write_line(level, target, message, fields, field_count);
    chimera_log_span = inner.parent;
}
