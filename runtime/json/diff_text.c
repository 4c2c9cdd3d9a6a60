/* The difference of two JSON texts without trees of them.
 *
 * A policy that mutates hands back a document that is mostly the one it got, with its keys in
 * another order. So each text is read once into a flat list of its values, which are compared
 * where they stand; only what goes into the patch, and numbers that are written differently, become
 * trees. What it says is what chimera_json_diff() says of the trees.
 */
#include <stdlib.h>
#include <string.h>

#include "runtime/json/diff.h"
#include "runtime/json/scan.h"
#include "runtime/json/tree.h"

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

/* Every value but the first stands behind a comma or an opening bracket. */
static size_t most_nodes(struct chimera_slice text)
{
    size_t count = 1, i = 0;
    for (uint64_t bytes; text.size - i >= sizeof(bytes); i += sizeof(bytes)) {
        memcpy(&bytes, text.data + i, sizeof(bytes));
        count += count_zeros(bytes ^ ONES * ',') +
                 count_zeros((bytes | ONES * 0x20) ^ ONES * '{'); /* '[' | 0x20 is '{' */
    }
    for (; i < text.size; i++)
        count += text.data[i] == ',' || text.data[i] == '[' || text.data[i] == '{';
    return count;
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

static bool read_document(struct chimera_slice text, struct chimera_arena *arena,
                          struct document *ret_document)
{
    struct reader reader = {.arena = arena, .document = ret_document, .is_first = true};
    struct chimera_slice key = {NULL, 0};
    bool more = true;
    size_t most = most_nodes(text);
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
    struct chimera_arena *arena;
    bool failed;
};

static void compare(struct comparison *comparison, uint32_t from, uint32_t to);

static void emit(struct comparison *comparison, const char *op, const struct node *value)
{
    CHIMERA_JSON struct json_object *tree = NULL;
    if (value && chimera_json_parse(value->value, &tree, NULL) < 0)
        comparison->failed = true;
    else
        chimera_json_patch_add(&comparison->patch, op, value != NULL, tree);
}

static int compare_keys(struct chimera_slice a, struct chimera_slice b)
{
    size_t size = a.size < b.size ? a.size : b.size;
    int order = size > 0 ? memcmp(a.data, b.data, size) : 0;
    return order ? order : (a.size > b.size) - (a.size < b.size);
}

struct member {
    struct chimera_slice key;
    uint32_t node;
};

/* By key; of equal keys the last one in the text comes last. */
static int by_key(const void *a, const void *b)
{
    const struct member *x = a, *y = b;
    int order = compare_keys(x->key, y->key);
    return order ? order : (x->node > y->node) - (x->node < y->node);
}

struct members {
    struct member *member; /* in the arena */
    uint32_t count;
};

/* The members of an object in the order of their keys; the last of equal keys is the one. */
static bool sort_members(struct comparison *comparison, const struct node *nodes, uint32_t object,
                         struct members *ret_members)
{
    uint32_t count = nodes[object].count, kept = 0;
    struct member *member = chimera_arena_take(comparison->arena, (count + 1) * sizeof(*member));
    bool is_sorted = true;
    if (!member)
        return false;
    uint32_t at = object + 1;
    for (uint32_t i = 0; i < count; i++, at = nodes[at].next) {
        member[i] = (struct member){nodes[at].key, at};
        is_sorted = is_sorted && (i == 0 || compare_keys(member[i - 1].key, member[i].key) < 0);
    }
    if (!is_sorted)
        qsort(member, count, sizeof(*member), by_key);
    for (uint32_t i = 0; i < count; i++)
        if (i + 1 == count || compare_keys(member[i].key, member[i + 1].key) != 0)
            member[kept++] = member[i];
    *ret_members = (struct members){member, kept};
    return true;
}

static void remove_missing(struct comparison *comparison, const struct members *from,
                           const struct members *to)
{
    size_t base = comparison->patch.path.size;
    for (uint32_t i = 0, j = 0; i < from->count; i++) {
        while (j < to->count && compare_keys(to->member[j].key, from->member[i].key) < 0)
            j++;
        if (j < to->count && compare_keys(to->member[j].key, from->member[i].key) == 0)
            continue;
        chimera_json_patch_key(&comparison->patch, from->member[i].key);
        emit(comparison, "remove", NULL);
        comparison->patch.path.size = base;
    }
}

/* As most are: it is known before a path is written. */
static bool is_same(const struct comparison *comparison, uint32_t from, uint32_t to)
{
    return chimera_slice_equal(comparison->from[from].value, comparison->to[to].value);
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
    for (uint32_t i = 0, j = 0; i < new.count; i++) {
        while (j < old.count && compare_keys(old.member[j].key, new.member[i].key) < 0)
            j++;
        bool is_kept = j < old.count && compare_keys(old.member[j].key, new.member[i].key) == 0;
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
    for (uint32_t i = 0; i < old || i < new; i++) {
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
    CHIMERA_JSON struct json_object *old = NULL;
    CHIMERA_JSON struct json_object *new = NULL;
    if (chimera_json_parse(a->value, &old, NULL) < 0 ||
        chimera_json_parse(b->value, &new, NULL) < 0)
        comparison->failed = true;
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
    if (!read_document(from, arena, &old) || !read_document(to, arena, &new))
        return false;
    struct comparison comparison = {.from = old.nodes, .to = new.nodes, .arena = arena};
    chimera_json_patch_begin(&comparison.patch, out);
    if (!is_same(&comparison, 0, 0))
        compare(&comparison, 0, 0);
    *ret_differs = chimera_json_patch_end(&comparison.patch);
    return !comparison.failed;
}
