/* SPDX-License-Identifier: Apache-2.0 */
#include "toolchain/command/bundle/draft.h"

#include <stdio.h>

#include "runtime/base/cleanup.h"
#include "runtime/base/file.h"
#include "runtime/json/tree.h"

static int set_module(struct json_object *entry, const struct bundle_module *module)
{
    char hex[CHIMERA_DIGEST_HEX], text[sizeof(hex) + 8];
    chimera_digest_hex(&module->wasm, hex);
    snprintf(text, sizeof(text), "sha256:%s", hex);
    struct json_object *value = json_object_new_string(text);
    return value && json_object_object_add(entry, "module", value) == 0 ? CHIMERA_OK
                                                                        : CHIMERA_ENOMEM;
}

static int replace_modules(const struct bundle_draft *draft, struct json_object *tree)
{
    int code = CHIMERA_OK;
    for (size_t i = 0; i < draft->policies.policy_count && code == CHIMERA_OK; i++) {
        const struct policy_spec *policy = &draft->policies.policy[i];
        struct json_object *entry = NULL;
        if (policy->group == NO_GROUP) {
            entry = json_object_object_get(tree, policy->name);
        } else {
            entry = json_object_object_get(tree, draft->policies.group[policy->group].name);
            entry = json_object_object_get(json_object_object_get(entry, "policies"), policy->name);
        }
        code = set_module(entry, &draft->module[draft->module_of[i]]);
    }
    return code;
}

int bundle_draft_write_policies(const struct bundle_draft *draft, struct chimera_digest *ret_digest,
                                struct chimera_error *err)
{
    CHIMERA_FREE char *path = chimera_path_join(draft->folder, CHIMERA_BUNDLE_POLICIES);
    CHIMERA_JSON struct json_object *tree = NULL;
    struct chimera_buffer out;
    if (!path)
        return chimera_fail_memory(err);
    int code = chimera_yaml_parse(chimera_buffer_slice(&draft->text), &policies_yaml, &tree, err);
    if (code == CHIMERA_OK && replace_modules(draft, tree) < 0)
        code = chimera_fail_memory(err);
    if (code < 0)
        return code;
    chimera_buffer_init(&out, BUNDLE_POLICIES_MAX);
    chimera_yaml_write(tree, &out);
    if (out.failed || chimera_digest_of(chimera_buffer_slice(&out), ret_digest) < 0)
        code = chimera_fail(err, CHIMERA_ELIMIT, "cannot write %s: %s", path,
                            chimera_code_text(out.failed));
    else
        code = chimera_file_write(path, chimera_buffer_slice(&out), CHIMERA_FILE_CODE, err);
    chimera_buffer_free(&out);
    return code;
}
