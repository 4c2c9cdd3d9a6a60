/* SPDX-License-Identifier: Apache-2.0 */
/* verify - verifies one bundle over one file, for the cases of sigstore-conformance (run has them):
 * no command of ours signs or verifies files, but all that is below is the same.
 *
 *   verify BUNDLE FILE TRUST-ROOT IDENTITY ISSUER
 *   verify BUNDLE FILE TRUST-ROOT --key KEY
 *
 * TRUST-ROOT "-": the shipped one. Ends with 0, or 1 and a line that says why not.
 */
#include <stdio.h>
#include <string.h>

#include "compiler/fetch/signature/bundle.h"
#include "compiler/fetch/signature/identity.h"
#include "compiler/fetch/signature/key.h"
#include "compiler/fetch/signature/statement.h"
#include "runtime/base/digest.h"
#include "runtime/base/file.h"

#define FILE_MAX ((size_t)16 << 20)

struct request {
    const char *identity, *issuer; /* of who must have signed; NULL: by the key */
    const char *key;
    struct chimera_slice file, key_text;
    struct chimera_trust_root root;
};

/* Completes a bundle over a file, or looks for the file among the subjects of a statement. */
static int bind(struct chimera_evidence *evidence, struct chimera_slice said,
                struct chimera_slice file, struct chimera_error *err)
{
    struct chimera_digest digest;
    char text[sizeof("sha256:") + CHIMERA_DIGEST_HEX] = "sha256:";
    if (chimera_digest_of(file, &digest) < 0)
        return chimera_fail_memory(err);
    chimera_digest_hex(&digest, text + strlen(text));
    if (evidence->form == CHIMERA_DSSE)
        return chimera_statement_check(evidence->payload, NULL, text, &evidence->annotations, err);
    if (said.size > 0 &&
        !chimera_slice_equal(
            said, (struct chimera_slice){(const char *)digest.bytes, sizeof(digest.bytes)}))
        return chimera_fail(err, CHIMERA_EREFUSED, "the bundle is of another file");
    evidence->payload = evidence->message = file;
    return CHIMERA_OK;
}

static int verify_key(const struct chimera_evidence *evidence, const struct request *request,
                      struct chimera_error *err)
{
    EVP_PKEY *key = NULL;
    struct chimera_buffer der;
    if (evidence->chain_count > 0)
        return chimera_fail(err, CHIMERA_EREFUSED, "it is signed with a certificate");
    chimera_buffer_init(&der, FILE_MAX);
    int code = chimera_key_read(request->key_text, &key, err);
    if (code == CHIMERA_OK)
        code = chimera_key_verify(key, evidence->message, evidence->signature, err);
    if (code == CHIMERA_OK)
        code = chimera_key_write(key, &der, err);
    if (code == CHIMERA_OK)
        code =
            chimera_evidence_check_log(evidence, chimera_buffer_slice(&der), &request->root, err);
    chimera_buffer_free(&der);
    EVP_PKEY_free(key);
    return code;
}

static int verify_identity(const struct chimera_evidence *evidence, const struct request *request,
                           struct chimera_error *err)
{
    struct chimera_identity identity = {0};
    int code = chimera_identity_prove(evidence, &request->root, &identity, err);
    if (code == CHIMERA_OK && (strcmp(identity.subject, request->identity) != 0 ||
                               strcmp(identity.issuer, request->issuer) != 0))
        code = chimera_fail(err, CHIMERA_EREFUSED, "it is signed by %s (%s)", identity.subject,
                            identity.issuer);
    chimera_identity_done(&identity);
    return code;
}

static int verify(struct chimera_slice bundle, const struct request *request,
                  struct chimera_error *err)
{
    struct chimera_evidence evidence = {0};
    struct chimera_slice said = {0};
    struct chimera_arena arena;
    chimera_arena_init(&arena, CHIMERA_BUNDLE_ARENA_MAX);
    int code = chimera_sigstore_bundle_read(bundle, &arena, &evidence, &said, err);
    if (code == CHIMERA_OK)
        code = bind(&evidence, said, request->file, err);
    if (code == CHIMERA_OK)
        code = request->key ? verify_key(&evidence, request, err)
                            : verify_identity(&evidence, request, err);
    chimera_evidence_done(&evidence);
    chimera_arena_free(&arena);
    return code;
}

int main(int count, char **arguments)
{
    struct chimera_error err = {0};
    struct chimera_buffer bundle, file, key;
    if (count != 6)
        return 2;
    bool is_key = strcmp(arguments[4], "--key") == 0;
    struct request request = {
        .identity = arguments[4], .issuer = arguments[5], .key = is_key ? arguments[5] : NULL};
    chimera_buffer_init(&bundle, FILE_MAX);
    chimera_buffer_init(&file, FILE_MAX);
    chimera_buffer_init(&key, FILE_MAX);
    int code = chimera_file_read(arguments[1], &bundle, &err);
    if (code == CHIMERA_OK)
        code = chimera_file_read(arguments[2], &file, &err);
    if (code == CHIMERA_OK && is_key)
        code = chimera_file_read(arguments[5], &key, &err);
    request.file = chimera_buffer_slice(&file);
    request.key_text = chimera_buffer_slice(&key);
    if (code == CHIMERA_OK)
        code = chimera_trust_root_read(strcmp(arguments[3], "-") == 0 ? NULL : arguments[3],
                                       &request.root, &err);
    if (code == CHIMERA_OK)
        code = verify(chimera_buffer_slice(&bundle), &request, &err);
    puts(code == CHIMERA_OK ? "verified" : err.text);
    chimera_trust_root_done(&request.root);
    chimera_buffer_free(&bundle);
    chimera_buffer_free(&file);
    chimera_buffer_free(&key);
    return code == CHIMERA_OK ? 0 : 1;
}
