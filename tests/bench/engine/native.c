/* SPDX-License-Identifier: Apache-2.0 */
/* native.c - how long one evaluation of a waPC policy takes that was compiled for this machine,
 * without WebAssembly.
 *
 *   bench-native POLICY.so PAYLOAD.json THREADS COUNT
 *
 * The policy's own source, as a shared object that finds its waPC imports here: the same calls, the
 * same copies of the payload and of the answer, but no sandbox and no fresh instance. Each "thread"
 * is a process of its own, because these sources were written for an instance of their own.
 * `../run` builds the objects, and says what is compared.
 */
#include <dlfcn.h>
#include <stdbool.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "figures.h"

#define ANSWER_MAX ((size_t)1 << 20)

typedef int guest_call(size_t operation_size, size_t payload_size);

struct shared { /* between the processes */
    uint64_t faults;
    size_t answer_size;
    char answer[ANSWER_MAX];
    uint64_t times[];
};

static const char operation[] = "validate";
static char *payload;
static size_t payload_size;
static struct shared *results;

/* --- What a waPC guest imports; c-hostnetwork keeps its payload in bench_heap. --- */

char bench_heap[1 << 20];

void __guest_request(char *ret_operation, char *ret_payload);
void __guest_response(const char *text, size_t size);
void __guest_error(const char *text, size_t size);
int __host_call(const char *binding, size_t binding_size, const char *name_space,
                size_t name_space_size, const char *name, size_t name_size, const char *text,
                size_t size);
size_t __host_response_len(void);
void __host_response(char *ret_text);
size_t __host_error_len(void);
void __host_error(char *ret_text);
void __console_log(const char *text, size_t size);

void __guest_request(char *ret_operation, char *ret_payload)
{
    memcpy(ret_payload, payload, payload_size);
    memcpy(ret_operation, operation, sizeof(operation) - 1);
}

void __guest_response(const char *text, size_t size)
{
    results->answer_size = size < ANSWER_MAX ? size : ANSWER_MAX;
    memcpy(results->answer, text, results->answer_size);
}

void __guest_error(const char *text, size_t size)
{
    fprintf(stderr, "Error: the policy failed: %.*s\n", (int)size, text);
    exit(1);
}

int __host_call(const char *binding, size_t binding_size, const char *name_space,
                size_t name_space_size, const char *name, size_t name_size, const char *text,
                size_t size)
{
    (void)binding, (void)binding_size, (void)name_space, (void)name_space_size;
    (void)name, (void)name_size, (void)text, (void)size;
    return 0;
}

size_t __host_response_len(void)
{
    return 0;
}

void __host_response(char *ret_text)
{
    (void)ret_text;
}

size_t __host_error_len(void)
{
    return 0;
}

void __host_error(char *ret_text)
{
    (void)ret_text;
}

void __console_log(const char *text, size_t size)
{
    (void)text, (void)size;
}

/* --- The benchmark --- */

static bool read_payload(const char *path)
{
    FILE *file = fopen(path, "rb");
    payload = malloc(sizeof(bench_heap));
    if (!file || !payload)
        return false;
    payload_size = fread(payload, 1, sizeof(bench_heap) - 1, file);
    return fclose(file) == 0 && payload_size > 0;
}

static void measure(guest_call *call, uint64_t *times, size_t count)
{
    uint64_t faults_before = 0;
    for (size_t i = 0; i < count + WARM_UP; i++) {
        if (i == WARM_UP)
            faults_before = faults();
        uint64_t start = now_ns();
        if (!call(sizeof(operation) - 1, payload_size))
            exit(1);
        uint64_t end = now_ns();
        if (i >= WARM_UP)
            times[i - WARM_UP] = end - start;
    }
    results->faults = faults() - faults_before;
}

static bool run(const char *path, size_t threads, size_t count)
{
    void *policy = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    guest_call *call = NULL;
    void (*init)(void) = NULL;
    if (policy) { /* as POSIX has it: C knows no cast from an object's pointer to a function's */
        *(void **)&call = dlsym(policy, "__guest_call");
        *(void **)&init = dlsym(policy, "wapc_init");
    }
    if (!call) {
        fprintf(stderr, "Error: %s\n", dlerror());
        return false;
    }
    if (init)
        init();
    if (threads == 1) { /* no fork: callgrind follows this one */
        measure(call, results->times, count);
        return true;
    }
    for (size_t i = 0; i < threads; i++)
        if (fork() == 0) {
            measure(call, results->times + i * count, count);
            _exit(0);
        }
    int status;
    bool is_good = true;
    while (wait(&status) > 0)
        is_good &= status == 0;
    return is_good;
}

int main(int argument_count, char **arguments)
{
    size_t threads = argument_count == 5 ? strtoul(arguments[3], NULL, 10)
                                         : 0; /* allowed: a benchmark's count */
    size_t count = argument_count == 5 ? strtoul(arguments[4], NULL, 10)
                                       : 0; /* allowed: a benchmark's count */
    if (threads == 0 || count == 0) {
        fprintf(stderr, "usage: %s POLICY.so PAYLOAD.json THREADS COUNT\n", arguments[0]);
        return 2;
    }
    results = mmap(NULL, sizeof(*results) + threads * count * sizeof(uint64_t),
                   PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (results == MAP_FAILED || !read_payload(arguments[2])) {
        fprintf(stderr, "Error: cannot read %s\n", arguments[2]);
        return 1;
    }
    if (!run(arguments[1], threads, count))
        return 1;
    print_percentiles(results->times, threads * count);
    printf(",\"faults\":%.1f,\"answer\":%.*s}\n", (double)results->faults / (double)count,
           (int)results->answer_size, results->answer);
    return 0;
}
