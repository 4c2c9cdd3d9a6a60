/* SPDX-License-Identifier: Apache-2.0 */
#include "toolchain/command/image/root.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "runtime/base/cleanup.h"
#include "runtime/base/file.h"
#include "toolchain/command/commands.h"

#define SERVER "chimera-server"
#define PLUGINS "usr/" CHIMERA_LIBDIR "/chimera"
#define ZONES "usr/share/zoneinfo"
#define ZONES_DEPTH 4
#define PATH_SIZE 4096

/* What the server loads when a policy or an option asks for it. */
static const char *const plugins[] = {
    "chimera-capability-otlp.so", "chimera-provider-crypto.so",     "chimera-provider-http.so",
    "chimera-provider-net.so",    "chimera-provider-kubernetes.so", "chimera-provider-registry.so",
};

static const char passwd[] = "root:x:0:0:root:/:/sbin/nologin\n"
                             "chimera:x:65533:65533:chimera-server:/:/sbin/nologin\n"
                             "nobody:x:65534:65534:nobody:/:/sbin/nologin\n";
static const char group[] = "root:x:0:\nchimera:x:65533:\nnobody:x:65534:\n";
static const char name_services[] = "passwd: files\ngroup: files\nhosts: files dns\n";

/* --- The server, and what it loads --- */

char *image_find_server(struct chimera_error *err)
{
    CHIMERA_FREE char *self = realpath("/proc/self/exe", NULL);
    char *slash = self ? strrchr(self, '/') : NULL, *path = NULL;
    if (!slash || asprintf(&path, "%.*s/" SERVER, (int)(slash - self), self) < 0) {
        chimera_fail_memory(err);
        return NULL;
    }
    if (access(path, R_OK | X_OK) == 0)
        return path;
    chimera_fail(err, CHIMERA_EIO,
                 "an image holds the server, and there is no %s: install " SERVER
                 " beside chimera, or give an image that has it by --base",
                 path);
    free(path);
    return NULL;
}

/* As in the server: beside it as it was built, where both were installed, where it was meant to
 * be. */
static int find_plugin(const char *server, const char *name, char ret_path[PATH_SIZE],
                       struct chimera_error *err)
{
    int folder = (int)(strrchr(server, '/') - server);
    snprintf(ret_path, PATH_SIZE, "%.*s/%s", folder, server, name);
    if (access(ret_path, R_OK) == 0)
        return CHIMERA_OK;
    snprintf(ret_path, PATH_SIZE, "%.*s/../" CHIMERA_LIBDIR "/chimera/%s", folder, server, name);
    if (access(ret_path, R_OK) == 0)
        return CHIMERA_OK;
    snprintf(ret_path, PATH_SIZE, CHIMERA_PLUGIN_DIR "/%s", name);
    if (access(ret_path, R_OK) == 0)
        return CHIMERA_OK;
    return chimera_fail(err, CHIMERA_EIO,
                        "an image holds what the server may load, and %s is not installed: install "
                        "all of the server's packages (of a build tree: `ninja -C build`)",
                        name);
}

static int add_programs(const char *server, struct image_libraries *libraries,
                        struct chimera_error *err)
{
    char path[PATH_SIZE], place[PATH_SIZE];
    int code = image_tree_add_file(libraries->tree, IMAGE_SERVER, server, 0755, err);
    if (code == CHIMERA_OK)
        code = image_libraries_add(libraries, server, err);
    for (size_t i = 0; code == CHIMERA_OK && i < sizeof(plugins) / sizeof(*plugins); i++) {
        code = find_plugin(server, plugins[i], path, err);
        snprintf(place, sizeof(place), PLUGINS "/%s", plugins[i]);
        if (code == CHIMERA_OK)
            code = image_tree_add_file(libraries->tree, place, path, 0644, err);
        if (code == CHIMERA_OK)
            code = image_libraries_add(libraries, path, err);
    }
    return code;
}

/* --- What comes from the system --- */

static int add_certificates(struct image_tree *tree, struct chimera_error *err)
{
    static const char *const places[] = {
        /* Debian and Alpine, Fedora, openSUSE */
        "/etc/ssl/certs/ca-certificates.crt",
        "/etc/pki/tls/certs/ca-bundle.crt",
        "/etc/ssl/ca-bundle.pem",
    };
    const char *path = getenv("SSL_CERT_FILE");
    path = path && *path ? path : NULL;
    for (size_t i = 0; !path && i < sizeof(places) / sizeof(*places); i++)
        path = access(places[i], R_OK) == 0 ? places[i] : NULL;
    if (!path)
        return chimera_fail(err, CHIMERA_EIO,
                            "an image holds the certificates that the web is trusted by, and none "
                            "are here: install ca-certificates, or name a file by SSL_CERT_FILE");
    return image_tree_add_file(tree, IMAGE_CERTIFICATES, path, 0644, err);
}

/* Other spellings of all that is there already. */
static bool is_zone(const char *name, bool is_top)
{
    return name[0] != '.' &&
           !(is_top && (strcmp(name, "posix") == 0 || strcmp(name, "right") == 0 ||
                        strcmp(name, "localtime") == 0));
}

/* Links are followed: a zone with two names is there twice. */
static int add_zones(struct image_tree *tree, const char *folder, unsigned depth,
                     struct chimera_error *err)
{
    char path[PATH_SIZE];
    int code = CHIMERA_OK;
    DIR *names = opendir(folder);
    if (!names && depth == 0) {
        say_warning("no time zones in the image, as this system has none: policies that ask for "
                    "one by name find none (install tzdata)");
        return CHIMERA_OK;
    }
    for (struct dirent *entry; names && code == CHIMERA_OK && (entry = readdir(names));) {
        struct stat status;
        int size = snprintf(path, sizeof(path), "%s/%s", folder, entry->d_name);
        if (!is_zone(entry->d_name, depth == 0) || size >= (int)sizeof(path) ||
            stat(path, &status) < 0)
            continue;
        if (S_ISDIR(status.st_mode) && depth < ZONES_DEPTH)
            code = add_zones(tree, path, depth + 1, err);
        else if (S_ISREG(status.st_mode))
            code = image_tree_add_file(tree, path + 1, path, 0644, err);
    }
    if (names)
        closedir(names);
    return code;
}

int image_root_fill(const char *server, struct image_libraries *libraries,
                    struct chimera_error *err)
{
    struct image_tree *tree = libraries->tree;
    int code = add_programs(server, libraries, err);
    if (code == CHIMERA_OK)
        code = add_certificates(tree, err);
    if (code == CHIMERA_OK)
        code = add_zones(tree, "/" ZONES, 0, err);
    if (code == CHIMERA_OK)
        code = image_tree_add_text(tree, "etc/passwd", passwd, 0644, err);
    if (code == CHIMERA_OK)
        code = image_tree_add_text(tree, "etc/group", group, 0644, err);
    if (code == CHIMERA_OK)
        code = image_tree_add_text(tree, "etc/nsswitch.conf", name_services, 0644, err);
    if (code == CHIMERA_OK)
        code = image_tree_add_folder(tree, "tmp", 01777, err);
    return code;
}
