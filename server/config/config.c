/* SPDX-License-Identifier: Apache-2.0 */
#include "server/config/config.h"

#include <arpa/inet.h>
#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "runtime/base/buffer.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/file.h"
#include "runtime/reuse/verdicts.h"
#include "runtime/source/sources.h"
#include "runtime/source/verification.h"
#include "runtime/text/problems.h"
#include "runtime/text/quantity.h"
#include "server/base/manager.h"
#include "server/config/memory_limit.h"

/* Connections get this part of the memory that there is; where nothing limits it, of so much at
 * most. */
#define CONNECTIONS_PART 4
#define UNLIMITED_MEMORY_MAX ((size_t)4 << 30)
#define CONNECTION_BYTES_MAX ((uint64_t)1 << 44)
/* At least so many of the longest requests must fit, with what is read beside their bodies. */
#define REQUESTS_LEAST 4
#define REQUEST_EXTRA ((size_t)256 * 1024)

static bool parse_number(const char *text, uint64_t max, uint64_t *ret_number)
{
    uint64_t number = 0;
    if (!*text)
        return false;
    for (; *text; text++) {
        if (*text < '0' || *text > '9' || number > (max - (uint64_t)(*text - '0')) / 10)
            return false;
        number = number * 10 + (uint64_t)(*text - '0');
    }
    *ret_number = number;
    return true;
}

/* An IPv6 address, in brackets as in front of a port, or without. */
static bool parse_v6(const char *text, struct in6_addr *ret_address)
{
    char inner[INET6_ADDRSTRLEN] = "";
    size_t size = strlen(text);
    if (size < 2 || text[0] != '[' || text[size - 1] != ']')
        return inet_pton(AF_INET6, text, ret_address) == 1;
    if (size - 2 >= sizeof(inner))
        return false;
    memcpy(inner, text + 1, size - 2);
    return inet_pton(AF_INET6, inner, ret_address) == 1;
}

#define NO_ADDRESS "(error parsing arguments: invalid socket address syntax)"

/* As a socket address: no names. `port_flag` is what the port was given by. */
static int parse_address(const char *address, const char *port, const char *port_flag,
                         struct address *ret_address, struct chimera_error *err)
{
    struct address result = {0};
    uint64_t number = 0;
    if (!parse_number(port, 65535, &number))
        return chimera_fail(err, CHIMERA_EINVAL,
                            "--%s: expected a number from 0 to 65535, found '%.100s' " NO_ADDRESS,
                            port_flag, port);
    if (inet_pton(AF_INET, address, &result.v4.sin_addr) == 1) {
        result.v4.sin_family = AF_INET;
        result.v4.sin_port = htons((uint16_t)number);
        result.size = sizeof(result.v4);
    } else if (parse_v6(address, &result.v6.sin6_addr)) {
        result.v6.sin6_family = AF_INET6;
        result.v6.sin6_port = htons((uint16_t)number);
        result.size = sizeof(result.v6);
    } else {
        return chimera_fail(err, CHIMERA_EINVAL,
                            "--addr: expected an IP address such as 0.0.0.0, 127.0.0.1 or ::, and "
                            "no name, found '%.100s' " NO_ADDRESS,
                            address);
    }
    *ret_address = result;
    return CHIMERA_OK;
}

/* "PORT" or "ADDRESS:PORT". */
static int parse_admin(const char *text, struct config *config, struct chimera_error *err)
{
    struct chimera_error why = {0};
    char address[INET6_ADDRSTRLEN + 2] = "127.0.0.1";
    if (!text)
        return CHIMERA_OK;
    const char *colon = strrchr(text, ':'), *port = colon ? colon + 1 : text;
    size_t size = colon ? (size_t)(colon - text) : 0;
    if (size >= sizeof(address))
        size = 0;
    if (size) {
        memcpy(address, text, size);
        address[size] = '\0';
    }
    config->has_admin = true;
    bool is_bare_v6 = size && address[0] != '[' && strchr(address, ':');
    if ((!colon || size) && !is_bare_v6 &&
        parse_address(address, port, "admin-port", &config->admin_address, &why) == CHIMERA_OK)
        return CHIMERA_OK;
    return chimera_fail(err, CHIMERA_EINVAL,
                        "--admin-port: '%s' is neither a port nor an address and a port, as in "
                        "9090, 0.0.0.0:9090 or [::]:9090",
                        text);
}

/* Those that a service manager opened count in the place of what options say. */
static int take_sockets(struct config *config, struct chimera_error *err)
{
    struct address *const ports[MANAGER_PORTS] = {[MANAGER_MAIN] = &config->main_address,
                                                  [MANAGER_PROBE] = &config->probe_address,
                                                  [MANAGER_ADMIN] = &config->admin_address};
    int code = manager_take(ports, err);
    config->has_admin = config->has_admin || config->admin_address.fd;
    return code;
}

/* Names, as they are in a Host field without its port. */
static int check_hosts(const char *names, struct chimera_error *err)
{
    static const char name_bytes[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._";
    for (const char *at = names; at; at = strchr(at, ',')) {
        at += at != names;
        size_t size = strcspn(at, ",");
        if (size == 0 || strspn(at, name_bytes) < size)
            return chimera_fail(err, CHIMERA_EINVAL,
                                "--admin-hosts: '%.*s' is no name of a host, as in "
                                "metrics.example,chimera.kubewarden.svc",
                                (int)size, at);
    }
    return CHIMERA_OK;
}

/* The processors that the container may use, rounded up: the affinity mask and cgroup v2's quota.
 */
static unsigned usable_processors(void)
{
    cpu_set_t set;
    unsigned count = 1;
    if (sched_getaffinity(0, sizeof(set), &set) == 0)
        count = (unsigned)CPU_COUNT(&set);
    CHIMERA_FCLOSE FILE *file = fopen("/sys/fs/cgroup/cpu.max", "re");
    char line[64] = "", *end = NULL;
    if (file && fgets(line, sizeof(line), file) && line[0] >= '0' && line[0] <= '9') {
        unsigned long long quota = strtoull(line, &end, 10), period = strtoull(end, NULL, 10);
        if (quota > 0 && period > 0 && (quota + period - 1) / period < count)
            count = (unsigned)((quota + period - 1) / period);
    }
    return count > 0 ? count : 1;
}

static int parse_workers(const char *text, unsigned *ret_workers, struct chimera_error *err)
{
    uint64_t number = 0;
    if (!text) {
        unsigned count = usable_processors();
        *ret_workers = count < WORKERS_MAX ? count : WORKERS_MAX;
        return CHIMERA_OK;
    }
    if (!parse_number(text, UINT32_MAX, &number) || number == 0)
        return chimera_fail(err, CHIMERA_EINVAL,
                            "--workers: error parsing the number of workers: '%s' is not a number "
                            "from 1 on",
                            text);
    /* The reference takes any number, and makes no threads of it. */
    *ret_workers = number < WORKERS_MAX ? (unsigned)number : WORKERS_MAX;
    return CHIMERA_OK;
}

static size_t connection_bytes_by_memory(void)
{
    size_t machine = memory_limit_of_machine(), limit = UNLIMITED_MEMORY_MAX;
    memory_limit_of_cgroup("", &limit);
    return (limit < machine ? limit : machine) / CONNECTIONS_PART;
}

static int parse_connection_bytes(const char *text, size_t max_body_bytes, size_t *ret_bytes,
                                  struct chimera_error *err)
{
    size_t least = REQUESTS_LEAST * (max_body_bytes + REQUEST_EXTRA);
    uint64_t bytes = text ? 0 : connection_bytes_by_memory();
    bool is_good = !text || parse_number(text, CONNECTION_BYTES_MAX, &bytes);
    if (!text && bytes < least)
        bytes = least;
    if (!is_good || bytes < least)
        return chimera_fail(err, CHIMERA_EINVAL,
                            "--max-connection-bytes: '%s' is not a number from %zu, which %d "
                            "requests of --max-body-bytes need, to %llu",
                            text, least, REQUESTS_LEAST, (unsigned long long)CONNECTION_BYTES_MAX);
    *ret_bytes = (size_t)bytes;
    return CHIMERA_OK;
}

/* "256Mi" or "256Mi:all". */
static int parse_reuse(const char *text, struct config *config, struct chimera_error *err)
{
    static const char all[] = ":all";
    if (!text)
        return CHIMERA_OK;
    struct chimera_slice size = chimera_slice_of(text);
    config->is_reuse_for_all =
        size.size > strlen(all) && strcmp(text + size.size - strlen(all), all) == 0;
    if (config->is_reuse_for_all)
        size.size -= strlen(all);
    if (chimera_quantity_parse(size, &config->reuse_bytes) &&
        config->reuse_bytes >= CHIMERA_VERDICTS_BYTES_LEAST &&
        config->reuse_bytes <= CHIMERA_VERDICTS_BYTES_MOST)
        return CHIMERA_OK;
    return chimera_fail(err, CHIMERA_EINVAL,
                        "--reuse-verdicts: '%.100s' is not a size from 1Mi to 1024Gi, such as "
                        "256Mi, perhaps with :all behind it",
                        text);
}

#define CLUSTER_MEMORY_LEAST ((uint64_t)1 << 20)
#define CLUSTER_MEMORY_MOST ((uint64_t)64 << 30)

static int parse_numbers(const struct options *options, struct config *config,
                         struct chimera_error *err)
{
    config->is_limited = !options->is_timeout_off;
    if (config->is_limited &&
        !parse_number(options->policy_timeout, UINT64_MAX, &config->limit_seconds))
        return chimera_fail(err, CHIMERA_EINVAL,
                            "--policy-timeout: expected a whole number of seconds, found '%.100s'",
                            options->policy_timeout);
    uint64_t bytes = 0, rate = 0, seconds = 0;
    if (!parse_number(options->max_body_bytes, (uint64_t)1 << 30, &bytes) || bytes < 1024)
        return chimera_fail(err, CHIMERA_EINVAL,
                            "--max-body-bytes: '%s' is not a number from 1024 to 1073741824",
                            options->max_body_bytes);
    config->max_body_bytes = (size_t)bytes;
    if (!parse_number(options->policy_log_rate, 1000000, &rate))
        return chimera_fail(err, CHIMERA_EINVAL,
                            "--policy-log-rate: '%s' is not a number of lines from 0 to 1000000",
                            options->policy_log_rate);
    config->policy_log_rate = (unsigned)rate;
    if (!parse_number(options->start_timeout, 86400, &seconds) || seconds == 0)
        return chimera_fail(err, CHIMERA_EINVAL,
                            "--worker-start-timeout: '%s' is not a number of seconds from 1 to "
                            "86400",
                            options->start_timeout);
    config->start_timeout_s = (unsigned)seconds;
    if (!chimera_quantity_parse(chimera_slice_of(options->cluster_memory),
                                &config->cluster_memory) ||
        config->cluster_memory < CLUSTER_MEMORY_LEAST ||
        config->cluster_memory > CLUSTER_MEMORY_MOST)
        return chimera_fail(err, CHIMERA_EINVAL,
                            "--cluster-memory: '%.100s' is not a size from 1Mi to 64Gi, such as "
                            "512Mi",
                            options->cluster_memory);
    int code = parse_reuse(options->reuse_verdicts, config, err);
    if (code < 0)
        return code;
    code = parse_connection_bytes(options->max_connection_bytes, config->max_body_bytes,
                                  &config->max_connection_bytes, err);
    return code < 0 ? code : parse_workers(options->workers, &config->workers, err);
}

/* As Rust prints an I/O error. */
static int check_readable(const char *flag, const char *path, struct chimera_error *err)
{
    if (access(path, R_OK) == 0)
        return CHIMERA_OK;
    int number = errno;
    return chimera_fail(err, CHIMERA_EIO, "%s: cannot read %s: %s (os error %d)", flag, path,
                        strerror(number), number);
}

/* Of the paths, separated by commas. */
static int check_authorities(const char *paths, struct chimera_error *err)
{
    int code = CHIMERA_OK;
    CHIMERA_FREE char *list = strdup(paths);
    if (!list)
        return chimera_fail_memory(err);
    char *rest = list, *path;
    while (code == CHIMERA_OK && (path = strsep(&rest, ",")))
        if (*path)
            code = check_readable("--client-ca-file", path, err);
    return code;
}

static int check_tls_files(const struct options *options, struct chimera_error *err)
{
    if (!options->cert_file != !options->key_file)
        return chimera_fail(err, CHIMERA_EINVAL,
                            "both certificate and key must be provided together: %s is missing",
                            options->cert_file ? "--key-file" : "--cert-file");
    if (options->client_ca_files && !options->cert_file)
        return chimera_fail(
            err, CHIMERA_EINVAL,
            "client CA certificate requires server certificate and key to be specified: "
            "--client-ca-file needs --cert-file and --key-file");
    if (!options->cert_file)
        return CHIMERA_OK;
    int code = check_readable("--cert-file", options->cert_file, err);
    if (code == CHIMERA_OK)
        code = check_readable("--key-file", options->key_file, err);
    if (code == CHIMERA_OK && options->client_ca_files)
        code = check_authorities(options->client_ca_files, err);
    return code;
}

static bool is_readable(const char *folder, const char *name)
{
    CHIMERA_FREE char *path = folder ? chimera_path_join(folder, name) : NULL;
    return path && access(path, R_OK) == 0;
}

/* Whether a Kubernetes configuration could be inferred; nobody is contacted. */
static bool find_kubernetes(void)
{
    const char *config = getenv("KUBECONFIG");
    if (config && *config)
        return access(config, R_OK) == 0;
    return is_readable(getenv("HOME"), ".kube/config") ||
           (getenv("KUBERNETES_SERVICE_HOST") &&
            is_readable("/var/run/secrets/kubernetes.io/serviceaccount", "token"));
}

/* Before what a file's reader says, unless that begins with the place in the file. */
static int name_flag(const char *flag, const char *path, int code, struct chimera_error *err)
{
    struct chimera_error why = {0};
    if (code < 0 && err && strncmp(err->text, path, strlen(path)) != 0) {
        chimera_error_pass(err, &why);
        chimera_fail(err, code, "%s: %s", flag, why.text);
    }
    return code;
}

static bool is_any(const struct address *address)
{
    return address->any.sa_family == AF_INET ? address->v4.sin_addr.s_addr == INADDR_ANY
                                             : IN6_IS_ADDR_UNSPECIFIED(&address->v6.sin6_addr);
}

static unsigned port_of(const struct address *address)
{
    return ntohs(address->any.sa_family == AF_INET ? address->v4.sin_port : address->v6.sin6_port);
}

/* Sockets that were handed over have addresses of their own by now. */
static bool share_a_port(const struct address *a, const struct address *b)
{
    if (a->fd || b->fd || port_of(a) == 0 || port_of(a) != port_of(b))
        return false;
    return is_any(a) || is_any(b) || (a->size == b->size && memcmp(&a->v6, &b->v6, a->size) == 0);
}

static int check_ports(const struct config *config, struct chimera_error *err)
{
    const struct {
        const struct address *address;
        const char *flag;
    } all[] = {{&config->main_address, "--port"},
               {&config->probe_address, "--readiness-probe-port"},
               {&config->admin_address, "--admin-port"}};
    size_t count = config->has_admin ? 3 : 2;
    for (size_t i = 0; i < count; i++)
        for (size_t k = i + 1; k < count; k++)
            if (share_a_port(all[i].address, all[k].address))
                return chimera_fail(err, CHIMERA_EINVAL,
                                    "%s and %s are both %u: Address already in use (os error %d)",
                                    all[i].flag, all[k].flag, port_of(all[i].address), EADDRINUSE);
    return CHIMERA_OK;
}

int config_make(const struct options *options, struct config *ret_config, struct chimera_error *err)
{
    struct config config = {.options = *options, .has_kubernetes = find_kubernetes()};
    int code = parse_address(options->address, options->port, "port", &config.main_address, err);
    if (code == CHIMERA_OK)
        code = parse_address(options->address, options->readiness_port, "readiness-probe-port",
                             &config.probe_address, err);
    if (code == CHIMERA_OK)
        code = parse_admin(options->admin_port, &config, err);
    if (code == CHIMERA_OK)
        code = take_sockets(&config, err);
    if (code == CHIMERA_OK)
        code = check_hosts(options->admin_hosts, err);
    if (code == CHIMERA_OK)
        code = parse_numbers(options, &config, err);
    if (code == CHIMERA_OK)
        code = decision_options_parse(options, &config.decisions, err);
    if (code == CHIMERA_OK)
        code = check_tls_files(options, err);
    if (code == CHIMERA_OK)
        code = check_ports(&config, err);
    if (code == CHIMERA_OK && options->sources)
        code = name_flag("--sources-path", options->sources,
                         chimera_sources_check(options->sources, &config.warnings, err), err);
    if (code == CHIMERA_OK && options->verification)
        code = name_flag("--verification-path", options->verification,
                         chimera_verification_read(options->verification, NULL, err), err);
    if (options->shortcut_namespace)
        config.shortcut_namespace = chimera_slice_of(options->shortcut_namespace);
    if (code == CHIMERA_OK) {
        const char *told = getenv("CHIMERA_CACHE_DIR");
        config.cache_dir = told && *told
                               ? strdup(told)
                               : chimera_path_join(options->download_dir, "chimera-cache");
        if (!config.cache_dir)
            code = chimera_fail_memory(err);
    }
    if (code < 0)
        config_done(&config);
    else
        *ret_config = config;
    return code;
}

void config_done(struct config *config)
{
    free(config->cache_dir);
    free(config->warnings);
    config->cache_dir = config->warnings = NULL;
}
