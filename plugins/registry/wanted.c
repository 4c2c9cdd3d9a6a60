/* SPDX-License-Identifier: Apache-2.0 */
#include "plugins/registry/wanted.h"

#include "runtime/base/cleanup.h"
#include "runtime/json/tree.h"

static int fail_request(struct chimera_error *err)
{
    return chimera_fail(err, CHIMERA_EINVAL, "not a request about signatures");
}

/* A text without NULs: it will be compared as a C string. */
static bool is_text(struct json_object *value)
{
    return json_object_is_type(value, json_type_string) &&
           strlen(json_object_get_string(value)) == (size_t)json_object_get_string_len(value);
}

/* Copies a text of the request into an entry as verification files have it; null stays away. */
static bool copy_text(struct json_object *entry, const char *key, struct json_object *from,
                      const char *name)
{
    struct json_object *value = name ? chimera_json_member(from, name) : from;
    if (!value)
        return true;
    return is_text(value) && json_object_object_add(entry, key, json_object_get(value)) == 0;
}

static bool are_annotations(struct json_object *annotations)
{
    if (!annotations)
        return true;
    if (!json_object_is_type(annotations, json_type_object))
        return false;
    json_object_object_foreach(annotations, key, value)
    {
        (void)key;
        if (!is_text(value))
            return false;
    }
    return true;
}

/* What a prefix is made of: a scheme, and behind it a host. */
static bool is_url(struct json_object *value)
{
    const char *text = json_object_get_string(value), *colon = strstr(text, "://");
    if (!colon || colon == text || !colon[3] || strchr("/?#", colon[3]))
        return false;
    for (const char *at = text; *at; at++)
        if (*at <= ' ' || *at > '~')
            return false;
    return true;
}

/* Adds one; `entry` is taken over, in any case. */
static int add(struct wanted *wanted, struct json_object *entry, struct json_object *annotations,
               struct chimera_error *err)
{
    int code = CHIMERA_OK;
    if (wanted->count == WANTED_MAX)
        code =
            chimera_fail(err, CHIMERA_ELIMIT, "more than %d signatures are asked for", WANTED_MAX);
    if (code == CHIMERA_OK && annotations)
        json_object_object_add(entry, "annotations", json_object_get(annotations));
    if (code == CHIMERA_OK)
        code = chimera_constraint_read(entry, &wanted->list[wanted->count], err);
    wanted->count += code == CHIMERA_OK;
    json_object_put(entry);
    return code;
}

static int add_key(struct wanted *wanted, struct json_object *key, struct json_object *annotations,
                   struct chimera_error *err)
{
    struct json_object *entry = json_object_new_object();
    json_object_object_add(entry, "kind", json_object_new_string("pubKey"));
    if (key && copy_text(entry, "key", key, NULL))
        return add(wanted, entry, annotations, err);
    json_object_put(entry);
    return fail_request(err);
}

/* By issuer and subject, or by issuer and the beginning of a URL. */
static int add_identity(struct wanted *wanted, struct json_object *identity,
                        struct json_object *annotations, struct chimera_error *err)
{
    struct json_object *entry = json_object_new_object(), *subject = json_object_new_object();
    struct json_object *prefix = chimera_json_member(identity, "url_prefix");
    json_object_object_add(entry, "kind", json_object_new_string("genericIssuer"));
    json_object_object_add(entry, "subject", subject);
    bool is_good = copy_text(entry, "issuer", identity, "issuer") &&
                   copy_text(subject, "equal", identity, "subject") &&
                   copy_text(subject, "urlPrefix", identity, "url_prefix") &&
                   json_object_object_length(subject) == 1 && json_object_object_length(entry) == 3;
    int code = is_good ? CHIMERA_OK : fail_request(err);
    if (code == CHIMERA_OK && prefix && !is_url(prefix))
        code = chimera_fail(err, CHIMERA_EINVAL, "Cannot build url prefix: %.200s is not a URL",
                            json_object_get_string(prefix));
    if (code < 0) {
        json_object_put(entry);
        return code;
    }
    /* A URL without any path is told with one. */
    const char *text = prefix ? json_object_get_string(prefix) : "";
    const char *path = prefix ? strpbrk(strstr(text, "://") + 3, "/?#") : NULL;
    wanted->has_our_slash[wanted->count % WANTED_MAX] =
        path && *path == '/' && text[strlen(text) - 1] != '/' && !strpbrk(path, "?#");
    return add(wanted, entry, annotations, err);
}

static int add_repository(struct wanted *wanted, struct json_object *fields,
                          struct json_object *annotations, struct chimera_error *err)
{
    struct json_object *entry = json_object_new_object();
    struct json_object *owner = chimera_json_member(fields, "owner");
    json_object_object_add(entry, "kind", json_object_new_string("githubAction"));
    bool is_good =
        owner && copy_text(entry, "owner", owner, NULL) && copy_text(entry, "repo", fields, "repo");
    if (is_good && json_object_get_string_len(owner) > 0)
        return add(wanted, entry, annotations, err);
    json_object_put(entry);
    return is_good ? chimera_fail(err, CHIMERA_EINVAL, "Must provide owner info")
                   : fail_request(err);
}

int wanted_read(enum chimera_host_request_kind kind, struct json_object *fields,
                struct wanted *wanted, struct chimera_error *err)
{
    struct json_object *annotations = chimera_json_member(fields, "annotations");
    *wanted = (struct wanted){.is_certificate = kind == CHIMERA_ASK_VERIFY_CERTIFICATE};
    if (!are_annotations(annotations))
        return fail_request(err);
    if (wanted->is_certificate)
        return CHIMERA_OK;
    if (kind == CHIMERA_ASK_VERIFY_GITHUB)
        return add_repository(wanted, fields, annotations, err);
    const char *name = kind == CHIMERA_ASK_VERIFY_KEYS      ? "pub_keys"
                       : kind == CHIMERA_ASK_VERIFY_KEYLESS ? "keyless"
                                                            : "keyless_prefix";
    struct json_object *list = chimera_json_member(fields, name);
    if (!json_object_is_type(list, json_type_array))
        return fail_request(err);
    int code = json_object_array_length(list) > 0
                   ? CHIMERA_OK
                   : chimera_fail(err, CHIMERA_EINVAL, "Must provide %s",
                                  kind == CHIMERA_ASK_VERIFY_KEYS ? "at least one pub key"
                                                                  : "keyless info");
    for (size_t i = 0; code == CHIMERA_OK && i < json_object_array_length(list); i++) {
        struct json_object *one = json_object_array_get_idx(list, i);
        code = kind == CHIMERA_ASK_VERIFY_KEYS ? add_key(wanted, one, annotations, err)
                                               : add_identity(wanted, one, annotations, err);
    }
    return code;
}

void wanted_write(const struct wanted *wanted, size_t at, struct chimera_buffer *out)
{
    struct chimera_constraint shown = wanted->list[at]; /* borrowed */
    CHIMERA_FREE char *prefix = shown.url_prefix ? strdup(shown.url_prefix) : NULL;
    if (prefix && wanted->has_our_slash[at])
        prefix[strlen(prefix) - 1] = '\0';
    shown.url_prefix = prefix;
    chimera_constraint_write(&shown, out);
}

void wanted_done(struct wanted *wanted)
{
    for (size_t i = 0; i < wanted->count; i++)
        chimera_constraint_done(&wanted->list[i]);
    wanted->count = 0;
}
