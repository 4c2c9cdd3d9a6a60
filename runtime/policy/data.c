/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/policy/data.h"

#include <stdlib.h>

#include "runtime/base/cleanup.h"
#include "runtime/json/scan.h"
#include "runtime/json/tree.h"

int chimera_policy_data_check(struct chimera_slice data, struct chimera_error *err)
{
    struct chimera_error why = {0};
    if (data.size > CHIMERA_POLICY_DATA_MAX)
        return chimera_fail(err, CHIMERA_ELIMIT,
                            "its data are %zu bytes, over the limit of %zu: give what the policy "
                            "must know as its settings, or leave out what it does not need",
                            data.size, CHIMERA_POLICY_DATA_MAX);
    if (chimera_json_check(data, &why) < 0)
        return chimera_fail(err, CHIMERA_EINVAL, "its data are no JSON: %s", why.text);
    return chimera_slice_trim(data).data[0] == '{'
               ? CHIMERA_OK
               : chimera_fail(err, CHIMERA_EINVAL, "its data are no JSON object");
}

/* Texts are copied as they stand, so that numbers keep all of their digits. */
int chimera_policy_data_join(struct chimera_slice data, struct chimera_slice settings,
                             struct chimera_buffer *out, struct chimera_error *err)
{
    CHIMERA_JSON struct json_object *set = NULL;
    CHIMERA_FREE char *name = malloc(data.size + 1); /* as large as any name */
    struct chimera_scan scan;
    struct chimera_scan_text key;
    struct chimera_slice value;
    bool is_empty = true;
    int code = name ? chimera_json_parse(settings, &set, err) : chimera_fail_memory(err);
    if (code == CHIMERA_OK)
        code = chimera_policy_data_check(data, err);
    if (code == CHIMERA_OK && !json_object_is_type(set, json_type_object))
        code = chimera_fail(err, CHIMERA_EINVAL, "the settings are no JSON object");
    if (code < 0)
        return code;
    chimera_scan_init(&scan, data);
    chimera_scan_peek(&scan);
    chimera_scan_open(&scan);
    chimera_buffer_byte(out, '{');
    for (bool is_first = true; chimera_scan_next_key(&scan, is_first, &key) == 1 &&
                               chimera_scan_colon(&scan) && chimera_scan_skip(&scan, &value);
         is_first = false) {
        name[chimera_scan_decode(key.raw, name, data.size)] = '\0';
        if (json_object_object_get_ex(set, name, NULL))
            continue;
        chimera_buffer_text(out, is_empty ? "\"" : ",\"");
        chimera_buffer_append(out, key.raw);
        chimera_buffer_text(out, "\":");
        chimera_buffer_append(out, value);
        is_empty = false;
    }
    settings = chimera_slice_behind(chimera_slice_trim(settings), 1); /* its brace */
    if (!is_empty && json_object_object_length(set) > 0)
        chimera_buffer_byte(out, ',');
    chimera_buffer_append(out, settings);
    return out->failed ? chimera_fail(err, out->failed, "%s", chimera_code_text(out->failed))
                       : CHIMERA_OK;
}
