/* SPDX-License-Identifier: Apache-2.0 */
/* drive - loads a provider and asks it what is written on standard input, a JSON object a line,
 * each in a thread of its own; answers are lines, too, as they come.
 *
 *   drive PROVIDER.so SETTINGS.json
 *
 * {"id": 1, "ask": "KubernetesGetResource", "fields": {…}, "ms": 5000, "into": FILE}
 *     → {"id": 1, "error": TEXT} or {"id": 1, "text": TEXT, "memory": bool, "sealed": bool,
 *        "place": n, "version": n, "keep_ms": n, "us": n, "size": n}; into FILE in place of the
 * text
 * {"id": 2, "version": PLACE} → {"id": 2, "version": n}
 * {"id": 3, "count": true} → {"id": 3, "text": TEXT, "rss": KiB}
 */
#include <dlfcn.h>
#include <fcntl.h>
#include <malloc.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "runtime/base/clock.h"
#include "runtime/base/file.h"
#include "runtime/capability/provider.h"
#include "runtime/json/tree.h"
#include "runtime/login/exec_credential.h"
#include "runtime/source/kubeconfig.h"

#define TEXT_MAX ((size_t)64 << 20)
#define EXEC_LIMIT_MS 20000

static const char *const tags[] = {
#define X(kind, tag, ...) [kind] = tag,
    CHIMERA_HOST_REQUEST_MAP(X)
#undef X
};

static _Atomic uint64_t versions[CHIMERA_VERSION_COUNT];
static const struct chimera_provider *provider;
static void *self;
static pthread_mutex_t out_lock = PTHREAD_MUTEX_INITIALIZER; /* of what is said, and of these: */
static pthread_cond_t ended = PTHREAD_COND_INITIALIZER;
static unsigned running;

static void say(struct json_object *answer)
{
    pthread_mutex_lock(&out_lock);
    puts(json_object_to_json_string_ext(answer, JSON_C_TO_STRING_PLAIN));
    fflush(stdout);
    pthread_mutex_unlock(&out_lock);
    json_object_put(answer);
}

static void add_number(struct json_object *to, const char *name, uint64_t number)
{
    json_object_object_add(to, name, json_object_new_uint64(number));
}

static void show(struct json_object *said, struct json_object *line, struct chimera_slice text)
{
    const char *into = json_object_get_string(chimera_json_member(line, "into"));
    struct chimera_error err = {0};
    if (into && chimera_file_write_scratch(into, text, &err) < 0)
        abort();
    if (!into)
        json_object_object_add(said, "text", json_object_new_string_len(text.data, (int)text.size));
    add_number(said, "size", text.size);
}

/* Can whoever maps it write, or make it smaller? */
static bool is_sealed(int memory, size_t size)
{
    void *map = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, memory, 0);
    return map == MAP_FAILED && ftruncate(memory, 0) != 0;
}

static void answer_ask(struct json_object *line, struct json_object *said)
{
    const char *ask = json_object_get_string(chimera_json_member(line, "ask"));
    struct chimera_host_request request = {CHIMERA_ASK_COUNT, chimera_json_member(line, "fields")};
    for (int i = 0; i < CHIMERA_ASK_COUNT; i++)
        if (strcmp(tags[i], ask) == 0)
            request.kind = (enum chimera_host_request_kind)i;
    struct chimera_provider_answer answer = {.memory = -1};
    chimera_buffer_init(&answer.text, TEXT_MAX);
    uint64_t cpu = chimera_clock_thread_ns(), begun = chimera_clock_ns(),
             ms = json_object_get_uint64(chimera_json_member(line, "ms"));
    provider->call(self, &request, begun + ms * 1000000, &answer);
    add_number(said, "cpu_us", (chimera_clock_thread_ns() - cpu) / 1000);
    add_number(said, "us", (chimera_clock_ns() - begun) / 1000);
    add_number(said, "place", answer.version_place);
    add_number(said, "version", answer.version);
    add_number(said, "keep_ms", answer.keep_ms);
    if (answer.is_error) {
        json_object_object_add(said, "error",
                               json_object_new_string_len(answer.text.data, (int)answer.text.size));
    } else if (answer.memory >= 0) {
        json_object_object_add(said, "memory", json_object_new_boolean(true));
        json_object_object_add(
            said, "sealed", json_object_new_boolean(is_sealed(answer.memory, answer.memory_size)));
        char *map = mmap(NULL, answer.memory_size, PROT_READ, MAP_SHARED, answer.memory, 0);
        show(said, line, (struct chimera_slice){map, answer.memory_size});
        munmap(map, answer.memory_size);
        close(answer.memory);
    } else {
        show(said, line, chimera_buffer_slice(&answer.text));
    }
    chimera_buffer_free(&answer.text);
}

static uint64_t resident_kib(void)
{
    struct chimera_buffer text;
    chimera_buffer_init(&text, 1 << 20);
    malloc_trim(0);
    if (chimera_file_read("/proc/self/status", &text, NULL) < 0)
        abort();
    chimera_buffer_byte(&text, 0);
    const char *at = strstr(text.data, "VmRSS:");
    uint64_t kib = at ? strtoull(at + 6, NULL, 10) : 0;
    chimera_buffer_free(&text);
    return kib;
}

static void *answer_line(void *context)
{
    struct json_object *line = context, *said = json_object_new_object();
    struct json_object *place = chimera_json_member(line, "version");
    json_object_object_add(said, "id", json_object_get(chimera_json_member(line, "id")));
    if (place) {
        add_number(said, "version", atomic_load(&versions[json_object_get_uint64(place)]));
    } else if (chimera_json_member(line, "count")) {
        struct chimera_buffer text;
        chimera_buffer_init(&text, 1 << 20);
        provider->count(self, &text);
        show(said, line, chimera_buffer_slice(&text));
        add_number(said, "rss", resident_kib());
        chimera_buffer_free(&text);
    } else {
        answer_ask(line, said);
    }
    say(said);
    json_object_put(line);
    pthread_mutex_lock(&out_lock);
    running--;
    pthread_cond_signal(&ended);
    pthread_mutex_unlock(&out_lock);
    return NULL;
}

static void begin(const char *text)
{
    pthread_t thread;
    struct json_object *line = json_tokener_parse(text);
    pthread_mutex_lock(&out_lock);
    running++;
    pthread_mutex_unlock(&out_lock);
    if (!line || pthread_create(&thread, NULL, answer_line, line) != 0)
        abort();
    pthread_detach(thread);
}

static int ask_parent(const struct chimera_provider_host *host, const char *what,
                      struct chimera_slice argument, struct chimera_buffer *answer,
                      struct chimera_error *err)
{
    (void)argument;
    if (strcmp(what, "kubernetes-exec") != 0)
        return chimera_fail(err, CHIMERA_EREFUSED, "nobody runs %s", what);
    return chimera_exec_credential_run(chimera_json_member(host->settings, "kubernetes"),
                                       EXEC_LIMIT_MS, answer, err);
}

int main(int argc, char **argv)
{
    struct chimera_provider_host host = {.versions = versions, .ask_parent = ask_parent};
    struct chimera_error err = {0};
    void *library = argc == 3 ? dlopen(argv[1], RTLD_NOW | RTLD_LOCAL) : NULL;
    host.settings = library ? json_object_from_file(argv[2]) : NULL;
    if (!library || !host.settings || !(provider = dlsym(library, CHIMERA_PROVIDER_SYMBOL)) ||
        provider->abi != CHIMERA_PROVIDER_ABI) {
        fprintf(stderr, "drive PROVIDER.so SETTINGS.json: %s\n", library ? "" : dlerror());
        return 2;
    }
    /* "kubeconfig": as the server finds it. */
    struct json_object *cluster = NULL;
    if (json_object_is_type(chimera_json_member(host.settings, "kubernetes"), json_type_string)) {
        if (chimera_kubeconfig_read(NULL, &cluster, &err) < 0) {
            fprintf(stderr, "drive: %s\n", err.text);
            return 2;
        }
        json_object_object_add(host.settings, "kubernetes", cluster);
    }
    if (provider->open(&host, &self, &err) < 0) {
        struct json_object *said = json_object_new_object();
        json_object_object_add(said, "refused", json_object_new_string(err.text));
        say(said);
        json_object_put(host.settings);
        return 1;
    }
    char *line = NULL;
    size_t room = 0;
    while (getline(&line, &room, stdin) > 0)
        begin(line);
    pthread_mutex_lock(&out_lock);
    while (running > 0)
        pthread_cond_wait(&ended, &out_lock);
    pthread_mutex_unlock(&out_lock);
    provider->close(self);
    json_object_put(host.settings);
    free(line);
    return 0;
}
