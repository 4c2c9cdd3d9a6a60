/* SPDX-License-Identifier: Apache-2.0 */
#include "toolchain/command/verdict/said.h"

#include <stdio.h>
#include <string.h>

#include "runtime/log/log.h"
#include "runtime/text/printable.h"
#include "toolchain/command/commands.h"

#define TRAPS "chimera::trap"
#define OURS "chimera::"
#define DETAILS_MAX ((size_t)1 << 16)

static const char *own_id = "";

static const struct chimera_log_field *field(const struct chimera_log_field *fields, size_t count,
                                             const char *name)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(fields[i].name, name) == 0)
            return &fields[i];
    return NULL;
}

static struct chimera_slice text_of(const struct chimera_log_field *fields, size_t count,
                                    const char *name)
{
    const struct chimera_log_field *found = field(fields, count, name);
    return found ? found->text : CHIMERA_SLICE("");
}

/* "Policy", or "Policy pair/net" where there are several. */
static const char *speaker(const struct chimera_log_field *fields, size_t count)
{
    static char text[700];
    struct chimera_slice id = text_of(fields, count, "policy_id");
    bool is_own = id.size == 0 || chimera_slice_is(id, own_id);
    snprintf(text, sizeof(text), "Policy%s%.*s", is_own ? "" : " ", is_own ? 0 : (int)id.size,
             id.data);
    return text;
}

/* What it has put beside its message; a level is told unless it is info. */
static void say_line(enum chimera_log_level level, struct chimera_slice message,
                     const struct chimera_log_field *fields, size_t count)
{
    static const char *const levels[] = {"trace: ", "debug: ", "", "warn: ", "error: "};
    struct chimera_slice data = text_of(fields, count, "data");
    struct chimera_slice payload = text_of(fields, count, "payload");
    bool has_data = data.size > 0 && !chimera_slice_is(data, "{}");
    if (!message.data)
        message = CHIMERA_SLICE("");
    chimera_printable_say(stderr, speaker(fields, count), "%s%.*s%s%.*s%s%.*s", levels[level],
                          (int)message.size, message.data, has_data ? " " : "",
                          has_data ? (int)data.size : 0, data.data, payload.size > 0 ? ": " : "",
                          (int)payload.size, payload.data);
}

/* " in function validate (number 9, at 0x11e of the module)" */
static void place_of(const struct chimera_log_field *fields, size_t count, char *to, size_t room)
{
    const struct chimera_log_field *index = field(fields, count, "function_index");
    struct chimera_slice name = text_of(fields, count, "function");
    struct chimera_slice helper = text_of(fields, count, "helper");
    struct chimera_slice offset = text_of(fields, count, "wasm_offset");
    *to = '\0';
    if (index)
        snprintf(to, room, " in function %.*s%snumber %lld, at %.*s of the module%s",
                 (int)name.size, name.data, name.size > 0 ? " (" : "", (long long)index->number,
                 (int)offset.size, offset.data, name.size > 0 ? ")" : "");
    else if (helper.size > 0)
        snprintf(to, room, " in %.*s, a helper of the plugin's", (int)helper.size, helper.data);
}

static void say_stop(struct chimera_slice message, const struct chimera_log_field *fields,
                     size_t count)
{
    struct chimera_slice error = text_of(fields, count, "error");
    struct chimera_slice why = text_of(fields, count, "why"); /* of what went before the stop */
    char place[700];
    if (chimera_slice_is(message, "policy execution time exceeded"))
        error = CHIMERA_SLICE("its time is up");
    place_of(fields, count, place, sizeof(place));
    if (why.size > 0)
        say_warning("%.*s: %.*s", (int)message.size, message.data, (int)why.size, why.data);
    else
        chimera_printable_say(stderr, speaker(fields, count), "stopped%s: %.*s", place,
                              (int)error.size, error.data);
}

/* What a program that is a policy wrote to its standard error. */
static void say_written(const struct chimera_log_field *fields, size_t count)
{
    struct chimera_slice text = chimera_slice_trim(text_of(fields, count, "stderr"));
    chimera_printable_say(stderr, speaker(fields, count), "on standard error: %.*s", (int)text.size,
                          text.data);
}

static void say_ours(struct chimera_slice message, const struct chimera_log_field *fields,
                     size_t count)
{
    struct chimera_buffer line;
    chimera_buffer_init(&line, DETAILS_MAX);
    chimera_buffer_append(&line, message);
    for (size_t i = 0; i < count; i++) {
        bool is_known =
            strcmp(fields[i].name, "policy_id") == 0 || chimera_slice_is(fields[i].text, own_id);
        if (fields[i].kind != CHIMERA_FIELD_TEXT || is_known)
            continue;
        chimera_buffer_print(&line, "; %s: ", fields[i].name);
        chimera_buffer_append(&line, fields[i].text);
    }
    if (!line.failed)
        say_warning("%.*s", (int)line.size, line.data);
    chimera_buffer_free(&line);
}

static void hear(enum chimera_log_level level, const char *target, struct chimera_slice message,
                 const struct chimera_log_field *fields, size_t count)
{
    bool is_ours = strncmp(target, OURS, strlen(OURS)) == 0;
    /* Its errors, which the answer has. */
    bool is_answered = strcmp(target, "chimera::wapc") == 0 || strcmp(target, "chimera::wasi") == 0;
    if (level < (is_ours ? CHIMERA_LOG_WARN : CHIMERA_LOG_INFO))
        return;
    if (strcmp(target, TRAPS) == 0)
        say_stop(message, fields, count);
    else if (field(fields, count, "stderr"))
        say_written(fields, count);
    else if (is_ours && !is_answered)
        say_ours(message, fields, count);
    else if (!is_ours)
        say_line(level, message, fields, count);
}

void said_listen(const char *own)
{
    /* Only what is said within a span is tapped; this one is the whole run. */
    static struct chimera_span span = {.name = "run"};
    if (say_level() != SAY_NORMAL)
        return;
    own_id = own;
    chimera_log_tap = hear;
    chimera_log_span = &span;
    chimera_log_open(-1, CHIMERA_LOG_TEXT, CHIMERA_LOG_INFO);
}
