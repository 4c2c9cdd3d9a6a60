/* SPDX-License-Identifier: Apache-2.0 */
/* policy.c - refuses Pods, and workloads whose Pods, use the network of their node. A waPC guest without any library. */
#include <stdint.h>

#include "../json-walk.h"

#define IMPORT(name) __attribute__((import_module("wapc"), import_name(#name)))
#define EXPORT(name) __attribute__((export_name(#name)))

IMPORT(__guest_request) void guest_request(char *operation, char *payload);
IMPORT(__guest_response) void guest_response(const char *text, size_t size);
IMPORT(__guest_error) void guest_error(const char *text, size_t size);

#define ANSWER(send, text) send(text, sizeof(text) - 1)

enum { WASM_PAGE = 65536, OPERATION_MAX = 64 };

extern char __heap_base; /* from the linker: the first byte that is nobody's */

static char *reserve(size_t size)
{
    size_t have = __builtin_wasm_memory_size(0) * WASM_PAGE;
    size_t need = (uintptr_t)&__heap_base + size;
    if (need > have && __builtin_wasm_memory_grow(0, (need - have + WASM_PAGE - 1) / WASM_PAGE) == SIZE_MAX)
        __builtin_trap();
    return &__heap_base;
}

static bool is(const char *text, size_t size, const char *name)
{
    size_t n = 0;
    while (n < size && name[n] && text[n] == name[n])
        n++;
    return n == size && !name[n];
}

static bool uses_host_network(const char *payload)
{
    const char *object = json_member(json_member(json_blank(payload), "request"), "object");
    const char *spec = json_member(object, "spec");
    const char *template_spec = json_member(json_member(spec, "template"), "spec");
    return json_true(json_member(spec, "hostNetwork")) || json_true(json_member(template_spec, "hostNetwork"));
}

static void validate(const char *payload)
{
    if (uses_host_network(payload))
        ANSWER(guest_response, "{\"accepted\":false,\"message\":\"the host network is not for Pods\",\"code\":403}");
    else
        ANSWER(guest_response, "{\"accepted\":true}");
}

EXPORT(__guest_call) int guest_call(size_t operation_size, size_t payload_size)
{
    static char operation[OPERATION_MAX];
    if (operation_size > sizeof(operation)) {
        ANSWER(guest_error, "unknown operation");
        return 0;
    }
    char *payload = reserve(payload_size + 1);
    guest_request(operation, payload);
    payload[payload_size] = 0;

    if (is(operation, operation_size, "validate"))
        validate(payload);
    else if (is(operation, operation_size, "validate_settings"))
        ANSWER(guest_response, "{\"valid\":true}");
    else if (is(operation, operation_size, "protocol_version"))
        ANSWER(guest_response, "\"v1\"");
    else {
        ANSWER(guest_error, "unknown operation");
        return 0;
    }
    return 1;
}
