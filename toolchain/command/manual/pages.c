/* SPDX-License-Identifier: Apache-2.0 */
/* pages.c - of each command, what its page needs besides its tables. */
#include "toolchain/command/manual/pages.h"

#include "toolchain/command/commands.h"

#define B CHIMERA_CLI_BUILDS
#define F CHIMERA_CLI_FETCHES
#define S CHIMERA_CLI_SIGNS
#define R CHIMERA_CLI_RUNS
#define A CHIMERA_CLI_ASKS

static const struct chimera_cli_entry exec_exits[] = {
    {"124", "The program ran longer than --time-limit", 0},
    {"125", "It could not be run; the reason is on standard error", 0},
    {"134", "It was stopped by an error of its own", 0},
    {"other", "The program's", 0},
    {0},
};

static const struct chimera_cli_entry diff_exits[] = {
    {"0", "The bundles serve the same", 0},
    {"1", "They differ", 0},
    {"2", "One cannot be read, or the command line is wrong", 0},
    {0},
};

static const struct chimera_cli_entry run_exits[] = {
    {"0", "There were answers, be they refusals", 0},
    {"1", "Something failed; the reason is on standard error", 0},
    {"2", "The command line is wrong", 0},
    {"3", "A request was rejected, with --fail-on-reject", 0},
    {0},
};

static const struct chimera_cli_entry bench_exits[] = {
    {"0", "All was measured, and is within its limits", 0},
    {"1", "Something could not be measured, judged, read or written", 0},
    {"2", "The command line or the budget is wrong", 0},
    {"3", "A policy costs more than a budget or a threshold allows", 0},
    {0},
};

static const struct chimera_cli_entry test_exits[] = {
    {"0", "All cases passed", 0},
    {"1", "One did not, or could not be played", 0},
    {"2", "A file of cases is wrong, there is no case, or the command line is wrong", 0},
    {0},
};

static const struct chimera_cli_entry files[] = {
    {"~/.cache/chimera", "The cache of built plugins", B},
    {"~/.cache/kubewarden/store", "The policies that were fetched, as kwctl keeps them", F},
    {"~/.config/kubewarden/sources.yaml",
     "Registries: authorities of their own, insecure ones, mirrors, proxies", F},
    {"~/.config/kubewarden/verification-config.yml", "Which signatures policies must have", F},
    {"~/.docker/config.json", "Logins for registries", F | A},
    {"~/.kube/config", "How the cluster is reached", A},
    {"PREFIX/share/chimera/plugins/policy", "What each plugin is compiled with", B},
    {"PREFIX/lib/chimera", "Providers of what policies may ask for", A},
    {0},
};

/* command, what it does, exit codes, examples, further pages */
static const struct chimera_cli_page by_command[] = {
    {"annotate", 0, NULL, "chimera annotate -m metadata.yml -o annotated.wasm policy.wasm",
     "chimera-inspect(1) chimera-scaffold(1)"},
    {"bench", B | F | R | A, bench_exits,
     "chimera bench -r request.json policy.wasm\nchimera bench --num-samples 50 -r request.json "
     "policies.yaml",
     "chimera-run(1)"},
    {"build", B | F, NULL,
     "chimera build policy.wasm\nchimera build --tier quick -o out policy.wasm "
     "registry://registry.example/team/no-root:v1.2.0\nchimera build --json policy.wasm",
     "chimera-bundle(1) chimera-cache(1) chimera-doctor(1)"},
    {"bundle", B | F | S, NULL,
     "chimera bundle -o served policies.yml\nchimera bundle --sign-key builder.key -o served "
     "policies.yml",
     "chimera-server(1) chimera-bundle(5) policies.yml(5)"},
    {"bundle verify", B | F | S, NULL,
     "chimera bundle verify served\nchimera bundle verify --verification-key builder.pub "
     "served.tar\nchimera bundle verify --rebuild --json served",
     "chimera-bundle(5) chimera-server(1)"},
    {"cache", B, NULL, "chimera cache\nchimera cache --help", "chimera-build(1)"},
    {"call", B | F | R | A, NULL,
     "chimera call policy.wasm validate_settings '{}'\nchimera call policy.wasm protocol_version",
     "chimera-run(1)"},
    {"check", B | F | R, NULL, "chimera check policies.yml\nchimera check --json served",
     "policies.yml(5) chimera-bundle(1)"},
    {"completions", 0, NULL,
     "chimera completions --shell bash > /etc/bash_completion.d/chimera\nchimera completions "
     "--shell zsh > ~/.zfunc/_chimera\nchimera completions --shell fish > "
     "~/.config/fish/completions/chimera.fish",
     NULL},
    {"diff", 0, diff_exits,
     "chimera diff served-before served\nchimera diff --json served-before served",
     "chimera-bundle(1) chimera-bundle(5)"},
    {"digest", F, NULL, "chimera digest registry.example/team/no-root:v1.2.0", NULL},
    {"docs", 0, NULL,
     "chimera docs -o reference.adoc\nchimera docs --man /usr/local/share/man/man1", NULL},
    {"doctor", B | F, NULL, "chimera doctor", "chimera-build(1) chimera-info(1)"},
    {"exec", B | F, exec_exits,
     "chimera exec program.wasm one two\nchimera exec --dir . --env LANG program.wasm -v",
     "chimera-call(1)"},
    {"info", B, NULL, "chimera info", "chimera-version(1) chimera-doctor(1)"},
    {"inspect", F, NULL,
     "chimera inspect policy.wasm\nchimera inspect -o yaml "
     "registry://registry.example/team/no-root:v1.2.0",
     "chimera-annotate(1)"},
    {"load", F, NULL, "chimera load --input policies.tar.gz", "chimera-save(1)"},
    {"policies", F, NULL, "chimera policies", "chimera-pull(1) chimera-rm(1)"},
    {"pull", F, NULL,
     "chimera pull registry://registry.example/team/no-root:v1.2.0\nchimera pull "
     "--verification-key cosign.pub registry://registry.example/team/no-root:v1.2.0",
     "chimera-verify(1) chimera-policies(1)"},
    {"push", F | S, NULL,
     "chimera push annotated.wasm registry://registry.example/team/no-root:v1.2.0",
     "chimera-pull(1) chimera-annotate(1)"},
    {"rm", F, NULL, "chimera rm registry://registry.example/team/no-root:v1.2.0\nchimera rm ee6b",
     "chimera-policies(1)"},
    {"run", B | F | R | A, run_exits,
     "chimera run -r request.json policy.wasm\nchimera run -r request.json --settings-json "
     "'{\"allowed\": []}' policy.wasm\nchimera run --raw -r - policy.wasm < document.json",
     "chimera-test(1) chimera-bench(1) policies.yml(5)"},
    {"save", F, NULL,
     "chimera save -o carry.tar.gz registry://registry.example/team/no-root:v1.2.0",
     "chimera-load(1)"},
    {"scaffold", 0, NULL,
     "chimera scaffold manifest --type ClusterAdmissionPolicy policy.wasm\nchimera scaffold "
     "admission-request --operation CREATE --object pod.yml",
     NULL},
    {"serve", 0, NULL,
     "chimera serve --bundle served --port 8443 --cert-file tls.crt --key-file tls.key",
     "chimera-server(1)"},
    {"test", B | F | R | A, test_exits, "chimera test\nchimera test --junit report.xml policies/",
     "chimera-run(1)"},
    {"verify", F, NULL,
     "chimera verify --verification-key cosign.pub registry://registry.example/team/no-root:v1.2.0",
     "chimera-pull(1)"},
    {"version", 0, NULL, "chimera version\nchimera version -o json", "chimera-info(1)"},
    {"webhooks", F, NULL,
     "chimera webhooks policies.yml --service policies/chimera --ca-file ca.crt",
     "policies.yml(5) chimera-check(1)"},
    {0},
};

const struct chimera_cli_manual pages_of_chimera = {
    .name = "chimera",
    .about = PROGRAM_ABOUT,
    .synopsis = "\\fBchimera\\fR [OPTIONS] \\fICOMMAND\\fR [OPTIONS] ...",
    .description =
        "Compiles admission policies from WebAssembly to native plugins, tries, measures, fetches "
        "and signs them, and makes the bundles that chimera-server serves.\n"
        "Options that all commands take may stand before the command or behind it. Each command "
        "has a page of its own.\n"
        "Called kwctl, it takes the command line of Kubewarden's tool of that name: kwctl(1).",
    .uses = CHIMERA_CLI_USES_ALL,
    .files = files,
    .examples = "chimera doctor\nchimera run -r request.json policy.wasm\n"
                "chimera bundle -o served policies.yml\n"
                "chimera serve --bundle served --port 8443 --cert-file tls.crt --key-file tls.key",
    .see = "chimera-server(1) kwctl(1) policies.yml(5) chimera-bundle(5)",
    .pages = by_command,
};
