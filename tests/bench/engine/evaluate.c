/* SPDX-License-Identifier: Apache-2.0 */
/* evaluate.c - how long one evaluation takes in process, without a server.
 *
 *   bench-evaluate PLUGIN.so SETTINGS.json REQUEST.json THREADS COUNT
 *
 * Prints one JSON object: percentiles in nanoseconds, page faults and dirty pages a request, the
 * share of the reset, and the verdict. Timed: chimera_policy_evaluate(), which copies the request
 * in, calls the guest, decodes the answer and resets the instance. The reset is seen from outside:
 * the linker hands its calls to __wrap_chimera_guest_reset().
 */
#include <pthread.h>
#include <string.h>

#include "figures.h"
#include "runtime/base/file.h"
#include "runtime/instance/guest.h"
#include "runtime/policy/policy.h"

#define TEXT_MAX ((size_t)16 << 20)
#define THREADS_MAX 64

int __real_chimera_guest_reset(struct chimera_guest *guest);
int __wrap_chimera_guest_reset(struct chimera_guest *guest);

struct lane {
    pthread_t thread;
    unsigned number;
    struct chimera_policy *policy;
    const struct chimera_request *request;
    uint64_t *times; /* `count` of them; borrowed */
    size_t count;
    uint64_t faults, reset_ns, reset_pages, scans; /* of all `count` requests */
    struct chimera_buffer verdict;
    bool is_good;
};

static pthread_barrier_t start_line;
static _Thread_local uint64_t reset_ns, reset_pages, scans; /* of all resets on this thread */

int __wrap_chimera_guest_reset(struct chimera_guest *guest)
{
    struct chimera_reset_counters before = guest->counters;
    uint64_t start = now_ns();
    int code = __real_chimera_guest_reset(guest);
    reset_ns += now_ns() - start;
    reset_pages += guest->counters.pages - before.pages;
    scans += guest->counters.scans - before.scans;
    return code;
}

/* One request; its time. */
static uint64_t ask(struct lane *lane, struct chimera_arena *arena)
{
    struct chimera_response response;
    chimera_arena_reset(arena);
    uint64_t start = now_ns();
    int code =
        chimera_policy_evaluate(lane->policy, lane->number, lane->request, 0, arena, &response);
    uint64_t end = now_ns();
    lane->is_good = code == 0;
    chimera_buffer_reset(&lane->verdict);
    if (code == 0)
        chimera_response_write(&response, &lane->verdict);
    return end - start;
}

static void *measure(void *argument)
{
    struct lane *lane = argument;
    struct chimera_arena arena;
    chimera_arena_init(&arena, TEXT_MAX);
    chimera_buffer_init(&lane->verdict, TEXT_MAX);
    for (size_t i = 0; i < WARM_UP; i++)
        ask(lane, &arena);
    pthread_barrier_wait(&start_line);
    uint64_t faults_before = faults();
    reset_ns = reset_pages = scans = 0;
    for (size_t i = 0; i < lane->count; i++)
        lane->times[i] = ask(lane, &arena);
    lane->faults = faults() - faults_before;
    lane->reset_ns = reset_ns;
    lane->reset_pages = reset_pages;
    lane->scans = scans;
    chimera_arena_free(&arena);
    return NULL;
}

static void print(struct lane *lanes, size_t threads, uint64_t *times, size_t count)
{
    struct lane all = {0};
    uint64_t total = 0;
    for (size_t i = 0; i < threads; i++) {
        all.faults += lanes[i].faults;
        all.reset_ns += lanes[i].reset_ns;
        all.reset_pages += lanes[i].reset_pages;
        all.scans += lanes[i].scans;
    }
    for (size_t i = 0; i < count; i++)
        total += times[i];
    double requests = (double)count;
    print_percentiles(times, count);
    printf(",\"faults\":%.1f,\"dirty\":%.1f,\"scans\":%.3f,\"reset_share\":%.4f,\"answer\":%.*s}\n",
           (double)all.faults / requests, (double)all.reset_pages / requests,
           (double)all.scans / requests, (double)all.reset_ns / (double)total,
           (int)lanes[0].verdict.size, lanes[0].verdict.data);
}

static int run_lanes(struct chimera_policy *policy, const struct chimera_request *request,
                     size_t threads, size_t count, struct chimera_error *err)
{
    static struct lane lanes[THREADS_MAX];
    uint64_t *times = calloc(threads * count, sizeof(*times));
    if (!times || pthread_barrier_init(&start_line, NULL, (unsigned)threads) != 0)
        return chimera_fail(err, CHIMERA_ENOMEM, "out of memory");
    for (size_t i = 0; i < threads; i++) {
        lanes[i] = (struct lane){.number = (unsigned)i,
                                 .policy = policy,
                                 .request = request,
                                 .count = count,
                                 .times = times + i * count};
        if (pthread_create(&lanes[i].thread, NULL, measure, &lanes[i]) != 0)
            return chimera_fail(err, CHIMERA_ENOMEM, "cannot start a thread");
    }
    for (size_t i = 0; i < threads; i++) {
        pthread_join(lanes[i].thread, NULL);
        if (!lanes[i].is_good)
            return chimera_fail(err, CHIMERA_EIO, "the policy has no instance");
    }
    print(lanes, threads, times, threads * count);
    return CHIMERA_OK; /* the process ends here and with it all that it owns */
}

static int read_text(const char *path, struct chimera_buffer *text, struct chimera_error *err)
{
    chimera_buffer_init(text, TEXT_MAX);
    return chimera_file_read(path, text, err);
}

static int run(char **arguments, size_t threads, size_t count, struct chimera_error *err)
{
    struct chimera_loaded *loaded;
    struct chimera_policy *policy;
    struct chimera_buffer settings, text;
    struct chimera_request request;
    struct chimera_arena arena;
    chimera_arena_init(&arena, TEXT_MAX);
    if (chimera_plugin_load_measuring(arguments[1], NULL, &loaded, err) < 0 ||
        read_text(arguments[2], &settings, err) < 0 || read_text(arguments[3], &text, err) < 0)
        return CHIMERA_EIO;
    struct chimera_slice document = chimera_buffer_slice(&text);
    if (chimera_request_parse_file(document, false, &arena, &request, err) < 0 &&
        chimera_request_parse_file(document, true, &arena, &request, err) <
            0) /* not a review: a raw document */
        return CHIMERA_EIO;
    struct chimera_policy_options options = {.id = "bench",
                                             .settings = chimera_buffer_slice(&settings),
                                             .limit_ms = 2000,
                                             .lanes = (unsigned)threads};
    if (chimera_policy_open(loaded, &options, &policy, err) < 0)
        return CHIMERA_EIO;
    return run_lanes(policy, &request, threads, count, err);
}

int main(int argument_count, char **arguments)
{
    size_t threads = argument_count == 6 ? strtoul(arguments[4], NULL, 10)
                                         : 0; /* allowed: a benchmark's count */
    size_t count = argument_count == 6 ? strtoul(arguments[5], NULL, 10)
                                       : 0; /* allowed: a benchmark's count */
    if (threads == 0 || threads > THREADS_MAX || count == 0) {
        fprintf(stderr, "usage: %s PLUGIN.so SETTINGS.json REQUEST.json THREADS COUNT\n",
                arguments[0]);
        return 2;
    }
    struct chimera_error err = {0};
    if (run(arguments, threads, count, &err) == 0)
        return 0;
    fprintf(stderr, "Error: %s\n", err.text);
    return 1;
}
