/* SPDX-License-Identifier: Apache-2.0 */
#include "toolchain/command/image/documents.h"

#include <string.h>

#include "plugins/policy/plugin.h"
#include "runtime/base/cleanup.h"
#include "runtime/json/tree.h"
#include "toolchain/command/image/root.h"
#include "toolchain/command/version.h"

#define USER "65533:65533"
#define BUNDLE_VARIABLE "CHIMERA_BUNDLE"

_Static_assert(IMAGE_USER == 65533, "USER is the same");

static void put(struct json_object *object, const char *key, const char *text)
{
    json_object_object_add(object, key, json_object_new_string(text));
}

static void push(struct json_object *list, const char *text)
{
    json_object_array_add(list, json_object_new_string(text));
}

/* The member of that key, made when it is not there. */
static struct json_object *member(struct json_object *object, const char *key,
                                  struct json_object *(*make)(void))
{
    struct json_object *value = chimera_json_member(object, key);
    if (!value) {
        value = make();
        json_object_object_add(object, key, value);
    }
    return value;
}

/* --- How it is run --- */

static void set_variable(struct json_object *environment, const char *name, const char *value)
{
    char text[200];
    size_t size = strlen(name);
    snprintf(text, sizeof(text), "%s=%s", name, value);
    for (size_t i = 0; i < json_object_array_length(environment); i++) {
        const char *old = json_object_get_string(json_object_array_get_idx(environment, i));
        if (old && strncmp(old, name, size) == 0 && old[size] == '=') {
            json_object_array_put_idx(environment, i, json_object_new_string(text));
            return;
        }
    }
    push(environment, text);
}

/* What a base says of itself stays. */
static void put_program(struct json_object *run)
{
    struct json_object *environment = member(run, "Env", json_object_new_array);
    if (!chimera_json_member(run, "Entrypoint")) {
        struct json_object *entrypoint = json_object_new_array();
        push(entrypoint, "/" IMAGE_SERVER);
        json_object_object_add(run, "Entrypoint", entrypoint);
        set_variable(environment, "PATH", "/usr/bin");
        set_variable(environment, "SSL_CERT_FILE", "/" IMAGE_CERTIFICATES);
    }
    set_variable(environment, BUNDLE_VARIABLE, "/" IMAGE_BUNDLE);
    if (!chimera_json_member(run, "User"))
        put(run, "User", USER);
    if (!chimera_json_member(run, "WorkingDir"))
        put(run, "WorkingDir", "/");
}

static void put_labels(const struct image_facts *facts, struct json_object *run)
{
    struct json_object *ports = member(run, "ExposedPorts", json_object_new_object);
    struct json_object *labels = member(run, "Labels", json_object_new_object);
    if (json_object_object_length(ports) == 0) {
        json_object_object_add(ports, "3000/tcp", json_object_new_object()); /* --port */
        json_object_object_add(ports, "8081/tcp",
                               json_object_new_object()); /* --readiness-probe-port */
    }
    if (!facts->base) {
        put(labels, "org.opencontainers.image.title", "chimera-server");
        put(labels, "org.opencontainers.image.description",
            "Admission policies for Kubernetes, compiled, with their server");
        put(labels, "org.opencontainers.image.version", CHIMERA_VERSION);
        put(labels, "org.opencontainers.image.licenses", "Apache-2.0");
    }
    put(labels, "org.opencontainers.image.created", facts->created);
    put(labels, IMAGE_BUNDLE_KEY, facts->bundle);
}

static void put_layer(const struct image_facts *facts, struct json_object *config,
                      const struct image_layer *layer, const char *what)
{
    struct json_object *root = member(config, "rootfs", json_object_new_object);
    struct json_object *history = json_object_new_object();
    push(member(root, "diff_ids", json_object_new_array), layer->diff_id);
    put(history, "created", facts->created);
    put(history, "created_by", what);
    json_object_array_add(member(config, "history", json_object_new_array), history);
}

static bool is_kind(struct json_object *object, const char *key, enum json_type type)
{
    struct json_object *value = chimera_json_member(object, key);
    return !value || json_object_is_type(value, type);
}

/* Of anybody's: what is added to must be what it should be. */
static bool is_config(struct json_object *config)
{
    struct json_object *run = chimera_json_member(config, "config");
    struct json_object *root = chimera_json_member(config, "rootfs");
    return json_object_is_type(chimera_json_member(config, "architecture"), json_type_string) &&
           is_kind(config, "config", json_type_object) &&
           is_kind(config, "history", json_type_array) && is_kind(run, "Env", json_type_array) &&
           is_kind(run, "ExposedPorts", json_type_object) &&
           is_kind(run, "Labels", json_type_object) &&
           json_object_is_type(chimera_json_member(root, "diff_ids"), json_type_array);
}

int image_config_make(const struct image_facts *facts, struct json_object **ret_config,
                      struct chimera_error *err)
{
    struct json_object *config = NULL;
    if (facts->base_config && !is_config(facts->base_config))
        return chimera_fail(err, CHIMERA_EINVAL,
                            "the config of the base is none of a container image");
    if (facts->base_config && json_object_deep_copy(facts->base_config, &config, NULL) < 0)
        return chimera_fail_memory(err);
    if (!config) {
        config = json_object_new_object();
        put(config, "architecture", facts->architecture);
        put(config, "os", "linux");
        put(member(config, "rootfs", json_object_new_object), "type", "layers");
    }
    put(config, "created", facts->created);
    struct json_object *run = member(config, "config", json_object_new_object);
    put_program(run);
    put_labels(facts, run);
    if (facts->server)
        put_layer(facts, config, facts->server, "chimera bundle: chimera-server " CHIMERA_VERSION);
    put_layer(facts, config, facts->layer, IMAGE_BUNDLE_MAKER);
    *ret_config = config;
    return CHIMERA_OK;
}

/* --- What it is made of --- */

static struct json_object *new_manifest(void)
{
    struct json_object *manifest = json_object_new_object();
    json_object_object_add(manifest, "schemaVersion", json_object_new_int(2));
    put(manifest, "mediaType", CHIMERA_MEDIA_OCI_MANIFEST);
    return manifest;
}

static struct json_object *make_layers(const struct image_facts *facts)
{
    struct json_object *layers = json_object_new_array();
    for (size_t i = 0; facts->base && i < facts->base->entry_count; i++) {
        const struct chimera_descriptor *layer = &facts->base->entries[i];
        json_object_array_add(layers,
                              chimera_oci_describe(layer->media_type, layer->digest, layer->size));
    }
    if (facts->server)
        json_object_array_add(layers, chimera_oci_describe(IMAGE_MEDIA_LAYER, facts->server->digest,
                                                           facts->server->size));
    json_object_array_add(
        layers, chimera_oci_describe(IMAGE_MEDIA_LAYER, facts->layer->digest, facts->layer->size));
    return layers;
}

struct json_object *image_manifest_make(const struct image_facts *facts, const char *config_digest,
                                        uint64_t config_size)
{
    struct json_object *manifest = new_manifest(), *annotations = json_object_new_object();
    json_object_object_add(manifest, "config",
                           chimera_oci_describe(IMAGE_MEDIA_CONFIG, config_digest, config_size));
    json_object_object_add(manifest, "layers", make_layers(facts));
    put(annotations, "org.opencontainers.image.created", facts->created);
    put(annotations, IMAGE_BUNDLE_KEY, facts->bundle);
    if (facts->base_digest)
        put(annotations, IMAGE_BASE_KEY, facts->base_digest);
    json_object_object_add(manifest, "annotations", annotations);
    return manifest;
}

struct json_object *image_signature_make(struct json_object *subject, const char *config_digest,
                                         const char *signature_digest, uint64_t signature_size)
{
    struct json_object *manifest = new_manifest(), *layers = json_object_new_array();
    put(manifest, "artifactType", IMAGE_MEDIA_SIGNATURE);
    json_object_object_add(manifest, "config",
                           chimera_oci_describe(CHIMERA_MEDIA_OCI_EMPTY, config_digest, 2));
    json_object_array_add(
        layers, chimera_oci_describe(IMAGE_MEDIA_SIGNATURE, signature_digest, signature_size));
    json_object_object_add(manifest, "layers", layers);
    json_object_object_add(manifest, "subject", json_object_get(subject));
    return manifest;
}
