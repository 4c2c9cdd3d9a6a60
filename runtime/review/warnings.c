/* SPDX-License-Identifier: Apache-2.0 */
/* What an API server passes on of a webhook's warnings (webhook-contract.md §4.2). */
#include <string.h>

#include "runtime/review/response.h"
#include "runtime/text/utf8.h"

#define TOTAL_RUNES 4096
#define ITEM_RUNES 256

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

static void step(struct chimera_slice *rest, size_t size)
{
    rest->data += size;
    rest->size -= size;
}

/* Passes one string with its quotes. *ret_kept are its first ITEM_RUNES characters, quotes not
 * counted. Returns how many characters it has. */
static size_t pass_string(struct chimera_slice *rest, struct chimera_slice *ret_kept)
{
    size_t runes = 0, size;
    step(rest, 1);
    *ret_kept = (struct chimera_slice){rest->data, 0};
    while ((size = rune_size(*rest)) > 0) {
        if (runes++ < ITEM_RUNES)
            ret_kept->size += size;
        step(rest, size);
    }
    step(rest, rest->size > 0);
    return runes;
}

/* Moves to the next string of the list; false behind the last. */
static bool find_string(struct chimera_slice *rest)
{
    while (rest->size > 0 && rest->data[0] != '"')
        step(rest, 1);
    return rest->size > 0;
}

void chimera_response_limit_warnings(struct chimera_response *response, struct chimera_arena *arena)
{
    struct chimera_slice list = response->warnings, kept;
    size_t written = 0, size = 0;
    size_t total = 0;
    for (struct chimera_slice rest = list; list.size > TOTAL_RUNES && find_string(&rest);)
        total += pass_string(&rest, &kept);
    if (total <= TOTAL_RUNES)
        return;
    char *out = chimera_arena_take(arena, list.size);
    if (!out)
        return; /* the API server cuts them, too */
    out[size++] = '[';
    while (written < TOTAL_RUNES && find_string(&list)) {
        size_t runes = pass_string(&list, &kept);
        written += runes < ITEM_RUNES ? runes : ITEM_RUNES;
        if (size > 1)
            out[size++] = ',';
        out[size++] = '"';
        memcpy(out + size, kept.data, kept.size);
        size += kept.size;
        out[size++] = '"';
    }
    out[size++] = ']';
    response->warnings = (struct chimera_slice){out, size};
}
