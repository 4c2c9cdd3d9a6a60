/* SPDX-License-Identifier: Apache-2.0 */
/* Inclusion proofs in every tree of up to eight entries, whose roots are the published ones of the
 * test tree of RFC 6962's reference implementation; the proofs come from the standard's recursive
 * definition, which is another way than the one tested. */
#include "compiler/fetch/signature/trust/merkle.h"

#include <openssl/evp.h>

#include "runtime/base/digest.h"
#include "tests/unit/compiler/fetch/signature/samples.h"

#define TREE_MAX 8
#define HASHES_MAX 4

static const struct chimera_slice LEAVES[TREE_MAX] = {
    {"", 0},
    {"\x00", 1},
    {"\x10", 1},
    {"\x20\x21", 2},
    {"\x30\x31", 2},
    {"\x40\x41\x42\x43", 4},
    {"\x50\x51\x52\x53\x54\x55\x56\x57", 8},
    {"\x60\x61\x62\x63\x64\x65\x66\x67\x68\x69\x6a\x6b\x6c\x6d\x6e\x6f", 16},
};

static const char *const ROOTS[TREE_MAX] = {
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
};

static size_t split_of(size_t count)
{
    size_t split = 1;
    while (2 * split < count)
        split *= 2;
    return split;
}

/* MTH of RFC 6962 §2.1. */
static void hash_tree(size_t from, size_t count, struct chimera_digest *ret_digest)
{
    char text[1 + 2 * CHIMERA_DIGEST_BYTES] = {1};
    struct chimera_slice bytes = {text, sizeof(text)};
    struct chimera_digest left, right;
    if (count == 1) {
        text[0] = 0;
        memcpy(text + 1, LEAVES[from].data, LEAVES[from].size);
        bytes.size = 1 + LEAVES[from].size;
    } else {
        hash_tree(from, split_of(count), &left);
        hash_tree(from + split_of(count), count - split_of(count), &right);
        memcpy(text + 1, left.bytes, sizeof(left.bytes));
        memcpy(text + 1 + sizeof(left.bytes), right.bytes, sizeof(right.bytes));
    }
    assert_int_equal(chimera_digest_of(bytes, ret_digest), CHIMERA_OK);
}

/* PATH of RFC 6962 §2.1.1. */
static size_t path_of(size_t at, size_t from, size_t count, struct chimera_digest *ret_path)
{
    if (count == 1)
        return 0;
    size_t split = split_of(count), size;
    if (at < split) {
        size = path_of(at, from, split, ret_path);
        hash_tree(from + split, count - split, &ret_path[size]);
    } else {
        size = path_of(at - split, from + split, count - split, ret_path);
        hash_tree(from, split, &ret_path[size]);
    }
    return size + 1;
}

struct sample {
    struct chimera_digest root, path[HASHES_MAX];
    struct chimera_slice hashes[HASHES_MAX + 1];
    struct chimera_merkle_proof proof;
};

static void make(size_t at, size_t count, struct sample *sample)
{
    memset(sample, 0, sizeof(*sample));
    assert_true(chimera_digest_parse(chimera_slice_of(ROOTS[count - 1]), &sample->root));
    size_t size = path_of(at, 0, count, sample->path);
    for (size_t i = 0; i < size; i++)
        sample->hashes[i] =
            (struct chimera_slice){(const char *)sample->path[i].bytes, CHIMERA_DIGEST_BYTES};
    sample->proof = (struct chimera_merkle_proof){
        at, count, sample->hashes, size, {(const char *)sample->root.bytes, CHIMERA_DIGEST_BYTES},
    };
}

static void each_entry_of_each_tree_is_in_it(void **state)
{
    (void)state;
    for (size_t count = 1; count <= TREE_MAX; count++) {
        for (size_t at = 0; at < count; at++) {
            struct sample sample;
            make(at, count, &sample);
            assert_true(chimera_merkle_holds(&sample.proof, LEAVES[at]));
        }
    }
}

/* With anything else as it is. */
static void changed(struct sample *sample, size_t at)
{
    struct chimera_slice leaf = LEAVES[at];
    for (size_t i = 0; i < sample->proof.hash_count; i++) {
        sample->path[i].bytes[i] ^= 0x10;
        assert_false(chimera_merkle_holds(&sample->proof, leaf));
        sample->path[i].bytes[i] ^= 0x10;
        sample->hashes[i].size--;
        assert_false(chimera_merkle_holds(&sample->proof, leaf));
        sample->hashes[i].size++;
    }
    sample->root.bytes[31] ^= 1;
    assert_false(chimera_merkle_holds(&sample->proof, leaf));
    sample->root.bytes[31] ^= 1;
    sample->proof.root.size = 0;
    assert_false(chimera_merkle_holds(&sample->proof, leaf));
    sample->proof.root.size = CHIMERA_DIGEST_BYTES;
    assert_false(chimera_merkle_holds(&sample->proof, CHIMERA_SLICE("other")));
    sample->hashes[sample->proof.hash_count++] = sample->proof.root;
    assert_false(chimera_merkle_holds(&sample->proof, leaf));
    sample->proof.hash_count--;
    if (sample->proof.hash_count > 0) {
        sample->proof.hash_count--;
        assert_false(chimera_merkle_holds(&sample->proof, leaf));
        sample->proof.hash_count++;
    }
    assert_true(chimera_merkle_holds(&sample->proof, leaf));
}

static void anything_else_is_not(void **state)
{
    (void)state;
    for (size_t count = 1; count <= TREE_MAX; count++) {
        for (size_t at = 0; at < count; at++) {
            struct sample sample;
            make(at, count, &sample);
            changed(&sample, at);
            for (uint64_t other = 0; other <= TREE_MAX; other++) {
                sample.proof.index = other;
                assert_int_equal(chimera_merkle_holds(&sample.proof, LEAVES[at]), other == at);
            }
        }
    }
}

static void an_empty_tree_holds_nothing(void **state)
{
    (void)state;
    struct sample sample;
    make(0, 1, &sample);
    sample.proof.size = 0;
    assert_false(chimera_merkle_holds(&sample.proof, LEAVES[0]));
    sample.proof.size = UINT64_MAX;
    assert_false(chimera_merkle_holds(&sample.proof, LEAVES[0]));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_entry_of_each_tree_is_in_it),
        cmocka_unit_test(anything_else_is_not),
        cmocka_unit_test(an_empty_tree_holds_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
