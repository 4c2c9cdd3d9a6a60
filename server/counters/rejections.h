/* SPDX-License-Identifier: Apache-2.0 */
/* rejections.h - the last rejections, for a person to look at: who said no to what, and why.
 *
 * A ring in memory that all workers write to; no content of objects, no text without a bound. A
 * writer takes the next place and overwrites it; a reader sees a place that is being written by its
 * number and passes it over.
 */
#ifndef CHIMERA_SERVER_COUNTERS_REJECTIONS_H
#define CHIMERA_SERVER_COUNTERS_REJECTIONS_H

#include "runtime/base/slice.h"
#include "server/counters/guarded.h"

#define REJECTIONS_MAX 64
#define REJECTION_NAME_MAX 128
#define REJECTION_MESSAGE_MAX 384
#define REJECTION_CAUSES 6
#define REJECTION_CAUSE_MAX 192

struct rejection_text {
    uint16_t size, is_cut;
};

struct rejection_cause { /* of a group: a member that said no */
    struct rejection_text field_text, message_text;
    char field[REJECTION_NAME_MAX];
    char message[REJECTION_CAUSE_MAX];
};

/* Texts are cut at their limits, at the end of a character. There is no bool, because a writer may
 * be hostile, and not every byte is one. */
struct rejection {
    uint64_t at_ms;  /* since 1970 */
    uint32_t policy; /* number by the scoreboard */
    uint16_t error_code;
    uint8_t has_error_code, is_monitor, is_audit;
    uint8_t cause_count; /* of all; REJECTION_CAUSES at most are kept */
    struct rejection_text uid_text, operation_text, kind_text, name_space_text, name_text,
        message_text, function_text;
    char uid[REJECTION_NAME_MAX];
    char operation[32];
    char kind[REJECTION_NAME_MAX];
    char name_space[REJECTION_NAME_MAX];
    char name[REJECTION_NAME_MAX];
    char message[REJECTION_MESSAGE_MAX];
    char function[REJECTION_NAME_MAX]; /* in which a guest was stopped */
    struct rejection_cause cause[REJECTION_CAUSES];
};

/* Of those that are kept. */
static inline size_t rejection_causes(const struct rejection *rejection)
{
    return rejection->cause_count < REJECTION_CAUSES ? rejection->cause_count : REJECTION_CAUSES;
}

struct rejection_place {
    _Atomic uint64_t sequence; /* by the number of its rejection; guarded.h */
    _Atomic uint64_t word[GUARDED_WORDS(struct rejection)];
};

struct rejections { /* all zeros: none */
    _Atomic uint64_t count;
    struct rejection_place place[REJECTIONS_MAX];
};

/* Copies a text into a field of a rejection. */
#define REJECTION_SET(rejection, field, text)                              \
    rejection_copy((text), sizeof((rejection)->field), (rejection)->field, \
                   &(rejection)->field##_text)
void rejection_copy(struct chimera_slice text, size_t room, char *ret_bytes,
                    struct rejection_text *ret_text);

void rejections_add(struct rejections *rejections, const struct rejection *rejection);

/* The newest first, at most `room`, each checked; how many. */
size_t rejections_read(const struct rejections *rejections, struct rejection *ret_list,
                       size_t room);

#endif
