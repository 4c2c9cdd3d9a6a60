/* SPDX-License-Identifier: Apache-2.0 */
#include "toolchain/command/fetch_many.h"

#include "toolchain/command/commands.h"

#define RUNS_MAX 8

struct slot {
    struct chimera_fetch_run run;
    struct chimera_error err;
    int code; /* of its start */
};

static int finish(struct slot *slot, size_t index, fetch_report *report, void *context)
{
    struct chimera_fetched fetched = {0};
    if (slot->code == CHIMERA_OK)
        slot->code = chimera_fetch_finish(&slot->run, &fetched, &slot->err);
    int status = report(context, index, slot->code, &fetched, &slot->err);
    chimera_fetched_done(&fetched);
    return status;
}

int fetch_many(const struct chimera_fetch_options *options, const char *const *uris, size_t count,
               fetch_report *report, void *context)
{
    struct slot slots[RUNS_MAX];
    int code = EXIT_GOOD;
    for (size_t i = 0, started = 0; i < count; i++) {
        for (; started < count && started < i + RUNS_MAX; started++) {
            struct slot *slot = &slots[started % RUNS_MAX];
            slot->err = (struct chimera_error){0};
            slot->code = chimera_fetch_start(options, uris[started], &slot->run, &slot->err);
        }
        if (finish(&slots[i % RUNS_MAX], i, report, context) != EXIT_GOOD)
            code = EXIT_FAILED;
    }
    return code;
}
