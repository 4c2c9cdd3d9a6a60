#include "runtime/policy/stop_report.h"

#include <inttypes.h>
#include <stdio.h>

#include "runtime/base/log.h"
#include "runtime/plugin/names.h"

#define TARGET "chimera::trap"

static struct chimera_slice hex(uint32_t number, char ret_text[16])
{
    int size = snprintf(ret_text, 16, "0x%" PRIx32, number);
    return (struct chimera_slice){ret_text, (size_t)size};
}

static void report_place(const char *policy_id, const char *why, const struct chimera_place *place)
{
    char in_wasm[16], in_code[16];
    struct chimera_slice name = {place->name, place->name_size};
    if (place->function ==
        CHIMERA_NO_FUNCTION) /* a helper, called by a function that is not known */
        chimera_log_with(CHIMERA_LOG_WARN, TARGET, CHIMERA_SLICE("the policy was stopped"),
                         CHIMERA_TEXT("policy_id", chimera_slice_of(policy_id)),
                         CHIMERA_TEXT("why", chimera_slice_of(why)), CHIMERA_TEXT("helper", name),
                         CHIMERA_WORD("code_offset", hex(place->code_offset, in_code)));
    else
        chimera_log_with(CHIMERA_LOG_WARN, TARGET, CHIMERA_SLICE("the policy was stopped"),
                         CHIMERA_TEXT("policy_id", chimera_slice_of(policy_id)),
                         CHIMERA_TEXT("why", chimera_slice_of(why)), CHIMERA_TEXT("function", name),
                         CHIMERA_NUMBER("function_index", place->function),
                         CHIMERA_WORD("wasm_offset", hex(place->wasm_offset, in_wasm)),
                         CHIMERA_WORD("code_offset", hex(place->code_offset, in_code)));
}

void chimera_stop_report(const struct chimera_host *host, const char *policy_id)
{
    struct chimera_place place;
    bool is_early = host->stop == CHIMERA_STOP_TRAP || host->stop == CHIMERA_STOP_DEADLINE;
    if (!is_early || !chimera_log_is_on(CHIMERA_LOG_WARN))
        return;
    const char *why = chimera_host_stop_text(host);
    if (host->stop_at && chimera_names_find(host->loaded->names_fd,
                                            host->stop_at - host->loaded->object_start, &place))
        report_place(policy_id, why, &place);
    else
        chimera_log_with(CHIMERA_LOG_WARN, TARGET, CHIMERA_SLICE("the policy was stopped"),
                         CHIMERA_TEXT("policy_id", chimera_slice_of(policy_id)),
                         CHIMERA_TEXT("why", chimera_slice_of(why)));
}
