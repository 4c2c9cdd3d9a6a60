/* SPDX-License-Identifier: Apache-2.0 */
/* answer.h - what goes back over HTTP: head and body in one piece, for one write. */
#ifndef CHIMERA_SERVER_HTTP_ANSWER_H
#define CHIMERA_SERVER_HTTP_ANSWER_H

#include <time.h>

#include "runtime/base/buffer.h"

enum answer_type { ANSWER_EMPTY, ANSWER_JSON, ANSWER_TEXT, ANSWER_METRICS, ANSWER_PAGE };

struct answer {
    unsigned status;
    enum answer_type type;
    struct chimera_slice body; /* borrowed until written */
    const char *allow;         /* for the Allow field; NULL: none */
    unsigned retry_after_s;    /* for the Retry-After field; 0: none */
    bool closes;    /* the connection ends behind this answer, and the client is told so */
    bool is_http10; /* such a client has to be told when the connection does not end */
    bool is_head;   /* the body is only counted */
    bool is_logged; /* by service_answer() */
};

/* The Date field's value, made once a second. One a loop. */
struct answer_date {
    time_t second;
    char text[32];
};

/* Appends the whole answer to `out`. */
void answer_write(const struct answer *answer, struct answer_date *date,
                  struct chimera_buffer *out);

/* {"message":…,"status":…}, as /validate reports errors; appended to `out`. */
void answer_write_error_json(struct chimera_slice text, unsigned status,
                             struct chimera_buffer *out);

#endif
