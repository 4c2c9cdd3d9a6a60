/* SPDX-License-Identifier: Apache-2.0 */
/* What is said of a port that cannot be had. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <arpa/inet.h>
#include <cmocka.h>

#include "server/base/socket.h"

static struct address address_of(const char *host, unsigned port)
{
    struct address address = {.size = sizeof(address.v4)};
    address.v4.sin_family = AF_INET;
    address.v4.sin_port = htons((uint16_t)port);
    assert_int_equal(inet_pton(AF_INET, host, &address.v4.sin_addr), 1);
    return address;
}

static void a_taken_port_is_named(void **state)
{
    struct address address = address_of("127.0.0.1", 0), again;
    struct chimera_error err = {0};
    char text[SOCKET_TEXT], wanted[200];
    int first, second;
    (void)state;
    assert_int_equal(socket_bind(&address, "--port", &first, &err), CHIMERA_OK);
    assert_int_equal(socket_listen(first, "--port", &err), CHIMERA_OK);
    again = address;
    assert_int_equal(getsockname(first, &again.any, &again.size), 0);
    assert_int_equal(socket_bind(&again, "--port", &second, &err), CHIMERA_EIO);
    snprintf(wanted, sizeof(wanted),
             "cannot listen on %s (--port): Address already in use (os error 98): another process "
             "has this port",
             socket_show(&again, text));
    assert_string_equal(err.text, wanted);
    close(first);
}

/* Two may have one before either listens. */
static void who_listens_later_is_told(void **state)
{
    struct address address = address_of("127.0.0.1", 0), again;
    struct chimera_error err = {0};
    int first, second;
    (void)state;
    assert_int_equal(socket_bind(&address, "--port", &first, &err), CHIMERA_OK);
    again = address;
    assert_int_equal(getsockname(first, &again.any, &again.size), 0);
    assert_int_equal(socket_bind(&again, "--port", &second, &err), CHIMERA_OK);
    assert_int_equal(socket_listen(first, "--port", &err), CHIMERA_OK);
    assert_int_equal(socket_listen(second, "--readiness-probe-port", &err), CHIMERA_EIO);
    assert_non_null(strstr(err.text, "cannot listen on 127.0.0.1:"));
    assert_non_null(strstr(err.text, " (--readiness-probe-port): Address already in use"));
    close(first);
    close(second);
}

static void a_foreign_address_is_named(void **state)
{
    struct address address = address_of("192.0.2.1", 81); /* RFC 5737: nobody's */
    struct chimera_error err = {0};
    int fd;
    (void)state;
    assert_int_equal(socket_bind(&address, "--port", &fd, &err), CHIMERA_EIO);
    assert_string_equal(err.text, "cannot listen on 192.0.2.1:81 (--port): Cannot assign requested "
                                  "address (os error 99): no interface of this machine has this "
                                  "address");
}

static void v6_is_shown_in_brackets(void **state)
{
    struct address address = {.size = sizeof(address.v6)};
    char text[SOCKET_TEXT];
    (void)state;
    address.v6.sin6_family = AF_INET6;
    address.v6.sin6_port = htons(8443);
    assert_string_equal(socket_show(&address, text), "[::]:8443");
    memset(&address.v6.sin6_addr, 0xab, sizeof(address.v6.sin6_addr));
    address.v6.sin6_port = htons(65535);
    assert_string_equal(socket_show(&address, text),
                        "[abab:abab:abab:abab:abab:abab:abab:abab]:65535");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_taken_port_is_named),
        cmocka_unit_test(who_listens_later_is_told),
        cmocka_unit_test(a_foreign_address_is_named),
        cmocka_unit_test(v6_is_shown_in_brackets),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
