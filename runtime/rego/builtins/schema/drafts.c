/* SPDX-License-Identifier: Apache-2.0 */
/* The drafts' schemas for schemas, as far as they rule anything out: without titles, descriptions
 * and defaults. Draft 4 is the JSON Schema core and validation documents of 2013, 6 and 7 those of
 * 2017 and 2018.
 */
#include "runtime/rego/builtins/schema/schema_internal.h"

#define ADDRESS(number) "http://json-schema.org/draft-0" number "/schema"
#define SELF "{\"$ref\":\"#\"}"
#define DEFINED(name) "{\"$ref\":\"#/definitions/" name "\"}"
#define TYPE(name) "{\"type\":\"" name "\"}"
#define NAMED "{\"type\":\"object\",\"additionalProperties\":" SELF "}"
#define EITHER(first, second) "{\"anyOf\":[" first "," second "]}"

/* What all three have. The name of the whole number that is not below zero changed, and the texts
 * of a list had to be some in draft 4. */
#define DEFINITIONS(whole, texts)                                                                  \
    "\"definitions\":{\"schemaArray\":{\"type\":\"array\",\"minItems\":1,\"items\":" SELF "},"     \
    "\"" whole "\":{\"type\":\"integer\",\"minimum\":0},"                                          \
    "\"" whole "Default0\":{\"allOf\":[" DEFINED(                                                  \
        whole) ",{}]},"                                                                            \
               "\"simpleTypes\":{\"enum\":[\"array\",\"boolean\",\"integer\",\"null\",\"number\"," \
               "\"object\",\"string\"]},"                                                          \
               "\"stringArray\":{\"type\":\"array\",\"items\":" TYPE(                              \
                   "string") "," texts "\"uniqueItems\":true}}"

#define SIZES(whole)                                                         \
    "\"maxLength\":" DEFINED(whole) ",\"minLength\":" DEFINED(               \
        whole                                                                \
        "Default0") ","                                                      \
                    "\"maxItems\":" DEFINED(whole) ",\"minItems\":" DEFINED( \
                        whole                                                \
                        "Default0") ","                                      \
                                    "\"maxProperties\":" DEFINED(            \
                                        whole) ",\"minProperties\":" DEFINED(whole "Default0")

#define COMMON                                                                                                                                                                                                                                \
    "\"title\":" TYPE("string") ",\"description\":" TYPE(                                                                                                                                                                                     \
        "string") ","                                                                                                                                                                                                                         \
                  "\"maximum\":" TYPE(                                                                                                                                                                                                        \
                      "number") ",\"minimum\""                                                                                                                                                                                                \
                                ":" TYPE("numbe"                                                                                                                                                                                              \
                                         "r") ","                                                                                                                                                                                             \
                                              "\"pattern\":{\"type\":\"string\",\"format\":"                                                                                                                                                  \
                                              "\"regex\"},"                                                                                                                                                                                   \
                                              "\"items\":" EITHER(SELF, DEFINED("schemaArray")) ",\"uniqueItems\":" TYPE(                                                                                                                     \
                                                  "boolean") ","                                                                                                                                                                              \
                                                             "\"required\":" DEFINED(                                                                                                                                                         \
                                                                 "stringArray") ",\"definitions\""                                                                                                                                            \
                                                                                ":" NAMED                                                                                                                                                     \
                                                                                ",\"properties\""                                                                                                                                             \
                                                                                ":" NAMED ","                                                                                                                                                 \
                                                                                "\"dependencies\""                                                                                                                                            \
                                                                                ":{\"type\":"                                                                                                                                                 \
                                                                                "\"object\","                                                                                                                                                 \
                                                                                "\"additionalProp"                                                                                                                                            \
                                                                                "erties\""                                                                                                                                                    \
                                                                                ":" EITHER(                                                                                                                                                   \
                                                                                    SELF,                                                                                                                                                     \
                                                                                    DEFINED(                                                                                                                                                  \
                                                                                        "stringAr"                                                                                                                                            \
                                                                                        "ray")) "},"                                                                                                                                          \
                                                                                                "\"enum\":{\"type\":\"array\",\"minItems\":1,\"uniqueItems\":true},"                                                                          \
                                                                                                "\"type\":" EITHER(                                                                                                                           \
                                                                                                    DEFINED(                                                                                                                                  \
                                                                                                        "simpleTypes"),                                                                                                                       \
                                                                                                    "{\"type\":\"array\",\"items\":" DEFINED(                                                                                                 \
                                                                                                        "simpleTypes") ",\"minItems\":1,\"uniqueItems\":true}") ","                                                                           \
                                                                                                                                                                "\"format\":" TYPE("string") ",\"allOf\":" DEFINED(                           \
                                                                                                                                                                    "schemaArray") ","                                                        \
                                                                                                                                                                                   "\"anyOf\":" DEFINED("schemaArray") ",\"oneOf\":" DEFINED( \
                                                                                                                                                                                       "schemaArray") ",\"not\":" SELF

/* What came with draft 6. */
#define LATER                                                                          \
    "\"$id\":{\"type\":\"string\",\"format\":\"uri-reference\"},"                      \
    "\"$schema\":{\"type\":\"string\",\"format\":\"uri\"},"                            \
    "\"$ref\":{\"type\":\"string\",\"format\":\"uri-reference\"},"                     \
    "\"examples\":" TYPE(                                                              \
        "array") ",\"multipleOf\":{\"type\":\"number\",\"exclusiveMinimum\":0},"       \
                 "\"exclusiveMaximum\":" TYPE("number") ",\"exclusiveMinimum\":" TYPE( \
                     "number") ","                                                     \
                               "\"additionalItems\":" SELF ",\"contains\":" SELF       \
                               ",\"additionalProperties\":" SELF ","                   \
                               "\"propertyNames\":" SELF

static const struct {
    int draft;
    const char *address, *text;
} drafts[] = {
    {4, ADDRESS("4"),
     "{\"id\":\"" ADDRESS("4") "#\",\"$schema\":\"" ADDRESS("4") "#\"," DEFINITIONS(
         "positiveInteger", "\"minItems\":1,") ",\"type\":\"object\",\"properties\":{"
                                               "\"id\":" TYPE("string") ",\"$schema\":" TYPE(
                                                   "string") ","
                                                             "\"multipleOf\":{\"type\":\"number\","
                                                             "\"minimum\":0,\"exclusiveMinimum\":"
                                                             "true},"
                                                             "\"exclusiveMaximum\":" TYPE("boolean") ",\"exclusiveMinimum\":" TYPE(
                                                                 "boolean") ","
                                                                            "\"additionalItems\""
                                                                            ":" EITHER(
                                                                                TYPE("boolean"),
                                                                                SELF) ","
                                                                                      "\"additional"
                                                                                      "Properties\""
                                                                                      ":" EITHER(
                                                                                          TYPE("boo"
                                                                                               "lea"
                                                                                               "n"),
                                                                                          SELF) ","
                                                                                                "\""
                                                                                                "pa"
                                                                                                "tt"
                                                                                                "er"
                                                                                                "nP"
                                                                                                "ro"
                                                                                                "pe"
                                                                                                "rt"
                                                                                                "ie"
                                                                                                "s"
                                                                                                "\""
                                                                                                ":" NAMED
                                                                                                "," SIZES(
                                                                                                    "positiveInteger") "," COMMON
                                                                                                                       "},"
                                                                                                                       "\"dependencies\":{\"exclusiveMaximum\":[\"maximum\"],\"exclusiveMinimum\":[\"minimum\"]}}"},
    {6, ADDRESS("6"),
     "{\"$id\":\"" ADDRESS("6") "#\",\"$schema\":\"" ADDRESS("6") "#\"," DEFINITIONS(
         "nonNegativeInteger", "") ",\"type\":[\"object\",\"boolean\"],\"properties\":{"
                                   "\"patternProperties\":" NAMED
                                   "," SIZES("nonNegativeInteger") "," COMMON "," LATER "}}"},
    {7, ADDRESS("7"),
     "{\"$id\":\"" ADDRESS("7") "#\",\"$schema\":\"" ADDRESS("7") "#\"," DEFINITIONS(
         "nonNegativeInteger",
         "") ",\"type\":[\"object\",\"boolean\"],\"properties\":{"
             "\"$comment\":" TYPE("string") ",\"readOnly\":" TYPE(
                 "boolean") ","
                            "\"patternProperties\":{\"type\":\"object\","
                            "\"additionalProperties\":" SELF ","
                            "\"propertyNames\":{\"format\":\"regex\"}},"
                            "\"contentMediaType\":" TYPE("string") ",\"contentEncoding\":" TYPE(
                                "string") ","
                                          "\"if\":" SELF ",\"then\":" SELF ",\"else\":" SELF
                                          "," SIZES("nonNegativeInteger") "," COMMON "," LATER
                                                                          "}}"},
};

const char *chimera_draft_schema(struct chimera_slice reference)
{
    for (size_t i = 0; i < sizeof(drafts) / sizeof(drafts[0]); i++) {
        if (chimera_slice_is(reference, drafts[i].address))
            return drafts[i].text;
    }
    return NULL;
}

int chimera_draft_of(struct chimera_slice reference)
{
    for (size_t i = 0; i < sizeof(drafts) / sizeof(drafts[0]); i++) {
        if (chimera_slice_is(reference, drafts[i].address))
            return drafts[i].draft;
    }
    return CHIMERA_DRAFT_NONE;
}
