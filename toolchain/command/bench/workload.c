/* SPDX-License-Identifier: Apache-2.0 */
#include "toolchain/command/bench/workload.h"

#include <math.h>
#include <string.h>

#define SECONDS_MAX 3600
#define SAMPLES_MAX 100000
#define RESAMPLES_MAX 10000000
#define COUNT_MAX 1000000000
#define THREADS_MAX 512
#define RATE_MAX 100000000
#define DIGITS_MAX 12

/* "12", "0.25": digits, and a fraction of them; NaN for anything else. */
static double parse_decimal(const char *text)
{
    double number = 0, unit = 1;
    bool is_fraction = false;
    size_t digits = 0;
    for (; *text; text++) {
        if (*text == '.' && !is_fraction && digits > 0) {
            is_fraction = true;
            continue;
        }
        if (*text < '0' || *text > '9' || ++digits > DIGITS_MAX)
            return NAN;
        number = number * 10 + (*text - '0');
        unit *= is_fraction ? 10 : 1;
    }
    return digits > 0 ? number / unit : NAN;
}

/* A decimal from `least`, which may be 0 or must be greater than that, to `most`. */
static int take_decimal(const struct chimera_cli_options *options, const char *name, double most,
                        bool may_be_zero, double *number, struct chimera_error *err)
{
    const char *text = chimera_cli_value(options, name);
    double parsed = text ? parse_decimal(text) : *number;
    if (parsed <= most && (parsed > 0 || (parsed == 0 && (may_be_zero || !text)))) {
        *number = parsed;
        return CHIMERA_OK;
    }
    return chimera_fail(err, CHIMERA_EINVAL, "--%s takes a number from 0%s to %.0f, not '%.100s'",
                        name, may_be_zero ? "" : " (more than that)", most, text);
}

static int take_number(const struct chimera_cli_options *options, const char *name, unsigned least,
                       unsigned most, size_t *number, struct chimera_error *err)
{
    const char *text = chimera_cli_value(options, name);
    unsigned parsed = text ? chimera_cli_number(text, most) : 0;
    if (!text)
        return CHIMERA_OK;
    *number = parsed;
    if ((parsed >= least && parsed > 0) || (least == 0 && strcmp(text, "0") == 0))
        return CHIMERA_OK;
    return chimera_fail(err, CHIMERA_EINVAL, "--%s takes a number from %u to %u, not '%.100s'",
                        name, least, most, text);
}

static int take_numbers(const struct chimera_cli_options *options, struct bench_workload *workload,
                        struct chimera_error *err)
{
    const struct {
        const char *name;
        unsigned least, most;
        size_t *number;
    } rows[] = {
        {"num-samples", 2, SAMPLES_MAX, &workload->samples},
        {"num-resamples", 1, RESAMPLES_MAX, &workload->resamples},
        {"threads", 1, THREADS_MAX, &workload->threads},
        {"iterations", 1, COUNT_MAX, &workload->count},
        {"warm-up-iterations", 0, COUNT_MAX, &workload->warm_up_count},
    };
    int code = CHIMERA_OK;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]) && code == CHIMERA_OK; i++)
        code = take_number(options, rows[i].name, rows[i].least, rows[i].most, rows[i].number, err);
    return code;
}

bool bench_workload_is_kept(const struct chimera_cli_options *options)
{
    const char *value = chimera_cli_value(options, "dump-results-to-disk");
    return chimera_cli_is_given(options, "dump-results-to-disk") &&
           (!value || chimera_cli_is_on(value));
}

int bench_workload_read(const struct chimera_cli_options *options,
                        struct bench_workload *ret_workload, struct chimera_error *err)
{
    bool is_kwctl = strcmp(options->program, "kwctl") == 0;
    double warm_up = is_kwctl ? 3 : 1, measurement = is_kwctl ? 5 : 3;
    *ret_workload = (struct bench_workload){
        .threads = 1,
        .samples = 100,
        .resamples = is_kwctl ? 100000 : 10000,
        .is_kept = bench_workload_is_kept(options),
    };
    int code = take_decimal(options, "warm-up-time", SECONDS_MAX, true, &warm_up, err);
    if (code == CHIMERA_OK)
        code = take_decimal(options, "measurement-time", SECONDS_MAX, false, &measurement, err);
    if (code == CHIMERA_OK)
        code = take_decimal(options, "rate", RATE_MAX, false, &ret_workload->rate, err);
    if (code == CHIMERA_OK)
        code = take_numbers(options, ret_workload, err);
    if (chimera_cli_is_given(options, "warm-up-iterations"))
        warm_up = 0;
    if (ret_workload->count > 0)
        measurement = 0;
    ret_workload->warm_up = warm_up * BENCH_SECOND;
    ret_workload->measurement = measurement * BENCH_SECOND;
    return code;
}
