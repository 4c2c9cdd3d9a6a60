/* SPDX-License-Identifier: Apache-2.0 */
/* http_request.h - the argument of Rego's http.send, checked as OPA 1.22 does
 * (topdown/http.go), and with its words.
 */
#ifndef CHIMERA_PLUGINS_HTTP_REQUEST_H
#define CHIMERA_PLUGINS_HTTP_REQUEST_H

#include <json-c/json.h>

#include "runtime/base/buffer.h"
#include "runtime/base/error.h"

enum http_failure_kind { /* as OPA tells it where raise_error is false */
                         HTTP_FAILURE_NONE,
                         HTTP_FAILURE_BUILTIN, /* "eval_builtin_error: http.send: …" */
                         HTTP_FAILURE_TYPE,    /* "eval_type_error: http.send: …" */
                         HTTP_FAILURE_BARE,    /* the text alone */
                         HTTP_FAILURE_NETWORK, /* the same, with the code of the network's */
                         HTTP_FAILURE_TIMEOUT, /* the same; where it is raised, shorter */
};

struct http_failure {
    enum http_failure_kind kind;
    struct chimera_error err;
};

/* Returns CHIMERA_EINVAL. */
int http_fail(struct http_failure *failure, enum http_failure_kind kind, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

struct http_header {
    const char *name; /* as it was written; borrowed, as the value */
    const char *value;
};

#define HTTP_HEADERS_MAX 128

struct http_request { /* owns its buffers; texts in them end in NUL */
    struct chimera_buffer method, url, server_name;
    struct chimera_buffer body;
    struct chimera_buffer authorities, certificate, key; /* PEM; empty: none */
    struct http_header headers[HTTP_HEADERS_MAX];
    size_t header_count;
    bool follows, is_unverified, trusts_system, decodes_json, decodes_yaml;
    bool may_be_kept;
    int64_t kept_seconds; /* -1: as long as the answer says */
    uint64_t timeout_ns;  /* 0: none */
    unsigned retries;
};

/* `raise_error` alone, which says what becomes of all other failures. */
int http_request_read_raise(struct json_object *argument, bool *ret_raises,
                            struct http_failure *failure);
/* The rest; borrows from the argument. Ends with http_request_done() in any case. */
int http_request_read(struct json_object *argument, struct http_request *request,
                      struct http_failure *failure);
void http_request_done(struct http_request *request);

/* NUL behind the buffer's end is always there. */
static inline const char *http_text(const struct chimera_buffer *buffer)
{
    return buffer->data ? buffer->data : "";
}

#endif
