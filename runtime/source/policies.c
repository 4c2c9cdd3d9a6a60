/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/source/policies.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "runtime/base/cleanup.h"
#include "runtime/base/file.h"
#include "runtime/source/policies_keys.h"
#include "runtime/source/policies_read.h"
#include "runtime/source/reference.h"
#include "runtime/yaml/adapt.h"

#define FILE_MAX ((size_t)64 << 20)

/* Twice in an entry a key that is read makes it unreadable for the reference, too; others do not.
 */
const struct chimera_yaml_options policies_yaml = {
    .single_keys = policies_key_names, .string_keys_only = true, .empty_is_map = true};

static int fail_load(const char *path, int code, const char *why, struct chimera_error *err)
{
    return chimera_fail(err, code, "error while loading policies from \"%s\": %s", path, why);
}

static int read_file(const char *path, struct chimera_buffer *text, struct chimera_error *err)
{
    struct chimera_error why = {0};
    if (access(path, R_OK) != 0)
        chimera_fail_os(&why, errno);
    else if (chimera_file_read(path, text, &why) == CHIMERA_OK &&
             chimera_yaml_adapt(text, &why) == CHIMERA_OK)
        return CHIMERA_OK;
    return fail_load(path, why.code, why.text, err);
}

/* What is no text at all, in the place of the one that names it. */
static int check_text(struct chimera_slice text, const char *path, struct chimera_error *err)
{
    if (text.size >= 4 && memcmp(text.data, "\0asm", 4) == 0)
        return chimera_fail(err, CHIMERA_EINVAL,
                            "%s is a WebAssembly module, and a policies.yml is wanted, which names "
                            "it: \"NAME: {module: ./FILE.wasm}\"",
                            path);
    return CHIMERA_OK;
}

/* The folder of the file, which modules are relative to. Owned by the caller; NULL: it is gone, or
 * no memory. */
static char *folder_of(const char *path)
{
    const char *slash = strrchr(path, '/');
    if (!slash)
        return realpath(".", NULL);
    CHIMERA_FREE char *folder = strndup(path, slash == path ? 1 : (size_t)(slash - path));
    return folder ? realpath(folder, NULL) : NULL;
}

static int locate_modules(const char *path, struct policies *policies, struct chimera_error *err)
{
    CHIMERA_FREE char *folder = folder_of(path);
    int code = CHIMERA_OK;
    for (size_t i = 0; folder && code == CHIMERA_OK && i < policies->policy_count; i++) {
        struct policy_spec *policy = &policies->policy[i];
        code = chimera_reference_resolve(policy->module, folder, &policy->location, err);
        if (code == CHIMERA_OK && !policy->location)
            policy->meant = chimera_reference_meant(policy->module, folder);
    }
    return code;
}

int policies_parse(struct chimera_slice text, const char *path, enum policies_limits limits,
                   struct policies *ret_policies, struct chimera_error *err)
{
    struct policies policies = {0};
    struct chimera_document document;
    struct chimera_problems warnings = {0};
    int code = check_text(text, path, err);
    if (code < 0)
        return code;
    if (chimera_document_read(&document, text, &policies_yaml))
        code = policies_take(&document, limits, &policies, &warnings);
    if (code < 0)
        fail_load(path, code, chimera_code_text(code), err);
    else
        code = chimera_problems_fail(&document.problems, path, CHIMERA_EINVAL, err);
    if (code == CHIMERA_OK)
        code = locate_modules(path, &policies, err);
    policies.warnings = chimera_problems_text(&warnings, path);
    chimera_problems_done(&warnings);
    chimera_document_done(&document);
    if (code < 0)
        policies_done(&policies);
    else
        *ret_policies = policies;
    return code;
}

int policies_read(const char *path, enum policies_limits limits, struct policies *ret_policies,
                  struct chimera_error *err)
{
    struct chimera_buffer text;
    chimera_buffer_init(&text, FILE_MAX);
    int code = read_file(path, &text, err);
    if (code == CHIMERA_OK)
        code = policies_parse(chimera_buffer_slice(&text), path, limits, ret_policies, err);
    if (text.data) /* tenants are forks of this process (main.c), and this has all settings */
        explicit_bzero(text.data, text.capacity);
    chimera_buffer_free(&text);
    return code;
}
