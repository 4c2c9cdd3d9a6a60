/* SPDX-License-Identifier: Apache-2.0 */
#include "toolchain/command/bundle/documents/module_facts.h"

#include <stdlib.h>
#include <string.h>

#include "runtime/base/buffer.h"
#include "runtime/json/tree.h"
#include "runtime/source/image_reference.h"
#include "runtime/source/reference.h"

#define ANNOTATION "io.kubewarden.policy."
#define PURL_UNRESERVED "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789.-_~"

static const char *annotation(struct json_object *annotations, const char *key)
{
    struct json_object *value = chimera_json_member(annotations, key);
    const char *text =
        json_object_is_type(value, json_type_string) ? json_object_get_string(value) : NULL;
    return text && *text && strlen(text) == (size_t)json_object_get_string_len(value) ? text : NULL;
}

void bundle_module_facts_read(const struct chimera_manifest *manifest,
                              struct bundle_module_facts *ret_facts)
{
    *ret_facts = (struct bundle_module_facts){0};
    if (!manifest->metadata ||
        chimera_json_parse(chimera_slice_of(manifest->metadata), &ret_facts->metadata, NULL) < 0)
        return;
    struct json_object *all = chimera_json_member(ret_facts->metadata, "annotations");
    ret_facts->title = annotation(all, ANNOTATION "title");
    ret_facts->version = annotation(all, ANNOTATION "version");
    ret_facts->license = annotation(all, ANNOTATION "license");
    ret_facts->source = annotation(all, ANNOTATION "source");
    ret_facts->url = annotation(all, ANNOTATION "url");
}

void bundle_module_facts_done(struct bundle_module_facts *facts)
{
    json_object_put(facts->metadata);
    *facts = (struct bundle_module_facts){0};
}

bool bundle_license_is_known(const char *license)
{
    static const char *const known[] = {
        "0BSD",
        "AGPL-3.0-only",
        "AGPL-3.0-or-later",
        "Apache-2.0",
        "BSD-2-Clause",
        "BSD-3-Clause",
        "BSL-1.0",
        "CC0-1.0",
        "EPL-2.0",
        "EUPL-1.2",
        "GPL-2.0-only",
        "GPL-2.0-or-later",
        "GPL-3.0-only",
        "GPL-3.0-or-later",
        "ISC",
        "LGPL-2.1-only",
        "LGPL-2.1-or-later",
        "LGPL-3.0-only",
        "LGPL-3.0-or-later",
        "MIT",
        "MIT-0",
        "MPL-2.0",
        "Unlicense",
        "Zlib",
    };
    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
        if (strcmp(known[i], license) == 0)
            return true;
    return false;
}

static void put_part(const char *text, struct chimera_buffer *out)
{
    for (; *text; text++) {
        if (strchr(PURL_UNRESERVED, *text))
            chimera_buffer_byte(out, (uint8_t)*text);
        else
            chimera_buffer_print(out, "%%%02X", (unsigned)(unsigned char)*text);
    }
}

void bundle_purl_print(const struct chimera_bundle_module *module, struct chimera_buffer *out)
{
    struct chimera_reference reference = {0};
    struct chimera_image_reference image = {0};
    if (chimera_reference_read(module->reference, CHIMERA_DIALECT_SERVER, &reference, NULL) < 0)
        return;
    const char *start = reference.host.data;
    const char *end = reference.name.size ? reference.name.data + reference.name.size
                                          : start + reference.host.size;
    bool is_image = !reference.path && chimera_slice_is(reference.scheme, "registry") &&
                    chimera_image_reference_parse(
                        (struct chimera_slice){start, (size_t)(end - start)}, &image, NULL) == 0;
    free(reference.path);
    if (!is_image)
        return;
    const char *slash = strrchr(image.repository, '/');
    chimera_buffer_text(out, "pkg:oci/");
    put_part(slash ? slash + 1 : image.repository, out);
    if (module->image) {
        chimera_buffer_byte(out, '@');
        put_part(module->image, out);
    }
    chimera_buffer_text(out, "?repository_url=");
    put_part(image.registry, out);
    chimera_buffer_text(out, "%2F");
    put_part(image.repository, out);
    if (image.tag) {
        chimera_buffer_text(out, "&tag=");
        put_part(image.tag, out);
    }
    chimera_image_reference_done(&image);
}
