/* SPDX-License-Identifier: Apache-2.0 */
/* registry_referrers.c - what names a manifest as its subject (cli-and-distribution.md §3.8).
 *
 * The API and the fallback tag are both read, always: artifacts may have come by clients and in
 * times that knew one of them. Both are what others wrote, so pages, bytes and entries are bounded.
 */
#include <stdlib.h>

#include "compiler/fetch/registry/registry_internal.h"
#include "runtime/base/cleanup.h"
#include "runtime/json/tree.h"

#define PAGES_MAX 64
#define BYTES_MAX ((size_t)8 << 20) /* of all pages */
#define TAG_DIGITS_MAX 64           /* the specification cuts longer ones */
#define ADD_TRIES_MAX 4

static const char *const accepted[] = {"Accept: " CHIMERA_MEDIA_OCI_INDEX, NULL};

struct gathering {
    const struct chimera_image_reference *image;
    const char *digest;
    size_t bytes;
    struct chimera_referrers found;
};

/* "sha256-…". Owned by the caller. */
static char *fallback_tag(const char *digest)
{
    const char *colon = strchr(digest, ':');
    return chimera_registry_text("%.*s-%.*s", (int)(colon - digest), digest, TAG_DIGITS_MAX,
                                 colon + 1);
}

/* --- Gathering --- */

static bool has_entry(const struct chimera_descriptor *entries, size_t count, const char *digest)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(entries[i].digest, digest) == 0)
            return true;
    return false;
}

/* Room for one page more, and for its entries. */
static int make_room(struct gathering *gathering, size_t more, struct chimera_error *err)
{
    struct chimera_referrers *found = &gathering->found;
    void *entries = realloc(found->entries, (found->count + more + 1) * sizeof(*found->entries));
    if (!entries)
        return chimera_fail_memory(err);
    found->entries = entries;
    void *pages = realloc(found->pages, (found->page_count + 1) * sizeof(*found->pages));
    if (!pages)
        return chimera_fail_memory(err);
    found->pages = pages;
    return CHIMERA_OK;
}

/* Takes over the page, in any case. */
static int add_page(struct gathering *gathering, struct chimera_oci_manifest *page,
                    struct chimera_error *err)
{
    struct chimera_referrers *found = &gathering->found;
    int code = CHIMERA_OK;
    gathering->bytes += page->bytes.size;
    if (gathering->bytes > BYTES_MAX ||
        page->entry_count > CHIMERA_INDEX_ENTRIES_MAX - found->count)
        code = chimera_fail(err, CHIMERA_ELIMIT, "%s has too many referrers: at most %d",
                            gathering->digest, CHIMERA_INDEX_ENTRIES_MAX);
    if (code == CHIMERA_OK)
        code = make_room(gathering, page->entry_count, err);
    if (code < 0) {
        chimera_oci_manifest_done(page);
        return code;
    }
    for (size_t i = 0; i < page->entry_count; i++)
        if (!has_entry(found->entries, found->count, page->entries[i].digest))
            found->entries[found->count++] = page->entries[i];
    found->pages[found->page_count++] = *page;
    return CHIMERA_OK;
}

/* --- The API --- */

/* `<URL>; rel="next"`, one of several, perhaps. NULL data: there is none. */
static struct chimera_slice find_next(struct chimera_slice links)
{
    while (links.size > 0) {
        const char *start = memchr(links.data, '<', links.size);
        const char *end =
            start ? memchr(start, '>', links.size - (size_t)(start - links.data)) : NULL;
        if (!end)
            break;
        struct chimera_slice target = {start + 1, (size_t)(end - start - 1)};
        links = (struct chimera_slice){end, links.size - (size_t)(end - links.data)};
        const char *other = memchr(links.data, '<', links.size);
        size_t size = other ? (size_t)(other - links.data) : links.size;
        if (memmem(links.data, size, "rel=\"next\"", 10) || memmem(links.data, size, "rel=next", 8))
            return target;
    }
    return (struct chimera_slice){0};
}

/* Where the next page is, in *ret_url; NULL: there is none. */
static int find_next_page(const struct chimera_call *call,
                          const struct chimera_transfer_answer *answer, char **ret_url,
                          struct chimera_error *err)
{
    struct chimera_slice next = find_next(chimera_transfer_header(answer, "link", 0));
    bool is_home = false;
    *ret_url = NULL;
    if (!next.data)
        return CHIMERA_OK;
    int code = chimera_registry_resolve_url(call, answer, next, ret_url, &is_home, err);
    if (code == CHIMERA_OK && !is_home) {
        free(*ret_url);
        *ret_url = NULL;
        code = chimera_fail(err, CHIMERA_EREFUSED, "%s: %s: they go on at another host",
                            call->place->host, call->what);
    }
    return code;
}

/* *url, owned, becomes that of the next page, or NULL. */
static int get_page(struct chimera_registry *registry, struct chimera_call *call,
                    struct gathering *gathering, char **url, struct chimera_error *err)
{
    struct chimera_transfer_answer answer;
    struct chimera_oci_manifest page;
    CHIMERA_FREE char *now = *url;
    bool is_first = gathering->found.page_count == 0;
    *url = NULL;
    call->url = now;
    int code = chimera_registry_call(registry, call, &answer, err);
    if (code < 0)
        return code;
    /* A registry that has no such list says so by 404, another status, or a page for browsers. */
    if (answer.status == 200 &&
        chimera_slice_starts(chimera_transfer_header(&answer, "content-type", 0),
                             CHIMERA_MEDIA_OCI_INDEX)) {
        code = find_next_page(call, &answer, url, err);
        if (code == CHIMERA_OK)
            code = chimera_oci_manifest_parse(&answer.body, CHIMERA_MEDIA_OCI_INDEX, NULL,
                                              call->what, &page, err);
        if (code == CHIMERA_OK)
            code = add_page(gathering, &page, err);
    } else if (!is_first || (answer.status != 200 && answer.status != 501 &&
                             (answer.status < 400 || answer.status >= 500 || answer.status == 401 ||
                              answer.status == 403 || answer.status == 429))) {
        code = chimera_registry_fail(call, &answer, err);
    }
    chimera_transfer_answer_done(&answer);
    return code;
}

static int gather_by_api(struct chimera_registry *registry, struct chimera_place *place,
                         struct gathering *gathering, struct chimera_error *err)
{
    char *url = chimera_registry_url(place, gathering->image, "referrers/%s", gathering->digest);
    CHIMERA_FREE char *scope = chimera_registry_scope(place, gathering->image->repository, "pull");
    CHIMERA_FREE char *what = chimera_registry_text("the referrers of %s", gathering->digest);
    struct chimera_call call = {
        .place = place,
        .method = "GET",
        .scope = scope,
        .what = what,
        .headers = accepted,
        .body = CHIMERA_NO_BODY,
        .limit = CHIMERA_MANIFEST_MAX,
        .is_idempotent = true,
    };
    int code = url && scope && what ? CHIMERA_OK : chimera_fail_memory(err);
    for (size_t pages = 0; code == CHIMERA_OK && url; pages++)
        code = pages < PAGES_MAX
                   ? get_page(registry, &call, gathering, &url, err)
                   : chimera_fail(err, CHIMERA_ELIMIT, "%s: %s are on more than %d pages",
                                  place->host, what, PAGES_MAX);
    free(url);
    return code;
}

/* --- The fallback tag --- */

static int get_fallback(struct chimera_registry *registry, struct chimera_place *place,
                        const struct gathering *gathering, struct chimera_oci_manifest *ret_index,
                        bool *ret_is_missing, struct chimera_error *err)
{
    CHIMERA_FREE char *tag = fallback_tag(gathering->digest);
    const struct chimera_wanted_manifest wanted = {gathering->image, tag};
    if (!tag)
        return chimera_fail_memory(err);
    int code =
        chimera_registry_get_manifest_at(registry, place, &wanted, ret_index, ret_is_missing, err);
    if (code == CHIMERA_OK && !ret_index->is_index) {
        chimera_oci_manifest_done(ret_index);
        code = chimera_fail(err, CHIMERA_EINVAL, "%s: what is at the tag %s is no index",
                            place->host, tag);
    }
    return code;
}

static int gather(struct chimera_registry *registry, struct chimera_place *place, void *context,
                  bool *ret_is_last, struct chimera_error *err)
{
    struct gathering *gathering = context;
    struct chimera_oci_manifest index;
    struct chimera_error why;
    bool is_missing = false;
    (void)ret_is_last;
    chimera_referrers_done(&gathering->found);
    gathering->bytes = 0;
    int code = gather_by_api(registry, place, gathering, err);
    if (code < 0)
        return code;
    code = get_fallback(registry, place, gathering, &index, &is_missing, &why);
    if (code == CHIMERA_OK)
        code = add_page(gathering, &index, err);
    else
        code = is_missing ? CHIMERA_OK : chimera_fail(err, code, "%s", why.text);
    bool is_home = place == chimera_registry_home(registry);
    if (code == CHIMERA_OK && gathering->found.count == 0 && !is_home)
        return chimera_fail(err, CHIMERA_EINVAL, "%s: no referrers", place->host);
    return code;
}

int chimera_registry_list_referrers(struct chimera_registry *registry,
                                    const struct chimera_image_reference *image, const char *digest,
                                    struct chimera_referrers *ret_referrers,
                                    struct chimera_error *err)
{
    struct gathering gathering = {.image = image, .digest = digest};
    if (!chimera_oci_digest_is_good(chimera_slice_of(digest)))
        return chimera_fail(err, CHIMERA_EINVAL, "%s is not a digest", digest);
    int code = chimera_registry_ask(registry, gather, &gathering, err);
    if (code < 0)
        chimera_referrers_done(&gathering.found);
    else
        *ret_referrers = gathering.found;
    return code;
}

void chimera_referrers_done(struct chimera_referrers *referrers)
{
    for (size_t i = 0; i < referrers->page_count; i++)
        chimera_oci_manifest_done(&referrers->pages[i]);
    free(referrers->pages);
    free(referrers->entries);
    *referrers = (struct chimera_referrers){0};
}

/* --- Adding --- */

static bool add_member(struct json_object *object, const char *name, struct json_object *value)
{
    if (value && json_object_object_add(object, name, value) == 0)
        return true;
    json_object_put(value);
    return false;
}

/* NULL: no memory. */
static struct json_object *entry_tree(const struct chimera_descriptor *entry)
{
    struct json_object *tree = json_object_new_object();
    bool is_good =
        tree && add_member(tree, "mediaType", json_object_new_string(entry->media_type)) &&
        add_member(tree, "digest", json_object_new_string(entry->digest)) &&
        add_member(tree, "size", json_object_new_int64((int64_t)entry->size)) &&
        (!entry->artifact_type ||
         add_member(tree, "artifactType", json_object_new_string(entry->artifact_type))) &&
        (!entry->annotations ||
         add_member(tree, "annotations", json_object_get(entry->annotations)));
    if (is_good)
        return tree;
    json_object_put(tree);
    return NULL;
}

/* `tree` is an index, or an object that becomes one. */
static bool append_entry(struct json_object *tree, const struct chimera_descriptor *entry)
{
    struct json_object *list = json_object_object_get(tree, "manifests");
    if (!list) {
        list = json_object_new_array();
        if (!add_member(tree, "manifests", list))
            return false;
    }
    struct json_object *value = entry_tree(entry);
    if (value && json_object_array_add(list, value) == 0)
        return true;
    json_object_put(value);
    return false;
}

static struct json_object *new_index(void)
{
    struct json_object *tree = json_object_new_object();
    if (tree && add_member(tree, "schemaVersion", json_object_new_int(2)) &&
        add_member(tree, "mediaType", json_object_new_string(CHIMERA_MEDIA_OCI_INDEX)))
        return tree;
    json_object_put(tree);
    return NULL;
}

/* Takes over `tree`. */
static int put_fallback(struct chimera_registry *registry, const struct gathering *gathering,
                        struct json_object *tree, const struct chimera_descriptor *entry,
                        struct chimera_error *err)
{
    CHIMERA_JSON struct json_object *index = tree;
    CHIMERA_FREE char *tag = fallback_tag(gathering->digest);
    const struct chimera_image_reference at = {.registry = gathering->image->registry,
                                               .repository = gathering->image->repository,
                                               .tag = tag};
    struct chimera_published published;
    struct chimera_buffer bytes;
    if (!index || !tag || !append_entry(index, entry))
        return chimera_fail_memory(err);
    struct json_object *type = json_object_object_get(index, "mediaType");
    chimera_buffer_init(&bytes, CHIMERA_MANIFEST_MAX);
    chimera_json_write(index, &bytes);
    int code = bytes.failed ? chimera_fail(err, bytes.failed, "%s: the index at the tag %s is full",
                                           registry->options.host, tag)
                            : chimera_registry_put_manifest(
                                  registry, &at,
                                  type ? json_object_get_string(type) : CHIMERA_MEDIA_OCI_INDEX,
                                  chimera_buffer_slice(&bytes), &published, err);
    chimera_buffer_free(&bytes);
    return code;
}

int chimera_registry_add_referrer(struct chimera_registry *registry,
                                  const struct chimera_image_reference *image, const char *digest,
                                  const struct chimera_descriptor *entry, struct chimera_error *err)
{
    struct chimera_place *place = chimera_registry_home(registry);
    const struct gathering gathering = {.image = image, .digest = digest};
    if (!chimera_oci_digest_is_good(chimera_slice_of(digest)))
        return chimera_fail(err, CHIMERA_EINVAL, "%s is not a digest", digest);
    for (unsigned tries = 0; tries < ADD_TRIES_MAX; tries++) {
        struct chimera_oci_manifest index = {0};
        struct chimera_error why;
        bool is_missing = false;
        int code = get_fallback(registry, place, &gathering, &index, &is_missing, &why);
        if (code < 0 && !is_missing)
            return chimera_fail(err, code, "%s", why.text);
        bool is_there = has_entry(index.entries, index.entry_count, entry->digest);
        if (!is_there)
            code = put_fallback(registry, &gathering,
                                is_missing ? new_index() : json_object_get(index.tree), entry, err);
        chimera_oci_manifest_done(&index);
        if (is_there || code < 0)
            return is_there ? CHIMERA_OK : code;
    }
    return chimera_fail(err, CHIMERA_EIO,
                        "%s: others write the referrers of %s at the same time: try again",
                        registry->options.host, digest);
}
