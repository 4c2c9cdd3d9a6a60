/* SPDX-License-Identifier: Apache-2.0 */
/* What Rego modules import. These functions run on the guest's stack and call back into the guest,
 * which may trap or be interrupted there: everything they hold is in struct chimera_rego. There is
 * one of it for a guest, so a builtin may not be called from within a call back (instance/guest.h).
 */
#include <stdio.h>
#include <time.h>

#include "runtime/abi/abi_internal.h"
#include "runtime/abi/rego_internal.h"
#include "runtime/text/utf8.h"

#define TARGET "policy_log"

/* opa_abort and opa_println give a text without a size; longer ones are cut. */
#define MESSAGE_MAX 4096

/* Largest text of an argument. */
#define ARGUMENT_MAX ((size_t)64 << 20)

static struct chimera_rego *require_rego(struct chimera_guest *guest)
{
    struct chimera_rego *rego = chimera_rego_of(guest);
    if (!rego)
        chimera_guest_trap(guest, CHIMERA_TRAP_HOST,
                           "Rego is not available to this kind of policy");
    return rego;
}

/* For what an honest allocator or parser calls, too, while a builtin waits for it: when it has no
 * memory, and when it was built to tell what it does. */
static void enter_nested(struct chimera_guest *guest)
{
    chimera_import_enter_nested(guest);
    require_rego(guest);
}

/* Up to the NUL; traps when there is none within the memory or `most` bytes. */
static struct chimera_slice guest_text(struct chimera_guest *guest, uint32_t at, size_t most)
{
    uint64_t left = guest->instance->memory.size - (uint64_t)at;
    const char *text = (const char *)chimera_guest_bytes(guest, at, 0);
    const char *end = memchr(text, '\0', left < most ? left : most);
    if (!end)
        chimera_guest_trap(guest, CHIMERA_TRAP_HOST, "a text of the policy does not end");
    return (struct chimera_slice){text, (size_t)(end - text)};
}

/* A message for people: valid UTF-8, cut to fit. */
static struct chimera_slice guest_message(struct chimera_guest *guest, uint32_t at)
{
    uint64_t left = guest->instance->memory.size - (uint64_t)at;
    const char *text = (const char *)chimera_guest_bytes(guest, at, 0);
    size_t size = strnlen(text, left < MESSAGE_MAX ? left : MESSAGE_MAX);
    return (struct chimera_slice){text, chimera_utf8_prefix((struct chimera_slice){text, size})};
}

/* Leaves the guest with "<name>: <why>", cut between characters. */
static _Noreturn void trap_with(struct chimera_guest *guest, const char *name, const char *why)
{
    char text[sizeof(guest->stop_text)];
    int size = snprintf(text, sizeof(text), "%s%s%s", name, *name ? ": " : "", why);
    size_t kept = size < (int)sizeof(text) ? (size_t)size : sizeof(text) - 1;
    text[chimera_utf8_prefix((struct chimera_slice){text, kept})] = '\0';
    chimera_guest_trap(guest, CHIMERA_TRAP_HOST, text);
}

void chimera_opa_abort(struct chimera_guest *guest, uint32_t message_at);
void chimera_opa_println(struct chimera_guest *guest, uint32_t message_at);

/* The reference returns, and the guest then traps on its own; so the text would be lost. */
void chimera_opa_abort(struct chimera_guest *guest, uint32_t message_at)
{
    enter_nested(guest);
    char text[sizeof(guest->stop_text)];
    struct chimera_slice message = guest_message(guest, message_at);
    chimera_log_in("opa_abort", CHIMERA_LOG_ERROR, TARGET, message,
                   CHIMERA_TEXT("policy_id", chimera_abi_policy_id(guest)));
    snprintf(text, sizeof(text), "%.*s", (int)message.size, message.data);
    trap_with(guest, "opa_abort", text);
}

void chimera_opa_println(struct chimera_guest *guest, uint32_t message_at)
{
    enter_nested(guest);
    chimera_log_in("opa_println", CHIMERA_LOG_INFO, TARGET, guest_message(guest, message_at),
                   CHIMERA_TEXT("policy_id", chimera_abi_policy_id(guest)));
    chimera_import_leave(guest);
}

static uint32_t call_back(struct chimera_guest *guest, const struct chimera_export *export,
                          uint32_t first, uint32_t second)
{
    union chimera_value values[2] = {{.i32 = first}, {.i32 = second}};
    chimera_import_call_back(guest, export, values);
    return values[0].i32;
}

static void dump_arguments(struct chimera_guest *guest, const struct chimera_rego *rego,
                           const uint32_t *values, unsigned count, struct chimera_slice *ret_texts)
{
    uint32_t text_at[CHIMERA_REGO_ARGS_MAX];
    for (unsigned i = 0; i < count; i++)
        text_at[i] = call_back(guest, rego->value_dump, values[i], 0);
    for (unsigned i = 0; i < count; i++)
        ret_texts[i] = guest_text(guest, text_at[i], ARGUMENT_MAX);
}

/* No tree is alive while the guest runs: the watchdog, which ends it at the deadline, does not know
 * how long the trees would then take to be freed (base/account.h). */
static void pull_arguments(struct chimera_guest *guest, struct chimera_rego *rego,
                           const uint32_t *values, unsigned count, const char *name)
{
    struct chimera_slice texts[CHIMERA_REGO_ARGS_MAX];
    if (!chimera_values_read(guest, values, count, texts))
        dump_arguments(guest, rego, values, count, texts);
    for (unsigned i = 0; i < count; i++) {
        struct chimera_error err = {0};
        int code = chimera_rego_parse_within(texts[i], &guest->account, &rego->args[i], &err);
        if (guest->account.failed)
            chimera_guest_overdrawn(guest);
        if (code < 0)
            trap_with(guest, name, err.text);
    }
}

static void write_result(struct chimera_guest *guest, struct chimera_rego *rego, const char *name)
{
    chimera_buffer_reset(&rego->text);
    chimera_rego_write(rego->result, &rego->text);
    if (rego->text.failed && guest->account.failed)
        chimera_guest_overdrawn(guest);
    if (rego->text.failed)
        trap_with(guest, name, "the result is too large");
}

static uint32_t push_result(struct chimera_guest *guest, struct chimera_rego *rego,
                            const char *name)
{
    struct chimera_slice text = chimera_buffer_slice(&rego->text);
    uint32_t block = chimera_values_block(guest, text.size), value;
    uint32_t at = call_back(guest, rego->malloc, block ? block : (uint32_t)text.size, 0);
    memcpy(chimera_guest_bytes(guest, at, block ? block : text.size), text.data, text.size);
    if (block && chimera_values_build(guest, at, text.size, &value))
        return value;
    value = call_back(guest, rego->value_parse, at, (uint32_t)text.size);
    if (value == 0)
        trap_with(guest, name, "the policy cannot read the result");
    return value;
}

/* False: it has failed, which is its caller's undefined. */
static bool run_builtin(struct chimera_guest *guest, struct chimera_rego *rego,
                        const struct chimera_rego_builtin *builtin)
{
    struct chimera_error err = {0};
    const struct chimera_rego_call call = {.args = rego->args,
                                           .now_ns = rego->now_ns,
                                           .seed = &rego->seed,
                                           .account = &guest->account,
                                           .grants = guest->grants,
                                           .sent = &rego->sent,
                                           .err = &err};
    int code = builtin->function(&call, &rego->result);
    if (guest->account.failed)
        chimera_guest_overdrawn(guest);
    if (code < 0 && !(guest->grants && guest->grants->has_undefined_failures))
        trap_with(guest, builtin->name, err.text);
    return code == CHIMERA_OK;
}

static uint32_t dispatch(struct chimera_guest *guest, uint32_t id, const uint32_t *values,
                         unsigned count)
{
    chimera_import_enter_pure(guest); /* unless the builtin is not */
    struct chimera_rego *rego = require_rego(guest);
    const struct chimera_rego_builtin *builtin =
        id < rego->builtin_count ? rego->builtin[id] : NULL;
    if (!builtin || builtin->arity != count)
        chimera_guest_trap(guest, CHIMERA_TRAP_HOST,
                           "call of a builtin that the policy did not declare");
    guest->is_pure = guest->is_pure && builtin->is_pure;
    chimera_rego_empty(rego);
    pull_arguments(guest, rego, values, count, builtin->name);
    uint32_t result = 0;
    if (run_builtin(guest, rego, builtin)) {
        write_result(guest, rego, builtin->name);
        chimera_rego_drop_trees(rego);
        result = push_result(guest, rego, builtin->name);
    }
    chimera_rego_empty(rego);
    chimera_guest_recount(guest);
    chimera_import_leave(guest);
    return result;
}

uint32_t chimera_opa_builtin0(struct chimera_guest *guest, uint32_t id, uint32_t context);
uint32_t chimera_opa_builtin1(struct chimera_guest *guest, uint32_t id, uint32_t context,
                              uint32_t a);
uint32_t chimera_opa_builtin2(struct chimera_guest *guest, uint32_t id, uint32_t context,
                              uint32_t a, uint32_t b);
uint32_t chimera_opa_builtin3(struct chimera_guest *guest, uint32_t id, uint32_t context,
                              uint32_t a, uint32_t b, uint32_t c);
uint32_t chimera_opa_builtin4(struct chimera_guest *guest, uint32_t id, uint32_t context,
                              uint32_t a, uint32_t b, uint32_t c, uint32_t d);

uint32_t chimera_opa_builtin0(struct chimera_guest *guest, uint32_t id, uint32_t context)
{
    (void)context;
    return dispatch(guest, id, NULL, 0);
}

uint32_t chimera_opa_builtin1(struct chimera_guest *guest, uint32_t id, uint32_t context,
                              uint32_t a)
{
    (void)context;
    return dispatch(guest, id, (const uint32_t[]){a}, 1);
}

uint32_t chimera_opa_builtin2(struct chimera_guest *guest, uint32_t id, uint32_t context,
                              uint32_t a, uint32_t b)
{
    (void)context;
    return dispatch(guest, id, (const uint32_t[]){a, b}, 2);
}

uint32_t chimera_opa_builtin3(struct chimera_guest *guest, uint32_t id, uint32_t context,
                              uint32_t a, uint32_t b, uint32_t c)
{
    (void)context;
    return dispatch(guest, id, (const uint32_t[]){a, b, c}, 3);
}

uint32_t chimera_opa_builtin4(struct chimera_guest *guest, uint32_t id, uint32_t context,
                              uint32_t a, uint32_t b, uint32_t c, uint32_t d)
{
    (void)context;
    return dispatch(guest, id, (const uint32_t[]){a, b, c, d}, 4);
}
