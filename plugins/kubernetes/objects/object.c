/* SPDX-License-Identifier: Apache-2.0 */
#include "plugins/kubernetes/objects/object.h"

#include <stdlib.h>

#include "runtime/base/hex.h"
#include "runtime/base/sort.h"
#include "runtime/json/number.h"
#include "runtime/json/scan.h"
#include "runtime/json/tree.h"

#define LAST_APPLIED "kubectl.kubernetes.io/last-applied-configuration"
#define SORT_BY_HAND 16 /* members, of which moving them one by one is quicker */
#define MEMBERS_MAX ((size_t)1 << 20)
#define MEMBERS_KEPT ((size_t)1 << 11)
#define SCRATCH_KEPT ((size_t)64 << 10)
#define PLAIN_DIGITS 18 /* so many fit into 64 bits whatever they are */
#define KEEP_ALL (UINT32_MAX - 1)

struct kube_member {        /* `"key":value`, as it was written */
    const char *text;       /* set for sorting, while the output does not move */
    uint32_t at, size;      /* in the output */
    uint32_t key_size : 30; /* between the quotes */
    uint32_t rank : 2;      /* before the order of keys */
};

enum place { PLACE_TOP, PLACE_METADATA, PLACE_ANNOTATIONS, PLACE_ELSEWHERE };
enum { RANK_REST = 3 };

struct level {           /* an object or array that is being written */
    size_t members_from; /* in the writer: where its own begin */
    uint32_t mask;       /* a node, or KEEP_ALL */
    uint8_t place;
    bool is_object, is_begun, is_ordered, has_annotations;
};

struct writing {
    struct kube_object_writer *writer;
    const struct kube_object_form *form;
    struct chimera_buffer *out;
    struct chimera_scan scan;
    struct level level[CHIMERA_SCAN_DEPTH_MAX + 1]; /* of the scanner's depths */
    int code;                                       /* of what is no fault of the text */
};

/* What k8s.io/apimachinery's ObjectMeta has, with the byte that a value of its type begins with; 0
 * stands for a number. */
static const struct known {
    const char *name;
    char first;
} metadata_members[] = {{"annotations", '{'},
                        {"creationTimestamp", '"'},
                        {"deletionGracePeriodSeconds", '0'},
                        {"deletionTimestamp", '"'},
                        {"finalizers", '['},
                        {"generateName", '"'},
                        {"generation", '0'},
                        {"labels", '{'},
                        {"managedFields", '['},
                        {"name", '"'},
                        {"namespace", '"'},
                        {"ownerReferences", '['},
                        {"resourceVersion", '"'},
                        {"selfLink", '"'},
                        {"uid", '"'}};

void kube_object_writer_done(struct kube_object_writer *writer)
{
    free(writer->member);
    chimera_buffer_free(&writer->scratch);
    *writer = (struct kube_object_writer){0};
}

/* --- Order --- */

/* The next byte that a written key stands for; -1 behind its end. */
static int next_byte(const char **at, const char *end)
{
    static const char from[] = "\"\\bfnrt", into[] = "\"\\\b\f\n\r\t";
    if (*at == end)
        return -1;
    char byte = *(*at)++;
    if (byte != '\\')
        return (unsigned char)byte;
    const char *found = memchr(from, *(*at)++, sizeof(from) - 1);
    if (found)
        return (unsigned char)into[found - from];
    *at += 4; /* of \u00xx: other control characters are written so */
    return chimera_hex_value((*at)[-2]) * 16 + chimera_hex_value((*at)[-1]);
}

static int compare_members(const void *left, const void *right, struct chimera_account *account)
{
    const struct kube_member *a = left, *b = right;
    (void)account;
    if (a->rank != b->rank)
        return a->rank < b->rank ? -1 : 1;
    const char *a_at = a->text + 1, *b_at = b->text + 1, *a_end = a_at + a->key_size;
    const char *b_end = b_at + b->key_size;
    size_t common = a->key_size < b->key_size ? a->key_size : b->key_size;
    if (!memchr(a_at, '\\', a->key_size) && !memchr(b_at, '\\', b->key_size)) {
        int order = memcmp(a_at, b_at, common);
        return order ? order : (a->key_size > b->key_size) - (a->key_size < b->key_size);
    }
    for (;;) {
        int a_byte = next_byte(&a_at, a_end), b_byte = next_byte(&b_at, b_end);
        if (a_byte != b_byte || a_byte < 0)
            return (a_byte > b_byte) - (a_byte < b_byte);
    }
}

static int sort_members(struct kube_member *member, size_t count)
{
    if (count > SORT_BY_HAND)
        return chimera_sort(member, count, sizeof(*member), compare_members, NULL);
    for (size_t i = 1; i < count; i++) {
        struct kube_member moved = member[i];
        size_t at = i;
        for (; at > 0 && compare_members(&member[at - 1], &moved, NULL) > 0; at--)
            member[at] = member[at - 1];
        member[at] = moved;
    }
    return CHIMERA_OK;
}

/* Writes the members of the object that ends here anew, in their order; of equal keys the last. */
static void put_in_order(struct writing *writing, struct kube_member *member, size_t count)
{
    struct chimera_buffer *out = writing->out, *scratch = &writing->writer->scratch;
    size_t begin = member[0].at;
    for (size_t i = 0; i < count; i++)
        member[i].text = out->data + member[i].at;
    writing->code = sort_members(member, count);
    chimera_buffer_reset(scratch);
    for (size_t i = 0; i < count && writing->code == CHIMERA_OK; i++) {
        if (i + 1 < count && compare_members(&member[i], &member[i + 1], NULL) == 0)
            continue;
        if (scratch->size)
            chimera_buffer_byte(scratch, ',');
        chimera_buffer_append(scratch, (struct chimera_slice){member[i].text, member[i].size});
    }
    if (scratch->failed && writing->code == CHIMERA_OK)
        writing->code = scratch->failed;
    if (writing->code < 0)
        return;
    memcpy(out->data + begin, scratch->data, scratch->size); /* never longer than it was */
    out->size = begin + scratch->size;
}

/* --- Leaves --- */

static void write_text(struct writing *writing, struct chimera_scan_text text)
{
    struct chimera_buffer *out = writing->out, *scratch = &writing->writer->scratch;
    if (!text.is_escaped) { /* with its quotes */
        chimera_buffer_append(out, (struct chimera_slice){text.raw.data - 1, text.raw.size + 2});
        return;
    }
    chimera_buffer_reset(scratch);
    char *room = chimera_buffer_reserve(scratch, text.raw.size);
    if (!room) {
        writing->code = CHIMERA_ENOMEM;
        return;
    }
    size_t size = chimera_scan_decode(text.raw, room, text.raw.size);
    chimera_json_write_string((struct chimera_slice){room, size}, out);
}

static bool write_number(struct writing *writing)
{
    struct chimera_scan *scan = &writing->scan;
    const char *begin = scan->at, *end;
    if (!chimera_scan_number(scan))
        return false;
    struct chimera_slice text = {begin, (size_t)(scan->at - begin)};
    for (end = begin + (*begin == '-'); end < scan->at && *end >= '0' && *end <= '9';)
        end++;
    if (end == scan->at && text.size <= PLAIN_DIGITS && !chimera_slice_is(text, "-0")) {
        chimera_buffer_append(writing->out, text);
        return true;
    }
    struct chimera_number number = chimera_number_read(text);
    if (number.kind == CHIMERA_NUMBER_F64)
        chimera_json_write_double(number.f64, writing->out);
    else
        chimera_buffer_append(writing->out, text); /* an integer has one form */
    return true;
}

/* A value's beginning, or all of it when it is a leaf. */
static bool begin_value(struct writing *writing, uint32_t mask, enum place place)
{
    struct chimera_scan *scan = &writing->scan;
    struct chimera_scan_text text;
    int byte = chimera_scan_peek(scan);
    if (byte == '"') {
        if (!chimera_scan_string(scan, &text))
            return false;
        write_text(writing, text);
        return true;
    }
    if (byte == '-' || (byte >= '0' && byte <= '9'))
        return write_number(writing);
    if (byte == '{' || byte == '[') {
        if (!chimera_scan_open(scan))
            return false;
        writing->level[scan->depth] = (struct level){.members_from = writing->writer->count,
                                                     .mask = mask,
                                                     .place = place,
                                                     .is_object = byte == '{',
                                                     .is_ordered = true};
        chimera_buffer_byte(writing->out, (uint8_t)byte);
        return true;
    }
    const char *begin = scan->at;
    if (!chimera_scan_skip(scan, &text.raw))
        return false;
    chimera_buffer_append(writing->out, (struct chimera_slice){begin, (size_t)(scan->at - begin)});
    return true;
}

/* --- Members --- */

/* The member that was written last is whole now. */
static void end_member(struct writing *writing, const struct level *level)
{
    struct kube_object_writer *writer = writing->writer;
    if (writer->count > level->members_from) {
        struct kube_member *last = &writer->member[writer->count - 1];
        last->size = (uint32_t)writing->out->size - last->at;
    }
}

/* Begins one, up to and with its colon. */
static bool add_member(struct writing *writing, struct level *level, struct chimera_scan_text key,
                       unsigned rank)
{
    struct kube_object_writer *writer = writing->writer;
    struct chimera_buffer *out = writing->out;
    if (writer->count == writer->capacity) {
        size_t capacity = writer->capacity ? writer->capacity * 2 : 256;
        struct kube_member *more =
            capacity > MEMBERS_MAX ? NULL : realloc(writer->member, capacity * sizeof(*more));
        if (!more) {
            writing->code = capacity > MEMBERS_MAX ? CHIMERA_ELIMIT : CHIMERA_ENOMEM;
            return false;
        }
        writer->member = more;
        writer->capacity = capacity;
    }
    bool is_first = writer->count == level->members_from;
    if (!is_first)
        chimera_buffer_byte(out, ',');
    struct kube_member *member = &writer->member[writer->count++];
    *member = (struct kube_member){.at = (uint32_t)out->size, .rank = rank & 3};
    write_text(writing, key);
    if (out->failed || writing->code < 0)
        return false;
    member->key_size = (uint32_t)(out->size - member->at - 2) & 0x3fffffff;
    if (!is_first && level->is_ordered) {
        member->text = out->data + member->at;
        member[-1].text = out->data + member[-1].at;
        level->is_ordered = compare_members(&member[-1], member, NULL) < 0;
    }
    chimera_buffer_byte(out, ':');
    return true;
}

static const struct known *find_known(struct chimera_slice key)
{
    for (size_t i = 0; i < sizeof(metadata_members) / sizeof(metadata_members[0]); i++)
        if (chimera_slice_is(key, metadata_members[i].name))
            return &metadata_members[i];
    return NULL;
}

/* A member of metadata: is it one that is kept? False with a failure in the scanner when it is of
 * another type. */
static bool is_kept_metadata(struct writing *writing, struct level *level, struct chimera_slice key,
                             enum place *ret_place)
{
    struct chimera_scan *scan = &writing->scan;
    const struct known *known = find_known(key);
    int byte = chimera_scan_peek(scan);
    if (!known || byte == 'n' || (writing->form->is_stripped && *known->name == 'm'))
        return false; /* unknown, null, managedFields */
    bool is_number = byte == '-' || (byte >= '0' && byte <= '9');
    if (known->first != byte && !(known->first == '0' && is_number)) {
        chimera_scan_fail_next(scan, "metadata has a member of a wrong type");
        writing->code = CHIMERA_EINVAL;
        return false;
    }
    if (known == &metadata_members[0]) {
        level->has_annotations = true;
        *ret_place = PLACE_ANNOTATIONS;
    }
    return true;
}

/* Which place its value is, which rank it has, and whether it is kept at all. */
static bool is_kept(struct writing *writing, struct level *level, struct chimera_slice key,
                    unsigned *ret_rank, enum place *ret_place, uint32_t *mask)
{
    static const char *const first[] = {"apiVersion", "kind", "metadata"};
    if (level->place == PLACE_METADATA)
        return is_kept_metadata(writing, level, key, ret_place);
    if (level->place == PLACE_ANNOTATIONS)
        return !writing->form->is_stripped || !chimera_slice_is(key, LAST_APPLIED);
    for (unsigned i = 0; level->place == PLACE_TOP && i < RANK_REST; i++)
        if (chimera_slice_is(key, first[i])) {
            *ret_rank = i;
            *mask = KEEP_ALL; /* never masked */
            *ret_place = i == 2 ? PLACE_METADATA : PLACE_ELSEWHERE;
            if (i == 2 && chimera_scan_peek(&writing->scan) != '{') {
                chimera_scan_fail_next(&writing->scan, "metadata is no object");
                writing->code = CHIMERA_EINVAL;
            }
            return writing->code == CHIMERA_OK;
        }
    if (*mask == KEEP_ALL)
        return true;
    *mask = kube_mask_member(writing->form->mask, level->mask, key);
    if (*mask != KUBE_MASK_NONE && kube_mask_is_end(writing->form->mask, *mask))
        *mask = KEEP_ALL;
    return *mask != KUBE_MASK_NONE;
}

static bool write_member(struct writing *writing, struct level *level, struct chimera_scan_text key)
{
    struct chimera_scan *scan = &writing->scan;
    char decoded[256]; /* longer ones are none that are known; of a mask's only the first part */
    struct chimera_slice plain = key.raw, skipped;
    unsigned rank = RANK_REST;
    enum place place = PLACE_ELSEWHERE;
    uint32_t mask = level->mask;
    if (!chimera_scan_colon(scan))
        return false;
    if (key.is_escaped)
        plain =
            (struct chimera_slice){decoded, chimera_scan_decode(key.raw, decoded, sizeof(decoded))};
    if (!is_kept(writing, level, plain, &rank, &place, &mask))
        return writing->code == CHIMERA_OK && chimera_scan_skip(scan, &skipped);
    return add_member(writing, level, key, rank) && begin_value(writing, mask, place);
}

/* What lists have in each object: even where the API server sent none. */
static bool complete_metadata(struct writing *writing, struct level *level)
{
    static const struct {
        struct chimera_slice name, value;
    } added[] = {{{"\"annotations\"", 13}, {"{}", 2}}, {{"\"managedFields\"", 15}, {"[]", 2}}};
    for (size_t i = level->has_annotations; i < 2; i++) {
        struct chimera_slice name = added[i].name;
        struct chimera_scan_text key = {{name.data + 1, name.size - 2}, false};
        if (!add_member(writing, level, key, RANK_REST))
            return false;
        chimera_buffer_append(writing->out, added[i].value);
        end_member(writing, level);
    }
    return true;
}

static bool close_level(struct writing *writing, struct level *level)
{
    struct kube_object_writer *writer = writing->writer;
    if (level->is_object) {
        if (level->place == PLACE_METADATA && writing->form->is_stripped &&
            !complete_metadata(writing, level))
            return false;
        if (!level->is_ordered)
            put_in_order(writing, writer->member + level->members_from,
                         writer->count - level->members_from);
        writer->count = level->members_from;
    }
    chimera_scan_close(&writing->scan);
    chimera_buffer_byte(writing->out, level->is_object ? '}' : ']');
    return true;
}

/* One key, one element, or the end of what is open. */
static bool step(struct writing *writing)
{
    struct chimera_scan *scan = &writing->scan;
    struct level *level = &writing->level[scan->depth];
    struct chimera_scan_text key;
    bool is_first = !level->is_begun;
    level->is_begun = true;
    if (level->is_object) {
        end_member(writing, level);
        int more = chimera_scan_next_key(scan, is_first, &key);
        return more < 0 ? false
               : more   ? write_member(writing, level, key)
                        : close_level(writing, level);
    }
    int more = chimera_scan_next_element(scan, is_first);
    if (more <= 0)
        return more == 0 && close_level(writing, level);
    if (!is_first)
        chimera_buffer_byte(writing->out, ',');
    return begin_value(writing, level->mask, PLACE_ELSEWHERE);
}

static bool write_all(struct writing *writing)
{
    struct chimera_scan *scan = &writing->scan;
    const struct kube_mask *mask = writing->form->mask;
    if (chimera_scan_peek(scan) != '{')
        return chimera_scan_fail_next(scan, "it is no object");
    if (!begin_value(writing,
                     mask && !kube_mask_is_end(mask, KUBE_MASK_ROOT) ? KUBE_MASK_ROOT : KEEP_ALL,
                     PLACE_TOP))
        return false;
    while (scan->depth > 0)
        if (!step(writing) || writing->code < 0 || writing->out->failed)
            return false;
    return chimera_scan_end(scan);
}

int kube_object_write(struct kube_object_writer *writer, struct chimera_slice text,
                      const struct kube_object_form *form, struct chimera_buffer *out,
                      struct chimera_error *err)
{
    struct writing writing = {.writer = writer, .form = form, .out = out};
    size_t before = out->size;
    chimera_scan_init(&writing.scan, text);
    if (!writer->scratch.limit)
        chimera_buffer_init(&writer->scratch, UINT32_MAX / 2);
    bool is_good = write_all(&writing);
    writer->count = 0;
    if (writer->capacity > MEMBERS_KEPT) {
        free(writer->member);
        writer->member = NULL;
        writer->capacity = 0;
    }
    chimera_buffer_recycle(&writer->scratch, SCRATCH_KEPT);
    if (is_good)
        return CHIMERA_OK;
    int code = writing.code < 0 ? writing.code : out->failed;
    out->size = before;
    if (code == CHIMERA_ENOMEM)
        return chimera_fail_memory(err);
    if (code == CHIMERA_ELIMIT)
        return chimera_fail(err, code, "an object of the API server's is too large");
    return chimera_scan_report(&writing.scan, err);
}

/* --- Names --- */

static bool read_names(struct chimera_scan *scan, const char *object,
                       struct kube_object_names *ret_names)
{
    struct chimera_scan_text key;
    struct chimera_slice value;
    bool is_first = true;
    for (; chimera_scan_next_key(scan, is_first, &key) > 0; is_first = false) {
        struct kube_object_place *place =
            chimera_slice_is(key.raw, "name")              ? &ret_names->name
            : chimera_slice_is(key.raw, "namespace")       ? &ret_names->name_space
            : chimera_slice_is(key.raw, "resourceVersion") ? &ret_names->version
                                                           : NULL;
        if (!chimera_scan_colon(scan) || !chimera_scan_skip(scan, &value))
            return false;
        if (place)
            *place = (struct kube_object_place){(uint32_t)(value.data + 1 - object),
                                                (uint32_t)value.size - 2};
    }
    return true;
}

int kube_object_find_names(struct chimera_slice object, struct kube_object_names *ret_names,
                           struct chimera_error *err)
{
    struct chimera_scan scan;
    struct chimera_scan_text key;
    struct chimera_slice value;
    *ret_names = (struct kube_object_names){0};
    chimera_scan_init(&scan, object);
    bool is_first = true;
    bool is_open = chimera_scan_peek(&scan) == '{' && chimera_scan_open(&scan);
    for (; is_open && chimera_scan_next_key(&scan, is_first, &key) > 0; is_first = false) {
        if (!chimera_scan_colon(&scan))
            break;
        if (chimera_slice_is(key.raw, "metadata")) {
            chimera_scan_peek(&scan);
            if (chimera_scan_open(&scan) && read_names(&scan, object.data, ret_names))
                return CHIMERA_OK;
            break;
        }
        if (!chimera_scan_skip(&scan, &value))
            break;
    }
    return chimera_fail(err, CHIMERA_EINVAL, "an object of the API server's has no metadata");
}
