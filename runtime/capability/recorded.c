/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/capability/recorded.h"

#include "runtime/json/tree.h"
#include "runtime/text/printable.h"
#include "runtime/yaml/builder.h"
#include "runtime/yaml/scalar.h"
#include "runtime/yaml/yaml.h"

/* As much as a payload, and what YAML adds to it. */
#define TEXT_MAX ((size_t)4 << 20)
/* The deepest is a byte of a certificate in a chain. */
#define LEVELS_MAX 6

/* Where a guest would have asked so; a plural's name none asks for. */
static const char *const paths[CHIMERA_ASK_COUNT] = {
    [CHIMERA_ASK_MANIFEST_DIGEST] = "oci/v1/manifest_digest",
    [CHIMERA_ASK_MANIFEST] = "oci/v1/oci_manifest",
    [CHIMERA_ASK_MANIFEST_CONFIG] = "oci/v1/oci_manifest_config",
    [CHIMERA_ASK_VERIFY_KEYS] = "oci/v2/verify",
    [CHIMERA_ASK_VERIFY_KEYLESS] = "oci/v2/verify",
    [CHIMERA_ASK_VERIFY_PREFIX] = "oci/v2/verify",
    [CHIMERA_ASK_VERIFY_GITHUB] = "oci/v2/verify",
    [CHIMERA_ASK_VERIFY_CERTIFICATE] = "oci/v2/verify",
    [CHIMERA_ASK_ADDRESSES] = "net/v1/dns_lookup_host",
    [CHIMERA_ASK_LIST_NAMESPACE] = "kubernetes/list_resources_by_namespace",
    [CHIMERA_ASK_LIST_ALL] = "kubernetes/list_resources_all",
    [CHIMERA_ASK_GET] = "kubernetes/get_resource",
    [CHIMERA_ASK_CAN_I] = "kubernetes/can_i",
    [CHIMERA_ASK_CERTIFICATE] = "crypto/v1/is_certificate_trusted"};

/* --- Reading --- */

static bool is_one_of(const char *key, const char *const *list)
{
    for (; key && *list; list++)
        if (strcmp(key, *list) == 0)
            return true;
    return false;
}

/* The value of a scalar for that key: what is no truth value and no byte is a text, however it was
 * written, as serde_yaml reads it into a String. */
static struct json_object *scalar_of(struct chimera_slice kept, const char *key)
{
    static const char *const flags[] = {"disable_cache", "require_rekor_bundle", NULL};
    static const char *const bytes[] = {"certificate", "certificate_chain", "data", NULL};
    struct chimera_slice text = chimera_slice_behind(kept, 1);
    struct chimera_scalar number;
    bool is_plain = kept.data[0] == YAML_KEPT_PLAIN, flag;
    if (is_plain && chimera_scalar_null(text))
        return NULL;
    if (is_plain && is_one_of(key, flags) && chimera_scalar_boolean(text, &flag))
        return json_object_new_boolean(flag);
    if (is_plain && is_one_of(key, bytes) && chimera_scalar_integer(text, &number) &&
        number.kind == CHIMERA_SCALAR_UNSIGNED)
        return json_object_new_uint64(number.as.u64);
    return json_object_new_string_len(text.data, (int)text.size);
}

/* A copy with typed scalars; `key` is of the member that it belongs to. */
static int typed(struct json_object *kept, const char *key, unsigned level,
                 struct json_object **ret_value)
{
    CHIMERA_JSON struct json_object *value = NULL;
    struct json_object *inner;
    int code = level < LEVELS_MAX ? CHIMERA_OK : CHIMERA_EINVAL;
    if (json_object_is_type(kept, json_type_object)) {
        value = json_object_new_object();
        for (struct lh_entry *at = json_object_get_object(kept)->head; at && code == CHIMERA_OK;
             at = at->next) {
            const char *name = (const char *)lh_entry_k(at);
            code = typed((struct json_object *)lh_entry_v(at), name, level + 1, &inner);
            if (code == CHIMERA_OK && json_object_object_add(value, name, inner) != 0)
                code = CHIMERA_ENOMEM;
        }
    } else if (json_object_is_type(kept, json_type_array)) {
        value = json_object_new_array();
        for (size_t i = 0; i < json_object_array_length(kept) && code == CHIMERA_OK; i++) {
            code = typed(json_object_array_get_idx(kept, i), key, level + 1, &inner);
            if (code == CHIMERA_OK && json_object_array_add(value, inner) != 0)
                code = CHIMERA_ENOMEM;
        }
    } else if (kept) {
        const struct chimera_slice text = {json_object_get_string(kept),
                                           (size_t)json_object_get_string_len(kept)};
        value = scalar_of(text, key);
    }
    if (code == CHIMERA_OK)
        *ret_value = json_object_get(value);
    return code;
}

/* The tag's name, and what is behind it. Comments and the line that begins a document may stand
 * before it. */
static bool take_tag(struct chimera_slice text, struct chimera_slice *ret_tag,
                     struct chimera_slice *ret_rest)
{
    for (text = chimera_slice_trim(text);
         text.size && (text.data[0] == '#' || chimera_slice_starts(text, "---"));
         text = chimera_slice_trim(text)) {
        const char *end = text.data[0] == '#' ? memchr(text.data, '\n', text.size) : text.data + 3;
        if (!end)
            return false;
        text = chimera_slice_behind(text, (size_t)(end - text.data));
    }
    size_t size = 1;
    while (size < text.size && !strchr(" \t\r\n", text.data[size]))
        size++;
    if (text.size < 2 || text.data[0] != '!')
        return false;
    *ret_tag = (struct chimera_slice){text.data + 1, size - 1};
    *ret_rest = chimera_slice_behind(text, size);
    return true;
}

/* The request as a guest's payload would have it. */
static int make_payload(enum chimera_host_request_kind kind, struct json_object *fields,
                        struct chimera_buffer *out)
{
    const char *first = chimera_host_request_fields(kind)[0];
    struct json_object *payload = fields;
    if (!chimera_host_request_fields(kind)[1])
        payload = chimera_json_member(fields, first);
    if (kind == CHIMERA_ASK_CAN_I) {
        struct json_object *request = json_object_get(chimera_json_member(fields, first));
        json_object_object_del(fields, first);
        if (json_object_object_add(fields, "subject_access_review", request) != 0)
            return CHIMERA_ENOMEM;
    }
    if (strcmp(paths[kind], "oci/v2/verify") == 0 &&
        json_object_object_add(fields, "type",
                               json_object_new_string(chimera_host_request_tag(kind))) != 0)
        return CHIMERA_ENOMEM;
    chimera_json_write(payload, out);
    return out->failed;
}

static int read_plural(struct json_object *fields, struct chimera_host_request *ret_request,
                       struct chimera_error *err)
{
    struct json_object *own = json_object_new_object();
    for (const char *const *name = chimera_host_request_fields(CHIMERA_ASK_PLURAL); own && *name;
         name++) {
        struct json_object *value = chimera_json_member(fields, *name);
        if (!json_object_is_type(value, json_type_string)) {
            json_object_put(own);
            return chimera_fail(err, CHIMERA_EINVAL, "missing field `%s`", *name);
        }
        json_object_object_add(own, *name, json_object_get(value));
    }
    if (!own)
        return chimera_fail_memory(err);
    *ret_request = (struct chimera_host_request){CHIMERA_ASK_PLURAL, own};
    return CHIMERA_OK;
}

static int read_fields(enum chimera_host_request_kind kind, struct json_object *fields,
                       struct chimera_host_request *ret_request, struct chimera_error *err)
{
    struct chimera_error why = {0};
    struct chimera_buffer payload;
    if (!json_object_is_type(fields, json_type_object))
        return chimera_fail(err, CHIMERA_EINVAL, "invalid type, expected a map behind !%s",
                            chimera_host_request_tag(kind));
    if (!paths[kind])
        return read_plural(fields, ret_request, err);
    const char *const *names = chimera_host_request_fields(kind);
    if (!names[1] && !json_object_object_get_ex(fields, names[0], NULL))
        return chimera_fail(err, CHIMERA_EINVAL, "missing field `%s`", names[0]);
    chimera_buffer_init(&payload, TEXT_MAX);
    int code = make_payload(kind, fields, &payload);
    if (code == CHIMERA_OK)
        code = chimera_host_request_read(paths[kind], chimera_buffer_slice(&payload), NULL,
                                         ret_request, &why);
    chimera_buffer_free(&payload);
    /* A place would be one of the payload, which nobody has seen. */
    const char *place = strstr(why.text, " at line ");
    return code == CHIMERA_OK
               ? code
               : chimera_fail(err, code, "%.*s",
                              (int)(place ? (size_t)(place - why.text) : strlen(why.text)),
                              why.text);
}

int chimera_recorded_read(struct chimera_slice text, struct chimera_host_request *ret_request,
                          struct chimera_error *err)
{
    const struct chimera_yaml_options options = {.keeps_texts = true};
    CHIMERA_JSON struct json_object *kept = NULL;
    CHIMERA_JSON struct json_object *fields = NULL;
    struct chimera_slice tag, rest;
    enum chimera_host_request_kind kind = 0;
    if (text.size > TEXT_MAX)
        return chimera_fail(err, CHIMERA_ELIMIT, "the recorded request is larger than %zu bytes",
                            TEXT_MAX);
    if (!take_tag(text, &tag, &rest))
        return chimera_fail(err, CHIMERA_EINVAL, "expected a YAML tag starting with '!'");
    while (kind < CHIMERA_ASK_COUNT && !chimera_slice_is(tag, chimera_host_request_tag(kind)))
        kind++;
    if (kind == CHIMERA_ASK_COUNT &&
        chimera_slice_is(tag, "HasKubernetesListResourceAllResultChangedSinceInstant")) {
        *ret_request = (struct chimera_host_request){kind, NULL};
        return CHIMERA_OK;
    }
    if (kind == CHIMERA_ASK_COUNT)
        return chimera_fail(err, CHIMERA_EINVAL, "unknown variant `%.*s`",
                            tag.size < 64 ? (int)tag.size : 64, tag.data);
    int code = chimera_yaml_parse(rest, &options, &kept, err);
    if (code == CHIMERA_OK && typed(kept, NULL, 0, &fields) < 0)
        code = chimera_fail(err, CHIMERA_EINVAL, "the request is too deep");
    return code < 0 ? code : read_fields(kind, fields, ret_request, err);
}

/* --- Writing --- */

void chimera_recorded_write(const struct chimera_host_request *request, struct chimera_buffer *out)
{
    chimera_buffer_print(out, "!%s\n", chimera_host_request_tag(request->kind));
    chimera_yaml_write(request->fields, out);
}

/* As Rust shows a string. */
static void show_text(struct chimera_slice text, struct chimera_buffer *out)
{
    char room[CHIMERA_PRINTABLE_SIZE];
    struct chimera_slice shown;
    chimera_buffer_byte(out, '"');
    while (text.size && !out->failed) {
        size_t size = chimera_printable_next(text, CHIMERA_PRINTABLE_SHOWN, room, &shown);
        if (text.data[0] == '"' || text.data[0] == '\\')
            chimera_buffer_byte(out, '\\');
        if (text.data[0] == '\0')
            shown = CHIMERA_SLICE("\\0");
        chimera_buffer_append(out, shown);
        text = chimera_slice_behind(text, size);
    }
    chimera_buffer_byte(out, '"');
}

static bool is_optional(enum chimera_host_request_kind kind, const char *key)
{
    static const char *const always[] = {"annotations",
                                         "repo",
                                         "certificate_chain",
                                         "label_selector",
                                         "field_selector",
                                         "field_masks",
                                         "groups",
                                         "group",
                                         "subresource",
                                         "version",
                                         "cert_chain",
                                         "not_after",
                                         NULL};
    if (strcmp(key, "namespace") == 0)
        return kind != CHIMERA_ASK_LIST_NAMESPACE;
    return is_one_of(key, always) || (kind == CHIMERA_ASK_CAN_I && strcmp(key, "name") == 0);
}

/* What the reference calls the struct; NULL: it is a map. */
static const char *struct_name(enum chimera_host_request_kind kind, const char *key)
{
    static const struct {
        const char *key, *name;
    } structs[] = {{"keyless", "KeylessInfo"},
                   {"keyless_prefix", "KeylessPrefixInfo"},
                   {"resource_attributes", "ResourceAttributes"},
                   {"cert", "Certificate"},
                   {"cert_chain", "Certificate"}};
    if (strcmp(key, "request") == 0)
        return kind == CHIMERA_ASK_CAN_I ? "SubjectAccessReview" : "CertificateVerificationRequest";
    for (size_t i = 0; i < sizeof(structs) / sizeof(*structs); i++)
        if (strcmp(key, structs[i].key) == 0)
            return structs[i].name;
    return NULL;
}

static void show_members(enum chimera_host_request_kind kind, const char *name,
                         struct json_object *members, struct chimera_buffer *out);

static void show_value(enum chimera_host_request_kind kind, const char *key,
                       struct json_object *value, struct chimera_buffer *out)
{
    const struct chimera_slice text = {
        json_object_is_type(value, json_type_string) ? json_object_get_string(value) : NULL,
        (size_t)json_object_get_string_len(value)};
    bool is_set = strcmp(key, "field_masks") == 0;
    switch (json_object_get_type(value)) {
    case json_type_string:
        if (strcmp(key, "encoding") == 0)
            chimera_buffer_append(out, text);
        else
            show_text(text, out);
        break;
    case json_type_array:
        chimera_buffer_byte(out, is_set ? '{' : '[');
        for (size_t i = 0; i < json_object_array_length(value) && !out->failed; i++) {
            chimera_buffer_text(out, i > 0 ? ", " : "");
            show_value(kind, key, json_object_array_get_idx(value, i), out);
        }
        chimera_buffer_byte(out, is_set ? '}' : ']');
        break;
    case json_type_object:
        show_members(kind, struct_name(kind, key), value, out);
        break;
    default:
        chimera_json_write(value, out);
    }
}

/* Of a struct, or without a name of a map. */
static void show_members(enum chimera_host_request_kind kind, const char *name,
                         struct json_object *members, struct chimera_buffer *out)
{
    chimera_buffer_print(out, "%s%s", name ? name : "", name ? " { " : "{");
    const struct lh_entry *first = json_object_get_object(members)->head;
    for (const struct lh_entry *at = first; at && !out->failed; at = at->next) {
        const char *key = (const char *)lh_entry_k(at);
        struct json_object *value = (struct json_object *)lh_entry_v(at);
        bool is_option = name && is_optional(kind, key);
        chimera_buffer_text(out, at == first ? "" : ", ");
        if (name)
            chimera_buffer_text(out, key);
        else
            show_text(chimera_slice_of(key), out);
        chimera_buffer_print(out, ": %s", !is_option ? "" : value ? "Some(" : "None");
        if (value || !is_option)
            show_value(kind, key, value, out);
        chimera_buffer_text(out, is_option && value ? ")" : "");
    }
    chimera_buffer_text(out, name ? " }" : "}");
}

void chimera_recorded_show(const struct chimera_host_request *request, struct chimera_buffer *out)
{
    show_members(request->kind, chimera_host_request_tag(request->kind), request->fields, out);
}
