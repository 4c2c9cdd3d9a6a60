/* SPDX-License-Identifier: Apache-2.0 */
#include "compiler/fetch/pull.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "compiler/fetch/artifact/found.h"
#include "compiler/fetch/artifact/policy_image.h"
#include "compiler/fetch/fetch_answer.h"
#include "compiler/fetch/native.h"
#include "compiler/fetch/session.h"
#include "compiler/fetch/signature/trust/trust.h"
#include "compiler/fetch/store/store_sink.h"
#include "compiler/fetch/transfer/https.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/file.h"
#include "runtime/source/file_kind.h"

#define SIGNERS_MAX ((size_t)1 << 20)

struct work {
    const struct chimera_pull *pull;
    struct chimera_session session;
    struct chimera_found found;
    struct chimera_buffer signers;
    char digest[CHIMERA_OCI_DIGEST_MAX]; /* of what the image's version is */
    char module[CHIMERA_OCI_DIGEST_MAX]; /* that was signed; "": none was */
    char *plugin;                        /* owned; NULL: none */
    struct chimera_buffer plugin_note, trust_note;
};

/* --- The file --- */

static int check_is_wasm(const struct chimera_store_file *file, const char *uri,
                         struct chimera_error *err)
{
    char head[CHIMERA_FILE_HEAD];
    struct chimera_error why = {0};
    ssize_t size = pread(file->fd, head, sizeof(head), 0);
    if (size < 0)
        return chimera_fail_errno(err, file->temporary);
    int code = chimera_file_check_wasm(uri, (struct chimera_slice){head, (size_t)size}, &why);
    return code < 0 ? chimera_fail(err, code, "invalid wasm file: %s", why.text) : code;
}

static int finish_file(struct work *work, struct chimera_store_file *file, int code,
                       struct chimera_error *err)
{
    chimera_progress_clear(&work->session.progress);
    if (code == CHIMERA_OK && file->temporary) /* a pipe is not read back */
        code = check_is_wasm(file, work->pull->uri, err);
    if (code == CHIMERA_OK)
        return chimera_store_commit(file, err);
    chimera_store_drop(file);
    return code;
}

static int digest_of_path(const char *path, char ret_digest[CHIMERA_OCI_DIGEST_MAX],
                          struct chimera_error *err)
{
    struct chimera_digest digest;
    char hex[CHIMERA_DIGEST_HEX];
    CHIMERA_CLOSE int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return chimera_fail_errno(err, path);
    int code = chimera_digest_of_fd(fd, &digest, err);
    if (code < 0)
        return code;
    chimera_digest_hex(&digest, hex);
    snprintf(ret_digest, CHIMERA_OCI_DIGEST_MAX, "sha256:%s", hex);
    return CHIMERA_OK;
}

/* A file that was there before must be what was signed now (§5.9): its name may have been signed
 * for others since, or somebody has changed it. */
static int bind_file(const char *path, const struct chimera_descriptor *layer,
                     struct chimera_error *err)
{
    char digest[CHIMERA_OCI_DIGEST_MAX];
    int code = digest_of_path(path, digest, err);
    if (code < 0 || strcmp(digest, layer->digest) == 0)
        return code;
    return chimera_fail(err, CHIMERA_EUNSIGNED,
                        "The digest of the local file doesn't match with the one reported inside "
                        "of the signed manifest. Got %s instead of %s: if the tag was moved on "
                        "purpose, remove the policy from the store (`rm`) and pull it again",
                        digest + strlen("sha256:"), layer->digest + strlen("sha256:"));
}

static int download_layer(struct work *work, const struct chimera_descriptor *layer,
                          struct chimera_error *err)
{
    struct chimera_store_file file = {.fd = -1};
    int code = chimera_store_create(work->pull->root, work->pull->path, &file, err);
    if (code < 0)
        return code;
    const struct chimera_transfer_sink sink = chimera_store_sink(&file);
    code = chimera_registry_get_blob(work->session.registry, work->pull->image, layer, &sink, err);
    return finish_file(work, &file, code, err);
}

static int get_layer(struct work *work, const struct chimera_descriptor *layer, bool is_signed,
                     struct chimera_error *err)
{
    const struct chimera_pull *pull = work->pull;
    char digest[CHIMERA_OCI_DIGEST_MAX];
    if (is_signed)
        memcpy(work->module, layer->digest, sizeof(work->module));
    if (is_signed && pull->is_there && !pull->is_floating)
        return bind_file(pull->path, layer, err);
    /* What floats is asked for again; when it has not moved there is nothing to fetch. */
    bool is_same = pull->is_there && digest_of_path(pull->path, digest, NULL) == CHIMERA_OK &&
                   strcmp(digest, layer->digest) == 0;
    return is_same ? CHIMERA_OK : download_layer(work, layer, err);
}

static int fetch_layer(struct work *work, const struct chimera_oci_manifest *manifest,
                       bool is_signed, struct chimera_error *err)
{
    const struct chimera_pull *pull = work->pull;
    const struct chimera_descriptor *layer = NULL;
    int code = chimera_policy_image_layer(manifest, is_signed, &layer, err);
    if (code < 0 || !pull->path)
        return code;
    code = get_layer(work, layer, is_signed, err);
    if (code == CHIMERA_OK &&
        pull->root) /* a store that cannot be written to serves all the same */
        chimera_store_image_keep(pull->root, pull->path, work->digest, layer->digest, NULL);
    return code;
}

/* --- Signatures --- */

/* Certificates are judged by the trust root; keys need none, but their log entries do. */
static int judge(struct work *work, struct chimera_error *err)
{
    const struct chimera_fetch_options *options = work->pull->options;
    struct chimera_trust_root root = {0};
    CHIMERA_FREE char *name = NULL;
    struct chimera_buffer text;
    chimera_buffer_init(&text, SIGNERS_MAX);
    chimera_image_reference_write(work->pull->image, &text);
    chimera_buffer_byte(&text, 0);
    name = text.data;
    if (text.failed)
        return chimera_fail_memory(err);
    const struct chimera_trust_file file = {work->pull->trust_root, options->trust_root};
    int code = trust_open(file, options->verification, &root, &work->trust_note, err);
    if (code < 0)
        return code;
    code =
        chimera_found_judge(&work->found, name, options->verification, &root, &work->signers, err);
    chimera_trust_root_done(&root);
    if (code == CHIMERA_EREFUSED && err)
        err->code = CHIMERA_EUNSIGNED;
    if (code == CHIMERA_EREFUSED)
        code = trust_explain(&work->trust_note, CHIMERA_EUNSIGNED, err);
    return code;
}

/* Resolves what the version is now: it is that, and nothing else from here on. */
static int gather(struct work *work, struct chimera_error *err)
{
    int code =
        chimera_registry_resolve(work->session.registry, work->pull->image, work->digest, err);
    return code < 0 ? code
                    : chimera_found_gather(work->session.registry, work->pull->image, work->digest,
                                           &work->found, err);
}

static int keep_signatures(struct work *work, const struct chimera_oci_manifest *manifest,
                           struct chimera_error *err)
{
    struct chimera_buffer text;
    struct chimera_store_file file = {.fd = -1};
    if (!work->pull->signatures_path)
        return CHIMERA_OK;
    chimera_buffer_append(&work->found.manifest, chimera_buffer_slice(&manifest->bytes));
    chimera_buffer_init(&text, (size_t)256 << 20);
    chimera_found_write(&work->found, &text);
    int code =
        text.failed
            ? chimera_fail(err, text.failed, "the signatures: %s", chimera_code_text(text.failed))
            : chimera_store_create(work->pull->root, work->pull->signatures_path, &file, err);
    const struct chimera_transfer_sink sink = chimera_store_sink(&file);
    if (code == CHIMERA_OK && sink.take(sink.context, chimera_buffer_slice(&text)) < 0) {
        code = chimera_fail_errno(err, file.temporary);
        chimera_store_drop(&file);
    } else if (code == CHIMERA_OK) {
        code = chimera_store_commit(&file, err);
    }
    chimera_buffer_free(&text);
    return code;
}

/* --- Plugins --- */

/* One that cannot be had, or does not do, leaves the policy to be compiled. */
static int fetch_native(struct work *work, const struct chimera_oci_manifest *manifest,
                        struct chimera_error *err)
{
    const struct chimera_pull *pull = work->pull;
    const struct chimera_native_wanted wanted = {.subject = work->digest,
                                                 .wasm = manifest->entries[0].digest,
                                                 .builders = pull->options->builders,
                                                 .store = pull->root};
    struct chimera_error why = {.details = &work->plugin_note};
    int code =
        chimera_native_pull(work->session.registry, pull->image, &wanted, &work->plugin, &why);
    if (code == CHIMERA_ENOMEM)
        return chimera_fail_memory(err);
    if (code < 0)
        chimera_buffer_print(&work->plugin_note, "%s\n", why.text);
    return CHIMERA_OK;
}

/* --- The ways --- */

static int pull_image(struct work *work, struct chimera_error *err)
{
    const struct chimera_pull *pull = work->pull;
    bool is_signed = pull->options->verification != NULL;
    struct chimera_image_reference pinned = *pull->image; /* borrowed, but for the digest */
    struct chimera_oci_manifest manifest = {0};
    int code = is_signed ? gather(work, err) : CHIMERA_OK;
    if (code == CHIMERA_OK && is_signed)
        code = judge(work, err);
    if (code < 0)
        return code;
    if (is_signed)
        pinned.digest = work->digest;
    code = chimera_policy_image_get(work->session.registry, &pinned, &manifest, work->digest, err);
    if (code < 0)
        return code;
    code = fetch_layer(work, &manifest, is_signed, err);
    if (code == CHIMERA_OK && is_signed)
        code = keep_signatures(work, &manifest, err);
    if (code == CHIMERA_OK && pull->options->builders && pull->root)
        code = fetch_native(work, &manifest, err);
    chimera_oci_manifest_done(&manifest);
    return code;
}

static int pull_by_http(struct work *work, struct chimera_error *err)
{
    struct chimera_store_file file = {.fd = -1};
    int code = chimera_store_create(work->pull->root, work->pull->path, &file, err);
    if (code < 0)
        return code;
    const struct chimera_transfer_sink sink = chimera_store_sink(&file);
    code = chimera_https_get(work->session.transport, work->pull->url, CHIMERA_POLICY_BYTES_MAX,
                             &sink, err);
    return finish_file(work, &file, code, err);
}

static void tell(const struct work *work, struct chimera_buffer *out)
{
    const struct fetch_answer answer = {.digest = work->digest,
                                        .module = work->module,
                                        .plugin = work->plugin,
                                        .signers = chimera_buffer_slice(&work->signers),
                                        .plugin_note = chimera_buffer_slice(&work->plugin_note),
                                        .trust_note = chimera_buffer_slice(&work->trust_note)};
    fetch_put_answer(&answer, out);
}

static void end(struct work *work)
{
    chimera_session_close(&work->session);
    chimera_found_done(&work->found);
    chimera_buffer_free(&work->signers);
    chimera_buffer_free(&work->plugin_note);
    chimera_buffer_free(&work->trust_note);
    free(work->plugin);
}

static int open_session(struct work *work, struct chimera_error *err)
{
    const struct chimera_pull *pull = work->pull;
    const struct chimera_session_input input = {.sources = pull->options->sources,
                                                .image = pull->image,
                                                .logins = pull->logins,
                                                .login_count = pull->login_count,
                                                .title = pull->options->shows_progress ? pull->uri
                                                                                       : NULL};
    return chimera_session_open(&work->session, &input, err);
}

int chimera_pull_run(const struct chimera_pull *pull, struct chimera_buffer *out,
                     struct chimera_error *err)
{
    struct work work = {.pull = pull};
    chimera_buffer_init(&work.signers, SIGNERS_MAX);
    chimera_buffer_init(&work.plugin_note, SIGNERS_MAX);
    chimera_buffer_init(&work.trust_note, SIGNERS_MAX);
    int code = open_session(&work, err);
    if (code == CHIMERA_OK)
        code = pull->image ? pull_image(&work, err) : pull_by_http(&work, err);
    if (code == CHIMERA_OK)
        tell(&work, out);
    end(&work);
    return code;
}

/* --- Without a judgement --- */

static int keep_image(struct work *work, struct chimera_error *err)
{
    struct chimera_oci_manifest manifest = {0};
    const struct chimera_descriptor *layer = NULL;
    struct chimera_image_reference pinned = *work->pull->image; /* borrowed, but for the digest */
    pinned.digest = work->digest;
    if (work->found.count == 0)
        return chimera_fail(err, CHIMERA_EUNSIGNED, "it has no signatures in its registry");
    int code =
        chimera_policy_image_get(work->session.registry, &pinned, &manifest, work->digest, err);
    if (code == CHIMERA_OK && strcmp(manifest.digest, work->digest) != 0)
        code = chimera_fail(err, CHIMERA_EFEATURE,
                            "its image is an index, which cannot be verified offline");
    if (code == CHIMERA_OK)
        code = chimera_policy_image_layer(&manifest, true, &layer, err);
    if (code == CHIMERA_OK)
        code = bind_file(work->pull->path, layer, err);
    if (code == CHIMERA_OK)
        code = keep_signatures(work, &manifest, err);
    chimera_oci_manifest_done(&manifest);
    return code;
}

int chimera_pull_keep(const struct chimera_pull *pull, struct chimera_error *err)
{
    struct work work = {.pull = pull};
    int code = open_session(&work, err);
    if (code == CHIMERA_OK)
        code = gather(&work, err);
    if (code == CHIMERA_OK)
        code = keep_image(&work, err);
    end(&work);
    return code;
}

/* --- Without a network --- */

static int read_signed_layer(const struct chimera_found *found,
                             struct chimera_oci_manifest *manifest,
                             const struct chimera_descriptor **ret_layer, struct chimera_error *err)
{
    struct chimera_buffer bytes;
    chimera_buffer_init(&bytes, CHIMERA_MANIFEST_MAX);
    chimera_buffer_append(&bytes, chimera_buffer_slice(&found->manifest));
    int code = chimera_oci_manifest_parse(&bytes, NULL, found->digest, "the signed manifest",
                                          manifest, err);
    if (code == CHIMERA_OK && manifest->is_index)
        return chimera_fail(err, CHIMERA_EFEATURE,
                            "the policy's image is an index, which cannot be verified offline");
    return code < 0 ? code : chimera_policy_image_layer(manifest, true, ret_layer, err);
}

/* That the file is what the kept signatures are of. */
static int check_kept(struct work *work, struct chimera_error *err)
{
    struct chimera_oci_manifest manifest = {0};
    const struct chimera_descriptor *layer = NULL;
    int code = read_signed_layer(&work->found, &manifest, &layer, err);
    if (code == CHIMERA_OK)
        code = bind_file(work->pull->path, layer, err);
    if (code == CHIMERA_OK)
        memcpy(work->module, layer->digest, sizeof(work->module));
    chimera_oci_manifest_done(&manifest);
    return code;
}

int chimera_pull_check_kept(const struct chimera_pull *pull, struct chimera_error *err)
{
    struct work work = {.pull = pull};
    int code = chimera_found_read(pull->signatures_path, &work.found, err);
    if (code == CHIMERA_OK)
        code = check_kept(&work, err);
    end(&work);
    return code;
}

int chimera_pull_judge_offline(const struct chimera_pull *pull, struct chimera_buffer *out,
                               struct chimera_error *err)
{
    struct work work = {.pull = pull};
    chimera_buffer_init(&work.signers, SIGNERS_MAX);
    chimera_buffer_init(&work.plugin_note, SIGNERS_MAX);
    chimera_buffer_init(&work.trust_note, SIGNERS_MAX);
    int code = chimera_found_read(pull->signatures_path, &work.found, err);
    if (code == CHIMERA_OK)
        code = judge(&work, err);
    if (code == CHIMERA_OK)
        code = check_kept(&work, err);
    if (code == CHIMERA_OK) {
        memcpy(work.digest, work.found.digest, sizeof(work.digest));
        tell(&work, out);
    }
    end(&work);
    return code;
}
