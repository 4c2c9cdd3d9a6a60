/* SPDX-License-Identifier: Apache-2.0 */
/* Texts that are equal when values are. */
#include "runtime/rego/builtins/schema/schema_internal.h"

#include <math.h>

#include "runtime/rego/float.h"
#include "runtime/rego/go_json.h"

#define NUMBER_SHOWN 200 /* bytes of one in a message */

/* As deep as documents can be, so the recursion is bounded. */
static void write_equal(struct json_object *value, struct chimera_buffer *out)
{
    char scratch[CHIMERA_REGO_NUMBER_TEXT];
    switch (json_object_get_type(value)) {
    case json_type_object:
        if (chimera_rego_order_members(value, out->account) < 0)
            out->failed = chimera_node_failure(out->account);
        chimera_buffer_byte(out, '{');
        for (const struct lh_entry *entry = json_object_get_object(value)->head;
             entry && !out->failed; entry = entry->next) {
            chimera_rego_write_go_string(chimera_slice_of((const char *)lh_entry_k(entry)), out);
            chimera_buffer_byte(out, ':');
            write_equal((struct json_object *)lh_entry_v(entry), out);
            if (entry->next)
                chimera_buffer_byte(out, ',');
        }
        chimera_buffer_byte(out, '}');
        break;
    case json_type_array:
        chimera_buffer_byte(out, '[');
        for (size_t i = 0; i < json_object_array_length(value) && !out->failed; i++) {
            if (i)
                chimera_buffer_byte(out, ',');
            write_equal(json_object_array_get_idx(value, i), out);
        }
        chimera_buffer_byte(out, ']');
        break;
    case json_type_string:
        chimera_rego_write_go_string(chimera_rego_string(value), out);
        break;
    case json_type_int:
    case json_type_double: {
        double number = json_object_get_double(value);
        if (!isfinite(number)) { /* its own text is all that is left */
            chimera_buffer_reset(out);
            chimera_buffer_append(out, chimera_rego_number_text(value, scratch));
            out->failed = out->failed ? out->failed : CHIMERA_EINVAL;
            return;
        }
        size_t size = chimera_rego_format_json(number, scratch, sizeof(scratch));
        chimera_buffer_append(out, (struct chimera_slice){scratch, size});
        break;
    }
    default:
        chimera_rego_write(value, out);
    }
}

int chimera_schema_text(struct chimera_schema *schema, struct json_object *value,
                        struct chimera_slice *ret_text)
{
    struct chimera_buffer text;
    chimera_rego_buffer(schema->call, &text);
    write_equal(value, &text);
    int code = text.failed;
    if (code == CHIMERA_EINVAL)
        chimera_schema_fail(schema,
                            "json: cannot unmarshal number %.*s into Go value of type float64",
                            (int)(text.size < NUMBER_SHOWN ? text.size : NUMBER_SHOWN), text.data);
    else if (code == CHIMERA_OK)
        *ret_text = chimera_region_copy(&schema->region, chimera_buffer_slice(&text));
    if (code != CHIMERA_EINVAL && (code < 0 || !ret_text->data))
        code = chimera_schema_no_memory(schema);
    chimera_buffer_free(&text);
    return code;
}
