/* SPDX-License-Identifier: Apache-2.0 */
#include "toolchain/command/deploy/set_difference.h"

#include <stdio.h>
#include <string.h>

#include "runtime/base/cleanup.h"
#include "runtime/json/tree.h"
#include "runtime/plugin/mode.h"
#include "runtime/plugin/toolchain.h"

static void put_text(struct json_object *object, const char *key, const char *text)
{
    if (text)
        json_object_object_add(object, key, json_object_new_string(text));
}

/* --- What a policy is --- */

static void put_digest(struct json_object *object, const char *key,
                       const struct chimera_digest *digest)
{
    char hex[CHIMERA_DIGEST_HEX], text[sizeof(hex) + sizeof("sha256:")];
    chimera_digest_hex(digest, hex);
    snprintf(text, sizeof(text), "sha256:%s", hex);
    put_text(object, key, text);
}

static void put_texts(struct json_object *object, const char *key, char *const *texts)
{
    struct json_object *list = json_object_new_array();
    for (; *texts; texts++)
        json_object_array_add(list, json_object_new_string(*texts));
    json_object_object_add(object, key, list);
}

static void put_mode(struct json_object *object, enum chimera_policy_mode mode)
{
    put_text(object, "policyMode", mode == CHIMERA_MONITOR ? "monitor" : "protect");
}

static struct json_object *describe_policy(const struct policy_spec *policy,
                                           const struct served_module *module)
{
    struct json_object *facts = json_object_new_object(), *settings = NULL;
    put_digest(facts, "module", &module->wasm);
    if (policy->settings)
        chimera_json_parse(chimera_slice_of(policy->settings), &settings, NULL);
    json_object_object_add(facts, "settings", settings ? settings : json_object_new_object());
    put_mode(facts, policy->mode);
    json_object_object_add(facts, "allowedToMutate",
                           json_object_new_boolean(policy->allowed_to_mutate));
    put_text(facts, "message", policy->message);
    if (policy->has_limit)
        json_object_object_add(facts, "timeoutEvalSeconds",
                               json_object_new_uint64(policy->limit_seconds));
    put_texts(facts, "contextAwareResources", policy->resources);
    put_texts(facts, "hostCapabilities", policy->capabilities);
    json_object_object_add(facts, "rules",
                           json_object_get(chimera_json_member(module->metadata.tree, "rules")));
    put_text(facts, "executionMode", chimera_mode_name(module->mode));
    put_text(facts, "toolchain", module->toolchain);
    put_digest(facts, "plugin", &policy->lock);
    return facts;
}

static struct json_object *describe_group(const struct group_spec *group)
{
    struct json_object *facts = json_object_new_object();
    put_text(facts, "expression", group->expression);
    put_text(facts, "message", group->message);
    put_mode(facts, group->mode);
    return facts;
}

/* By id; a member of a group is "group/member". */
static struct json_object *describe(const struct served_set *set)
{
    const struct policies *policies = &set->policies;
    struct json_object *all = json_object_new_object();
    for (size_t i = 0; i < policies->policy_count; i++) {
        const struct policy_spec *policy = &policies->policy[i];
        if (policy->group != NO_GROUP && policies->group[policy->group].first == i)
            json_object_object_add(all, policies->group[policy->group].name,
                                   describe_group(&policies->group[policy->group]));
        json_object_object_add(all, policy->id, describe_policy(policy, &set->modules[i]));
    }
    for (size_t i = 0; i < policies->group_count; i++)
        if (policies->group[i].count == 0)
            json_object_object_add(all, policies->group[i].name,
                                   describe_group(&policies->group[i]));
    return all;
}

/* --- What changed --- */

/* A value that may not be there, which null is not. */
struct side {
    struct json_object *value;
    bool is_there;
};

static struct side side_of(struct json_object *map, const char *key)
{
    struct side side = {0};
    side.is_there = json_object_object_get_ex(map, key, &side.value);
    return side;
}

/* Which of the tools are others, for two lines of digits look alike. */
static void explain_toolchain(struct json_object *change, struct side from, struct side to)
{
    struct chimera_buffer words;
    if (!json_object_is_type(from.value, json_type_string) ||
        !json_object_is_type(to.value, json_type_string))
        return;
    chimera_buffer_init(&words, CHIMERA_TOOLCHAIN_WORDS_MAX);
    chimera_toolchain_explain(json_object_get_string(to.value), json_object_get_string(from.value),
                              &words);
    chimera_buffer_byte(&words, '\0');
    if (!words.failed)
        put_text(change, "words", words.data);
    chimera_buffer_free(&words);
}

static void add_change(struct json_object *changes, const char *key, struct side from,
                       struct side to)
{
    struct json_object *change = json_object_new_object();
    put_text(change, "key", key);
    if (from.is_there)
        json_object_object_add(change, "from", json_object_get(from.value));
    if (to.is_there)
        json_object_object_add(change, "to", json_object_get(to.value));
    if (strcmp(key, "toolchain") == 0)
        explain_toolchain(change, from, to);
    json_object_array_add(changes, change);
}

static void compare_maps(const char *prefix, struct json_object *from, struct json_object *to,
                         struct json_object *changes);

static void compare_member(const char *prefix, const char *name, struct side from, struct side to,
                           struct json_object *changes)
{
    CHIMERA_FREE char *key = NULL;
    if (asprintf(&key, "%s%s%s", prefix, *prefix ? "." : "", name) < 0)
        key = NULL;
    else if (json_object_is_type(from.value, json_type_object) &&
             json_object_is_type(to.value, json_type_object))
        compare_maps(key, from.value, to.value, changes);
    else if (from.is_there != to.is_there || !json_object_equal(from.value, to.value))
        add_change(changes, key, from, to);
}

/* As deep as YAML may be: 128. */
static void compare_maps(const char *prefix, struct json_object *from, struct json_object *to,
                         struct json_object *changes)
{
    json_object_object_foreach(from, name, member)
    {
        compare_member(prefix, name, (struct side){member, true}, side_of(to, name), changes);
    }
    json_object_object_foreach(to, other, added)
    {
        if (!json_object_object_get_ex(from, other, NULL))
            compare_member(prefix, other, (struct side){0}, (struct side){added, true}, changes);
    }
}

static bool has_change(struct json_object *changes, const char *key)
{
    for (size_t i = 0; i < json_object_array_length(changes); i++) {
        struct json_object *change = json_object_array_get_idx(changes, i);
        if (strcmp(json_object_get_string(chimera_json_member(change, "key")), key) == 0)
            return true;
    }
    return false;
}

/* Another module or toolchain makes another plugin: that need not be said. */
static void drop_plugin(struct json_object *changes)
{
    size_t count = json_object_array_length(changes);
    if (count > 1 && has_change(changes, "plugin") &&
        (has_change(changes, "module") || has_change(changes, "toolchain")))
        json_object_array_del_idx(changes, count - 1, 1);
}

static struct json_object *with_id(const char *id, struct json_object *facts)
{
    struct json_object *entry = json_object_new_object();
    put_text(entry, "id", id);
    json_object_object_foreach(facts, key, value)
    {
        json_object_object_add(entry, key, json_object_get(value));
    }
    return entry;
}

static void add_changed(struct json_object *changed, const char *id, struct json_object *from,
                        struct json_object *to)
{
    struct json_object *changes = json_object_new_array();
    compare_maps("", from, to, changes);
    drop_plugin(changes);
    if (json_object_array_length(changes) == 0) {
        json_object_put(changes);
        return;
    }
    struct json_object *entry = json_object_new_object();
    put_text(entry, "id", id);
    json_object_object_add(entry, "changes", changes);
    json_object_array_add(changed, entry);
}

struct json_object *set_difference(const struct served_set *from, const struct served_set *to)
{
    CHIMERA_JSON struct json_object *before = describe(from), *after = describe(to);
    struct json_object *added = json_object_new_array(), *removed = json_object_new_array();
    struct json_object *changed = json_object_new_array(), *out = json_object_new_object();
    json_object_object_foreach(after, id, facts)
    {
        struct json_object *old = chimera_json_member(before, id);
        if (old)
            add_changed(changed, id, old, facts);
        else
            json_object_array_add(added, with_id(id, facts));
    }
    json_object_object_foreach(before, gone, old)
    {
        if (!chimera_json_member(after, gone))
            json_object_array_add(removed, with_id(gone, old));
    }
    bool is_same = json_object_array_length(added) + json_object_array_length(removed) +
                       json_object_array_length(changed) ==
                   0;
    json_object_object_add(out, "same", json_object_new_boolean(is_same));
    json_object_object_add(out, "added", added);
    json_object_object_add(out, "removed", removed);
    json_object_object_add(out, "changed", changed);
    return out;
}
