/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/instance/start.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#ifndef MADV_POPULATE_WRITE
#define MADV_POPULATE_WRITE 23 /* Linux 5.14 */
#endif

/* A policy that writes more than this has its slots warm up by themselves. */
#define WARM_RUNS_MAX 1024
#define WARM_PAGES_MAX 2048

/* A start that asks for more than this is not played back. */
#define RECORD_MAX ((size_t)256 * 1024)

void chimera_start_init(struct chimera_start *start)
{
    *start = (struct chimera_start){.state = CHIMERA_START_NEW};
    pthread_condattr_t clock;
    pthread_condattr_init(&clock);
    pthread_condattr_setclock(&clock, CLOCK_MONOTONIC);
    pthread_cond_init(&start->made, &clock);
    pthread_condattr_destroy(&clock);
    pthread_mutex_init(&start->lock, NULL);
    chimera_buffer_init(&start->record, RECORD_MAX);
}

void chimera_start_forget(struct chimera_start *start)
{
    chimera_image_release(start->image);
    start->image = NULL;
    chimera_image_release(start->later);
    start->later = NULL;
    free(start->later_instance);
    start->later_instance = NULL;
    chimera_page_list_done(&start->warm);
    chimera_buffer_free(&start->record);
    chimera_buffer_init(&start->record, RECORD_MAX);
    start->state = CHIMERA_START_NEW;
}

void chimera_start_done(struct chimera_start *start)
{
    chimera_start_forget(start);
    pthread_cond_destroy(&start->made);
    pthread_mutex_destroy(&start->lock);
}

void chimera_start_begin(struct chimera_start *start, struct chimera_start_cursor *ret_cursor)
{
    *ret_cursor = (struct chimera_start_cursor){0};
    if (!start)
        return;
    pthread_mutex_lock(&start->lock);
    if (start->state != CHIMERA_START_RECORDING)
        ret_cursor->start = start;
    if (start->state == CHIMERA_START_NEW) {
        start->state = CHIMERA_START_RECORDING;
        ret_cursor->records = true;
    }
    pthread_mutex_unlock(&start->lock);
}

void chimera_start_end(struct chimera_start_cursor *cursor)
{
    if (cursor->start && cursor->records) {
        pthread_mutex_lock(&cursor->start->lock);
        cursor->start->state = CHIMERA_START_RECORDED;
        pthread_mutex_unlock(&cursor->start->lock);
    }
    *cursor = (struct chimera_start_cursor){0};
}

/* A recorded answer is its question, its size and its bytes. The record is immutable once it is
 * played back, so no lock is needed here. */
struct entry {
    uint32_t size;
    uint8_t question;
};

bool chimera_start_play(struct chimera_start_cursor *cursor, uint8_t question, void *bytes,
                        size_t size)
{
    struct entry entry;
    if (!cursor->start || cursor->records)
        return false;
    const struct chimera_buffer *record = &cursor->start->record;
    size_t left = record->size - cursor->at;
    bool is_good = !record->failed && left >= sizeof(entry);
    if (is_good) {
        memcpy(&entry, record->data + cursor->at, sizeof(entry));
        is_good = entry.question == question && entry.size == size && left - sizeof(entry) >= size;
    }
    if (!is_good) {
        cursor->start = NULL;
        return false;
    }
    if (size > 0)
        memcpy(bytes, record->data + cursor->at + sizeof(entry), size);
    cursor->at += sizeof(entry) + size;
    return true;
}

void chimera_start_note(struct chimera_start_cursor *cursor, uint8_t question, const void *bytes,
                        size_t size)
{
    if (!cursor->start || !cursor->records)
        return;
    struct entry entry;
    memset(&entry, 0, sizeof(entry));
    entry.size = (uint32_t)size;
    entry.question = question;
    struct chimera_buffer *record = &cursor->start->record;
    chimera_buffer_append(record, (struct chimera_slice){(const char *)&entry, sizeof(entry)});
    chimera_buffer_append(record, (struct chimera_slice){bytes, size});
}

int chimera_start_image(struct chimera_start *start, bool has_base,
                        const struct chimera_image_memory *memory, struct chimera_image **ret_image,
                        struct chimera_error *err)
{
    if (!start)
        return chimera_image_of_memory(memory, ret_image, err);
    int code = CHIMERA_OK;
    pthread_mutex_lock(&start->lock);
    struct chimera_image **shared = has_base ? &start->later : &start->image;
    if (*shared && chimera_image_equals(*shared, memory))
        *ret_image = chimera_image_hold(*shared);
    else
        code = chimera_image_of_memory(memory, ret_image, err);
    if (code == CHIMERA_OK && *shared != *ret_image && (has_base || !*shared)) {
        chimera_image_release(*shared);
        *shared = chimera_image_hold(*ret_image);
        if (has_base) {
            free(start->later_instance);
            start->later_instance = NULL;
        }
    }
    pthread_mutex_unlock(&start->lock);
    return code;
}

void chimera_start_keep_warm(struct chimera_start *start, const struct chimera_page_list *written,
                             uint64_t base)
{
    if (written->count == 0 || written->count > WARM_RUNS_MAX || written->pages > WARM_PAGES_MAX)
        return;
    struct chimera_page_run *runs = calloc(written->count, sizeof(*runs));
    if (!runs)
        return;
    for (size_t i = 0; i < written->count; i++)
        runs[i] = (struct chimera_page_run){.start = written->runs[i].start - base,
                                            .end = written->runs[i].end - base};
    pthread_mutex_lock(&start->lock);
    chimera_page_list_done(&start->warm);
    start->warm = (struct chimera_page_list){
        .runs = runs, .count = written->count, .capacity = written->count, .pages = written->pages};
    pthread_mutex_unlock(&start->lock);
}

void chimera_start_warm(struct chimera_start *start, uint8_t *memory, uint64_t size)
{
    pthread_mutex_lock(&start->lock);
    for (size_t i = 0; i < start->warm.count; i++) {
        const struct chimera_page_run *run = &start->warm.runs[i];
        if (run->end > size ||
            madvise(memory + run->start, run->end - run->start, MADV_POPULATE_WRITE) < 0)
            break;
    }
    pthread_mutex_unlock(&start->lock);
}
