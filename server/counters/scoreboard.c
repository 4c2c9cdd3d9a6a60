/* SPDX-License-Identifier: Apache-2.0 */
#include "server/counters/scoreboard.h"

#include <sched.h>
#include <stdio.h>
#include <string.h>

#include "runtime/source/reference.h"
#include "runtime/text/utf8.h"
#include "server/config/plugins.h"

int scoreboard_make(struct shared *shared, struct chimera_error *err)
{
    int code = shared_make(shared, "chimera-board", sizeof(struct scoreboard), true, err);
    if (code < 0)
        return code;
    struct scoreboard *scoreboard = shared->data;
    atomic_store(&scoreboard->count, SCOREBOARD_OTHER + 1);
    return CHIMERA_OK;
}

/* Where the id is in the index, or where it would be. */
static uint32_t find_place(const struct scoreboard *scoreboard, struct chimera_slice id)
{
    /* FNV-1a. */
    uint32_t hash = 0x811c9dc5;
    for (size_t i = 0; i < id.size; i++)
        hash = (hash ^ (unsigned char)id.data[i]) * 0x01000193;
    uint32_t place = hash ^ (hash >> 15);
    for (;; place++) {
        uint32_t number = atomic_load(&scoreboard->index[place & (SCOREBOARD_INDEX - 1)]);
        if (number == SCOREBOARD_OTHER ||
            chimera_slice_equal(scoreboard_id(scoreboard, number), id))
            return place & (SCOREBOARD_INDEX - 1);
    }
}

static void enter(struct scoreboard *scoreboard, struct chimera_slice id)
{
    uint32_t place = find_place(scoreboard, id), number = atomic_load(&scoreboard->count);
    if (id.size > SCOREBOARD_ID_MAX || number >= SCOREBOARD_POLICIES ||
        atomic_load(&scoreboard->index[place]))
        return;
    memcpy(scoreboard->policy[number].id, id.data, id.size);
    scoreboard->policy[number].id_size = (uint32_t)id.size;
    atomic_store(&scoreboard->count,
                 number + 1); /* the id is in place; partner: scoreboard_count() */
    atomic_store(&scoreboard->index[place], (uint16_t)number);
}

void scoreboard_enter(struct scoreboard *scoreboard, const struct policies *policies)
{
    for (size_t i = 0; i < policies->policy_count; i++)
        enter(scoreboard, chimera_slice_of(policies->policy[i].id));
    for (size_t i = 0; i < policies->group_count; i++)
        enter(scoreboard, chimera_slice_of(policies->group[i].name));
}

uint32_t scoreboard_find(const struct scoreboard *scoreboard, struct chimera_slice id)
{
    return scoreboard ? atomic_load(&scoreboard->index[find_place(scoreboard, id)])
                      : SCOREBOARD_OTHER;
}

uint32_t scoreboard_count(const struct scoreboard *scoreboard)
{
    return atomic_load(&scoreboard->count);
}

struct chimera_slice scoreboard_id(const struct scoreboard *scoreboard, uint32_t number)
{
    if (number == SCOREBOARD_OTHER || number >= scoreboard_count(scoreboard))
        return CHIMERA_SLICE("other");
    return (struct chimera_slice){scoreboard->policy[number].id,
                                  scoreboard->policy[number].id_size};
}

/* --- What is said about them --- */

void scoreboard_set_text(char *field, size_t room, const char *text)
{
    size_t size = strnlen(text, room - 1);
    size = chimera_utf8_prefix((struct chimera_slice){text, size});
    memset(field, 0, room);
    memcpy(field, text, size);
}

/* What is between these two is seen whole or not at all; one writer. Partner: read_whole(). */
static void begin_writing(struct scoreboard *scoreboard)
{
    atomic_fetch_add_explicit(&scoreboard->sequence, 1, memory_order_relaxed);
    atomic_thread_fence(memory_order_release);
}

static void end_writing(struct scoreboard *scoreboard)
{
    atomic_fetch_add_explicit(&scoreboard->sequence, 1, memory_order_release);
}

static void read_whole(const struct scoreboard *scoreboard, const void *from, void *to, size_t size)
{
    for (;;) {
        uint32_t before = atomic_load_explicit(&scoreboard->sequence, memory_order_acquire);
        memcpy(to, from, size);
        atomic_thread_fence(memory_order_acquire);
        if (before % 2 == 0 &&
            atomic_load_explicit(&scoreboard->sequence, memory_order_relaxed) == before)
            return;
        sched_yield();
    }
}

static void show_policy(struct scoreboard *scoreboard, const struct policies *policies,
                        const struct policy_spec *policy)
{
    uint32_t number = scoreboard_find(scoreboard, chimera_slice_of(policy->id));
    struct scoreboard_spec *spec = &scoreboard->policy[number].spec;
    struct chimera_shown_name shown;
    if (number == SCOREBOARD_OTHER)
        return;
    *spec = (struct scoreboard_spec){.is_configured = 1,
                                     .is_monitor = policy->mode == CHIMERA_MONITOR,
                                     .may_mutate = policy->allowed_to_mutate};
    if (policy->group != NO_GROUP)
        spec->group =
            scoreboard_find(scoreboard, chimera_slice_of(policies->group[policy->group].name));
    scoreboard_set_text(spec->source, sizeof(spec->source),
                        chimera_reference_show(policy->module, &shown));
}

void scoreboard_show(struct scoreboard *scoreboard, const struct policies *policies)
{
    begin_writing(scoreboard);
    for (uint32_t i = 0; i < scoreboard_count(scoreboard); i++)
        scoreboard->policy[i].spec.is_configured = 0;
    for (size_t i = 0; i < policies->policy_count; i++)
        show_policy(scoreboard, policies, &policies->policy[i]);
    for (size_t i = 0; i < policies->group_count; i++) {
        uint32_t number = scoreboard_find(scoreboard, chimera_slice_of(policies->group[i].name));
        struct scoreboard_spec *spec = &scoreboard->policy[number].spec;
        if (number != SCOREBOARD_OTHER) {
            *spec =
                (struct scoreboard_spec){.is_configured = 1,
                                         .is_group = 1,
                                         .is_monitor = policies->group[i].mode == CHIMERA_MONITOR};
            scoreboard_set_text(spec->source, sizeof(spec->source), policies->group[i].expression);
        }
    }
    end_writing(scoreboard);
}

void scoreboard_show_origins(struct scoreboard *scoreboard, const struct policies *policies,
                             const struct built_plugin *plugins)
{
    begin_writing(scoreboard);
    for (size_t i = 0; i < policies->policy_count; i++) {
        uint32_t number = scoreboard_find(scoreboard, chimera_slice_of(policies->policy[i].id));
        if (number != SCOREBOARD_OTHER) {
            struct scoreboard_spec *spec = &scoreboard->policy[number].spec;
            const struct module_origin *origin = &plugins[i].origin;
            scoreboard_set_text(spec->manifest_digest, sizeof(spec->manifest_digest),
                                origin->digest ? origin->digest : "");
            scoreboard_set_text(spec->signers, sizeof(spec->signers),
                                origin->signers ? origin->signers : "");
            spec->fetched_ms = (uint64_t)origin->fetched_s * 1000;
        }
    }
    end_writing(scoreboard);
}

void scoreboard_show_progress(struct scoreboard *scoreboard, const struct policies *policies,
                              const uint8_t *progress)
{
    begin_writing(scoreboard);
    for (size_t i = 0; i < policies->policy_count; i++) {
        uint32_t number = scoreboard_find(scoreboard, chimera_slice_of(policies->policy[i].id));
        if (number != SCOREBOARD_OTHER)
            scoreboard->policy[number].spec.progress = progress ? progress[i] : BUILD_NONE;
    }
    end_writing(scoreboard);
}

void scoreboard_tell(struct scoreboard *scoreboard, const struct scoreboard_server *server)
{
    begin_writing(scoreboard);
    scoreboard->server = *server;
    end_writing(scoreboard);
}

void scoreboard_read(const struct scoreboard *scoreboard, uint32_t number,
                     struct scoreboard_spec *ret_spec)
{
    if (number < scoreboard_count(scoreboard))
        read_whole(scoreboard, &scoreboard->policy[number].spec, ret_spec, sizeof(*ret_spec));
    else
        *ret_spec = (struct scoreboard_spec){0};
}

void scoreboard_read_server(const struct scoreboard *scoreboard,
                            struct scoreboard_server *ret_server)
{
    read_whole(scoreboard, &scoreboard->server, ret_server, sizeof(*ret_server));
}
