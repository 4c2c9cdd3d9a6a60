/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/source/constraint.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/json/tree.h"
#include "runtime/yaml/yaml.h"

#define ENTRY_MAX ((size_t)16 << 20)

static const char *const KINDS[] = {
    [CHIMERA_PUBLIC_KEY] = "pubKey",
    [CHIMERA_GENERIC_ISSUER] = "genericIssuer",
    [CHIMERA_GITHUB_ACTION] = "githubAction",
};

/* --- Reading --- */

static bool copy_text(struct json_object *object, const char *key, char **ret_text)
{
    struct json_object *value = json_object_object_get(object, key);
    if (value)
        *ret_text = strdup(json_object_get_string(value));
    return !value || *ret_text;
}

/* As a URL is read: scheme and host in small letters, and a path that ends in a slash, so that the
 * prefix of one owner is not that of another whose name begins the same. */
static char *normal_prefix(const char *prefix)
{
    const char *host = strstr(prefix, "://") + 3;
    size_t before_path = (size_t)(host - prefix) + strcspn(host, "/?#");
    size_t before_query = before_path + strcspn(prefix + before_path, "?#");
    bool has_slash = before_query > before_path && prefix[before_query - 1] == '/';
    char *normal = NULL;
    if (asprintf(&normal, "%.*s%s%s", (int)before_query, prefix, has_slash ? "" : "/",
                 prefix + before_query) < 0)
        return NULL;
    for (size_t i = 0; i < before_path; i++)
        if (normal[i] >= 'A' && normal[i] <= 'Z')
            normal[i] = (char)(normal[i] | 0x20);
    return normal;
}

static bool copy_subject(struct json_object *entry, struct chimera_constraint *constraint)
{
    struct json_object *subject = json_object_object_get(entry, "subject");
    struct json_object *prefix = subject ? json_object_object_get(subject, "urlPrefix") : NULL;
    if (!subject)
        return true;
    if (!prefix)
        return copy_text(subject, "equal", &constraint->subject);
    constraint->url_prefix = normal_prefix(json_object_get_string(prefix));
    return constraint->url_prefix;
}

int chimera_constraint_read(struct json_object *entry, struct chimera_constraint *ret_constraint,
                            struct chimera_error *err)
{
    struct chimera_constraint constraint = {0};
    const char *kind = json_object_get_string(json_object_object_get(entry, "kind"));
    while (strcmp(KINDS[constraint.kind], kind) != 0)
        constraint.kind++;
    constraint.annotations = json_object_get(json_object_object_get(entry, "annotations"));
    if (!copy_text(entry, "owner", &constraint.owner) ||
        !copy_text(entry, "key", &constraint.key) ||
        !copy_text(entry, "issuer", &constraint.issuer) ||
        !copy_text(entry, "repo", &constraint.repository) || !copy_subject(entry, &constraint)) {
        chimera_constraint_done(&constraint);
        return chimera_fail_memory(err);
    }
    *ret_constraint = constraint;
    return CHIMERA_OK;
}

void chimera_constraint_done(struct chimera_constraint *constraint)
{
    free(constraint->owner);
    free(constraint->key);
    free(constraint->issuer);
    free(constraint->subject);
    free(constraint->url_prefix);
    free(constraint->repository);
    json_object_put(constraint->annotations);
    *constraint = (struct chimera_constraint){0};
}

/* --- Writing --- */

/* A line, or several: "KEY: VALUE". */
static void write_member(const char *key, struct json_object *value, struct chimera_buffer *out)
{
    CHIMERA_JSON struct json_object *map = json_object_new_object();
    if (map && json_object_object_add(map, key, json_object_get(value)) == 0)
        chimera_yaml_write(map, out);
    else
        out->failed = CHIMERA_ENOMEM;
}

static void write_text(const char *key, const char *text, struct chimera_buffer *out)
{
    CHIMERA_JSON struct json_object *value = text ? json_object_new_string(text) : NULL;
    if (text && !value)
        out->failed = CHIMERA_ENOMEM;
    else
        write_member(key, value, out);
}

/* The reference's form of a choice: a tag before what was chosen. */
static void write_subject(const struct chimera_constraint *constraint, struct chimera_buffer *out)
{
    CHIMERA_JSON struct json_object *value =
        json_object_new_string(constraint->subject ? constraint->subject : constraint->url_prefix);
    chimera_buffer_print(out, "subject: !%s ", constraint->subject ? "equal" : "urlPrefix");
    if (value)
        chimera_yaml_write(value, out);
    else
        out->failed = CHIMERA_ENOMEM;
}

void chimera_constraint_write(const struct chimera_constraint *constraint,
                              struct chimera_buffer *out)
{
    write_text("kind", KINDS[constraint->kind], out);
    switch (constraint->kind) {
    case CHIMERA_PUBLIC_KEY:
        write_text("owner", constraint->owner, out);
        write_text("key", constraint->key, out);
        break;
    case CHIMERA_GENERIC_ISSUER:
        write_text("issuer", constraint->issuer, out);
        write_subject(constraint, out);
        break;
    case CHIMERA_GITHUB_ACTION:
        write_text("owner", constraint->owner, out);
        write_text("repo", constraint->repository, out);
        break;
    }
    /* Sorted, as the reference's are. */
    CHIMERA_JSON struct json_object *sorted = NULL;
    struct chimera_buffer text;
    chimera_buffer_init(&text, ENTRY_MAX);
    chimera_json_write(constraint->annotations, &text);
    if (text.failed || chimera_json_parse(chimera_buffer_slice(&text), &sorted, NULL) < 0)
        out->failed = CHIMERA_ENOMEM;
    else
        write_member("annotations", sorted, out);
    chimera_buffer_free(&text);
}
