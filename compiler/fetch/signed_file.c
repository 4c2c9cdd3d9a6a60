/* SPDX-License-Identifier: Apache-2.0 */
#include "compiler/fetch/signed_file.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "compiler/fetch/child/network_child.h"
#include "compiler/fetch/fetch_answer.h"
#include "compiler/fetch/fetch_plan.h"
#include "compiler/fetch/signature/bundle.h"
#include "compiler/fetch/signature/private_key.h"
#include "compiler/fetch/signature/sign.h"
#include "compiler/fetch/signature/trust/trust.h"
#include "compiler/fetch/signature/verify.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/digest.h"
#include "runtime/base/file.h"

#define SIGNERS_MAX ((size_t)1 << 20)

static char *signature_path(const char *path)
{
    char *beside = NULL;
    return asprintf(&beside, "%s" CHIMERA_SIGNED_FILE_SUFFIX, path) < 0 ? NULL : beside;
}

/* --- Signing --- */

static int sign(const char *path, EVP_PKEY *key, struct chimera_buffer *out,
                struct chimera_error *err)
{
    struct chimera_buffer file;
    chimera_buffer_init(&file, CHIMERA_SIGNED_FILE_MAX);
    int code = chimera_file_read(path, &file, err);
    if (code == CHIMERA_OK)
        code = chimera_sign_file(key, chimera_buffer_slice(&file), out, err);
    chimera_buffer_free(&file);
    return code;
}

int chimera_signed_file_write(const char *path, const char *key, const char *password,
                              struct chimera_error *err)
{
    CHIMERA_FREE char *beside = signature_path(path);
    struct chimera_buffer signature;
    EVP_PKEY *private = NULL;
    if (!beside)
        return chimera_fail_memory(err);
    chimera_buffer_init(&signature, CHIMERA_EVIDENCE_MAX);
    int code = chimera_private_key_open(key, password, &private, err);
    if (code == CHIMERA_OK)
        code = sign(path, private, &signature, err);
    if (code == CHIMERA_OK)
        code = chimera_file_write(beside, chimera_buffer_slice(&signature), CHIMERA_FILE_CODE, err);
    EVP_PKEY_free(private);
    chimera_buffer_free(&signature);
    return code;
}

/* --- Judging --- */

struct judgement { /* the child has a copy by its fork */
    const struct chimera_fetch_options *options;
    const char *path;
    char *beside;                   /* owned; its signature */
    struct chimera_fetch_plan plan; /* for the trust root */
    struct chimera_buffer file, signature;
};

static int judge(const struct judgement *judgement, const struct chimera_trust_root *root,
                 struct chimera_buffer *signers, struct chimera_error *err)
{
    struct chimera_arena arena;
    struct chimera_evidence evidence = {0};
    chimera_arena_init(&arena, CHIMERA_BUNDLE_ARENA_MAX);
    struct chimera_error why = {.details = err->details};
    int code =
        chimera_evidence_from_file(chimera_buffer_slice(&judgement->signature),
                                   chimera_buffer_slice(&judgement->file), &arena, &evidence, &why);
    if (code == CHIMERA_OK)
        code = chimera_signatures_judge(judgement->options->verification, &evidence, 1, root,
                                        signers, &why);
    /* Whatever is wrong with what others wrote: it is not signed as it must be. */
    if (code < 0)
        code = chimera_fail(err, code == CHIMERA_ENOMEM ? code : CHIMERA_EUNSIGNED, "%s: %s",
                            judgement->beside, why.text);
    chimera_evidence_done(&evidence);
    chimera_arena_free(&arena);
    return code;
}

static int tell(const struct judgement *judgement, const struct chimera_buffer *signers,
                const struct chimera_buffer *note, struct chimera_buffer *out,
                struct chimera_error *err)
{
    char digest[CHIMERA_OCI_DIGEST_MAX];
    if (chimera_oci_digest_of(chimera_buffer_slice(&judgement->file), NULL, digest) < 0)
        return chimera_fail(err, CHIMERA_EIO, "%s: cannot be hashed", judgement->path);
    const struct fetch_answer answer = {.digest = digest,
                                        .signers = chimera_buffer_slice(signers),
                                        .trust_note = chimera_buffer_slice(note)};
    fetch_put_answer(&answer, out);
    return CHIMERA_OK;
}

static int run_judge(void *context, struct chimera_buffer *out, struct chimera_error *err)
{
    const struct judgement *judgement = context;
    struct chimera_trust_root root = {0};
    struct chimera_buffer signers, note;
    chimera_buffer_init(&signers, SIGNERS_MAX);
    chimera_buffer_init(&note, SIGNERS_MAX);
    const struct chimera_fetch_options *options = judgement->options;
    const struct chimera_trust_file file = {judgement->plan.pull.trust_root, options->trust_root};
    int code = trust_open(file, options->verification, &root, &note, err);
    if (code == CHIMERA_OK)
        code = judge(judgement, &root, &signers, err);
    if (code == CHIMERA_EUNSIGNED)
        code = trust_explain(&note, code, err);
    if (code == CHIMERA_OK)
        code = tell(judgement, &signers, &note, out, err);
    chimera_trust_root_done(&root);
    chimera_buffer_free(&note);
    chimera_buffer_free(&signers);
    return code;
}

static int read_signature(const char *beside, struct chimera_buffer *signature,
                          struct chimera_error *err)
{
    if (access(beside, F_OK) < 0 && errno == ENOENT)
        return chimera_fail(err, CHIMERA_EUNSIGNED, "there is no signature: %s is not there",
                            beside);
    int code = chimera_file_read(beside, signature, err);
    return code == CHIMERA_ELIMIT
               ? chimera_fail(err, CHIMERA_EUNSIGNED, "%s is too long for a signature", beside)
               : code;
}

static int verify(struct judgement *judgement, struct chimera_buffer *said,
                  struct chimera_error *err)
{
    judgement->beside = signature_path(judgement->path);
    if (!judgement->beside)
        return chimera_fail_memory(err);
    int code = chimera_file_read(judgement->path, &judgement->file, err);
    if (code == CHIMERA_OK)
        code = read_signature(judgement->beside, &judgement->signature, err);
    if (code == CHIMERA_OK)
        code = fetch_plan_read_trust_root(judgement->options, &judgement->plan, err);
    const struct chimera_network_folder none = {.must_confine = judgement->options->must_confine};
    return code < 0 ? code : chimera_network_run(none, run_judge, judgement, said, err);
}

int chimera_signed_file_verify(const struct chimera_fetch_options *options, const char *path,
                               struct chimera_fetched *ret_fetched, struct chimera_error *err)
{
    struct judgement judgement = {.options = options, .path = path};
    struct chimera_fetched fetched = {0};
    struct chimera_buffer said;
    chimera_buffer_init(&judgement.file, CHIMERA_SIGNED_FILE_MAX);
    chimera_buffer_init(&judgement.signature, CHIMERA_EVIDENCE_MAX);
    chimera_buffer_init(&said, CHIMERA_NETWORK_ANSWER_MAX);
    int code = verify(&judgement, &said, err);
    if (code == CHIMERA_OK)
        code = fetch_take_answer(chimera_buffer_slice(&said), &fetched, err);
    if (code == CHIMERA_OK)
        *ret_fetched = fetched;
    else
        chimera_fetched_done(&fetched);
    fetch_plan_done(&judgement.plan);
    free(judgement.beside);
    chimera_buffer_free(&judgement.file);
    chimera_buffer_free(&judgement.signature);
    chimera_buffer_free(&said);
    return code;
}
