/* SPDX-License-Identifier: Apache-2.0 */
#include "server/base/manager.h"

#include <fcntl.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "runtime/base/slice.h"

#define FIRST_FD 3
#define SOCKETS_MAX 64 /* more than anybody hands over; names go to three of them */

static struct sockaddr_un notified; /* no family: nobody wants to know */
static socklen_t notified_size;

/* A number of at most nine digits; -1: it is none. */
static int number_of(const char *text)
{
    size_t size = text ? strspn(text, "0123456789") : 0;
    int number = 0;
    if (size == 0 || size > 9 || text[size])
        return -1;
    for (; *text; text++)
        number = number * 10 + (*text - '0');
    return number;
}

static void take_notified(const char *path)
{
    size_t size = path ? strlen(path) : 0;
    if (size < 2 || size >= sizeof(notified.sun_path) || (path[0] != '/' && path[0] != '@'))
        return;
    notified.sun_family = AF_UNIX;
    memcpy(notified.sun_path, path, size);
    if (path[0] == '@') /* an abstract name */
        notified.sun_path[0] = '\0';
    notified_size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + size);
}

/* What FileDescriptorName= says: the unit's name when nobody chose one. */
static enum manager_port port_of(struct chimera_slice name)
{
    if (chimera_slice_is(name, "probe"))
        return MANAGER_PROBE;
    return chimera_slice_is(name, "admin") ? MANAGER_ADMIN : MANAGER_MAIN;
}

static bool is_tcp(int fd)
{
    int type = 0, is_listening = 0, domain = 0;
    socklen_t size = sizeof(int);
    return getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &size) == 0 &&
           (domain == AF_INET || domain == AF_INET6) &&
           getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &size) == 0 && type == SOCK_STREAM &&
           getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &is_listening, &size) == 0 && is_listening;
}

/* As socket_bind() makes them. */
static int adopt(int fd, struct address *port, struct chimera_error *err)
{
    const int on = 1;
    if (!is_tcp(fd))
        return chimera_fail(err, CHIMERA_EINVAL,
                            "LISTEN_FDS: descriptor %d is no TCP socket that listens: use "
                            "ListenStream= with a port, and Accept=no",
                            fd);
    int flags = fcntl(fd, F_GETFL);
    port->size = sizeof(port->v6);
    if (flags < 0 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) < 0 ||
        fcntl(fd, F_SETFD, FD_CLOEXEC) < 0 ||
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on)) < 0 ||
        getsockname(fd, &port->any, &port->size) < 0)
        return chimera_fail_errno(err, "LISTEN_FDS");
    port->fd = fd;
    return CHIMERA_OK;
}

static int adopt_all(int count, const char *names, struct address *const ports[MANAGER_PORTS],
                     struct chimera_error *err)
{
    static const char *const port_names[] = {"main", "probe", "admin"};
    int code = CHIMERA_OK;
    for (int i = 0; i < count && code == CHIMERA_OK; i++) {
        size_t size = strcspn(names, ":");
        enum manager_port port = port_of((struct chimera_slice){names, size});
        names += size + (names[size] == ':');
        code = ports[port]->fd
                   ? chimera_fail(err, CHIMERA_EINVAL,
                                  "LISTEN_FDS: two sockets for the port '%s': one is taken, and "
                                  "FileDescriptorName= says for which of main, probe and admin",
                                  port_names[port])
                   : adopt(FIRST_FD + i, ports[port], err);
    }
    return code;
}

int manager_take(struct address *const ports[MANAGER_PORTS], struct chimera_error *err)
{
    const char *names = getenv("LISTEN_FDNAMES");
    int count = number_of(getenv("LISTEN_FDS"));
    bool is_ours = number_of(getenv("LISTEN_PID")) == getpid();
    int code = CHIMERA_OK;
    take_notified(getenv("NOTIFY_SOCKET"));
    if (is_ours && (count < 0 || count > SOCKETS_MAX))
        code = chimera_fail(err, CHIMERA_EINVAL,
                            "LISTEN_FDS: expected a number of descriptors, at most %d, found '%s'",
                            SOCKETS_MAX, getenv("LISTEN_FDS") ? getenv("LISTEN_FDS") : "");
    else if (is_ours)
        code = adopt_all(count, names ? names : "", ports, err);
    unsetenv("LISTEN_FDNAMES");
    unsetenv("LISTEN_FDS");
    unsetenv("LISTEN_PID");
    unsetenv("NOTIFY_SOCKET");
    return code;
}

void manager_ready(void)
{
    static const char text[] = "READY=1";
    int fd = notified.sun_family ? socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0) : -1;
    if (fd < 0)
        return;
    /* A manager that does not listen waits until it gives up: nothing that we could do about. */
    (void)sendto(fd, text, sizeof(text) - 1, MSG_NOSIGNAL, (const struct sockaddr *)&notified,
                 notified_size);
    close(fd);
    notified.sun_family = AF_UNSPEC;
}
