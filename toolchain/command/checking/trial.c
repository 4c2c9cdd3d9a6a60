/* SPDX-License-Identifier: Apache-2.0 */
#include "toolchain/command/checking/trial.h"

#include <string.h>

#include "compiler/tool/confine.h"
#include "runtime/log/log.h"
#include "runtime/policy/policy.h"
#include "toolchain/command/checking/guest_child.h"
#include "toolchain/command/checking/start_note.h"

#define TARGET "chimera::trial"
#define LIMIT_MS 10000u        /* of the policy's start */
#define WAIT_MS (3 * LIMIT_MS) /* of the child, which may be slow to get a processor */

bool trial_is_final(int code)
{
    return code == CHIMERA_ETRAP || code == CHIMERA_EMODULE || code == CHIMERA_ELIMIT ||
           code == CHIMERA_EGUEST;
}

int trial_fail(const struct chimera_error *said, struct chimera_error *err)
{
    static const char preface[] = "PolicyEvaluatorPre: ";
    const char *at = strstr(said->text, preface);
    return chimera_fail(err, said->code, TRIAL_FAILURE "%.900s",
                        at ? at + sizeof(preface) - 1 : said->text);
}

static int start_policy(const void *context, struct chimera_error *err)
{
    static const char *const everything[] = {"*", NULL};
    const struct chimera_policy_options options = {
        .id = "trial", .limit_ms = LIMIT_MS, .lanes = 1, .capabilities = everything};
    struct chimera_loaded *loaded = NULL;
    struct chimera_policy *policy = NULL;
    if (chimera_plugin_load(context, &loaded, err) < 0)
        return CHIMERA_EIO; /* damaged a moment after it was verified: no word on the policy */
    if (!chimera_confine_guest())
        return chimera_fail_errno(err, "it cannot be confined");
    int code = chimera_policy_open(loaded, &options, &policy, err);
    return code < 0 ? code : chimera_policy_warm(policy, 0, err);
}

bool trial_starts(const char *plugin, struct chimera_cache *cache, struct chimera_error *ret_why)
{
    const struct start_note note = {.plugin = plugin};
    struct chimera_error said = {.code = CHIMERA_EIO, .text = "it ended without a word"};
    if (start_note_is_there(&note, cache))
        return true;
    bool is_heard = guest_child_ask(start_policy, plugin, WAIT_MS, &said);
    chimera_log_with(CHIMERA_LOG_DEBUG, TARGET, CHIMERA_SLICE("tried whether it starts"),
                     CHIMERA_TEXT("path", chimera_slice_of(plugin)),
                     CHIMERA_BOOL("heard", is_heard), CHIMERA_NUMBER("code", said.code),
                     CHIMERA_TEXT("said", chimera_slice_of(said.text)));
    if (is_heard && said.code == CHIMERA_OK)
        start_note_put(&note, cache);
    if (!is_heard || !trial_is_final(said.code))
        return true;
    trial_fail(&said, ret_why);
    return false;
}
