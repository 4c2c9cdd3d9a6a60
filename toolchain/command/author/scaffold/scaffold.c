/* SPDX-License-Identifier: Apache-2.0 */
/* scaffold.c - `chimera scaffold`: the beginnings of files that policies need; what its commands
 * share, and `verification-config`. */
#include "toolchain/command/author/scaffold/scaffold.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "runtime/base/cleanup.h"
#include "runtime/json/tree.h"
#include "runtime/source/user_folders.h"
#include "runtime/yaml/yaml.h"
#include "toolchain/command/commands.h"

#define OUTPUT_MAX ((size_t)64 << 20)
#define HEADER_MAX ((size_t)16 << 10)

void scaffold_write(const struct chimera_cli_options *options, struct json_object *document,
                    bool is_for_people, struct chimera_buffer *out)
{
    if (strcmp(options->program, "kwctl") != 0)
        chimera_yaml_publish(document, is_for_people, out);
    else if (is_for_people)
        chimera_yaml_show(document, out);
    else
        chimera_yaml_write(document, out);
}

int scaffold_print(const struct chimera_cli_options *options, const char *header,
                   struct json_object *document)
{
    struct chimera_buffer out;
    chimera_buffer_init(&out, OUTPUT_MAX);
    chimera_buffer_text(&out, header);
    scaffold_write(options, document, isatty(STDOUT_FILENO), &out);
    int failed = out.failed;
    if (!failed)
        fwrite(out.data, 1, out.size, stdout);
    chimera_buffer_free(&out);
    return failed ? say_error("%s", chimera_code_text(failed)) : EXIT_GOOD;
}

/* --- verification-config --- */

static struct json_object *make_verification(void)
{
    struct json_object *document = json_object_new_object(), *all = json_object_new_array();
    struct json_object *entry = json_object_new_object();
    scaffold_put_text(document, "apiVersion", "v1");
    scaffold_put_text(entry, "kind", "githubAction");
    scaffold_put_text(entry, "owner", "kubewarden");
    json_object_object_add(entry, "repo", NULL);
    json_object_object_add(entry, "annotations", NULL);
    json_object_array_add(all, entry);
    json_object_object_add(document, "allOf", all);
    json_object_object_add(document, "anyOf", NULL);
    return document;
}

static int run_verification_config(const struct chimera_cli_options *options)
{
    CHIMERA_FREE char *path =
        chimera_user_path(chimera_user_config_folder(), "verification-config.yml");
    CHIMERA_JSON struct json_object *document = make_verification();
    struct chimera_buffer header;
    chimera_buffer_init(&header, HEADER_MAX);
    chimera_buffer_print(
        &header,
        "# Which signatures a policy must have: here, one made by a GitHub action of the\n"
        "# organization kubewarden, as the policies of the Kubewarden project have it.\n"
        "#\n"
        "# In its usual place on this machine it is used by all commands that fetch policies:\n"
        "#   %s scaffold verification-config > %s\n"
        "#\n",
        options->program, path ? path : "verification-config.yml");
    chimera_buffer_byte(&header, '\0');
    int code = header.failed ? say_error("%s", chimera_code_text(header.failed))
                             : scaffold_print(options, header.data, document);
    chimera_buffer_free(&header);
    return code;
}

const struct chimera_cli_command command_scaffold_verification_config = {
    .name = "verification-config",
    .parent = &command_scaffold,
    .about = "Print a configuration that says which signatures policies must have",
    .description = "Prints a configuration that accepts what the Kubewarden project has signed. "
                   "With the name that its comment tells, it is used by default.",
    .run = run_verification_config,
};

static const struct chimera_cli_command *const scaffold_commands[] = {
    &command_scaffold_admission_request,   &command_scaffold_artifacthub,
    &command_scaffold_budget_schema,       &command_scaffold_manifest,
    &command_scaffold_policies_schema,     &command_scaffold_vap,
    &command_scaffold_verification_config, NULL,
};

const struct chimera_cli_command command_scaffold = {
    .name = "scaffold",
    .about = "Print the beginnings of files: manifests, requests, configurations",
    .description = "Each of its commands prints a document that is complete but for what only its "
                   "author can know.",
    .commands = scaffold_commands,
};
