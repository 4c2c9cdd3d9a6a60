/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/broker/deal.h"

#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

void chimera_broker_ends_close(struct chimera_broker_ends *ends)
{
    const uint64_t end = 1;
    ssize_t written = ends->versions < 0 ? 0
                                         : pwrite(ends->versions, &end, sizeof(end),
                                                  CHIMERA_VERSION_OF_END * (off_t)sizeof(end));
    (void)written; /* to memory that is there */
    const int fds[] = {ends->control, ends->broker_control, ends->versions};
    for (size_t i = 0; i < sizeof(fds) / sizeof(fds[0]); i++)
        if (fds[i] >= 0)
            close(fds[i]);
    *ends = CHIMERA_BROKER_NO_ENDS;
}

int chimera_broker_ends_make(struct chimera_broker_ends *ends, struct chimera_error *err)
{
    int pair[2];
    *ends = CHIMERA_BROKER_NO_ENDS;
    ends->versions = memfd_create("chimera-versions", MFD_CLOEXEC);
    if (ends->versions < 0 ||
        ftruncate(ends->versions, (off_t)(CHIMERA_VERSION_COUNT * sizeof(uint64_t))) < 0 ||
        socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0) {
        int code = chimera_fail_errno(err, "the broker's sockets");
        chimera_broker_ends_close(ends);
        return code;
    }
    ends->control = pair[0];
    ends->broker_control = pair[1];
    return CHIMERA_OK;
}

int chimera_broker_supply_make(int ret_supply[2], struct chimera_error *err)
{
    return socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ret_supply) < 0
               ? chimera_fail_errno(err, "a supply of lines")
               : CHIMERA_OK;
}

int chimera_broker_deal(const struct chimera_broker_ends *ends, int supply,
                        struct chimera_error *err)
{
    int theirs[CHIMERA_BROKER_LINES], ours[CHIMERA_BROKER_LINES + 1];
    size_t count = 0;
    int code = CHIMERA_OK;
    for (int pair[2]; count < CHIMERA_BROKER_LINES; count++) {
        if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0) {
            code = chimera_fail_errno(err, "a line to the broker");
            break;
        }
        ours[count] = pair[0];
        theirs[count] = pair[1];
    }
    ours[count] = ends->versions;
    if (code == CHIMERA_OK && (!chimera_broker_send_lines(ends->control, theirs, count) ||
                               !chimera_broker_send_lines(supply, ours, count + 1)))
        code = chimera_fail_errno(err, "sending lines to the broker");
    for (size_t i = 0; i < count; i++) {
        close(ours[i]);
        close(theirs[i]);
    }
    return code;
}
