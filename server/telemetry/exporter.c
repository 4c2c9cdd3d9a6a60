/* SPDX-License-Identifier: Apache-2.0 */
#include "server/telemetry/exporter.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

#include "runtime/log/log.h"
#include "runtime/telemetry/exporter.h"
#include "server/base/bell.h"
#include "server/counters/counters.h"
#include "server/counters/scoreboard.h"
#include "server/lockdown/lockdown.h"

#define TARGET "server::telemetry"
#define PLUGIN "chimera-capability-otlp.so"
/* Numbers of points: label sets, then policies that did not start, then one more. */
#define START_ERRORS_AT ((uint32_t)SERIES_MAX)
#define DROPPED_AT (START_ERRORS_AT + COUNTERS_POLICIES)
#define POINT_COUNT (DROPPED_AT + 1)

struct exporter {
    const struct exporter_input *input;
    bool has_reported;
    struct series_view view; /* of the last point: its texts are in here */
};

static void report(struct exporter *exporter, const char *bytes, size_t size)
{
    int fd = exporter->input->report_fd;
    exporter->has_reported = true;
    while (fd >= 0 && size > 0) {
        ssize_t count = write(fd, bytes, size);
        if (count < 0 && errno != EINTR)
            break;
        bytes += count > 0 ? count : 0;
        size -= count > 0 ? (size_t)count : 0;
    }
    if (fd >= 0)
        close(fd);
}

static void ready(void *context)
{
    report(context, &(char){EXPORTER_READY}, 1);
}

/* --- Points: the reference's attributes, policy-server.md §6.1 --- */

static void add(struct chimera_metric_point *point, struct chimera_log_field attribute)
{
    if (point->attribute_count < CHIMERA_METRIC_ATTRIBUTES)
        point->attribute[point->attribute_count++] = attribute;
}

static void add_policy(const struct exporter *exporter, uint32_t number,
                       struct chimera_metric_point *point)
{
    add(point,
        CHIMERA_TEXT("policy_name", scoreboard_id(exporter->input->scoreboard->data, number)));
}

static void add_labels(const struct exporter *exporter, struct chimera_metric_point *point)
{
    const struct series_labels *labels = &exporter->view.labels;
    add_policy(exporter, labels->policy, point);
    add(point,
        CHIMERA_TEXT("policy_mode", chimera_slice_of(labels->is_monitor ? "monitor" : "protect")));
    add(point, CHIMERA_BOOL("accepted", labels->is_accepted));
    add(point, CHIMERA_BOOL("mutated", labels->is_mutated));
    if (labels->has_error_code)
        add(point, CHIMERA_NUMBER("error_code", labels->error_code));
    if (labels->origin == SERIES_RAW)
        return;
    add(point, CHIMERA_TEXT("resource_kind", labels->kind));
    if (labels->name_space.data)
        add(point, CHIMERA_TEXT("resource_namespace", labels->name_space));
    add(point, CHIMERA_TEXT("resource_request_operation", labels->operation));
    add(point,
        CHIMERA_TEXT("request_origin",
                     chimera_slice_of(labels->origin == SERIES_AUDIT ? "audit" : "validate")));
}

static bool read_series(struct exporter *exporter, uint32_t number,
                        struct chimera_metric_point *ret_point)
{
    const struct counters *counters = exporter->input->counters->data;
    struct series_view *view = &exporter->view;
    if (number >= series_count(&counters->series) || !series_read(&counters->series, number, view))
        return false;
    _Static_assert(SERIES_BOUNDS + 1 <= CHIMERA_METRIC_BUCKETS, "a point has room for them");
    memcpy(ret_point->bucket, view->bucket, sizeof(view->bucket));
    ret_point->count = view->evaluations;
    ret_point->latency_sum_ms = view->sum_ms;
    ret_point->has_latency = true;
    add_labels(exporter, ret_point);
    return true;
}

static bool read_point(void *context, uint32_t number, struct chimera_metric_point *ret_point)
{
    struct exporter *exporter = context;
    const struct telemetry_page *page = exporter->input->page->data;
    *ret_point = (struct chimera_metric_point){.metric = CHIMERA_METRIC_EVALUATIONS};
    if (number < START_ERRORS_AT)
        return read_series(exporter, number, ret_point);
    if (number < DROPPED_AT) {
        const struct counters *counters = exporter->input->counters->data;
        ret_point->count = atomic_load_explicit(
            &counters->policy[number - START_ERRORS_AT].start_errors, memory_order_relaxed);
        add_policy(exporter, number - START_ERRORS_AT, ret_point);
        add(ret_point,
            CHIMERA_TEXT("initialization_error", CHIMERA_SLICE("the policy failed to start")));
        return ret_point->count > 0;
    }
    ret_point->metric = CHIMERA_METRIC_DROPPED_SPANS;
    ret_point->count = atomic_load_explicit(&page->dropped_spans, memory_order_relaxed);
    return exporter->input->span_fd >= 0;
}

static void drop_spans(void *context, uint64_t count)
{
    const struct exporter *exporter = context;
    struct telemetry_page *page = exporter->input->page->data;
    atomic_fetch_add_explicit(&page->dropped_spans, count, memory_order_relaxed);
}

/* --- The plugin --- */

/* Beside the program, as it was built; or where both were installed; or where it was meant to be.
 */
static int open_plugin(void **ret_handle, struct chimera_error *err)
{
    static const char *const folders[] = {"", "../" CHIMERA_LIBDIR "/chimera/", NULL};
    char program[PATH_MAX], path[PATH_MAX + 128] = CHIMERA_PLUGIN_DIR "/" PLUGIN;
    ssize_t size = readlink("/proc/self/exe", program, sizeof(program) - 1);
    size_t folder = size < 0 ? 0 : (size_t)size;
    while (folder > 0 && program[folder - 1] != '/')
        folder--;
    for (size_t i = 0; folder > 0 && folders[i]; i++) {
        char tried[sizeof(path)];
        snprintf(tried, sizeof(tried), "%.*s%s" PLUGIN, (int)folder, program, folders[i]);
        if (access(tried, R_OK) == 0) {
            snprintf(path, sizeof(path), "%s", tried);
            break;
        }
    }
    *ret_handle = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    if (!*ret_handle)
        return chimera_fail(err, CHIMERA_EIO,
                            "--enable-metrics and --log-fmt otlp need the plugin " PLUGIN ": %s%s",
                            dlerror(),
                            size >= 0 ? ""
                                      : ": /proc is not mounted, so nobody knows where this "
                                        "program lies");
    return CHIMERA_OK;
}

static int open_exporter(const struct chimera_exporter **ret_exporter, struct chimera_error *err)
{
    void *handle; /* stays open */
    int code = open_plugin(&handle, err);
    if (code < 0)
        return code;
    const struct chimera_exporter *exporter = dlsym(handle, CHIMERA_EXPORTER_SYMBOL);
    if (!exporter || exporter->abi != CHIMERA_EXPORTER_ABI ||
        exporter->size < sizeof(struct chimera_exporter))
        return chimera_fail(err, CHIMERA_EABI,
                            PLUGIN " belongs to another version: install it again");
    *ret_exporter = exporter;
    return CHIMERA_OK;
}

static int run_exporter(struct exporter *exporter, int stop_fd, struct chimera_error *err)
{
    const struct exporter_input *input = exporter->input;
    const struct options *options = &input->config->options;
    const struct chimera_exporter *plugin;
    const struct chimera_exporter_start start = {
        .has_metrics = options->is_metrics,
        .has_traces = input->span_fd >= 0,
        .span_fd = input->span_fd,
        .stop_fd = stop_fd,
        .version = CHIMERA_VERSION,
        .started_ns = input->started_ns,
        .read_point = read_point,
        .point_count = POINT_COUNT,
        .bound_ms = series_bounds_ms,
        .bound_count = SERIES_BOUNDS,
        .ready = ready,
        .drop_spans = drop_spans,
        .context = exporter,
        .log_fd = STDOUT_FILENO,
        .log_form = strcmp(options->log_format, "json") == 0 ? CHIMERA_LOG_JSON : CHIMERA_LOG_TEXT,
        .log_from = chimera_log_from};
    int code = lockdown_exporter(!options->is_without_lockdown, err);
    if (code == CHIMERA_OK)
        code = open_exporter(&plugin, err);
    return code < 0 ? code : plugin->run(&start, err);
}

int exporter_run(const struct exporter_input *input)
{
    static struct exporter exporter;
    struct chimera_error err = {0};
    int stop[2];
    exporter.input = input;
    signal(SIGPIPE, SIG_IGN);
    int code = pipe2(stop, O_CLOEXEC | O_NONBLOCK) < 0 ? chimera_fail_errno(&err, "pipe") : 0;
    if (code == CHIMERA_OK) {
        bell_end_by(stop[1]);
        code = run_exporter(&exporter, stop[0], &err);
    }
    if (code < 0 && input->report_fd < 0)
        chimera_log_with(CHIMERA_LOG_ERROR, TARGET, CHIMERA_SLICE("the exporter did not start"),
                         CHIMERA_TEXT("error", chimera_slice_of(err.text)));
    else if (code < 0 && !exporter.has_reported)
        report(&exporter, err.text, strlen(err.text));
    return code < 0;
}
