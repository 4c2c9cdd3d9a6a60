/* SPDX-License-Identifier: Apache-2.0 */
#include "toolchain/command/running/host_broker.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "runtime/broker/client.h"
#include "runtime/broker/deal.h"
#include "runtime/broker/host_settings.h"
#include "runtime/broker/parent_call.h"
#include "runtime/broker/serve.h"
#include "runtime/log/log.h"

#define TARGET "chimera::host"
#define LINES_MS 5000                   /* for the lines to come */
#define IMPORTS_MAX ((size_t)256 << 10) /* imports stand at a module's beginning */

static struct chimera_broker_client client = {.supply = -1};
static pid_t keeper; /* the broker's parent, which runs helper programs for it; 0: none */

struct chimera_capability_source *host_broker_source(void)
{
    return &client.source;
}

bool host_broker_is_wanted(const struct policy_module *module)
{
    static const struct {
        const char *bytes;
        size_t size;
    } imports[] = {
        {"\x0b__host_call", 12},
        {"\x04host\x04"
         "call",
         10},
        {"kubewarden:javy/host", 20},
        {"chimera_wapc_host_call", 22}, /* of plugins */
        {"chimera_wasi_host_call", 22},
        {"opa_eval_ctx_new", 16}, /* Rego finds the cluster in its data */
    };
    struct chimera_slice bytes = chimera_buffer_slice(&module->bytes);
    bool is_plugin = chimera_slice_starts(bytes, "\177ELF");
    if (bytes.size == 0)
        return true; /* nobody knows */
    for (size_t i = 0; i < sizeof(imports) / sizeof(imports[0]); i++) {
        bool is_whole = is_plugin || i == 5; /* exports stand anywhere */
        size_t size = is_whole || bytes.size < IMPORTS_MAX ? bytes.size : IMPORTS_MAX;
        if (memmem(bytes.data, size, imports[i].bytes, imports[i].size))
            return true;
    }
    return false;
}

/* Of a process that others must not wait for: it holds nothing of theirs. */
static void let_go_of_output(void)
{
    int nothing = open("/dev/null", O_RDWR | O_CLOEXEC);
    dup2(nothing, STDIN_FILENO);
    dup2(nothing, STDOUT_FILENO);
    signal(SIGINT, SIG_IGN); /* the command ends us */
}

static _Noreturn void become_broker(const struct chimera_broker_ends *ends,
                                    const struct chimera_host_sources *sources)
{
    struct chimera_host_settings settings;
    struct chimera_error err = {0};
    if (chimera_host_settings_read(sources, &settings, &err) < 0) {
        chimera_log_with(CHIMERA_LOG_ERROR, TARGET, CHIMERA_SLICE("host calls cannot be answered"),
                         CHIMERA_TEXT("error", chimera_slice_of(err.text)));
        _exit(1);
    }
    const struct chimera_broker_input input = {.control = ends->broker_control,
                                               .versions = ends->versions,
                                               .settings = settings.settings,
                                               .plugin_folders = settings.plugin_folders,
                                               .readable = settings.readable};
    _exit(chimera_broker_serve(&input));
}

/* Runs helper programs for the broker, which may not, until one of the two ends. */
static _Noreturn void keep_broker(int supply, const struct fetch_flags *flags)
{
    struct chimera_host_sources sources = {
        .sources = flags->sources_path,
        .docker_config = flags->fetch.docker_config,
        .sigstore_trust_config = flags->fetch.trust_root,
        .library_folder = CHIMERA_LIBDIR,
        .installed_folder = CHIMERA_PLUGIN_DIR,
    };
    static struct chimera_parent_call call; /* large */
    struct chimera_broker_ends ends;
    pid_t self = getpid();
    if (chimera_broker_ends_make(&ends, NULL) < 0)
        _exit(1);
    pid_t broker = fork();
    if (broker == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        prctl(PR_SET_NAME, "chimera-broker");
        close(ends.control);
        close(supply);
        if (getppid() != self)
            _exit(1);
        become_broker(&ends, &sources);
    }
    close(ends.broker_control);
    ends.broker_control = -1;
    if (broker < 0 || chimera_broker_deal(&ends, supply, NULL) < 0)
        _exit(1);
    struct pollfd polled[] = {{.fd = ends.control, .events = POLLIN}, {.fd = supply}};
    int code = 0;
    while (code >= 0 && polled[1].revents == 0 && (poll(polled, 2, -1) > 0 || errno == EINTR)) {
        code = polled[0].revents ? chimera_parent_take(ends.control, &call) : 0;
        if (code == 1)
            chimera_parent_answer(ends.control, &call, chimera_host_settings_run, &sources);
    }
    kill(broker, SIGKILL); /* it has nothing to lose */
    waitpid(broker, NULL, 0);
    _exit(0);
}

int host_broker_start(const struct fetch_flags *flags, struct chimera_error *err)
{
    int supply[2];
    if (keeper)
        return CHIMERA_OK;
    int code = chimera_broker_supply_make(supply, err);
    if (code < 0)
        return code;
    keeper = fork();
    if (keeper == 0) { /* it ends when our end of the supply is closed, however that comes */
        let_go_of_output();
        close(supply[0]);
        keep_broker(supply[1], flags);
    }
    close(supply[1]);
    if (keeper < 0) {
        keeper = 0;
        close(supply[0]);
        return chimera_fail_errno(err, "fork");
    }
    struct pollfd first = {.fd = supply[0], .events = POLLIN};
    poll(&first, 1, LINES_MS); /* without lines, each call fails */
    return chimera_broker_client_open(&client, supply[0], NULL, err);
}

void host_broker_end(void)
{
    if (!keeper)
        return;
    chimera_broker_client_close(&client); /* which the keeper sees */
    waitpid(keeper, NULL, 0);
    keeper = 0;
}
