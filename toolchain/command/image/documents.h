/* SPDX-License-Identifier: Apache-2.0 */
/* documents.h - the two documents of an image: its config, which says how it is run, and its
 * manifest, whose digest is the image's (OCI image specification 1.1, "Image Configuration"
 * and "Image Manifest").
 * No files. */
#ifndef CHIMERA_TOOLCHAIN_COMMAND_IMAGE_DOCUMENTS_H
#define CHIMERA_TOOLCHAIN_COMMAND_IMAGE_DOCUMENTS_H

#include <json-c/json.h>

#include "compiler/fetch/registry/manifest.h"
#include "toolchain/command/image/layer.h"

#define IMAGE_BUNDLE "bundle" /* the folder of the bundle, in the image's root */
#define IMAGE_MEDIA_CONFIG "application/vnd.oci.image.config.v1+json"
#define IMAGE_MEDIA_SIGNATURE "application/vnd.chimera.bundle.signature.v1+json"
/* An annotation of the image, and a label in it: the digest of the bundle's manifest.json. */
#define IMAGE_BUNDLE_KEY "chimera.bundle.manifest"
#define IMAGE_BUNDLE_MAKER "chimera bundle: policies" /* who made its layer, in the history */
#define IMAGE_BASE_KEY "org.opencontainers.image.base.digest"

struct image_facts {                    /* all borrowed */
    const char *architecture, *created; /* the latter as RFC 3339 has it */
    const char *bundle;                 /* digest of its manifest.json */
    const struct image_layer *server;   /* NULL: the base has it */
    const struct image_layer *layer;    /* of the bundle */
    struct json_object *base_config;    /* NULL: none */
    struct chimera_oci_manifest *base;  /* NULL: none */
    const char *base_digest;            /* what the image says that it was made on; NULL: nothing */
};

/* New ones; the caller ends them with json_object_put(). CHIMERA_EINVAL: the base's config is not
 * one that can be added to. */
int image_config_make(const struct image_facts *facts, struct json_object **ret_config,
                      struct chimera_error *err);
struct json_object *image_manifest_make(const struct image_facts *facts, const char *config_digest,
                                        uint64_t config_size);

/* The signature of the bundle, as something that is attached to the image of that descriptor. */
struct json_object *image_signature_make(struct json_object *subject, const char *config_digest,
                                         const char *signature_digest, uint64_t signature_size);

#endif
