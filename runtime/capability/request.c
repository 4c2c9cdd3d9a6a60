/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/capability/request.h"

#include <stdio.h>
#include <string.h>

#include "runtime/capability/request_internal.h"
#include "runtime/json/node.h"
#include "runtime/json/tree.h"

#define PAYLOAD_MAX CHIMERA_SCAN_AT_ONCE

static const struct {
    const char *tag;
    const char *field[CHIMERA_HOST_REQUEST_FIELDS_MAX + 1];
} kinds[CHIMERA_ASK_COUNT] = {
#define X(kind, tag, ...) [kind] = {tag, {__VA_ARGS__}},
    CHIMERA_HOST_REQUEST_MAP(X)
#undef X
};

const char *chimera_host_request_tag(enum chimera_host_request_kind kind)
{
    return kinds[kind].tag;
}

const char *const *chimera_host_request_fields(enum chimera_host_request_kind kind)
{
    return kinds[kind].field;
}

void chimera_host_request_end(struct chimera_host_request *request)
{
    json_object_put(request->fields);
    request->fields = NULL;
}

/* --- From text that has its shape to the normal form. --- */

static int by_text(const void *a, const void *b)
{
    struct json_object *const *x = a, *const *y = b;
    return strcmp(json_object_get_string(*x), json_object_get_string(*y));
}

/* A set is sorted and without repeats. */
static void make_set(struct json_object *texts)
{
    json_object_array_sort(texts, by_text);
    for (size_t i = json_object_array_length(texts); i-- > 1;)
        if (json_object_equal(json_object_array_get_idx(texts, i),
                              json_object_array_get_idx(texts, i - 1)))
            json_object_array_del_idx(texts, i, 1);
}

/* The members of an object in the order of their keys. */
static int sorted_map(struct json_object *map, struct chimera_account *account,
                      struct json_object **ret_map)
{
    struct chimera_buffer text;
    chimera_buffer_init_within(&text, PAYLOAD_MAX, account);
    chimera_json_write(map, &text); /* which sorts them */
    int code = text.failed
                   ? text.failed
                   : chimera_json_parse_within(chimera_buffer_slice(&text), account, ret_map, NULL);
    chimera_buffer_free(&text);
    return code;
}

static int make_struct(const struct chimera_shape *shape, const char *const *names,
                       const struct chimera_slice *values, struct chimera_account *account,
                       struct json_object **ret_object);

static int make_structs(const struct chimera_shape *shape, struct chimera_slice text,
                        struct chimera_account *account, struct json_object **ret_array)
{
    struct chimera_scan scan;
    struct chimera_slice values[CHIMERA_SHAPE_FIELDS_MAX];
    struct json_object *array = chimera_node_array(account);
    int code = array ? CHIMERA_OK : chimera_node_failure(account);
    chimera_scan_init(&scan, text);
    chimera_scan_peek(&scan);
    chimera_scan_open(&scan);
    for (bool is_first = true;
         code == CHIMERA_OK && chimera_scan_next_element(&scan, is_first) == 1; is_first = false) {
        struct json_object *element = NULL;
        memset(values, 0, sizeof(values));
        chimera_shape_read(&scan, shape, values);
        code = make_struct(shape, NULL, values, account, &element);
        if (code == CHIMERA_OK)
            code = chimera_node_append(account, array, element);
    }
    if (code < 0)
        json_object_put(array);
    else
        *ret_array = array;
    return code;
}

static int make_value(const struct chimera_shape_field *field, struct chimera_slice text,
                      struct chimera_account *account, struct json_object **ret_value)
{
    struct chimera_slice values[CHIMERA_SHAPE_FIELDS_MAX] = {0};
    struct json_object *value = NULL;
    int code;
    if (!text.data)
        return CHIMERA_OK;
    if (field->kind == CHIMERA_SHAPE_STRUCT) {
        chimera_shape_members(text, field->shape, values);
        return make_struct(field->shape, NULL, values, account, ret_value);
    }
    if (field->kind == CHIMERA_SHAPE_STRUCTS)
        return make_structs(field->shape, text, account, ret_value);
    code = chimera_json_parse_within(text, account, &value, NULL);
    if (code == CHIMERA_OK && field->kind == CHIMERA_SHAPE_STRING_MAP) {
        CHIMERA_JSON struct json_object *map = value;
        return sorted_map(map, account, ret_value);
    }
    if (code == CHIMERA_OK && field->kind == CHIMERA_SHAPE_STRINGS &&
        chimera_slice_is(field->name, "field_masks")) {
        code = chimera_account_spend(account, json_object_array_length(value) * 64);
        make_set(value);
    }
    *ret_value = value;
    return code;
}

/* The fields in the shape's order, by these names, or if NULL by the shape's; what was not said is
 * null, and so is an empty `not_after`. */
static int make_struct(const struct chimera_shape *shape, const char *const *names,
                       const struct chimera_slice *values, struct chimera_account *account,
                       struct json_object **ret_object)
{
    struct json_object *object = chimera_node_object(account);
    int code = object ? CHIMERA_OK : chimera_node_failure(account);
    for (unsigned i = 0; i < shape->count && code == CHIMERA_OK; i++) {
        struct json_object *value = NULL;
        bool is_none = chimera_slice_is(shape->field[i].name, "not_after") && values[i].size == 2;
        if (!is_none)
            code = make_value(&shape->field[i], values[i], account, &value);
        if (code == CHIMERA_OK)
            code = chimera_node_add(account, object, names ? names[i] : shape->field[i].name.data,
                                    value);
        else
            json_object_put(value);
    }
    if (code < 0)
        json_object_put(object);
    else
        *ret_object = object;
    return code;
}

/* --- Payloads that name their variant. --- */

static const struct chimera_request_form *find_variant(struct chimera_slice name, bool is_tagged)
{
    for (const struct chimera_request_form *form = chimera_request_variants; form->shape; form++)
        if (chimera_slice_is(name, chimera_host_request_tag(form->kind)) &&
            (is_tagged || form->is_first))
            return form;
    return NULL;
}

/* "unknown variant `x`, expected one of `…`, `…`" */
static int refuse_variant(struct chimera_slice name, bool is_tagged, struct chimera_error *err)
{
    char expected[CHIMERA_SCAN_WHY_MAX] = "";
    const char *between = "";
    size_t size = 0;
    for (const struct chimera_request_form *form = chimera_request_variants; form->shape; form++) {
        if (!is_tagged && !form->is_first)
            continue;
        size += (size_t)snprintf(expected + size, sizeof(expected) - size, "%s`%s`", between,
                                 chimera_host_request_tag(form->kind));
        between = is_tagged ? ", " : " or ";
    }
    return chimera_fail(err, CHIMERA_EINVAL, "unknown variant `%.*s`, expected %s%s",
                        name.size < 64 ? (int)name.size : 64, name.data, is_tagged ? "one of " : "",
                        expected);
}

/* {"SigstorePubKeyVerify": {…}} */
static int read_named(struct chimera_slice payload, const struct chimera_request_form **ret_form,
                      struct chimera_slice *ret_values, struct chimera_error *err)
{
    struct chimera_scan scan;
    struct chimera_scan_text name;
    chimera_scan_init(&scan, payload);
    if (chimera_scan_peek(&scan) != '{') {
        chimera_scan_fail_next(&scan,
                               scan.at < scan.end ? "expected value" : "EOF while parsing a value");
        return chimera_scan_report(&scan, err);
    }
    if (!chimera_scan_open(&scan))
        return chimera_scan_report(&scan, err);
    int next = chimera_scan_next_key(&scan, true, &name);
    if (next == 0)
        chimera_scan_fail_next(&scan, "expected value");
    if (next <= 0)
        return chimera_scan_report(&scan, err);
    *ret_form = find_variant(name.raw, false);
    if (!*ret_form)
        return refuse_variant(name.raw, false, err);
    if (!chimera_scan_colon(&scan) || !chimera_shape_read(&scan, (*ret_form)->shape, ret_values))
        return chimera_scan_report(&scan, err);
    if (chimera_scan_peek(&scan) != '}') {
        chimera_scan_fail_next(&scan,
                               scan.at < scan.end ? "expected value" : "EOF while parsing a value");
        return chimera_scan_report(&scan, err);
    }
    chimera_scan_close(&scan);
    return chimera_scan_end(&scan) ? CHIMERA_OK : chimera_scan_report(&scan, err);
}

/* {"type": "SigstorePubKeyVerify", …}: what is wrong with the fields has no place in the text, for
 * the reference looks at them when all has been read. */
static int read_tagged(struct chimera_slice payload, const struct chimera_request_form **ret_form,
                       struct chimera_slice *ret_values, struct chimera_error *err)
{
    struct chimera_scan scan;
    struct chimera_slice type[1] = {{0}};
    if (!chimera_shape_read_all(&scan, payload, &chimera_request_type, type))
        return chimera_scan_report(&scan, err);
    struct chimera_slice name = {type[0].data + 1, type[0].size - 2};
    *ret_form = find_variant(name, true);
    if (!*ret_form)
        return refuse_variant(name, true, err);
    if (chimera_shape_read_all(&scan, payload, (*ret_form)->shape, ret_values))
        return CHIMERA_OK;
    return chimera_fail(err, CHIMERA_EINVAL, "%s", scan.why);
}

/* --- All --- */

static int read_text(struct chimera_slice payload, struct chimera_slice *ret_value,
                     struct chimera_error *err)
{
    struct chimera_scan scan;
    chimera_scan_init(&scan, payload);
    if (chimera_scan_peek(&scan) < 0)
        chimera_scan_fail_next(&scan, "EOF while parsing a value");
    else if (chimera_shape_read_string(&scan) && chimera_scan_end(&scan)) {
        *ret_value = chimera_slice_trim(payload);
        return CHIMERA_OK;
    }
    return chimera_scan_report(&scan, err);
}

static int read_values(const struct chimera_request_form **form, struct chimera_slice payload,
                       struct chimera_slice *ret_values, struct chimera_error *err)
{
    struct chimera_scan scan;
    switch ((*form)->way) {
    case CHIMERA_REQUEST_TEXT:
        return read_text(payload, ret_values, err);
    case CHIMERA_REQUEST_NAMED:
        return read_named(payload, form, ret_values, err);
    case CHIMERA_REQUEST_TAGGED:
        return read_tagged(payload, form, ret_values, err);
    case CHIMERA_REQUEST_FIELDS:
    case CHIMERA_REQUEST_WHOLE:
        break;
    }
    return chimera_shape_read_all(&scan, payload, (*form)->shape, ret_values)
               ? CHIMERA_OK
               : chimera_scan_report(&scan, err);
}

int chimera_host_request_read(const char *path, struct chimera_slice payload,
                              struct chimera_account *account,
                              struct chimera_host_request *ret_request, struct chimera_error *err)
{
    struct chimera_slice values[CHIMERA_SHAPE_FIELDS_MAX] = {0};
    const struct chimera_request_form *form = chimera_request_form_find(path);
    struct json_object *fields = NULL, *whole = NULL;
    if (payload.size > PAYLOAD_MAX)
        return chimera_fail(err, CHIMERA_ELIMIT, "the payload of a host call is at most 1 MiB");
    int code = chimera_account_spend(account, payload.size / 4);
    if (code == CHIMERA_OK)
        code = read_values(&form, payload, values, err);
    if (code < 0)
        return code;
    const char *const *names = kinds[form->kind].field;
    if (form->way != CHIMERA_REQUEST_WHOLE) {
        code = make_struct(form->shape, names, values, account, &fields);
    } else if ((code = make_struct(form->shape, NULL, values, account, &whole)) == CHIMERA_OK) {
        fields = chimera_node_object(account);
        code = fields ? chimera_node_add(account, fields, names[0], whole)
                      : chimera_node_failure(account);
    }
    if (code < 0) {
        json_object_put(fields);
        return chimera_fail(err, code, "%s", chimera_account_text(account));
    }
    *ret_request = (struct chimera_host_request){form->kind, fields};
    return CHIMERA_OK;
}
