/* SPDX-License-Identifier: Apache-2.0 */
#include "compiler/fetch/signature/trust/checkpoint.h"

#include "compiler/fetch/signature/trust/fields.h"
#include "runtime/base/base64.h"
#include "runtime/base/digest.h"

#define LINES_MAX 64 /* of signatures: a log and its witnesses */
#define HINT_BYTES 4
#define SIGNATURE_MAX 1024
#define LINE_START "\xE2\x80\x94 " /* an em dash and a blank */
#define NAME_MAX_BYTES 512
#define ED25519_BYTES 32
#define NOTE_ED25519 1 /* how a note's key id tells the algorithm */

/* The text to the next newline, which is stepped over. False at the end, or without a newline. */
static bool take_line(struct chimera_slice *text, struct chimera_slice *ret_line)
{
    const char *end = text->size > 0 ? memchr(text->data, '\n', text->size) : NULL;
    if (!end)
        return false;
    *ret_line = (struct chimera_slice){text->data, (size_t)(end - text->data)};
    *text = (struct chimera_slice){end + 1, text->size - ret_line->size - 1};
    return true;
}

int chimera_checkpoint_read(struct chimera_slice note, struct chimera_checkpoint *ret_checkpoint,
                            struct chimera_error *err)
{
    struct chimera_checkpoint read = {0};
    struct chimera_slice size;
    /* Splits at the last blank line. The text keeps its newline, which is signed, too. */
    bool is_split = false;
    for (size_t at = note.size; at >= 2; at--) {
        if (note.data[at - 2] != '\n' || note.data[at - 1] != '\n')
            continue;
        read.signed_text = (struct chimera_slice){note.data, at - 1};
        read.lines = (struct chimera_slice){note.data + at, note.size - at};
        is_split = true;
        break;
    }
    if (!is_split)
        return chimera_fail(err, CHIMERA_EINVAL, "the log's checkpoint is not a signed note");
    struct chimera_slice text = read.signed_text;
    if (!take_line(&text, &read.origin) || read.origin.size == 0 ||
        read.origin.size > NAME_MAX_BYTES || !take_line(&text, &size) ||
        !chimera_digits_read(size, &read.size) || !take_line(&text, &read.root) ||
        read.root.size == 0)
        return chimera_fail(err, CHIMERA_EINVAL,
                            "the log's checkpoint lacks its origin, size or root hash");
    *ret_checkpoint = read;
    return CHIMERA_OK;
}

/* Rekor v1 appends the number of the tree to its name. */
static bool is_name_of(struct chimera_slice name, struct chimera_slice origin)
{
    static const char between[] = " - ";
    if (name.size == 0 || name.size > origin.size || memcmp(name.data, origin.data, name.size) != 0)
        return false;
    struct chimera_slice rest = {origin.data + name.size, origin.size - name.size};
    return rest.size == 0 || chimera_slice_starts(rest, between);
}

/* The id of an Ed25519 key in notes is that of one log's name; of other keys, and where a log kept
 * Rekor v1's ways, it is the hash of the key alone. */
static bool is_id_of(const struct chimera_trust_log *log, struct chimera_slice origin)
{
    uint8_t text[NAME_MAX_BYTES + 2 + ED25519_BYTES];
    unsigned char *spki = NULL;
    size_t size = ED25519_BYTES;
    struct chimera_digest digest;
    if (!log->key || EVP_PKEY_get_base_id(log->key) != EVP_PKEY_ED25519)
        return log->key != NULL; /* the trust root's reader has compared it */
    memcpy(text, origin.data, origin.size);
    text[origin.size] = '\n';
    text[origin.size + 1] = NOTE_ED25519;
    if (EVP_PKEY_get_raw_public_key(log->key, text + origin.size + 2, &size) != 1 ||
        chimera_digest_of((struct chimera_slice){(const char *)text, origin.size + 2 + size},
                          &digest) < 0)
        return false;
    if (memcmp(digest.bytes, log->note_id, sizeof(digest.bytes)) == 0)
        return true;
    int spki_size = i2d_PUBKEY(log->key, &spki);
    bool is_hash = spki_size > 0 &&
                   chimera_digest_of((struct chimera_slice){(const char *)spki, (size_t)spki_size},
                                     &digest) == CHIMERA_OK &&
                   memcmp(digest.bytes, log->note_id, sizeof(digest.bytes)) == 0;
    OPENSSL_free(spki);
    return is_hash;
}

/* Of a line "— NAME BASE64" name, key hint and signature. */
static bool read_line(struct chimera_slice line, struct chimera_slice *ret_name,
                      char signature[SIGNATURE_MAX], size_t *ret_size)
{
    size_t start = sizeof(LINE_START) - 1;
    if (!chimera_slice_starts(line, LINE_START))
        return false;
    struct chimera_slice rest = {line.data + start, line.size - start};
    const char *blank = memchr(rest.data, ' ', rest.size);
    if (!blank)
        return false;
    *ret_name = (struct chimera_slice){rest.data, (size_t)(blank - rest.data)};
    struct chimera_slice text = {blank + 1, rest.size - ret_name->size - 1};
    return chimera_base64_decoded_max(text.size) <= SIGNATURE_MAX &&
           chimera_base64_decode(text, CHIMERA_BASE64_STANDARD, signature, ret_size) &&
           *ret_size > HINT_BYTES;
}

int chimera_checkpoint_check(const struct chimera_checkpoint *checkpoint,
                             const struct chimera_trust_log *log, struct chimera_error *err)
{
    struct chimera_slice lines = checkpoint->lines, line;
    if (!is_id_of(log, checkpoint->origin))
        return chimera_fail(err, CHIMERA_EREFUSED,
                            "the log's checkpoint is of another log than its key");
    for (size_t i = 0; i < LINES_MAX && take_line(&lines, &line); i++) {
        char bytes[SIGNATURE_MAX];
        struct chimera_slice name;
        size_t size;
        if (read_line(line, &name, bytes, &size) && is_name_of(name, checkpoint->origin) &&
            memcmp(bytes, log->note_id, HINT_BYTES) == 0 &&
            chimera_trust_log_signed(log, checkpoint->signed_text,
                                     (struct chimera_slice){bytes + HINT_BYTES, size - HINT_BYTES}))
            return CHIMERA_OK;
    }
    return chimera_fail(err, CHIMERA_EREFUSED, "the log's checkpoint is not signed by the log");
}
