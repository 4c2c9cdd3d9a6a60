#include "server/config.h"

#include <arpa/inet.h>
#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "runtime/base/buffer.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/file.h"
#include "runtime/source/sources.h"
#include "runtime/source/verification.h"

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

/* "addr:port" as a socket address: no names, brackets around IPv6. */
static int parse_address(const char *address, const char *port, struct address *ret_address,
                         struct chimera_error *err)
{
    struct address result = {0};
    uint64_t number = 0;
    size_t size = strlen(address);
    char inner[INET6_ADDRSTRLEN] = "";
    bool is_good = parse_number(port, 65535, &number);
    if (size > 2 && size - 2 < sizeof(inner) && address[0] == '[' && address[size - 1] == ']') {
        memcpy(inner, address + 1, size - 2);
        result.v6.sin6_family = AF_INET6;
        result.v6.sin6_port = htons((uint16_t)number);
        result.size = sizeof(result.v6);
        is_good = is_good && inet_pton(AF_INET6, inner, &result.v6.sin6_addr) == 1;
    } else {
        result.v4.sin_family = AF_INET;
        result.v4.sin_port = htons((uint16_t)number);
        result.size = sizeof(result.v4);
        is_good = is_good && inet_pton(AF_INET, address, &result.v4.sin_addr) == 1;
    }
    if (!is_good)
        return chimera_fail(err, CHIMERA_EINVAL,
                            "error parsing arguments: invalid socket address syntax");
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
    if ((!colon || size) &&
        parse_address(address, port, &config->admin_address, &why) == CHIMERA_OK)
        return CHIMERA_OK;
    return chimera_fail(err, CHIMERA_EINVAL,
                        "--admin-port: '%s' is neither a port nor an address and a port, as in "
                        "9090, 0.0.0.0:9090 or [::]:9090",
                        text);
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
                            "error parsing the number of workers: '%s' is not a number from 1 on",
                            text);
    /* The reference takes any number, and makes no threads of it. */
    *ret_workers = number < WORKERS_MAX ? (unsigned)number : WORKERS_MAX;
    return CHIMERA_OK;
}

static int parse_numbers(const struct options *options, struct config *config,
                         struct chimera_error *err)
{
    config->is_limited = !options->is_timeout_off;
    if (config->is_limited &&
        !parse_number(options->policy_timeout, UINT64_MAX, &config->limit_seconds))
        return chimera_fail(err, CHIMERA_EINVAL, "--policy-timeout: invalid digit found in string");
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
    return parse_workers(options->workers, &config->workers, err);
}

/* As Rust prints an I/O error. */
static int fail_errno(struct chimera_error *err, const char *what, int number)
{
    return chimera_fail(err, CHIMERA_EIO, "%s: %s (os error %d)", what, strerror(number), number);
}

static int check_tls_files(const struct options *options, struct chimera_error *err)
{
    if (!options->cert_file != !options->key_file)
        return chimera_fail(err, CHIMERA_EINVAL,
                            "both certificate and key must be provided together");
    if (options->client_ca_files && !options->cert_file)
        return chimera_fail(
            err, CHIMERA_EINVAL,
            "client CA certificate requires server certificate and key to be specified");
    if (options->cert_file && access(options->cert_file, R_OK) != 0)
        return fail_errno(err, options->cert_file, errno);
    if (options->key_file && access(options->key_file, R_OK) != 0)
        return fail_errno(err, options->key_file, errno);
    return CHIMERA_OK;
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

static char *find_cache_dir(const struct options *options)
{
    const char *told = getenv("CHIMERA_CACHE_DIR");
    return told && *told ? strdup(told) : chimera_path_join(options->download_dir, "chimera-cache");
}

int config_make(const struct options *options, struct config *ret_config, struct chimera_error *err)
{
    struct config config = {.options = *options, .has_kubernetes = find_kubernetes()};
    int code = parse_address(options->address, options->port, &config.main_address, err);
    if (code == CHIMERA_OK)
        code = parse_address(options->address, options->readiness_port, &config.probe_address, err);
    if (code == CHIMERA_OK)
        code = parse_admin(options->admin_port, &config, err);
    if (code == CHIMERA_OK)
        code = check_hosts(options->admin_hosts, err);
    if (code == CHIMERA_OK)
        code = parse_numbers(options, &config, err);
    if (code == CHIMERA_OK)
        code = check_tls_files(options, err);
    if (code == CHIMERA_OK && options->sources)
        code = chimera_sources_check(options->sources, err);
    if (code == CHIMERA_OK && options->verification)
        code = chimera_verification_check(options->verification, err);
    if (code < 0)
        return code;
    if (options->shortcut_namespace)
        config.shortcut_namespace = chimera_slice_of(options->shortcut_namespace);
    config.cache_dir = find_cache_dir(options);
    if (!config.cache_dir)
        return chimera_fail(err, CHIMERA_ENOMEM, "%s", chimera_code_text(CHIMERA_ENOMEM));
    *ret_config = config;
    return CHIMERA_OK;
}

void config_done(struct config *config)
{
    free(config->cache_dir);
    config->cache_dir = NULL;
}
