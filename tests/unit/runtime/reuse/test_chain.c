/* SPDX-License-Identifier: Apache-2.0 */
/* Bytes in blocks: against the same bytes in a row, for all sizes around those of blocks. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "runtime/reuse/chain.h"

#define BLOCKS 16
#define BYTES CHIMERA_BLOCK_BYTES

static char text[BYTES * BLOCKS];

static void fill_text(void)
{
    for (size_t i = 0; i < sizeof(text); i++)
        text[i] = (char)(i * 31 + i / 251);
}

/* In pieces of that size. */
static void append(struct chimera_chain *chain, struct chimera_blocks *blocks, size_t size,
                   size_t piece)
{
    for (size_t at = 0; at < size; at += piece)
        chimera_chain_append(
            chain, blocks,
            (struct chimera_slice){text + at, size - at < piece ? size - at : piece});
}

static void check_reading(const struct chimera_chain *chain, size_t piece)
{
    char read[sizeof(text)];
    struct chimera_chain_place place = chimera_chain_begin(chain);
    for (size_t at = 0; at < chain->size; at += piece) {
        size_t step = chain->size - at < piece ? chain->size - at : piece;
        chimera_chain_read(&place, read + at, step);
    }
    assert_memory_equal(read, text, chain->size);
    place = chimera_chain_begin(chain);
    for (size_t at = 0; at < chain->size; at += piece) {
        size_t step = chain->size - at < piece ? chain->size - at : piece;
        assert_true(chimera_chain_match(&place, (struct chimera_slice){text + at, step}));
    }
}

static void what_was_appended_is_read_in_any_pieces(void **state)
{
    static const size_t sizes[] = {1, 7, BYTES - 1, BYTES, BYTES + 1, 2 * BYTES, 3 * BYTES + 5};
    static const size_t pieces[] = {1, 3, BYTES - 1, BYTES, BYTES + 1, 5 * BYTES};
    struct chimera_blocks blocks;
    (void)state;
    fill_text();
    assert_int_equal(chimera_blocks_open(&blocks, BLOCKS, NULL), 0);
    for (size_t s = 0; s < sizeof(sizes) / sizeof(sizes[0]); s++) {
        for (size_t p = 0; p < sizeof(pieces) / sizeof(pieces[0]); p++) {
            struct chimera_chain chain = {0};
            append(&chain, &blocks, sizes[s], pieces[p]);
            assert_int_equal(chain.size, sizes[s]);
            assert_int_equal(blocks.used, chimera_chain_blocks(0, sizes[s]));
            check_reading(&chain, pieces[(p + 2) % 6]);
            chimera_chain_empty(&chain, &blocks);
            assert_int_equal(blocks.used, 0);
        }
    }
    chimera_blocks_close(&blocks);
}

/* Wherever it is. */
static void one_other_byte_does_not_match(void **state)
{
    struct chimera_blocks blocks;
    struct chimera_chain chain = {0};
    size_t size = 2 * BYTES + 9;
    (void)state;
    fill_text();
    assert_int_equal(chimera_blocks_open(&blocks, BLOCKS, NULL), 0);
    append(&chain, &blocks, size, size);
    for (size_t at = 0; at < size; at++) {
        struct chimera_chain_place place = chimera_chain_begin(&chain), before = place;
        text[at] ^= 1;
        assert_false(chimera_chain_match(&place, (struct chimera_slice){text, size}));
        assert_memory_equal(&place, &before, sizeof(place));
        text[at] ^= 1;
    }
    chimera_chain_empty(&chain, &blocks);
    chimera_blocks_close(&blocks);
}

static void a_place_is_skipped_to_and_written_over(void **state)
{
    struct chimera_blocks blocks;
    struct chimera_chain chain = {0};
    char read[sizeof(text)];
    (void)state;
    fill_text();
    assert_int_equal(chimera_blocks_open(&blocks, BLOCKS, NULL), 0);
    append(&chain, &blocks, 3 * BYTES, BYTES);
    struct chimera_chain_place place = chimera_chain_begin(&chain);
    chimera_chain_skip(&place, BYTES - 2);
    chimera_chain_overwrite(&place, CHIMERA_SLICE("abcd"));
    place = chimera_chain_begin(&chain);
    chimera_chain_read(&place, read, 3 * BYTES);
    memcpy(text + BYTES - 2, "abcd", 4);
    assert_memory_equal(read, text, 3 * BYTES);
    chimera_chain_empty(&chain, &blocks);
    chimera_blocks_close(&blocks);
}

static void a_pool_gives_what_it_has_and_takes_it_back(void **state)
{
    struct chimera_blocks blocks;
    struct chimera_block *taken[BLOCKS];
    (void)state;
    assert_int_equal(chimera_blocks_open(&blocks, BLOCKS, NULL), 0);
    for (size_t round = 0; round < 2; round++) {
        for (size_t i = 0; i < BLOCKS; i++) {
            taken[i] = chimera_blocks_take(&blocks);
            assert_non_null(taken[i]);
        }
        assert_null(chimera_blocks_take(&blocks));
        for (size_t i = 0; i < BLOCKS; i++)
            chimera_blocks_give(&blocks, taken[i]);
        assert_int_equal(blocks.used, 0);
    }
    chimera_blocks_close(&blocks);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_was_appended_is_read_in_any_pieces),
        cmocka_unit_test(one_other_byte_does_not_match),
        cmocka_unit_test(a_place_is_skipped_to_and_written_over),
        cmocka_unit_test(a_pool_gives_what_it_has_and_takes_it_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
