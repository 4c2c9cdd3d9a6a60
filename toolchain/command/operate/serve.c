/* SPDX-License-Identifier: Apache-2.0 */
/* serve.c - `chimera serve`: becomes chimera-server, the program beside this one, with the words
 * that it was given. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "runtime/base/cleanup.h"
#include "runtime/base/error.h"
#include "toolchain/command/commands.h"

#define SERVER "chimera-server"

/* Where this program lies, or NULL. Owned by the caller. */
static char *find_server(void)
{
    CHIMERA_FREE char *self = realpath("/proc/self/exe", NULL);
    char *slash = self ? strrchr(self, '/') : NULL, *path = NULL;
    if (!slash)
        return NULL;
    *slash = '\0';
    return asprintf(&path, "%s/" SERVER, self) < 0 ? NULL : path;
}

static int run_serve(int argc, char *const *argv)
{
    CHIMERA_FREE char *path = find_server();
    CHIMERA_FREE char **words = calloc((size_t)argc + 2, sizeof(*words));
    if (!path || !words)
        return say_error("%s", chimera_code_text(CHIMERA_ENOMEM));
    words[0] = path;
    for (int i = 0; i < argc; i++)
        words[i + 1] = argv[i];
    execv(path, words);
    return say_error("cannot start %s: %s", path, strerror(errno));
}

const struct chimera_cli_command command_serve = {
    .name = "serve",
    .about = "Serve policies to a Kubernetes API server: chimera-server",
    .description = "Starts chimera-server, which lies beside this program, and hands it all words "
                   "that follow. Its options are those of chimera-server(1), and so is its help.",
    .run_words = run_serve,
    .becomes = SERVER,
};
