/* SPDX-License-Identifier: Apache-2.0 */
/* Builtin strings.render_template. */
#include "runtime/rego/builtins/template/template.h"
#include "runtime/rego/key.h"
#include "runtime/rego/quote.h"

/* OPA writes the variables as Rego and reads them as JSON, so what JSON has not is refused: sets,
 * keys that are no strings, and strings with a character that Go escapes in a way of its own. */
static int check_text(const struct chimera_rego_call *call, struct chimera_slice text)
{
    int code = chimera_rego_spend(call, 4 + text.size);
    while (text.size > 0 && code == CHIMERA_OK) {
        uint32_t rune = chimera_rego_take_rune(&text);
        bool is_control = rune < ' ' && (!rune || !strchr("\b\f\n\r\t", (int)rune));
        if (is_control || rune == 0x7F || (rune > 0xFFFF && !chimera_rego_is_printable(rune)))
            code =
                chimera_fail(call->err, CHIMERA_EINVAL, "invalid character in string escape code");
    }
    return code;
}

/* As deep as values can be, so the recursion is bounded. */
static int check_data(const struct chimera_rego_call *call, struct json_object *value)
{
    int code = CHIMERA_OK;
    if (chimera_rego_type_of(value) == CHIMERA_REGO_SET)
        return chimera_fail(call->err, CHIMERA_EINVAL, "the variables hold a set");
    if (json_object_is_type(value, json_type_string))
        return check_text(call, chimera_rego_string(value));
    if (json_object_is_type(value, json_type_array)) {
        for (size_t i = 0; i < json_object_array_length(value) && code == CHIMERA_OK; i++)
            code = check_data(call, json_object_array_get_idx(value, i));
    } else if (json_object_is_type(value, json_type_object)) {
        for (const struct lh_entry *entry = json_object_get_object(value)->head;
             entry && code == CHIMERA_OK; entry = entry->next) {
            const char *key = chimera_rego_entry_key(entry);
            code = chimera_rego_key_is_text(key)
                       ? check_text(call, chimera_slice_of(key))
                       : chimera_fail(call->err, CHIMERA_EINVAL,
                                      "the variables have a key that is no string");
            if (code == CHIMERA_OK)
                code = check_data(call, chimera_rego_entry_value(entry));
        }
    }
    return code < 0 ? code : chimera_rego_spend(call, 4);
}

/* OPA's own word for what is not there, wherever Go's stands. */
static void rename_missing(struct chimera_slice text, struct chimera_buffer *out)
{
    static const char missing[] = "<no value>";
    while (text.size > 0 && !out->failed) {
        const char *at = memmem(text.data, text.size, missing, sizeof(missing) - 1);
        size_t plain = at ? (size_t)(at - text.data) : text.size;
        chimera_buffer_append(out, (struct chimera_slice){text.data, plain});
        if (at)
            chimera_buffer_text(out, "<undefined>");
        text = chimera_slice_behind(text, at ? plain + sizeof(missing) - 1 : plain);
    }
}

int chimera_rego_render_template(const struct chimera_rego_call *call,
                                 struct json_object **ret_result)
{
    struct chimera_slice text;
    struct chimera_region region;
    struct chimera_template *templates;
    struct chimera_buffer out, renamed;
    int code = chimera_rego_want_string(call, 0, &text);
    if (code == CHIMERA_OK)
        code = chimera_rego_want(call, 1, CHIMERA_REGO_OBJECT);
    if (code == CHIMERA_OK)
        code = check_data(call, call->args[1]);
    if (code < 0)
        return code;
    chimera_region_init(&region, call->account);
    chimera_rego_buffer(call, &out);
    chimera_rego_buffer(call, &renamed);
    code = chimera_template_parse(call, text, &region, &templates);
    if (code == CHIMERA_OK)
        code = chimera_template_execute(call, templates, call->args[1], &region, &out);
    if (code == CHIMERA_OK && region.failed)
        code = chimera_rego_no_memory(call);
    rename_missing(chimera_buffer_slice(&out), &renamed);
    if (out.failed && !renamed.failed)
        renamed.failed = out.failed;
    chimera_buffer_free(&out);
    chimera_region_free(&region);
    if (code == CHIMERA_OK)
        return chimera_rego_give_bytes(call, &renamed, ret_result);
    chimera_buffer_free(&renamed);
    return code;
}
