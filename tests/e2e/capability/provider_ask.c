/* SPDX-License-Identifier: Apache-2.0 */
/* provider_ask.c - asks a provider what standard input says, a line of JSON each:
 *
 *   provider-ask PROVIDER.so SETTINGS
 *   {"ask": "OciManifest", "fields": {"image": "busybox"}, "seconds": 300}
 *
 * and prints a line for each, {"good": true, "text": "…", "keep_ms": 60000}. {"count": true} prints
 * the provider's metrics as text. Logins are asked of the parent by the very function that a
 * server's parent answers with.
 */
#include "runtime/login/credential_message.h"
#include "tests/unit/plugins/provider_driver.h"

#define LINE_MAX ((size_t)16 << 20)

static const char *const tags[] = {
#define X(kind, tag, ...) [kind] = tag,
    CHIMERA_HOST_REQUEST_MAP(X)
#undef X
        /* The provider of http.send has one kind, and does not look at it. */
        [CHIMERA_ASK_COUNT] = "HttpSend",
};

static int ask_parent(const struct chimera_provider_host *host, const char *what,
                      struct chimera_slice argument, struct chimera_buffer *answer,
                      struct chimera_error *err)
{
    struct json_object *folder = json_object_object_get(host->settings, "docker_config");
    if (strcmp(what, "docker-credential") != 0)
        return chimera_fail(err, CHIMERA_EINVAL, "the parent was asked for %s", what);
    return chimera_credential_tell(json_object_get_string(folder), argument, answer, err);
}

static void print(struct json_object *said)
{
    struct chimera_buffer line;
    chimera_buffer_init(&line, 2 * LINE_MAX);
    chimera_json_write(said, &line);
    chimera_buffer_byte(&line, '\n');
    fwrite(line.data, 1, line.size, stdout);
    fflush(stdout);
    chimera_buffer_free(&line);
    json_object_put(said);
}

static void ask(struct provider_driver *driver, struct json_object *question)
{
    const char *tag = json_object_get_string(json_object_object_get(question, "ask"));
    struct json_object *seconds = json_object_object_get(question, "seconds");
    double wait = seconds ? json_object_get_double(seconds) : PROVIDER_SECONDS;
    struct json_object *said = json_object_new_object();
    unsigned kind = 0;
    while (kind <= CHIMERA_ASK_COUNT && strcmp(tags[kind], tag) != 0)
        kind++;
    if (kind > CHIMERA_ASK_COUNT)
        provider_driver_fail("%s: no such request", tag);
    uint64_t start_ns = chimera_clock_ns();
    bool is_good = provider_driver_ask(
        driver, kind, json_object_to_json_string(json_object_object_get(question, "fields")),
        start_ns + (uint64_t)(wait * 1e9));
    json_object_object_add(said, "good", json_object_new_boolean(is_good));
    json_object_object_add(said, "text", json_object_new_string(driver->text));
    json_object_object_add(said, "keep_ms", json_object_new_int64(driver->answer.keep_ms));
    json_object_object_add(said, "ms",
                           json_object_new_uint64((chimera_clock_ns() - start_ns) / 1000000));
    print(said);
}

static void count(struct provider_driver *driver)
{
    struct json_object *said = json_object_new_object();
    struct chimera_buffer out;
    chimera_buffer_init(&out, LINE_MAX);
    driver->provider->count(driver->self, &out);
    json_object_object_add(said, "text", json_object_new_string_len(out.data, (int)out.size));
    chimera_buffer_free(&out);
    print(said);
}

int main(int argc, char **argv)
{
    struct provider_driver *driver = calloc(1, sizeof(*driver));
    struct chimera_error err = {0};
    char *line = NULL;
    size_t room = 0;
    if (argc != 3 || !driver)
        provider_driver_fail("usage: provider-ask PROVIDER.so SETTINGS");
    driver->answer.memory = -1;
    driver->host.ask_parent = ask_parent;
    if (provider_driver_try(driver, argv[1], argv[2], &err) < 0) {
        fprintf(stderr, "%s\n", err.text);
        return 1;
    }
    while (getline(&line, &room, stdin) > 0) {
        struct json_object *question = provider_driver_read(line);
        if (json_object_object_get(question, "count"))
            count(driver);
        else
            ask(driver, question);
        json_object_put(question);
    }
    free(line);
    provider_driver_close(driver);
    return 0;
}
