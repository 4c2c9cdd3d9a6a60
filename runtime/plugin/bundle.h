/* SPDX-License-Identifier: Apache-2.0 */
/* bundle.h - a folder with all that a server needs (docs/decisions/002, 007 and 028):
 *
 *   manifest.json                  the root of trust, and the lock: the digest of every other file
 *   manifest.json.sigstore.json    its signature, if there is one: the only file without a digest
 *   policies.yml                   with the digest of each module in place of its reference
 *   sbom.spdx.json                 what is in it: SPDX 2.3
 *   provenance.intoto.json         what made it, of what: an in-toto statement, SLSA v1
 *   plugins/STEM.{so,json}         and .image, .names where the plugin has them
 *
 * Folders and manifest.json must belong to root or us, and nobody else may write them. What the
 * manifest names must be regular files, no links, and below plugins/ there is nothing else. Other
 * names beside manifest.json, such as a volume has (lost+found, ..data), are told to whoever reads.
 *
 * For who only serves: the documents for other tools, SBOM and provenance, are hashed and not read.
 */
#ifndef CHIMERA_PLUGIN_BUNDLE_H
#define CHIMERA_PLUGIN_BUNDLE_H

#include <stddef.h>

#include "runtime/base/digest.h"
#include "runtime/base/error.h"

#define CHIMERA_BUNDLE_POLICIES "policies.yml"
#define CHIMERA_BUNDLE_PLUGINS "plugins"
#define CHIMERA_BUNDLE_SBOM "sbom.spdx.json"
#define CHIMERA_BUNDLE_PROVENANCE "provenance.intoto.json"
#define CHIMERA_BUNDLE_MANIFEST "manifest.json"
/* Of the former, which has the digests of all others: of its bytes, as `cosign sign-blob` has it.
 */
#define CHIMERA_BUNDLE_SIGNATURE CHIMERA_BUNDLE_MANIFEST ".sigstore.json"

#define CHIMERA_BUNDLE_MANIFEST_MAX ((size_t)16 << 20)  /* bytes of it */
#define CHIMERA_BUNDLE_DOCUMENT_MAX ((size_t)256 << 20) /* of the SBOM, and of the provenance */
#define CHIMERA_BUNDLE_STEM_MAX 128
#define CHIMERA_BUNDLE_IMAGE_MAX 160 /* a digest of a registry's, with its NUL */

/* The files of a plugin, in the order of their names. */
enum chimera_bundle_part {
    CHIMERA_BUNDLE_PART_IMAGE,
    CHIMERA_BUNDLE_PART_JSON,
    CHIMERA_BUNDLE_PART_NAMES,
    CHIMERA_BUNDLE_PART_SO,
    CHIMERA_BUNDLE_PARTS
};
extern const char *const chimera_bundle_suffixes[CHIMERA_BUNDLE_PARTS]; /* "image", … */

struct chimera_bundle_file {
    bool is_there; /* image and names may be missing */
    struct chimera_digest digest;
};

struct chimera_bundle_module { /* a reference that a plugin was built for; owns its texts */
    char *reference;           /* as policies.yml writes it */
    char *image; /* "sha256:…", the registry's manifest that it led to; NULL: none, or not known */
};

struct chimera_bundle_plugin {
    char *stem;                 /* owned */
    struct chimera_digest wasm; /* of the module */
    struct chimera_bundle_file file[CHIMERA_BUNDLE_PARTS];
    struct chimera_bundle_module *module; /* owned; by reference */
    size_t module_count;
};

struct chimera_bundle {
    struct chimera_digest self; /* of manifest.json; set by chimera_bundle_read() */
    struct chimera_digest policies, sbom, provenance;
    struct chimera_bundle_plugin *plugin; /* owned; by stem, each once */
    size_t count;
    /* Owned; a line for people about names beside manifest.json that are none of its own; NULL:
     * there are none. Set by chimera_bundle_read(). */
    char *others;
};

/* Reads FOLDER/manifest.json, looks at the files that it names, and into those that nobody looks
 * into later (policies.yml, the SBOM, the provenance, names); plugins are for the loader. The
 * caller ends *ret_bundle with chimera_bundle_done(). */
int chimera_bundle_read(const char *folder, struct chimera_bundle *ret_bundle,
                        struct chimera_error *err);
/* Only that nobody else may write the folders and manifest.json, which are part of it. */
int chimera_bundle_check_owners(const char *folder, struct chimera_error *err);
/* The text of manifest.json; `path` is for messages. */
int chimera_bundle_parse(struct chimera_slice text, const char *path,
                         struct chimera_bundle *ret_bundle, struct chimera_error *err);
/* Appends the text. Plugins and their modules must be in their order. */
void chimera_bundle_print(const struct chimera_bundle *bundle, struct chimera_buffer *out);
int chimera_bundle_write(const char *folder, const struct chimera_bundle *bundle,
                         struct chimera_error *err);
void chimera_bundle_done(struct chimera_bundle *bundle);

/* Whether a bundle has such a name beside its manifest; the manifest's, "." and ".." as well. */
bool chimera_bundle_has_name(const char *name);

/* For a module as policies.yml calls it: "sha256:…" of the WebAssembly, or one of the references
 * that the bundle was made from. NULL when the bundle has none. */
const struct chimera_bundle_plugin *chimera_bundle_find(const struct chimera_bundle *bundle,
                                                        const char *module);

/* "STEM.SUFFIX" of a name below plugins/: the plugin's part, if it is there. */
const struct chimera_bundle_file *chimera_bundle_find_file(const struct chimera_bundle *bundle,
                                                           const char *name);

#endif
