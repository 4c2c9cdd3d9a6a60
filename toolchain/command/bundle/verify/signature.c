/* SPDX-License-Identifier: Apache-2.0 */
#include "toolchain/command/bundle/verify/signature.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "compiler/fetch/signed_file.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/file.h"
#include "toolchain/command/fetch_flags.h"

bool bundle_signature_is_there(const struct bundle_files *files)
{
    const struct bundle_file *file = bundle_files_find(files, CHIMERA_BUNDLE_SIGNATURE);
    return file && file->is_regular;
}

/* Both are judged as files; where the bundle lies they may be none. */
static int copy_out(const struct bundle_files *files, const char *name, const char *folder,
                    struct chimera_error *err)
{
    CHIMERA_FREE char *path = chimera_path_join(folder, name);
    const struct bundle_file *file = bundle_files_find(files, name);
    struct chimera_buffer bytes;
    chimera_buffer_init(&bytes, CHIMERA_SIGNED_FILE_MAX);
    int code = path ? bundle_file_read(files, file, &bytes, err) : chimera_fail_memory(err);
    if (code == CHIMERA_OK)
        code = chimera_file_write_scratch(path, chimera_buffer_slice(&bytes), err);
    chimera_buffer_free(&bytes);
    return code;
}

/* The manifest that was judged must be the one that all else was held against. */
static bool is_of(const struct chimera_bundle *bundle, const struct chimera_fetched *fetched)
{
    char hex[CHIMERA_DIGEST_HEX];
    chimera_digest_hex(&bundle->self, hex);
    return strncmp(fetched->manifest_digest, "sha256:", strlen("sha256:")) == 0 &&
           strcmp(fetched->manifest_digest + strlen("sha256:"), hex) == 0;
}

static int judge(struct bundle_chain *chain, const struct chimera_fetch_options *options,
                 const char *folder, char **ret_signers, struct chimera_error *err)
{
    CHIMERA_FREE char *path = chimera_path_join(folder, CHIMERA_BUNDLE_MANIFEST);
    struct chimera_fetched fetched = {0};
    struct chimera_error why = {.details = err->details};
    int code = path ? copy_out(chain->files, CHIMERA_BUNDLE_MANIFEST, folder, err)
                    : chimera_fail_memory(err);
    if (code == CHIMERA_OK)
        code = copy_out(chain->files, CHIMERA_BUNDLE_SIGNATURE, folder, err);
    if (code < 0)
        return code;
    code = chimera_signed_file_verify(options, path, &fetched, &why);
    fetch_warn_of_trust(&fetched);
    if (code < 0) {
        const char *text = strncmp(why.text, folder, strlen(folder)) == 0
                               ? strchr(why.text + strlen(folder), ' ')
                               : NULL; /* the scratch folder says nothing to anybody */
        bundle_chain_add(chain, CHIMERA_BUNDLE_SIGNATURE, "%s", text ? text + 1 : why.text);
    } else if (!is_of(&chain->bundle, &fetched)) {
        bundle_chain_add(chain, CHIMERA_BUNDLE_MANIFEST, "was replaced while it was read");
    } else {
        *ret_signers = fetched.signers ? strdup(fetched.signers) : NULL;
    }
    chimera_fetched_done(&fetched);
    return CHIMERA_OK;
}

int bundle_signature_judge(struct bundle_chain *chain, const struct chimera_fetch_options *options,
                           char **ret_signers, struct chimera_error *err)
{
    CHIMERA_FREE char *folder = NULL;
    *ret_signers = NULL;
    if (!bundle_signature_is_there(chain->files)) {
        bundle_chain_add(chain, CHIMERA_BUNDLE_SIGNATURE,
                         "is missing, and a signature is asked for: `chimera bundle --sign-key`, "
                         "or `cosign sign-blob`, makes one");
        return CHIMERA_OK;
    }
    int code = chimera_folder_make_temporary("chimera-verify", &folder, err);
    if (code < 0)
        return code;
    code = judge(chain, options, folder, ret_signers, err);
    chimera_folder_remove(folder, NULL);
    return code;
}
