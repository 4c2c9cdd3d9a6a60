/* SPDX-License-Identifier: Apache-2.0 */
/* draft_manifest.c - manifest.json and the documents that it has the digests of. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "compiler/fetch/signed_file.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/file.h"
#include "toolchain/command/bundle/documents/provenance.h"
#include "toolchain/command/bundle/documents/sbom.h"
#include "toolchain/command/bundle/draft.h"

/* --- The lock --- */

static int compare_modules(const void *a, const void *b)
{
    return strcmp(((const struct chimera_bundle_module *)a)->reference,
                  ((const struct chimera_bundle_module *)b)->reference);
}

static int compare_stems(const void *a, const void *b)
{
    return strcmp(((const struct chimera_bundle_plugin *)a)->stem,
                  ((const struct chimera_bundle_plugin *)b)->stem);
}

/* Two references may lead to one plugin. */
static int add_module(struct chimera_bundle *bundle, const struct bundle_module *module)
{
    size_t at = 0;
    while (at < bundle->count && strcmp(bundle->plugin[at].stem, module->stem) != 0)
        at++;
    struct chimera_bundle_plugin *plugin = &bundle->plugin[at];
    if (at == bundle->count) {
        *plugin =
            (struct chimera_bundle_plugin){.stem = strdup(module->stem), .wasm = module->wasm};
        if (!plugin->stem)
            return CHIMERA_ENOMEM;
        bundle->count++;
    }
    struct chimera_bundle_module *modules =
        reallocarray(plugin->module, plugin->module_count + 1, sizeof(*modules));
    if (!modules)
        return CHIMERA_ENOMEM;
    plugin->module = modules;
    struct chimera_bundle_module *added = &modules[plugin->module_count];
    *added = (struct chimera_bundle_module){
        .reference = strdup(module->name),
        .image = module->image_digest[0] ? strdup(module->image_digest) : NULL};
    if (!added->reference)
        return CHIMERA_ENOMEM;
    plugin->module_count++;
    return !added->image == !module->image_digest[0] ? CHIMERA_OK : CHIMERA_ENOMEM;
}

/* In an order that the names alone decide, so that the bytes do not depend on anything else. */
static int list_plugins(const struct bundle_draft *draft, struct chimera_bundle *bundle)
{
    bundle->plugin = calloc(draft->module_count + 1, sizeof(*bundle->plugin));
    int code = bundle->plugin ? CHIMERA_OK : CHIMERA_ENOMEM;
    for (size_t i = 0; i < draft->module_count && code == CHIMERA_OK; i++)
        code = add_module(bundle, &draft->module[i]);
    if (code < 0)
        return code;
    for (size_t i = 0; i < bundle->count; i++)
        qsort(bundle->plugin[i].module, bundle->plugin[i].module_count,
              sizeof(*bundle->plugin[i].module), compare_modules);
    qsort(bundle->plugin, bundle->count, sizeof(*bundle->plugin), compare_stems);
    return CHIMERA_OK;
}

/* --- The plugins' files --- */

static char *name_part(const char *folder, const char *stem, enum chimera_bundle_part part)
{
    char *path = NULL;
    return asprintf(&path, "%s/" CHIMERA_BUNDLE_PLUGINS "/%s.%s", folder, stem,
                    chimera_bundle_suffixes[part]) < 0
               ? NULL
               : path;
}

static int note_part(const char *folder, struct chimera_bundle_plugin *plugin,
                     enum chimera_bundle_part part, struct chimera_error *err)
{
    CHIMERA_FREE char *path = name_part(folder, plugin->stem, part);
    if (!path)
        return chimera_fail_memory(err);
    CHIMERA_CLOSE int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    bool may_lack = part == CHIMERA_BUNDLE_PART_IMAGE || part == CHIMERA_BUNDLE_PART_NAMES;
    if (fd < 0 && errno == ENOENT && may_lack)
        return CHIMERA_OK;
    if (fd < 0)
        return chimera_fail(err, CHIMERA_EIO, "cannot open %s: %s", path, strerror(errno));
    plugin->file[part].is_there = true;
    return chimera_digest_of_fd(fd, &plugin->file[part].digest, err);
}

static int note_files(const char *folder, struct chimera_bundle_plugin *plugin,
                      struct chimera_manifest *ret_manifest, struct chimera_error *err)
{
    CHIMERA_FREE char *path = name_part(folder, plugin->stem, CHIMERA_BUNDLE_PART_JSON);
    int code = path ? CHIMERA_OK : chimera_fail_memory(err);
    for (size_t i = 0; i < CHIMERA_BUNDLE_PARTS && code == CHIMERA_OK; i++)
        code = note_part(folder, plugin, (enum chimera_bundle_part)i, err);
    return code < 0 ? code
                    : chimera_manifest_read_locked(
                          path, &plugin->file[CHIMERA_BUNDLE_PART_JSON].digest, ret_manifest, err);
}

/* --- Writing --- */

typedef int document_print(const struct bundle_contents *contents, struct chimera_buffer *out,
                           struct chimera_error *err);

static int write_document(const char *folder, const char *name, document_print *print,
                          const struct bundle_contents *contents, struct chimera_digest *ret_digest,
                          struct chimera_error *err)
{
    CHIMERA_FREE char *path = chimera_path_join(folder, name);
    struct chimera_buffer text;
    chimera_buffer_init(&text, CHIMERA_BUNDLE_DOCUMENT_MAX);
    int code = path ? print(contents, &text, err) : chimera_fail_memory(err);
    if (code == CHIMERA_OK && chimera_digest_of(chimera_buffer_slice(&text), ret_digest) < 0)
        code = chimera_fail_memory(err);
    if (code == CHIMERA_OK)
        code = chimera_file_write(path, chimera_buffer_slice(&text), CHIMERA_FILE_CODE, err);
    chimera_buffer_free(&text);
    return code;
}

static int write_all(const struct bundle_draft *draft, struct chimera_bundle *bundle,
                     struct chimera_manifest *manifests, struct chimera_error *err)
{
    struct chimera_digest source;
    struct bundle_contents contents = {.bundle = bundle,
                                       .manifest = manifests,
                                       .source = &source,
                                       .seconds = draft->seconds,
                                       .builder = draft->builder};
    int code = chimera_digest_of(chimera_buffer_slice(&draft->text), &source) < 0
                   ? chimera_fail_memory(err)
                   : CHIMERA_OK;
    for (size_t i = 0; i < bundle->count && code == CHIMERA_OK; i++)
        code = note_files(draft->folder, &bundle->plugin[i], &manifests[i], err);
    if (code == CHIMERA_OK)
        code = write_document(draft->folder, CHIMERA_BUNDLE_SBOM, bundle_sbom_print, &contents,
                              &bundle->sbom, err);
    if (code == CHIMERA_OK)
        code = write_document(draft->folder, CHIMERA_BUNDLE_PROVENANCE, bundle_provenance_print,
                              &contents, &bundle->provenance, err);
    return code < 0 ? code : chimera_bundle_write(draft->folder, bundle, err);
}

int bundle_draft_write_manifest(const struct bundle_draft *draft,
                                const struct chimera_digest *policies, struct chimera_error *err)
{
    struct chimera_bundle bundle = {.policies = *policies};
    struct chimera_manifest *manifests = calloc(draft->module_count + 1, sizeof(*manifests));
    int code = manifests ? list_plugins(draft, &bundle) : CHIMERA_ENOMEM;
    code = code < 0 ? chimera_fail_memory(err) : write_all(draft, &bundle, manifests, err);
    for (size_t i = 0; manifests && i < bundle.count; i++)
        chimera_manifest_done(&manifests[i]);
    free(manifests);
    chimera_bundle_done(&bundle);
    return code;
}

/* manifest.json has the digests of all others, so that its signature is theirs, too. */
int bundle_draft_sign(const struct bundle_draft *draft, struct chimera_error *err)
{
    CHIMERA_FREE char *path = chimera_path_join(draft->folder, CHIMERA_BUNDLE_MANIFEST);
    if (!path)
        return chimera_fail_memory(err);
    return chimera_signed_file_write(path, draft->key, getenv("COSIGN_PASSWORD"), err);
}
