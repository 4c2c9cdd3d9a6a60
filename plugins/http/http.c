/* SPDX-License-Identifier: Apache-2.0 */
/* http.c - answers Rego's http.send, as OPA 1.22 does (topdown/http.go), of hosts that are allowed.
 *
 * The request's fields are `request`, the argument of http.send, and `hosts`, those that the policy
 * may ask, or null. The setting `http_hosts` has those that anybody may ask. Where neither is
 * there, nobody is asked.
 */
#include <curl/curl.h>
#include <pthread.h>
#include <stdlib.h>

#include "plugins/http/http_response.h"
#include "runtime/capability/provider_answer.h"
#include "runtime/json/tree.h"

extern const struct chimera_provider chimera_provider;

struct http_provider {
    struct json_object *hosts;      /* borrowed from the settings; NULL: none are set */
    _Atomic uint64_t asked, failed; /* for count() alone */
};

static struct json_object *list_of(struct json_object *in, const char *name)
{
    struct json_object *list = chimera_json_member(in, name);
    return json_object_is_type(list, json_type_array) ? list : NULL;
}

static void call(void *self, const struct chimera_host_request *request, uint64_t deadline_ns,
                 struct chimera_provider_answer *answer)
{
    struct http_provider *provider = self;
    struct json_object *argument = chimera_json_member(request->fields, "request");
    const struct http_hosts hosts = {provider->hosts, list_of(request->fields, "hosts")};
    struct http_failure failure = {0};
    struct http_request asked;
    struct http_answer got = {0};
    bool raises = true;
    int code = http_request_read_raise(argument, &raises, &failure);
    if (code == CHIMERA_OK) {
        code = http_request_read(argument, &asked, &failure);
        if (code == CHIMERA_OK)
            code = http_exchange_run(&asked, &hosts, deadline_ns, &got, &failure);
        if (code == CHIMERA_OK)
            http_response_give(&asked, &got, deadline_ns, answer);
        http_answer_done(&got);
        http_request_done(&asked);
    }
    if (code < 0)
        http_response_fail(&failure, raises, answer);
    provider->asked++;
    provider->failed += code < 0;
}

static void begin_curl(void)
{
    curl_global_init(CURL_GLOBAL_DEFAULT);
}

static int open_http(const struct chimera_provider_host *host, void **ret_self,
                     struct chimera_error *err)
{
    static pthread_once_t is_begun = PTHREAD_ONCE_INIT;
    struct http_provider *provider = calloc(1, sizeof(*provider));
    if (!provider)
        return chimera_fail_memory(err);
    pthread_once(&is_begun, begin_curl);
    provider->hosts = list_of(host->settings, "http_hosts");
    *ret_self = provider;
    return CHIMERA_OK;
}

static void count(void *self, struct chimera_buffer *out)
{
    struct http_provider *provider = self;
    uint64_t failed = provider->failed, asked = provider->asked;
    chimera_buffer_print(out,
                         "# TYPE chimera_http_requests_total counter\n"
                         "chimera_http_requests_total{result=\"success\"} %llu\n"
                         "chimera_http_requests_total{result=\"failure\"} %llu\n",
                         (unsigned long long)(asked > failed ? asked - failed : 0),
                         (unsigned long long)failed);
}

__attribute__((visibility("default"))) const struct chimera_provider chimera_provider = {
    .abi = CHIMERA_PROVIDER_ABI,
    .name = "http",
    .open = open_http,
    .call = call,
    .count = count,
    .close = free,
};
