/* SPDX-License-Identifier: Apache-2.0 */
/* policy.c - makes the host call that it is told to make, and says what it was answered.
 *
 * The call is an object with "binding", "namespace" and "operation", which stands as the request's
 * object, as a raw request, or as the settings, looked for in that order. What is sent is the text
 * of "payload" as it stands there, or the string "text" without its quotes, for what is no JSON.
 * "times": so often, one after another; the last answer counts. The message is the answer or the
 * error ("brief": its length), and the verdict is whether it was an answer. IS_WAPC or IS_WASI says
 * which host there is.
 */
#include <stdint.h>

#include "../json-walk.h"

#define IMPORT(module, name) __attribute__((import_module(module), import_name(name)))
#define EXPORT(name) __attribute__((export_name(#name)))

struct text {
    const char *at;
    size_t size;
};

#define TEXT(literal) ((struct text){literal, sizeof(literal) - 1})

enum { WASM_PAGE = 65536, OPERATION_MAX = 64, STEP = 65536 };

extern char __heap_base; /* from the linker: the first byte that is nobody's */
static char *next;

/* The next free byte, with room for `size` behind it. */
static char *room(size_t size)
{
    if (!next)
        next = &__heap_base;
    size_t have = __builtin_wasm_memory_size(0) * WASM_PAGE;
    size_t need = (uintptr_t)next + size;
    if (need > have && __builtin_wasm_memory_grow(0, (need - have + WASM_PAGE - 1) / WASM_PAGE) == SIZE_MAX)
        __builtin_trap();
    return next;
}

static void put(char byte)
{
    *room(1) = byte;
    next++;
}

static void put_text(const char *text)
{
    while (*text)
        put(*text++);
}

static struct text since(const char *start)
{
    return (struct text){start, (size_t)(next - start)};
}

static bool is(struct text text, const char *name)
{
    size_t n = 0;
    while (n < text.size && name[n] && text.at[n] == name[n])
        n++;
    return n == text.size && !name[n];
}

/* What the string at `at` stands for. Of \u only those below 128, which is all that we write. */
static struct text decoded(const char *at)
{
    const char *start = room(0);
    if (!at || *at++ != '"')
        return since(start);
    for (; *at && *at != '"'; at++) {
        if (*at != '\\') {
            put(*at);
            continue;
        }
        int code = 0;
        switch (*++at) {
        case 'n': put('\n'); break;
        case 't': put('\t'); break;
        case 'r': put('\r'); break;
        case 'b': put('\b'); break;
        case 'f': put('\f'); break;
        case 'u':
            for (int n = 0; n < 4 && *++at; n++)
                code = code * 16 + (*at <= '9' ? *at - '0' : (*at | 32) - 'a' + 10);
            put((char)code);
            break;
        default: put(*at);
        }
    }
    return since(start);
}

static void put_encoded(struct text text)
{
    static const char digits[] = "0123456789abcdef";
    put('"');
    for (size_t n = 0; n < text.size; n++) {
        unsigned char byte = (unsigned char)text.at[n];
        if (byte == '"' || byte == '\\')
            put('\\');
        if (byte >= ' ') {
            put((char)byte);
            continue;
        }
        put_text("\\u00");
        put(digits[byte >> 4]);
        put(digits[byte & 15]);
    }
    put('"');
}

/* Makes a host call: the answer, or the error. */
static struct text ask(struct text binding, struct text name_space, struct text operation, struct text payload,
                       bool *ret_is_good);

static struct text validate(const char *payload)
{
    const char *root = json_blank(payload), *request = json_member(root, "request");
    const char *places[] = {json_member(request, "object"), request, json_member(root, "settings")};
    const char *call = NULL;
    for (int n = 0; n < 3 && !call; n++)
        call = json_member(places[n], "binding") ? places[n] : NULL;
    if (!call)
        return TEXT("{\"accepted\":true}");

    const char *value = json_member(call, "payload"), *text = json_member(call, "text");
    struct text sent = text ? decoded(text) : (struct text){value, value ? (size_t)(json_past(value) - value) : 0};
    struct text binding = decoded(json_member(call, "binding"));
    struct text name_space = decoded(json_member(call, "namespace"));
    struct text operation = decoded(json_member(call, "operation"));

    unsigned times = 0;
    for (const char *at = json_member(call, "times"); at && *at >= '0' && *at <= '9'; at++)
        times = times * 10 + (unsigned)(*at - '0');
    bool is_good = false;
    struct text answer = {0};
    char *before = room(0);
    do {
        next = before; /* the last answer is forgotten */
        answer = ask(binding, name_space, operation, sent, &is_good);
    } while (times-- > 1);

    char digits[20], *digit = digits + sizeof(digits);
    if (json_member(call, "brief")) {
        size_t size = answer.size;
        do
            *--digit = (char)('0' + size % 10);
        while (size /= 10);
        answer = (struct text){digit, (size_t)(digits + sizeof(digits) - digit)};
    }

    const char *start = room(0);
    put_text(is_good ? "{\"accepted\":true,\"message\":" : "{\"accepted\":false,\"message\":");
    put_encoded(answer);
    put('}');
    return since(start);
}

#ifdef IS_WAPC

IMPORT("wapc", "__guest_request") void guest_request(char *operation, char *payload);
IMPORT("wapc", "__guest_response") void guest_response(const char *text, size_t size);
IMPORT("wapc", "__guest_error") void guest_error(const char *text, size_t size);
IMPORT("wapc", "__host_call") int host_call(const char *, size_t, const char *, size_t, const char *, size_t, const char *, size_t);
IMPORT("wapc", "__host_response_len") size_t host_response_size(void);
IMPORT("wapc", "__host_response") void host_response(char *text);
IMPORT("wapc", "__host_error_len") size_t host_error_size(void);
IMPORT("wapc", "__host_error") void host_error(char *text);

static struct text ask(struct text binding, struct text name_space, struct text operation, struct text payload,
                       bool *ret_is_good)
{
    *ret_is_good = host_call(binding.at, binding.size, name_space.at, name_space.size, operation.at,
                             operation.size, payload.at, payload.size) == 1;
    size_t size = *ret_is_good ? host_response_size() : host_error_size();
    char *start = room(size);
    if (*ret_is_good)
        host_response(start);
    else
        host_error(start);
    next += size;
    return since(start);
}

EXPORT(__guest_call) int guest_call(size_t operation_size, size_t payload_size)
{
    static char operation[OPERATION_MAX];
    if (operation_size > sizeof(operation))
        __builtin_trap();
    next = NULL;
    char *payload = room(payload_size + 1);
    guest_request(operation, payload);
    payload[payload_size] = 0;
    next = payload + payload_size + 1;

    struct text name = {operation, operation_size}, answer;
    if (is(name, "validate"))
        answer = validate(payload);
    else if (is(name, "validate_settings"))
        answer = TEXT("{\"valid\":true}");
    else if (is(name, "protocol_version"))
        answer = TEXT("\"v1\"");
    else {
        answer = TEXT("unknown operation");
        guest_error(answer.at, answer.size);
        return 0;
    }
    guest_response(answer.at, answer.size);
    return 1;
}

#else

#define WASI "wasi_snapshot_preview1"

IMPORT(WASI, "fd_read") int fd_read(int fd, const struct text *parts, size_t count, size_t *size);
IMPORT(WASI, "fd_write") int fd_write(int fd, const struct text *parts, size_t count, size_t *size);
IMPORT(WASI, "args_get") int args_get(char **arguments, char *texts);
IMPORT(WASI, "args_sizes_get") int args_sizes_get(size_t *count, size_t *size);
IMPORT("host", "call") int host_call(const char *, size_t, const char *, size_t, const char *, size_t, const char *, size_t);

/* All that standard input has now. */
static struct text read_all(void)
{
    const char *start = room(0);
    for (size_t size = 1; size; next += size) {
        struct text part = {room(STEP), STEP};
        if (fd_read(0, &part, 1, &size))
            __builtin_trap();
    }
    return since(start);
}

static struct text ask(struct text binding, struct text name_space, struct text operation, struct text payload,
                       bool *ret_is_good)
{
    *ret_is_good = host_call(binding.at, binding.size, name_space.at, name_space.size, operation.at,
                             operation.size, payload.at, payload.size) == 0;
    return read_all();
}

EXPORT(_start) void start(void)
{
    static char *arguments[8];
    size_t count, size;
    if (args_sizes_get(&count, &size) || count > 8)
        __builtin_trap();
    char *texts = room(size);
    next += size;
    args_get(arguments, texts);
    const char *payload = read_all().at;
    put(0);

    const char *last = count ? arguments[count - 1] : "";
    struct text answer;
    if (last[0] && is(TEXT("validate-settings"), last))
        answer = TEXT("{\"valid\":true}");
    else
        answer = validate(payload);
    while (answer.size) {
        if (fd_write(1, &answer, 1, &size))
            __builtin_trap();
        answer.at += size;
        answer.size -= size;
    }
}

#endif
