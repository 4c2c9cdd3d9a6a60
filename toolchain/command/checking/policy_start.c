/* SPDX-License-Identifier: Apache-2.0 */
#include "toolchain/command/checking/policy_start.h"

#include <string.h>

#include "compiler/tool/confine.h"
#include "runtime/policy/served.h"
#include "toolchain/command/checking/guest_child.h"
#include "toolchain/command/checking/trial.h"

#define SLACK_MS 30000u     /* of the child, which may be slow to get a processor */
#define WAIT_MS_MAX 600000u /* where an evaluation may take as long as it wants */

static int open_and_ask(const struct policy_start *start, const struct chimera_loaded *loaded,
                        struct chimera_error *err)
{
    struct chimera_policy_options options;
    struct chimera_policy *policy = NULL;
    chimera_served_options(start->spec, &options);
    options.limit_ms = start->limit_ms;
    options.lanes = 1;
    int code = chimera_policy_open(loaded, &options, &policy, err);
    if (code == CHIMERA_OK)
        code = chimera_served_check_settings(policy, 0, err);
    return code < 0 ? code : chimera_policy_warm(policy, 0, err);
}

static int start_policy(const void *context, struct chimera_error *err)
{
    const struct policy_start *start = context;
    struct chimera_loaded *loaded = NULL;
    int code = chimera_plugin_load_locked(start->plugin, start->lock, &loaded, err);
    if (code == CHIMERA_OK)
        code = chimera_served_check_metadata(&loaded->manifest, err);
    if (code < 0)
        return code;
    if (!chimera_confine_guest())
        return chimera_fail_errno(err, "it cannot be confined");
    return open_and_ask(start, loaded, err);
}

int policy_start_check(const struct policy_start *start, struct chimera_error *err)
{
    struct chimera_error said = {0};
    bool is_bounded = start->limit_ms > 0 && start->limit_ms < WAIT_MS_MAX;
    unsigned wait_ms = (is_bounded ? 2 * start->limit_ms : WAIT_MS_MAX) + SLACK_MS;
    if (!guest_child_ask(start_policy, start, wait_ms, &said))
        return chimera_fail(err, CHIMERA_EIO,
                            "it did not start within %u s, or ended without a word: whether its "
                            "settings are good is not known",
                            wait_ms / 1000);
    bool is_settings =
        strncmp(said.text, CHIMERA_SETTINGS_REFUSED, strlen(CHIMERA_SETTINGS_REFUSED)) == 0;
    if (said.code < 0 && !is_settings && trial_is_final(said.code))
        return trial_fail(&said, err);
    return said.code < 0 ? chimera_fail(err, said.code, "%s", said.text) : CHIMERA_OK;
}
