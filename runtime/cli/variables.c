/* SPDX-License-Identifier: Apache-2.0 */
/* variables.c - the environment, in one table for the pages of both programs.
 *
 * tests/e2e/command/pages compares it with what the sources ask for.
 */
#include "runtime/cli/manual.h"

const struct chimera_cli_entry chimera_cli_variables[] = {
    {"CHIMERA_CACHE_DIR",
     "Folder of the cache of built plugins; in place of $XDG_CACHE_HOME/chimera or "
     "~/.cache/chimera, of a server in place of chimera-cache in the folder of "
     "--policies-download-dir",
     CHIMERA_CLI_BUILDS | CHIMERA_CLI_SERVES},
    {"CHIMERA_SHARED_CACHE, CHIMERA_SHARED_CACHE_KEY",
     "Where the builds of a server look before they compile, and the key of a registry: "
     "--shared-cache "
     "and --shared-cache-key of `chimera build`",
     CHIMERA_CLI_SERVES},
    {"CHIMERA_WASM2C, CHIMERA_CLANG, CHIMERA_LLD, CHIMERA_OBJDUMP, CHIMERA_TCC",
     "The programs to build with: wasm2c, clang, ld.lld, llvm-objdump and tcc; in place of those "
     "beside clang and on PATH",
     CHIMERA_CLI_BUILDS | CHIMERA_CLI_SERVES},
    {"CHIMERA_COMPILER_LAUNCHER",
     "Put before each call of clang by build and bundle: distcc, icecc, sccache or ccache, with "
     "arguments behind semicolons",
     CHIMERA_CLI_BUILDS},
    {"CHIMERA_PRELUDE",
     "Folder plugins/policy of the sources that each plugin is compiled with; in place of the one "
     "that came with the program",
     CHIMERA_CLI_BUILDS | CHIMERA_CLI_SERVES},
    {"CHIMERA_TOOL_FOLDERS",
     "Further folders, separated by colons, that the compilers may read and run programs from "
     "while they are confined",
     CHIMERA_CLI_BUILDS | CHIMERA_CLI_SERVES},
    {"CHIMERA_CONFINEMENT",
     "For tests: play a kernel that confines by landlock alone, by seccomp alone, or by none",
     CHIMERA_CLI_BUILDS | CHIMERA_CLI_FETCHES | CHIMERA_CLI_SERVES},
    {"CHIMERA_JSON_PASS",
     "For tests and measurements: read JSON by portable code, by sse2 or by avx2; in place of the "
     "best that the processor has",
     CHIMERA_CLI_RUNS | CHIMERA_CLI_SERVES},
    {"CHIMERA_PAGE_TRACKING",
     "For tests and measurements: find the pages that a policy wrote by scan (Linux 6.7), by read "
     "of the page map, or by none, which copies all; in place of the first that works",
     CHIMERA_CLI_RUNS | CHIMERA_CLI_SERVES},
    {"CHIMERA_COMMAND",
     "The chimera program that builds and fetches; in place of the one beside chimera-server, or "
     "on PATH",
     CHIMERA_CLI_SERVES},
    {"COSIGN_PASSWORD", "Password of the private key that signs", CHIMERA_CLI_SIGNS},
    {"DOCKER_CONFIG",
     "Folder of Docker's config.json, with the logins for registries; in place of ~/.docker",
     CHIMERA_CLI_FETCHES | CHIMERA_CLI_ASKS | CHIMERA_CLI_SERVES},
    {"HTTP_PROXY, HTTPS_PROXY, NO_PROXY",
     "Proxies, and the hosts that are reached without one, where sources.yaml names none; small "
     "letters do as well",
     CHIMERA_CLI_FETCHES | CHIMERA_CLI_ASKS | CHIMERA_CLI_SERVES},
    {"SSL_CERT_FILE, SSL_CERT_DIR",
     "The authorities that certificates of hosts are believed by; in place of the system's",
     CHIMERA_CLI_FETCHES | CHIMERA_CLI_ASKS | CHIMERA_CLI_SERVES},
    {"KUBECONFIG",
     "Files, separated by colons, that say how the cluster is reached; in place of ~/.kube/config",
     CHIMERA_CLI_ASKS | CHIMERA_CLI_SERVES},
    {"KUBERNETES_SERVICE_HOST, KUBERNETES_SERVICE_PORT",
     "In a Pod, where the cluster is; Kubernetes sets them", CHIMERA_CLI_ASKS | CHIMERA_CLI_SERVES},
    {"XDG_CACHE_HOME", "Folder of caches, an absolute one; in place of ~/.cache",
     CHIMERA_CLI_BUILDS | CHIMERA_CLI_FETCHES},
    {"XDG_CONFIG_HOME",
     "Folder of configurations, an absolute one, in which kubewarden/sources.yaml and "
     "kubewarden/verification-config.yml are looked for; in place of ~/.config",
     CHIMERA_CLI_FETCHES},
    {"HOME", "Folder that ~ stands for here",
     CHIMERA_CLI_BUILDS | CHIMERA_CLI_FETCHES | CHIMERA_CLI_ASKS | CHIMERA_CLI_SERVES},
    {"TMPDIR", "Folder of temporary files; in place of /tmp",
     CHIMERA_CLI_BUILDS | CHIMERA_CLI_SERVES},
    {"PATH, LD_LIBRARY_PATH",
     "Where programs and libraries are looked for; the compilers get both, and no more of the "
     "environment",
     CHIMERA_CLI_BUILDS | CHIMERA_CLI_SERVES},
    {"OTEL_SDK_DISABLED", "true: export no telemetry, whatever the flags say", CHIMERA_CLI_SERVES},
    {"OTEL_SERVICE_NAME, OTEL_RESOURCE_ATTRIBUTES", "Who sends the telemetry", CHIMERA_CLI_SERVES},
    {"OTEL_EXPORTER_OTLP_ENDPOINT, OTEL_EXPORTER_OTLP_PROTOCOL, OTEL_EXPORTER_OTLP_HEADERS, "
     "OTEL_EXPORTER_OTLP_COMPRESSION, OTEL_EXPORTER_OTLP_TIMEOUT, OTEL_EXPORTER_OTLP_INSECURE, "
     "OTEL_EXPORTER_OTLP_CERTIFICATE, OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE, "
     "OTEL_EXPORTER_OTLP_CLIENT_KEY",
     "Where and how telemetry is sent; OTEL_EXPORTER_OTLP_METRICS_ENDPOINT, "
     "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT and so on win over them for one of the two",
     CHIMERA_CLI_SERVES},
    {"OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE, "
     "OTEL_EXPORTER_OTLP_METRICS_DEFAULT_HISTOGRAM_AGGREGATION, OTEL_METRIC_EXPORT_INTERVAL",
     "How metrics are sent, and each how many milliseconds", CHIMERA_CLI_SERVES},
    {"OTEL_TRACES_SAMPLER, OTEL_TRACES_SAMPLER_ARG", "Which requests are traced",
     CHIMERA_CLI_SERVES},
    {"OTEL_BSP_SCHEDULE_DELAY, OTEL_BSP_MAX_QUEUE_SIZE, OTEL_BSP_MAX_EXPORT_BATCH_SIZE",
     "How spans are gathered before they are sent", CHIMERA_CLI_SERVES},
    {"HOSTNAME", "Name of the host in traces, which Kubernetes sets", CHIMERA_CLI_SERVES},
    {"LISTEN_FDS, LISTEN_FDNAMES, LISTEN_PID, NOTIFY_SOCKET",
     "From a service manager such as systemd: sockets in the place of the ports of options, by the "
     "names main, probe and admin, and who is told that the server is ready",
     CHIMERA_CLI_SERVES},
    {"NO_COLOR", "Not empty: no colours, unless --color says otherwise", CHIMERA_CLI_SHOWS},
    {"TERM", "dumb, or not set: no colours and no line of progress", CHIMERA_CLI_SHOWS},
    {"COLUMNS", "Width of a help's lines; in place of the terminal's, or of 80 where there is none",
     CHIMERA_CLI_SHOWS | CHIMERA_CLI_SERVES},
    {0},
};
