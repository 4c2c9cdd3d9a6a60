/* SPDX-License-Identifier: Apache-2.0 */
#include "compiler/fetch/signature/statement.h"

#include "compiler/fetch/signature/trust/fields.h"
#include "runtime/json/key_twice.h"
#include "runtime/json/tree.h"

static struct json_object *find_subject(struct chimera_fields *fields,
                                        struct json_object *statement, const char *digest)
{
    char algorithm[16];
    const char *colon = strchr(digest, ':');
    size_t count, size = colon ? (size_t)(colon - digest) : sizeof(algorithm);
    struct json_object *subjects =
        chimera_fields_list(fields, statement, "subject", CHIMERA_STATEMENT_SUBJECTS_MAX, &count);
    if (size >= sizeof(algorithm))
        return NULL;
    memcpy(algorithm, digest, size);
    algorithm[size] = '\0';
    for (size_t i = 0; i < count; i++) {
        struct json_object *subject = json_object_array_get_idx(subjects, i);
        struct json_object *digests = chimera_fields_object(fields, subject, "digest");
        struct chimera_slice told = chimera_fields_text(fields, digests, algorithm);
        if (told.size > 0 && chimera_slice_is(told, colon + 1))
            return subject;
    }
    return NULL;
}

int chimera_statement_check(struct chimera_slice statement, const char *predicate,
                            const char *digest, struct json_object **ret_annotations,
                            struct chimera_error *err)
{
    CHIMERA_JSON struct json_object *tree = NULL;
    struct chimera_error why = {0};
    if (chimera_json_parse(statement, &tree, &why) < 0)
        return chimera_fail(err, CHIMERA_EINVAL, "the signed statement: %s", why.text);
    if (!json_object_is_type(tree, json_type_object))
        return chimera_fail(err, CHIMERA_EINVAL, "what is signed is not an in-toto statement");
    if (chimera_json_has_key_twice(tree, statement))
        return chimera_fail(err, CHIMERA_EINVAL, "the signed statement has a key twice");
    struct chimera_fields fields = {NULL, err, "the signed statement", CHIMERA_OK};
    struct chimera_slice type = chimera_fields_text(&fields, tree, "_type");
    struct chimera_slice said = chimera_fields_text(&fields, tree, "predicateType");
    struct json_object *subject = find_subject(&fields, tree, digest);
    struct json_object *annotations = chimera_fields_object(&fields, subject, "annotations");
    if (fields.code < 0)
        return fields.code;
    if (!chimera_slice_is(type, "https://in-toto.io/Statement/v1") &&
        !chimera_slice_is(type, "https://in-toto.io/Statement/v0.1"))
        return chimera_fail(err, CHIMERA_EINVAL, "what is signed is not an in-toto statement");
    if (predicate && !chimera_slice_is(said, predicate))
        return chimera_fail(err, CHIMERA_EFEATURE,
                            "it is not a signature but an attestation (%.*s)", (int)said.size,
                            said.data ? said.data : "");
    if (!subject)
        return chimera_fail(err, CHIMERA_EREFUSED, "it is a signature of something else than %s",
                            digest);
    *ret_annotations = json_object_get(annotations);
    return CHIMERA_OK;
}
