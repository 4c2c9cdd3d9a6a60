/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/instance/snapshot.h"

#include <stdlib.h>
#include <string.h>

#include "runtime/base/cleanup.h"
#include "runtime/base/clock.h"
#include "runtime/instance/memory.h"
#include "runtime/instance/pagemap.h"
#include "runtime/instance/reset.h"
#include "runtime/instance/stack.h"
#include "runtime/instance/table.h"
#include "runtime/instance/types_internal.h"

/* A suspended guest has some hundred bytes of live stack; more than this is not worth a copy for
 * each request. */
#define LIVE_STACK_MAX ((size_t)64 * 1024)

static void free_snapshot(const struct chimera_guest *guest, struct chimera_snapshot *snapshot)
{
    if (!snapshot)
        return;
    chimera_image_release(snapshot->image);
    for (uint32_t i = 0; snapshot->tables && i < guest->loaded->plugin->table_count; i++)
        free(snapshot->tables[i]);
    free(snapshot->tables);
    free(snapshot->table_data);
    free(snapshot->table_room);
    free(snapshot->instance);
    free(snapshot->stack);
    free(snapshot);
}

void chimera_guest_spoil(struct chimera_guest *guest)
{
    struct chimera_guest_internal *internal = guest->internal;
    if (internal && internal->base != guest->snapshot)
        free_snapshot(guest, internal->base);
    if (internal)
        internal->base = NULL;
    free_snapshot(guest, guest->snapshot);
    guest->snapshot = NULL;
}

static int save_instance(const struct chimera_guest *guest, struct chimera_snapshot *snapshot)
{
    size_t size = guest->loaded->plugin->instance_size;
    snapshot->memory_size = guest->instance->memory.size;
    snapshot->instance = malloc(size);
    if (!snapshot->instance)
        return CHIMERA_ENOMEM;
    memcpy(snapshot->instance, guest->instance, size);
    return CHIMERA_OK;
}

static int save_stack(const struct chimera_guest *guest, struct chimera_snapshot *snapshot)
{
    const uint8_t *live = guest->internal->suspended;
    if (!live)
        return CHIMERA_OK;
    size_t size = (size_t)(guest->stack + guest->stack_size - live);
    snapshot->stack = size <= LIVE_STACK_MAX ? malloc(size) : NULL;
    if (!snapshot->stack)
        return CHIMERA_ELIMIT;
    chimera_fibre_touch(live, size);
    memcpy(snapshot->stack, live, size);
    snapshot->stack_size = size;
    snapshot->suspended = guest->internal->suspended;
    return CHIMERA_OK;
}

/* Which pages may hold anything: what nobody has written is as the image that is mapped there has
 * it. NULL: that is not known. */
static uint64_t *find_candidates(const struct chimera_guest *guest)
{
    const struct chimera_memory *memory = &guest->instance->memory;
    uint64_t start = (uint64_t)(uintptr_t)memory->data, page = CHIMERA_PROCESSOR_PAGE;
    struct chimera_page_list written = {0};
    if (chimera_tracking() == CHIMERA_TRACKING_NONE)
        return NULL;
    uint64_t *bits = calloc(memory->size / page / 64 + 1, sizeof(*bits));
    if (bits && chimera_pagemap_list(start, start + memory->size, &written) < 0) {
        free(bits);
        bits = NULL;
    }
    for (size_t i = 0; bits && i < written.count; i++)
        for (uint64_t at = written.runs[i].start; at < written.runs[i].end; at += page)
            chimera_image_mark(bits, at - start);
    if (bits)
        chimera_image_mark_data(guest->internal->image, memory->size, bits);
    chimera_page_list_done(&written);
    return bits;
}

/* Memory that no guest code has touched still is the plugin's image. */
static int keep_memory(struct chimera_guest *guest, struct chimera_snapshot *snapshot,
                       struct chimera_error *err)
{
    struct chimera_guest_internal *internal = guest->internal;
    const struct chimera_memory *memory = &guest->instance->memory;
    if (!internal->has_run) {
        snapshot->image = chimera_image_hold(internal->image);
        return CHIMERA_OK;
    }
    CHIMERA_FREE uint64_t *candidates = find_candidates(guest);
    const struct chimera_image_memory now = {memory->data, memory->size, candidates};
    int code =
        chimera_start_image(guest->start, internal->base != NULL, &now, &snapshot->image, err);
    if (code < 0)
        return code;
    if (chimera_memory_map(guest, snapshot->image, memory->size) < 0)
        return chimera_fail(err, CHIMERA_ENOMEM, "cannot map a policy's memory");
    chimera_image_release(internal->image);
    internal->image = chimera_image_hold(snapshot->image);
    internal->has_run = false;
    chimera_reset_forget(&internal->reset);
    return CHIMERA_OK;
}

/* What the last run left with the host. */
static void forget_run(struct chimera_guest *guest)
{
    guest->depth = 0;
    guest->stop = CHIMERA_STOP_NONE;
    guest->trap = CHIMERA_TRAP_NONE;
    guest->exit_code = 0;
    guest->stop_at = 0;
    guest->stop_text[0] = '\0';
}

int chimera_guest_snapshot(struct chimera_guest *guest, struct chimera_error *err)
{
    struct chimera_snapshot *snapshot = calloc(1, sizeof(*snapshot));
    int code = snapshot ? save_instance(guest, snapshot) : CHIMERA_ENOMEM;
    if (code == CHIMERA_OK)
        code = save_stack(guest, snapshot);
    if (code == CHIMERA_OK)
        code = chimera_tables_save(guest, snapshot);
    if (code < 0)
        chimera_fail(err, code, "no memory for a snapshot");
    else
        code = keep_memory(guest, snapshot, err);
    if (code < 0) {
        free_snapshot(guest, snapshot);
        return code;
    }
    struct chimera_snapshot *before = guest->snapshot;
    if (before != guest->internal->base) {
        /* Blocks that only the snapshot before this one could have gone back to. */
        for (uint32_t i = 0; before && i < guest->loaded->plugin->table_count; i++)
            if (before->table_data[i] != snapshot->table_data[i])
                free(before->table_data[i]);
        free_snapshot(guest, before);
    }
    guest->snapshot = snapshot;
    if (guest->side)
        guest->side->keep(guest);
    forget_run(guest);
    return CHIMERA_OK;
}

void chimera_guest_keep_base(struct chimera_guest *guest)
{
    guest->internal->base = guest->snapshot;
}

int chimera_guest_rewind(struct chimera_guest *guest, struct chimera_error *err)
{
    struct chimera_guest_internal *internal = guest->internal;
    struct chimera_snapshot *base = internal->base;
    struct chimera_memory *memory = &guest->instance->memory;
    uint64_t high = memory->size > internal->reset.high ? memory->size : internal->reset.high;
    if (guest->snapshot == base)
        return CHIMERA_OK;
    int code = chimera_memory_unmap(guest, base->memory_size, high);
    if (code == CHIMERA_OK)
        code = chimera_memory_map(guest, base->image, base->memory_size);
    free_snapshot(guest, guest->snapshot);
    guest->snapshot = base;
    chimera_tables_restore(guest); /* and the instance */
    chimera_reset_forget(&internal->reset);
    if (code < 0) {
        chimera_guest_spoil(guest);
        return chimera_fail(err, code, "cannot bring a policy back to its start");
    }
    chimera_image_release(internal->image);
    internal->image = chimera_image_hold(base->image);
    internal->has_run = false;
    return CHIMERA_OK;
}

/* An instance without what differs between slots that are alike: addresses, and the memory's size.
 * Owned by the caller; NULL when there is no memory. */
static void *strip_instance(const struct chimera_guest *guest, const void *instance)
{
    const struct chimera_plugin *plugin = guest->loaded->plugin;
    char *copy = malloc(plugin->instance_size);
    if (!copy)
        return NULL;
    memcpy(copy, instance, plugin->instance_size);
    memset(copy, 0, sizeof(struct chimera_instance));
    for (uint32_t i = 0; i < plugin->table_count; i++)
        memset(copy + plugin->tables[i].offset + offsetof(struct chimera_table, data), 0,
               sizeof(void *));
    return copy;
}

/* Is its base the policy's, and can nothing be different but memory and what is in the instance? */
static bool may_share(const struct chimera_guest *guest)
{
    const struct chimera_snapshot *base = guest->internal->base;
    return guest->start && base && base->image == guest->start->image &&
           !guest->loaded->plugin->changes_tables;
}

void chimera_guest_offer(const struct chimera_guest *guest, const struct chimera_digest *key,
                         uint32_t word)
{
    struct chimera_start *start = guest->start;
    if (!start)
        return;
    pthread_mutex_lock(&start->lock);
    if (key && may_share(guest) && start->later == guest->snapshot->image) {
        free(start->later_instance);
        start->later_instance = strip_instance(guest, guest->snapshot->instance);
        start->later_key = *key;
        start->later_size = guest->snapshot->memory_size;
        start->later_word = word;
    }
    if (start->maker == guest) {
        start->maker = NULL;
        pthread_cond_broadcast(&start->made);
    }
    pthread_mutex_unlock(&start->lock);
}

/* Until nobody makes anything, or the guest has no more time. With the lock. */
static void wait_for_maker(const struct chimera_guest *guest)
{
    struct chimera_start *start = guest->start;
    uint64_t until_ns = guest->account.deadline_ns;
    const struct timespec until = {.tv_sec = (time_t)(until_ns / 1000000000),
                                   .tv_nsec = (long)(until_ns % 1000000000)};
    int code = 0;
    while (start->maker && code == 0)
        code = until_ns == CHIMERA_ACCOUNT_FOREVER
                   ? pthread_cond_wait(&start->made, &start->lock)
                   : pthread_cond_timedwait(&start->made, &start->lock, &until);
}

/* The image for this key if the guest, rewound, would come to it; with one reference. Else the
 * guest is the maker, if there is none. */
static struct chimera_image *find_offer(const struct chimera_guest *guest,
                                        const struct chimera_digest *key, uint64_t *ret_size,
                                        uint32_t *ret_word)
{
    struct chimera_start *start = guest->start;
    struct chimera_image *image = NULL;
    if (!start)
        return NULL;
    pthread_mutex_lock(&start->lock);
    bool can_share = may_share(guest);
    if (can_share)
        wait_for_maker(guest);
    if (can_share && start->later_instance && memcmp(key, &start->later_key, sizeof(*key)) == 0) {
        void *own = strip_instance(guest, guest->internal->base->instance);
        if (own && memcmp(own, start->later_instance, guest->loaded->plugin->instance_size) == 0) {
            image = chimera_image_hold(start->later);
            *ret_size = start->later_size;
            *ret_word = start->later_word;
        }
        free(own);
    }
    if (can_share && !image && !start->maker)
        start->maker = guest;
    pthread_mutex_unlock(&start->lock);
    return image;
}

int chimera_guest_adopt(struct chimera_guest *guest, const struct chimera_digest *key,
                        uint32_t *ret_word, struct chimera_error *err)
{
    struct chimera_guest_internal *internal = guest->internal;
    struct chimera_memory *memory = &guest->instance->memory;
    uint64_t size;
    struct chimera_image *image = find_offer(guest, key, &size, ret_word);
    if (!image)
        return CHIMERA_EINVAL;
    int code = chimera_guest_rewind(guest, err);
    uint64_t high = memory->size > internal->reset.high ? memory->size : internal->reset.high;
    if (code == CHIMERA_OK &&
        (chimera_memory_unmap(guest, size, high) < 0 || chimera_memory_map(guest, image, size) < 0))
        code = chimera_fail(err, CHIMERA_ENOMEM, "cannot map a policy's memory");
    chimera_reset_forget(&internal->reset);
    if (code < 0) {
        chimera_image_release(image);
        chimera_guest_spoil(guest);
        return code;
    }
    memory->size = size;
    memory->pages = (uint32_t)(size / CHIMERA_PAGE_BYTES);
    chimera_image_release(internal->image);
    internal->image = image;
    code = chimera_guest_snapshot(guest, err);
    if (code < 0)
        chimera_guest_spoil(guest);
    return code;
}

int chimera_guest_reset(struct chimera_guest *guest)
{
    const struct chimera_snapshot *snapshot = guest->snapshot;
    if (!snapshot)
        return CHIMERA_EINVAL;
    uint64_t start = chimera_clock_ns();
    if (guest->side)
        guest->side->reset(guest);
    forget_run(guest);
    int code = chimera_reset_memory(guest, snapshot->image, snapshot->memory_size);
    if (code < 0)
        return code;
    chimera_tables_restore(guest);
    if (guest->internal->suspended && !snapshot->suspended) /* it waits for what will not come */
        chimera_fibre_touch(guest->stack, guest->stack_size);
    guest->internal->suspended = snapshot->suspended;
    guest->internal->has_run = false;
    guest->counters.resets++;
    guest->counters.nanoseconds += chimera_clock_ns() - start;
    return CHIMERA_OK;
}

void chimera_guest_teach(const struct chimera_guest *guest)
{
    if (guest->start)
        chimera_start_keep_warm(guest->start, &guest->internal->reset.written,
                                (uint64_t)(uintptr_t)guest->instance->memory.data);
}

void chimera_guest_drop_pages(struct chimera_guest *guest)
{
    if (!guest->snapshot)
        return;
    chimera_reset_drop(guest);
    chimera_stack_drop(guest);
}

/* Where the kernel does not tell which pages they are: as many as there can be. */
uint64_t chimera_guest_kept_bytes(const struct chimera_guest *guest)
{
    const struct chimera_reset *reset = &guest->internal->reset;
    uint64_t stack = guest->internal->stack_pages * CHIMERA_PROCESSOR_PAGE;
    if (chimera_tracking() == CHIMERA_TRACKING_NONE)
        return reset->high + stack;
    return reset->written.pages * CHIMERA_PROCESSOR_PAGE + stack;
}

bool chimera_guest_is_suspended(const struct chimera_guest *guest)
{
    return guest->internal->suspended != NULL;
}

/* The live stack as it was, at the addresses where it was: nothing in it needs to be moved. */
void chimera_snapshot_restore_stack(struct chimera_guest *guest)
{
    const struct chimera_snapshot *snapshot = guest->snapshot;
    if (!snapshot || !snapshot->suspended)
        return;
    chimera_fibre_touch(snapshot->suspended, snapshot->stack_size);
    memcpy(snapshot->suspended, snapshot->stack, snapshot->stack_size);
}
