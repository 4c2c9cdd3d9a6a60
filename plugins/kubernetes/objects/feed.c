/* SPDX-License-Identifier: Apache-2.0 */
#include "plugins/kubernetes/objects/feed.h"

#include <stdlib.h>

#include "runtime/json/shape.h"

#define OBJECT_MAX (KUBE_PIECE_MAX * 2) /* a number may be written longer than it came */
#define OBJECT_KEPT ((size_t)64 << 10)

enum { EVENT_TYPE, EVENT_OBJECT, EVENT_FIELDS };
static const struct chimera_shape_field event_fields[EVENT_FIELDS] = {
    [EVENT_TYPE] = {{"type", 4}, CHIMERA_SHAPE_STRING},
    [EVENT_OBJECT] = {{"object", 6}, CHIMERA_SHAPE_ANY}};
static const struct chimera_shape event_shape = {
    .name = "WatchEvent", .field = event_fields, .count = EVENT_FIELDS, .is_lenient = true};

enum { META_VERSION, META_CONTINUE, META_FIELDS };
static const struct chimera_shape_field meta_fields[META_FIELDS] = {
    [META_VERSION] = {{"resourceVersion", 15}, CHIMERA_SHAPE_STRING, .is_optional = true},
    [META_CONTINUE] = {{"continue", 8}, CHIMERA_SHAPE_STRING, .is_optional = true}};
static const struct chimera_shape meta_shape = {
    .name = "ListMeta", .field = meta_fields, .count = META_FIELDS, .is_lenient = true};

/* Writes an object into feed->object, where its names are. */
static int write_object(struct kube_feed *feed, struct chimera_slice text,
                        struct kube_object_names *ret_names, struct chimera_error *err)
{
    chimera_buffer_recycle(&feed->object, OBJECT_KEPT);
    int code = kube_object_write(&feed->writer, text, &feed->form, &feed->object, err);
    if (code == CHIMERA_OK)
        code = kube_object_find_names(chimera_buffer_slice(&feed->object), ret_names, err);
    return code;
}

static int put(struct kube_feed *feed, const struct kube_object_names *names,
               struct chimera_error *err)
{
    bool changes = false;
    int code = kube_store_put(feed->store, chimera_buffer_slice(&feed->object), names, feed->round,
                              &changes, err);
    feed->has_changed = feed->has_changed || changes;
    return code;
}

/* Of the list itself: its version and the token of the next page. The rest is none of ours. */
static int take_member(struct kube_feed *feed, struct chimera_slice member,
                       struct chimera_error *err)
{
    struct chimera_scan scan;
    struct chimera_scan_text key;
    struct chimera_slice value[META_FIELDS] = {0}, skipped;
    chimera_scan_init(&scan, member);
    bool is_good = chimera_scan_peek(&scan) == '"' && chimera_scan_string(&scan, &key) &&
                   chimera_scan_colon(&scan);
    bool is_meta = is_good && chimera_slice_is(key.raw, "metadata");
    is_good = is_good && (is_meta ? chimera_shape_read(&scan, &meta_shape, value)
                                  : chimera_scan_skip(&scan, &skipped));
    if (!is_good || !chimera_scan_end(&scan))
        return chimera_fail(err, CHIMERA_EINVAL,
                            "the API server's answer is not the JSON of a list");
    if (value[META_VERSION].size > KUBE_VERSION_MAX ||
        value[META_CONTINUE].size > KUBE_CONTINUE_MAX)
        return chimera_fail(err, CHIMERA_ELIMIT, "a version of the API server's is too long");
    if (value[META_VERSION].size)
        kube_status_text(value[META_VERSION], feed->version, sizeof(feed->version));
    char *room = value[META_CONTINUE].size
                     ? chimera_buffer_reserve(&feed->next, value[META_CONTINUE].size)
                     : NULL;
    if (room) {
        kube_status_text(value[META_CONTINUE], room, value[META_CONTINUE].size);
        feed->next.size = strlen(room);
    }
    return CHIMERA_OK;
}

/* An object that is added, changed, deleted, or only tells a version. */
static int take_change(struct kube_feed *feed, struct chimera_slice type, struct chimera_slice text,
                       struct chimera_error *err)
{
    struct kube_object_names names;
    int code = write_object(feed, text, &names, err);
    if (code < 0)
        return code;
    struct chimera_slice object = chimera_buffer_slice(&feed->object);
    if (chimera_slice_is(type, "\"DELETED\""))
        feed->has_changed = kube_store_remove(feed->store, object, &names) || feed->has_changed;
    else if (!chimera_slice_is(type, "\"BOOKMARK\""))
        code = put(feed, &names, err);
    if (code == CHIMERA_OK && names.version.size > 0 && names.version.size < KUBE_VERSION_MAX - 2)
        kube_status_text(
            (struct chimera_slice){object.data + names.version.at - 1, names.version.size + 2},
            feed->version, sizeof(feed->version));
    feed->event_count++;
    return code;
}

static int take_event(struct kube_feed *feed, struct chimera_slice event, struct chimera_error *err)
{
    static const char *const changes[] = {"\"ADDED\"", "\"MODIFIED\"", "\"DELETED\"",
                                          "\"BOOKMARK\""};
    struct chimera_slice value[EVENT_FIELDS] = {0};
    struct chimera_scan scan;
    if (!chimera_shape_read_all(&scan, event, &event_shape, value))
        return chimera_scan_report(&scan, err);
    for (size_t i = 0; i < sizeof(changes) / sizeof(changes[0]); i++)
        if (chimera_slice_is(value[EVENT_TYPE], changes[i]))
            return take_change(feed, value[EVENT_TYPE], value[EVENT_OBJECT], err);
    if (!chimera_slice_is(value[EVENT_TYPE], "\"ERROR\""))
        return chimera_fail(err, CHIMERA_EINVAL, "the API server sent an event of no known type");
    kube_status_read(value[EVENT_OBJECT], 500, &feed->refusal);
    return chimera_fail(err, CHIMERA_EIO, "%s", feed->refusal.message);
}

static int take_piece(void *context, enum kube_piece kind, struct chimera_slice piece,
                      struct chimera_error *err)
{
    struct kube_feed *feed = context;
    struct kube_object_names names;
    if (kind == KUBE_PIECE_MEMBER)
        return take_member(feed, piece, err);
    if (kind == KUBE_PIECE_EVENT)
        return take_event(feed, piece, err);
    int code = write_object(feed, piece, &names, err);
    return code < 0 ? code : put(feed, &names, err);
}

void kube_feed_init(struct kube_feed *feed, struct kube_store *store,
                    const struct kube_object_form *form)
{
    *feed = (struct kube_feed){.store = store, .form = *form};
    feed->cut.take = take_piece;
    feed->cut.context = feed;
    chimera_buffer_init(&feed->object, OBJECT_MAX);
    chimera_buffer_init(&feed->next, KUBE_CONTINUE_MAX);
    kube_cut_init(&feed->cut, false);
}

void kube_feed_done(struct kube_feed *feed)
{
    kube_cut_done(&feed->cut);
    kube_object_writer_done(&feed->writer);
    chimera_buffer_free(&feed->object);
    chimera_buffer_free(&feed->next);
}

void kube_feed_begin_list(struct kube_feed *feed)
{
    feed->round = feed->round == UINT32_MAX ? 1 : feed->round + 1;
    feed->version[0] = '\0';
    kube_feed_begin_page(feed);
}

void kube_feed_begin_page(struct kube_feed *feed)
{
    chimera_buffer_reset(&feed->next); /* the request has it by now */
    kube_cut_init(&feed->cut, false);
}

void kube_feed_begin_watch(struct kube_feed *feed)
{
    feed->refusal = (struct kube_status){0};
    kube_cut_init(&feed->cut, true);
}

int kube_feed_bytes(struct kube_feed *feed, struct chimera_slice bytes, struct chimera_error *err)
{
    return kube_cut_bytes(&feed->cut, bytes, err);
}

int kube_feed_end_page(struct kube_feed *feed, struct chimera_error *err)
{
    int code = kube_cut_end(&feed->cut, err);
    if (code == CHIMERA_OK && feed->next.size == 0 && !feed->version[0])
        code = chimera_fail(err, CHIMERA_EINVAL, "the API server's list has no version");
    if (code == CHIMERA_OK && feed->next.size == 0 &&
        kube_store_drop_others(feed->store, feed->round) > 0)
        feed->has_changed = true;
    return code;
}
