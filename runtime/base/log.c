#include "runtime/base/log.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <strings.h>
#include <time.h>
#include <unistd.h>

#include "runtime/base/printable.h"

#define LINE_BYTES ((size_t)16 * 1024)
/* Kept free while texts are added: what closes a line always fits. */
#define TAIL_BYTES ((size_t)256)
/* What spans may take besides, and a value of theirs. JSON names the innermost twice. */
#define SPANS_BYTES ((size_t)6 * 1024)
#define SPAN_BYTES ((size_t)3 * 1024)
#define SPAN_VALUE_BYTES ((size_t)512)
#define SPANS_MAX 8

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
    char text[LINE_BYTES + SPANS_BYTES + SPAN_BYTES];
};

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

static void put(struct line *line, const char *bytes, size_t size)
{
    if (size > sizeof(line->text) - line->size)
        size = sizeof(line->text) - line->size;
    memcpy(line->text + line->size, bytes, size);
    line->size += size;
}

static void put_text(struct line *line, const char *text)
{
    put(line, text, strlen(text));
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
        put(line, shown.data, shown.size);
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
    struct timespec now;
    struct tm date;
    clock_gettime(CLOCK_REALTIME, &now);
    gmtime_r(&now.tv_sec, &date);
    put_format(line, "%04d-%02d-%02dT%02d:%02d:%02d.%06ldZ", date.tm_year + 1900, date.tm_mon + 1,
               date.tm_mday, date.tm_hour, date.tm_min, date.tm_sec, now.tv_nsec / 1000);
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

static void put_text_line(struct line *line, enum chimera_log_level level, const char *target,
                          struct chimera_slice message, const struct chimera_log_field *fields,
                          size_t field_count)
{
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

/* A log that nobody takes is lost: there is no better place to say so. */
static void write_line(const struct line *line)
{
    size_t done = 0;
    while (done < line->size) {
        ssize_t step = write(log_fd, line->text + done, line->size - done);
        if (step < 0 && errno == EINTR)
            continue;
        if (step <= 0)
            return;
        done += (size_t)step;
    }
}

void chimera_log_write(enum chimera_log_level level, const char *target,
                       struct chimera_slice message, const struct chimera_log_field *fields,
                       size_t field_count)
{
    int saved = errno;
    struct line line;
    line.size = 0;
    if (log_form == CHIMERA_LOG_JSON)
        put_json_line(&line, level, target, message, fields, field_count);
    else
        put_text_line(&line, level, target, message, fields, field_count);
    put_text(&line, "\n");
    write_line(&line);
    if (chimera_log_tap && chimera_log_span)
        chimera_log_tap(level, target, message, fields, field_count);
    errno = saved;
}

void chimera_log_write_in(const char *span, enum chimera_log_level level, const char *target,
                          struct chimera_slice message, const struct chimera_log_field *fields,
                          size_t field_count)
{
    struct chimera_span inner = {.parent = chimera_log_span, .name = span};
    if (chimera_log_span)
        chimera_log_span = &inner;
    chimera_log_write(level, target, message, fields, field_count);
    chimera_log_span = inner.parent;
}
