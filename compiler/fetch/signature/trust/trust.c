/* SPDX-License-Identifier: Apache-2.0 */
#include "compiler/fetch/signature/trust/trust.h"

#include <string.h>
#include <time.h>

static bool asks_for_certificates(const struct chimera_constraint *list, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (list[i].kind != CHIMERA_PUBLIC_KEY)
            return true;
    return false;
}

int trust_open(struct chimera_trust_file file, const struct chimera_verification *verification,
               struct chimera_trust_root *ret_root, struct chimera_buffer *note,
               struct chimera_error *err)
{
    bool is_shipped = file.text.size == 0;
    int code = is_shipped ? chimera_trust_root_read(NULL, ret_root, err)
                          : chimera_trust_root_parse(file.text, file.name, ret_root, err);
    if (code < 0)
        return code;
    if (asks_for_certificates(verification->all_of, verification->all_count) ||
        asks_for_certificates(verification->any_of, verification->any_count))
        chimera_trust_root_warn(ret_root, is_shipped ? NULL : file.name, (int64_t)time(NULL), note);
    return code;
}

int trust_explain(const struct chimera_buffer *note, int code, struct chimera_error *err)
{
    char why[sizeof(err->text)];
    if (!err || note->size == 0)
        return code;
    memcpy(why, err->text, sizeof(why));
    return chimera_fail(err, code, "%s\n%.*s", why, (int)note->size, note->data);
}
