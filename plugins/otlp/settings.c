/* SPDX-License-Identifier: Apache-2.0 */
#include "plugins/otlp/settings.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>
#include <unistd.h>

#include "runtime/base/percent.h"
#include "runtime/log/log.h"

#define TARGET "otlp::settings"
#define VALUE_MAX ((size_t)8 * 1024)
#define DEFAULT_ENDPOINT "http://localhost:4317"
#define DEFAULT_SERVICE "kubewarden-policy-server"

static const char *const signal_names[] = {"METRICS_", "TRACES_"};

static void warn(const char *name, const char *value, const char *why)
{
    chimera_log_with(CHIMERA_LOG_WARN, TARGET, CHIMERA_SLICE("a variable is not understood"),
                     CHIMERA_WORD("name", chimera_slice_of(name)),
                     CHIMERA_TEXT("value", chimera_slice_of(value)),
                     CHIMERA_TEXT("why", chimera_slice_of(why)));
}

/* NULL when it is not there or empty. */
static const char *variable(const char *name)
{
    const char *value = getenv(name);
    return value && *value ? value : NULL;
}

/* The signal's, else the one for all; *ret_name is which. */
static const char *find(enum signal_kind kind, const char *what, char ret_name[64])
{
    snprintf(ret_name, 64, "OTEL_EXPORTER_OTLP_%s%s", signal_names[kind], what);
    const char *value = variable(ret_name);
    if (value)
        return value;
    snprintf(ret_name, 64, "OTEL_EXPORTER_OTLP_%s", what);
    return variable(ret_name);
}

/* Digits only; `otherwise` with a warning. */
static int64_t number_of(const char *name, const char *value, int64_t least, int64_t otherwise)
{
    int64_t number = 0;
    if (!value)
        return otherwise;
    for (const char *at = value; *at; at++) {
        if (*at < '0' || *at > '9' || number > INT32_MAX) {
            warn(name, value, "it has to be a number");
            return otherwise;
        }
        number = number * 10 + (*at - '0');
    }
    if (number >= least && number <= INT32_MAX)
        return number;
    warn(name, value, "it is out of range");
    return otherwise;
}

static int64_t number_in(const char *name, int64_t least, int64_t otherwise)
{
    return number_of(name, variable(name), least, otherwise);
}

/* --- key=value,key=value, the values percent-encoded --- */

/* NULL when memory ran out, or when there is a control character, which could end a header. */
static char *decode(struct chimera_slice text)
{
    char *decoded = malloc(text.size + 1);
    size_t size = 0;
    while (decoded && text.size > 0) {
        int byte = chimera_percent_take(&text, CHIMERA_PERCENT_LENIENT);
        if (byte < 0x20 || byte == 0x7f) {
            free(decoded);
            return NULL;
        }
        decoded[size++] = (char)byte;
    }
    if (decoded)
        decoded[size] = '\0';
    return decoded;
}

static bool add_pair(struct chimera_slice pair, struct setting_pair *ret_pair)
{
    const char *equals = pair.size ? memchr(pair.data, '=', pair.size) : NULL;
    if (!equals || equals == pair.data)
        return false;
    struct chimera_slice key = {pair.data, (size_t)(equals - pair.data)};
    struct chimera_slice value = {equals + 1, pair.size - key.size - 1};
    ret_pair->key = decode(chimera_slice_trim(key));
    ret_pair->value = decode(chimera_slice_trim(value));
    if (ret_pair->key && ret_pair->value)
        return true;
    free(ret_pair->key);
    free(ret_pair->value);
    return false;
}

static void read_pairs(const char *name, const char *text, struct setting_pair *pairs, size_t max,
                       size_t *count)
{
    while (text && *text) {
        size_t size = strcspn(text, ",");
        struct chimera_slice pair = chimera_slice_trim((struct chimera_slice){text, size});
        if (pair.size > 0 &&
            (*count == max || pair.size > VALUE_MAX || !add_pair(pair, &pairs[*count])))
            warn(name, "(not shown)", "it has to be key=value,key=value");
        else if (pair.size > 0)
            ++*count;
        text += size + (text[size] == ',');
    }
}

/* --- Of a signal --- */

static int check_file(const char *name, const char *path, struct chimera_error *err)
{
    int fd = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
    if (path && fd < 0)
        return chimera_fail(err, CHIMERA_EIO, "cannot read the file that %s names, %s: %s", name,
                            path, strerror(errno));
    if (fd >= 0)
        close(fd);
    return CHIMERA_OK;
}

static int read_files(enum signal_kind kind, struct signal_settings *settings,
                      struct chimera_error *err)
{
    char name[64];
    settings->ca_file = find(kind, "CERTIFICATE", name);
    int code = check_file(name, settings->ca_file, err);
    if (code < 0)
        return code;
    settings->certificate_file = find(kind, "CLIENT_CERTIFICATE", name);
    code = check_file(name, settings->certificate_file, err);
    if (code < 0)
        return code;
    settings->key_file = find(kind, "CLIENT_KEY", name);
    code = check_file(name, settings->key_file, err);
    if (code == CHIMERA_OK && !settings->certificate_file != !settings->key_file)
        code =
            chimera_fail(err, CHIMERA_EINVAL,
                         "OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE and OTEL_EXPORTER_OTLP_CLIENT_KEY "
                         "need each other: give both or none");
    return code;
}

/* gRPC has the service in the path, so what follows host and port is dropped, as others do. */
static int read_endpoint(enum signal_kind kind, struct signal_settings *settings,
                         struct chimera_error *err)
{
    char name[64], insecure_name[64];
    const char *endpoint = find(kind, "ENDPOINT", name), *scheme;
    if (!endpoint)
        endpoint = DEFAULT_ENDPOINT;
    const char *host = strstr(endpoint, "://");
    if (!host) {
        const char *insecure = find(kind, "INSECURE", insecure_name);
        settings->is_tls = !insecure || strcasecmp(insecure, "true") != 0;
        host = endpoint;
    } else {
        settings->is_tls = strncasecmp(endpoint, "https:", 6) == 0;
        if (!settings->is_tls && strncasecmp(endpoint, "http:", 5) != 0)
            return chimera_fail(err, CHIMERA_EINVAL, "%s: \"%s\" is neither http:// nor https://",
                                name, endpoint);
        host += 3;
    }
    size_t size = strcspn(host, "/?#");
    scheme = settings->is_tls ? "https" : "http";
    if (size == 0 || strcspn(host, " @\\") < size)
        return chimera_fail(err, CHIMERA_EINVAL, "%s: \"%s\" names no host", name, endpoint);
    if (asprintf(&settings->origin, "%s://%.*s", scheme, (int)size, host) < 0)
        return chimera_fail_memory(err);
    return CHIMERA_OK;
}

int settings_read_signal(enum signal_kind kind, struct signal_settings *settings,
                         struct chimera_error *err)
{
    char name[64];
    *settings = (struct signal_settings){0};
    const char *protocol = find(kind, "PROTOCOL", name);
    if (protocol && strcmp(protocol, "grpc") != 0)
        warn(name, protocol, "only grpc is spoken");
    const char *compression = find(kind, "COMPRESSION", name);
    settings->is_gzip = compression && strcasecmp(compression, "gzip") == 0;
    if (compression && !settings->is_gzip && strcasecmp(compression, "none") != 0)
        warn(name, compression, "gzip and none are known");
    const char *timeout = find(kind, "TIMEOUT", name);
    settings->timeout_ms = (long)number_of(name, timeout, 1, 10000);
    const char *headers = find(kind, "HEADERS", name);
    read_pairs(name, headers, settings->header, SETTINGS_HEADERS_MAX, &settings->header_count);
    int code = read_endpoint(kind, settings, err);
    return code < 0 ? code : read_files(kind, settings, err);
}

/* --- Of all --- */

static int read_resource(struct settings *settings, struct chimera_error *err)
{
    const char *service = variable("OTEL_SERVICE_NAME");
    struct setting_pair *name = &settings->attribute[0];
    settings->attribute_count = 1;
    read_pairs("OTEL_RESOURCE_ATTRIBUTES", variable("OTEL_RESOURCE_ATTRIBUTES"),
               settings->attribute, SETTINGS_ATTRIBUTES_MAX, &settings->attribute_count);
    for (size_t i = 1; i < settings->attribute_count; i++) {
        if (strcmp(settings->attribute[i].key, "service.name") != 0)
            continue;
        *name = settings->attribute[i];
        settings->attribute[i] = settings->attribute[--settings->attribute_count];
        break;
    }
    if (service || !name->key) {
        free(name->key);
        free(name->value);
        name->key = strdup("service.name");
        name->value = strdup(service ? service : DEFAULT_SERVICE);
    }
    if (!name->key || !name->value)
        return chimera_fail_memory(err);
    return CHIMERA_OK;
}

int settings_read(struct settings *settings, struct chimera_error *err)
{
    *settings = (struct settings){0};
    const char *preference = variable("OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE");
    const char *aggregation = variable("OTEL_EXPORTER_OTLP_METRICS_DEFAULT_HISTOGRAM_AGGREGATION");
    /* "lowmemory" wants the same as "delta" of counters and histograms, which are all that there
     * is. */
    settings->is_delta = preference && (strcasecmp(preference, "delta") == 0 ||
                                        strcasecmp(preference, "lowmemory") == 0);
    if (preference && !settings->is_delta && strcasecmp(preference, "cumulative") != 0)
        warn("OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE", preference,
             "cumulative, delta and lowmemory are known");
    if (aggregation && strcasecmp(aggregation, "explicit_bucket_histogram") != 0)
        warn("OTEL_EXPORTER_OTLP_METRICS_DEFAULT_HISTOGRAM_AGGREGATION", aggregation,
             "only explicit_bucket_histogram is exported");
    settings->metric_interval_ms = number_in("OTEL_METRIC_EXPORT_INTERVAL", 1, 60000);
    settings->batch_delay_ms = number_in("OTEL_BSP_SCHEDULE_DELAY", 0, 5000);
    settings->queue_max = (size_t)number_in("OTEL_BSP_MAX_QUEUE_SIZE", 1, 2048);
    settings->batch_max = (size_t)number_in("OTEL_BSP_MAX_EXPORT_BATCH_SIZE", 1, 512);
    if (settings->batch_max > settings->queue_max)
        settings->batch_max = settings->queue_max;
    return read_resource(settings, err);
}
