/* SPDX-License-Identifier: Apache-2.0 */
#include "toolchain/command/author/inspect_bundle.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "runtime/base/cleanup.h"
#include "runtime/base/file.h"
#include "runtime/json/tree.h"
#include "runtime/plugin/manifest.h"
#include "runtime/source/policies_bundle.h"
#include "runtime/text/printable.h"
#include "runtime/text/terminal.h"
#include "toolchain/command/author/inspect_plugin.h"
#include "toolchain/command/author/inspect_toolchain.h"
#include "toolchain/command/columns.h"

#define SHOWN_DIGITS 12

bool inspect_is_bundle(const char *path)
{
    struct stat status;
    return stat(path, &status) == 0 && S_ISDIR(status.st_mode);
}

static void put_text(struct json_object *object, const char *key, const char *text)
{
    json_object_object_add(object, key, json_object_new_string(text));
}

static void put_digest(struct json_object *object, const char *key,
                       const struct chimera_digest *digest)
{
    char hex[CHIMERA_DIGEST_HEX], text[CHIMERA_DIGEST_HEX + sizeof("sha256:")];
    chimera_digest_hex(digest, hex);
    snprintf(text, sizeof(text), "sha256:%s", hex);
    put_text(object, key, text);
}

/* All that belongs to the plugin, in bytes. */
static uint64_t measure(const char *folder, const char *stem)
{
    static const char *const ends[] = {"so", "image", "names", "json"};
    uint64_t bytes = 0;
    for (size_t i = 0; i < sizeof(ends) / sizeof(*ends); i++) {
        char *path = NULL;
        struct stat status;
        if (asprintf(&path, "%s/" CHIMERA_BUNDLE_PLUGINS "/%s.%s", folder, stem, ends[i]) < 0)
            continue;
        if (stat(path, &status) == 0)
            bytes += (uint64_t)status.st_size;
        free(path);
    }
    return bytes;
}

static int put_plugin(const char *folder, const struct chimera_bundle_plugin *plugin,
                      struct json_object *row, struct chimera_error *err)
{
    CHIMERA_FREE char *path = NULL;
    struct chimera_manifest manifest = {0};
    if (asprintf(&path, "%s/" CHIMERA_BUNDLE_PLUGINS "/%s.json", folder, plugin->stem) < 0) {
        path = NULL;
        return chimera_fail_memory(err);
    }
    int code = chimera_manifest_read_locked(path, &plugin->file[CHIMERA_BUNDLE_PART_JSON].digest,
                                            &manifest, err);
    if (code < 0)
        return code;
    put_digest(row, "wasm", &plugin->wasm);
    put_text(row, "plugin", plugin->stem);
    put_text(row, "mode", chimera_mode_name(manifest.mode));
    put_text(row, "tier", chimera_tier_name(manifest.tier));
    json_object_object_add(row, "bytes",
                           json_object_new_int64((int64_t)measure(folder, plugin->stem)));
    put_text(row, "toolchain", manifest.toolchain ? manifest.toolchain : "");
    struct json_object *modules = json_object_new_array();
    for (size_t i = 0; i < plugin->module_count; i++)
        json_object_array_add(modules, json_object_new_string(plugin->module[i].reference));
    json_object_object_add(row, "modules", modules);
    chimera_manifest_done(&manifest);
    return CHIMERA_OK;
}

static int put_policies(const char *folder, const struct chimera_bundle *bundle,
                        const struct policies *policies, struct json_object *tree,
                        struct chimera_error *err)
{
    struct json_object *list = json_object_new_array();
    json_object_object_add(tree, "policies", list);
    for (size_t i = 0; i < policies->policy_count; i++) {
        const struct policy_spec *policy = &policies->policy[i];
        struct json_object *row = json_object_new_object();
        json_object_array_add(list, row);
        put_text(row, "id", policy->id);
        int code = put_plugin(folder, chimera_bundle_find(bundle, policy->module), row, err);
        if (code < 0)
            return code;
    }
    if (policies->group_count > 0)
        json_object_object_add(tree, "groups", list = json_object_new_array());
    for (size_t i = 0; i < policies->group_count; i++) {
        struct json_object *row = json_object_new_object();
        put_text(row, "id", policies->group[i].name);
        put_text(row, "expression", policies->group[i].expression);
        json_object_array_add(list, row);
    }
    return CHIMERA_OK;
}

static const char *text_of(struct json_object *row, const char *key)
{
    return json_object_get_string(chimera_json_member(row, key));
}

/* NULL: they differ, or there is none. */
static const char *common_toolchain(struct json_object *list)
{
    const char *first = text_of(json_object_array_get_idx(list, 0), "toolchain");
    for (size_t i = 1; first && i < json_object_array_length(list); i++)
        if (strcmp(text_of(json_object_array_get_idx(list, i), "toolchain"), first) != 0)
            return NULL;
    return first;
}

/* Where all have one toolchain, it is compared with that of this machine. */
static void put_here(struct json_object *tree)
{
    struct json_object *policies = chimera_json_member(tree, "policies");
    const char *toolchain = common_toolchain(policies);
    const char *tier = text_of(json_object_array_get_idx(policies, 0), "tier");
    bool is_quick = tier && strcmp(tier, chimera_tier_name(CHIMERA_TIER_QUICK)) == 0;
    if (toolchain)
        inspect_toolchain_put(tree, toolchain, is_quick ? CHIMERA_TIER_QUICK : CHIMERA_TIER_FULL);
}

int inspect_bundle_read(const char *folder, struct json_object **ret_tree,
                        struct chimera_error *err)
{
    CHIMERA_JSON struct json_object *tree = json_object_new_object();
    CHIMERA_FREE char *signature = chimera_path_join(folder, CHIMERA_BUNDLE_SIGNATURE);
    struct chimera_bundle bundle = {0};
    struct policies policies = {0};
    if (!tree || !signature)
        return chimera_fail_memory(err);
    int code = policies_open_bundle(folder, &bundle, &policies, err);
    if (code == CHIMERA_OK) {
        put_text(tree, "bundle", folder);
        put_digest(tree, "manifest", &bundle.self);
        json_object_object_add(tree, "signature",
                               json_object_new_boolean(access(signature, F_OK) == 0));
        code = put_policies(folder, &bundle, &policies, tree, err);
    }
    if (code == CHIMERA_OK)
        put_here(tree);
    policies_done(&policies);
    chimera_bundle_done(&bundle);
    if (code < 0)
        return code;
    *ret_tree = tree;
    tree = NULL; /* handed over */
    return CHIMERA_OK;
}

/* --- One of its policies --- */

/* The folder before the sign; owned by the caller; NULL: there is none. */
static char *folder_before(const char *argument)
{
    const char *sign = strrchr(argument, '#');
    if (!sign || !sign[1] || access(argument, F_OK) == 0)
        return NULL;
    char *folder = strndup(argument, (size_t)(sign - argument));
    if (folder && !inspect_is_bundle(folder)) {
        free(folder);
        folder = NULL;
    }
    return folder;
}

bool inspect_is_in_bundle(const char *argument)
{
    CHIMERA_FREE char *folder = folder_before(argument);
    return folder;
}

static const struct policy_spec *find(const struct policies *policies, const char *id)
{
    for (size_t i = 0; i < policies->policy_count; i++)
        if (strcmp(policies->policy[i].id, id) == 0)
            return &policies->policy[i];
    return NULL;
}

static int fail_unknown(const char *folder, const char *id, const struct policies *policies,
                        struct chimera_error *err)
{
    char known[500] = "";
    for (size_t i = 0; i < policies->policy_count; i++) {
        size_t used = strlen(known);
        snprintf(known + used, sizeof(known) - used, "%s%.100s", i > 0 ? ", " : "",
                 policies->policy[i].id);
    }
    return chimera_fail(err, CHIMERA_EINVAL, "%.200s has no policy \"%.100s\"; it has %s", folder,
                        id, known);
}

int inspect_bundle_read_one(const char *argument, struct json_object **ret_tree,
                            struct chimera_error *err)
{
    CHIMERA_FREE char *folder = folder_before(argument);
    const char *id = strrchr(argument, '#') + 1;
    struct chimera_bundle bundle = {0};
    struct policies policies = {0};
    if (!folder)
        return chimera_fail_memory(err);
    int code = policies_open_bundle(folder, &bundle, &policies, err);
    const struct policy_spec *policy = code == CHIMERA_OK ? find(&policies, id) : NULL;
    if (policy)
        code = inspect_plugin_read(policy->plugin, &policy->lock, ret_tree, err);
    else if (code == CHIMERA_OK)
        code = fail_unknown(folder, id, &policies, err);
    policies_done(&policies);
    chimera_bundle_done(&bundle);
    return code;
}

/* --- For people --- */

/* Begins with the same digits as the whole, which -o yaml shows. */
static void put_short(const char *digest, char ret_text[SHOWN_DIGITS + 1])
{
    snprintf(ret_text, SHOWN_DIGITS + 1, "%s", digest + strlen("sha256:"));
}

static void put_kib(struct json_object *row, char *to, size_t room)
{
    int64_t bytes = json_object_get_int64(chimera_json_member(row, "bytes"));
    snprintf(to, room, "%lld KiB", (long long)(bytes + 1023) / 1024);
}

static void write_policies(struct json_object *list, bool has_toolchain, struct chimera_buffer *out)
{
    static const char *const titles[] = {"ID",   "MODE", "TIER",     "MODULE",
                                         "SIZE", "FROM", "TOOLCHAIN"};
    struct columns columns = {.width = has_toolchain ? 7 : 6};
    for (size_t i = 0; i < columns.width; i++)
        columns_add(&columns, titles[i], chimera_colour(STDOUT_FILENO, CHIMERA_COLOUR_BOLD));
    for (size_t i = 0; i < json_object_array_length(list); i++) {
        struct json_object *row = json_object_array_get_idx(list, i);
        struct json_object *modules = chimera_json_member(row, "modules");
        char digest[SHOWN_DIGITS + 1], size[32];
        put_short(text_of(row, "wasm"), digest);
        put_kib(row, size, sizeof(size));
        const char *cells[] = {text_of(row, "id"),
                               text_of(row, "mode"),
                               text_of(row, "tier"),
                               digest,
                               size,
                               json_object_get_string(json_object_array_get_idx(modules, 0)),
                               text_of(row, "toolchain")};
        columns_add_row(&columns, cells);
    }
    columns_write(&columns, out);
}

void inspect_bundle_write(struct json_object *tree, struct chimera_buffer *out)
{
    struct json_object *groups = chimera_json_member(tree, "groups");
    struct json_object *policies = chimera_json_member(tree, "policies");
    const char *toolchain = common_toolchain(policies);
    bool is_signed = json_object_get_boolean(chimera_json_member(tree, "signature"));
    chimera_buffer_text(out, "bundle:    ");
    chimera_printable_append(chimera_slice_of(text_of(tree, "bundle")), NULL, out);
    chimera_buffer_print(out, "\nmanifest:  %s\nsignature: %s\n", text_of(tree, "manifest"),
                         is_signed ? CHIMERA_BUNDLE_SIGNATURE " (not verified here)" : "none");
    if (toolchain)
        chimera_buffer_print(out, "toolchain: %s\n", toolchain);
    if (chimera_json_member(tree, "here")) {
        chimera_buffer_text(out, "here:      ");
        chimera_printable_append(chimera_slice_of(text_of(tree, "here")), NULL, out);
        chimera_buffer_byte(out, '\n');
    }
    chimera_buffer_byte(out, '\n');
    write_policies(policies, !toolchain, out);
    for (size_t i = 0; groups && i < json_object_array_length(groups); i++) {
        struct json_object *group = json_object_array_get_idx(groups, i);
        chimera_buffer_text(out, i == 0 ? "\ngroup " : "group ");
        chimera_printable_append(chimera_slice_of(text_of(group, "id")), NULL, out);
        chimera_buffer_text(out, ": ");
        chimera_printable_append(chimera_slice_of(text_of(group, "expression")), NULL, out);
        chimera_buffer_byte(out, '\n');
    }
}
