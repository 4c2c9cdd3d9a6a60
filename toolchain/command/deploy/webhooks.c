/* SPDX-License-Identifier: Apache-2.0 */
/* webhooks.c - `chimera webhooks`: what has an API server ask the policies of a set. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "runtime/base/base64.h"
#include "runtime/base/cleanup.h"
#include "runtime/json/tree.h"
#include "runtime/source/certificates.h"
#include "runtime/text/problems.h"
#include "toolchain/command/commands.h"
#include "toolchain/command/deploy/webhook_list.h"
#include "toolchain/command/dns_name.h"
#include "toolchain/command/fetch_flags.h"
#include "toolchain/command/files.h"
#include "toolchain/command/policy_argument.h"

#define OUTPUT_MAX ((size_t)64 << 20)
#define CERTIFICATES_MAX ((size_t)1 << 20)
#define PORT_MAX 65535
#define PORT_OF_SERVICE 443 /* what Kubernetes takes without one */
#define URL_MAX 1024

/* --- Where the server is --- */

static int refuse(const struct chimera_cli_options *options, const char *option, const char *value,
                  const char *wanted)
{
    return chimera_cli_refuse(options->program, options->command, "invalid value '%s' for '%s': %s",
                              value, option, wanted);
}

/* "NAMESPACE/NAME" or "NAMESPACE/NAME:PORT". */
static bool take_service(const char *text, struct webhook_target *target)
{
    const char *slash = strchr(text, '/');
    if (!slash)
        return false;
    size_t size = strcspn(slash + 1, ":");
    const char *port = slash[1 + size] ? slash + 1 + size + 1 : NULL;
    target->service_namespace = (struct chimera_slice){text, (size_t)(slash - text)};
    target->service_name = (struct chimera_slice){slash + 1, size};
    target->port = port ? chimera_cli_number(port, PORT_MAX) : PORT_OF_SERVICE;
    return target->port && dns_is_label(target->service_namespace, DNS_LABEL_MAX) &&
           dns_is_label(target->service_name, DNS_LABEL_MAX);
}

/* What an API server takes, without the slash at its end. */
static bool take_url(char *text, struct webhook_target *target)
{
    static const char scheme[] = "https://";
    size_t size = strlen(text);
    while (size > 0 && text[size - 1] == '/')
        text[--size] = '\0';
    target->url = text;
    return size < URL_MAX && strncmp(text, scheme, strlen(scheme)) == 0 &&
           text[strlen(scheme)] != '/' && !strpbrk(text, "@?#\\ \"");
}

static int read_authorities(const char *path, struct chimera_buffer *out, struct chimera_error *err)
{
    struct chimera_buffer bytes, pem;
    char before[600];
    chimera_buffer_init(&bytes, CERTIFICATES_MAX);
    chimera_buffer_init(&pem, CERTIFICATES_MAX);
    snprintf(before, sizeof(before), "cannot open %.500s", path);
    int code = files_read(path, before, &bytes, err);
    if (code == CHIMERA_OK) {
        /* Written anew, so that a key that stands beside them stays where it is. */
        code = chimera_certificates_append(chimera_buffer_slice(&bytes), &pem);
        if (code < 0)
            chimera_fail(err, code,
                         "%s: no certificate can be read there; the authority's is wanted, as PEM "
                         "or DER: the one that signed the server's (ca.crt beside tls.crt)",
                         path);
    }
    if (code == CHIMERA_OK)
        chimera_base64_encode(chimera_buffer_slice(&pem), CHIMERA_BASE64_STANDARD, out);
    chimera_buffer_byte(out, '\0');
    chimera_buffer_free(&bytes);
    chimera_buffer_free(&pem);
    return code;
}

/* --- The command --- */

static void print_documents(struct json_object *validating, struct json_object *mutating,
                            struct chimera_buffer *out)
{
    bool is_for_people = isatty(STDOUT_FILENO);
    chimera_yaml_publish(validating, is_for_people, out);
    chimera_buffer_text(out, "---\n");
    chimera_yaml_publish(mutating, is_for_people, out);
}

static size_t count_webhooks(struct json_object *configuration)
{
    return json_object_array_length(chimera_json_member(configuration, "webhooks"));
}

static void say(void *context, const char *line)
{
    (void)context;
    say_error("%s", line);
}

static int print_webhooks(const char *path, const char *store, const struct webhook_target *target,
                          struct chimera_error *err)
{
    CHIMERA_JSON struct json_object *validating = NULL, *mutating = NULL;
    struct served_set set = {0};
    struct chimera_buffer out;
    int code = served_set_read(path, store, &set, err);
    if (code < 0)
        return code;
    code = webhook_list_make(&set, target, say_warning, &validating, &mutating, err);
    served_set_done(&set);
    if (code < 0)
        return code;
    if (count_webhooks(validating) + count_webhooks(mutating) == 0)
        say_warning("%s asks for no webhook: applied, this takes away those of the name \"%s\" and "
                    "leaves none",
                    path, target->name);
    chimera_buffer_init(&out, OUTPUT_MAX);
    print_documents(validating, mutating, &out);
    if (out.failed)
        code = chimera_fail(err, out.failed, "%s", chimera_code_text(out.failed));
    else
        fwrite(out.data, 1, out.size, stdout);
    chimera_buffer_free(&out);
    return code;
}

static int make(const struct chimera_cli_options *options, struct webhook_target *target)
{
    const char *file = chimera_cli_value(options, "ca-file");
    const char *store = chimera_cli_value(options, "store");
    struct chimera_buffer details, authorities;
    struct chimera_error err = {.details = &details};
    CHIMERA_FREE char *usual = store ? NULL : policy_store(&err);
    chimera_buffer_init(&details, CHIMERA_DETAILS_MAX);
    chimera_buffer_init(&authorities, CERTIFICATES_MAX * 2);
    int code = store || usual ? CHIMERA_OK : err.code;
    if (code == CHIMERA_OK && file) {
        code = read_authorities(file, &authorities, &err);
        target->authorities = authorities.data;
    }
    if (code == CHIMERA_OK)
        code = print_webhooks(options->arguments[0], store ? store : usual, target, &err);
    if (code < 0)
        chimera_error_each(&err, say, NULL);
    chimera_buffer_free(&details);
    chimera_buffer_free(&authorities);
    return code < 0 ? EXIT_FAILED : EXIT_GOOD;
}

static int run_webhooks(const struct chimera_cli_options *options)
{
    const char *service = chimera_cli_value(options, "service");
    const char *url = chimera_cli_value(options, "url");
    struct webhook_target target = {.name = chimera_cli_value(options, "name")};
    CHIMERA_FREE char *own_url = url ? strdup(url) : NULL;
    if (!service && !url)
        return chimera_cli_refuse(options->program, options->command,
                                  "where the server is must be given: --service "
                                  "<NAMESPACE/NAME> or --url <URL>");
    if (!dns_is_name(target.name, DNS_NAME_MAX))
        return refuse(options, "--name <NAME>", target.name,
                      "a name of Kubernetes is wanted: lower case letters, digits, '-' and '.'");
    if (service && !take_service(service, &target))
        return refuse(options, "--service <NAMESPACE/NAME>", service,
                      "NAMESPACE/NAME or NAMESPACE/NAME:PORT is wanted, as in chimera/chimera");
    if (service && !chimera_cli_is_given(options, "ca-file"))
        return chimera_cli_refuse(options->program, options->command,
                                  "--service needs --ca-file <FILE>: an API server trusts no "
                                  "certificate of a Service without its authority");
    if (url && (!own_url || !take_url(own_url, &target)))
        return refuse(options, "--url <URL>", url,
                      "https://HOST[:PORT][/PATH] is wanted, without user, query and fragment: "
                      "what an API server takes");
    return make(options, &target);
}

static const struct chimera_cli_option webhooks_options[] = {
    {.name = "service",
     .kind = CHIMERA_CLI_VALUE,
     .value = "NAMESPACE/NAME",
     .excludes = "url",
     .help = "The Service of the server, with :PORT behind it where that is not 443; its "
             "namespace is left out of what is asked"},
    {.name = "url",
     .kind = CHIMERA_CLI_VALUE,
     .value = "URL",
     .excludes = "service",
     .help = "Where the API server reaches the server, if not by a Service: https://HOST[:PORT]"},
    {.name = "ca-file",
     .kind = CHIMERA_CLI_VALUE,
     .value = "FILE",
     .help = "Certificate of the authority that signed the server's; must be given with --service"},
    {.name = "name",
     .kind = CHIMERA_CLI_VALUE,
     .value = "NAME",
     .initial = "chimera",
     .help = "Name of the configurations, another one for each server of a cluster"},
    FETCH_FLAG_STORE,
    {0},
};

static const struct chimera_cli_argument webhooks_arguments[] = {
    {.name = "POLICIES",
     .is_required = true,
     .help = "The policies.yml of the server, or the folder of its bundle"},
    {0},
};

const struct chimera_cli_command command_webhooks = {
    .name = "webhooks",
    .about = "Print the webhook configurations that have an API server ask the policies of a set",
    .description =
        "Prints a ValidatingWebhookConfiguration and a MutatingWebhookConfiguration, in YAML, for "
        "`kubectl apply -f -`: a webhook for each policy and each group, with the rules that the "
        "modules' metadata ask for, a group with those of all its members. A policy with "
        "`allowedToMutate: true` is asked by the latter. The order is that of the file; the same "
        "input gives the same bytes, and a policy that has gone takes its webhook along.\n"
        "failurePolicy is Fail, and kube-system is left out, as is the namespace of the Service: "
        "there a server that is down can be put right. A policy that Kubewarden's controller wrote "
        "for one namespace is asked for that one.\n"
        "Nothing is fetched, built or run: the modules must be on this machine, as files or in "
        "the store, or in a bundle.",
    .options = webhooks_options,
    .arguments = webhooks_arguments,
    .run = run_webhooks,
};
