/* SPDX-License-Identifier: Apache-2.0 */
/* inspect_plugin.c - `chimera inspect` of a built plugin: what it was made from and how it starts.
 */
#include <stdio.h>
#include <string.h>

#include "runtime/policy/policy.h"
#include "runtime/text/printable.h"
#include "toolchain/command/author/inspect_plugin.h"
#include "toolchain/command/commands.h"

#define LIMIT_MS 10000 /* for the start */

bool inspect_is_plugin(const char *path)
{
    size_t size = strlen(path);
    return size > 3 && strcmp(path + size - 3, ".so") == 0;
}

static void print_row(const char *name, const char *value)
{
    chimera_printable_say(stdout, NULL, "%-17s%s", name, value);
}

static void print_plugin(const struct chimera_loaded *loaded, const char *start, const char *values)
{
    const struct chimera_plugin *plugin = loaded->plugin;
    char hex[CHIMERA_DIGEST_HEX], memory[64];
    chimera_digest_hex(&loaded->manifest.wasm, hex);
    snprintf(memory, sizeof(memory), "%u pages of 64 KiB, at most %u", plugin->memory_min_pages,
             plugin->memory_max_pages);
    print_row("made from:", hex);
    print_row("execution mode:", chimera_mode_name((enum chimera_mode)plugin->mode));
    print_row("tier:", chimera_tier_name((enum chimera_tier)plugin->tier));
    print_row("toolchain:", plugin->toolchain);
    print_row("memory:", plugin->has_memory ? memory : "none");
    print_row("requests begin:", start);
    if (values[0])
        print_row("values:", values);
}

int inspect_plugin(const char *path)
{
    static struct chimera_loaded *loaded; /* mapped until the process ends */
    const struct chimera_policy_options options = {
        .id = "inspected", .limit_ms = LIMIT_MS, .lanes = 1};
    struct chimera_policy *policy = NULL;
    struct chimera_error err = {0};
    if (strncmp(path, "file://", 7) == 0)
        path += 7;
    if (chimera_plugin_load(path, &loaded, &err) < 0 ||
        chimera_policy_open(loaded, &options, &policy, &err) < 0)
        return say_error("%s", err.text);
    /* Brings one instance to where its requests begin: the only way to know. */
    bool is_warm = chimera_policy_warm(policy, 0, &err) == CHIMERA_OK;
    print_plugin(loaded, is_warm ? chimera_policy_start_text(policy) : err.text,
                 chimera_policy_values_text(policy));
    chimera_policy_close(policy);
    return EXIT_GOOD;
}
