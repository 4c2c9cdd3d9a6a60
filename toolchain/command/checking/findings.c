/* SPDX-License-Identifier: Apache-2.0 */
#include "toolchain/command/checking/findings.h"

#include <stdlib.h>
#include <string.h>

#include "runtime/base/buffer.h"
#include "toolchain/command/commands.h"

#define NAMES_MAX 8 /* that are told */
#define NAMES_BYTES ((size_t)8 << 10)

static const char *const words[] = {
    [FINDING_FILE] = "file",   [FINDING_SET] = "set",           [FINDING_MODULE] = "module",
    [FINDING_START] = "start", [FINDING_SETTINGS] = "settings", [FINDING_EXPRESSION] = "expression",
    [FINDING_GRANT] = "grant",
};

static void add_id(struct finding *finding, const char *id)
{
    char **ids = reallocarray(finding->ids, finding->id_count + 1, sizeof(*ids));
    char *copy = strdup(id);
    if (ids)
        finding->ids = ids;
    if (ids && copy)
        finding->ids[finding->id_count++] = copy;
    else
        free(copy);
}

/* With names, and the same. */
static struct finding *find_alike(struct findings *findings, enum finding_kind kind,
                                  enum finding_about about, const char *text)
{
    for (size_t i = 0; i < findings->count; i++) {
        struct finding *finding = &findings->list[i];
        if (finding->kind == kind && finding->about == about && finding->id_count > 0 &&
            strcmp(finding->text, text) == 0)
            return finding;
    }
    return NULL;
}

void findings_add(struct findings *findings, enum finding_kind kind, enum finding_about about,
                  const char *id, const char *text)
{
    struct finding *alike = id ? find_alike(findings, kind, about, text) : NULL;
    if (alike) {
        add_id(alike, id);
        return;
    }
    findings->errors += kind == FINDING_ERROR;
    findings->warnings += kind == FINDING_WARNING;
    struct finding *list =
        reallocarray(findings->list, findings->count + 1, sizeof(*findings->list));
    if (list)
        findings->list = list;
    struct finding finding = {.kind = kind, .about = about, .text = strdup(text)};
    if (!list || !finding.text) {
        free(finding.text);
        return;
    }
    if (id)
        add_id(&finding, id);
    findings->list[findings->count++] = finding;
}

void findings_done(struct findings *findings)
{
    for (size_t i = 0; i < findings->count; i++) {
        for (size_t j = 0; j < findings->list[i].id_count; j++)
            free(findings->list[i].ids[j]);
        free(findings->list[i].ids);
        free(findings->list[i].text);
    }
    free(findings->list);
    *findings = (struct findings){0};
}

/* --- For people --- */

/* `policies "a", "b" and 3 more: `, or nothing. */
static void write_names(const struct finding *finding, struct chimera_buffer *out)
{
    bool is_group = finding->about == FINDING_EXPRESSION;
    for (size_t i = 0; i < finding->id_count && i < NAMES_MAX; i++) {
        const char *word = finding->id_count == 1 ? (is_group ? "group" : "policy")
                           : is_group             ? "groups"
                                                  : "policies";
        chimera_buffer_print(out, "%s \"%.600s\"", i == 0 ? word : ",", finding->ids[i]);
    }
    if (finding->id_count > NAMES_MAX)
        chimera_buffer_print(out, " and %zu more", finding->id_count - NAMES_MAX);
    if (finding->id_count > 0)
        chimera_buffer_text(out, ": ");
    chimera_buffer_byte(out, '\0');
}

static void say(const struct finding *finding)
{
    struct chimera_buffer names;
    chimera_buffer_init(&names, NAMES_BYTES);
    write_names(finding, &names);
    const char *shown = names.failed ? "" : names.data;
    if (finding->kind == FINDING_ERROR)
        say_error("%s%s", shown, finding->text);
    else
        say_warning("%s%s", shown, finding->text);
    chimera_buffer_free(&names);
}

void findings_say(const struct findings *findings, bool is_quiet)
{
    enum finding_kind last = is_quiet ? FINDING_ERROR : FINDING_WARNING;
    for (enum finding_kind kind = FINDING_ERROR; kind <= last; kind++)
        for (size_t i = 0; i < findings->count; i++)
            if (findings->list[i].kind == kind)
                say(&findings->list[i]);
}

/* --- For programs --- */

static struct json_object *finding_json(const struct finding *finding)
{
    struct json_object *out = json_object_new_object(), *ids = json_object_new_array();
    const char *severity = finding->kind == FINDING_ERROR ? "error" : "warning";
    for (size_t i = 0; ids && i < finding->id_count; i++)
        json_object_array_add(ids, json_object_new_string(finding->ids[i]));
    json_object_object_add(out, "severity", json_object_new_string(severity));
    json_object_object_add(out, "about", json_object_new_string(words[finding->about]));
    json_object_object_add(out, "ids", ids);
    json_object_object_add(out, "message", json_object_new_string(finding->text));
    return out;
}

struct json_object *findings_json(const struct findings *findings)
{
    struct json_object *list = json_object_new_array();
    for (size_t i = 0; list && i < findings->count; i++)
        json_object_array_add(list, finding_json(&findings->list[i]));
    return list;
}
