/* SPDX-License-Identifier: Apache-2.0 */
/* Two texts, with a zero byte between, differ by their bytes as their trees do. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/base/arena.h"
#include "runtime/json/pass.h"
#include "runtime/json/tree.h"
#include "tests/fuzz/account.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void expect(bool is_right)
{
    if (!is_right)
        abort();
}

static void compare(struct chimera_slice from, struct chimera_slice to, struct chimera_arena *arena)
{
    CHIMERA_JSON struct json_object *old = NULL;
    CHIMERA_JSON struct json_object *new = NULL;
    struct chimera_buffer want, got;
    bool differs = false;
    bool is_json =
        chimera_json_parse(from, &old, NULL) == 0 && chimera_json_parse(to, &new, NULL) == 0;
    chimera_buffer_init(&want, 4 << 20);
    chimera_buffer_init(&got, 4 << 20);
    bool is_told = chimera_json_diff_text(from, to, NULL, arena, &got, &differs);
    expect(is_json || !is_told);
    if (is_told) {
        expect(chimera_json_diff(old, new, &want) == differs);
        expect(want.size == got.size &&
               (want.size == 0 || memcmp(want.data, got.data, want.size) == 0));
    }
    chimera_buffer_free(&want);
    chimera_buffer_free(&got);
}

/* With what the pass has written down of the second text already: the same. */
static void compare_read(struct chimera_slice from, struct chimera_slice to,
                         struct chimera_arena *arena)
{
    struct chimera_pass_index index;
    struct chimera_buffer want, got;
    bool differs = false, would_differ = false;
    chimera_buffer_init(&want, 4 << 20);
    chimera_buffer_init(&got, 4 << 20);
    chimera_arena_reset(arena);
    bool is_told = chimera_json_diff_text(from, to, NULL, arena, &want, &would_differ);
    chimera_arena_reset(arena);
    index.first = index.end = chimera_arena_take(arena, (to.size + 1) * sizeof(*index.first));
    index.room_end = index.first + to.size + 1;
    if (to.size > 0 && (to.data[0] == '{' || to.data[0] == '['))
        chimera_pass->find_values(to.data, to.data + to.size, &index);
    expect(chimera_json_diff_text(from, to, &index, arena, &got, &differs) == is_told);
    expect(!is_told ||
           (differs == would_differ &&
            chimera_slice_equal(chimera_buffer_slice(&want), chimera_buffer_slice(&got))));
    chimera_buffer_free(&want);
    chimera_buffer_free(&got);
}

/* On an account: the same, or nothing. */
static void compare_within(struct chimera_slice from, struct chimera_slice to,
                           struct chimera_account *account, struct chimera_arena *arena)
{
    struct chimera_buffer want, got;
    bool differs = false, would_differ = false;
    chimera_buffer_init(&want, 4 << 20);
    chimera_buffer_init_within(&got, 4 << 20, account);
    chimera_arena_reset(arena);
    bool is_told = chimera_json_diff_text(from, to, NULL, arena, &want, &would_differ);
    chimera_arena_reset(arena);
    bool is_bounded = chimera_json_diff_text(from, to, NULL, arena, &got, &differs);
    expect(account->failed || (is_told == is_bounded && differs == would_differ));
    expect(account->failed || !is_told ||
           chimera_slice_equal(chimera_buffer_slice(&want), chimera_buffer_slice(&got)));
    chimera_buffer_free(&want);
    chimera_buffer_free(&got);
    fuzz_account_check(account, account->failed);
    expect(account->bytes == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const uint8_t *middle = size > 0 ? memchr(data, 0, size) : NULL;
    struct chimera_arena arena;
    if (!middle)
        return 0;
    size_t first = (size_t)(middle - data);
    struct chimera_slice from = {(const char *)data, first};
    struct chimera_slice to = {(const char *)middle + 1, size - first - 1};
    struct chimera_account account;
    chimera_arena_init(&arena, 64 << 20);
    compare(from, to, &arena);
    compare_read(from, to, &arena);
    fuzz_account(data, size, &account);
    compare_within(from, to, &account, &arena);
    chimera_arena_free(&arena);
    return 0;
}
