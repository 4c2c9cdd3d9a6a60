/* SPDX-License-Identifier: Apache-2.0 */
#include "toolchain/command/bundle/draft.h"

#include "toolchain/command/commands.h"

static int fail_bundle(const struct bundle_draft *draft, size_t found, struct chimera_error *err)
{
    size_t mistakes = found + draft->missing;
    return chimera_fail(err, CHIMERA_EINVAL, "no bundle was made of %s: %zu mistake%s%s",
                        draft->path, mistakes, mistakes == 1 ? "" : "s",
                        found > 0 ? "; --no-check does not look for more than can be built" : "");
}

/* In the quick tier, before an hour of compiling. */
static void check_policies(struct bundle_draft *draft, struct findings *findings)
{
    for (size_t i = 0; i < draft->policies.policy_count; i++) {
        const char *path = draft->module[draft->module_of[i]].path;
        if (path && !draft->has_no_trial)
            set_check_policy(&draft->check, i, path, findings);
    }
}

int bundle_draft_check_set(struct bundle_draft *draft, const struct chimera_build_options *options,
                           struct chimera_error *err)
{
    struct findings findings = {0};
    if (draft->has_no_check)
        return CHIMERA_OK;
    draft->check.path = draft->path;
    draft->check.text = chimera_buffer_slice(&draft->text);
    draft->check.policies = &draft->policies;
    draft->check.takes_notes = true;
    int code = chimera_builder_new(options, &draft->check.builder, err);
    if (code == CHIMERA_OK) {
        set_check_file(&draft->check, &findings);
        check_policies(draft, &findings);
    }
    chimera_builder_free(draft->check.builder);
    chimera_progress_clear(options->progress);
    findings_say(&findings, draft->is_quiet);
    size_t found = findings.errors;
    findings_done(&findings);
    return code == CHIMERA_OK && found + draft->missing > 0 ? fail_bundle(draft, found, err) : code;
}
