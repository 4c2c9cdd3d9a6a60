/* SPDX-License-Identifier: Apache-2.0 */
#include "plugins/kubernetes/lookup.h"

#include "plugins/kubernetes/direct.h"
#include "plugins/kubernetes/objects/object.h"
#include "runtime/json/shape.h"
#include "runtime/json/tree.h"

#define PATH_SIZE ((size_t)8 << 10)
#define REVIEW_MAX ((size_t)1 << 20)
#define REVIEW_PATH "/apis/authorization.k8s.io/v1/subjectaccessreviews"

static const char *text_of(struct json_object *fields, const char *name)
{
    struct json_object *value = chimera_json_member(fields, name);
    return json_object_is_type(value, json_type_string) ? json_object_get_string(value) : NULL;
}

static int not_found(const struct kube_resource *resource, const char *name, const char *name_space,
                     struct chimera_error *err)
{
    return chimera_fail(err, CHIMERA_EREFUSED,
                        "Cannot find %s/%s named '%.253s' inside of namespace '%s%.253s%s'",
                        resource->api_version, resource->kind, name, name_space ? "Some(\"" : "",
                        name_space ? name_space : "None", name_space ? "\")" : "");
}

/* What the API server answered, as the guest gets it. */
static int write_object(struct chimera_slice body, struct json_object *masks,
                        struct chimera_buffer *out, struct chimera_error *err)
{
    struct kube_mask *mask = NULL;
    struct kube_object_writer writer = {0};
    int code = kube_mask_new(masks, &mask, err);
    struct kube_object_form form = {.mask = mask};
    if (code == CHIMERA_OK)
        code = kube_object_write(&writer, body, &form, out, err);
    kube_object_writer_done(&writer);
    kube_mask_free(mask);
    return code;
}

static int path_of(const struct kube_resource *resource, const char *name, const char *name_space,
                   struct chimera_buffer *path, struct chimera_error *err)
{
    if (!kube_is_path_name(chimera_slice_of(name)) ||
        (name_space && !kube_is_path_name(chimera_slice_of(name_space))))
        return not_found(resource, name, name_space, err); /* it can be no object's */
    kube_resource_path(resource, name_space, path);
    chimera_buffer_byte(path, '/');
    kube_escape(path, chimera_slice_of(name));
    chimera_buffer_byte(path, 0);
    return path->failed ? chimera_fail_memory(err) : CHIMERA_OK;
}

int kube_lookup_object(struct kube_discovery *discovery, const struct chimera_host_request *request,
                       uint64_t deadline_ns, struct chimera_buffer *out, struct chimera_error *err)
{
    struct json_object *fields = request->fields;
    const char *name = text_of(fields, "name"), *name_space = text_of(fields, "namespace");
    struct kube_resource resource;
    struct kube_direct_answer answer;
    struct chimera_buffer path;
    int code = kube_discovery_find(discovery, text_of(fields, "api_version"),
                                   text_of(fields, "kind"), deadline_ns, &resource, err);
    if (code < 0)
        return code;
    if (resource.is_namespaced && !name_space)
        return chimera_fail(err, CHIMERA_EINVAL,
                            "Resource %s/%s is namespaced, but no namespace was provided",
                            resource.api_version, resource.kind);
    chimera_buffer_init(&path, PATH_SIZE);
    code = path_of(&resource, name, resource.is_namespaced ? name_space : NULL, &path, err);
    if (code == CHIMERA_OK)
        code = kube_direct_ask(discovery->network, path.data, NULL, deadline_ns, &answer, err);
    chimera_buffer_free(&path);
    if (code < 0)
        return code;
    if (answer.http_code / 100 == 2)
        code = write_object(chimera_buffer_slice(&answer.body),
                            chimera_json_member(fields, "field_masks"), out, err);
    else if (answer.http_code == 404)
        code = not_found(&resource, name, name_space, err);
    else
        code = chimera_fail(err, CHIMERA_EREFUSED, "ApiError: %s", answer.status.message);
    kube_direct_answer_done(&answer);
    return code;
}

/* --- Who may do what --- */

/* Names in the order of the reference's type; what is null or not there is left out. */
static int write_members(struct json_object *from, const char *const *names,
                         const char *const *written, struct chimera_buffer *out)
{
    const char *comma = "";
    chimera_buffer_byte(out, '{');
    for (size_t i = 0; names[i]; i++) {
        struct json_object *value = chimera_json_member(from, names[i]);
        if (!value)
            continue;
        chimera_buffer_print(out, "%s\"%s\":", comma, written[i]);
        chimera_json_write(value, out);
        comma = ",";
    }
    chimera_buffer_byte(out, '}');
    return out->failed;
}

static int write_review(struct json_object *review, struct chimera_buffer *out)
{
    static const char *const names[] = {"group",       "name", "namespace", "resource",
                                        "subresource", "verb", "version",   NULL};
    static const char *const who[] = {"groups", "user", NULL};
    struct json_object *attributes = chimera_json_member(review, "resource_attributes");
    chimera_buffer_text(out, "{\"apiVersion\":\"authorization.k8s.io/v1\","
                             "\"kind\":\"SubjectAccessReview\",\"metadata\":{},\"spec\":");
    write_members(review, who, who, out);
    if (!out->failed)
        out->size--; /* its bracket: there is more */
    chimera_buffer_text(out, out->size && out->data[out->size - 1] == '{'
                                 ? "\"resourceAttributes\":"
                                 : ",\"resourceAttributes\":");
    write_members(attributes, names, names, out);
    chimera_buffer_text(out, "}}");
    chimera_buffer_byte(out, 0);
    return out->failed;
}

static int write_status(struct chimera_slice body, struct chimera_buffer *out,
                        struct chimera_error *err)
{
    static const char *const names[] = {"allowed", "denied", "evaluationError", "reason", NULL};
    CHIMERA_JSON struct json_object *answer = NULL;
    int code = chimera_json_parse(body, &answer, err);
    if (code < 0)
        return code;
    struct json_object *status = chimera_json_member(answer, "status");
    for (size_t i = 0; status && names[i]; i++) {
        struct json_object *value = chimera_json_member(status, names[i]);
        enum json_type type = i < 2 ? json_type_boolean : json_type_string;
        if (!json_object_is_type(value, type) && (i == 0 || value))
            return chimera_fail(err, CHIMERA_EINVAL,
                                "the API server's SubjectAccessReview has a wrong '%s'", names[i]);
    }
    if (!status)
        return chimera_fail(err, CHIMERA_EREFUSED, "SubjectAccessReview did not return a response");
    return write_members(status, names, names, out);
}

int kube_lookup_access(struct kube_discovery *discovery, struct json_object *review,
                       uint64_t deadline_ns, struct chimera_buffer *out, struct chimera_error *err)
{
    struct chimera_buffer body;
    struct kube_direct_answer answer;
    chimera_buffer_init(&body, REVIEW_MAX);
    int code = write_review(review, &body);
    code = code < 0 ? chimera_fail(err, code, "the review of access is too large")
                    : kube_direct_ask(discovery->network, REVIEW_PATH, body.data, deadline_ns,
                                      &answer, err);
    chimera_buffer_free(&body);
    if (code < 0)
        return code;
    code = answer.http_code / 100 == 2
               ? write_status(chimera_buffer_slice(&answer.body), out, err)
               : chimera_fail(err, CHIMERA_EREFUSED, "ApiError: %s", answer.status.message);
    kube_direct_answer_done(&answer);
    return code;
}
