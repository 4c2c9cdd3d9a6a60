/* SPDX-License-Identifier: Apache-2.0 */
/* Documents by the references that lead to them. */
#include "runtime/json/tree.h"
#include "runtime/rego/builtins/schema/schema_internal.h"
#include "runtime/rego/builtins/uri/reference.h"

/* Puts what `text` is as seen from `base` into the region. CHIMERA_EINVAL for what is no reference.
 */
static int resolve(struct chimera_schema *schema, struct chimera_slice base,
                   struct chimera_slice text, struct chimera_slice *ret_text)
{
    struct chimera_uri of_base, of_text;
    struct chimera_region region; /* for the parts, which nobody needs later */
    struct chimera_buffer out;
    struct chimera_error ignored = {0};
    chimera_region_init(&region, schema->call->account);
    chimera_rego_buffer(schema->call, &out);
    int code = chimera_uri_parse(base, &region, &of_base, &ignored);
    if (code == CHIMERA_OK)
        code = chimera_uri_parse(text, &region, &of_text, &ignored);
    if (code == CHIMERA_OK) {
        chimera_uri_resolve(&of_base, &of_text, &out);
        *ret_text = chimera_region_copy(&schema->region, chimera_buffer_slice(&out));
        if (out.failed || !ret_text->data)
            code = CHIMERA_ENOMEM;
    }
    chimera_buffer_free(&out);
    chimera_region_free(&region);
    return code;
}

static struct chimera_place *find(struct chimera_schema *schema, const char *reference)
{
    void *found = NULL;
    lh_table_lookup_ex(schema->pool, reference, &found);
    return found;
}

static int put(struct chimera_schema *schema, struct chimera_slice reference,
               struct chimera_place place)
{
    struct chimera_place *known = find(schema, reference.data);
    if (!known) {
        known = chimera_region_take(&schema->region, sizeof(*known));
        struct chimera_slice key = chimera_region_copy(&schema->region, reference);
        if (!key.data ||
            chimera_account_take(schema->call->account, CHIMERA_POOL_ENTRY_BYTES) < 0 ||
            lh_table_insert(schema->pool, key.data, known) < 0)
            return chimera_schema_no_memory(schema);
    }
    *known = place;
    return CHIMERA_OK;
}

static struct chimera_slice text_member(struct json_object *object, const char *key)
{
    struct json_object *value = chimera_json_member(object, key);
    return json_object_is_type(value, json_type_string) ? chimera_rego_string(value)
                                                        : (struct chimera_slice){0};
}

/* What `id` says of the object, which is seen from *base from then on. */
static int note_id(struct chimera_schema *schema, struct json_object *object, int draft,
                   struct chimera_slice *base)
{
    struct json_object *unused;
    bool is_old = json_object_object_get_ex(object, "id", &unused);
    struct chimera_slice id = text_member(object, is_old ? "id" : "$id");
    if (!id.data)
        return CHIMERA_OK;
    int code = resolve(schema, *base, id, base);
    if (code < 0)
        return code == CHIMERA_EINVAL ? CHIMERA_OK : chimera_schema_no_memory(schema);
    if (find(schema, base->data))
        return chimera_schema_fail(schema, "Reference already exists: \"%s\"", base->data);
    return put(schema, *base, (struct chimera_place){.node = object, .draft = draft});
}

/* Makes `$ref` absolute; one that is none is told when the schema is read. */
static int note_reference(struct chimera_schema *schema, struct json_object *object,
                          struct chimera_slice base)
{
    struct chimera_slice text = text_member(object, "$ref"), whole;
    int code = text.data ? resolve(schema, base, text, &whole) : CHIMERA_EINVAL;
    if (code == CHIMERA_OK &&
        chimera_node_add(schema->call->account, object, "$ref",
                         chimera_node_string(schema->call->account, whole)) < 0)
        code = CHIMERA_ENOMEM;
    return code == CHIMERA_OK || code == CHIMERA_EINVAL ? CHIMERA_OK
                                                        : chimera_schema_no_memory(schema);
}

static int note_all(struct chimera_schema *schema, struct json_object *node,
                    struct chimera_slice base, int draft);

/* `is_schema`: the members are keywords; else they are names, with a schema each. */
static int note_members(struct chimera_schema *schema, struct json_object *object,
                        struct chimera_slice base, int draft, bool is_schema)
{
    int code = CHIMERA_OK;
    for (const struct lh_entry *entry = json_object_get_object(object)->head;
         entry && code == CHIMERA_OK; entry = entry->next) {
        const char *key = (const char *)lh_entry_k(entry);
        struct json_object *value = (struct json_object *)lh_entry_v(entry);
        bool is_named = strcmp(key, "properties") == 0 || strcmp(key, "dependencies") == 0 ||
                        strcmp(key, "patternProperties") == 0;
        if (is_schema && (strcmp(key, "const") == 0 || strcmp(key, "enum") == 0))
            continue;
        if (!is_schema || !is_named)
            code = note_all(schema, value, base, draft);
        else if (json_object_is_type(value, json_type_object))
            code = note_members(schema, value, base, draft, false);
    }
    return code;
}

/* As deep as documents can be, so the recursion is bounded. */
static int note_all(struct chimera_schema *schema, struct json_object *node,
                    struct chimera_slice base, int draft)
{
    int code = chimera_rego_spend(schema->call, 4);
    if (code < 0 || !json_object_is_type(node, json_type_object)) {
        size_t count =
            json_object_is_type(node, json_type_array) ? json_object_array_length(node) : 0;
        for (size_t i = 0; i < count && code == CHIMERA_OK; i++)
            code = note_all(schema, json_object_array_get_idx(node, i), base, draft);
        return code;
    }
    code = note_id(schema, node, draft, &base);
    if (code == CHIMERA_OK)
        code = note_reference(schema, node, base);
    return code < 0 ? code : note_members(schema, node, base, draft, true);
}

/* From `$schema`. */
static int read_draft(struct chimera_schema *schema, struct json_object *document, int *ret_draft)
{
    struct json_object *value;
    *ret_draft = CHIMERA_DRAFT_NONE;
    if (json_object_is_type(document, json_type_boolean))
        return CHIMERA_OK;
    if (!json_object_is_type(document, json_type_object))
        return chimera_schema_fail(schema, "schema is invalid");
    if (!json_object_object_get_ex(document, "$schema", &value))
        return CHIMERA_OK;
    if (!json_object_is_type(value, json_type_string))
        return chimera_schema_fail(schema, "$schema must be of type string");
    struct chimera_uri uri;
    struct chimera_buffer text;
    struct chimera_slice name = chimera_rego_string(value);
    int code = chimera_uri_parse(name, &schema->region, &uri, schema->call->err);
    if (code < 0)
        return code == CHIMERA_EINVAL ? code : chimera_schema_no_memory(schema);
    chimera_rego_buffer(schema->call, &text);
    chimera_uri_write(&uri, &text);
    *ret_draft = chimera_draft_of(chimera_buffer_slice(&text));
    code = text.failed ? chimera_schema_no_memory(schema) : CHIMERA_OK;
    chimera_buffer_free(&text);
    return code;
}

int chimera_pool_add(struct chimera_schema *schema, struct chimera_slice reference,
                     struct json_object *document, int *ret_draft)
{
    if (chimera_node_append(schema->call->account, schema->documents, document) < 0)
        return chimera_schema_no_memory(schema);
    int code = read_draft(schema, document, ret_draft);
    if (code == CHIMERA_OK)
        code = note_all(schema, document, reference, *ret_draft);
    return code < 0 ? code
                    : put(schema, reference,
                          (struct chimera_place){.node = document, .draft = *ret_draft});
}

/* --- Finding --- */

/* Replaces ~1 and ~0, in place. */
static void decode_token(char *token)
{
    char *to = token;
    for (const char *at = token; *at; at++) {
        bool is_escape = at[0] == '~' && (at[1] == '0' || at[1] == '1');
        *to++ = !is_escape ? *at : at[1] == '0' ? '~' : '/';
        at += is_escape;
    }
    *to = '\0';
}

static int step_into(struct chimera_schema *schema, char *token, struct json_object **node)
{
    if (json_object_is_type(*node, json_type_object)) {
        decode_token(token);
        if (!json_object_object_get_ex(*node, token, node))
            return chimera_schema_fail(schema, "Object has no key '%s'", token);
        return CHIMERA_OK;
    }
    if (!json_object_is_type(*node, json_type_array))
        return chimera_schema_fail(schema, "Invalid token reference '%s'", token);
    size_t count = json_object_array_length(*node), index = 0;
    const char *digits = token + (*token == '-' || *token == '+');
    if (!*digits || digits[strspn(digits, "0123456789")] || strlen(digits) > 18)
        return chimera_schema_fail(schema, "Invalid array index '%s'", token);
    for (const char *at = digits; *at; at++)
        index = index * 10 + (size_t)(*at - '0');
    if (index >= count || (*token == '-' && index > 0))
        return chimera_schema_fail(schema, "Out of bound array[0,%zu] index '%s'", count, token);
    *node = json_object_array_get_idx(*node, index);
    return CHIMERA_OK;
}

/* Follows a JSON pointer; a fragment that is none is the whole document. */
static int follow(struct chimera_schema *schema, struct chimera_slice fragment,
                  struct json_object **node)
{
    char *token = chimera_region_take(&schema->region, fragment.size + 1), *slash;
    if (!token)
        return chimera_schema_no_memory(schema);
    if (!chimera_slice_starts(fragment, "/"))
        return CHIMERA_OK;
    if (memchr(fragment.data, '\0', fragment.size)) /* no key of ours holds one */
        return chimera_schema_fail(schema, "Object has no key '%s'", fragment.data);
    memcpy(token, fragment.data + 1, fragment.size - 1);
    int code;
    do {
        slash = strchr(token, '/');
        if (slash)
            *slash = '\0';
        code = step_into(schema, token, node);
        token = slash ? slash + 1 : token;
    } while (code == CHIMERA_OK && slash);
    return code;
}

/* One of the drafts' own schemas; no other document is fetched. */
static int load(struct chimera_schema *schema, const struct chimera_uri *uri,
                struct chimera_slice address, struct chimera_place *ret_place)
{
    struct json_object *document;
    bool is_file = chimera_slice_is(uri->scheme, "file");
    if (is_file ? !chimera_slice_starts(uri->path, "/") : !uri->scheme.size || !uri->host.size) {
        struct chimera_buffer text;
        chimera_rego_buffer(schema->call, &text);
        chimera_uri_write(uri, &text);
        int code = chimera_schema_fail(schema, "Reference %.*s must be canonical", (int)text.size,
                                       text.data ? text.data : "");
        chimera_buffer_free(&text);
        return code;
    }
    const char *text = chimera_draft_schema(address);
    if (!text)
        return chimera_schema_fail(schema, "remote reference loading disabled: %s", address.data);
    if (chimera_json_parse_within(chimera_slice_of(text), schema->call->account, &document, NULL) <
        0)
        return chimera_schema_no_memory(schema);
    ret_place->node = document;
    return chimera_pool_add(schema, address, document, &ret_place->draft);
}

int chimera_pool_find(struct chimera_schema *schema, const char *reference,
                      struct chimera_place *ret_place)
{
    struct chimera_uri uri;
    struct chimera_buffer text;
    struct chimera_place *known = find(schema, reference);
    if (known) {
        *ret_place = *known;
        return CHIMERA_OK;
    }
    struct chimera_slice whole = chimera_slice_of(reference);
    int code = chimera_uri_parse(whole, &schema->region, &uri, schema->call->err);
    if (code < 0)
        return code == CHIMERA_EINVAL ? code : chimera_schema_no_memory(schema);
    struct chimera_uri without = uri;
    without.fragment.size = 0;
    chimera_rego_buffer(schema->call, &text);
    chimera_uri_write(&without, &text);
    struct chimera_slice address =
        chimera_region_copy(&schema->region, chimera_buffer_slice(&text));
    chimera_buffer_free(&text);
    if (!address.data)
        return chimera_schema_no_memory(schema);
    known = find(schema, address.data);
    if (known)
        *ret_place = *known;
    else
        code = load(schema, &uri, address, ret_place);
    if (code == CHIMERA_OK)
        code = follow(schema, uri.fragment, &ret_place->node);
    return code < 0 || !known ? code : put(schema, whole, *ret_place);
}
