/* SPDX-License-Identifier: Apache-2.0 */
#include "toolchain/command/running/run_options.h"

static const struct {
    const char *name;
    const char *why;
} refused[] = {
    {"record-host-capabilities-interactions", ": it answers no host capabilities"},
    {"replay-host-capabilities-interactions", ": it answers no host capabilities"},
};

int run_options_check(const struct chimera_cli_options *options, struct chimera_error *err)
{
    for (size_t i = 0; i < sizeof(refused) / sizeof(*refused); i++)
        if (chimera_cli_is_given(options, refused[i].name))
            return chimera_fail(err, CHIMERA_EREFUSED,
                                "--%s is not supported by this version of chimera yet%s",
                                refused[i].name, refused[i].why);
    return CHIMERA_OK;
}
