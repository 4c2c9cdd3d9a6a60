/* SPDX-License-Identifier: Apache-2.0 */
/* play.c - takes random modules through our own pipeline and compares with what Wasmtime did.
 *
 *   differential-play [--tier quick|full] [--counting] FILE.wasm…
 *
 * FILE.script beside each module tells what to call and what must come of it; README.md has its
 * form. One line a module, for the driver beside this file: PASS FILE calls traps exhausted | SKIP
 * FILE: reason | FAIL FILE: line, what was got
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "compiler/build.h"
#include "runtime/base/buffer.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/file.h"
#include "runtime/instance/counter.h"
#include "runtime/instance/guest.h"
#include "runtime/plugin/counter.h"

#define SCRIPT_MAX ((size_t)16 << 20)
#define VALUES_MAX 1024 /* more than a signature may have */
#define CALL_LIMIT_MS 30000
#define MEMORY_LIMIT ((uint64_t)1 << 30)

struct play { /* one module on its way */
    const char *path;
    const char *line, *end; /* the script's line: [line, end) */
    unsigned line_number;
    uint32_t table_count; /* of the module itself: lowering adds some behind them */
    struct chimera_guest *guest;
    bool is_lost; /* until the next fresh instance: a stack was exhausted, at a depth of its own */
    bool has_trapped; /* in the last call, but for `unreachable` */
    uint64_t ahead;   /* of Wasmtime's fuel, which forgets what a function did before it trapped */
    unsigned counts;  /* compared */
    unsigned calls, traps, exhausted;
    char finding[1200]; /* why it fails; empty: it does not */
    char reason[1000];  /* why it cannot be played; empty: it can */
};

static struct chimera_builder *builder;
static enum chimera_tier tier = CHIMERA_TIER_FULL;
static bool is_counting;

static const struct {
    const char *name;              /* in a script */
    enum chimera_trap trap, other; /* what is ours */
} traps[] = {
    {"memory-bounds", CHIMERA_TRAP_OUT_OF_BOUNDS, CHIMERA_TRAP_OUT_OF_BOUNDS},
    {"table-bounds", CHIMERA_TRAP_TABLE_BOUNDS, CHIMERA_TRAP_INDIRECT_CALL},
    {"null-call", CHIMERA_TRAP_INDIRECT_CALL, CHIMERA_TRAP_INDIRECT_CALL},
    {"signature", CHIMERA_TRAP_INDIRECT_CALL, CHIMERA_TRAP_INDIRECT_CALL},
    {"integer-overflow", CHIMERA_TRAP_INTEGER_OVERFLOW, CHIMERA_TRAP_INTEGER_OVERFLOW},
    {"divide-by-zero", CHIMERA_TRAP_DIVIDE_BY_ZERO, CHIMERA_TRAP_DIVIDE_BY_ZERO},
    {"invalid-conversion", CHIMERA_TRAP_INVALID_CONVERSION, CHIMERA_TRAP_INVALID_CONVERSION},
    {"unreachable", CHIMERA_TRAP_UNREACHABLE, CHIMERA_TRAP_UNREACHABLE},
};

static const char *trap_text(enum chimera_trap trap)
{
    switch (trap) {
#define X(name, number, text) \
    case CHIMERA_TRAP_##name: \
        return text;
        CHIMERA_TRAP_MAP(X)
#undef X
    }
    return "unknown trap";
}

__attribute__((format(printf, 2, 3))) static void find(struct play *play, const char *format, ...)
{
    if (play->finding[0])
        return;
    int size =
        snprintf(play->finding, sizeof(play->finding), "line %u, `%.*s`: ", play->line_number,
                 (int)(play->end - play->line < 120 ? play->end - play->line : 120), play->line);
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(play->finding + size, sizeof(play->finding) - (size_t)size, format, arguments);
    va_end(arguments);
}

/* --- The script. --- */

/* The next word of the line, or an empty one. */
static struct chimera_slice word(const char **at, const char *end)
{
    while (*at < end && **at == ' ')
        (*at)++;
    const char *start = *at;
    while (*at < end && **at != ' ')
        (*at)++;
    return (struct chimera_slice){start, (size_t)(*at - start)};
}

static uint64_t hexadecimal(struct chimera_slice digits)
{
    uint64_t value = 0;
    for (size_t i = 0; i < digits.size; i++) {
        char c = digits.data[i];
        value = value << 4 | (uint64_t)(c <= '9' ? c - '0' : c - 'a' + 10);
    }
    return value;
}

static struct chimera_slice behind(struct chimera_slice text)
{
    return text.size ? (struct chimera_slice){text.data + 1, text.size - 1} : text;
}

/* --- Values. --- */

/* As the peer writes it: any NaN is the same, a function reference only is null or not. */
static uint64_t bits_of(char type, const void *value)
{
    uint32_t small;
    uint64_t large;
    memcpy(&small, value, sizeof(small));
    switch (type) {
    case 'i':
        return small;
    case 'f':
        return (small & 0x7fffffffu) > 0x7f800000u ? 0x7fc00000u : small;
    case 'r':
        return small != 0; /* the number of its type, or 0 */
    default:
        memcpy(&large, value, sizeof(large));
        if (type == 'F' && (large & 0x7fffffffffffffffull) > 0x7ff0000000000000ull)
            return 0x7ff8000000000000ull;
        return large;
    }
}

static void take_value(struct chimera_slice text, union chimera_value *ret_value)
{
    uint64_t bits = hexadecimal(behind(text));
    memset(ret_value, 0, sizeof(*ret_value));
    if (text.data[0] == 'i' || text.data[0] == 'f')
        ret_value->i32 = (uint32_t)bits;
    else
        ret_value->i64 = bits;
}

/* --- The state of an instance. --- */

static uint64_t hash_word(uint64_t hash, uint64_t value)
{
    hash ^= value;
    return (hash << 29 | hash >> 35) * 0x9e3779b97f4a7c15ull;
}

static uint64_t hash_memory(const struct chimera_guest *guest)
{
    const struct chimera_memory *memory = &guest->instance->memory;
    uint64_t hash = 1, value;
    for (uint64_t at = 0; at < memory->size; at += sizeof(value)) {
        memcpy(&value, memory->data + at, sizeof(value));
        hash = hash_word(hash, value);
    }
    return hash;
}

static uint64_t hash_globals(const struct chimera_guest *guest)
{
    const struct chimera_plugin *plugin = guest->loaded->plugin;
    uint64_t hash = 1;
    for (uint32_t i = 0; i < plugin->export_count; i++) {
        const struct chimera_export *export = &plugin->exports[i];
        struct chimera_slice name = {export->name, export->name_size};
        if (export->kind == CHIMERA_EXPORT_GLOBAL &&
            !chimera_slice_starts(name, CHIMERA_RESERVED_EXPORT))
            hash = hash_word(
                hash, bits_of(*export->type, (const char *)guest->instance + export->offset));
    }
    return hash;
}

static uint64_t hash_tables(const struct chimera_guest *guest, uint32_t count)
{
    const struct chimera_plugin *plugin = guest->loaded->plugin;
    uint64_t hash = 1;
    for (uint32_t i = 0; i < plugin->table_count && i < count; i++) {
        const struct chimera_plugin_table *shape = &plugin->tables[i];
        struct chimera_table table;
        memcpy(&table, (const char *)guest->instance + shape->offset, sizeof(table));
        char type = shape->entry_size == sizeof(void *) ? 'e' : 'r';
        hash = hash_word(hash, table.size);
        for (uint32_t at = 0; at < table.size; at++)
            hash = hash_word(
                hash, bits_of(type, (const char *)table.data + (size_t)at * shape->entry_size));
    }
    return hash;
}

static void check_state(struct play *play, const char *at)
{
    uint64_t pages = strtoull(at, NULL, 10);
    word(&at, play->end);
    uint64_t memory = hexadecimal(word(&at, play->end)),
             globals = hexadecimal(word(&at, play->end)),
             tables = hexadecimal(word(&at, play->end));
    if (play->guest->instance->memory.pages != pages)
        find(play, "memory has %u pages", play->guest->instance->memory.pages);
    else if (hash_memory(play->guest) != memory)
        find(play, "another memory");
    else if (hash_globals(play->guest) != globals)
        find(play, "other globals");
    else if (hash_tables(play->guest, play->table_count) != tables)
        find(play, "other tables");
}

/* Wasmtime keeps its fuel in a register between calls, so a trap loses what the function had used
 * since its last one: ours must be at least as much then. But an access that is known to be outside
 * of memory is counted to the instruction. Either way what follows goes on from there. */
static void check_fuel(struct play *play, const char *at)
{
    uint64_t fuel = hexadecimal(word(&at, play->end)), counted = chimera_guest_counted(play->guest);
    bool is_access = play->has_trapped && play->guest->trap == CHIMERA_TRAP_OUT_OF_BOUNDS;
    if (!is_counting)
        return;
    play->counts++;
    if (is_access || (play->has_trapped && counted >= fuel + play->ahead))
        play->ahead = counted - fuel; /* modulo 2^64 */
    else if (counted != fuel + play->ahead)
        find(play, "counted %llu instead of %llu", (unsigned long long)(counted - play->ahead),
             (unsigned long long)fuel);
}

/* --- Calls. --- */

static const struct chimera_export *function_at(const struct chimera_guest *guest, uint64_t index)
{
    const struct chimera_plugin *plugin = guest->loaded->plugin;
    for (uint32_t i = 0; i < plugin->export_count; i++) {
        if (plugin->exports[i].kind == CHIMERA_EXPORT_FUNCTION && index-- == 0)
            return &plugin->exports[i];
    }
    return NULL;
}

static void check_results(struct play *play, const char *at, const char *types,
                          const union chimera_value *values)
{
    size_t count = 0;
    for (struct chimera_slice text; (text = word(&at, play->end)).size > 0; count++) {
        if (types[count] != text.data[0])
            find(play, "result %zu has the type %c", count, types[count] ? types[count] : '-');
        else if (bits_of(types[count], &values[count]) != hexadecimal(behind(text)))
            find(play, "result %zu is %c%llx", count, types[count],
                 (unsigned long long)bits_of(types[count], &values[count]));
        if (play->finding[0])
            return;
    }
    if (types[count])
        find(play, "more results than %zu", count);
}

static void check_trap(struct play *play, struct chimera_slice name)
{
    const struct chimera_guest *guest = play->guest;
    for (size_t i = 0; i < sizeof(traps) / sizeof(*traps); i++) {
        if (chimera_slice_is(name, traps[i].name) && guest->stop == CHIMERA_STOP_TRAP &&
            (guest->trap == traps[i].trap || guest->trap == traps[i].other)) {
            play->traps++;
            return;
        }
    }
    find(play, "%s", guest->stop == CHIMERA_STOP_NONE ? "no trap" : chimera_guest_stop_text(guest));
}

/* `at` is behind the arguments. */
static void check_call(struct play *play, const char *at, bool is_return, int code,
                       const char *types, const union chimera_value *values)
{
    struct chimera_slice name = is_return ? CHIMERA_SLICE("") : word(&at, play->end);
    play->calls++;
    play->has_trapped = !is_return && !chimera_slice_is(name, "unreachable");
    if (chimera_slice_is(name, "exhausted") ||
        (play->guest->stop == CHIMERA_STOP_TRAP && play->guest->trap == CHIMERA_TRAP_STACK)) {
        play->exhausted++;
        play->is_lost = true;
    } else if (!is_return) {
        check_trap(play, name);
    } else if (code < 0) {
        find(play, "%s", chimera_guest_stop_text(play->guest));
    } else {
        check_results(play, at, types, values);
    }
}

static void do_call(struct play *play, const char *at)
{
    static union chimera_value values[VALUES_MAX];
    const struct chimera_export *export = function_at(play->guest, strtoull(at, NULL, 10));
    word(&at, play->end);
    size_t count = 0;
    struct chimera_slice text;
    while ((text = word(&at, play->end)).size > 0 && *text.data != '=' && *text.data != '!' &&
           count < VALUES_MAX)
        take_value(text, &values[count++]);
    if (!export || !export->call || text.size == 0) {
        find(play, "no such function");
        return;
    }
    chimera_guest_begin(play->guest, CALL_LIMIT_MS);
    int code = chimera_guest_run(play->guest, export, values);
    chimera_guest_end(play->guest);
    check_call(play, at, *text.data == '=', code, strchr(export->type, ':') + 1, values);
}

/* --- Modules. --- */

static int instantiate(struct play *play, struct chimera_error *err)
{
    struct chimera_built built;
    struct chimera_loaded *loaded;
    int code = chimera_build_bare(builder, play->path, tier, &built, err);
    if (code < 0)
        return code;
    code = chimera_plugin_load_measuring(built.plugin, NULL, &loaded, err);
    unlink(built.plugin);
    chimera_built_done(&built);
    if (code == 0)
        code = chimera_guest_new(loaded, MEMORY_LIMIT, &play->guest, err);
    return code == 0 ? chimera_guest_snapshot(play->guest, err) : code;
}

/* A module that ends at its start: in the same way, please. */
static void check_start(struct play *play, struct chimera_slice name,
                        const struct chimera_error *err)
{
    for (size_t i = 0; i < sizeof(traps) / sizeof(*traps); i++) {
        if (chimera_slice_is(name, traps[i].name) &&
            (strstr(err->text, trap_text(traps[i].trap)) ||
             strstr(err->text, trap_text(traps[i].other)))) {
            play->traps++;
            return;
        }
    }
    find(play, "%s", play->guest ? "no trap" : err->text);
}

/* True when there is an instance to go on with. */
static bool begin(struct play *play, const char *at)
{
    struct chimera_error err = {0};
    int code = instantiate(play, &err);
    if (code < 0 &&
        (strstr(err.text, "Chimera does not compile") || strstr(err.text, "over the limit"))) {
        snprintf(play->reason, sizeof(play->reason), "%s",
                 strrchr(err.text, ':') ? strrchr(err.text, ':') + 2 : err.text);
        return false;
    }
    bool is_trap = *word(&at, play->end).data == '!';
    struct chimera_slice rest = word(&at, play->end);
    play->table_count = is_trap ? 0 : (uint32_t)hexadecimal(rest);
    if (is_trap)
        check_start(play, rest, &err);
    else if (code < 0)
        find(play, "%s", err.text);
    return !play->finding[0] && play->guest;
}

static void do_line(struct play *play)
{
    const char *at = play->line;
    struct chimera_slice verb = word(&at, play->end);
    at += at < play->end;
    if (chimera_slice_is(verb, "fresh")) {
        play->is_lost = play->has_trapped = false;
        play->ahead = 0;
        if (chimera_guest_reset(play->guest) < 0)
            find(play, "no reset");
    } else if (play->is_lost) {
        return;
    } else if (chimera_slice_is(verb, "call")) {
        do_call(play, at);
    } else if (chimera_slice_is(verb, "state")) {
        check_state(play, at);
    } else if (chimera_slice_is(verb, "fuel")) {
        check_fuel(play, at);
    } else {
        find(play, "not a line of a script");
    }
}

static bool next_line(struct play *play, const char *end)
{
    const char *start = play->line ? play->end + 1 : play->end;
    if (start >= end)
        return false;
    const char *newline = memchr(start, '\n', (size_t)(end - start));
    play->line = start;
    play->end = newline ? newline : end;
    play->line_number++;
    return true;
}

static bool play_script(struct play *play, struct chimera_slice script)
{
    const char *end = script.data + script.size;
    play->end = script.data;
    while (!play->finding[0] && next_line(play, end)) {
        const char *at = play->line;
        if (!chimera_slice_is(word(&at, play->end), "instance"))
            do_line(play);
        else if (!begin(play, at))
            break;
    }
    if (play->line_number == 0)
        snprintf(play->finding, sizeof(play->finding), "the script is empty");
    return !play->finding[0];
}

static bool play_module(const char *path)
{
    struct play play = {.path = path};
    struct chimera_error err = {0};
    char name[4096];
    struct chimera_buffer script;
    chimera_buffer_init(&script, SCRIPT_MAX);
    snprintf(name, sizeof(name), "%.*s.script", (int)(strlen(path) - strlen(".wasm")), path);
    bool is_good = chimera_file_read(name, &script, &err) == 0;
    if (is_good)
        is_good = play_script(&play, chimera_buffer_slice(&script));
    else
        snprintf(play.finding, sizeof(play.finding), "%s", err.text);
    if (!is_good)
        printf("FAIL %s: %s\n", path, play.finding);
    else if (play.reason[0])
        printf("SKIP %s: %s\n", path, play.reason);
    else
        printf("PASS %s %u %u %u\n", path, play.calls, play.traps, play.exhausted);
    fflush(stdout);
    chimera_guest_free(play.guest);
    chimera_buffer_free(&script);
    return is_good;
}

int main(int count, char **arguments)
{
    struct chimera_error err = {0};
    struct chimera_build_options options = {.has_no_cache = true, .jobs = 1};
    int first = count > 2 && strcmp(arguments[1], "--tier") == 0 ? 3 : 1;
    if (first > 1 && strcmp(arguments[2], "quick") == 0)
        tier = CHIMERA_TIER_QUICK;
    if (count > first && strcmp(arguments[first], "--counting") == 0) {
        is_counting = true;
        options.purpose = CHIMERA_BUILD_TO_COUNT;
        first++;
    }
    if (count <= first) {
        fprintf(stderr, "usage: %s [--tier quick|full] [--counting] FILE.wasm...\n", arguments[0]);
        return 2;
    }
    if (chimera_builder_new(&options, &builder, &err) < 0) {
        fprintf(stderr, "Error: %s\n", err.text);
        return 1;
    }
    bool is_good = true;
    for (int i = first; i < count; i++)
        is_good &= play_module(arguments[i]);
    chimera_builder_free(builder);
    return !is_good;
}
