/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/policy/served.h"

#include "runtime/policy/metadata.h"

#define SETTINGS_ARENA_MAX ((size_t)64 << 20)

void chimera_served_options(const struct policy_spec *spec,
                            struct chimera_policy_options *ret_options)
{
    *ret_options = (struct chimera_policy_options){
        .id = spec->name,
        .settings = chimera_slice_of(spec->settings),
        .memory_limit = spec->extras.memory_limit,
        .capabilities = (const char *const *)spec->capabilities,
        .resources = (const char *const *)spec->resources,
        .gates_inventory = spec->extras.gates_inventory,
        .has_undefined_failures = spec->extras.has_undefined_failures,
        .prints = spec->extras.prints,
        .has_upstream_builtins = spec->extras.has_upstream_builtins,
        .hosts = (const char *const *)spec->extras.hosts,
        .entrypoint = spec->extras.entrypoint};
}

int chimera_served_check_metadata(const struct chimera_manifest *manifest,
                                  struct chimera_error *err)
{
    struct chimera_metadata metadata = {0};
    enum chimera_mode mode;
    if (manifest->mode == CHIMERA_MODE_CHIMERA)
        return CHIMERA_OK;
    int code = CHIMERA_OK;
    if (manifest->metadata)
        code = chimera_metadata_parse(chimera_slice_of(manifest->metadata), &metadata, err);
    if (code == CHIMERA_OK)
        code = chimera_metadata_check_version(&metadata, CHIMERA_READER_SERVER, err);
    if (code == CHIMERA_OK)
        code = chimera_metadata_server_mode(&metadata, &mode, err);
    if (code == CHIMERA_OK && mode != manifest->mode)
        code = chimera_fail(err, CHIMERA_EABI,
                            "the plugin was built as %s, but its policy is %s: build it again",
                            chimera_mode_name(manifest->mode), chimera_mode_name(mode));
    chimera_metadata_done(&metadata);
    return code;
}

int chimera_served_check_settings(struct chimera_policy *policy, unsigned lane,
                                  struct chimera_error *err)
{
    struct chimera_arena arena;
    struct chimera_slice message = {NULL, 0};
    bool is_valid = false;
    chimera_arena_init(&arena, SETTINGS_ARENA_MAX);
    int code = chimera_policy_check_settings(policy, lane, &arena, &is_valid, &message, err);
    if (code == CHIMERA_OK && !is_valid) {
        if (!message.data)
            message = CHIMERA_SLICE("no message");
        code = chimera_fail(err, CHIMERA_EGUEST, CHIMERA_SETTINGS_REFUSED "%.*s", (int)message.size,
                            message.data);
    }
    chimera_arena_free(&arena);
    return code;
}
