/* SPDX-License-Identifier: Apache-2.0 */
/* abi_internal.h - what the ABIs of this folder share. */
#ifndef CHIMERA_ABI_INTERNAL_H
#define CHIMERA_ABI_INTERNAL_H

#include "runtime/abi/abi.h"
#include "runtime/base/buffer.h"
#include "runtime/capability/source.h"
#include "runtime/log/log.h"
#include "runtime/plugin/export.h"

/* Buffers of the host's side grow as a guest needs them; what a request leaves behind above this is
 * given back, below it is kept, so that nobody calls malloc for a warm guest. */
#define CHIMERA_ABI_KEPT_BYTES ((size_t)256 * 1024)

/* Most that a guest may hand over at once: an answer, its output, a host call's answer. */
#define CHIMERA_ABI_BUFFER_MAX ((size_t)16 << 20)

/* Why the guest was left; `text` is written only where the host has no fixed words for it. */
#define CHIMERA_ABI_STOP_TEXT 64
const char *chimera_abi_stop_text(const struct chimera_guest *guest,
                                  char text[CHIMERA_ABI_STOP_TEXT]);

/* {"request":…,"settings":…} in pieces that borrow from both. */
void chimera_abi_document(const struct chimera_request *request, struct chimera_slice settings,
                          struct chimera_pieces *ret_pieces);

/* For appends that failed, in an import function: leaves the guest for its account's reason, or for
 * the buffer's own maximum with that text. */
_Noreturn void chimera_abi_refuse(struct chimera_guest *guest, const char *too_large);

/* Makes a host call for `guest` and returns what chimera_capability_call() does. Traps when the
 * names are no UTF-8 or the answer is too large. */
bool chimera_abi_host_call(struct chimera_guest *guest, const uint32_t at_and_size[8],
                           struct chimera_host_answer *answer);

/* Was the guest granted any of the cluster's resources? */
bool chimera_abi_reads_cluster(const struct chimera_guest *guest);

/* What logs call the guest. */
struct chimera_slice chimera_abi_policy_id(const struct chimera_guest *guest);

/* Guest bytes as a slice; traps when they are outside of its memory. */
struct chimera_slice chimera_abi_guest_slice(struct chimera_guest *guest, uint32_t at,
                                             uint32_t size);

/* Is a text that the guest chose UTF-8? However long it is, a deadline ends the look at it. */
bool chimera_abi_is_utf8(struct chimera_guest *guest, struct chimera_slice text);

/* A copy in the arena; empty when there is no room. .data is never NULL. */
struct chimera_slice chimera_abi_keep(struct chimera_arena *arena, struct chimera_slice text);
/* The same of a guest's answer, which its account has to bear. False when there was no room. */
bool chimera_abi_keep_answer(struct chimera_guest *guest, struct chimera_arena *arena,
                             struct chimera_slice text, struct chimera_slice *ret_answer);
/* Why it was not kept: the limit of the account, or that of an answer. */
struct chimera_slice chimera_abi_too_large(struct chimera_guest *guest);

/* Once the guest's account has failed, outside of an import function: that is why it stopped. */
void chimera_abi_note_overdrawn(struct chimera_guest *guest);
/* And that is the response: the time is up, or which limit was reached. */
void chimera_abi_answer_overdrawn(struct chimera_guest *guest,
                                  const struct chimera_request *request,
                                  struct chimera_arena *arena,
                                  struct chimera_response *ret_response);
/* False, and no response, while it has not. */
static inline bool chimera_abi_is_overdrawn(struct chimera_guest *guest,
                                            const struct chimera_request *request,
                                            struct chimera_arena *arena,
                                            struct chimera_response *ret_response)
{
    if (guest->account.failed)
        chimera_abi_answer_overdrawn(guest, request, arena, ret_response);
    return guest->account.failed;
}

/* Reads a ValidationResponse. Where it is none, the response says why behind `wrong`. */
void chimera_abi_read_answer(struct chimera_guest *guest, struct chimera_slice answer,
                             const struct chimera_request *request, struct chimera_arena *arena,
                             const char *wrong, struct chimera_response *ret_response);

#endif
