/* SPDX-License-Identifier: Apache-2.0 */
#include "toolchain/command/verdict/verdict.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/base/cleanup.h"
#include "runtime/json/tree.h"
#include "runtime/text/printable.h"
#include "runtime/yaml/yaml.h"
#include "toolchain/command/commands.h"
#include "toolchain/command/verdict/patched.h"

#define ANSWER_MAX ((size_t)256 << 20)

const char *const verdict_forms[] = {"table", "yaml", "json", "junit", "github", NULL};

enum verdict_form verdict_form_parse(const char *name)
{
    static const enum verdict_form forms[] = {VERDICT_TABLE, VERDICT_YAML, VERDICT_JSON,
                                              VERDICT_JUNIT, VERDICT_GITHUB};
    for (size_t i = 0; name && verdict_forms[i]; i++)
        if (strcmp(verdict_forms[i], name) == 0)
            return forms[i];
    return VERDICT_JSON;
}

void verdicts_init(struct verdicts *verdicts, enum verdict_form form)
{
    *verdicts = (struct verdicts){.form = form, .columns = {.width = VERDICT_COLUMNS}};
    chimera_buffer_init(&verdicts->details, ANSWER_MAX);
    test_report_init(&verdicts->report, form == VERDICT_JUNIT);
    verdicts->report.is_silent = true;
}

void verdicts_done(struct verdicts *verdicts)
{
    struct chimera_buffer rest;
    chimera_buffer_init(&rest, ANSWER_MAX);
    columns_write(&verdicts->columns, &rest); /* which ends them */
    chimera_buffer_free(&rest);
    chimera_buffer_free(&verdicts->details);
    test_report_done(&verdicts->report);
    free(verdicts->policy);
}

static struct chimera_slice message_of(const struct chimera_response *response)
{
    struct chimera_slice message = response->status.message;
    return response->has_status && message.data ? message : CHIMERA_SLICE("");
}

/* --- Forms --- */

static void write_json(const struct verdict *verdict, struct chimera_buffer *out)
{
    chimera_response_write(verdict->response, out);
    chimera_buffer_byte(out, '\n');
}

/* The response as JSON has it, and the patch in clear besides. */
static struct json_object *make_tree(const struct verdict *verdict)
{
    struct json_object *tree = json_object_new_object(), *response = NULL;
    const char *object = verdict_object(verdict->request);
    struct chimera_buffer text;
    chimera_buffer_init(&text, ANSWER_MAX);
    chimera_response_write(verdict->response, &text);
    if (!text.failed)
        chimera_json_parse(chimera_buffer_slice(&text), &response, NULL);
    chimera_buffer_free(&text);
    json_object_object_add(tree, "policy", json_object_new_string(verdict->policy));
    json_object_object_add(tree, "request", json_object_new_string(verdict->name));
    if (*object)
        json_object_object_add(tree, "object", json_object_new_string(object));
    json_object_object_add(tree, "response", response);
    if (verdict->response->patch.data)
        json_object_object_add(tree, "patch", patched_decode(verdict->response->patch));
    return tree;
}

static void write_yaml(const struct verdict *verdict, struct chimera_buffer *out)
{
    CHIMERA_JSON struct json_object *list = json_object_new_array();
    json_object_array_add(list, make_tree(verdict));
    chimera_yaml_publish(list, true, out);
}

/* Of a workflow command: its line ends where it is said to. */
static void put_escaped(struct chimera_slice text, bool is_property, struct chimera_buffer *out)
{
    struct chimera_buffer escaped;
    chimera_buffer_init(&escaped, ANSWER_MAX);
    for (size_t i = 0; i < text.size && !escaped.failed; i++) {
        char byte = text.data[i];
        bool is_special = byte == '%' || byte == '\r' || byte == '\n' ||
                          (is_property && (byte == ':' || byte == ','));
        if (is_special)
            chimera_buffer_print(&escaped, "%%%02X", (unsigned)(unsigned char)byte);
        else
            chimera_buffer_byte(&escaped, (uint8_t)byte);
    }
    chimera_printable_append(chimera_buffer_slice(&escaped), NULL, out);
    chimera_buffer_free(&escaped);
}

static void put_command(const char *command, const struct verdict *verdict,
                        struct chimera_slice message, struct chimera_buffer *out)
{
    chimera_buffer_print(out, "::%s file=", command);
    put_escaped(chimera_slice_of(verdict->file), true, out);
    chimera_buffer_text(out, ",title=");
    put_escaped(chimera_slice_of(verdict->policy), true, out);
    chimera_buffer_text(out, "::");
    const char *object = verdict_object(verdict->request);
    put_escaped(chimera_slice_of(object), false, out);
    chimera_buffer_text(out, *object ? ": " : "");
    put_escaped(message, false, out);
    chimera_buffer_byte(out, '\n');
}

static void write_github(const struct verdict *verdict, struct chimera_buffer *out)
{
    const struct chimera_response *response = verdict->response;
    CHIMERA_JSON struct json_object *warnings = NULL;
    if (response->warnings.data)
        chimera_json_parse(response->warnings, &warnings, NULL);
    if (!response->allowed) {
        struct chimera_slice message = message_of(response);
        put_command("error", verdict, message.size > 0 ? message : CHIMERA_SLICE("rejected"), out);
    } else {
        chimera_buffer_text(out, "allowed: ");
        chimera_printable_append(chimera_slice_of(verdict->name), NULL, out);
        chimera_buffer_text(out, ", ");
        chimera_printable_append(chimera_slice_of(verdict->policy), NULL, out);
        chimera_buffer_byte(out, '\n');
    }
    for (size_t i = 0; warnings && i < json_object_array_length(warnings); i++)
        put_command(
            "warning", verdict,
            chimera_slice_of(json_object_get_string(json_object_array_get_idx(warnings, i))), out);
}

/* Each policy is a suite, each request a case of it. */
static int add_case(struct verdicts *verdicts, const struct verdict *verdict,
                    struct chimera_error *err)
{
    const struct chimera_response *response = verdict->response;
    if (!verdicts->policy || strcmp(verdicts->policy, verdict->policy) != 0) {
        if (verdicts->policy)
            test_report_end(&verdicts->report);
        free(verdicts->policy);
        verdicts->policy = strdup(verdict->policy);
        if (!verdicts->policy)
            return chimera_fail_memory(err);
        test_report_begin(&verdicts->report, verdicts->policy);
    }
    test_report_case(&verdicts->report, verdict->name,
                     response->allowed      ? TEST_PASSED
                     : response->is_failure ? TEST_ERROR
                                            : TEST_FAILED,
                     response->allowed ? CHIMERA_SLICE("") : message_of(response),
                     verdict->nanoseconds);
    return CHIMERA_OK;
}

static int print(struct chimera_buffer *out, struct chimera_error *err)
{
    int code = out->failed;
    if (code == CHIMERA_OK)
        say_json(chimera_buffer_slice(out));
    chimera_buffer_free(out);
    return code == CHIMERA_OK ? code
                              : chimera_fail(err, code, "the answer: %s", chimera_code_text(code));
}

int verdicts_add(struct verdicts *verdicts, const struct verdict *verdict,
                 struct chimera_error *err)
{
    struct chimera_buffer out;
    verdicts->count++;
    verdicts->rejected += !verdict->response->allowed;
    chimera_buffer_init(&out, ANSWER_MAX);
    switch (verdicts->form) {
    case VERDICT_TABLE:
        verdict_table_add(verdict, &verdicts->columns, &verdicts->details);
        return CHIMERA_OK;
    case VERDICT_JUNIT:
        return add_case(verdicts, verdict, err);
    case VERDICT_JSON:
        write_json(verdict, &out);
        return print(&out, err);
    case VERDICT_YAML:
        write_yaml(verdict, &out);
        break;
    case VERDICT_GITHUB:
        write_github(verdict, &out);
        break;
    }
    int code = out.failed;
    if (code == CHIMERA_OK)
        fwrite(out.data, 1, out.size, stdout);
    chimera_buffer_free(&out);
    return code == CHIMERA_OK ? code
                              : chimera_fail(err, code, "the answer: %s", chimera_code_text(code));
}

static void write_table(struct verdicts *verdicts, struct chimera_buffer *out)
{
    columns_write(&verdicts->columns, out);
    chimera_buffer_append(out, chimera_buffer_slice(&verdicts->details));
    if (verdicts->details.failed && !out->failed)
        out->failed = verdicts->details.failed;
    if (verdicts->count > 1)
        chimera_buffer_print(out, "\n%zu allowed, %zu rejected\n",
                             verdicts->count - verdicts->rejected, verdicts->rejected);
}

int verdicts_end(struct verdicts *verdicts, struct chimera_error *err)
{
    struct chimera_buffer out;
    chimera_buffer_init(&out, 2 * ANSWER_MAX);
    if (verdicts->form == VERDICT_TABLE)
        write_table(verdicts, &out);
    if (verdicts->form == VERDICT_JUNIT && verdicts->policy)
        test_report_end(&verdicts->report);
    if (verdicts->form == VERDICT_JUNIT)
        test_report_put(&verdicts->report, &out);
    int code = out.failed;
    if (code == CHIMERA_OK && out.size > 0)
        fwrite(out.data, 1, out.size, stdout);
    chimera_buffer_free(&out);
    return code == CHIMERA_OK ? code
                              : chimera_fail(err, code, "the answer: %s", chimera_code_text(code));
}
