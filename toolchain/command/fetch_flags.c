/* SPDX-License-Identifier: Apache-2.0 */
#include "toolchain/command/fetch_flags.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "compiler/fetch/store/store.h"
#include "compiler/opa/signature.h"
#include "runtime/base/cleanup.h"
#include "runtime/log/log.h"
#include "runtime/source/user_folders.h"
#include "toolchain/command/commands.h"
#include "toolchain/command/shared_cache.h"
#include "toolchain/command/verify_flags.h"

/* The documentation calls it sources.yml, the reference reads sources.yaml. */
static char *find_default_sources(void)
{
    static const char *const names[] = {"sources.yaml", "sources.yml"};
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        char *path = chimera_user_path(chimera_user_config_folder(), names[i]);
        if (path && access(path, F_OK) == 0)
            return path;
        free(path);
    }
    return NULL;
}

static int read_sources(const struct chimera_cli_options *options, struct fetch_flags *flags,
                        struct chimera_error *err)
{
    const char *given = chimera_cli_value(options, "sources-path");
    char *path = flags->sources_path = given ? strdup(given) : find_default_sources();
    CHIMERA_FREE char *warnings = NULL;
    if (!path)
        return given ? chimera_fail_memory(err) : CHIMERA_OK;
    int code = chimera_sources_read(path, &flags->sources, &warnings, err);
    if (code < 0)
        return code;
    if (warnings)
        say_warning("%s", warnings);
    flags->fetch.sources = &flags->sources;
    return CHIMERA_OK;
}

/* One of the keys must have signed. */
static int read_builders(const struct chimera_cli_options *options, struct fetch_flags *flags,
                         struct chimera_error *err)
{
    int code = verify_flags_read_keys(options, "trusted-builder-key", &flags->builders, err);
    if (code < 0 || flags->builders.all_count == 0)
        return code;
    flags->builders.any_of = flags->builders.all_of;
    flags->builders.any_count = flags->builders.all_count;
    flags->builders.all_of = NULL;
    flags->builders.all_count = 0;
    flags->builders.has_any_of = true;
    flags->builders.minimum_matches = 1;
    flags->fetch.builders = &flags->builders;
    return CHIMERA_OK;
}

static int find_store(const struct chimera_cli_options *options, struct fetch_flags *flags,
                      struct chimera_error *err)
{
    const char *given = chimera_cli_value(options, "store");
    flags->store = given ? strdup(given) : chimera_store_default();
    /* What lies in it is named by what is behind the root and one slash. */
    for (size_t size = flags->store ? strlen(flags->store) : 0;
         size > 1 && flags->store[size - 1] == '/';)
        flags->store[--size] = '\0';
    if (!flags->store)
        return given ? chimera_fail_memory(err)
                     : chimera_fail(err, CHIMERA_EINVAL,
                                    "there is no folder for policies: set HOME or XDG_CACHE_HOME");
    flags->fetch.store = flags->store;
    return CHIMERA_OK;
}

int fetch_flags_require_signed(const struct chimera_cli_options *options, struct chimera_error *err)
{
    const char *key = chimera_cli_value(options, "opa-bundle-key"),
               *scope = chimera_cli_value(options, "opa-bundle-scope");
    if (!key && scope)
        return chimera_fail(err, CHIMERA_EINVAL,
                            "the argument '--opa-bundle-scope' needs '--opa-bundle-key <PATH>'");
    return key ? chimera_opa_require_signature(key, scope, err) : CHIMERA_OK;
}

int fetch_flags_read(const struct chimera_cli_options *options, struct fetch_flags *ret_flags,
                     struct chimera_error *err)
{
    *ret_flags = (struct fetch_flags){
        .fetch = {.docker_config = chimera_cli_value(options, "docker-config-json-path"),
                  .trust_root = chimera_cli_value(options, "sigstore-trust-config"),
                  .is_offline = chimera_cli_is_given(options, "offline"),
                  .shows_progress = !option_quiet(options)}};
    int code = find_store(options, ret_flags, err);
    if (code == CHIMERA_OK)
        code = read_sources(options, ret_flags, err);
    if (code == CHIMERA_OK) {
        bool is_asked = false;
        code = verify_flags_read(options, &ret_flags->verification, &is_asked, err);
        if (code == CHIMERA_OK && is_asked)
            ret_flags->fetch.verification = &ret_flags->verification;
    }
    if (code == CHIMERA_OK)
        code = read_builders(options, ret_flags, err);
    if (code == CHIMERA_OK)
        code = fetch_flags_require_signed(options, err);
    if (code == CHIMERA_OK)
        code = shared_cache_open(options, &ret_flags->fetch, &ret_flags->shared, err);
    if (code < 0)
        fetch_flags_done(ret_flags);
    return code;
}

void fetch_flags_done(struct fetch_flags *flags)
{
    chimera_shared_close(&flags->shared);
    chimera_sources_done(&flags->sources);
    chimera_verification_done(&flags->verification);
    chimera_verification_done(&flags->builders);
    free(flags->store);
    free(flags->sources_path);
    *flags = (struct fetch_flags){0};
}

char *fetch_uri(const char *argument)
{
    char *uri = NULL;
    bool has_scheme = strstr(argument, "://") || strncmp(argument, "file:", strlen("file:")) == 0;
    return asprintf(&uri, "%s%s", has_scheme ? "" : "registry://", argument) < 0 ? NULL : uri;
}

void fetch_say_verified(const char *uri, const struct chimera_fetched *fetched)
{
    enum chimera_log_level before = chimera_log_from;
    struct chimera_span *span = chimera_log_span;
    if (!fetched->signers || say_level() == SAY_QUIET)
        return;
    if (say_level() != SAY_VERBOSE)
        chimera_log_open(STDERR_FILENO, CHIMERA_LOG_TEXT, CHIMERA_LOG_INFO);
    chimera_log_span = NULL; /* nobody who listens within it is to hear this (verdict/said.h) */
    chimera_log_with(CHIMERA_LOG_INFO, "chimera::verify",
                     CHIMERA_SLICE("Policy successfully verified"),
                     CHIMERA_TEXT("uri", chimera_slice_of(uri)),
                     CHIMERA_TEXT("digest", chimera_slice_of(fetched->manifest_digest)),
                     CHIMERA_TEXT("signers", chimera_slice_of(fetched->signers)));
    chimera_log_span = span;
    if (say_level() != SAY_VERBOSE)
        chimera_log_open(span ? -1 : STDERR_FILENO, CHIMERA_LOG_TEXT, before);
}

void fetch_warn_of_trust(const struct chimera_fetched *fetched)
{
    static bool is_said;
    if (fetched->trust_note && !is_said)
        say_warning("%s", fetched->trust_note);
    is_said = is_said || fetched->trust_note;
}
