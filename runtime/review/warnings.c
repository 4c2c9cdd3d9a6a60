/* SPDX-License-Identifier: Apache-2.0 */
/* What an API server passes on of a webhook's warnings (webhook-contract.md §4.2): its recorder's
 * steps, one after the other, so that it finds nothing more to leave out. */
#include <string.h>

#include "runtime/review/response.h"
#include "runtime/text/utf8.h"

#define TOTAL_RUNES 4096
#define ITEM_RUNES 256
#define KNOWN_MAX ((size_t)TOTAL_RUNES + 1) /* each is a character at least */

struct text { /* of a JSON string, without its quotes */
    struct chimera_slice json;
    size_t runes;
    bool has_control;
};

struct cutter {
    bool is_cutting;
    const char *last;            /* while it cuts: the text that was too much */
    struct chimera_slice *known; /* those that were passed on, sorted */
    size_t known_count;
    size_t written; /* characters */
    char *out;
    size_t size;
};

static void step(struct chimera_slice *rest, size_t size)
{
    rest->data += size;
    rest->size -= size;
}

/* Takes one character off a JSON string as strings.h prints it; 0 at its closing quote. */
static size_t rune_size(struct chimera_slice rest)
{
    if (rest.size == 0 || rest.data[0] == '"')
        return 0;
    size_t size = chimera_utf8_character(rest);
    if (rest.data[0] == '\\')
        size = rest.size > 1 && rest.data[1] == 'u' ? 6 : 2;
    return size > 0 && size <= rest.size ? size : 1;
}

/* Unicode's class Cc; strings.h escapes no other ones but the quote and the backslash itself. */
static bool is_control(const char *rune, size_t size)
{
    if (rune[0] == '\\')
        return rune[1] != '"' && rune[1] != '\\';
    return rune[0] == 0x7f ||
           (size == 2 && (unsigned char)rune[0] == 0xc2 && (unsigned char)rune[1] < 0xa0);
}

/* Passes one string with its quotes. *ret_whole is all of it, *ret_cut its first ITEM_RUNES
 * characters. */
static void pass_string(struct chimera_slice *rest, struct text *ret_whole, struct text *ret_cut)
{
    size_t size;
    step(rest, 1);
    *ret_whole = *ret_cut = (struct text){.json = {rest->data, 0}};
    while ((size = rune_size(*rest)) > 0) {
        ret_whole->has_control = ret_whole->has_control || is_control(rest->data, size);
        ret_whole->json.size += size;
        if (ret_whole->runes++ < ITEM_RUNES)
            *ret_cut = *ret_whole;
        step(rest, size);
    }
    step(rest, rest->size > 0);
}

/* Moves to the next string of the list; false behind the last. */
static bool find_string(struct chimera_slice *rest)
{
    while (rest->size > 0 && rest->data[0] != '"')
        step(rest, 1);
    return rest->size > 0;
}

static bool is_longer(struct chimera_slice list)
{
    struct text whole, cut;
    size_t total = 0;
    if (list.size <= TOTAL_RUNES) /* as nearly always */
        return false;
    while (find_string(&list)) {
        pass_string(&list, &whole, &cut);
        total += whole.runes;
    }
    return total > TOTAL_RUNES;
}

static int compare(struct chimera_slice a, struct chimera_slice b)
{
    if (a.size != b.size)
        return a.size < b.size ? -1 : 1;
    return memcmp(a.data, b.data, a.size);
}

/* False when it was known, or when there is no room for more. */
static bool learn(struct cutter *cutter, struct chimera_slice text)
{
    size_t low = 0, high = cutter->known_count;
    while (low < high) {
        size_t middle = (low + high) / 2;
        int order = compare(text, cutter->known[middle]);
        if (order == 0)
            return false;
        if (order < 0)
            high = middle;
        else
            low = middle + 1;
    }
    if (cutter->known_count == KNOWN_MAX)
        return false;
    struct chimera_slice *place = &cutter->known[low];
    memmove(place + 1, place, (cutter->known_count++ - low) * sizeof(*place));
    *place = text;
    return true;
}

static void add(struct cutter *cutter, const struct text *text)
{
    if (cutter->size > 1)
        cutter->out[cutter->size++] = ',';
    cutter->out[cutter->size++] = '"';
    memcpy(cutter->out + cutter->size, text->json.data, text->json.size);
    cutter->size += text->json.size;
    cutter->out[cutter->size++] = '"';
    cutter->written += text->runes;
}

/* False when it turns out that texts have to be cut: then all is done over again. */
static bool write_list(struct cutter *cutter, struct chimera_slice list)
{
    struct text whole, cut;
    cutter->known_count = cutter->written = cutter->size = 0;
    cutter->out[cutter->size++] = '[';
    while (find_string(&list)) {
        pass_string(&list, &whole, &cut);
        const struct text *shown = cutter->is_cutting ? &cut : &whole;
        bool is_behind = cutter->is_cutting && whole.json.data > cutter->last;
        if (is_behind && cutter->written >= TOTAL_RUNES)
            break;
        if (shown->runes == 0 || shown->has_control || !learn(cutter, whole.json))
            continue;
        if (!cutter->is_cutting && cutter->written + shown->runes > TOTAL_RUNES) {
            cutter->last = whole.json.data;
            return false;
        }
        add(cutter, shown);
    }
    cutter->out[cutter->size++] = ']';
    return true;
}

void chimera_response_limit_warnings(struct chimera_response *response, struct chimera_arena *arena)
{
    struct chimera_slice list = response->warnings;
    if (!is_longer(list))
        return;
    struct cutter cutter = {.known = chimera_arena_take(arena, KNOWN_MAX * sizeof(*cutter.known)),
                            .out = chimera_arena_take(arena, list.size)};
    if (!cutter.known || !cutter.out)
        return; /* the API server cuts them, too */
    if (!write_list(&cutter, list)) {
        cutter.is_cutting = true;
        write_list(&cutter, list);
    }
    response->warnings = (struct chimera_slice){cutter.out, cutter.size};
}
