/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/text/figures.h"

void chimera_figure_count(uint64_t count, struct chimera_buffer *out)
{
    char text[32];
    size_t at = sizeof(text);
    unsigned digits = 0;
    do {
        if (digits > 0 && digits % 3 == 0)
            text[--at] = ',';
        text[--at] = (char)('0' + count % 10);
        count /= 10;
        digits++;
    } while (count);
    chimera_buffer_append(out, (struct chimera_slice){text + at, sizeof(text) - at});
}

/* Three digits that count. */
static void put_scaled(double number, const char *unit, struct chimera_buffer *out)
{
    int decimals = number < 9.995 ? 2 : number < 99.95 ? 1 : 0;
    chimera_buffer_print(out, "%.*f %s", decimals, number, unit);
}

void chimera_figure_duration(uint64_t ns, struct chimera_buffer *out)
{
    if (ns < 1000)
        chimera_buffer_print(out, "%u ns", (unsigned)ns);
    else if (ns < 1000000)
        put_scaled((double)ns / 1e3, "µs", out);
    else if (ns < 1000000000)
        put_scaled((double)ns / 1e6, "ms", out);
    else
        put_scaled((double)ns / 1e9, "s", out);
}

void chimera_figure_bytes(uint64_t bytes, struct chimera_buffer *out)
{
    static const char *const units[] = {"KiB", "MiB", "GiB", "TiB"};
    double number = (double)bytes / 1024;
    if (bytes < 1024) {
        chimera_buffer_print(out, "%u B", (unsigned)bytes);
        return;
    }
    size_t unit = 0;
    for (; number >= 1024 && unit + 1 < sizeof(units) / sizeof(units[0]); unit++)
        number /= 1024;
    put_scaled(number, units[unit], out);
}
