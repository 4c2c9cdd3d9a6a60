/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/source/policies_keys.h"

#define ANY_POLICY (POLICIES_OF_POLICY | POLICIES_OF_MEMBER)
#define ANY_ENTRY (POLICIES_OF_POLICY | POLICIES_OF_GROUP)

/* name, owners, of them required, null allowed, type, preset, help */
#define KEYS(KEY)                                                                                 \
    KEY("module", ANY_POLICY, ANY_POLICY, 0, POLICIES_TEXT, NULL,                                 \
        "The policy: registry://HOST/NAME:TAG, https://HOST/PATH, file:///DIR/X.wasm, or a path " \
        "from the folder of this file, with ./ or ../ in front; without any it is in a registry") \
    KEY("expression", POLICIES_OF_GROUP, POLICIES_OF_GROUP, 0, POLICIES_TEXT, NULL,               \
        "When the group allows: calls of members as in a() && (b() || !c())")                     \
    KEY("message", ANY_ENTRY, POLICIES_OF_GROUP, POLICIES_OF_POLICY, POLICIES_TEXT, NULL,         \
        "What a rejection says; of a policy in place of its own message, which becomes a cause")  \
    KEY("policies", POLICIES_OF_GROUP, POLICIES_OF_GROUP, 0, POLICIES_MEMBERS, NULL,              \
        "The members of the group by their names")                                                \
    KEY("policyMode", ANY_ENTRY, 0, 0, POLICIES_MODE, "protect",                                  \
        "Whether a rejection is one (protect), or is logged and let through (monitor)")           \
    KEY("allowedToMutate", POLICIES_OF_POLICY, 0, POLICIES_OF_POLICY, POLICIES_FLAG, "false",     \
        "Whether the policy may change objects; without it a change is a rejection")              \
    KEY("settings", ANY_POLICY, 0, ANY_POLICY, POLICIES_SETTINGS, "{}",                           \
        "What the policy is to know; which keys there are is the policy's affair")                \
    KEY("timeoutEvalSeconds", ANY_POLICY, 0, ANY_POLICY, POLICIES_SECONDS, NULL,                  \
        "How long an evaluation may take, in place of the server's --policy-timeout")             \
    KEY("contextAwareResources", ANY_POLICY, 0, 0, POLICIES_RESOURCES, "[]",                      \
        "The kinds of Kubernetes objects that the policy may read")                               \
    KEY("hostCapabilities", ANY_POLICY, 0, 0, POLICIES_PATTERNS, "[]",                            \
        "What the policy may have its host do: paths such as oci/v1/verify, kubernetes/* or *")
#define OTHER_KEYS(KEY)                                                                   \
    KEY("apiVersion", POLICIES_OF_RESOURCE, POLICIES_OF_RESOURCE, 0, POLICIES_TEXT, NULL, \
        "Group and version of the kind, such as v1 or apps/v1")                           \
    KEY("kind", POLICIES_OF_RESOURCE, POLICIES_OF_RESOURCE, 0, POLICIES_TEXT, NULL,       \
        "The kind, such as Namespace")                                                    \
    KEY("namespacedName", ANY_ENTRY, 0, ANY_ENTRY, POLICIES_NOTE, NULL,                   \
        "A note of Kubewarden's controller to itself; nobody else reads it")

#define AS_NAME(name, owners, required, may_empty, type, preset, help) name,
#define AS_ROW(name, owners, required, may_empty, type, preset, help) \
    {name, owners, required, may_empty, type, preset, help},

const char *const policies_key_names[] = {KEYS(AS_NAME) NULL};

const struct policies_key policies_keys[] = {KEYS(AS_ROW) OTHER_KEYS(AS_ROW){0}};

_Static_assert(sizeof(policies_keys) / sizeof(*policies_keys) <= POLICIES_KEYS_MAX,
               "a list of names has room for all keys");

void policies_keys_of(enum policies_owner owner, const char *ret_names[POLICIES_KEYS_MAX])
{
    size_t count = 0;
    for (const struct policies_key *key = policies_keys; key->name; key++)
        if (key->owners & owner)
            ret_names[count++] = key->name;
    ret_names[count] = NULL;
}

const char *policies_key_type_text(enum policies_key_type type)
{
    switch (type) {
    case POLICIES_TEXT:
        return "a text";
    case POLICIES_FLAG:
        return "true or false";
    case POLICIES_MODE:
        return "protect or monitor";
    case POLICIES_SECONDS:
        return "a whole number of seconds from 1 on";
    case POLICIES_SETTINGS:
        return "a map";
    case POLICIES_PATTERNS:
        return "a list of texts";
    case POLICIES_RESOURCES:
        return "a list of maps with apiVersion and kind";
    case POLICIES_MEMBERS:
        return "a map from names to members";
    case POLICIES_NOTE:
        return "anything";
    }
    return "";
}
