/* SPDX-License-Identifier: Apache-2.0 */
/* The difference of two JSON texts without trees of them.
 *
 * A policy that mutates hands back a document that is mostly the one it got, with its keys in
 * another order. So one pass over each text writes down where its values are, and they are compared
 * where they stand, by their bytes; only where these differ anybody looks inside. A path is put
 * together when there is an operation for it, and only what goes into the patch, and numbers that
 * are written differently, become trees. What it says is what chimera_json_diff() says of the
 * trees. What the pass does not take, and texts of one scalar, are left to that.
 */
#include <endian.h>
#include <string.h>

#include "runtime/base/sort.h"
#include "runtime/json/diff.h"
#include "runtime/json/order.h"
#include "runtime/json/pass.h"
#include "runtime/json/scan.h"
#include "runtime/json/tree.h"

#define MEMBER_UNITS 2

/* --- Reading --- */

/* In the arena. */
static bool read_values(struct chimera_slice text, size_t room, struct chimera_arena *arena,
                        struct chimera_pass_index *ret_index)
{
    const char *end = text.data + text.size;
    ret_index->first = chimera_arena_take(arena, room * sizeof(*ret_index->first));
    if (!ret_index->first)
        return false;
    ret_index->room_end = ret_index->first + room;
    return chimera_pass->find_values(text.data, end, ret_index) == end;
}

/* JSON's white space alone, unlike chimera_slice_trim(). */
static struct chimera_slice trim(struct chimera_slice text)
{
    while (text.size > 0 && memchr(" \n\t\r", text.data[text.size - 1], 4))
        text.size--;
    while (text.size > 0 && memchr(" \n\t\r", text.data[0], 4)) {
        text.data++;
        text.size--;
    }
    return text;
}

static bool read_document(struct chimera_slice text, struct chimera_account *account,
                          struct chimera_arena *arena, struct chimera_pass_index *ret_index)
{
    text = trim(text);
    if (text.size < 2 || text.size > UINT32_MAX || (text.data[0] != '{' && text.data[0] != '['))
        return false;
    if (text.size > CHIMERA_SCAN_AT_ONCE &&
        chimera_account_has_time(account, text.size * CHIMERA_SCAN_AT_ONCE_NS) < 0)
        return false;
    if (chimera_account_spend(account, text.size / 8) < 0)
        return false;
    return read_values(text, CHIMERA_PASS_USUAL(text.size), arena, ret_index) ||
           read_values(text, text.size / 2 + 1, arena, ret_index);
}

static bool is_index_of(const struct chimera_pass_index *index, struct chimera_slice text)
{
    return index && index->first < index->end && index->first->start == text.data &&
           index->first->size == text.size;
}

static inline struct chimera_slice slice_of(const struct chimera_pass_value *value)
{
    return (struct chimera_slice){value->start, value->size};
}

/* --- What is written --- */

struct step { /* of the way to a value, innermost first */
    const struct step *around;
    struct chimera_slice key; /* .data NULL: an element */
    uint32_t index;
};

struct member;

struct comparison {
    struct chimera_json_patch patch;
    struct chimera_account *account; /* the patch's */
    struct chimera_arena *arena;
    struct member *members; /* room for all that there are, in the arena: none is listed twice */
    bool failed;
};

static void write_path(struct chimera_json_patch *patch, const struct step *step)
{
    if (!step)
        return;
    write_path(patch, step->around);
    if (step->key.data)
        chimera_json_patch_key(patch, step->key);
    else
        chimera_json_patch_index(patch, step->index);
}

/* `value`: that of the new document; NULL: there is none. */
static void emit(struct comparison *comparison, const char *op, const struct step *step,
                 const struct chimera_pass_value *value)
{
    struct chimera_account *account = comparison->account;
    struct chimera_account_mark before = chimera_account_mark(account), after;
    struct json_object *tree = NULL;
    bool is_read =
        !value || chimera_json_parse_within(slice_of(value), account, &tree, NULL) == CHIMERA_OK;
    after = chimera_account_mark(account);
    comparison->patch.path.size = 0;
    write_path(&comparison->patch, step);
    if (is_read)
        chimera_json_patch_add(&comparison->patch, op, value != NULL, tree);
    else
        comparison->failed = true;
    json_object_put(tree);
    chimera_account_undo(account, before, after);
}

/* Once something failed nothing is worth going on for. */
static inline bool has_failed(const struct comparison *comparison)
{
    return comparison->failed || comparison->patch.out->failed || comparison->patch.path.failed;
}

/* --- Members --- */

struct member {
    uint64_t first; /* the key's first eight bytes, as a number: most keys differ in these */
    struct chimera_pass_value *value;
};

struct members { /* of an object */
    struct member *member;
    uint32_t count;
    bool is_sorted; /* and each key is there once */
};

/* Zeros stand for what a shorter key has not. */
static inline uint64_t first_of(const char *key, size_t size)
{
    uint64_t bytes = 0;
    if (size >= sizeof(bytes)) {
        memcpy(&bytes, key, sizeof(bytes));
        return be64toh(bytes);
    }
    if (size >= 4) {
        uint32_t high, low; /* perhaps some of the first bytes again */
        memcpy(&high, key, sizeof(high));
        memcpy(&low, key + size - sizeof(low), sizeof(low));
        return (uint64_t)be32toh(high) << 32 | (uint64_t)be32toh(low) << (64 - 8 * size);
    }
    for (size_t i = 0; i < size; i++)
        bytes |= (uint64_t)(unsigned char)key[i] << (56 - 8 * i);
    return bytes;
}

static inline struct chimera_slice key_of(const struct member *member)
{
    return (struct chimera_slice){member->value->key, member->value->key_size};
}

static inline int order_members(const struct member *a, const struct member *b,
                                struct chimera_account *account)
{
    if (a->first != b->first)
        return a->first < b->first ? -1 : 1;
    if (a->value->key_size == b->value->key_size && a->value->key_size <= sizeof(a->first))
        return 0;
    return chimera_order_texts(key_of(a), key_of(b), account);
}

static int by_key(const void *a, const void *b, struct chimera_account *account)
{
    return order_members(a, b, account);
}

/* More are sorted the general way, which is quicker then. */
#define FEW_MEMBERS 24

static int sort_few(struct member *member, uint32_t count, struct chimera_account *account)
{
    for (uint32_t i = 1; i < count; i++) {
        struct member moved = member[i];
        uint32_t at = i;
        for (; at > 0 && order_members(&member[at - 1], &moved, account) > 0; at--)
            member[at] = member[at - 1];
        member[at] = moved;
    }
    return chimera_account_spend(account, (uint64_t)count * count * MEMBER_UNITS);
}

/* The last of equal keys is the one, which both sorts leave behind the others. */
static bool sort_members(struct members *members, struct chimera_account *account)
{
    struct member *member = members->member;
    uint32_t count = members->count, kept = 0;
    int code = count <= FEW_MEMBERS ? sort_few(member, count, account)
                                    : chimera_sort(member, count, sizeof(*member), by_key, account);
    for (uint32_t i = 0; code == CHIMERA_OK && i < count; i++) {
        if (i + 1 < count && order_members(&member[i], &member[i + 1], account) == 0)
            continue;
        member[kept++] = member[i];
    }
    members->count = kept;
    members->is_sorted = true;
    return code == CHIMERA_OK;
}

/* A key is decoded once, where it is. False when the arena is full. */
static bool decode_key(struct chimera_pass_value *value, struct chimera_arena *arena)
{
    struct chimera_slice raw = {value->key, value->key_size};
    struct chimera_slice key = chimera_scan_text((struct chimera_scan_text){raw, true}, arena);
    value->key = key.data;
    value->key_size = (uint32_t)key.size;
    value->is_key_escaped = false;
    return key.data;
}

/* Sorted as who writes a map leaves it, as a rule. */
static bool list_members(struct comparison *comparison, struct chimera_pass_value *object,
                         struct members *ret_members)
{
    struct chimera_account *account = comparison->account;
    struct member *const first = comparison->members, *member = first;
    bool is_sorted = true;
    for (struct chimera_pass_value *at = object + 1; at < object->next; at = at->next, member++) {
        if (at->is_key_escaped && !decode_key(at, comparison->arena))
            return false;
        *member = (struct member){first_of(at->key, at->key_size), at};
        is_sorted =
            is_sorted && (member == first || order_members(member - 1, member, account) < 0);
    }
    comparison->members = member;
    *ret_members = (struct members){first, (uint32_t)(member - first), is_sorted};
    return chimera_account_spend(account, (uint64_t)ret_members->count * MEMBER_UNITS) == 0;
}

/* --- Comparing --- */

static void compare(struct comparison *comparison, struct chimera_pass_value *from,
                    struct chimera_pass_value *to, const struct step *step);

/* As most are. */
static inline bool is_same(const struct comparison *comparison,
                           const struct chimera_pass_value *from,
                           const struct chimera_pass_value *to)
{
    if (from->size != to->size)
        return false;
    if (from->size > CHIMERA_ORDER_LONG)
        chimera_account_spend(comparison->account, from->size / 16);
    return memcmp(from->start, to->start, from->size) == 0;
}

/* Of sorted members, moves *at on to where the key of `like` is, or would be; of a few others, to
 * the last that has it. */
static inline bool find_member(const struct members *members, uint32_t *at,
                               const struct member *like, struct chimera_account *account)
{
    if (!members->is_sorted) {
        for (uint32_t i = members->count; i-- > 0;) {
            *at = i;
            if (members->member[i].first == like->first &&
                order_members(&members->member[i], like, account) == 0)
                return true;
        }
        return false;
    }
    for (; *at < members->count; ++*at) {
        int order = order_members(&members->member[*at], like, account);
        if (order >= 0)
            return order == 0;
    }
    return false;
}

static void remove_missing(struct comparison *comparison, const struct members *old,
                           const struct members *new, const struct step *around)
{
    for (uint32_t i = 0, j = 0; i < old->count && !has_failed(comparison); i++) {
        struct step step = {around, key_of(&old->member[i]), 0};
        if (!find_member(new, &j, &old->member[i], comparison->account))
            emit(comparison, "remove", &step, NULL);
    }
}

/* The patch has the new members in order. The old ones are looked for, and a few are found as they
 * are sooner than they are sorted. */
static bool prepare(struct members *old, struct members *new, struct chimera_account *account)
{
    if (!new->is_sorted && !sort_members(new, account))
        return false;
    if (old->is_sorted || old->count > FEW_MEMBERS || new->count > FEW_MEMBERS)
        return old->is_sorted || sort_members(old, account);
    return chimera_account_spend(account, (uint64_t)old->count * new->count) == CHIMERA_OK;
}

static void compare_objects(struct comparison *comparison, struct chimera_pass_value *from,
                            struct chimera_pass_value *to, const struct step *around)
{
    struct members old, new;
    uint32_t kept = 0;
    if (!list_members(comparison, from, &old) || !list_members(comparison, to, &new) ||
        !prepare(&old, &new, comparison->account)) {
        comparison->failed = true;
        return;
    }
    for (uint32_t i = 0, j = 0; i < new.count; i++) {
        struct member *member = &new.member[i];
        bool is_kept = find_member(&old, &j, member, comparison->account);
        kept += is_kept;
        if (is_kept && is_same(comparison, old.member[j].value, member->value))
            continue;
        struct step step = {around, key_of(member), 0};
        if (is_kept)
            compare(comparison, old.member[j].value, member->value, &step);
        else
            emit(comparison, "add", &step, member->value);
        if (has_failed(comparison))
            return;
    }
    if (kept == old.count)
        return;
    if (old.is_sorted || sort_members(&old, comparison->account))
        remove_missing(comparison, &old, &new, around);
    else
        comparison->failed = true;
}

/* Element by element, as chimera_json_diff() does it. */
static void compare_arrays(struct comparison *comparison, struct chimera_pass_value *from,
                           struct chimera_pass_value *to, const struct step *around)
{
    struct step step = {around, {NULL, 0}, 0};
    struct chimera_pass_value *a = from + 1, *b = to + 1;
    while ((a < from->next || b < to->next) && !has_failed(comparison)) {
        bool is_old = a < from->next, is_new = b < to->next;
        if (!is_old)
            emit(comparison, "add", &step, b);
        else if (!is_new)
            emit(comparison, "remove", &step, NULL);
        else if (!is_same(comparison, a, b))
            compare(comparison, a, b, &step);
        step.index += is_new;
        a = is_old ? a->next : a;
        b = is_new ? b->next : b;
        if (chimera_account_spend(comparison->account, MEMBER_UNITS) < 0)
            comparison->failed = true;
    }
}

static bool is_number(struct chimera_slice value)
{
    return value.data[0] == '-' || (value.data[0] >= '0' && value.data[0] <= '9');
}

static bool is_escaped_text(struct chimera_slice value)
{
    return value.data[0] == '"' && memchr(value.data, '\\', value.size);
}

/* Two values that are written differently. */
static bool are_equal(struct comparison *comparison, struct chimera_slice a, struct chimera_slice b)
{
    bool may_be = (is_number(a) && is_number(b)) ||
                  (a.data[0] == b.data[0] && (is_escaped_text(a) || is_escaped_text(b)));
    if (!may_be)
        return false;
    struct chimera_account *account = comparison->account;
    struct chimera_account_mark mark = chimera_account_mark(account);
    CHIMERA_JSON struct json_object *old = NULL;
    CHIMERA_JSON struct json_object *new = NULL;
    if (chimera_json_parse_within(a, account, &old, NULL) < 0 ||
        chimera_json_parse_within(b, account, &new, NULL) < 0)
        comparison->failed = true;
    chimera_account_restore(account, mark);
    return chimera_json_equal(old, new);
}

/* Of two values that do not stand there with the same bytes. */
static void compare(struct comparison *comparison, struct chimera_pass_value *from,
                    struct chimera_pass_value *to, const struct step *step)
{
    if (*from->start == '{' && *to->start == '{')
        compare_objects(comparison, from, to, step);
    else if (*from->start == '[' && *to->start == '[')
        compare_arrays(comparison, from, to, step);
    else if (!are_equal(comparison, slice_of(from), slice_of(to)))
        emit(comparison, "replace", step, to);
}

bool chimera_json_diff_text(struct chimera_slice from, struct chimera_slice to,
                            const struct chimera_pass_index *of_to, struct chimera_arena *arena,
                            struct chimera_buffer *out, bool *ret_differs)
{
    struct comparison comparison = {.account = out->account, .arena = arena};
    struct chimera_pass_index old, new;
    if (is_index_of(of_to, to))
        new = *of_to;
    else if (!read_document(to, out->account, arena, &new))
        return false;
    if (!read_document(from, out->account, arena, &old))
        return false;
    size_t count = (size_t)(old.end - old.first) + (size_t)(new.end - new.first);
    comparison.members = chimera_arena_take(arena, count * sizeof(*comparison.members));
    if (!comparison.members)
        return false;
    chimera_json_patch_begin(&comparison.patch, out);
    if (!is_same(&comparison, old.first, new.first))
        compare(&comparison, old.first, new.first, NULL);
    *ret_differs = chimera_json_patch_end(&comparison.patch);
    return !comparison.failed;
}
