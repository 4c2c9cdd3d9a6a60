/* SPDX-License-Identifier: Apache-2.0 */
#include "server/http/answer.h"

#include <stdio.h>

#include "runtime/json/tree.h"

static const char *reason_of(unsigned status)
{
    switch (status) {
    case 200:
        return "OK";
    case 400:
        return "Bad Request";
    case 404:
        return "Not Found";
    case 405:
        return "Method Not Allowed";
    case 408:
        return "Request Timeout";
    case 413:
        return "Payload Too Large";
    case 414:
        return "URI Too Long";
    case 415:
        return "Unsupported Media Type";
    case 417:
        return "Expectation Failed";
    case 421:
        return "Misdirected Request";
    case 422:
        return "Unprocessable Entity";
    case 429:
        return "Too Many Requests";
    case 431:
        return "Request Header Fields Too Large";
    case 500:
        return "Internal Server Error";
    case 501:
        return "Not Implemented";
    case 503:
        return "Service Unavailable";
    case 505:
        return "HTTP Version Not Supported";
    default:
        return "Error";
    }
}

/* strftime() would ask the locale. */
static const char *date_text(struct answer_date *date)
{
    static const char days[7][4] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
    static const char months[12][4] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                       "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    time_t now = time(NULL);
    if (now != date->second) {
        struct tm tm;
        gmtime_r(&now, &tm);
        snprintf(date->text, sizeof(date->text), "%s, %02u %s %04u %02u:%02u:%02u GMT",
                 days[tm.tm_wday], (unsigned)tm.tm_mday % 100, months[tm.tm_mon],
                 (unsigned)(tm.tm_year + 1900) % 10000, (unsigned)tm.tm_hour % 100,
                 (unsigned)tm.tm_min % 100, (unsigned)tm.tm_sec % 100);
        date->second = now;
    }
    return date->text;
}

/* A page runs nothing, loads nothing, and is shown in no frame. */
static const char *const type_fields[] = {
    [ANSWER_EMPTY] = "",
    [ANSWER_JSON] = "\r\ncontent-type: application/json",
    [ANSWER_TEXT] = "\r\ncontent-type: text/plain; charset=utf-8",
    [ANSWER_METRICS] = "\r\ncontent-type: text/plain; version=0.0.4; charset=utf-8",
    [ANSWER_PAGE] = "\r\ncontent-type: text/html; charset=utf-8"
                    "\r\ncontent-security-policy: default-src 'none'; style-src 'unsafe-inline'; "
                    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
                    "\r\nx-content-type-options: nosniff\r\nreferrer-policy: no-referrer"
                    "\r\ncache-control: no-store",
};

static void write_number(size_t number, struct chimera_buffer *out)
{
    char digits[24];
    size_t at = sizeof(digits);
    do {
        digits[--at] = (char)('0' + number % 10);
        number /= 10;
    } while (number);
    chimera_buffer_append(out, (struct chimera_slice){digits + at, sizeof(digits) - at});
}

void answer_write(const struct answer *answer, struct answer_date *date, struct chimera_buffer *out)
{
    chimera_buffer_text(out, "HTTP/1.1 ");
    write_number(answer->status, out);
    chimera_buffer_byte(out, ' ');
    chimera_buffer_text(out, reason_of(answer->status));
    chimera_buffer_text(out, type_fields[answer->type]);
    if (answer->allow) {
        chimera_buffer_text(out, "\r\nallow: ");
        chimera_buffer_text(out, answer->allow);
    }
    if (answer->retry_after_s) {
        chimera_buffer_text(out, "\r\nretry-after: ");
        write_number(answer->retry_after_s, out);
    }
    if (answer->closes)
        chimera_buffer_text(out, "\r\nconnection: close");
    else if (answer->is_http10)
        chimera_buffer_text(out, "\r\nconnection: keep-alive");
    chimera_buffer_text(out, "\r\ncontent-length: ");
    write_number(answer->body.size, out);
    chimera_buffer_text(out, "\r\ndate: ");
    chimera_buffer_text(out, date_text(date));
    chimera_buffer_text(out, "\r\n\r\n");
    if (!answer->is_head)
        chimera_buffer_append(out, answer->body);
}

void answer_write_error_json(struct chimera_slice text, unsigned status, struct chimera_buffer *out)
{
    chimera_buffer_text(out, "{\"message\":");
    chimera_json_write_string(text, out);
    chimera_buffer_text(out, ",\"status\":");
    write_number(status, out);
    chimera_buffer_byte(out, '}');
}
