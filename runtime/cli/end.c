/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "runtime/cli/cli.h"
#include "runtime/text/printable.h"

#define FAILED 1

int chimera_cli_end(int code)
{
    errno = 0;
    bool is_written = fflush(stdout) == 0 && !ferror(stdout);
    if (is_written || code != 0)
        return code;
    /* What failed before now has left its mark, though not its reason. */
    chimera_printable_say(stderr, "Error", "cannot write to standard output%s%s", errno ? ": " : "",
                          errno ? strerror(errno) : "");
    return FAILED;
}
