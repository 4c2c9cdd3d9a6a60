/* SPDX-License-Identifier: Apache-2.0 */
/* settings.h - the OTEL_* variables, by the OpenTelemetry specification ("OpenTelemetry Protocol
 * Exporter", "Environment Variable Specification").
 *
 * Each of the exporter's variables is there for a signal (OTEL_EXPORTER_OTLP_METRICS_ENDPOINT) and
 * for all (OTEL_EXPORTER_OTLP_ENDPOINT); the signal's wins, and an empty one is none. What is not
 * understood is warned of and left at its default; a file that cannot be read is an error.
 */
#ifndef CHIMERA_OTLP_SETTINGS_H
#define CHIMERA_OTLP_SETTINGS_H

#include <stdint.h>

#include "runtime/base/error.h"
#include "runtime/base/slice.h"

enum signal_kind { SIGNAL_METRICS, SIGNAL_TRACES };

#define SETTINGS_HEADERS_MAX 32
#define SETTINGS_ATTRIBUTES_MAX 64

struct setting_pair { /* both owned */
    char *key, *value;
};

struct signal_settings {
    char *origin; /* owned: scheme://host:port */
    bool is_tls, is_gzip;
    const char *ca_file, *certificate_file, *key_file; /* of the environment; NULL: none */
    long timeout_ms;
    struct setting_pair header[SETTINGS_HEADERS_MAX];
    size_t header_count;
};

struct settings {
    struct setting_pair
        attribute[SETTINGS_ATTRIBUTES_MAX]; /* of the resource; service.name first */
    size_t attribute_count;
    bool is_delta;
    int64_t metric_interval_ms;
    int64_t batch_delay_ms;
    size_t queue_max, batch_max; /* spans */
};

int settings_read(struct settings *settings, struct chimera_error *err);
int settings_read_signal(enum signal_kind kind, struct signal_settings *settings,
                         struct chimera_error *err);

#endif
