/* evaluate.c - how long one evaluation takes in process, without a server.
 *
 *   bench-evaluate PLUGIN.so SETTINGS.json REQUEST.json COUNT
 *
 * Prints one JSON object: p50, p90 and p99 in nanoseconds, and the verdict. Timed: chimera_policy_evaluate(),
 * which copies the request in, calls the guest, decodes the answer and resets the instance.
 */
#include <stdio.h>
#include <stdlib.h>

#include "runtime/base/file.h"
#include "runtime/instance/watchdog.h"
#include "runtime/policy/policy.h"

#define TEXT_MAX ((size_t)16 << 20)
#define WARM_UP 20

static int by_size(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

static int read_text(const char *path, struct chimera_buffer *text, struct chimera_error *err)
{
    chimera_buffer_init(text, TEXT_MAX);
    return chimera_file_read(path, text, err);
}

static void measure(struct chimera_policy *policy, const struct chimera_request *request, uint64_t *times,
                    size_t count, struct chimera_buffer *verdict)
{
    struct chimera_arena arena;
    chimera_arena_init(&arena, TEXT_MAX);
    for (size_t i = 0; i < count + WARM_UP; i++) {
        struct chimera_response response;
        chimera_arena_reset(&arena);
        uint64_t start = chimera_monotonic_ns();
        int code = chimera_policy_evaluate(policy, 0, request, 0, &arena, &response);
        uint64_t end = chimera_monotonic_ns();
        if (i >= WARM_UP)
            times[i - WARM_UP] = end - start;
        chimera_buffer_reset(verdict);
        if (code == 0)
            chimera_response_write(&response, verdict);
    }
    chimera_arena_free(&arena);
}

static int run(char **arguments, size_t count, struct chimera_error *err)
{
    struct chimera_loaded *loaded;
    struct chimera_policy *policy;
    struct chimera_buffer settings, text, verdict;
    struct chimera_request request;
    struct chimera_arena arena;
    chimera_arena_init(&arena, TEXT_MAX);
    chimera_buffer_init(&verdict, TEXT_MAX);
    uint64_t *times = calloc(count, sizeof(*times));
    if (!times)
        return chimera_fail(err, CHIMERA_ENOMEM, "out of memory");
    if (chimera_plugin_load(arguments[1], &loaded, err) < 0 || read_text(arguments[2], &settings, err) < 0 ||
        read_text(arguments[3], &text, err) < 0 ||
        chimera_request_parse_file(chimera_buffer_slice(&text), false, &arena, &request, err) < 0)
        return CHIMERA_EIO;
    struct chimera_policy_options options = {
        .id = "bench", .settings = chimera_buffer_slice(&settings), .limit_ms = 2000, .lanes = 1};
    if (chimera_policy_open(loaded, &options, &policy, err) < 0)
        return CHIMERA_EIO;
    measure(policy, &request, times, count, &verdict);
    qsort(times, count, sizeof(*times), by_size);
    printf("{\"p50\":%llu,\"p90\":%llu,\"p99\":%llu,\"verdict\":%.*s}\n", (unsigned long long)times[count / 2],
           (unsigned long long)times[count * 90 / 100], (unsigned long long)times[count * 99 / 100],
           (int)verdict.size, verdict.data);
    return CHIMERA_OK; /* the process ends here and with it all that it owns */
}

int main(int argument_count, char **arguments)
{
    size_t count = argument_count == 5 ? strtoul(arguments[4], NULL, 10) : 0; /* allowed: a benchmark's count */
    if (count == 0) {
        fprintf(stderr, "usage: %s PLUGIN.so SETTINGS.json REQUEST.json COUNT\n", arguments[0]);
        return 2;
    }
    struct chimera_error err = {0};
    if (run(arguments, count, &err) == 0)
        return 0;
    fprintf(stderr, "Error: %s\n", err.text);
    return 1;
}
