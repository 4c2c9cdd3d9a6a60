/* SPDX-License-Identifier: Apache-2.0 */
/* fetching.c - could policies be fetched here? One line for each thing that it takes, and
 * what to do where it is missing. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "compiler/fetch/health.h"
#include "runtime/base/cleanup.h"
#include "runtime/login/credentials.h"
#include "toolchain/command/doctor/parts.h"
#include "toolchain/command/fetch_flags.h"

#define HOSTS_MAX 32
#define NOTE_MAX ((size_t)64 << 10)
#define ROOM_LEAST_MIB 256 /* some policies are of 20 MB */

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

static void say_login(struct doctor_report *report, const struct chimera_health *health,
                      const char *host, enum doctor_finding missing)
{
    CHIMERA_FREE char *what = NULL;
    if (asprintf(&what, "login %s", host) < 0)
        what = NULL;
    const char *name = what ? what : "login";
    if (health->warning)
        doctor_say(report, DOCTOR_NOTE, name, "%s", health->warning);
    if (health->refusal)
        doctor_say(report, missing, name, "from %s: %s; log in again, as with `skopeo login %s`",
                   health->login, health->refusal, host);
    else if (health->login)
        doctor_say(report, DOCTOR_GOOD, name,
                   health->wants_login ? "from %s: taken" : "from %s: not asked for",
                   health->login);
    else if (health->wants_login)
        doctor_say(report, DOCTOR_NOTE, name,
                   "none: only what is public can be fetched, and nothing pushed; `skopeo login "
                   "%s` keeps one in Docker's config.json",
                   host);
    else
        doctor_say(report, DOCTOR_GOOD, name, "none, and none is asked for");
}

static void say_registry(struct doctor_report *report, const struct fetch_flags *flags,
                         const char *host, enum doctor_finding missing)
{
    struct chimera_health health = {0};
    struct chimera_error err = {0};
    CHIMERA_FREE char *what = NULL;
    if (asprintf(&what, "registry %s", host) < 0)
        what = NULL;
    const char *name = what ? what : "registry";
    if (chimera_health_find(&flags->fetch, host, &health, &err) < 0) {
        doctor_say(report, missing, name, "%s", err.text);
        return;
    }
    const char *by = health.proxy ? "by the proxy " : "", *proxy = health.proxy ? health.proxy : "";
    if (health.failure) {
        doctor_say(report, missing, name, "%s%s%s%s", by, proxy, health.proxy ? ": " : "",
                   health.failure);
    } else {
        doctor_say(report, health.is_plain || health.is_unverified ? DOCTOR_NOTE : DOCTOR_GOOD,
                   name, "answers %s%s%s%s", by, proxy, health.proxy ? "; " : "",
                   trust_of(&health));
        say_login(report, &health, host, missing);
    }
    chimera_health_done(&health);
}

/* Those that were named must be there; the others may be of another day. */
static void check_registries(const struct chimera_cli_options *options,
                             const struct fetch_flags *flags, struct doctor_report *report)
{
    struct hosts hosts = {0};
    bool are_named = chimera_cli_is_given(options, "registry");
    for (size_t i = 0; i < options->given_count; i++)
        if (strcmp(options->given[i].option->name, "registry") == 0)
            add_host(&hosts, options->given[i].value);
    if (!are_named)
        add_configured(flags, &hosts);
    for (size_t i = 0; i < hosts.count; i++) {
        say_registry(report, flags, hosts.list[i], are_named ? DOCTOR_BAD : DOCTOR_NOTE);
        free(hosts.list[i]);
    }
}

/* --- This machine --- */

static void check_store(const char *store, struct doctor_report *report)
{
    CHIMERA_FREE char *folder = doctor_find_parent(store);
    struct chimera_error err = {0};
    if (!folder || doctor_try_to_write(folder, &err) < 0) {
        doctor_say(report, DOCTOR_BAD, "store",
                   "%s: %s; name another folder with --store or XDG_CACHE_HOME", store,
                   folder ? err.text : "out of memory");
        return;
    }
    unsigned long long room = doctor_room_mib(folder);
    bool is_scarce = room < ROOM_LEAST_MIB;
    doctor_say(report, is_scarce ? DOCTOR_BAD : DOCTOR_GOOD, "store", "%s%s, %llu MiB free%s",
               store, access(store, F_OK) == 0 ? "" : " (not there yet)", room,
               is_scarce ? ": make room, as with `rm` and `cache prune`" : "");
}

static void check_trust(const struct fetch_flags *flags, struct doctor_report *report)
{
    struct chimera_buffer note;
    struct chimera_error err = {0};
    const char *path = flags->fetch.trust_root;
    chimera_buffer_init(&note, NOTE_MAX);
    if (chimera_health_find_trust(&flags->fetch, &note, &err) < 0)
        doctor_say(report, DOCTOR_BAD, "trust root", "%s", err.text);
    else if (note.size > 0)
        doctor_say(report, DOCTOR_NOTE, "trust root", "%.*s", (int)note.size, note.data);
    else
        doctor_say(report, DOCTOR_GOOD, "trust root", "%s",
                   path ? path : "as shipped, of Sigstore's public instance");
    chimera_buffer_free(&note);
}

void doctor_check_fetching(const struct chimera_cli_options *options, struct doctor_report *report)
{
    struct fetch_flags flags;
    struct chimera_error err = {0};
    if (fetch_flags_read(options, &flags, &err) < 0) {
        doctor_say(report, DOCTOR_BAD, "fetching", "%s", err.text);
        return;
    }
    check_store(flags.fetch.store, report);
    check_trust(&flags, report);
    check_registries(options, &flags, report);
    fetch_flags_done(&flags);
}
