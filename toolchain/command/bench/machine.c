/* SPDX-License-Identifier: Apache-2.0 */
#include "toolchain/command/bench/machine.h"

#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>
#include <time.h>

#include "runtime/base/cleanup.h"

#define LINE_BYTES 512

/* "model name	: AMD EPYC …", of the first one. */
static void find_processor(char *name, size_t size)
{
    static const char key[] = "model name";
    char line[LINE_BYTES];
    CHIMERA_FCLOSE FILE *file = fopen("/proc/cpuinfo", "re");
    snprintf(name, size, "an unknown processor");
    while (file && fgets(line, sizeof(line), file)) {
        const char *value = strncmp(line, key, strlen(key)) == 0 ? strchr(line, ':') : NULL;
        if (!value)
            continue;
        value += strspn(value, ": \t");
        snprintf(name, size, "%.*s", (int)strcspn(value, "\n"), value);
        return;
    }
}

/* That this process may use. */
static int count_processors(void)
{
    cpu_set_t set;
    return sched_getaffinity(0, sizeof(set), &set) == 0 ? CPU_COUNT(&set) : 1;
}

int bench_machine_describe(struct bench_run *run, struct chimera_error *err)
{
    char processor[LINE_BYTES], text[LINE_BYTES + 300], now[32] = "";
    struct utsname kernel = {0};
    struct tm parts;
    time_t seconds = time(NULL);
    int count = count_processors();
    find_processor(processor, sizeof(processor));
    uname(&kernel);
    snprintf(text, sizeof(text), "%s, %d processor%s, %.60s %.100s", processor, count,
             count == 1 ? "" : "s", kernel.sysname, kernel.release);
    if (gmtime_r(&seconds, &parts))
        strftime(now, sizeof(now), "%Y-%m-%dT%H:%M:%SZ", &parts);
    run->version = strdup(CHIMERA_VERSION);
    run->machine = strdup(text);
    run->time = strdup(now);
    return run->version && run->machine && run->time ? CHIMERA_OK : chimera_fail_memory(err);
}
