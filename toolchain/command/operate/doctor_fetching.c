/* SPDX-License-Identifier: Apache-2.0 */
/* doctor_fetching.c - could policies be fetched here? One line for each thing that it takes, and
 * what to do where it is missing. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "compiler/fetch/health.h"
#include "runtime/base/cleanup.h"
#include "runtime/login/credentials.h"
#include "toolchain/command/fetch_flags.h"
#include "toolchain/command/operate/doctor.h"

#define HOSTS_MAX 32
#define NOTE_MAX ((size_t)64 << 10)
#define ROOM_LEAST ((uint64_t)256 << 20) /* some policies are of 20 MB */

struct hosts {
    char *list[HOSTS_MAX]; /* owned */
    size_t count;
};

/* --- Which registries --- */

static void add_host(void *context, const char *host)
{
    struct hosts *hosts = context;
    for (size_t i = 0; i < hosts->count; i++)
        if (strcmp(hosts->list[i], host) == 0)
            return;
    if (hosts->count < HOSTS_MAX && (hosts->list[hosts->count] = strdup(host)))
        hosts->count++;
}

static void add_configured(const struct fetch_flags *flags, struct hosts *hosts)
{
    const struct chimera_sources *sources = &flags->sources;
    for (size_t i = 0; sources->insecure && sources->insecure[i]; i++)
        add_host(hosts, sources->insecure[i]);
    for (size_t i = 0; i < sources->authority_count; i++)
        add_host(hosts, sources->authorities[i].host);
    for (size_t i = 0; i < sources->mirror_count; i++)
        add_host(hosts, sources->mirrors[i].host);
    chimera_credential_hosts(flags->fetch.docker_config, add_host, hosts);
}

/* --- One of them --- */

static const char *trust_of(const struct chimera_health *health)
{
    if (health->is_plain)
        return "without TLS, as sources.yaml allows: anybody on the way can read and change it";
    if (health->is_unverified)
        return "with a certificate that nobody has checked, as sources.yaml allows: name its "
               "authority under source_authorities instead";
    return health->has_own_authorities
               ? "its certificate is by an authority of this machine, or of source_authorities"
               : "its certificate is by an authority of this machine";
}

static int report_login(const struct chimera_health *health, const char *host, enum finding missing,
                        doctor_reporter *report)
{
    CHIMERA_FREE char *what = NULL;
    if (asprintf(&what, "login %s", host) < 0)
        what = NULL;
    const char *name = what ? what : "login";
    if (health->warning)
        report(FINDING_NOTE, name, "%s", health->warning);
    if (health->refusal)
        return report(missing, name, "from %s: %s; log in again, as with `skopeo login %s`",
                      health->login, health->refusal, host);
    if (health->login && health->wants_login)
        return report(FINDING_GOOD, name, "from %s: taken", health->login);
    if (health->login)
        return report(FINDING_GOOD, name, "from %s: not asked for", health->login);
    if (health->wants_login)
        return report(FINDING_NOTE, name,
                      "none: only what is public can be fetched, and nothing pushed; `skopeo login "
                      "%s` keeps one in Docker's config.json",
                      host);
    return report(FINDING_GOOD, name, "none, and none is asked for");
}

static int report_registry(const struct fetch_flags *flags, const char *host, enum finding missing,
                           doctor_reporter *report)
{
    struct chimera_health health = {0};
    struct chimera_error err = {0};
    CHIMERA_FREE char *what = NULL;
    if (asprintf(&what, "registry %s", host) < 0)
        what = NULL;
    const char *name = what ? what : "registry";
    if (chimera_health_find(&flags->fetch, host, &health, &err) < 0)
        return report(missing, name, "%s", err.text);
    const char *by = health.proxy ? "by the proxy " : "", *proxy = health.proxy ? health.proxy : "";
    int bad = 0;
    if (health.failure) {
        bad =
            report(missing, name, "%s%s%s%s", by, proxy, health.proxy ? ": " : "", health.failure);
    } else {
        report(health.is_plain || health.is_unverified ? FINDING_NOTE : FINDING_GOOD, name,
               "answers %s%s%s%s", by, proxy, health.proxy ? "; " : "", trust_of(&health));
        bad = report_login(&health, host, missing, report);
    }
    chimera_health_done(&health);
    return bad;
}

/* Those that were named must be there; the others may be of another day. */
static int check_registries(const struct chimera_cli_options *options,
                            const struct fetch_flags *flags, doctor_reporter *report)
{
    struct hosts hosts = {0};
    bool are_named = chimera_cli_is_given(options, "registry");
    int bad = 0;
    for (size_t i = 0; i < options->given_count; i++)
        if (strcmp(options->given[i].option->name, "registry") == 0)
            add_host(&hosts, options->given[i].value);
    if (!are_named)
        add_configured(flags, &hosts);
    for (size_t i = 0; i < hosts.count; i++) {
        bad +=
            report_registry(flags, hosts.list[i], are_named ? FINDING_BAD : FINDING_NOTE, report);
        free(hosts.list[i]);
    }
    return bad;
}

/* --- This machine --- */

/* What is there of it. */
static char *find_parent(const char *path)
{
    char *parent = strdup(path);
    while (parent && access(parent, F_OK) != 0) {
        char *slash = strrchr(parent, '/');
        if (!slash || slash == parent)
            break;
        *slash = '\0';
    }
    return parent;
}

static int check_store(const char *store, doctor_reporter *report)
{
    struct statvfs file_system;
    CHIMERA_FREE char *folder = find_parent(store);
    if (!folder)
        return report(FINDING_BAD, "store", "out of memory");
    if (access(folder, W_OK | X_OK) != 0)
        return report(FINDING_BAD, "store",
                      "%s: %s; name another folder with --store or "
                      "XDG_CACHE_HOME",
                      folder, strerror(errno));
    if (statvfs(folder, &file_system) != 0)
        return report(FINDING_NOTE, "store", "%s: %s", folder, strerror(errno));
    uint64_t room = (uint64_t)file_system.f_bavail * file_system.f_frsize;
    return report(room < ROOM_LEAST ? FINDING_BAD : FINDING_GOOD, "store", "%s%s, %llu MiB free%s",
                  store, access(store, F_OK) == 0 ? "" : " (not there yet)",
                  (unsigned long long)(room >> 20),
                  room < ROOM_LEAST ? ": make room, as with `rm` and `cache prune`" : "");
}

static int check_trust(const struct fetch_flags *flags, doctor_reporter *report)
{
    struct chimera_buffer note;
    struct chimera_error err = {0};
    const char *path = flags->fetch.trust_root;
    chimera_buffer_init(&note, NOTE_MAX);
    int code = chimera_health_find_trust(&flags->fetch, &note, &err);
    int bad = code < 0 ? report(FINDING_BAD, "trust root", "%s", err.text)
              : note.size > 0
                  ? report(FINDING_NOTE, "trust root", "%.*s", (int)note.size, note.data)
                  : report(FINDING_GOOD, "trust root", "%s",
                           path ? path : "as shipped, of Sigstore's public instance");
    chimera_buffer_free(&note);
    return bad;
}

int doctor_check_fetching(const struct chimera_cli_options *options, doctor_reporter *report)
{
    struct fetch_flags flags;
    struct chimera_error err = {0};
    if (fetch_flags_read(options, &flags, &err) < 0)
        return report(FINDING_BAD, "fetching", "%s", err.text);
    int bad = check_store(flags.fetch.store, report) + check_trust(&flags, report) +
              check_registries(options, &flags, report);
    fetch_flags_done(&flags);
    return bad;
}
