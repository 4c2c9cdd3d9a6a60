/* SPDX-License-Identifier: Apache-2.0 */
#include "compiler/fetch/https.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/base/cleanup.h"

static char *https_of(const char *url)
{
    static const char plain[] = "http://";
    char *text = NULL;
    if (strncmp(url, plain, strlen(plain)) != 0)
        return strdup(url);
    return asprintf(&text, "https://%s", url + strlen(plain)) < 0 ? NULL : text;
}

int chimera_https_get(struct chimera_transport *transport, const char *url, uint64_t limit,
                      const struct chimera_transfer_sink *sink, struct chimera_error *err)
{
    CHIMERA_FREE char *asked = https_of(url);
    struct chimera_transfer_answer answer = {0};
    if (!asked)
        return chimera_fail_memory(err);
    const struct chimera_transfer_request request = {.method = "GET",
                                                     .url = asked,
                                                     .body = CHIMERA_NO_BODY,
                                                     .sink = sink,
                                                     .limit = limit,
                                                     .is_idempotent = true};
    int code = chimera_transfer(transport, &request, &answer, err);
    if (code == CHIMERA_OK && (answer.status < 200 || answer.status > 299))
        code = chimera_fail(err, CHIMERA_EIO, "%s: the server answers %u", url, answer.status);
    chimera_transfer_answer_done(&answer);
    return code;
}
