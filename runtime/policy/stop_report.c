/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/policy/stop_report.h"

#include <inttypes.h>
#include <stdio.h>

#include "runtime/abi/wapc.h"
#include "runtime/log/log.h"
#include "runtime/plugin/names.h"

#define TARGET "chimera::trap"

void (*chimera_stop_tap)(struct chimera_slice policy_id, struct chimera_slice uid,
                         struct chimera_slice function);

static struct chimera_slice hex(uint32_t number, char ret_text[16])
{
    int size = snprintf(ret_text, 16, "0x%" PRIx32, number);
    return (struct chimera_slice){ret_text, (size_t)size};
}

static size_t put_place(const struct chimera_place *place, char ret_in_wasm[16],
                        char ret_in_code[16], struct chimera_log_field *ret_fields)
{
    struct chimera_slice name = {place->name, place->name_size};
    size_t count = 0;
    if (place->function == CHIMERA_NO_FUNCTION) { /* called by a function that is not known */
        ret_fields[count++] = CHIMERA_TEXT("helper", name);
    } else {
        ret_fields[count++] = CHIMERA_TEXT("function", name);
        ret_fields[count++] = CHIMERA_NUMBER("function_index", place->function);
        ret_fields[count++] = CHIMERA_WORD("wasm_offset", hex(place->wasm_offset, ret_in_wasm));
    }
    ret_fields[count++] = CHIMERA_WORD("code_offset", hex(place->code_offset, ret_in_code));
    return count;
}

/* A guest to which its memory was denied ends as it sees fit: often by a trap that says nothing of
 * it. */
static void tell_limit(const struct chimera_guest *guest, const char *policy_id,
                       struct chimera_slice uid)
{
    char why[CHIMERA_LIMIT_TEXT_BYTES];
    struct chimera_log_field fields[3];
    size_t count = 0;
    chimera_guest_limit_text(guest, why);
    fields[count++] = CHIMERA_TEXT("policy_id", chimera_slice_of(policy_id));
    if (uid.data)
        fields[count++] = CHIMERA_TEXT("request_uid", uid);
    fields[count++] = CHIMERA_TEXT("why", chimera_slice_of(why));
    chimera_log_write(CHIMERA_LOG_WARN, TARGET,
                      CHIMERA_SLICE("the policy was denied memory before it ended"), fields, count);
}

void chimera_stop_report(const struct chimera_guest *guest, const char *policy_id,
                         struct chimera_slice uid)
{
    struct chimera_log_field fields[8];
    struct chimera_slice message = CHIMERA_SLICE("the policy was stopped");
    struct chimera_place place;
    char in_wasm[16], in_code[16];
    size_t count = 0;
    bool has_ended = guest->stop == CHIMERA_STOP_NONE || guest->stop == CHIMERA_STOP_SUSPENDED;
    if (guest->has_met_limit && !has_ended && chimera_log_is_on(CHIMERA_LOG_WARN))
        tell_limit(guest, policy_id, uid);
    if (!chimera_guest_was_stopped(guest) ||
        (!chimera_log_is_on(CHIMERA_LOG_ERROR) && !chimera_stop_tap))
        return;
    fields[count++] = CHIMERA_TEXT("policy_id", chimera_slice_of(policy_id));
    if (uid.data)
        fields[count++] = CHIMERA_TEXT("request_uid", uid);
    fields[count++] = CHIMERA_TEXT("error", chimera_slice_of(chimera_guest_stop_text(guest)));
    if (guest->stop_at &&
        chimera_names_find(guest->loaded->names_fd, guest->stop_at - guest->loaded->object_start,
                           &place)) {
        count += put_place(&place, in_wasm, in_code, fields + count);
        if (chimera_stop_tap)
            chimera_stop_tap(chimera_slice_of(policy_id), uid,
                             (struct chimera_slice){place.name, place.name_size});
    }
    /* The reference's words where it has some (policy-server.md §6.4). */
    if (guest->stop == CHIMERA_STOP_DEADLINE)
        message = CHIMERA_SLICE("policy execution time exceeded");
    else if (chimera_wapc_of(guest))
        message = CHIMERA_SLICE("waPC communication error");
    if (chimera_log_is_on(CHIMERA_LOG_ERROR))
        chimera_log_write(CHIMERA_LOG_ERROR, TARGET, message, fields, count);
}
