/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/broker/host_settings.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "runtime/base/cleanup.h"
#include "runtime/json/tree.h"
#include "runtime/log/log.h"
#include "runtime/login/credential_message.h"
#include "runtime/login/exec_credential.h"
#include "runtime/source/kubeconfig.h"

#define TARGET "chimera::host"
#define HELPER_MS 25000 /* less than whoever asked waits */

static int add_text(const char **list, size_t max, const char *text, struct chimera_error *err)
{
    size_t count = 0;
    while (list[count])
        count++;
    if (count == max)
        return chimera_fail(err, CHIMERA_ELIMIT, "too many files for the broker");
    list[count] = strdup(text);
    return list[count] ? CHIMERA_OK : chimera_fail_memory(err);
}

/* Beside the program, as it was built; where both were installed; where it was meant to be. */
static int find_plugins(const struct chimera_host_sources *sources,
                        struct chimera_host_settings *settings, struct chimera_error *err)
{
    char program[PATH_MAX], path[PATH_MAX + 128];
    ssize_t size = readlink("/proc/self/exe", program, sizeof(program) - 1);
    size_t folder = size < 0 ? 0 : (size_t)size;
    while (folder > 0 && program[folder - 1] != '/')
        folder--;
    int code = CHIMERA_OK;
    if (folder > 0) {
        snprintf(path, sizeof(path), "%.*s", (int)folder - 1, program);
        code = add_text(settings->plugin_folders, CHIMERA_HOST_FOLDERS_MAX, path, err);
        snprintf(path, sizeof(path), "%.*s../%s/chimera", (int)folder, program,
                 sources->library_folder);
        if (code == CHIMERA_OK)
            code = add_text(settings->plugin_folders, CHIMERA_HOST_FOLDERS_MAX, path, err);
    }
    if (code == CHIMERA_OK)
        code = add_text(settings->plugin_folders, CHIMERA_HOST_FOLDERS_MAX,
                        sources->installed_folder, err);
    return code;
}

/* A file's or folder's name among the settings, and among what may be read. */
static int add_path(struct chimera_host_settings *settings, const char *name, const char *path,
                    struct chimera_error *err)
{
    json_object_object_add(settings->settings, name, path ? json_object_new_string(path) : NULL);
    return path ? add_text(settings->readable, CHIMERA_HOST_READABLE_MAX, path, err) : CHIMERA_OK;
}

/* No cluster is no failure: most policies ask nothing of one. */
static int add_cluster(struct chimera_host_settings *settings, struct chimera_error *err)
{
    struct json_object *cluster = NULL;
    struct chimera_error why = {0};
    if (chimera_kubeconfig_read(NULL, &cluster, &why) < 0)
        chimera_log_with(CHIMERA_LOG_INFO, TARGET,
                         CHIMERA_SLICE("host calls find no Kubernetes cluster"),
                         CHIMERA_TEXT("reason", chimera_slice_of(why.text)));
    json_object_object_add(settings->settings, "kubernetes", cluster);
    const char *token = json_object_get_string(chimera_json_member(cluster, "token_file"));
    const char *name = token ? strrchr(token, '/') : NULL;
    if (!name)
        return CHIMERA_OK;
    /* The folder: tokens are rotated by links to new files in it. */
    CHIMERA_FREE char *folder = strndup(token, (size_t)(name - token) + (name == token));
    return folder ? add_text(settings->readable, CHIMERA_HOST_READABLE_MAX, folder, err)
                  : chimera_fail_memory(err);
}

/* As Docker finds it. */
static char *find_docker_config(void)
{
    const char *given = getenv("DOCKER_CONFIG"), *home = getenv("HOME");
    char *path = NULL;
    if (given && *given)
        return strdup(given);
    if (!home || asprintf(&path, "%s/.docker", home) < 0)
        return NULL;
    if (access(path, R_OK) == 0)
        return path;
    free(path);
    return NULL;
}

int chimera_host_settings_read(const struct chimera_host_sources *sources,
                               struct chimera_host_settings *ret_settings,
                               struct chimera_error *err)
{
    CHIMERA_FREE char *found = sources->docker_config ? NULL : find_docker_config();
    *ret_settings = (struct chimera_host_settings){.settings = json_object_new_object()};
    int code = ret_settings->settings ? CHIMERA_OK : chimera_fail_memory(err);
    if (code == CHIMERA_OK)
        code = find_plugins(sources, ret_settings, err);
    if (code == CHIMERA_OK)
        code = add_path(ret_settings, "sources", sources->sources, err);
    if (code == CHIMERA_OK)
        code = add_path(ret_settings, "docker_config",
                        sources->docker_config ? sources->docker_config : found, err);
    if (code == CHIMERA_OK)
        code = add_path(ret_settings, "sigstore_trust_config", sources->sigstore_trust_config, err);
    if (code == CHIMERA_OK)
        code = add_cluster(ret_settings, err);
    if (code == CHIMERA_OK && sources->cluster_memory > 0) {
        struct json_object *limits = json_object_new_object();
        json_object_object_add(limits, "kubernetes_bytes",
                               json_object_new_uint64(sources->cluster_memory));
        json_object_object_add(ret_settings->settings, "limits", limits);
    }
    if (code < 0)
        chimera_host_settings_end(ret_settings);
    return code;
}

int chimera_host_settings_run(void *context, const char *what, struct chimera_slice argument,
                              struct chimera_buffer *answer, struct chimera_error *err)
{
    const struct chimera_host_sources *sources = context;
    CHIMERA_JSON struct json_object *cluster = NULL;
    if (strcmp(what, "docker-credential") == 0)
        return chimera_credential_tell(sources->docker_config, argument, answer, err);
    if (strcmp(what, "kubernetes-exec") != 0)
        return chimera_fail(err, CHIMERA_EREFUSED, "no helper program is called %.100s", what);
    int code = chimera_kubeconfig_read(NULL, &cluster, err);
    return code < 0 ? code : chimera_exec_credential_run(cluster, HELPER_MS, answer, err);
}

void chimera_host_settings_end(struct chimera_host_settings *settings)
{
    for (size_t i = 0; i < CHIMERA_HOST_FOLDERS_MAX; i++)
        free((void *)(uintptr_t)settings->plugin_folders[i]);
    for (size_t i = 0; i < CHIMERA_HOST_READABLE_MAX; i++)
        free((void *)(uintptr_t)settings->readable[i]);
    json_object_put(settings->settings);
    *settings = (struct chimera_host_settings){0};
}
