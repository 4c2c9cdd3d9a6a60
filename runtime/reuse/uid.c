/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/reuse/uid.h"

#include "runtime/base/base64.h"

/* A UUID has 36. What is shorter is found by chance, or by whoever chose it. */
#define UID_LEAST 16
#define UID_MOST 128
/* Of a patch: what is decoded at once, in whole groups of four digits. */
#define DIGITS ((size_t)4 * 1024)
#define BYTES (DIGITS / 4 * 3)

bool chimera_uid_is_plain(struct chimera_slice uid)
{
    if (uid.size < UID_LEAST || uid.size > UID_MOST)
        return false;
    for (size_t i = 0; i < uid.size; i++) {
        char c = uid.data[i];
        bool is_letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
        if (!is_letter && !(c >= '0' && c <= '9') && c != '-' && c != '_' && c != '.' && c != ':')
            return false;
    }
    return true;
}

static bool holds(struct chimera_slice text, struct chimera_slice uid)
{
    return text.data && memmem(text.data, text.size, uid.data, uid.size);
}

/* Piece by piece, with the end of the one before in front. What is no base64 may be anything. */
static bool patch_holds(struct chimera_slice patch, struct chimera_slice uid)
{
    char text[UID_MOST + BYTES + 2];
    size_t kept = 0, size = 0;
    while (patch.size > 0) {
        struct chimera_slice piece = {patch.data, patch.size < DIGITS ? patch.size : DIGITS};
        if (!chimera_base64_decode(piece, CHIMERA_BASE64_STANDARD, text + kept, &size))
            return true;
        size += kept;
        if (holds((struct chimera_slice){text, size}, uid))
            return true;
        kept = size < uid.size - 1 ? size : uid.size - 1;
        memmove(text, text + size - kept, kept);
        patch.data += piece.size;
        patch.size -= piece.size;
    }
    return false;
}

static bool status_holds(const struct chimera_status *status, struct chimera_slice uid)
{
    for (const struct chimera_cause *cause = status->causes; cause; cause = cause->next)
        if (holds(cause->message, uid) || holds(cause->field, uid) || holds(cause->reason, uid))
            return true;
    return holds(status->message, uid) || holds(status->reason, uid) ||
           holds(status->status, uid) || holds(status->details_name, uid) ||
           holds(status->details_group, uid) || holds(status->details_kind, uid) ||
           holds(status->details_uid, uid);
}

bool chimera_uid_may_be_in(struct chimera_slice uid, const struct chimera_response *response)
{
    return !chimera_uid_is_plain(uid) ||
           (response->has_status && status_holds(&response->status, uid)) ||
           holds(response->warnings, uid) || holds(response->audit_annotations, uid) ||
           holds(response->patch_type, uid) || patch_holds(response->patch, uid);
}
