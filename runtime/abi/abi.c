/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/abi/abi.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

#include "runtime/abi/abi_internal.h"
#include "runtime/capability/dispatch.h"
#include "runtime/text/utf8.h"

#define UTF8_PIECE ((size_t)16 * 1024)
#define UTF8_CHARACTER_MAX 4

#define INTERNAL_PREFIX "internal server error: "

const struct chimera_abi *chimera_abi_of(enum chimera_mode mode)
{
    static const struct chimera_abi *const abis[] = {&chimera_abi_wapc, &chimera_abi_wasi,
                                                     &chimera_abi_opa, &chimera_abi_gatekeeper,
                                                     &chimera_abi_chimera};
    for (size_t i = 0; i < sizeof(abis) / sizeof(*abis); i++)
        if (abis[i]->mode == mode)
            return abis[i];
    return NULL;
}

/* vsnprintf into the arena, behind `prefix`. .data is NULL when there is no room. */
__attribute__((format(printf, 3, 0))) static struct chimera_slice
print(struct chimera_arena *arena, const char *prefix, const char *format, va_list arguments)
{
    va_list again;
    va_copy(again, arguments);
    int size = vsnprintf(NULL, 0, format, again);
    va_end(again);
    size_t before = strlen(prefix);
    char *text = size < 0 ? NULL : chimera_arena_take(arena, before + (size_t)size + 1);
    if (!text)
        return (struct chimera_slice){0};
    memcpy(text, prefix, before);
    vsnprintf(text + before, (size_t)size + 1, format, arguments);
    return (struct chimera_slice){text, before + (size_t)size};
}

struct chimera_response chimera_abi_failure(const struct chimera_request *request, bool is_internal,
                                            struct chimera_arena *arena, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    struct chimera_slice text = print(arena, is_internal ? INTERNAL_PREFIX : "", format, arguments);
    va_end(arguments);
    if (!text.data)
        text = CHIMERA_SLICE(INTERNAL_PREFIX "no memory for the reason");
    return chimera_response_reject_code(request->uid, text, 500);
}

const char *chimera_abi_stop_text(const struct chimera_guest *guest,
                                  char text[CHIMERA_ABI_STOP_TEXT])
{
    if (guest->stop != CHIMERA_STOP_EXIT)
        return chimera_guest_stop_text(guest);
    snprintf(text, CHIMERA_ABI_STOP_TEXT, "Exited with i32 exit status %" PRIu32, guest->exit_code);
    return text;
}

void chimera_abi_document(const struct chimera_request *request, struct chimera_slice settings,
                          struct chimera_pieces *ret_pieces)
{
    ret_pieces->count = 0;
    ret_pieces->size = 0;
    chimera_pieces_add(ret_pieces, CHIMERA_SLICE("{\"request\":"));
    chimera_pieces_add_all(ret_pieces, &request->json);
    chimera_pieces_add(ret_pieces, CHIMERA_SLICE(",\"settings\":"));
    chimera_pieces_add(ret_pieces, settings);
    chimera_pieces_add(ret_pieces, CHIMERA_SLICE("}"));
}

static const struct chimera_grants *grants_of(const struct chimera_guest *guest)
{
    static const struct chimera_grants none = {.policy_id = ""};
    return guest->grants ? guest->grants : &none;
}

bool chimera_abi_reads_cluster(const struct chimera_guest *guest)
{
    const char *const *resources = grants_of(guest)->resources;
    return resources && *resources;
}

struct chimera_slice chimera_abi_policy_id(const struct chimera_guest *guest)
{
    return chimera_slice_of(grants_of(guest)->policy_id);
}

struct chimera_slice chimera_abi_guest_slice(struct chimera_guest *guest, uint32_t at,
                                             uint32_t size)
{
    return (struct chimera_slice){(const char *)chimera_guest_bytes(guest, at, size), size};
}

_Noreturn void chimera_abi_refuse(struct chimera_guest *guest, const char *too_large)
{
    if (guest->account.failed)
        chimera_guest_overdrawn(guest);
    chimera_guest_trap(guest, CHIMERA_TRAP_HOST, too_large);
}

bool chimera_abi_is_utf8(struct chimera_guest *guest, struct chimera_slice text)
{
    while (text.size > 0) {
        struct chimera_slice piece = {text.data, text.size < UTF8_PIECE ? text.size : UTF8_PIECE};
        size_t good = chimera_utf8_prefix(piece);
        bool may_be_cut = piece.size < text.size && piece.size - good < UTF8_CHARACTER_MAX;
        if (good < piece.size && !may_be_cut)
            return false;
        text.data += good;
        text.size -= good;
        chimera_guest_spend(guest, piece.size / 2);
    }
    return true;
}

bool chimera_abi_host_call(struct chimera_guest *guest, const uint32_t at_and_size[8],
                           struct chimera_host_answer *answer)
{
    struct chimera_slice part[4];
    for (size_t i = 0; i < 4; i++)
        part[i] = chimera_abi_guest_slice(guest, at_and_size[2 * i], at_and_size[2 * i + 1]);
    for (size_t i = 0; i < 3; i++)
        if (!chimera_abi_is_utf8(guest, part[i]))
            chimera_guest_trap(guest, CHIMERA_TRAP_HOST, "a host call's name is not UTF-8");
    struct chimera_guest_request call = {
        .binding = part[0], .name_space = part[1], .operation = part[2], .payload = part[3]};
    bool is_ok = chimera_capability_call(grants_of(guest), &call, answer);
    /* What is shared is the broker's memory, and has a limit there; the guest's copy counts as its
     * own. */
    size_t size = chimera_host_answer_bytes(answer).size;
    if (answer->text->failed || guest->account.failed ||
        size > (answer->shared ? UINT32_MAX : CHIMERA_ABI_BUFFER_MAX))
        chimera_abi_refuse(guest, "the answer to a host call is too large");
    return is_ok;
}

struct chimera_slice chimera_abi_keep(struct chimera_arena *arena, struct chimera_slice text)
{
    if (text.size == 0)
        return CHIMERA_SLICE("");
    struct chimera_slice copy = chimera_arena_copy(arena, text);
    return copy.data ? copy : CHIMERA_SLICE("");
}

bool chimera_abi_keep_answer(struct chimera_guest *guest, struct chimera_arena *arena,
                             struct chimera_slice text, struct chimera_slice *ret_answer)
{
    struct chimera_slice kept = CHIMERA_SLICE("");
    if (chimera_account_spend(&guest->account, text.size / 8) == CHIMERA_OK &&
        chimera_account_take(&guest->account, text.size) == CHIMERA_OK)
        kept = chimera_abi_keep(arena, text);
    *ret_answer = kept;
    return kept.size == text.size;
}

void chimera_abi_note_overdrawn(struct chimera_guest *guest)
{
    if (guest->account.failed == CHIMERA_EDEADLINE) {
        guest->stop = CHIMERA_STOP_DEADLINE;
        return;
    }
    guest->stop = CHIMERA_STOP_TRAP;
    guest->trap = CHIMERA_TRAP_HOST;
    chimera_guest_limit_text(guest, guest->stop_text);
}

struct chimera_slice chimera_abi_too_large(struct chimera_guest *guest)
{
    if (!guest->account.failed)
        return CHIMERA_SLICE("the policy's answer is too large");
    chimera_abi_note_overdrawn(guest);
    return chimera_slice_of(chimera_guest_stop_text(guest));
}

void chimera_abi_answer_overdrawn(struct chimera_guest *guest,
                                  const struct chimera_request *request,
                                  struct chimera_arena *arena,
                                  struct chimera_response *ret_response)
{
    chimera_abi_note_overdrawn(guest);
    if (guest->stop == CHIMERA_STOP_DEADLINE)
        *ret_response = chimera_abi_failure(request, false, arena, "%s", CHIMERA_DEADLINE_TEXT);
    else
        *ret_response =
            chimera_abi_failure(request, true, arena, "%s", chimera_guest_stop_text(guest));
}

void chimera_abi_read_answer(struct chimera_guest *guest, struct chimera_slice answer,
                             const struct chimera_request *request, struct chimera_arena *arena,
                             const char *wrong, struct chimera_response *ret_response)
{
    struct chimera_slice why;
    int code = chimera_response_from_validation_within(answer, request, &guest->account, arena,
                                                       ret_response, &why);
    if (!chimera_abi_is_overdrawn(guest, request, arena, ret_response) && code < 0)
        *ret_response =
            chimera_abi_failure(request, true, arena, "%s: %.*s", wrong, (int)why.size, why.data);
}
