/* SPDX-License-Identifier: Apache-2.0 */
#include "toolchain/command/operate/trial.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "compiler/tool/confine.h"
#include "runtime/log/log.h"
#include "runtime/policy/policy.h"

#define TARGET "chimera::trial"
#define LIMIT_MS 10000u        /* of the policy's start */
#define WAIT_MS (3 * LIMIT_MS) /* of the child, which may be slow to get a processor */
#define CPU_SECONDS 30u

/* Where a start is the same every time: a trap, a missing function, a limit. */
static bool is_final(int code)
{
    return code == CHIMERA_ETRAP || code == CHIMERA_EMODULE || code == CHIMERA_ELIMIT ||
           code == CHIMERA_EGUEST;
}

/* --- The child --- */

static int start_policy(const char *plugin, struct chimera_error *err)
{
    static const char *const everything[] = {"*", NULL};
    const struct chimera_policy_options options = {
        .id = "trial", .limit_ms = LIMIT_MS, .lanes = 1, .capabilities = everything};
    struct chimera_loaded *loaded = NULL;
    struct chimera_policy *policy = NULL;
    if (chimera_plugin_load(plugin, &loaded, err) < 0)
        return CHIMERA_EIO; /* damaged a moment after it was verified: no word on the policy */
    if (!chimera_confine_guest())
        return chimera_fail_errno(err, "it cannot be confined");
    int code = chimera_policy_open(loaded, &options, &policy, err);
    return code < 0 ? code : chimera_policy_warm(policy, 0, err);
}

static _Noreturn void try_and_tell(const char *plugin, int to)
{
    static const int signals[] = {SIGINT, SIGTERM, SIGHUP};
    struct rlimit none = {0, 0}, processor = {CPU_SECONDS, CPU_SECONDS};
    struct chimera_error err = {0};
    for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++)
        signal(signals[i], SIG_DFL);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    setrlimit(RLIMIT_CORE, &none);
    setrlimit(RLIMIT_CPU, &processor);
    err.code = start_policy(plugin, &err);
    ssize_t put = write(to, &err, sizeof(err));
    _exit(put == (ssize_t)sizeof(err) ? 0 : 1);
}

/* --- The parent --- */

static bool hear(int from, struct chimera_error *ret_said)
{
    struct pollfd poller = {.fd = from, .events = POLLIN};
    int ready;
    do
        ready = poll(&poller, 1, WAIT_MS);
    while (ready < 0 && errno == EINTR);
    if (ready <= 0 || read(from, ret_said, sizeof(*ret_said)) != (ssize_t)sizeof(*ret_said))
        return false;
    ret_said->text[sizeof(ret_said->text) - 1] = '\0';
    return true;
}

/* "WebAssembly failure: cannot rehydrate PolicyEvaluatorPre: " is the reference's, and no news. */
static const char *without_preface(const char *text)
{
    static const char preface[] = "PolicyEvaluatorPre: ";
    const char *at = strstr(text, preface);
    return at ? at + sizeof(preface) - 1 : text;
}

bool trial_starts(const char *plugin, struct chimera_error *ret_why)
{
    struct chimera_error said = {.code = CHIMERA_EIO, .text = "it ended without a word"};
    int pipes[2], status;
    if (pipe2(pipes, O_CLOEXEC) < 0)
        return true;
    pid_t pid = fork();
    if (pid == 0)
        try_and_tell(plugin, pipes[1]);
    close(pipes[1]);
    bool is_heard = pid > 0 && hear(pipes[0], &said);
    close(pipes[0]);
    if (pid > 0) {
        kill(pid, SIGKILL); /* it has told, or is too late */
        while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
            ;
    }
    chimera_log_with(CHIMERA_LOG_DEBUG, TARGET, CHIMERA_SLICE("tried whether it starts"),
                     CHIMERA_TEXT("path", chimera_slice_of(plugin)),
                     CHIMERA_BOOL("heard", is_heard), CHIMERA_NUMBER("code", said.code),
                     CHIMERA_TEXT("said", chimera_slice_of(said.text)));
    if (!is_heard || !is_final(said.code))
        return true;
    chimera_fail(ret_why, said.code, "can never run here: %s", without_preface(said.text));
    return false;
}
