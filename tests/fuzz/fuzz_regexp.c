/* SPDX-License-Identifier: Apache-2.0 */
/* A regular expression, whose size is in the first byte, and the text behind it. The ways for short
 * and for long texts must come to the same matches. */
#include <stdlib.h>
#include <time.h>

#include "runtime/regexp/regexp_internal.h"

/* Expressions may be made that are slow for their size; those are not what is looked for. */
#define TIME_NS 2000000000
#define MEMORY ((uint64_t)512 << 20)
#define TEXT_MAX ((size_t)4096)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct chimera_regexp_search *open_search(struct chimera_regexp *regexp,
                                                 struct chimera_slice text, size_t short_text)
{
    struct chimera_regexp_search *search = NULL;
    regexp->short_text = short_text;
    chimera_regexp_search_new(regexp, text, true, &search, NULL);
    return search;
}

/* True when both stand at the same match. */
static bool is_same(const struct chimera_regexp *regexp, const struct chimera_regexp_search *a,
                    const struct chimera_regexp_search *b)
{
    for (size_t group = 0; group < chimera_regexp_group_count(regexp); group++) {
        size_t bounds[4] = {0};
        bool is_in_a = chimera_regexp_group(a, group, &bounds[0], &bounds[1]);
        bool is_in_b = chimera_regexp_group(b, group, &bounds[2], &bounds[3]);
        if (is_in_a != is_in_b || bounds[0] != bounds[2] || bounds[1] != bounds[3])
            return false;
    }
    return true;
}

static void compare(struct chimera_regexp *regexp, struct chimera_slice text)
{
    struct chimera_regexp_search *brief = open_search(regexp, text, SIZE_MAX);
    struct chimera_regexp_search *lengthy = open_search(regexp, text, 0);
    int a = brief && lengthy ? 1 : -1, b = 1, is_there = chimera_regexp_matches(regexp, text, NULL);
    for (bool is_first = true; a == 1 && b == 1; is_first = false) {
        a = chimera_regexp_next(brief, NULL);
        b = chimera_regexp_next(lengthy, NULL);
        if (a < 0 || b < 0)
            break;
        if (a != b || (a == 1 && !is_same(regexp, brief, lengthy)))
            abort();
        if (is_first && is_there >= 0 && is_there != a)
            abort();
    }
    chimera_regexp_search_free(brief);
    chimera_regexp_search_free(lengthy);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct timespec now;
    struct chimera_account account;
    struct chimera_regexp *regexp = NULL;
    struct chimera_error err = {0};
    if (size == 0)
        return 0;
    size_t pattern_size = data[0] < size ? data[0] : size - 1;
    size_t text_size = size - 1 - pattern_size;
    struct chimera_slice pattern = {(const char *)data + 1, pattern_size};
    struct chimera_slice text = {(const char *)data + 1 + pattern_size,
                                 text_size < TEXT_MAX ? text_size : TEXT_MAX};
    clock_gettime(CLOCK_MONOTONIC, &now);
    chimera_account_open(&account, (uint64_t)now.tv_sec * 1000000000 + TIME_NS, MEMORY);
    int code = chimera_regexp_new(pattern, &account, &regexp, &err);
    if (code == CHIMERA_OK) {
        regexp->states_bytes = 0; /* as small blocks as there are */
        compare(regexp, text);
    } else if (err.text[0] == '\0') {
        abort();
    }
    chimera_regexp_free(regexp);
    if (account.bytes != 0)
        abort();
    return 0;
}
