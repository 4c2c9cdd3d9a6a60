/* SPDX-License-Identifier: Apache-2.0 */
/* STEM.sum, which says what each file of a plugin must be:
 *
 *   chimera cache 1 STEM
 *   0123…cdef 81920 .so          SHA-256, bytes, which file
 *   …
 *   0123…cdef                    of the lines above
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "compiler/cache/cache_internal.h"
#include "runtime/base/file.h"

#define TITLE "chimera cache 1 "

const char *const cache_suffixes[CACHE_FILES] = {".image", ".names", ".json", ".so"};

char *cache_plugin_path(const char *folder, const char *stem, const char *suffix)
{
    char *path = NULL;
    return asprintf(&path, "%s/%s%s", folder, stem, suffix) < 0 ? NULL : path;
}

static void put_digest(struct chimera_buffer *text, const struct chimera_digest *digest)
{
    char hex[CHIMERA_DIGEST_HEX];
    chimera_digest_hex(digest, hex);
    chimera_buffer_text(text, hex);
}

int cache_write_sums(const struct cache_sum sums[CACHE_FILES], const char *stem, const char *path,
                     struct chimera_error *err)
{
    struct chimera_buffer text;
    struct chimera_digest digest;
    chimera_buffer_init(&text, CACHE_SUM_MAX);
    chimera_buffer_print(&text, TITLE "%s\n", stem);
    for (size_t i = 0; i < CACHE_FILES; i++) {
        if (!sums[i].is_there)
            continue;
        put_digest(&text, &sums[i].digest);
        chimera_buffer_print(&text, " %" PRIu64 " %s\n", sums[i].size, cache_suffixes[i]);
    }
    int code = chimera_digest_of(chimera_buffer_slice(&text), &digest);
    put_digest(&text, &digest);
    chimera_buffer_byte(&text, '\n');
    if (code == CHIMERA_OK)
        code = text.failed;
    code = code < 0
               ? chimera_fail(err, code, "cannot write %s: %s", path, chimera_code_text(code))
               : chimera_file_write(path, chimera_buffer_slice(&text), CHIMERA_FILE_PRIVATE, err);
    chimera_buffer_free(&text);
    return code;
}

static bool take_digest(struct chimera_slice *text, struct chimera_digest *ret_digest)
{
    size_t size = CHIMERA_DIGEST_HEX - 1;
    if (text->size <= size ||
        !chimera_digest_parse((struct chimera_slice){text->data, size}, ret_digest))
        return false;
    *text = (struct chimera_slice){text->data + size, text->size - size};
    return true;
}

/* Its own digest is right, so it has the form that write_sums() gave it. */
static bool take_lines(struct chimera_slice text, struct cache_sum ret_sums[CACHE_FILES])
{
    while (text.size > 0) {
        struct cache_sum sum = {.is_there = true};
        char suffix[16] = "";
        const char *line_end = memchr(text.data, '\n', text.size);
        if (!line_end || !take_digest(&text, &sum.digest) || *text.data != ' ')
            return false;
        const char *end = text.data + 1;
        for (; *end >= '0' && *end <= '9' && end - text.data <= 18; end++)
            sum.size = sum.size * 10 + (uint64_t)(*end - '0');
        if (*end != ' ' || (size_t)(line_end - end) > sizeof(suffix))
            return false;
        memcpy(suffix, end + 1, (size_t)(line_end - end - 1));
        for (size_t i = 0; i < CACHE_FILES; i++)
            if (strcmp(suffix, cache_suffixes[i]) == 0)
                ret_sums[i] = sum;
        text.size -= (size_t)(line_end + 1 - text.data);
        text.data = line_end + 1;
    }
    return ret_sums[CACHE_MANIFEST].is_there && ret_sums[CACHE_OBJECT].is_there;
}

static bool take_word(struct chimera_slice *text, const char *word)
{
    size_t size = strlen(word);
    if (!chimera_slice_starts(*text, word))
        return false;
    *text = (struct chimera_slice){text->data + size, text->size - size};
    return true;
}

bool cache_parse_sums(struct chimera_slice text, const char *stem,
                      struct cache_sum ret_sums[CACHE_FILES])
{
    struct chimera_digest stated, digest;
    const size_t last = CHIMERA_DIGEST_HEX; /* with its line's end */
    if (text.size <= last || text.data[text.size - 1] != '\n')
        return false;
    struct chimera_slice end = {text.data + text.size - last, last};
    struct chimera_slice all = {text.data, text.size - last};
    return take_digest(&end, &stated) && chimera_digest_of(all, &digest) == CHIMERA_OK &&
           memcmp(&stated, &digest, sizeof(digest)) == 0 && take_word(&all, TITLE) &&
           take_word(&all, stem) && take_word(&all, "\n") && take_lines(all, ret_sums);
}
