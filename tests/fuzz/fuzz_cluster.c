/* SPDX-License-Identifier: Apache-2.0 */
/* What an API server may send, as a list or a watch, in parts: the store stays in order, what is in
 * it is JSON that is written as itself, the budget is what is used, and how it was cut up does not
 * matter. The first byte chooses. */
#include <stdint.h>
#include <stdlib.h>

#include "plugins/kubernetes/objects/feed.h"
#include "runtime/json/scan.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void expect(bool is_right)
{
    if (!is_right)
        abort();
}

struct run {
    struct kube_budget budget;
    struct kube_store store;
    struct kube_feed feed;
    struct kube_mask *mask;
    int code;
};

static void begin(struct run *run, uint8_t choice)
{
    *run = (struct run){.budget.limit = choice & 4 ? 4000 : (uint64_t)1 << 30};
    run->store.budget = &run->budget;
    struct json_object *masks = json_tokener_parse("[\"spec.a\",\"b\",\"\",\"data.x.y\"]");
    expect(kube_mask_new(choice & 2 ? masks : NULL, &run->mask, NULL) == CHIMERA_OK);
    json_object_put(masks);
    struct kube_object_form form = {run->mask, !(choice & 8)};
    kube_feed_init(&run->feed, &run->store, &form);
}

static void feed_all(struct run *run, uint8_t choice, struct chimera_slice text, size_t part)
{
    struct chimera_error err = {0};
    kube_feed_begin_list(&run->feed);
    if (choice & 1)
        kube_feed_begin_watch(&run->feed);
    while (text.size > 0 && run->code == CHIMERA_OK) {
        size_t now = text.size < part ? text.size : part;
        run->code = kube_feed_bytes(&run->feed, (struct chimera_slice){text.data, now}, &err);
        text = chimera_slice_behind(text, now);
    }
    if (run->code == CHIMERA_OK && !(choice & 1))
        run->code = kube_feed_end_page(&run->feed, &err);
    expect(run->code == CHIMERA_OK || err.text[0]);
}

static void check_object(struct run *run, const struct kube_stored *stored)
{
    struct chimera_slice object = {stored->bytes, stored->size};
    struct chimera_buffer again;
    chimera_buffer_init(&again, (size_t)64 << 20);
    expect(chimera_json_check(object, NULL) == CHIMERA_OK);
    expect(kube_object_write(&run->feed.writer, object, &run->feed.form, &again, NULL) ==
           CHIMERA_OK);
    expect(chimera_slice_equal(object, chimera_buffer_slice(&again)));
    chimera_buffer_free(&again);
}

static int compare(const struct kube_stored *a, const struct kube_stored *b)
{
    size_t spaces = a->space_size < b->space_size ? a->space_size : b->space_size;
    size_t names = a->name_size < b->name_size ? a->name_size : b->name_size;
    int order = memcmp(a->bytes + a->space_at, b->bytes + b->space_at, spaces);
    if (order || a->space_size != b->space_size)
        return order ? order : a->space_size - b->space_size;
    order = memcmp(a->bytes + a->name_at, b->bytes + b->name_at, names);
    return order ? order : a->name_size - b->name_size;
}

static void check(struct run *run)
{
    struct kube_store *store = &run->store;
    uint64_t bytes = 0;
    for (size_t i = 0; i < store->count; i++) {
        check_object(run, store->object[i]);
        bytes += store->object[i]->size;
        expect(i == 0 || compare(store->object[i - 1], store->object[i]) < 0);
    }
    expect(bytes == store->json_bytes && store->used == run->budget.used);
    expect(run->budget.used <= run->budget.limit);
}

static void end(struct run *run)
{
    kube_feed_done(&run->feed);
    kube_store_done(&run->store);
    kube_mask_free(run->mask);
    expect(run->budget.used == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0)
        return 0;
    struct chimera_slice text = {(const char *)data + 1, size - 1};
    struct run whole, parts;
    begin(&whole, data[0]);
    begin(&parts, data[0]);
    feed_all(&whole, data[0], text, SIZE_MAX);
    feed_all(&parts, data[0], text, 1 + data[0] / 16);
    check(&whole);
    expect(whole.code == parts.code && whole.store.count == parts.store.count);
    for (size_t i = 0; i < whole.store.count; i++)
        expect(whole.store.object[i]->size == parts.store.object[i]->size &&
               memcmp(whole.store.object[i]->bytes, parts.store.object[i]->bytes,
                      whole.store.object[i]->size) == 0);
    end(&whole);
    end(&parts);
    return 0;
}
