/* SPDX-License-Identifier: Apache-2.0 */
#include "toolchain/command/fetch_many.h"

#include "toolchain/command/commands.h"

#define RUNS_MAX 8

struct slot {
    struct chimera_fetch_run run;
    struct chimera_error err;
    int code; /* of its start */
};

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
        struct slot *first = &slots[i % RUNS_MAX];
        struct chimera_fetched fetched = {0};
        if (first->code == CHIMERA_OK)
            first->code = chimera_fetch_finish(&first->run, &fetched, &first->err);
        if (report(context, i, first->code, &fetched, &first->err) != EXIT_GOOD)
            code = EXIT_FAILED;
        chimera_fetched_done(&fetched);
    }
    return code;
}
