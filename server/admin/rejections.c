/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/json/tree.h"
#include "server/admin/json.h"
#include "server/admin/routes.h"

size_t admin_read_rejections(const struct admin *admin, uint32_t policy, struct rejection *ret_list)
{
    struct scoreboard_spec spec = {0};
    size_t count = rejections_read(&admin->counters->rejections, ret_list, REJECTIONS_MAX),
           kept = 0;
    if (policy == ADMIN_ALL)
        return count;
    scoreboard_read(admin->scoreboard, policy, &spec);
    for (size_t i = 0; i < count; i++)
        if (ret_list[i].policy == policy || (spec.group && ret_list[i].policy == spec.group))
            ret_list[kept++] = ret_list[i];
    return kept;
}

#define SLICE(from, field) ((struct chimera_slice){(from)->field, (from)->field##_text.size})
#define WRITE(key, from, field, out) admin_json_text((key), SLICE(from, field), out)

/* Which texts are longer than they are here. */
static void write_cut(const struct rejection *rejection, struct chimera_buffer *out)
{
    const struct {
        const char *name;
        bool is_cut;
    } texts[] = {{"uid", rejection->uid_text.is_cut},
                 {"operation", rejection->operation_text.is_cut},
                 {"kind", rejection->kind_text.is_cut},
                 {"namespace", rejection->name_space_text.is_cut},
                 {"name", rejection->name_text.is_cut},
                 {"message", rejection->message_text.is_cut},
                 {"function", rejection->function_text.is_cut}};
    const char *before = "";
    chimera_buffer_text(out, ",\"cut\":[");
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
        if (texts[i].is_cut) {
            chimera_buffer_print(out, "%s\"%s\"", before, texts[i].name);
            before = ",";
        }
    chimera_buffer_byte(out, ']');
}

static void write_causes(const struct rejection *rejection, struct chimera_buffer *out)
{
    size_t kept = rejection_causes(rejection);
    chimera_buffer_text(out, ",\"causes\":[");
    for (size_t i = 0; i < kept; i++) {
        const struct rejection_cause *cause = &rejection->cause[i];
        chimera_buffer_text(out, i > 0 ? ",{\"field\":" : "{\"field\":");
        if (cause->field_text.size)
            chimera_json_write_string(SLICE(cause, field), out);
        else
            chimera_buffer_text(out, "null");
        WRITE("message", cause, message, out);
        admin_json_switch("is_cut", cause->field_text.is_cut || cause->message_text.is_cut, out);
        chimera_buffer_byte(out, '}');
    }
    chimera_buffer_byte(out, ']');
    admin_json_number("causes_left_out", rejection->cause_count - kept, out);
}

static void write_rejection(const struct admin *admin, const struct rejection *rejection,
                            struct chimera_buffer *out)
{
    chimera_buffer_text(out, "{\"policy\":");
    chimera_json_write_string(scoreboard_id(admin->scoreboard, rejection->policy), out);
    admin_json_moment("at", rejection->at_ms, out);
    admin_json_word("mode", rejection->is_monitor ? "monitor" : "protect", out);
    admin_json_switch("is_audit", rejection->is_audit, out);
    WRITE("uid", rejection, uid, out);
    WRITE("operation", rejection, operation, out);
    WRITE("kind", rejection, kind, out);
    WRITE("namespace", rejection, name_space, out);
    WRITE("name", rejection, name, out);
    if (rejection->has_error_code)
        admin_json_number("code", rejection->error_code, out);
    else
        admin_json_word("code", "", out);
    WRITE("message", rejection, message, out);
    write_causes(rejection, out);
    WRITE("function", rejection, function, out);
    write_cut(rejection, out);
    chimera_buffer_byte(out, '}');
}

void admin_write_rejection_list(const struct admin *admin, uint32_t policy,
                                struct chimera_buffer *out)
{
    static struct rejection list[REJECTIONS_MAX]; /* of a process with one thread */
    size_t count = admin_read_rejections(admin, policy, list);
    for (size_t i = 0; i < count; i++) {
        if (i > 0)
            chimera_buffer_byte(out, ',');
        write_rejection(admin, &list[i], out);
    }
}

void admin_write_rejections(const struct admin *admin, uint32_t policy, struct chimera_buffer *out)
{
    chimera_buffer_print(out, "{\"kept\":%d,\"rejections\":[", REJECTIONS_MAX);
    admin_write_rejection_list(admin, policy, out);
    chimera_buffer_text(out, "]}\n");
}
