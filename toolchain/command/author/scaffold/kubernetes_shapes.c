/* SPDX-License-Identifier: Apache-2.0 */
#include "toolchain/command/author/scaffold/kubernetes_shapes.h"

#include <stdint.h>

#define FIELD(text, type) \
    {.name = {text, sizeof(text) - 1}, .kind = CHIMERA_SHAPE_##type, .is_optional = true}
#define NEEDED(text, type) {.name = {text, sizeof(text) - 1}, .kind = CHIMERA_SHAPE_##type}
#define OF_SHAPE(text, type, what)     \
    {.name = {text, sizeof(text) - 1}, \
     .kind = CHIMERA_SHAPE_##type,     \
     .is_optional = true,              \
     .shape = &(what)}
#define ONE_OF(text, list)             \
    {.name = {text, sizeof(text) - 1}, \
     .kind = CHIMERA_SHAPE_VARIANT,    \
     .is_optional = true,              \
     .variants = (list)}
#define SHAPE(text, fields) \
    {.name = (text), .field = (fields), .count = (unsigned)(sizeof(fields) / sizeof(*(fields)))}

static const char *const versions[] = {"admissionregistration.k8s.io/v1", NULL};
static const char *const policies[] = {"ValidatingAdmissionPolicy", NULL};
static const char *const bindings[] = {"ValidatingAdmissionPolicyBinding", NULL};
static const char *const operations[] = {"CREATE", "UPDATE", "DELETE", "CONNECT", "*", NULL};

static const struct chimera_shape_field meta_fields[] = {
    FIELD("annotations", STRING_MAP),
    FIELD("creationTimestamp", STRING),
    FIELD("deletionGracePeriodSeconds", ANY),
    FIELD("deletionTimestamp", STRING),
    FIELD("finalizers", STRINGS),
    FIELD("generateName", STRING),
    FIELD("generation", ANY),
    FIELD("labels", STRING_MAP),
    FIELD("managedFields", ANY),
    FIELD("name", STRING),
    FIELD("namespace", STRING),
    FIELD("ownerReferences", ANY),
    FIELD("resourceVersion", STRING),
    FIELD("selfLink", STRING),
    FIELD("uid", STRING),
};
const struct chimera_shape kubernetes_meta_shape = SHAPE("ObjectMeta", meta_fields);

static const struct chimera_shape_field expression_fields[] = {
    NEEDED("key", STRING),
    NEEDED("operator", STRING),
    FIELD("values", STRINGS),
};
static const struct chimera_shape expression = SHAPE("LabelSelectorRequirement", expression_fields);

static const struct chimera_shape_field selector_fields[] = {
    OF_SHAPE("matchExpressions", STRUCTS, expression),
    FIELD("matchLabels", STRING_MAP),
};
static const struct chimera_shape selector = SHAPE("LabelSelector", selector_fields);

static const struct chimera_shape_field rule_fields[] = {
    FIELD("apiGroups", STRINGS),
    FIELD("apiVersions", STRINGS),
    {.name = {"operations", sizeof("operations") - 1},
     .kind = CHIMERA_SHAPE_STRINGS,
     .is_optional = true,
     .variants = operations},
    FIELD("resources", STRINGS),
};
static const struct chimera_shape rule = SHAPE("NamedRuleWithOperations", rule_fields);

static const struct chimera_shape_field match_fields[] = {
    FIELD("matchPolicy", STRING),
    OF_SHAPE("namespaceSelector", STRUCT, selector),
    OF_SHAPE("objectSelector", STRUCT, selector),
    OF_SHAPE("resourceRules", STRUCTS, rule),
};
static const struct chimera_shape match = SHAPE("MatchResources", match_fields);

static const struct chimera_shape_field kind_fields[] = {
    FIELD("apiVersion", STRING),
    FIELD("kind", STRING),
};
static const struct chimera_shape param_kind = SHAPE("ParamKind", kind_fields);

static const struct chimera_shape_field validation_fields[] = {
    NEEDED("expression", STRING),
    FIELD("message", STRING),
    FIELD("messageExpression", STRING),
    FIELD("reason", STRING),
};
static const struct chimera_shape validation = SHAPE("Validation", validation_fields);

static const struct chimera_shape_field variable_fields[] = {
    NEEDED("expression", STRING),
    NEEDED("name", STRING),
};
static const struct chimera_shape variable = SHAPE("Variable", variable_fields);

static const struct chimera_shape_field spec_fields[] = {
    FIELD("auditAnnotations", ANY),
    FIELD("failurePolicy", STRING),
    FIELD("matchConditions", ANY),
    OF_SHAPE("matchConstraints", STRUCT, match),
    OF_SHAPE("paramKind", STRUCT, param_kind),
    OF_SHAPE("validations", STRUCTS, validation),
    OF_SHAPE("variables", STRUCTS, variable),
};
static const struct chimera_shape spec = SHAPE("ValidatingAdmissionPolicySpec", spec_fields);

static const struct chimera_shape_field vap_fields[] = {
    ONE_OF("apiVersion", versions),
    ONE_OF("kind", policies),
    OF_SHAPE("metadata", STRUCT, kubernetes_meta_shape),
    OF_SHAPE("spec", STRUCT, spec),
};
const struct chimera_shape kubernetes_vap_shape = SHAPE("ValidatingAdmissionPolicy", vap_fields);

static const struct chimera_shape_field reference_fields[] = {
    FIELD("name", STRING),
    FIELD("namespace", STRING),
    FIELD("parameterNotFoundAction", STRING),
    OF_SHAPE("selector", STRUCT, selector),
};
static const struct chimera_shape reference = SHAPE("ParamRef", reference_fields);

static const struct chimera_shape_field binding_spec_fields[] = {
    OF_SHAPE("matchResources", STRUCT, match),
    OF_SHAPE("paramRef", STRUCT, reference),
    FIELD("policyName", STRING),
    FIELD("validationActions", STRINGS),
};
static const struct chimera_shape binding_spec =
    SHAPE("ValidatingAdmissionPolicyBindingSpec", binding_spec_fields);

static const struct chimera_shape_field binding_fields[] = {
    ONE_OF("apiVersion", versions),
    ONE_OF("kind", bindings),
    OF_SHAPE("metadata", STRUCT, kubernetes_meta_shape),
    OF_SHAPE("spec", STRUCT, binding_spec),
};
const struct chimera_shape kubernetes_vap_binding_shape =
    SHAPE("ValidatingAdmissionPolicyBinding", binding_fields);
