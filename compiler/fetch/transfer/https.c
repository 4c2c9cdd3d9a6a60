/* SPDX-License-Identifier: Apache-2.0 */
#include "compiler/fetch/transfer/https.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "compiler/fetch/transfer/transfer_url.h"
#include "runtime/base/cleanup.h"
#include "runtime/source/file_kind.h"
#include "runtime/text/problems.h"

/* A sink before that of the caller, which looks at how the body begins. */
struct entrance {
    const struct chimera_transfer_sink *sink;
    const char *url;
    struct chimera_error why; /* filled when it is no module */
    size_t size;              /* of the head so far */
    char head[CHIMERA_FILE_HEAD];
};

static int restart(void *context)
{
    struct entrance *entrance = context;
    entrance->size = 0;
    return entrance->sink->restart ? entrance->sink->restart(entrance->sink->context) : CHIMERA_OK;
}

static int check(struct entrance *entrance)
{
    struct chimera_error why = {0};
    const struct chimera_slice head = {entrance->head, entrance->size};
    int code = chimera_file_check_wasm(entrance->url, head, &why);
    return code < 0 ? chimera_fail(&entrance->why, code, "invalid wasm file: %s", why.text) : code;
}

static int take(void *context, struct chimera_slice bytes)
{
    struct entrance *entrance = context;
    size_t room = sizeof(entrance->head) - entrance->size;
    size_t size = bytes.size < room ? bytes.size : room;
    memcpy(entrance->head + entrance->size, bytes.data, size);
    entrance->size += size;
    int code = size > 0 && size == room ? check(entrance) : CHIMERA_OK;
    return code < 0 ? code : entrance->sink->take(entrance->sink->context, bytes);
}

/* Blanks around it are no part of a URL, as for parsers of them. */
static char *https_of(const char *url)
{
    struct chimera_slice rest = chimera_slice_trim(chimera_slice_of(url));
    size_t scheme = strlen("http://");
    char *text = NULL;
    if (rest.size < scheme || strncasecmp(rest.data, "http://", scheme) != 0)
        return strndup(rest.data, rest.size);
    if (asprintf(&text, "https://%.*s", (int)(rest.size - scheme), rest.data + scheme) < 0)
        return NULL;
    return text;
}

static const char *explain(unsigned status)
{
    switch (status) {
    case 401:
    case 403:
    case 407:
        return ": it wants a login, or another one, and there is none for web servers";
    case 404:
    case 410:
        return ": there is no such file";
    case 429:
        return ": it is asked too often";
    default:
        return status >= 500 ? ": it has trouble of its own" : "";
    }
}

static int ask(struct chimera_transport *transport, const struct chimera_transfer_request *request,
               struct entrance *entrance, struct chimera_error *err)
{
    struct chimera_transfer_answer answer = {0};
    struct chimera_error why = {0};
    int code = chimera_transfer(transport, request, &answer, &why);
    if (code < 0)
        return chimera_error_pass(entrance->why.code < 0 ? &entrance->why : &why, err);
    if (answer.status < 200 || answer.status > 299) {
        /* The query of a URL may be a secret, and is left out. */
        struct chimera_url url = {0};
        code = chimera_url_parse(NULL, answer.url, &url, err);
        if (code == CHIMERA_OK)
            code = chimera_fail(err, CHIMERA_EIO, "%s: the server answers %u%s", url.shown,
                                answer.status, explain(answer.status));
        chimera_url_done(&url);
    } else if (entrance->size < sizeof(entrance->head) && check(entrance) < 0)
        code = chimera_error_pass(&entrance->why, err);
    chimera_transfer_answer_done(&answer);
    return code;
}

int chimera_https_get(struct chimera_transport *transport, const char *url, uint64_t limit,
                      const struct chimera_transfer_sink *sink, struct chimera_error *err)
{
    CHIMERA_FREE char *asked = https_of(url);
    struct chimera_url parts = {0};
    if (!asked)
        return chimera_fail_memory(err);
    int code = chimera_url_parse(NULL, asked, &parts, err);
    if (code < 0)
        return code;
    struct entrance entrance = {.sink = sink, .url = parts.shown};
    const struct chimera_transfer_sink outer = {restart, take, &entrance};
    const struct chimera_transfer_request request = {.method = "GET",
                                                     .url = asked,
                                                     .body = CHIMERA_NO_BODY,
                                                     .sink = &outer,
                                                     .limit = limit,
                                                     .is_idempotent = true};
    code = ask(transport, &request, &entrance, err);
    chimera_url_done(&parts);
    return code;
}
