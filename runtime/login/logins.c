/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/login/logins.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/base/cleanup.h"
#include "runtime/log/log.h"
#include "runtime/login/credentials.h"
#include "runtime/text/printable.h"

/* `place` is host[:port][/prefix]; there is a login for what is asked there, or for its host. */
static int add_place(struct chimera_logins *logins, const struct chimera_login_finder *finder,
                     const char *place, const char *repository, struct chimera_error *err)
{
    CHIMERA_FREE char *warning = NULL;
    CHIMERA_FREE char *whole = NULL;
    const struct chimera_slice host = {place, strcspn(place, "/")};
    for (size_t i = 0; i < logins->count; i++)
        if (chimera_slice_is(host, logins->hosts[i]))
            return CHIMERA_OK;
    if (logins->count == CHIMERA_LOGINS_MAX)
        return chimera_fail(err, CHIMERA_ELIMIT, "more than %d mirrors of one registry",
                            CHIMERA_LOGINS_MAX - 1);
    if (asprintf(&whole, "%s/%s", place, repository) < 0) {
        whole = NULL;
        return chimera_fail_memory(err);
    }
    char *copy = strndup(host.data, host.size);
    if (!copy)
        return chimera_fail_memory(err);
    size_t at = logins->count++;
    logins->hosts[at] = copy;
    int code = finder->find(finder, whole, &logins->credentials[at], &warning, err);
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

int chimera_logins_find_by(const struct chimera_login_finder *finder,
                           const struct chimera_image_reference *image,
                           const struct chimera_sources *sources, struct chimera_logins *ret_logins,
                           struct chimera_error *err)
{
    *ret_logins = (struct chimera_logins){0};
    int code =
        add_place(ret_logins, finder, chimera_image_reference_host(image), image->repository, err);
    for (size_t i = 0; code == CHIMERA_OK && sources && i < sources->mirror_count; i++) {
        const struct chimera_mirror *mirror = &sources->mirrors[i];
        /* Docker's registry has two names. */
        if (strcmp(mirror->host, image->registry) != 0 &&
            strcmp(mirror->host, chimera_image_reference_host(image)) != 0)
            continue;
        for (size_t j = 0; code == CHIMERA_OK && mirror->places[j]; j++)
            code = add_place(ret_logins, finder, mirror->places[j], image->repository, err);
    }
    if (code < 0)
        chimera_logins_done(ret_logins);
    return code;
}

static int find_by_docker(const struct chimera_login_finder *finder, const char *place,
                          struct chimera_credential *ret_credential, char **ret_warning,
                          struct chimera_error *err)
{
    return chimera_credential_find(finder->docker_config, place, ret_credential, ret_warning, err);
}

int chimera_logins_find(const char *docker_config, const struct chimera_image_reference *image,
                        const struct chimera_sources *sources, struct chimera_logins *ret_logins,
                        struct chimera_error *err)
{
    const struct chimera_login_finder finder = {.find = find_by_docker,
                                                .docker_config = docker_config};
    return chimera_logins_find_by(&finder, image, sources, ret_logins, err);
}

void chimera_logins_done(struct chimera_logins *logins)
{
    for (size_t i = 0; i < logins->count; i++) {
        chimera_credential_done(&logins->credentials[i]);
        free(logins->hosts[i]);
    }
    logins->count = 0;
}
