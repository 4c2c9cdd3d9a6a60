/* SPDX-License-Identifier: Apache-2.0 */
/* Nothing here can fail or be waited for: all memory is there before the guest runs, for the calls
 * come on the guest's stack, which may be left at any time behind them. */
#include "runtime/instance/profile.h"

#include <stdlib.h>
#include <string.h>

#include "runtime/instance/counter.h"
#include "runtime/plugin/counter.h"

#define TABLE_SIZE (4u * CHIMERA_PROFILE_NODES_MAX) /* a power of two */

int chimera_profile_new(struct chimera_profile **ret_profile, struct chimera_error *err)
{
    struct chimera_profile *profile = calloc(1, sizeof(*profile));
    if (profile) {
        profile->node = calloc(CHIMERA_PROFILE_NODES_MAX, sizeof(*profile->node));
        profile->table = calloc(TABLE_SIZE, sizeof(*profile->table));
    }
    if (!profile || !profile->node || !profile->table) {
        chimera_profile_free(profile);
        return chimera_fail_memory(err);
    }
    *ret_profile = profile;
    return CHIMERA_OK;
}

void chimera_profile_free(struct chimera_profile *profile)
{
    if (!profile)
        return;
    free(profile->node);
    free(profile->table);
    free(profile);
}

/* --- The tree --- */

static uint32_t *place_of(const struct chimera_profile *profile, uint32_t parent, uint32_t function)
{
    uint64_t hash = ((uint64_t)parent << 32 | function) * 0x9e3779b97f4a7c15ull;
    return &profile->table[(hash >> 32) & (TABLE_SIZE - 1)];
}

/* NONE when there is no room. */
static uint32_t add_node(struct chimera_profile *profile, uint32_t parent, uint32_t function)
{
    if (profile->count == CHIMERA_PROFILE_NODES_MAX)
        return CHIMERA_PROFILE_NONE;
    uint32_t made = profile->count++;
    profile->node[made] = (struct chimera_profile_node){
        .function = function, .parent = parent, .next = CHIMERA_PROFILE_NONE};
    if (parent != CHIMERA_PROFILE_NONE) {
        uint32_t *place = place_of(profile, parent, function);
        profile->node[made].depth = profile->node[parent].depth + 1;
        profile->node[made].next = *place;
        *place = made;
    }
    return made;
}

static uint32_t child_of(struct chimera_profile *profile, uint32_t parent, uint32_t function)
{
    uint32_t at = *place_of(profile, parent, function);
    while (at != CHIMERA_PROFILE_NONE &&
           (profile->node[at].parent != parent || profile->node[at].function != function))
        at = profile->node[at].next;
    if (at != CHIMERA_PROFILE_NONE || profile->node[parent].depth >= CHIMERA_PROFILE_DEPTH_MAX)
        return at;
    return add_node(profile, parent, function);
}

static void enter(struct chimera_profile *profile, uint32_t function)
{
    uint32_t child =
        profile->skipped > 0 ? CHIMERA_PROFILE_NONE : child_of(profile, profile->current, function);
    if (child != CHIMERA_PROFILE_NONE) {
        profile->current = child;
        return;
    }
    profile->skipped++;
    profile->is_cut = true;
}

static void leave(struct chimera_profile *profile, uint32_t function)
{
    if (profile->skipped > 0) {
        profile->skipped--;
        return;
    }
    if (profile->current == profile->root) {
        uint32_t root = add_node(profile, CHIMERA_PROFILE_NONE, CHIMERA_PROFILE_OPEN);
        if (root == CHIMERA_PROFILE_NONE) {
            profile->is_cut = true;
            return;
        }
        profile->node[profile->root].function = function;
        profile->node[profile->root].parent = root;
        profile->root = root;
    }
    profile->current = profile->node[profile->current].parent;
}

/* --- The guest's calls --- */

/* What was counted since the last event is of the function that ran since then. */
static void take_count(const struct chimera_guest *guest)
{
    struct chimera_profile *profile = guest->profile;
    uint64_t now = chimera_guest_counted(guest);
    profile->node[profile->current].self += now - profile->last;
    profile->last = now;
}

/* Of the form that plugins/policy/prelude.h calls. */
static void on_event(struct chimera_guest *guest, uint32_t function, uint32_t is_leaving)
{
    take_count(guest);
    if (is_leaving)
        leave(guest->profile, function);
    else
        enter(guest->profile, function);
}

int chimera_guest_profile(struct chimera_guest *guest, struct chimera_profile *profile,
                          struct chimera_error *err)
{
    if (profile && guest->loaded->profile_offset == 0)
        return chimera_fail(err, CHIMERA_EINVAL, "the plugin %s was not made to be profiled",
                            guest->loaded->path);
    guest->profile = profile;
    return CHIMERA_OK;
}

/* In the instance; a reset takes it out of there again. */
static void set_hook(struct chimera_guest *guest,
                     void (*hook)(struct chimera_guest *, uint32_t, uint32_t))
{
    memcpy((char *)guest->instance + guest->loaded->profile_offset, (const void *)&hook,
           sizeof(hook));
}

void chimera_profile_begin(struct chimera_guest *guest)
{
    struct chimera_profile *profile = guest->profile;
    if (!profile)
        return;
    memset(profile->table, 0xff, TABLE_SIZE * sizeof(*profile->table)); /* NONE */
    profile->count = profile->skipped = 0;
    profile->is_cut = false;
    profile->root = profile->current =
        add_node(profile, CHIMERA_PROFILE_NONE, CHIMERA_PROFILE_OPEN);
    profile->last = chimera_guest_counted(guest);
    set_hook(guest, on_event);
}

void chimera_profile_end(struct chimera_guest *guest)
{
    if (!guest->profile)
        return;
    take_count(guest);
    set_hook(guest, NULL);
}
