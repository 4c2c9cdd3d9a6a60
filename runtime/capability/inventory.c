/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <stdlib.h>

#include "runtime/capability/inventory_internal.h"
#include "runtime/json/order.h"
#include "runtime/json/scan.h"
#include "runtime/json/tree.h"
#include "runtime/log/log.h"

#define TARGET "chimera::capability"

/* Of an answer that is not shared; the account has the last word. */
#define ANSWER_MAX ((size_t)1 << 30)
#define PLURAL_MAX ((size_t)64 << 10)
/* SHA-256, a byte. */
#define DIGEST_NS 4

#define LIST_CAPABILITY "kubernetes/list_resources_all"

/* --- Life --- */

static int by_resource(const void *a, const void *b)
{
    const struct inventory_list *x = a, *y = b;
    int order = chimera_order_texts(x->version, y->version, NULL);
    return order ? order : chimera_order_texts(x->kind, y->kind, NULL);
}

static int make_request(const struct inventory_list *list, enum chimera_host_request_kind kind,
                        struct chimera_host_request *ret_request)
{
    const struct chimera_slice values[2] = {list->version, list->kind};
    ret_request->kind = kind;
    ret_request->fields = json_object_new_object();
    const char *const *name = chimera_host_request_fields(kind);
    for (size_t i = 0; ret_request->fields && name[i]; i++) {
        struct json_object *value =
            i < 2 ? json_object_new_string_len(values[i].data, (int)values[i].size) : NULL;
        if ((i < 2 && !value) || json_object_object_add(ret_request->fields, name[i], value) != 0)
            return CHIMERA_ENOMEM;
    }
    return ret_request->fields ? CHIMERA_OK : CHIMERA_ENOMEM;
}

static int make_list(struct chimera_inventory *inventory, struct inventory_list *list)
{
    struct chimera_buffer keys;
    chimera_buffer_init_within(&list->text, ANSWER_MAX, inventory->account);
    chimera_buffer_init_within(&list->plural_text, PLURAL_MAX, inventory->account);
    list->answer.text = &list->text;
    list->plural.text = &list->plural_text;
    chimera_buffer_init(&keys, ANSWER_MAX);
    chimera_json_write_string(list->version, &keys);
    size_t size = keys.size;
    chimera_json_write_string(list->kind, &keys);
    list->own_keys = keys.data;
    list->keys[0] = (struct chimera_slice){keys.data, size};
    list->keys[1] = (struct chimera_slice){keys.data + size, keys.size - size};
    int code = keys.failed;
    if (code == CHIMERA_OK)
        code = make_request(list, CHIMERA_ASK_LIST_ALL, &list->request);
    if (code == CHIMERA_OK && inventory->form == CHIMERA_INVENTORY_OPA)
        code = make_request(list, CHIMERA_ASK_PLURAL, &list->plural_request);
    return code;
}

int chimera_inventory_new(const struct chimera_grants *grants, enum chimera_inventory_form form,
                          struct chimera_account *account, struct chimera_inventory **ret_inventory,
                          struct chimera_error *err)
{
    struct chimera_inventory *inventory = calloc(1, sizeof(*inventory));
    size_t count = 0;
    while (grants->resources[count])
        count++;
    if (inventory)
        inventory->list = calloc(count + 1, sizeof(*inventory->list));
    int code = inventory && inventory->list ? CHIMERA_OK : CHIMERA_ENOMEM;
    for (size_t i = 0; i < count && code == CHIMERA_OK; i++) {
        const char *slash = strrchr(grants->resources[i], '/');
        size_t size = slash ? (size_t)(slash - grants->resources[i]) : 0;
        inventory->list[i].version = (struct chimera_slice){grants->resources[i], size};
        inventory->list[i].kind = chimera_slice_of(slash ? slash + 1 : grants->resources[i]);
    }
    if (code == CHIMERA_OK)
        qsort(inventory->list, count, sizeof(*inventory->list), by_resource);
    for (size_t i = 0; i < count && code == CHIMERA_OK; i++) {
        struct inventory_list *last = &inventory->list[inventory->count];
        if (inventory->count > 0 && by_resource(last - 1, &inventory->list[i]) == 0)
            continue; /* granted twice */
        *last = inventory->list[i];
        inventory->count++;
    }
    if (code == CHIMERA_OK) {
        *inventory = (struct chimera_inventory){.grants = grants,
                                                .form = form,
                                                .account = account,
                                                .list = inventory->list,
                                                .count = inventory->count};
        for (size_t i = 0; i < inventory->count && code == CHIMERA_OK; i++)
            code = make_list(inventory, &inventory->list[i]);
    }
    if (code < 0) {
        chimera_inventory_free(inventory);
        return chimera_fail_memory(err);
    }
    *ret_inventory = inventory;
    return CHIMERA_OK;
}

void chimera_inventory_drop(struct chimera_inventory *inventory)
{
    for (size_t i = 0; i < inventory->count; i++) {
        struct inventory_list *list = &inventory->list[i];
        chimera_host_answer_end(&list->answer);
        chimera_host_answer_end(&list->plural);
        chimera_buffer_recycle(&list->text, 0);
        chimera_buffer_recycle(&list->plural_text, 0);
    }
    chimera_account_give_back(inventory->account,
                              inventory->capacity * sizeof(struct inventory_object));
    free(inventory->object);
    inventory->object = NULL;
    inventory->object_count = inventory->capacity = 0;
}

void chimera_inventory_free(struct chimera_inventory *inventory)
{
    if (!inventory)
        return;
    chimera_inventory_drop(inventory);
    for (size_t i = 0; i < inventory->count; i++) {
        chimera_host_request_end(&inventory->list[i].request);
        chimera_host_request_end(&inventory->list[i].plural_request);
        chimera_buffer_free(&inventory->list[i].text);
        chimera_buffer_free(&inventory->list[i].plural_text);
        free(inventory->list[i].own_keys);
    }
    free(inventory->list);
    free(inventory);
}

void chimera_inventory_loaded(struct chimera_inventory *inventory)
{
    for (size_t i = 0; i < inventory->count; i++) {
        struct inventory_list *list = &inventory->list[i];
        list->loaded_version = list->answer.version;
        list->loaded_digest = list->digest;
    }
    inventory->is_loaded = true;
}

void chimera_inventory_forget(struct chimera_inventory *inventory)
{
    inventory->is_loaded = false;
}

/* --- Asking --- */

int inventory_refuse(struct chimera_error *err, const char *before, struct chimera_slice why)
{
    return chimera_fail(err, CHIMERA_EREFUSED, "%s%.*s", before,
                        why.size < 900 ? (int)why.size : 900, why.data ? why.data : "");
}

int inventory_check_account(const struct chimera_inventory *inventory, struct chimera_error *err)
{
    int code = inventory->account->failed;
    return code < 0 ? chimera_fail(err, code, "%s", chimera_account_text(inventory->account)) : 0;
}

/* Errors of the host are shown without their causes here. */
int inventory_ask(struct chimera_inventory *inventory, const struct chimera_host_request *request,
                  struct chimera_host_answer *answer, struct chimera_error *err)
{
    static const char failure[] = "Callback evaluation failure: ", causes[] = "\n\nCaused by:\n";
    struct chimera_capability_source *source = inventory->grants->source;
    chimera_host_answer_end(answer);
    chimera_buffer_reset(answer->text);
    bool is_good = source->ask(source, request, answer);
    chimera_account_has_time(inventory->account, 0); /* it may have waited for all of that */
    int code = inventory_check_account(inventory, err);
    if (code < 0 || answer->text->failed)
        return code < 0 ? code
                        : chimera_fail(err, answer->text->failed,
                                       "the answer to a host call is too large");
    if (is_good)
        return CHIMERA_OK;
    struct chimera_slice why = chimera_buffer_slice(answer->text);
    if (!chimera_slice_starts(why, failure))
        return inventory_refuse(err, "error obtaining response from callback channel: ", why);
    why = chimera_slice_behind(why, sizeof(failure) - 1);
    const char *end = memmem(why.data, why.size, causes, sizeof(causes) - 1);
    if (end)
        why.size = (size_t)(end - why.data);
    return inventory_refuse(err, "cannot perform a request via callback channel: ", why);
}

static int make_digest(struct chimera_inventory *inventory, struct inventory_list *list,
                       struct chimera_error *err)
{
    struct chimera_slice bytes = chimera_host_answer_bytes(&list->answer);
    chimera_account_has_time(inventory->account, bytes.size * DIGEST_NS);
    int code = inventory_check_account(inventory, err);
    return code < 0 ? code : chimera_digest_of(bytes, &list->digest);
}

int chimera_inventory_ask(struct chimera_inventory *inventory, bool *ret_is_changed,
                          struct chimera_error *err)
{
    const struct chimera_grants *grants = inventory->grants;
    bool is_changed = !inventory->is_loaded;
    if (grants->gates_inventory && !chimera_grants_allow(grants, CHIMERA_SLICE(LIST_CAPABILITY)))
        return chimera_fail(err, CHIMERA_EREFUSED,
                            "Policy has not been granted access to the '" LIST_CAPABILITY
                            "' host capability. The violation has been reported.");
    if (!grants->source)
        return chimera_fail(err, CHIMERA_EREFUSED,
                            "cannot build Rego context aware data: callback channel is not set");
    for (size_t i = 0; i < inventory->count; i++) {
        struct inventory_list *list = &inventory->list[i];
        int code = inventory_ask(inventory, &list->request, &list->answer, err);
        if (code == CHIMERA_OK && list->answer.version == 0)
            code = make_digest(inventory, list, err);
        if (code < 0)
            return code;
        if (list->answer.version != list->loaded_version ||
            (list->answer.version == 0 &&
             memcmp(&list->digest, &list->loaded_digest, sizeof(list->digest)) != 0))
            is_changed = true;
    }
    *ret_is_changed = is_changed;
    return CHIMERA_OK;
}

bool chimera_inventory_key(const struct chimera_inventory *inventory,
                           struct chimera_digest *ret_key)
{
    struct chimera_buffer versions;
    bool is_known = true;
    chimera_buffer_init(&versions, PLURAL_MAX);
    for (size_t i = 0; i < inventory->count; i++) {
        is_known &= inventory->list[i].answer.version != 0;
        chimera_buffer_print(&versions, "%" PRIu64 " ", inventory->list[i].answer.version);
    }
    if (versions.failed || !is_known ||
        chimera_digest_of(chimera_buffer_slice(&versions), ret_key) < 0)
        is_known = false;
    chimera_buffer_free(&versions);
    return is_known;
}

/* --- Writing --- */

struct sink {
    char *to; /* NULL: only the size is wanted */
    size_t size;
};

static void put(struct sink *sink, struct chimera_slice text)
{
    if (sink->to && text.size)
        memcpy(sink->to + sink->size, text.data, text.size);
    sink->size += text.size;
}

/* The keys that lead to an object, the name last. */
static unsigned keys_of(const struct chimera_inventory *inventory,
                        const struct inventory_object *object,
                        struct chimera_slice ret_keys[INVENTORY_KEYS_MAX])
{
    const struct inventory_list *list = object->list;
    bool is_opa = inventory->form == CHIMERA_INVENTORY_OPA;
    unsigned count = 0;
    if (is_opa)
        ret_keys[count++] = list->keys[0];
    if (object->name_space.data)
        ret_keys[count++] = object->name_space;
    if (!is_opa) {
        ret_keys[count++] = list->keys[0];
        ret_keys[count++] = list->keys[1];
    }
    ret_keys[count++] = object->name;
    return count;
}

/* Objects [from, to) within one another, without the outermost braces. */
static void put_objects(const struct chimera_inventory *inventory, size_t from, size_t to,
                        struct sink *sink)
{
    struct chimera_slice keys[2][INVENTORY_KEYS_MAX];
    unsigned open = 0; /* objects of keys, which end one level above the object itself */
    for (size_t i = from; i < to; i++) {
        const struct chimera_slice *before = keys[(i + 1) % 2], *now = keys[i % 2];
        unsigned depth = keys_of(inventory, &inventory->object[i], keys[i % 2]), same = 0;
        while (same < open && same + 1 < depth && chimera_slice_equal(now[same], before[same]))
            same++;
        for (; open > same; open--)
            put(sink, CHIMERA_SLICE("}"));
        if (i > from)
            put(sink, CHIMERA_SLICE(","));
        for (; open + 1 < depth; open++) {
            put(sink, now[open]);
            put(sink, CHIMERA_SLICE(":{"));
        }
        put(sink, now[depth - 1]);
        put(sink, CHIMERA_SLICE(":"));
        put(sink, inventory->object[i].text);
    }
    for (; open > 0; open--)
        put(sink, CHIMERA_SLICE("}"));
}

/* The members of the settings, or of a bundle's data, but that which the cluster's objects have. */
static void put_settings(struct chimera_slice settings, bool is_opa, struct sink *sink)
{
    struct chimera_scan scan;
    struct chimera_scan_text key;
    struct chimera_slice value;
    chimera_scan_init(&scan, settings);
    if (chimera_scan_peek(&scan) != '{' || !chimera_scan_open(&scan))
        return;
    for (bool is_first = true; chimera_scan_next_key(&scan, is_first, &key) == 1;
         is_first = false) {
        if (!chimera_scan_colon(&scan) || !chimera_scan_skip(&scan, &value))
            return;
        if (chimera_slice_is(key.raw, is_opa ? "kubernetes" : "inventory")) {
            if (sink->to && is_opa)
                chimera_log(CHIMERA_LOG_WARN, TARGET,
                            CHIMERA_SLICE("OPA policy had user provided setting with key "
                                          "`kubernetes`. This value has been overwritten with the "
                                          "actual kubernetes context data"));
            continue;
        }
        put(sink, CHIMERA_SLICE("\""));
        put(sink, key.raw);
        put(sink, CHIMERA_SLICE("\":"));
        put(sink, value);
        put(sink, CHIMERA_SLICE(","));
    }
}

static void put_document(const struct chimera_inventory *inventory, struct chimera_slice settings,
                         struct sink *sink)
{
    size_t count = inventory->object_count, cluster = 0;
    if (inventory->form == CHIMERA_INVENTORY_OPA) {
        put(sink, CHIMERA_SLICE("{"));
        put_settings(settings, true, sink);
        put(sink, CHIMERA_SLICE("\"kubernetes\":{"));
        put_objects(inventory, 0, count, sink);
        put(sink, CHIMERA_SLICE("}}"));
        return;
    }
    while (cluster < count && !inventory->object[cluster].name_space.data)
        cluster++;
    put(sink, CHIMERA_SLICE("{"));
    put_settings(settings, false, sink);
    put(sink, CHIMERA_SLICE("\"inventory\":{\"cluster\":{"));
    put_objects(inventory, 0, cluster, sink);
    put(sink, CHIMERA_SLICE("},\"namespace\":{"));
    put_objects(inventory, cluster, count, sink);
    put(sink, CHIMERA_SLICE("}}}"));
}

size_t chimera_inventory_size(const struct chimera_inventory *inventory,
                              struct chimera_slice settings)
{
    struct sink sink = {0};
    put_document(inventory, settings, &sink);
    return sink.size;
}

void chimera_inventory_write(const struct chimera_inventory *inventory,
                             struct chimera_slice settings, char *to)
{
    struct sink sink = {.to = to};
    put_document(inventory, settings, &sink);
}
