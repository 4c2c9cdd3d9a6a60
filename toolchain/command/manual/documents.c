/* SPDX-License-Identifier: Apache-2.0 */
/* documents.c - pages about something else than our own command line. */
#include "toolchain/command/manual/pages.h"

#include "runtime/source/policies_keys.h"

static const struct chimera_cli_entry kwctl[] = {
    {"SYNOPSIS", "kwctl [-v] [--no-color] COMMAND ...", 0},
    {"DESCRIPTION",
     "chimera, when it is called kwctl, by a link of that name: it takes the command line of "
     "Kubewarden's kwctl 1.36, and prints what that prints, for scripts that look at it.\n"
     "Its commands are those of chimera(1), each with a page there: chimera-run(1), "
     "chimera-inspect(1) and so on. Options of its own, -v (--verbose) and --no-color, stand "
     "before the command only.\n"
     "Policies are compiled to native code, and kept in chimera's cache.",
     0},
    {"EXIT STATUS", "As chimera's: 0, success; 1, something failed; 2, the command line is wrong.",
     0},
    {"EXAMPLES", "  ln -s chimera /usr/local/bin/kwctl\n  kwctl run -r request.json policy.wasm",
     0},
    {0},
};

static const struct chimera_cli_entry bundle[] = {
    {"SYNOPSIS",
     "  DIR/manifest.json\n  DIR/manifest.json.sigstore.json\n  DIR/policies.yml\n"
     "  DIR/sbom.spdx.json\n  DIR/provenance.intoto.json\n"
     "  DIR/plugins/STEM.so\n  DIR/plugins/STEM.image\n  DIR/plugins/STEM.names\n"
     "  DIR/plugins/STEM.json",
     0},
    {"DESCRIPTION",
     "A bundle is a folder with all that chimera-server needs to serve: made by "
     "chimera-bundle(1) where the compilers are, served where they are not. The same "
     "policies.yml, modules and toolchain make the same bytes.\n"
     "manifest.json is the lock: the digest of every other file, which module each plugin was made "
     "of, and by which references that was named.\n"
     "manifest.json.sigstore.json is the signature of that, where one was asked for; cosign "
     "verify-blob takes it.\n"
     "policies.yml is the file as it was given, with the digest of each module in place of its "
     "reference.\n"
     "sbom.spdx.json says what is in it (SPDX 2.3), provenance.intoto.json what made it and of "
     "what (an in-toto statement with SLSA's provenance v1).\n"
     "STEM.so is native code, STEM.image the memory that it begins with, STEM.names the names of "
     "its functions for reports of traps, STEM.json its manifest: digests of all of these and of "
     "the module, mode and toolchain.\n"
     "At each load all digests are compared, and each plugin is audited; below plugins/ there may "
     "be "
     "nothing else. The folders and manifest.json must belong to root or to the user who serves, "
     "and be writable by nobody else; nothing in the folder may be a link. Other names beside "
     "manifest.json are warned of; chimera-bundle-verify(1) takes them for errors.",
     0},
    {"EXAMPLES", "  chimera bundle -o served policies.yml\n  chimera-server --bundle served", 0},
    {0},
};

/* What the table has of one owner's keys. */
static void put_keys(struct chimera_buffer *out, enum policies_owner owner)
{
    for (const struct policies_key *key = policies_keys; key->name; key++) {
        if (!(key->owners & owner) || key->type == POLICIES_NOTE)
            continue;
        chimera_buffer_print(out, "%s\tIs %s%s. %s.", key->name, policies_key_type_text(key->type),
                             key->required & owner ? ", required" : "", key->help);
        if (key->preset)
            chimera_buffer_print(out, " Without it: %s.", key->preset);
        chimera_buffer_byte(out, '\n');
    }
    chimera_buffer_byte(out, '\0');
}

static int write_policies(const char *folder, struct chimera_error *err)
{
    struct chimera_buffer keys[4];
    int code = CHIMERA_OK;
    for (int i = 0; i < 4; i++) {
        chimera_buffer_init(&keys[i], CHIMERA_CLI_TEXT_MAX);
        put_keys(&keys[i], (enum policies_owner)(1 << i));
        code = code < 0 ? code : keys[i].failed;
    }
    const struct chimera_cli_entry chapters[] = {
        {"DESCRIPTION",
         "A YAML or JSON file that says which policies to serve: a map from ids to policies or "
         "groups of policies. chimera-server takes it by --policies, chimera-bundle(1) makes a "
         "bundle of it. It is the file of Kubewarden's policy-server.\n"
         "An id has letters, digits and dashes; it is the last part of the path that a policy is "
         "asked by.",
         0},
        {"POLICIES", keys[0].data, 0},
        {"GROUPS", keys[1].data, 0},
        {"MEMBERS OF A GROUP", keys[2].data, 0},
        {"ELEMENTS OF CONTEXTAWARERESOURCES", keys[3].data, 0},
        {"EXAMPLES",
         "  no-host-network:\n    module: ./c-hostnetwork.wasm\n"
         "  labels:\n    module: registry://registry.example/team/labels:v1.2.0\n"
         "    allowedToMutate: true\n    settings: {owner: team}\n"
         "  either:\n    expression: a() || b()\n    message: neither holds\n"
         "    policies:\n      a: {module: ./a.wasm}\n      b: {module: ./b.wasm}",
         0},
        {0},
    };
    const struct chimera_cli_document page = {
        .name = "policies.yml",
        .about = "which policies are served",
        .section = 5,
        .chapters = chapters,
        .see = "chimera-server(1) chimera-bundle(1) chimera-bundle(5)",
    };
    if (code == CHIMERA_OK)
        code = chimera_cli_write_document(&page, folder, err);
    for (int i = 0; i < 4; i++)
        chimera_buffer_free(&keys[i]);
    return code;
}

int pages_write_documents(const char *folder, struct chimera_error *err)
{
    static const struct chimera_cli_document documents[] = {
        {"kwctl", "chimera, with the command line of Kubewarden's tool", 1, kwctl, "chimera(1)"},
        {"chimera-bundle", "a folder that chimera-server serves", 5, bundle,
         "chimera-bundle(1) chimera-server(1) policies.yml(5)"},
    };
    int code = write_policies(folder, err);
    for (size_t i = 0; code == CHIMERA_OK && i < sizeof(documents) / sizeof(*documents); i++)
        code = chimera_cli_write_document(&documents[i], folder, err);
    return code;
}
