/* SPDX-License-Identifier: Apache-2.0 */
#include "toolchain/command/bundle/draft.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "compiler/fetch/store/store.h"
#include "runtime/base/cleanup.h"
#include "runtime/text/printable.h"
#include "runtime/text/problems.h"
#include "toolchain/command/commands.h"
#include "toolchain/command/fetch_many.h"

static void warn(void *context, const char *line)
{
    (void)context;
    chimera_printable_say(stderr, "Warning", "%s", line);
}

int bundle_draft_read_policies(struct bundle_draft *draft, struct chimera_error *err)
{
    int code = set_check_read(&draft->check, draft->path, &draft->text, &draft->policies, err);
    if (code < 0)
        return code;
    if (draft->policies.warnings && draft->has_no_check) /* else it tells them */
        chimera_lines_each(chimera_slice_of(draft->policies.warnings), warn, NULL);
    draft->module = calloc(draft->policies.policy_count + 1, sizeof(*draft->module));
    draft->module_of = calloc(draft->policies.policy_count + 1, sizeof(*draft->module_of));
    if (!draft->module || !draft->module_of)
        return chimera_fail_memory(err);
    for (size_t i = 0; i < draft->policies.policy_count; i++) {
        const struct policy_spec *policy = &draft->policies.policy[i];
        const char *name = policy->module;
        size_t at = 0;
        while (at < draft->module_count && strcmp(draft->module[at].name, name) != 0)
            at++;
        draft->module_of[i] = at;
        if (at == draft->module_count)
            draft->module[draft->module_count++] =
                (struct bundle_module){.name = name,
                                       .location = policy_spec_location(policy),
                                       .meant = policy->meant ? policy->meant : ""};
    }
    return CHIMERA_OK;
} /* Names the policies that the module is for, by the first of them. */
void bundle_draft_say_failure(const struct bundle_draft *draft, size_t module, const char *why)
{
    const char *first = NULL;
    size_t more = 0;
    for (size_t i = 0; i < draft->policies.policy_count; i++) {
        if (draft->module_of[i] != module)
            continue;
        more += first != NULL;
        first = first ? first : draft->policies.policy[i].id;
    }
    if (more)
        say_error("policy \"%s\" and %zu more: %s", first, more, why);
    else
        say_error("policy \"%s\": %s", first, why);
}

/* The first with the module. */
static const struct policy_spec *policy_of(const struct bundle_draft *draft, size_t module)
{
    size_t at = 0;
    while (draft->module_of[at] != module)
        at++;
    return &draft->policies.policy[at];
}

/* The registry's manifest that the reference means: the one that it names, or that the store knows
 * of. Never what a registry has just said, or a set that was fetched before would have another
 * lock.
 */
static void note_image(const struct bundle_draft *draft, struct bundle_module *module,
                       const char *path)
{
    const char *at = strrchr(module->name, '@');
    if (strstr(module->location, "file:") == module->location)
        return;
    if (at && chimera_oci_digest_is_good(chimera_slice_of(at + 1)))
        snprintf(module->image_digest, sizeof(module->image_digest), "%s", at + 1);
    else if (!chimera_store_image_find(draft->fetch->store, path, module->image_digest) ||
             !chimera_oci_digest_is_good(chimera_slice_of(module->image_digest)))
        module->image_digest[0] = '\0';
}

static int take_fetched(void *context, size_t index, int code,
                        const struct chimera_fetched *fetched, const struct chimera_error *err)
{
    struct bundle_draft *draft = context;
    CHIMERA_FREE char *why = NULL;
    fetch_warn_of_trust(fetched);
    memcpy(draft->module[index].signed_digest, fetched->module_digest,
           sizeof(fetched->module_digest));
    if (code == CHIMERA_OK)
        note_image(draft, &draft->module[index], fetched->path);
    if (code == CHIMERA_OK)
        draft->module[index].path = strdup(fetched->path);
    draft->module[index].is_plugin =
        code == CHIMERA_OK && policy_spec_is_plugin(policy_of(draft, index), fetched->path);
    if (draft->module[index].path)
        return EXIT_GOOD;
    draft->missing++;
    const char *name = draft->module[index].name, *meant = draft->module[index].meant;
    int shown = strstr(err->text, name) ? 0 : (int)strcspn(name, "?"); /* a query may be a secret */
    if (code < 0 && asprintf(&why, "%.*s%s%s%s%s%s", shown, name, shown ? ": " : "", err->text,
                             *meant ? "; there is a file of that name: is `" : "", meant,
                             *meant ? "` meant?" : "") < 0)
        why = NULL;
    bundle_draft_say_failure(draft, index, why ? why : "out of memory");
    return EXIT_FAILED;
}

/* One that cannot be had leaves the others to be looked at. */
int bundle_draft_fetch_modules(struct bundle_draft *draft, struct chimera_error *err)
{
    CHIMERA_FREE const char **names =
        (const char **)calloc(draft->module_count + 1, sizeof(*names));
    if (!names)
        return chimera_fail_memory(err);
    for (size_t i = 0; i < draft->module_count; i++)
        names[i] = draft->module[i].location;
    fetch_many(draft->fetch, names, draft->module_count, take_fetched, draft);
    return CHIMERA_OK;
}

void bundle_draft_done(struct bundle_draft *draft)
{
    chimera_buffer_free(&draft->text);
    policies_done(&draft->policies);
    for (size_t i = 0; i < draft->module_count; i++)
        free(draft->module[i].path);
    free(draft->module);
    free(draft->module_of);
}
