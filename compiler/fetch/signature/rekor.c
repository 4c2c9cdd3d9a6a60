/* SPDX-License-Identifier: Apache-2.0 */
#include "compiler/fetch/signature/rekor.h"

#include <inttypes.h>

#include "compiler/fetch/signature/trust/checkpoint.h"
#include "compiler/fetch/signature/trust/merkle.h"
#include "runtime/base/base64.h"
#include "runtime/base/buffer.h"
#include "runtime/base/digest.h"

static int check_promise(const struct chimera_log_entry *entry, const struct chimera_trust_log *log,
                         struct chimera_error *err)
{
    struct chimera_buffer text;
    chimera_buffer_init(&text, 2 * CHIMERA_EVIDENCE_MAX);
    /* What a signed entry timestamp is over: JSON with sorted keys and no blanks. */
    chimera_buffer_text(&text, "{\"body\":\"");
    chimera_base64_encode(entry->body, CHIMERA_BASE64_STANDARD, &text);
    chimera_buffer_print(&text, "\",\"integratedTime\":%" PRId64 ",\"logID\":\"",
                         entry->integrated_time);
    for (size_t i = 0; i < entry->log_id.size; i++)
        chimera_buffer_print(&text, "%02x", (unsigned char)entry->log_id.data[i]);
    chimera_buffer_print(&text, "\",\"logIndex\":%" PRIu64 "}", entry->log_index);
    bool is_right = !text.failed && entry->integrated_time > 0 &&
                    chimera_trust_log_signed(log, chimera_buffer_slice(&text), entry->promise);
    chimera_buffer_free(&text);
    if (is_right)
        return CHIMERA_OK;
    return chimera_fail(err, CHIMERA_EREFUSED, "the log did not sign the entry's timestamp");
}

/* The checkpoint is of the very tree that the proof is about. */
static int check_checkpoint(const struct chimera_log_entry *entry,
                            const struct chimera_trust_log *log, struct chimera_error *err)
{
    struct chimera_checkpoint checkpoint;
    char root[2 * CHIMERA_DIGEST_BYTES];
    size_t size;
    int code = chimera_checkpoint_read(entry->checkpoint, &checkpoint, err);
    if (code < 0)
        return code;
    if (checkpoint.size != entry->tree_size ||
        chimera_base64_decoded_max(checkpoint.root.size) > sizeof(root) ||
        !chimera_base64_decode(checkpoint.root, CHIMERA_BASE64_STANDARD, root, &size) ||
        !chimera_slice_equal((struct chimera_slice){root, size}, entry->root_hash))
        return chimera_fail(err, CHIMERA_EREFUSED, "the log's checkpoint is of another tree");
    return chimera_checkpoint_check(&checkpoint, log, err);
}

static int check_proof(const struct chimera_log_entry *entry, const struct chimera_trust_log *log,
                       struct chimera_error *err)
{
    struct chimera_merkle_proof proof = {entry->proof_index, entry->tree_size, entry->hashes,
                                         entry->hash_count, entry->root_hash};
    if (!chimera_merkle_holds(&proof, entry->body))
        return chimera_fail(err, CHIMERA_EREFUSED, "the proof that the entry is in the log fails");
    return entry->checkpoint.size > 0 ? check_checkpoint(entry, log, err) : CHIMERA_OK;
}

int chimera_rekor_check(const struct chimera_log_entry *entry,
                        const struct chimera_evidence *evidence, struct chimera_signer signer,
                        const struct chimera_trust_root *root,
                        const struct chimera_trust_log **ret_log, struct chimera_error *err)
{
    const struct chimera_trust_log *log =
        chimera_trust_log_find(root->logs, root->log_count, entry->log_id);
    bool is_proved = entry->has_proof && entry->checkpoint.size > 0;
    if (!log)
        return chimera_fail(err, CHIMERA_EREFUSED, "the entry is of a log that is not trusted");
    if (entry->promise.size == 0 && !is_proved)
        return chimera_fail(err, CHIMERA_EREFUSED, "nothing shows that the entry is in the log");
    int code = entry->promise.size > 0 ? check_promise(entry, log, err) : CHIMERA_OK;
    if (code == CHIMERA_OK && entry->has_proof)
        code = check_proof(entry, log, err);
    if (code == CHIMERA_OK)
        code = chimera_entry_body_check(entry, evidence, signer, err);
    if (code == CHIMERA_OK)
        *ret_log = log;
    return code;
}
