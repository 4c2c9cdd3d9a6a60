/* SPDX-License-Identifier: Apache-2.0 */
#include "plugins/kubernetes/objects/cut.h"

#define PIECE_KEPT ((size_t)64 << 10)
#define DEPTH_MAX 200 /* more than the strict reader takes */

enum state {
    BEFORE, /* the list's bracket */
    MEMBER, /* within a member of the list */
    ITEMS,  /* between brackets of "items" */
    BEHIND, /* "items" has ended */
    END,
};

void kube_cut_init(struct kube_cut *cut, bool is_watch)
{
    cut->is_watch = is_watch;
    cut->state = is_watch ? ITEMS : BEFORE;
    cut->depth = 0;
    cut->is_in_text = cut->is_behind_backslash = false;
    chimera_buffer_free(&cut->piece);
    chimera_buffer_init(&cut->piece, KUBE_PIECE_MAX);
}

void kube_cut_done(struct kube_cut *cut)
{
    chimera_buffer_free(&cut->piece);
}

static int fail_form(struct chimera_error *err)
{
    return chimera_fail(err, CHIMERA_EINVAL, "the API server's answer is not the JSON of a list");
}

static int hand_out(struct kube_cut *cut, enum kube_piece kind, struct chimera_error *err)
{
    struct chimera_slice piece = chimera_slice_trim(chimera_buffer_slice(&cut->piece));
    int code = CHIMERA_OK;
    if (cut->piece.failed)
        return chimera_fail(err, CHIMERA_ELIMIT,
                            "the API server sent an object of more than %zu "
                            "MiB",
                            KUBE_PIECE_MAX >> 20);
    if (piece.size > 0)
        code = cut->take(cut->context, kind, piece, err);
    chimera_buffer_recycle(&cut->piece, PIECE_KEPT);
    return code;
}

/* Of the piece so far: is it `"items":`? */
static bool is_items(const struct kube_cut *cut)
{
    struct chimera_slice text = chimera_slice_trim(chimera_buffer_slice(&cut->piece));
    if (!chimera_slice_starts(text, "\"items\""))
        return false;
    text = chimera_slice_trim(chimera_slice_behind(text, 7));
    return chimera_slice_is(text, ":");
}

/* How many bytes go into the piece without a look: those of a text up to what ends it. */
static size_t run_of_text(struct kube_cut *cut, struct chimera_slice bytes)
{
    size_t at = 0;
    if (cut->is_behind_backslash && bytes.size) {
        cut->is_behind_backslash = false;
        at = 1;
    }
    for (; at < bytes.size; at++) {
        if (bytes.data[at] == '\\') {
            if (at + 1 == bytes.size) {
                cut->is_behind_backslash = true;
                return bytes.size;
            }
            at++;
        } else if (bytes.data[at] == '"') {
            cut->is_in_text = false;
            return at + 1;
        }
    }
    return at;
}

/* The same of bytes within a piece and outside of texts, up to a quote or a bracket. */
static size_t run_between(struct chimera_slice bytes)
{
    size_t at = 0;
    while (at < bytes.size && bytes.data[at] != '"' && (bytes.data[at] | 0x20) != '{' &&
           (bytes.data[at] | 0x20) != '}')
        at++;
    return at;
}

/* A byte outside of texts at the depth of the pieces, where it may end one. */
static int take_mark(struct kube_cut *cut, char byte, bool *ret_is_used, struct chimera_error *err)
{
    *ret_is_used = true;
    switch (cut->state) {
    case BEFORE:
        cut->state = MEMBER;
        return byte == '{' ? CHIMERA_OK : fail_form(err);
    case MEMBER:
        if (byte == '[' && is_items(cut)) {
            chimera_buffer_reset(&cut->piece);
            cut->state = ITEMS;
            return CHIMERA_OK;
        }
        if (byte != ',' && byte != '}')
            break;
        cut->state = byte == '}' ? END : MEMBER;
        return hand_out(cut, KUBE_PIECE_MEMBER, err);
    case ITEMS:
        if (cut->is_watch && byte != '{' && byte != '}')
            return fail_form(err);
        if (cut->is_watch || (byte != ',' && byte != ']'))
            break;
        cut->state = byte == ']' ? BEHIND : ITEMS;
        return hand_out(cut, KUBE_PIECE_ITEM, err);
    case BEHIND:
        cut->state = byte == '}' ? END : MEMBER;
        return byte == ',' || byte == '}' ? CHIMERA_OK : fail_form(err);
    default:
        return fail_form(err);
    }
    *ret_is_used = false;
    return CHIMERA_OK;
}

static int take_byte(struct kube_cut *cut, char byte, struct chimera_error *err)
{
    bool is_used = false;
    int code = cut->depth == 0 ? take_mark(cut, byte, &is_used, err) : CHIMERA_OK;
    if (code < 0 || is_used)
        return code;
    if (byte == '"')
        cut->is_in_text = true;
    else if ((byte == '{' || byte == '[') && ++cut->depth > DEPTH_MAX)
        return fail_form(err);
    else if (byte == '}' || byte == ']')
        cut->depth -= cut->depth > 0;
    chimera_buffer_byte(&cut->piece, (uint8_t)byte);
    if (cut->is_watch && cut->depth == 0 && (byte == '}' || byte == ']'))
        return hand_out(cut, KUBE_PIECE_EVENT, err);
    return CHIMERA_OK;
}

int kube_cut_bytes(struct kube_cut *cut, struct chimera_slice bytes, struct chimera_error *err)
{
    int code = CHIMERA_OK;
    while (bytes.size > 0 && code == CHIMERA_OK) {
        char byte = *bytes.data;
        bool is_blank = byte == ' ' || byte == '\n' || byte == '\r' || byte == '\t';
        size_t size = cut->is_in_text  ? run_of_text(cut, bytes)
                      : cut->depth > 0 ? run_between(bytes)
                                       : 0;
        if (size > 0)
            chimera_buffer_append(&cut->piece, (struct chimera_slice){bytes.data, size});
        else if (!is_blank)
            code = take_byte(cut, byte, err);
        else if (cut->piece.size > 0) /* `1 2` is no number */
            chimera_buffer_byte(&cut->piece, ' ');
        bytes = chimera_slice_behind(bytes, size > 0 ? size : 1);
        if (cut->piece.failed && code == CHIMERA_OK)
            code = hand_out(cut, KUBE_PIECE_ITEM, err);
    }
    return code;
}

int kube_cut_end(struct kube_cut *cut, struct chimera_error *err)
{
    if (cut->is_watch || cut->state == END)
        return CHIMERA_OK;
    return chimera_fail(err, CHIMERA_EIO, "the API server's answer was cut off");
}
