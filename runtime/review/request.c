/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/review/request.h"

#include "runtime/review/managed_fields.h"
#include "runtime/review/normal.h"
#include "runtime/review/shapes.h"

/* The members as the guest gets them, in the order of enum chimera_request_field. */
static const struct chimera_slice member_names[CHIMERA_REQUEST_FIELDS] = {
#define NAME(text) {(text), sizeof(text) - 1}
    NAME("{\"uid\":"),
    NAME(",\"kind\":"),
    NAME(",\"resource\":"),
    NAME(",\"subResource\":"),
    NAME(",\"requestKind\":"),
    NAME(",\"requestResource\":"),
    NAME(",\"requestSubResource\":"),
    NAME(",\"name\":"),
    NAME(",\"namespace\":"),
    NAME(",\"operation\":"),
    NAME(",\"userInfo\":"),
    NAME(",\"object\":"),
    NAME(",\"oldObject\":"),
    NAME(",\"dryRun\":"),
    NAME(",\"options\":"),
#undef NAME
};

/* False when the arena is full. An absent value gives `otherwise`. */
static bool decode(struct chimera_slice value, struct chimera_slice otherwise,
                   struct chimera_arena *arena, struct chimera_slice *ret_text)
{
    *ret_text = value.data ? chimera_shape_text(value, arena) : otherwise;
    return ret_text->data || !value.data;
}

/* The request as the guest gets it. */
static void write_pieces(const struct chimera_slice *values, struct chimera_pieces *ret_json)
{
    ret_json->count = 0;
    ret_json->size = 0;
    for (unsigned i = 0; i < CHIMERA_REQUEST_FIELDS; i++) {
        if (!values[i].data)
            continue;
        chimera_pieces_add(ret_json, member_names[i]);
        chimera_pieces_add(ret_json, values[i]);
    }
    chimera_pieces_add(ret_json, CHIMERA_SLICE("}"));
}

/* `is_odd`: some part may have to be put in its normal form first. False when the arena is full. */
static bool make_request(struct chimera_slice *values, bool is_odd, struct chimera_arena *arena,
                         struct chimera_request *ret_request)
{
    struct chimera_slice none = {NULL, 0}, empty = CHIMERA_SLICE("");
    if (is_odd && !chimera_request_normalize(values, arena))
        return false;
    ret_request->is_raw = false;
    ret_request->object = values[CHIMERA_REQUEST_OBJECT];
    write_pieces(values, &ret_request->json);
    return decode(values[CHIMERA_REQUEST_UID], empty, arena, &ret_request->uid) &&
           decode(values[CHIMERA_REQUEST_NAMESPACE], none, arena, &ret_request->name_space) &&
           decode(values[CHIMERA_REQUEST_OPERATION], empty, arena, &ret_request->operation) &&
           decode(values[CHIMERA_REQUEST_KIND_KIND], empty, arena, &ret_request->kind);
}

static enum chimera_request_problem too_big(struct chimera_slice *ret_why)
{
    *ret_why = CHIMERA_SLICE("length limit exceeded");
    return CHIMERA_REQUEST_TOO_BIG;
}

static enum chimera_request_problem
explain(const struct chimera_scan *scan, struct chimera_arena *arena, struct chimera_slice *ret_why)
{
    *ret_why = chimera_scan_explain(scan, true, true, arena);
    if (!ret_why->data)
        return too_big(ret_why);
    return scan->is_shape ? CHIMERA_REQUEST_SHAPE : CHIMERA_REQUEST_SYNTAX;
}

enum chimera_request_problem chimera_request_parse_review(struct chimera_slice body,
                                                          struct chimera_arena *arena,
                                                          struct chimera_request *ret_request,
                                                          struct chimera_slice *ret_why)
{
    struct chimera_scan scan;
    struct chimera_slice values[CHIMERA_REVIEW_VALUES] = {{NULL, 0}};
    if (!chimera_shape_read_all(&scan, body, &chimera_shape_review, values))
        return explain(&scan, arena, ret_why);
    if (!make_request(values + CHIMERA_REVIEW_REQUEST_AT, scan.is_odd, arena, ret_request))
        return too_big(ret_why);
    return CHIMERA_REQUEST_OK;
}

/* A member's JSON; .data NULL: there is none. */
static struct chimera_slice member_of(const struct chimera_request *request,
                                      enum chimera_request_field member)
{
    const struct chimera_pieces *json = &request->json;
    for (unsigned i = 0; i + 1 < json->count; i++)
        if (json->piece[i].data == member_names[member].data)
            return json->piece[i + 1];
    return (struct chimera_slice){NULL, 0};
}

#define KIND_PLACE CHIMERA_REQUEST_FIELDS /* of requestKind, decoded */

_Static_assert(sizeof((struct chimera_request_places){0}.member) ==
                   (CHIMERA_REQUEST_FIELDS + 1) * sizeof(struct chimera_request_place),
               "a place for each member and the kind");

/* False when it is somewhere else. */
static bool find_place(struct chimera_slice part, struct chimera_slice body,
                       struct chimera_request_place *ret_place)
{
    uintptr_t at = (uintptr_t)part.data, start = (uintptr_t)body.data;
    if (part.size == 0)
        return true;
    if (at < start || at - start > body.size || part.size > body.size - (at - start) ||
        body.size > UINT32_MAX)
        return false;
    *ret_place = (struct chimera_request_place){(uint32_t)(at - start), (uint32_t)part.size};
    return true;
}

/* A member's text, where it has no escapes. */
static struct chimera_slice inside(struct chimera_slice value)
{
    struct chimera_slice none = {NULL, 0};
    return value.data ? (struct chimera_slice){value.data + 1, value.size - 2} : none;
}

static struct chimera_slice slice_at(struct chimera_slice body, struct chimera_request_place place)
{
    struct chimera_slice none = {NULL, 0};
    return place.size ? (struct chimera_slice){body.data + place.at, place.size} : none;
}

static bool is_same(struct chimera_slice a, struct chimera_slice b)
{
    return a.size == b.size && (a.size == 0 ? !a.data == !b.data : a.data == b.data);
}

bool chimera_request_find_places(const struct chimera_request *request, struct chimera_slice body,
                                 struct chimera_request_places *ret_places)
{
    struct chimera_request again;
    *ret_places = (struct chimera_request_places){{{0}}};
    if (request->is_raw)
        return false;
    for (unsigned i = 0; i < CHIMERA_REQUEST_FIELDS; i++)
        if (!find_place(member_of(request, i), body, &ret_places->member[i]))
            return false;
    if (!find_place(request->kind, body, &ret_places->member[KIND_PLACE]))
        return false;
    chimera_request_take_places(ret_places, body, &again); /* texts that have escapes differ */
    return again.json.size == request->json.size && is_same(again.uid, request->uid) &&
           is_same(again.name_space, request->name_space) &&
           again.operation.size == request->operation.size &&
           (again.operation.size == 0 || is_same(again.operation, request->operation));
}

void chimera_request_take_places(const struct chimera_request_places *places,
                                 struct chimera_slice body, struct chimera_request *ret_request)
{
    struct chimera_slice empty = CHIMERA_SLICE(""), values[CHIMERA_REQUEST_FIELDS];
    for (unsigned i = 0; i < CHIMERA_REQUEST_FIELDS; i++)
        values[i] = slice_at(body, places->member[i]);
    struct chimera_slice operation = values[CHIMERA_REQUEST_OPERATION];
    ret_request->is_raw = false;
    ret_request->uid = inside(values[CHIMERA_REQUEST_UID]);
    ret_request->name_space = inside(values[CHIMERA_REQUEST_NAMESPACE]);
    ret_request->operation = operation.data ? inside(operation) : empty;
    ret_request->kind =
        places->member[KIND_PLACE].size ? slice_at(body, places->member[KIND_PLACE]) : empty;
    ret_request->object = values[CHIMERA_REQUEST_OBJECT];
    write_pieces(values, &ret_request->json);
}

bool chimera_request_omit_managed_fields(const struct chimera_request *request,
                                         struct chimera_arena *arena,
                                         struct chimera_request *ret_request)
{
    struct chimera_pieces *json = &ret_request->json;
    *ret_request = *request;
    for (unsigned i = 0; i + 1 < json->count; i++) {
        bool is_object = json->piece[i].data == member_names[CHIMERA_REQUEST_OBJECT].data;
        if (!is_object && json->piece[i].data != member_names[CHIMERA_REQUEST_OLD_OBJECT].data)
            continue;
        struct chimera_slice whole = json->piece[i + 1], *part = &json->piece[i + 1];
        if (!chimera_managed_fields_cut(whole, arena, part))
            return false;
        json->size -= whole.size - part->size;
        if (is_object)
            ret_request->object = *part;
    }
    return true;
}

/* Of a struct: its three members' texts. */
static void label_struct(const struct chimera_request *request, enum chimera_request_field member,
                         struct chimera_arena *arena, struct chimera_slice ret_texts[3])
{
    struct chimera_slice value = member_of(request, member);
    if (value.data)
        chimera_shape_members(value, chimera_shape_request.field[member].shape, ret_texts);
    for (unsigned i = 0; i < 3; i++)
        ret_texts[i] = chimera_shape_text(ret_texts[i], arena);
}

void chimera_request_label(const struct chimera_request *request, struct chimera_arena *arena,
                           struct chimera_request_labels *ret_labels)
{
    struct chimera_slice kind[3] = {{NULL, 0}}, resource[3] = {{NULL, 0}};
    label_struct(request, CHIMERA_REQUEST_KIND, arena, kind);
    label_struct(request, CHIMERA_REQUEST_RESOURCE, arena, resource);
    *ret_labels = (struct chimera_request_labels){
        .name = chimera_shape_text(member_of(request, CHIMERA_REQUEST_NAME), arena),
        .subresource = chimera_shape_text(member_of(request, CHIMERA_REQUEST_SUB_RESOURCE), arena),
        .kind_group = kind[0],
        .kind_version = kind[1],
        .kind = kind[2],
        .resource_group = resource[0],
        .resource_version = resource[1],
        .resource = resource[2]};
}

struct chimera_slice chimera_request_user(const struct chimera_request *request,
                                          struct chimera_arena *arena)
{
    enum { NAME = 3, COUNT }; /* of the members of userInfo, as shapes.c has them */
    struct chimera_slice members[COUNT] = {{NULL, 0}};
    struct chimera_slice value = member_of(request, CHIMERA_REQUEST_USER_INFO);
    if (value.data)
        chimera_shape_members(value, chimera_shape_request.field[CHIMERA_REQUEST_USER_INFO].shape,
                              members);
    return chimera_shape_text(members[NAME], arena);
}

/* `value` is checked. False when the arena is full. */
static bool make_raw(struct chimera_slice value, struct chimera_arena *arena,
                     struct chimera_request *ret_request)
{
    struct chimera_slice none = {NULL, 0}, empty = CHIMERA_SLICE("");
    ret_request->is_raw = true;
    ret_request->name_space = none;
    ret_request->operation = empty;
    ret_request->kind = empty;
    ret_request->object = value;
    ret_request->json = (struct chimera_pieces){.count = 0};
    chimera_pieces_add(&ret_request->json, value);
    /* `.uid` if it is a string. */
    static const struct chimera_shape_field field = {
        {"uid", 3}, CHIMERA_SHAPE_ANY, .is_optional = true};
    static const struct chimera_shape shape = {"any", &field, 1, .is_lenient = true};
    struct chimera_slice uid = {NULL, 0};
    if (value.data[0] == '{')
        chimera_shape_members(value, &shape, &uid);
    if (uid.data && uid.data[0] != '"')
        uid.data = NULL;
    return decode(uid, CHIMERA_SLICE(""), arena, &ret_request->uid);
}

enum chimera_request_problem chimera_request_parse_raw(struct chimera_slice body,
                                                       struct chimera_arena *arena,
                                                       struct chimera_request *ret_request,
                                                       struct chimera_slice *ret_why)
{
    static const struct chimera_shape_field field = {
        {"request", 7}, CHIMERA_SHAPE_ANY, .is_optional = false};
    static const struct chimera_shape shape = {"struct RawReviewRequest", &field, 1,
                                               .is_lenient = false};
    struct chimera_scan scan;
    struct chimera_slice value = {NULL, 0};
    if (!chimera_shape_read_all(&scan, body, &shape, &value))
        return explain(&scan, arena, ret_why);
    return make_raw(value, arena, ret_request) ? CHIMERA_REQUEST_OK : too_big(ret_why);
}

static int fail_arena(struct chimera_error *err)
{
    return chimera_fail(err, CHIMERA_ELIMIT, "the request is too big");
}

/* The AdmissionRequest inside of `object`, which is one itself or a review around one. */
static int unwrap(struct chimera_slice object, struct chimera_slice *ret_request,
                  struct chimera_error *err)
{
    static const struct chimera_shape_field fields[] = {
        {{"kind", 4}, CHIMERA_SHAPE_ANY, .is_optional = true},
        {{"request", 7}, CHIMERA_SHAPE_ANY, .is_optional = true},
    };
    static const struct chimera_shape shape = {"any", fields, 2, .is_lenient = true};
    struct chimera_slice values[2] = {{NULL, 0}};
    chimera_shape_members(object, &shape, values);
    *ret_request = object;
    if (!chimera_slice_is(values[0], "\"AdmissionReview\""))
        return CHIMERA_OK;
    if (!values[1].data)
        return chimera_fail(err, CHIMERA_EINVAL, "invalid AdmissionReview object");
    *ret_request = values[1];
    return CHIMERA_OK;
}

int chimera_request_parse_file(struct chimera_slice text, bool is_raw, struct chimera_arena *arena,
                               struct chimera_request *ret_request, struct chimera_error *err)
{
    struct chimera_scan scan;
    struct chimera_slice values[CHIMERA_REQUEST_VALUES] = {{NULL, 0}}, value;
    chimera_scan_init(&scan, text);
    if (!chimera_scan_skip(&scan, &value) || !chimera_scan_end(&scan))
        return chimera_scan_report(&scan, err);
    if (is_raw)
        return make_raw(value, arena, ret_request) ? CHIMERA_OK : fail_arena(err);
    if (value.data[0] != '{')
        return chimera_fail(err, CHIMERA_EINVAL, "Invalid request object");
    int code = unwrap(value, &value, err);
    if (code < 0)
        return code;
    if (!chimera_shape_read_all(&scan, value, &chimera_shape_request, values))
        return chimera_fail(err, CHIMERA_EINVAL,
                            "cannot build AdmissionRequest object from given input: %s", scan.why);
    return make_request(values, scan.is_odd, arena, ret_request) ? CHIMERA_OK : fail_arena(err);
}
