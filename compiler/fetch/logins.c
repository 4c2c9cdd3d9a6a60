/* SPDX-License-Identifier: Apache-2.0 */
#include "compiler/fetch/logins.h"

#include <stdlib.h>
#include <string.h>

#include "runtime/base/cleanup.h"
#include "runtime/log/log.h"
#include "runtime/text/printable.h"

static int add_host(struct chimera_logins *logins, const char *docker_config,
                    struct chimera_slice host, struct chimera_error *err)
{
    CHIMERA_FREE char *warning = NULL;
    for (size_t i = 0; i < logins->count; i++)
        if (chimera_slice_is(host, logins->hosts[i]))
            return CHIMERA_OK;
    if (logins->count == CHIMERA_LOGINS_MAX)
        return chimera_fail(err, CHIMERA_ELIMIT, "more than %d mirrors of one registry",
                            CHIMERA_LOGINS_MAX - 1);
    char *copy = strndup(host.data, host.size);
    if (!copy)
        return chimera_fail_memory(err);
    size_t at = logins->count++;
    logins->hosts[at] = copy;
    int code =
        chimera_credential_find(docker_config, copy, &logins->credentials[at], &warning, err);
    if (warning && at == 0)
        chimera_printable_say(stderr, "Warning", "%s", warning);
    if (code < 0)
        return code;
    logins->list[at] = (struct chimera_login){copy, &logins->credentials[at]};
    chimera_log_with(CHIMERA_LOG_DEBUG, "chimera::registry", CHIMERA_SLICE("login"),
                     CHIMERA_TEXT("host", host),
                     CHIMERA_TEXT("from", chimera_slice_of(logins->credentials[at].origin
                                                               ? logins->credentials[at].origin
                                                               : "none: anonymous")));
    return CHIMERA_OK;
}

int chimera_logins_find(const char *docker_config, const char *host,
                        const struct chimera_sources *sources, struct chimera_logins *ret_logins,
                        struct chimera_error *err)
{
    *ret_logins = (struct chimera_logins){0};
    int code = add_host(ret_logins, docker_config, chimera_slice_of(host), err);
    for (size_t i = 0; code == CHIMERA_OK && sources && i < sources->mirror_count; i++) {
        const struct chimera_mirror *mirror = &sources->mirrors[i];
        if (strcmp(mirror->host, host) != 0)
            continue;
        for (size_t j = 0; code == CHIMERA_OK && mirror->places[j]; j++) {
            const char *place = mirror->places[j];
            const struct chimera_slice at = {place, strcspn(place, "/")};
            code = add_host(ret_logins, docker_config, at, err);
        }
    }
    if (code < 0)
        chimera_logins_done(ret_logins);
    return code;
}

void chimera_logins_done(struct chimera_logins *logins)
{
    for (size_t i = 0; i < logins->count; i++) {
        chimera_credential_done(&logins->credentials[i]);
        free(logins->hosts[i]);
    }
    logins->count = 0;
}
