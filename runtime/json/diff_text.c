/* SPDX-License-Identifier: Apache-2.0 */
/* The difference of two JSON texts without trees of them.
 *
 * A policy that mutates hands back a document that is mostly the one it got, with its keys in
 * another order. So each text is read once into a flat list of its values, which are compared
 * where they stand; only what goes into the patch, and numbers that are written differently, become
 * trees. What it says is what chimera_json_diff() says of the trees.
 */
#include <endian.h>
#include <string.h>

#include "runtime/base/sort.h"
#include "runtime/json/diff.h"
#include "runtime/json/order.h"
#include "runtime/json/scan.h"
#include "runtime/json/tree.h"

/* Nodes and members are spent for so many at a time. */
#define SPENT_AT_ONCE 64
#define NODE_UNITS 4
#define MEMBER_UNITS 2

struct node {
    struct chimera_slice key;   /* decoded; of a member only */
    struct chimera_slice value; /* as it stands in the text */
    uint32_t next;              /* the node behind it and all that is in it */
    uint32_t count;             /* elements or members */
    char kind;       /* the first byte of the value; 'n' and 't' or 'f', '0' for numbers */
    bool is_escaped; /* a string with backslashes */
};

struct document {
    struct node *nodes; /* in the arena */
    uint32_t count;
};

struct reader {
    struct chimera_scan scan;
    struct chimera_account *account; /* borrowed; may be NULL */
    struct chimera_arena *arena;
    struct document *document;
    uint32_t open[CHIMERA_SCAN_DEPTH_MAX]; /* the arrays and objects around, outermost first */
    bool is_first;                         /* nothing of the innermost one was read */
};

/* --- Reading --- */

#define ONES (UINT64_MAX / 255) /* 0x0101… */

/* How many of the eight bytes are zero. No byte carries into another. */
static unsigned count_zeros(uint64_t bytes)
{
    uint64_t low = ONES * 0x7F, is_zero = ~(((bytes & low) + low) | bytes | low);
    return (unsigned)((is_zero >> 7) * ONES >> 56);
}

static bool read_scalar(struct reader *reader, int byte, struct node *node)
{
    struct chimera_scan_text text;
    const char *start = reader->scan.at;
    bool is_good;
    node->kind = (char)byte;
    if (byte == '"') {
        is_good = chimera_scan_string(&reader->scan, &text);
        node->is_escaped = is_good && text.is_escaped;
    } else if (byte == '-' || (byte >= '0' && byte <= '9')) {
        node->kind = '0';
        is_good = chimera_scan_number(&reader->scan);
    } else {
        is_good = chimera_scan_word(&reader->scan);
    }
    node->value = (struct chimera_slice){start, (size_t)(reader->scan.at - start)};
    return is_good;
}

/* Ends every array and object that ends here. False when the text is wrong; *ret_more tells whether
 * another value follows, whose key is in *ret_key if it is a member. */
static bool close_ended(struct reader *reader, bool *ret_more, struct chimera_slice *ret_key)
{
    struct chimera_scan *scan = &reader->scan;
    struct chimera_scan_text key = {{NULL, 0}, false};
    while (scan->depth > 0) {
        struct node *around = &reader->document->nodes[reader->open[scan->depth - 1]];
        int found = around->kind == '{' ? chimera_scan_next_key(scan, reader->is_first, &key)
                                        : chimera_scan_next_element(scan, reader->is_first);
        if (found < 0)
            return false;
        if (found > 0) {
            around->count++;
            *ret_more = true;
            if (around->kind != '{')
                return true;
            *ret_key = chimera_scan_text(key, reader->arena);
            bool has_nul =
                key.is_escaped && ret_key->data && memchr(ret_key->data, 0, ret_key->size);
            return ret_key->data && !has_nul && chimera_scan_colon(scan);
        }
        chimera_scan_close(scan);
        around->value.size = (size_t)(scan->at - around->value.data);
        around->next = reader->document->count;
        reader->is_first = false;
    }
    *ret_more = false;
    return true;
}

static bool read_value(struct reader *reader, struct chimera_slice key)
{
    uint32_t index = reader->document->count++;
    if (index % SPENT_AT_ONCE == 0 &&
        chimera_account_spend(reader->account, NODE_UNITS * SPENT_AT_ONCE) < 0)
        return false;
    struct node *node = &reader->document->nodes[index];
    int byte = chimera_scan_peek(&reader->scan);
    *node = (struct node){.key = key, .next = index + 1};
    if (byte < 0 || (byte != '{' && byte != '['))
        return byte >= 0 &&
               (byte == '"' || byte == '-' || (byte >= '0' && byte <= '9') || byte == 't' ||
                byte == 'f' || byte == 'n') &&
               read_scalar(reader, byte, node) && ((reader->is_first = false), true);
    node->kind = (char)byte;
    node->value.data = reader->scan.at;
    if (!chimera_scan_open(&reader->scan))
        return false;
    reader->open[reader->scan.depth - 1] = index;
    reader->is_first = true;
    return true;
}

static bool read_document(struct chimera_slice text, struct chimera_account *account,
                          struct chimera_arena *arena, struct document *ret_document)
{
    struct reader reader = {
        .account = account, .arena = arena, .document = ret_document, .is_first = true};
    struct chimera_slice key = {NULL, 0};
    bool more = true;
    /* Every value but the first stands behind a comma or an opening bracket. */
    size_t count = 1, i = 0;
    for (uint64_t bytes; text.size - i >= sizeof(bytes); i += sizeof(bytes)) {
        memcpy(&bytes, text.data + i, sizeof(bytes));
        count += count_zeros(bytes ^ ONES * ',') +
                 count_zeros((bytes | ONES * 0x20) ^ ONES * '{'); /* '[' | 0x20 is '{' */
    }
    for (; i < text.size; i++)
        count += text.data[i] == ',' || text.data[i] == '[' || text.data[i] == '{';
    size_t most = count;
    *ret_document = (struct document){0};
    if (most > UINT32_MAX / 2)
        return false;
    ret_document->nodes = chimera_arena_take(arena, most * sizeof(struct node));
    if (!ret_document->nodes)
        return false;
    chimera_scan_init(&reader.scan, text);
    while (more)
        if (!read_value(&reader, key) || !close_ended(&reader, &more, &key))
            return false;
    return chimera_scan_end(&reader.scan);
}

/* --- Comparing --- */

struct comparison {
    const struct node *from, *to; /* the nodes of both documents */
    struct chimera_json_patch patch;
    struct chimera_account *account; /* the patch's */
    struct chimera_arena *arena;
    bool failed;
};

static void compare(struct comparison *comparison, uint32_t from, uint32_t to);

/* Before member or element number `i`. Once something failed nothing is worth going on for. */
static inline bool has_failed(struct comparison *comparison, uint32_t i)
{
    if (i % SPENT_AT_ONCE == SPENT_AT_ONCE - 1 &&
        chimera_account_spend(comparison->account, MEMBER_UNITS * SPENT_AT_ONCE) < 0)
        comparison->failed = true;
    return comparison->failed || comparison->patch.out->failed || comparison->patch.path.failed;
}

static void emit(struct comparison *comparison, const char *op, const struct node *value)
{
    struct chimera_account *account = comparison->account;
    struct chimera_account_mark before = chimera_account_mark(account), after;
    struct json_object *tree = NULL;
    bool is_read =
        !value || chimera_json_parse_within(value->value, account, &tree, NULL) == CHIMERA_OK;
    after = chimera_account_mark(account);
    if (is_read)
        chimera_json_patch_add(&comparison->patch, op, value != NULL, tree);
    else
        comparison->failed = true;
    json_object_put(tree);
    chimera_account_undo(account, before, after);
}

struct member {
    struct chimera_slice key;
    uint64_t first; /* the key's first eight bytes, as a number: most keys differ in these */
    uint32_t node;
};

static uint64_t load_four(const char *at)
{
    uint32_t bytes;
    memcpy(&bytes, at, sizeof(bytes));
    return be32toh(bytes);
}

/* Zeros stand for what a shorter key has not. */
static uint64_t first_of(struct chimera_slice key)
{
    uint64_t bytes = 0;
    if (key.size >= sizeof(bytes)) {
        memcpy(&bytes, key.data, sizeof(bytes));
        return be64toh(bytes);
    }
    if (key.size >= 4) {
        uint64_t last = load_four(key.data + key.size - 4); /* perhaps some of the first again */
        return load_four(key.data) << 32 | last << (64 - 8 * key.size);
    }
    for (size_t i = 0; i < key.size; i++)
        bytes |= (uint64_t)(unsigned char)key.data[i] << (56 - 8 * i);
    return bytes;
}

static inline int order_members(const struct member *a, const struct member *b,
                                struct chimera_account *account)
{
    if (a->first != b->first)
        return a->first < b->first ? -1 : 1;
    if (a->key.size == b->key.size && a->key.size <= sizeof(a->first))
        return 0;
    return chimera_order_texts(a->key, b->key, account);
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

struct members {
    struct member *member; /* in the arena */
    uint32_t count;
};

/* The members of an object in the order of their keys; the last of equal keys is the one, which
 * both sorts leave behind the others. */
static bool sort_members(struct comparison *comparison, const struct node *nodes, uint32_t object,
                         struct members *ret_members)
{
    uint32_t count = nodes[object].count, kept = 0;
    struct chimera_account *account = comparison->account;
    struct member *member = chimera_arena_take(comparison->arena, (count + 1) * sizeof(*member));
    if (!member)
        return false;
    uint32_t at = object + 1;
    for (uint32_t i = 0; i < count; i++, at = nodes[at].next) {
        member[i] = (struct member){nodes[at].key, first_of(nodes[at].key), at};
    }
    int code = count <= FEW_MEMBERS ? sort_few(member, count, account)
                                    : chimera_sort(member, count, sizeof(*member), by_key, account);
    if (code < 0)
        return false;
    for (uint32_t i = 0; i < count; i++) {
        if (i + 1 < count && order_members(&member[i], &member[i + 1], account) == 0)
            continue;
        if (kept < i)
            member[kept] = member[i];
        kept++;
    }
    *ret_members = (struct members){member, kept};
    return true;
}

/* Moves *at on to where the key of `like` is, or would be. */
static inline bool find_member(const struct comparison *comparison, const struct members *members,
                               uint32_t *at, const struct member *like)
{
    for (; *at < members->count; ++*at) {
        int order = order_members(&members->member[*at], like, comparison->account);
        if (order >= 0)
            return order == 0;
    }
    return false;
}

static void remove_missing(struct comparison *comparison, const struct members *from,
                           const struct members *to)
{
    size_t base = comparison->patch.path.size;
    for (uint32_t i = 0, j = 0; i < from->count && !has_failed(comparison, i); i++) {
        if (find_member(comparison, to, &j, &from->member[i]))
            continue;
        chimera_json_patch_key(&comparison->patch, from->member[i].key);
        emit(comparison, "remove", NULL);
        comparison->patch.path.size = base;
    }
}

/* As most are: it is known before a path is written. */
static bool is_same(const struct comparison *comparison, uint32_t from, uint32_t to)
{
    struct chimera_slice a = comparison->from[from].value, b = comparison->to[to].value;
    if (a.size != b.size)
        return false;
    if (a.size > CHIMERA_ORDER_LONG)
        chimera_account_spend(comparison->account, a.size / 16);
    return chimera_slice_equal(a, b);
}

static void compare_objects(struct comparison *comparison, uint32_t from, uint32_t to)
{
    struct members old, new;
    size_t base = comparison->patch.path.size;
    if (!sort_members(comparison, comparison->from, from, &old) ||
        !sort_members(comparison, comparison->to, to, &new)) {
        comparison->failed = true;
        return;
    }
    for (uint32_t i = 0, j = 0; i < new.count && !has_failed(comparison, i); i++) {
        bool is_kept = find_member(comparison, &old, &j, &new.member[i]);
        if (is_kept && is_same(comparison, old.member[j].node, new.member[i].node))
            continue;
        chimera_json_patch_key(&comparison->patch, new.member[i].key);
        if (is_kept)
            compare(comparison, old.member[j].node, new.member[i].node);
        else
            emit(comparison, "add", &comparison->to[new.member[i].node]);
        comparison->patch.path.size = base;
    }
    remove_missing(comparison, &old, &new);
}

/* Element by element, as chimera_json_diff() does it. */
static void compare_arrays(struct comparison *comparison, uint32_t from, uint32_t to)
{
    uint32_t old = comparison->from[from].count, new = comparison->to[to].count;
    size_t base = comparison->patch.path.size;
    uint32_t a = from + 1, b = to + 1;
    for (uint32_t i = 0; (i < old || i < new) && !has_failed(comparison, i); i++) {
        bool is_kept = i < old && i < new;
        if (!is_kept || !is_same(comparison, a, b)) {
            chimera_json_patch_index(&comparison->patch, i < new ? i : new);
            if (is_kept)
                compare(comparison, a, b);
            else if (i >= new)
                emit(comparison, "remove", NULL);
            else
                emit(comparison, "add", &comparison->to[b]);
            comparison->patch.path.size = base;
        }
        a = i < old ? comparison->from[a].next : a;
        b = i < new ? comparison->to[b].next : b;
    }
}

/* Two values of one kind that are written differently: numbers, and strings with escapes. */
static bool are_equal(struct comparison *comparison, const struct node *a, const struct node *b)
{
    if (a->kind != '0' && !(a->kind == '"' && (a->is_escaped || b->is_escaped)))
        return false;
    struct chimera_account *account = comparison->account;
    struct chimera_account_mark mark = chimera_account_mark(account);
    CHIMERA_JSON struct json_object *old = NULL;
    CHIMERA_JSON struct json_object *new = NULL;
    if (chimera_json_parse_within(a->value, account, &old, NULL) < 0 ||
        chimera_json_parse_within(b->value, account, &new, NULL) < 0)
        comparison->failed = true;
    chimera_account_restore(account, mark);
    return chimera_json_equal(old, new);
}

/* Of two values that do not stand there with the same bytes. */
static void compare(struct comparison *comparison, uint32_t from, uint32_t to)
{
    const struct node *a = &comparison->from[from], *b = &comparison->to[to];
    if (a->kind == '{' && b->kind == '{')
        compare_objects(comparison, from, to);
    else if (a->kind == '[' && b->kind == '[')
        compare_arrays(comparison, from, to);
    else if (a->kind != b->kind || !are_equal(comparison, a, b))
        emit(comparison, "replace", b);
}

bool chimera_json_diff_text(struct chimera_slice from, struct chimera_slice to,
                            struct chimera_arena *arena, struct chimera_buffer *out,
                            bool *ret_differs)
{
    struct document old, new;
    if (!read_document(from, out->account, arena, &old) ||
        !read_document(to, out->account, arena, &new))
        return false;
    struct comparison comparison = {
        .from = old.nodes, .to = new.nodes, .account = out->account, .arena = arena};
    chimera_json_patch_begin(&comparison.patch, out);
    if (!is_same(&comparison, 0, 0))
        compare(&comparison, 0, 0);
    *ret_differs = chimera_json_patch_end(&comparison.patch);
    return !comparison.failed;
}
