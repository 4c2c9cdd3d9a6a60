/* SPDX-License-Identifier: Apache-2.0 */
/* certificates.h - the TLS files as the supervisor keeps them for its workers: read at the start,
 * watched, read again, checked, and only then handed on.
 *
 * They are copied, never parsed: parsing happens in the workers, and before that in a child that
 * does nothing else. The key is not in the supervisor's memory, of which tenants are forks, but in
 * a memfd.
 */
#ifndef CHIMERA_SERVER_SUPERVISOR_CERTIFICATES_H
#define CHIMERA_SERVER_SUPERVISOR_CERTIFICATES_H

#include "runtime/base/buffer.h"
#include "server/base/file_stamp.h"
#include "server/base/orders.h"
#include "server/client/tls.h"
#include "server/config/config.h"

struct certificate_file {
    const char *path;           /* borrowed */
    const char *text;           /* for the log: that it has been modified */
    struct stamp served;        /* of what is used */
    struct stamp seen, refused; /* when it was last looked at; when it was last refused */
};

struct certificates {
    struct tls_texts served; /* owned, like the next */
    struct tls_texts tried;  /* what is being checked */
    const struct options *options;
    char *list;                         /* owned; of the paths of authorities, cut into pieces */
    struct certificate_file *file;      /* owned: certificate, key, authorities */
    size_t file_count;                  /* 0: no TLS */
    bool wants_pair, wants_authorities; /* to be tried, one after the other */
    enum order_verb checked;            /* what is */
    int check_fd;                       /* the child's answer; -1: there is none */
    struct chimera_buffer answer;
    bool is_look_due, is_look_forced; /* when nothing is checked any more */
    bool is_starting;                 /* what is checked is what the server starts with */
};

#define CERTIFICATES_NONE \
    ((struct certificates){.served = TLS_TEXTS_NONE, .tried = TLS_TEXTS_NONE, .check_fd = -1})

/* Begins to check what the server starts with: until that is done, `is_starting`, nobody should be
 * served. Without TLS there is nothing in it, and nothing to wait for. */
int certificates_open(struct certificates *certificates, const struct config *config,
                      struct chimera_error *err);
void certificates_close(struct certificates *certificates);

/* Looks for files that have changed, and begins to check what shall be taken: certificate and key
 * when both have changed, the authorities when one of them has. `is_forced`: all that differs. */
void certificates_look(struct certificates *certificates, bool is_forced);

/* `check_fd` is readable. *ret_order, which is none before, is what there is to hand on, if
 * anything. Fails when the server cannot start with its certificates. */
int certificates_read(struct certificates *certificates, struct order *ret_order,
                      struct chimera_error *err);

#endif
