/* SPDX-License-Identifier: Apache-2.0 */
#include "toolchain/command/bundle/verify/chain.h"

#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "plugins/policy/plugin.h"
#include "runtime/base/cleanup.h"
#include "runtime/json/tree.h"
#include "runtime/plugin/elf_audit.h"
#include "runtime/source/policies.h"

#define POLICIES_MAX ((size_t)64 << 20)
#define PLUGIN_MAX ((size_t)1 << 30) /* bytes of a .so or .json, as the loader has it */
#define DATA_MAX ((uint64_t)4 << 30) /* of the others: a linear memory cannot be larger */
#define THREADS_MAX 2                /* more do not get more out of memory and disk */

void bundle_chain_add(struct bundle_chain *chain, const char *file, const char *format, ...)
{
    char text[1000];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof(text), format, arguments);
    va_end(arguments);
    chimera_problems_add(&chain->problems, 0, 0, file, text);
}

/* What reads a file names it, too; once is enough. */
static void add_why(struct bundle_chain *chain, const char *file, const struct chimera_error *why)
{
    size_t size = strlen(file);
    bool is_named = strncmp(why->text, file, size) == 0 && why->text[size] == ' ';
    bundle_chain_add(chain, file, "%s", why->text + (is_named ? size + 1 : 0));
}

/* --- Which files there are --- */

/* The digest that a name must have; NULL: it has none, or is no part of a bundle. */
static const struct chimera_digest *digest_wanted(const struct chimera_bundle *bundle,
                                                  const char *name)
{
    static const char plugins[] = CHIMERA_BUNDLE_PLUGINS "/";
    if (strcmp(name, CHIMERA_BUNDLE_POLICIES) == 0)
        return &bundle->policies;
    if (strcmp(name, CHIMERA_BUNDLE_SBOM) == 0)
        return &bundle->sbom;
    if (strcmp(name, CHIMERA_BUNDLE_PROVENANCE) == 0)
        return &bundle->provenance;
    if (strncmp(name, plugins, strlen(plugins)) != 0)
        return NULL;
    const struct chimera_bundle_file *file =
        chimera_bundle_find_file(bundle, name + strlen(plugins));
    return file ? &file->digest : NULL;
}

static bool is_root(const char *name)
{
    return strcmp(name, CHIMERA_BUNDLE_MANIFEST) == 0 ||
           strcmp(name, CHIMERA_BUNDLE_SIGNATURE) == 0;
}

static void check_nothing_more(struct bundle_chain *chain)
{
    for (size_t i = 0; i < chain->files->count; i++) {
        const struct bundle_file *file = &chain->files->list[i];
        if (!is_root(file->name) && !digest_wanted(&chain->bundle, file->name))
            bundle_chain_add(chain, file->name, "is no part of the bundle: remove it");
        else if (!file->is_regular)
            bundle_chain_add(chain, file->name, "is a link or no file at all");
        chain->bytes += file->size;
    }
}

/* NULL, and a problem, when it is missing; NULL when it is none that can be read. */
static const struct bundle_file *find(struct bundle_chain *chain, const char *name)
{
    const struct bundle_file *file = bundle_files_find(chain->files, name);
    if (!file)
        bundle_chain_add(chain, name, "is missing");
    return file && file->is_regular ? file : NULL;
}

static void name_part(const struct chimera_bundle_plugin *plugin, size_t part, char *ret_name,
                      size_t room)
{
    snprintf(ret_name, room, CHIMERA_BUNDLE_PLUGINS "/%s.%s", plugin->stem,
             chimera_bundle_suffixes[part]);
}
#define PART_NAME (CHIMERA_BUNDLE_STEM_MAX + 32)

/* --- What is read --- */

static bool is_same(const struct chimera_digest *a, const struct chimera_digest *b)
{
    return memcmp(a, b, sizeof(*a)) == 0;
}

static void refuse_digest(struct bundle_chain *chain, const char *name)
{
    bundle_chain_add(chain, name,
                     "is not what " CHIMERA_BUNDLE_MANIFEST " says: the digests differ");
}

/* Reads it into `text`, and is true when it is what it must be; else there is a problem. */
static bool read_checked(struct bundle_chain *chain, const char *name, size_t limit,
                         struct chimera_buffer *text)
{
    struct chimera_error why = {0};
    struct chimera_digest digest;
    const struct bundle_file *file = find(chain, name);
    chimera_buffer_init(text, limit);
    if (!file)
        return false;
    if (bundle_file_read(chain->files, file, text, &why) < 0 ||
        chimera_digest_of(chimera_buffer_slice(text), &digest) < 0) {
        add_why(chain, name, &why);
        return false;
    }
    bool is_good = is_same(&digest, digest_wanted(&chain->bundle, name));
    if (!is_good)
        refuse_digest(chain, name);
    return is_good;
}

static int read_manifest(struct bundle_chain *chain, struct chimera_error *err)
{
    const struct bundle_file *file = bundle_files_find(chain->files, CHIMERA_BUNDLE_MANIFEST);
    struct chimera_buffer text;
    if (!file)
        return chimera_fail(err, CHIMERA_EINVAL,
                            "%s is no bundle: there is no " CHIMERA_BUNDLE_MANIFEST
                            " in it, as `chimera bundle` writes it",
                            chain->files->path);
    if (!file->is_regular)
        return chimera_fail(err, CHIMERA_EREFUSED,
                            CHIMERA_BUNDLE_MANIFEST ": is a link or no file at all");
    chimera_buffer_init(&text, CHIMERA_BUNDLE_MANIFEST_MAX);
    int code = bundle_file_read(chain->files, file, &text, err);
    if (code == CHIMERA_OK)
        code = chimera_bundle_parse(chimera_buffer_slice(&text), CHIMERA_BUNDLE_MANIFEST,
                                    &chain->bundle, err);
    if (code == CHIMERA_OK &&
        chimera_digest_of(chimera_buffer_slice(&text), &chain->bundle.self) < 0)
        code = chimera_fail_memory(err);
    chimera_buffer_free(&text);
    return code;
}

static void check_policies(struct bundle_chain *chain)
{
    struct chimera_buffer text;
    struct policies policies = {0};
    struct chimera_error why = {0};
    bool is_read = read_checked(chain, CHIMERA_BUNDLE_POLICIES, POLICIES_MAX, &text);
    if (is_read && policies_parse(chimera_buffer_slice(&text), CHIMERA_BUNDLE_POLICIES,
                                  POLICIES_LIMITS_ARE_FREE, &policies, &why) < 0)
        add_why(chain, CHIMERA_BUNDLE_POLICIES, &why);
    for (size_t i = 0; i < policies.policy_count; i++)
        if (!chimera_bundle_find(&chain->bundle, policies.policy[i].module))
            bundle_chain_add(chain, CHIMERA_BUNDLE_POLICIES, "policy \"%s\" has no plugin here",
                             policies.policy[i].id);
    chain->policy_count = policies.policy_count;
    policies_done(&policies);
    chimera_buffer_free(&text);
}

static void check_document(struct bundle_chain *chain, const char *name,
                           struct json_object **ret_tree)
{
    struct chimera_buffer text;
    struct chimera_error why = {0};
    if (read_checked(chain, name, CHIMERA_BUNDLE_DOCUMENT_MAX, &text) &&
        chimera_json_parse(chimera_buffer_slice(&text), ret_tree, &why) < 0)
        add_why(chain, name, &why);
    chimera_buffer_free(&text);
}

/* --- Plugins --- */

/* Another ABI is another toolchain's, whatever its digests say. */
static void check_abi(struct bundle_chain *chain, const char *name,
                      const struct chimera_manifest *manifest)
{
    char wanted[32];
    snprintf(wanted, sizeof(wanted), " abi-%d ", CHIMERA_PLUGIN_ABI);
    if (!strstr(manifest->toolchain, wanted))
        bundle_chain_add(chain, name,
                         "was built by another toolchain (%.200s), for another ABI than%sof this "
                         "program: make the bundle again",
                         manifest->toolchain, wanted);
}

static void check_claims(struct bundle_chain *chain, const char *name,
                         const struct chimera_bundle_plugin *plugin,
                         const struct chimera_manifest *manifest)
{
    static const struct chimera_digest none;
    const struct chimera_bundle_file *image = &plugin->file[CHIMERA_BUNDLE_PART_IMAGE];
    if (!is_same(&manifest->wasm, &plugin->wasm))
        bundle_chain_add(chain, name, "is of another module than " CHIMERA_BUNDLE_MANIFEST " says");
    if (!is_same(&manifest->so, &plugin->file[CHIMERA_BUNDLE_PART_SO].digest))
        bundle_chain_add(chain, name, "is of another .so than the one beside it");
    if (!is_same(&manifest->image, image->is_there ? &image->digest : &none))
        bundle_chain_add(chain, name, "is of another .image than the one beside it");
    check_abi(chain, name, manifest);
}

static void check_json(struct bundle_chain *chain, size_t at)
{
    const struct chimera_bundle_plugin *plugin = &chain->bundle.plugin[at];
    struct chimera_buffer text;
    struct chimera_error why = {0};
    char name[PART_NAME];
    name_part(plugin, CHIMERA_BUNDLE_PART_JSON, name, sizeof(name));
    if (read_checked(chain, name, PLUGIN_MAX, &text)) {
        if (chimera_manifest_parse(chimera_buffer_slice(&text), name, &chain->manifest[at], &why) <
            0)
            add_why(chain, name, &why);
        else
            check_claims(chain, name, plugin, &chain->manifest[at]);
    }
    chimera_buffer_free(&text);
}

/* --- The large files, by several threads --- */

struct part { /* one file of a plugin */
    const struct bundle_file *file;
    const struct chimera_digest *digest;
    const struct chimera_manifest *manifest; /* of a .so, to audit it; else NULL */
    struct chimera_error why;                /* what is wrong; its code is 0 when nothing is */
};

struct parts {
    const struct bundle_files *files;
    struct part *list; /* owned */
    size_t count;
    _Atomic size_t next; /* which no thread has taken yet */
};

/* What is hashed is what is audited. `room` is the thread's, so that its pages are touched once. */
static int check_object(const struct parts *parts, struct part *part, struct chimera_buffer *room)
{
    struct chimera_digest digest;
    chimera_buffer_reset(room);
    int code = bundle_file_read(parts->files, part->file, room, &part->why);
    if (code == CHIMERA_OK && chimera_digest_of(chimera_buffer_slice(room), &digest) < 0)
        code = chimera_fail_memory(&part->why);
    if (code == CHIMERA_OK && !is_same(&digest, part->digest))
        code = CHIMERA_EREFUSED;
    else if (code == CHIMERA_OK)
        code = chimera_elf_audit(room->data, room->size, part->file->name, part->manifest->mode,
                                 &part->why);
    return code;
}

static void check_part(const struct parts *parts, struct part *part, struct chimera_buffer *room)
{
    struct chimera_digest digest;
    int code = CHIMERA_OK;
    if (part->manifest)
        code = check_object(parts, part, room);
    else if (part->file->size > DATA_MAX) /* a hole of a file has any size, and takes days */
        code = chimera_fail(&part->why, CHIMERA_ELIMIT, "is larger than %llu bytes",
                            (unsigned long long)DATA_MAX);
    else
        code = bundle_file_digest(parts->files, part->file, &digest, &part->why);
    if (code == CHIMERA_OK && !part->manifest && !is_same(&digest, part->digest))
        code = CHIMERA_EREFUSED;
    part->why.code = code; /* without a text: the digests differ */
}

static void *check_parts(void *context)
{
    struct parts *parts = context;
    struct chimera_buffer room;
    chimera_buffer_init(&room, PLUGIN_MAX);
    for (size_t at; (at = atomic_fetch_add(&parts->next, 1)) < parts->count;)
        check_part(parts, &parts->list[at], &room);
    chimera_buffer_free(&room);
    return NULL;
}

static void list_parts(struct bundle_chain *chain, struct parts *parts)
{
    for (size_t i = 0; i < chain->bundle.count; i++) {
        const struct chimera_bundle_plugin *plugin = &chain->bundle.plugin[i];
        for (size_t k = 0; k < CHIMERA_BUNDLE_PARTS; k++) {
            char name[PART_NAME];
            name_part(plugin, k, name, sizeof(name));
            if (k == CHIMERA_BUNDLE_PART_JSON || !plugin->file[k].is_there)
                continue;
            const struct bundle_file *file = find(chain, name);
            if (!file)
                continue;
            parts->list[parts->count++] =
                (struct part){.file = file,
                              .digest = &plugin->file[k].digest,
                              .manifest = k == CHIMERA_BUNDLE_PART_SO ? &chain->manifest[i] : NULL};
        }
    }
}

static int check_large_files(struct bundle_chain *chain, struct chimera_error *err)
{
    struct parts parts = {
        .files = chain->files,
        .list = calloc(chain->bundle.count * CHIMERA_BUNDLE_PARTS + 1, sizeof(*parts.list))};
    pthread_t helper[THREADS_MAX - 1];
    size_t helpers = 0;
    if (!parts.list)
        return chimera_fail_memory(err);
    list_parts(chain, &parts);
    while (helpers < THREADS_MAX - 1 &&
           pthread_create(&helper[helpers], NULL, check_parts, &parts) == 0)
        helpers++;
    check_parts(&parts);
    while (helpers > 0)
        pthread_join(helper[--helpers], NULL);
    for (size_t i = 0; i < parts.count; i++) {
        const struct part *part = &parts.list[i];
        if (part->why.code < 0 && part->why.text[0])
            add_why(chain, part->file->name, &part->why);
        else if (part->why.code < 0)
            refuse_digest(chain, part->file->name);
    }
    free(parts.list);
    return CHIMERA_OK;
}

/* --- All of it --- */

int bundle_chain_check(const struct bundle_files *files, struct bundle_chain *ret_chain,
                       struct chimera_error *err)
{
    struct bundle_chain *chain = ret_chain;
    *chain = (struct bundle_chain){.files = files};
    int code = read_manifest(chain, err);
    if (code < 0)
        return code;
    chain->manifest = calloc(chain->bundle.count + 1, sizeof(*chain->manifest));
    if (!chain->manifest)
        return chimera_fail_memory(err);
    check_nothing_more(chain);
    check_policies(chain);
    check_document(chain, CHIMERA_BUNDLE_SBOM, &chain->sbom);
    check_document(chain, CHIMERA_BUNDLE_PROVENANCE, &chain->provenance);
    for (size_t i = 0; i < chain->bundle.count; i++)
        check_json(chain, i);
    return check_large_files(chain, err);
}

void bundle_chain_done(struct bundle_chain *chain)
{
    for (size_t i = 0; chain->manifest && i < chain->bundle.count; i++)
        chimera_manifest_done(&chain->manifest[i]);
    free(chain->manifest);
    json_object_put(chain->sbom);
    json_object_put(chain->provenance);
    chimera_problems_done(&chain->problems);
    chimera_bundle_done(&chain->bundle);
    *chain = (struct bundle_chain){0};
}
