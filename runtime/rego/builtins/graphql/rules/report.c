/* SPDX-License-Identifier: Apache-2.0 */
/* Complaints about a query, and what was meant instead. */
#include <inttypes.h>

#include "runtime/base/sort.h"
#include "runtime/rego/builtins/graphql/rules/rules.h"
#include "runtime/rego/builtins/graphql/syntax/message.h"
#include "runtime/rego/quote.h"

bool chimera_gql_goes_on(struct chimera_gql_walk *walk)
{
    return !walk->is_over && chimera_gql_spend(walk->work, 4);
}

void chimera_gql_report(struct chimera_gql_walk *walk, struct chimera_gql_place place,
                        const char *message, ...)
{
    va_list arguments;
    if (walk->work->code || walk->is_over)
        return;
    if (walk->complaints++ == 0)
        walk->first = place;
    else if (place.line)
        chimera_buffer_print(&walk->text, "input:%" PRIu32 ":%" PRId32 ": ", place.line,
                             place.column);
    else
        chimera_buffer_text(&walk->text, "input: ");
    va_start(arguments, message);
    chimera_gql_fill(&walk->text, message, arguments);
    va_end(arguments);
    chimera_buffer_byte(&walk->text, '\n');
    if (!walk->has_text || walk->text.failed)
        walk->is_over = true;
}

/* --- Suggestions --- */

#define OFFERED_MAX 5
#define RUNES_MAX 256 /* of a name; nobody is told about longer ones */

struct runes {
    uint32_t at[RUNES_MAX];
    size_t count;
};

/* In lower case, as far as ASCII goes. False when it is too long. */
static bool read_runes(struct chimera_slice text, struct runes *ret_runes)
{
    for (ret_runes->count = 0; text.size > 0; ret_runes->count++) {
        if (ret_runes->count == RUNES_MAX)
            return false;
        uint32_t rune = chimera_rego_take_rune(&text);
        ret_runes->at[ret_runes->count] = rune >= 'A' && rune <= 'Z' ? rune | 0x20 : rune;
    }
    return true;
}

/* Levenshtein's; a difference in case only counts as one. */
static size_t distance(struct chimera_slice a, struct chimera_slice b)
{
    struct runes one, other;
    size_t row[RUNES_MAX + 1];
    if (chimera_slice_equal(a, b))
        return 0;
    if (!read_runes(a, &one) || !read_runes(b, &other))
        return SIZE_MAX;
    for (size_t i = 0; i <= one.count; i++)
        row[i] = i;
    for (size_t k = 0; k < other.count; k++) {
        size_t diagonal = row[0];
        row[0] = k + 1;
        for (size_t i = 0; i < one.count; i++) {
            size_t least = diagonal + (one.at[i] != other.at[k]);
            diagonal = row[i + 1];
            least = diagonal + 1 < least ? diagonal + 1 : least;
            row[i + 1] = row[i] + 1 < least ? row[i] + 1 : least;
        }
    }
    return row[one.count] ? row[one.count] : 1;
}

struct suggestion {
    struct chimera_slice *name;
    size_t distance;
};

static int order(const void *a, const void *b, struct chimera_account *account)
{
    const struct suggestion *one = a, *other = b;
    (void)account;
    return (one->distance > other->distance) - (one->distance < other->distance);
}

struct chimera_slice chimera_gql_propose(struct chimera_gql_walk *walk, const char *question,
                                         const struct chimera_gql_list *names)
{
    struct chimera_buffer out;
    uint32_t count = names->count < OFFERED_MAX ? names->count : OFFERED_MAX;
    if (count == 0 || !walk->has_text)
        return (struct chimera_slice){NULL, 0};
    chimera_gql_message_open(&out);
    chimera_buffer_byte(&out, ' ');
    chimera_buffer_text(&out, question);
    for (uint32_t i = 0; i < count; i++) {
        bool is_last = i > 0 && i + 1 == count;
        const char *between = is_last ? (count == 2 ? " or " : ", or ") : (i ? ", " : " ");
        chimera_buffer_text(&out, between);
        chimera_buffer_byte(&out, '"');
        chimera_buffer_append(&out, *(const struct chimera_slice *)names->items[i]);
        chimera_buffer_byte(&out, '"');
    }
    chimera_buffer_byte(&out, '?');
    return chimera_gql_message_keep(walk->work, &out);
}

struct chimera_slice chimera_gql_suggest(struct chimera_gql_walk *walk, const char *question,
                                         struct chimera_slice typed,
                                         const struct chimera_gql_list *names)
{
    struct chimera_gql_list near = {NULL, 0, 0};
    size_t threshold = typed.size * 2 / 5 + 1;
    uint32_t count = 0;
    if (!walk->has_text || names->count == 0)
        return (struct chimera_slice){NULL, 0};
    struct suggestion *found = chimera_gql_take_bytes(walk->work, names->count * sizeof(*found));
    for (uint32_t i = 0; found && i < names->count; i++) {
        struct suggestion one = {.name = names->items[i]};
        if (!chimera_gql_spend(walk->work, 16 + typed.size / 4 * one.name->size))
            break;
        one.distance = distance(typed, *one.name);
        if (one.distance <= threshold)
            found[count++] = one;
    }
    if (found && chimera_sort(found, count, sizeof(*found), order, walk->work->account) < 0)
        chimera_gql_fail_memory(walk->work);
    for (uint32_t i = 0; i < count && i < OFFERED_MAX; i++)
        chimera_gql_push(walk->work, &near, found[i].name);
    return chimera_gql_propose(walk, question, &near);
}
