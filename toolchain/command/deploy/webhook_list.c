/* SPDX-License-Identifier: Apache-2.0 */
#include "toolchain/command/deploy/webhook_list.h"

#include <stdio.h>
#include <string.h>

#include "runtime/json/tree.h"
#include "runtime/text/problems.h"
#include "toolchain/command/dns_name.h"

#define NAME_SUFFIX "admission" /* with the policy and the configuration the three parts wanted */
#define LEAST_SECONDS 10        /* Kubernetes' default; Kubewarden's too */
#define MOST_SECONDS 30         /* that Kubernetes takes */
#define NAMESPACE_LABEL "kubernetes.io/metadata.name"

/* A policy, or a group with its members. */
struct served {
    const char *id, *for_namespace; /* the latter NULL: for all */
    size_t first, count;            /* in the set's policies */
    bool may_mutate, is_group;
    struct json_object *rules; /* owned */
};

struct webhook_list {
    const struct served_set *set;
    const struct webhook_target *target;
    webhook_warn *warn;
    struct chimera_problems problems;
    struct json_object *validating, *mutating; /* lists; owned */
};

static void put_text(struct json_object *object, const char *key, const char *text)
{
    json_object_object_add(object, key, json_object_new_string(text));
}

static struct json_object *text_list(const char *text)
{
    struct json_object *list = json_object_new_array();
    json_object_array_add(list, json_object_new_string(text));
    return list;
}

/* --- What is wrong --- */

static void note(struct webhook_list *list, const char *what, const char *id, const char *text)
{
    char where[300];
    snprintf(where, sizeof(where), "%s \"%.280s\"", what, id);
    chimera_problems_add(&list->problems, 0, 0, where, text);
}

/* A name like it that would do; "" when there is none. */
static void propose_name(const char *id, char *out, size_t room)
{
    size_t size = 0;
    for (; *id && size + 1 < room; id++) {
        char c = *id >= 'A' && *id <= 'Z' ? (char)(*id | 0x20) : *id;
        bool is_plain = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
        if (is_plain || (size > 0 && out[size - 1] != '-' && out[size - 1] != '.'))
            out[size++] = is_plain || c == '.' ? c : '-';
    }
    while (size > 0 && (out[size - 1] == '-' || out[size - 1] == '.'))
        size--;
    out[size] = '\0';
    if (!dns_is_name(out, DNS_NAME_MAX))
        *out = '\0';
}

static void check_name(struct webhook_list *list, const struct served *served)
{
    char proposed[64], text[400];
    size_t size =
        strlen(served->id) + strlen(list->target->name) + strlen("..") + strlen(NAME_SUFFIX);
    if (dns_is_name(served->id, DNS_NAME_MAX) && size <= DNS_NAME_MAX)
        return;
    propose_name(served->id, proposed, sizeof(proposed));
    snprintf(text, sizeof(text),
             "an API server takes this neither as part of a webhook's name nor of a path: lower "
             "case letters, digits, '-' and '.' are wanted, a letter or digit at both ends, %d "
             "characters in all; rename it%s%s%s",
             DNS_NAME_MAX, *proposed ? ", to \"" : "", proposed, *proposed ? "\" perhaps" : "");
    note(list, "id", served->id, text);
}

/* --- Its rules --- */

static bool has_rule(struct json_object *rules, struct json_object *rule)
{
    for (size_t i = 0; i < json_object_array_length(rules); i++)
        if (json_object_equal(json_object_array_get_idx(rules, i), rule))
            return true;
    return false;
}

/* NULL, after it was noted, where nothing can be said of them; none of a raw policy. */
static struct json_object *rules_of(struct webhook_list *list, size_t policy)
{
    const struct chimera_metadata *metadata = &list->set->modules[policy].metadata;
    const char *id = list->set->policies.policy[policy].id;
    struct chimera_error why = {0};
    if (metadata->is_raw)
        return NULL;
    if (!metadata->is_annotated) {
        note(list, "policy", id,
             "its module has no metadata, which would say what it is for: add some with `chimera "
             "annotate`, or write its webhook by hand");
        return NULL;
    }
    if (chimera_metadata_check(metadata, &why) < 0) {
        note(list, "policy", id, why.text);
        return NULL;
    }
    return chimera_json_member(metadata->tree, "rules");
}

/* With what an API server adds by itself: so `kubectl apply` finds nothing to do the next time. */
static struct json_object *with_scope(struct json_object *rule)
{
    struct json_object *whole = json_object_new_object();
    json_object_object_foreach(rule, key, value)
    {
        json_object_object_add(whole, key, json_object_get(value));
    }
    put_text(whole, "scope", "*");
    return whole;
}

/* Of all members, each once. */
static void take_rules(struct webhook_list *list, struct served *served)
{
    served->rules = json_object_new_array();
    for (size_t i = served->first; i < served->first + served->count; i++) {
        struct json_object *rules = rules_of(list, i);
        size_t count = rules ? json_object_array_length(rules) : 0;
        for (size_t j = 0; j < count; j++) {
            struct json_object *rule = with_scope(json_object_array_get_idx(rules, j));
            if (has_rule(served->rules, rule))
                json_object_put(rule);
            else
                json_object_array_add(served->rules, rule);
        }
    }
}

/* --- A webhook --- */

/* What the API server waits for: more than the policy may take, as far as that is stated. */
static int seconds_of(const struct webhook_list *list, const struct served *served)
{
    uint64_t seconds = 1;
    for (size_t i = served->first; i < served->first + served->count; i++) {
        const struct policy_spec *policy = &list->set->policies.policy[i];
        if (policy->has_limit && policy->limit_seconds < MOST_SECONDS)
            seconds += policy->limit_seconds;
        else if (policy->has_limit)
            seconds = MOST_SECONDS;
    }
    return seconds > MOST_SECONDS    ? MOST_SECONDS
           : seconds < LEAST_SECONDS ? LEAST_SECONDS
                                     : (int)seconds;
}

static struct json_object *client_config(const struct webhook_target *target, const char *id)
{
    struct json_object *config = json_object_new_object();
    char text[2048];
    if (target->authorities)
        put_text(config, "caBundle", target->authorities);
    if (target->url) {
        snprintf(text, sizeof(text), "%s/validate/%s", target->url, id);
        put_text(config, "url", text);
        return config;
    }
    struct json_object *service = json_object_new_object();
    json_object_object_add(
        service, "name",
        json_object_new_string_len(target->service_name.data, (int)target->service_name.size));
    json_object_object_add(service, "namespace",
                           json_object_new_string_len(target->service_namespace.data,
                                                      (int)target->service_namespace.size));
    snprintf(text, sizeof(text), "/validate/%s", id);
    put_text(service, "path", text);
    json_object_object_add(service, "port", json_object_new_int((int)target->port));
    json_object_object_add(config, "service", service);
    return config;
}

static struct json_object *namespace_selector(const struct webhook_target *target, const char *only)
{
    struct json_object *selector = json_object_new_object(), *names = json_object_new_array();
    struct json_object *expression = json_object_new_object(), *all = json_object_new_array();
    put_text(expression, "key", NAMESPACE_LABEL);
    put_text(expression, "operator", only ? "In" : "NotIn");
    json_object_array_add(names, json_object_new_string(only ? only : "kube-system"));
    if (!only && !target->url && !chimera_slice_is(target->service_namespace, "kube-system"))
        json_object_array_add(names,
                              json_object_new_string_len(target->service_namespace.data,
                                                         (int)target->service_namespace.size));
    json_object_object_add(expression, "values", names);
    json_object_array_add(all, expression);
    json_object_object_add(selector, "matchExpressions", all);
    return selector;
}

static struct json_object *make_webhook(const struct webhook_list *list,
                                        const struct served *served)
{
    struct json_object *webhook = json_object_new_object();
    char name[512];
    snprintf(name, sizeof(name), "%.240s.%.240s." NAME_SUFFIX, served->id, list->target->name);
    put_text(webhook, "name", name);
    json_object_object_add(webhook, "admissionReviewVersions", text_list("v1"));
    json_object_object_add(webhook, "clientConfig", client_config(list->target, served->id));
    put_text(webhook, "failurePolicy", "Fail");
    put_text(webhook, "matchPolicy", "Equivalent");
    json_object_object_add(webhook, "namespaceSelector",
                           namespace_selector(list->target, served->for_namespace));
    json_object_object_add(webhook, "rules", json_object_get(served->rules));
    put_text(webhook, "sideEffects", "None");
    json_object_object_add(webhook, "timeoutSeconds",
                           json_object_new_int(seconds_of(list, served)));
    return webhook;
}

/* --- All of them --- */

/* The server counts what the file allows; what the module says of itself is a hint. */
static void warn_of_mutation(const struct webhook_list *list, const struct served *served)
{
    if (!served->is_group && !served->may_mutate &&
        list->set->modules[served->first].metadata.is_mutating)
        list->warn("policy \"%s\" mutates, but has no `allowedToMutate: true`: the server refuses "
                   "each request that it would change",
                   served->id);
}

static void add(struct webhook_list *list, struct served *served)
{
    take_rules(list, served);
    check_name(list, served);
    if (chimera_problems_any(&list->problems)) {
        json_object_put(served->rules);
        return;
    }
    if (json_object_array_length(served->rules) > 0) {
        warn_of_mutation(list, served);
        json_object_array_add(served->may_mutate ? list->mutating : list->validating,
                              make_webhook(list, served));
    } else {
        list->warn(
            "%s \"%s\" gets no webhook: it %s", served->is_group ? "group" : "policy", served->id,
            served->count ? "judges raw requests, which no API server sends" : "has no members");
    }
    json_object_put(served->rules);
}

static void add_all(struct webhook_list *list)
{
    const struct policies *policies = &list->set->policies;
    for (size_t i = 0; i < policies->policy_count; i++) {
        const struct policy_spec *policy = &policies->policy[i];
        if (policy->group == NO_GROUP) {
            add(list, &(struct served){.id = policy->id,
                                       .for_namespace = policy->for_namespace,
                                       .first = i,
                                       .count = 1,
                                       .may_mutate = policy->allowed_to_mutate});
        } else if (policies->group[policy->group].first == i) {
            const struct group_spec *group = &policies->group[policy->group];
            add(list, &(struct served){.id = group->name,
                                       .for_namespace = group->for_namespace,
                                       .first = i,
                                       .count = group->count,
                                       .is_group = true});
        }
    }
    for (size_t i = 0; i < policies->group_count; i++)
        if (policies->group[i].count == 0)
            add(list, &(struct served){.id = policies->group[i].name, .is_group = true});
}

/* Takes over the webhooks. */
static struct json_object *configuration(const char *kind, const char *name,
                                         struct json_object *webhooks)
{
    struct json_object *document = json_object_new_object(), *metadata = json_object_new_object();
    put_text(document, "apiVersion", "admissionregistration.k8s.io/v1");
    put_text(document, "kind", kind);
    put_text(metadata, "name", name);
    json_object_object_add(document, "metadata", metadata);
    json_object_object_add(document, "webhooks", webhooks);
    return document;
}

int webhook_list_make(const struct served_set *set, const struct webhook_target *target,
                      webhook_warn *warn, struct json_object **ret_validating,
                      struct json_object **ret_mutating, struct chimera_error *err)
{
    struct webhook_list list = {.set = set,
                                .target = target,
                                .warn = warn,
                                .validating = json_object_new_array(),
                                .mutating = json_object_new_array()};
    add_all(&list);
    int code = chimera_problems_fail(&list.problems, NULL, CHIMERA_EINVAL, err);
    chimera_problems_done(&list.problems);
    if (code < 0) {
        json_object_put(list.validating);
        json_object_put(list.mutating);
        return code;
    }
    *ret_validating =
        configuration("ValidatingWebhookConfiguration", target->name, list.validating);
    *ret_mutating = configuration("MutatingWebhookConfiguration", target->name, list.mutating);
    return CHIMERA_OK;
}
