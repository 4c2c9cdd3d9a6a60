/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/abi/wapc.h"

#include <stdio.h>
#include <stdlib.h>

#include "runtime/abi/abi_internal.h"
#include "runtime/abi/wasi.h"
#include "runtime/text/utf8.h"

#define TARGET "chimera::wapc"

#define ERROR_MAX ((size_t)1 << 20) /* bytes of a guest's error text */

/* --- Import functions: these run on the guest's stack. --- */

#define IMPORT(type, name, ...)                                         \
    type chimera_wapc_##name(struct chimera_guest *guest, __VA_ARGS__); \
    type chimera_wapc_##name(struct chimera_guest *guest, __VA_ARGS__)
#define IMPORT_PLAIN(type, name)                           \
    type chimera_wapc_##name(struct chimera_guest *guest); \
    type chimera_wapc_##name(struct chimera_guest *guest)

/* The guest gives and takes what the call is about, and what was answered to its host calls: they
 * alone are impure. */
static struct chimera_wapc *enter(struct chimera_guest *guest)
{
    chimera_import_enter_pure(guest);
    struct chimera_wapc *wapc = chimera_wapc_of(guest);
    if (!wapc)
        chimera_guest_trap(guest, CHIMERA_TRAP_HOST,
                           "waPC is not available to this kind of policy");
    return wapc;
}

IMPORT(void, guest_request, uint32_t operation_at, uint32_t payload_at)
{
    const struct chimera_wapc *wapc = enter(guest);
    if (wapc->operation) {
        size_t size = strlen(wapc->operation);
        uint8_t *payload = chimera_guest_bytes(guest, payload_at, wapc->payload->size);
        chimera_pieces_copy(wapc->payload, 0, payload, wapc->payload->size);
        memcpy(chimera_guest_bytes(guest, operation_at, size), wapc->operation, size);
    }
    chimera_import_leave(guest);
}

/* Replaces what `buffer` holds with a copy of guest bytes. */
static void take_guest_bytes(struct chimera_guest *guest, struct chimera_buffer *buffer,
                             uint32_t at, uint32_t size)
{
    struct chimera_slice bytes = chimera_abi_guest_slice(guest, at, size);
    chimera_buffer_reset(buffer);
    if (chimera_buffer_append(buffer, bytes) < 0)
        chimera_abi_refuse(guest, "the policy's answer is too large");
}

IMPORT(void, guest_response, uint32_t at, uint32_t size)
{
    struct chimera_wapc *wapc = enter(guest);
    take_guest_bytes(guest, &wapc->response, at, size);
    wapc->has_response = true;
    chimera_import_leave(guest);
}

static void require_utf8(struct chimera_guest *guest, uint32_t at, uint32_t size)
{
    if (!chimera_abi_is_utf8(guest, chimera_abi_guest_slice(guest, at, size)))
        chimera_guest_trap(guest, CHIMERA_TRAP_HOST, "a text from the policy is not UTF-8");
}

IMPORT(void, guest_error, uint32_t at, uint32_t size)
{
    struct chimera_wapc *wapc = enter(guest);
    require_utf8(guest, at, size);
    take_guest_bytes(guest, &wapc->error, at, size);
    wapc->has_error = true;
    chimera_import_leave(guest);
}

IMPORT(uint32_t, host_call, uint32_t binding, uint32_t binding_size, uint32_t name_space,
       uint32_t name_space_size, uint32_t operation, uint32_t operation_size, uint32_t payload,
       uint32_t payload_size)
{
    struct chimera_wapc *wapc = enter(guest);
    guest->is_pure = false;
    wapc->answer_kind = CHIMERA_WAPC_NONE;
    bool is_ok = chimera_abi_host_call(guest,
                                       (const uint32_t[8]){binding, binding_size, name_space,
                                                           name_space_size, operation,
                                                           operation_size, payload, payload_size},
                                       &wapc->answer);
    wapc->answer_kind = is_ok ? CHIMERA_WAPC_RESPONSE : CHIMERA_WAPC_ERROR;
    chimera_import_leave(guest);
    return is_ok;
}

static uint32_t answer_size(struct chimera_guest *guest, enum chimera_wapc_answer kind)
{
    const struct chimera_wapc *wapc = enter(guest);
    uint32_t size =
        wapc->answer_kind == kind ? (uint32_t)chimera_host_answer_bytes(&wapc->answer).size : 0;
    chimera_import_leave(guest);
    return size;
}

static void copy_answer(struct chimera_guest *guest, enum chimera_wapc_answer kind, uint32_t at)
{
    const struct chimera_wapc *wapc = enter(guest);
    struct chimera_slice bytes = chimera_host_answer_bytes(&wapc->answer);
    if (wapc->answer_kind == kind) {
        uint8_t *to = chimera_guest_bytes(guest, at, bytes.size);
        if (bytes.size > 0)
            memcpy(to, bytes.data, bytes.size);
        chimera_guest_spend(guest, bytes.size / 8);
    }
    chimera_import_leave(guest);
}

IMPORT_PLAIN(uint32_t, host_response_len)
{
    return answer_size(guest, CHIMERA_WAPC_RESPONSE);
}

IMPORT(void, host_response, uint32_t at)
{
    copy_answer(guest, CHIMERA_WAPC_RESPONSE, at);
}

IMPORT_PLAIN(uint32_t, host_error_len)
{
    return answer_size(guest, CHIMERA_WAPC_ERROR);
}

IMPORT(void, host_error, uint32_t at)
{
    copy_answer(guest, CHIMERA_WAPC_ERROR, at);
}

IMPORT(void, console_log, uint32_t at, uint32_t size)
{
    enter(guest);
    require_utf8(guest, at, size);
    chimera_log_in("policy_log", CHIMERA_LOG_INFO, "policy_log",
                   chimera_abi_guest_slice(guest, at, size),
                   CHIMERA_TEXT("policy_id", chimera_abi_policy_id(guest)));
    chimera_import_leave(guest);
}

/* --- The host's side --- */

static int wapc_check(const struct chimera_plugin *plugin, struct chimera_error *err)
{
    if (!chimera_plugin_function(plugin, "__guest_call", "ii:i"))
        return chimera_fail(err, CHIMERA_EMODULE,
                            "Guest call function (__guest_call) not exported by wasm module.");
    if (!chimera_plugin_export(plugin, "memory", CHIMERA_EXPORT_MEMORY))
        return chimera_fail(err, CHIMERA_EMODULE, "Cannot find 'mem' export");
    return CHIMERA_OK;
}

/* Forgets the call that was made. */
static void clear_call(struct chimera_wapc *wapc)
{
    wapc->operation = NULL;
    wapc->payload = NULL;
    chimera_buffer_recycle(&wapc->response, CHIMERA_ABI_KEPT_BYTES);
    chimera_buffer_recycle(&wapc->error, CHIMERA_ABI_KEPT_BYTES);
    chimera_host_answer_end(&wapc->answer);
    chimera_buffer_recycle(&wapc->answer_text, CHIMERA_ABI_KEPT_BYTES);
    wapc->has_response = wapc->has_error = false;
    wapc->answer_kind = CHIMERA_WAPC_NONE;
}

static void wapc_keep(struct chimera_guest *guest)
{
    clear_call(chimera_wapc_of(guest));
    chimera_wasi_keep(guest);
}

static void wapc_reset(struct chimera_guest *guest)
{
    clear_call(chimera_wapc_of(guest));
    chimera_wasi_reset(guest);
}

static const struct chimera_host_side wapc_side = {.keep = wapc_keep, .reset = wapc_reset};

static void wapc_detach(struct chimera_guest *guest)
{
    struct chimera_abi_state *state = guest->abi;
    struct chimera_wapc *wapc = chimera_wapc_of(guest);
    if (!wapc)
        return;
    chimera_buffer_free(&wapc->response);
    chimera_buffer_free(&wapc->error);
    chimera_host_answer_end(&wapc->answer);
    chimera_buffer_free(&wapc->answer_text);
    free(wapc);
    state->wapc = NULL;
    chimera_wasi_detach(guest);
    chimera_abi_state_end(guest);
}

static int wapc_attach(struct chimera_guest *guest, struct chimera_error *err)
{
    struct chimera_abi_state *state = chimera_abi_state_make(guest);
    struct chimera_wapc *wapc = state ? calloc(1, sizeof(*wapc)) : NULL;
    if (!wapc) {
        chimera_abi_state_end(guest);
        return chimera_fail(err, CHIMERA_ENOMEM, "no memory for a policy's state");
    }
    state->wapc = wapc;
    chimera_buffer_init_within(&wapc->response, CHIMERA_ABI_BUFFER_MAX, &guest->account);
    chimera_buffer_init_within(&wapc->error, ERROR_MAX, &guest->account);
    chimera_buffer_init_within(&wapc->answer_text, CHIMERA_ABI_BUFFER_MAX, &guest->account);
    wapc->answer.text = &wapc->answer_text;
    int code = chimera_wasi_attach(guest, CHIMERA_WASI_LOGGED, err);
    if (code < 0)
        wapc_detach(guest);
    else
        guest->side = &wapc_side;
    return code;
}

/* Runs an exported function of initialisation, if there is one. Programs end main() with
 * proc_exit(0), and their instance stays alive. */
static int initialise(struct chimera_guest *guest, const char *name, struct chimera_error *err)
{
    const struct chimera_export *export = chimera_plugin_function(guest->loaded->plugin, name, ":");
    union chimera_value value = {0};
    char text[CHIMERA_ABI_STOP_TEXT];
    if (!export)
        return CHIMERA_OK;
    int code = chimera_guest_run(guest, export, &value);
    chimera_wasi_flush(guest);
    if (code == CHIMERA_OK || (guest->stop == CHIMERA_STOP_EXIT && guest->exit_code == 0))
        return CHIMERA_OK;
    if (code == CHIMERA_EDEADLINE)
        return chimera_fail(
            err, code, "Initialization failed: %s init interrupted, execution deadline exceeded",
            name);
    return chimera_fail(err, code, "Initialization failed: %s", chimera_abi_stop_text(guest, text));
}

static int wapc_prepare(struct chimera_guest *guest, struct chimera_slice settings,
                        struct chimera_error *err)
{
    (void)settings; /* the guest gets them with each request */
    const char *first =
        chimera_plugin_function(guest->loaded->plugin, "_start", ":") ? "_start" : "_initialize";
    chimera_wasi_start_begin(guest);
    int code = initialise(guest, first, err);
    if (code == CHIMERA_OK)
        code = initialise(guest, "wapc_init", err);
    chimera_wasi_start_end(guest);
    return code < 0 ? code : chimera_guest_snapshot(guest, err);
}

/* The bytes that a finished call left, or why it counts as failed (guest-abis.md §2.3). */
static int collect(const struct chimera_wapc *wapc, bool is_success, struct chimera_slice *ret_text)
{
    if (is_success && wapc->has_response) {
        *ret_text = chimera_buffer_slice(&wapc->response);
        return CHIMERA_OK;
    }
    if (wapc->has_error)
        *ret_text = chimera_buffer_slice(&wapc->error);
    else if (is_success)
        *ret_text = CHIMERA_SLICE("No error message OR response set for call success");
    else
        *ret_text = CHIMERA_SLICE("No error message set for call failure");
    return CHIMERA_EGUEST;
}

/* One operation. 0: *ret_text is the response; CHIMERA_EGUEST: the failure's text, and
 * CHIMERA_EDEADLINE likewise. The text lives in the arena. */
static int run_operation(struct chimera_guest *guest, const char *operation,
                         const struct chimera_pieces *payload, struct chimera_arena *arena,
                         struct chimera_slice *ret_text)
{
    union chimera_value values[2] = {{.i32 = (uint32_t)strlen(operation)},
                                     {.i32 = (uint32_t)payload->size}};
    char reason[CHIMERA_ABI_STOP_TEXT];
    struct chimera_wapc *wapc = chimera_wapc_of(guest);
    wapc->operation = operation;
    wapc->payload = payload;
    int code = chimera_guest_run(
        guest, chimera_plugin_function(guest->loaded->plugin, "__guest_call", "ii:i"), values);
    wapc->operation = NULL;
    wapc->payload = NULL;
    chimera_wasi_flush(guest);
    struct chimera_slice text;
    if (code < 0) {
        text = chimera_slice_of(chimera_abi_stop_text(guest, reason));
        code = code == CHIMERA_EDEADLINE ? code : CHIMERA_EGUEST;
    } else {
        code = collect(wapc, values[0].i32 != 0, &text);
    }
    if (!chimera_abi_keep_answer(guest, arena, text, ret_text)) {
        *ret_text = chimera_abi_too_large(guest);
        code = CHIMERA_EGUEST;
    }
    if (code < 0 && !chimera_guest_was_stopped(guest)) /* else the stop has a line of its own */
        chimera_log_with(CHIMERA_LOG_ERROR, TARGET, CHIMERA_SLICE("waPC communication error"),
                         CHIMERA_TEXT("policy_id", chimera_abi_policy_id(guest)),
                         CHIMERA_TEXT("operation", chimera_slice_of(operation)),
                         CHIMERA_TEXT("error", *ret_text));
    return code;
}

static void wapc_validate(struct chimera_guest *guest, const struct chimera_request *request,
                          struct chimera_slice settings, struct chimera_arena *arena,
                          struct chimera_response *ret_response)
{
    struct chimera_pieces payload;
    struct chimera_slice text;
    chimera_abi_document(request, settings, &payload);
    int code = run_operation(guest, "validate", &payload, arena, &text);
    if (chimera_abi_is_overdrawn(guest, request, arena, ret_response))
        return;
    if (code == CHIMERA_EDEADLINE)
        *ret_response = chimera_abi_failure(request, false, arena, "%s", CHIMERA_DEADLINE_TEXT);
    else if (code < 0)
        *ret_response = chimera_abi_failure(request, true, arena, "Guest call failure: %.*s",
                                            (int)text.size, text.data);
    else
        chimera_abi_read_answer(guest, text, request, arena, "invalid response from policy",
                                ret_response);
}

/* --- Settings: the reference reports failures as Rust prints its own values --- */

/* Rust's Debug form of a string without its quotes. */
static void debug_text(struct chimera_slice text, struct chimera_buffer *out)
{
    for (size_t i = 0; i < text.size; i++) {
        uint8_t byte = (uint8_t)text.data[i];
        if (byte == '"' || byte == '\\')
            chimera_buffer_print(out, "\\%c", byte);
        else if (byte == '\n' || byte == '\r' || byte == '\t')
            chimera_buffer_text(out, byte == '\n' ? "\\n" : byte == '\r' ? "\\r" : "\\t");
        else if (byte < 0x20 || byte == 0x7f)
            chimera_buffer_print(out, "\\u{%x}", byte);
        else
            chimera_buffer_byte(out, byte);
    }
}

/* Where " at line L column C" begins; the size when it is not there. */
static size_t position_of(struct chimera_slice why)
{
    static const char mark[] = " at line ";
    for (size_t at = why.size; at-- > 0;)
        if (chimera_slice_starts((struct chimera_slice){why.data + at, why.size - at}, mark))
            return at;
    return why.size;
}

/* serde_json's `Error("expected value", line: 1, column: 1)` from its `expected value at line 1
 * column 1`. */
static void debug_json_error(struct chimera_slice why, struct chimera_buffer *out)
{
    size_t at = position_of(why);
    unsigned line = 0, column = 0;
    char position[64] = "";
    if (at < why.size)
        snprintf(position, sizeof(position), "%.*s", (int)(why.size - at), why.data + at);
    /* Reads the two numbers of our own " at line L column C". */
    const char *text = position;
    unsigned *const numbers[] = {&line, &column};
    for (size_t i = 0; i < 2; i++) {
        text += strcspn(text, "0123456789");
        for (; *text >= '0' && *text <= '9'; text++)
            *numbers[i] = *numbers[i] * 10 + (unsigned)(*text - '0');
    }
    chimera_buffer_text(out, "error: InvalidResponseWithError(Error(\"");
    debug_text((struct chimera_slice){why.data, at}, out);
    chimera_buffer_print(out, "\", line: %u, column: %u))", line, column);
}

static void wapc_validate_settings(struct chimera_guest *guest, struct chimera_slice settings,
                                   struct chimera_arena *arena,
                                   struct chimera_settings_answer *ret_answer)
{
    struct chimera_pieces payload = {0};
    struct chimera_slice text, why;
    chimera_pieces_add(&payload, settings);
    int code = run_operation(guest, "validate_settings", &payload, arena, &text);
    if (code == CHIMERA_OK && chimera_settings_from_answer(text, arena, &ret_answer->valid,
                                                           &ret_answer->message, &why) == 0)
        return;
    struct chimera_buffer message;
    chimera_buffer_init(&message, ERROR_MAX);
    if (code < 0) {
        chimera_buffer_text(&message,
                            "Error invoking settings validation callback: GuestCallFailure(\"");
        debug_text(text, &message);
        chimera_buffer_text(&message, "\")");
    } else {
        debug_json_error(why, &message);
    }
    ret_answer->valid = false;
    ret_answer->message = chimera_abi_keep(arena, chimera_buffer_slice(&message));
    chimera_buffer_free(&message);
}

const struct chimera_abi chimera_abi_wapc = {
    .mode = CHIMERA_MODE_WAPC,
    .check = wapc_check,
    .attach = wapc_attach,
    .detach = wapc_detach,
    .prepare = wapc_prepare,
    .validate = wapc_validate,
    .validate_settings = wapc_validate_settings,
    .call = run_operation,
};
