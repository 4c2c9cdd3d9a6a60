/* SPDX-License-Identifier: Apache-2.0 */
/* start.h - what the slots of one policy share of their start.
 *
 * Every slot runs the guest's start itself, at addresses of its own. What a start learns from
 * outside, the clock and random bytes, is recorded the first time and played back in later slots,
 * so that all of them end with the same linear memory and can map one image (runtime-performance.md
 * §4.2). Whether they did is looked at, never assumed. Any thread.
 */
#ifndef CHIMERA_INSTANCE_START_H
#define CHIMERA_INSTANCE_START_H

#include <pthread.h>
#include <stdbool.h>

#include "runtime/base/buffer.h"
#include "runtime/base/digest.h"
#include "runtime/instance/image.h"
#include "runtime/instance/pagemap.h"

struct chimera_start {
    bool is_fresh;               /* every request runs from the start; set before the first slot */
    _Atomic(const char *) trial; /* what the ABI has found out by trying a slot, for the others to
                                    believe it; static. NULL: nothing was tried. Partner: itself */
    pthread_mutex_t lock;        /* over all that follows */
    struct chimera_image *image; /* of the first slot; one reference, or NULL */
    struct chimera_image *later; /* the newest of those that were made behind a base; likewise */
    struct chimera_digest later_key;   /* what that came of, while there is `later_instance` */
    void *later_instance;              /* owned: what else its guest was then, but for addresses */
    uint64_t later_size;               /* bytes of linear memory */
    uint32_t later_word;               /* of who made it */
    const struct chimera_guest *maker; /* makes the next one now; NULL: nobody does */
    pthread_cond_t made;               /* by CLOCK_MONOTONIC: the maker has ended */
    struct chimera_page_list warm;     /* what requests write, as offsets in linear memory */
    struct chimera_buffer record;
    enum { CHIMERA_START_NEW, CHIMERA_START_RECORDING, CHIMERA_START_RECORDED } state;
};

/* One slot's way through the record. */
struct chimera_start_cursor {
    struct chimera_start *start; /* borrowed; NULL: everything is live */
    size_t at;
    bool records; /* else it plays back */
};

void chimera_start_init(struct chimera_start *start);
void chimera_start_done(struct chimera_start *start);

/* Lets go of image and record: the next slot is the first again. Only while there is no slot. */
void chimera_start_forget(struct chimera_start *start);

/* The first slot records; a slot that starts meanwhile is live, for the record is not whole yet. */
void chimera_start_begin(struct chimera_start *start, struct chimera_start_cursor *ret_cursor);
void chimera_start_end(struct chimera_start_cursor *cursor);

/* The answer of the first start to the same question, if it was asked next and had this size; else
 * false, and all that follows is live. `bytes` is written only on success. */
bool chimera_start_play(struct chimera_start_cursor *cursor, uint8_t question, void *bytes,
                        size_t size);
void chimera_start_note(struct chimera_start_cursor *cursor, uint8_t question, const void *bytes,
                        size_t size);

/* Keeps a copy of what requests were seen to write; `base` is taken off its addresses. */
void chimera_start_keep_warm(struct chimera_start *start, const struct chimera_page_list *written,
                             uint64_t base);
/* Gives a new slot, with `size` bytes of memory, the pages that its requests will write: several
 * times cheaper than meeting them one by one. */
void chimera_start_warm(struct chimera_start *start, uint8_t *memory, uint64_t size);

/* The image for a slot whose memory is as it is now: the shared one when it is the same, else its
 * own, which behind a base (snapshot.h) is what others share from then on. The caller gets one
 * reference. `start` may be NULL. */
int chimera_start_image(struct chimera_start *start, bool has_base,
                        const struct chimera_image_memory *memory, struct chimera_image **ret_image,
                        struct chimera_error *err);

#endif
