/* SPDX-License-Identifier: Apache-2.0 */
/* One head and one chunked body out of any bytes, whole and cut in two: the same must come of both.
 */
#include <stdint.h>
#include <stdlib.h>

#include "server/http/http1.c"

static void check(bool is_true)
{
    if (!is_true)
        abort();
}

static void check_head(struct chimera_slice bytes, size_t cut)
{
    struct http_head whole = {0}, again = {0};
    size_t scanned = 0;
    int code = http_head_parse(bytes, &scanned, &whole);
    scanned = 0;
    int part = http_head_parse((struct chimera_slice){bytes.data, cut}, &scanned, &again);
    if (part == HTTP_MORE)
        part = http_head_parse(bytes, &scanned, &again);
    check(part == code);
    if (code == HTTP_DONE) {
        check(whole.size <= bytes.size && whole.size <= HTTP_HEAD_MAX && whole.size == again.size);
        check(!(whole.is_chunked && whole.content_length));
    }
}

static void check_chunks(struct chimera_slice bytes, size_t cut)
{
    char *whole = malloc(bytes.size + 1), *parts = malloc(bytes.size + 1);
    struct http_chunks chunks = {0}, again = {0};
    size_t used = 0, kept = 0, used_first = 0, kept_first = 0, used_rest = 0, kept_rest = 0;
    memcpy(whole, bytes.data, bytes.size);
    memcpy(parts, bytes.data, bytes.size);
    int code = http_chunks_decode(&chunks, whole, bytes.size, &used, &kept);
    int part = http_chunks_decode(&again, parts, cut, &used_first, &kept_first);
    if (part == HTTP_MORE) {
        part = http_chunks_decode(&again, parts + used_first, bytes.size - used_first, &used_rest,
                                  &kept_rest);
        memmove(parts + kept_first, parts + used_first, kept_rest);
    }
    check(part == code && kept == kept_first + kept_rest && used == used_first + used_rest);
    check(kept <= used && used <= bytes.size && memcmp(whole, parts, kept) == 0);
    free(whole);
    free(parts);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 2)
        return 0;
    char *exact =
        malloc(size - 1); /* of exactly this size, so that the sanitizer sees a read too far */
    memcpy(exact, data + 1, size - 1);
    struct chimera_slice bytes = {exact, size - 1};
    size_t cut = data[0] % size;
    check_head(bytes, cut);
    check_chunks(bytes, cut);
    free(exact);
    return 0;
}
