/* SPDX-License-Identifier: Apache-2.0 */
/* fetch_flags.h - the options of all commands that fetch policies (cli-and-distribution.md §1.2),
 * and what they come to. */
#ifndef CHIMERA_TOOLCHAIN_COMMAND_FETCH_FLAGS_H
#define CHIMERA_TOOLCHAIN_COMMAND_FETCH_FLAGS_H

#include "compiler/cache/shared.h"
#include "compiler/fetch/fetch.h"
#include "runtime/cli/cli.h"

/* Rows of a table: who speaks to registries, and who fetches. */
#define FETCH_FLAG_DOCKER_CONFIG                                                           \
    {.name = "docker-config-json-path",                                                    \
     .section = SECTION_REGISTRIES,                                                        \
     .kind = CHIMERA_CLI_VALUE,                                                            \
     .value = "DOCKER_CONFIG",                                                             \
     .help = "Folder of Docker's config.json, with the logins for registries; without it " \
             "$DOCKER_CONFIG or ~/.docker"}
#define FETCH_FLAG_SOURCES                                                                    \
    {.name = "sources-path",                                                                  \
     .section = SECTION_REGISTRIES,                                                           \
     .kind = CHIMERA_CLI_VALUE,                                                               \
     .value = "PATH",                                                                         \
     .help = "YAML file about registries: authorities of their own, insecure ones, mirrors, " \
             "proxies; without it sources.yaml in the configuration folder, if it is there"}
#define FETCH_FLAG_TRUST_ROOT                                                               \
    {.name = "sigstore-trust-config",                                                       \
     .section = SECTION_SIGNATURES,                                                         \
     .kind = CHIMERA_CLI_VALUE,                                                             \
     .value = "PATH",                                                                       \
     .help = "JSON file with the certificate authorities and logs that keyless signatures " \
             "are believed for: a ClientTrustConfig or a TrustedRoot; without it those of " \
             "Sigstore's public instance, as of this version"}
#define FETCH_FLAGS_OF_VERIFICATION                                                           \
    {.name = "verification-config-path",                                                      \
     .section = SECTION_SIGNATURES,                                                           \
     .kind = CHIMERA_CLI_VALUE,                                                               \
     .value = "PATH",                                                                         \
     .help = "YAML file that says which signatures a policy must have; without it "           \
             "verification-config.yml in the configuration folder, if it is there"},          \
        {.name = "verification-key",                                                          \
         .section = SECTION_SIGNATURES,                                                       \
         .letter = 'k',                                                                       \
         .kind = CHIMERA_CLI_REPEAT,                                                          \
         .value = "PATH",                                                                     \
         .help = "PEM file of a public key that the policy must be signed with"},             \
        {.name = "verification-annotation",                                                   \
         .section = SECTION_SIGNATURES,                                                       \
         .letter = 'a',                                                                       \
         .kind = CHIMERA_CLI_REPEAT,                                                          \
         .value = "KEY=VALUE",                                                                \
         .help = "Annotation that the signatures must have"},                                 \
        {.name = "cert-email",                                                                \
         .section = SECTION_SIGNATURES,                                                       \
         .kind = CHIMERA_CLI_VALUE,                                                           \
         .value = "VALUE",                                                                    \
         .help = "E-mail that a certificate must be for; with --cert-oidc-issuer"},           \
        {.name = "cert-oidc-issuer",                                                          \
         .section = SECTION_SIGNATURES,                                                       \
         .kind = CHIMERA_CLI_VALUE,                                                           \
         .value = "VALUE",                                                                    \
         .help = "Issuer of the identity that a certificate must be for; with --cert-email"}, \
        {.name = "github-owner",                                                              \
         .section = SECTION_SIGNATURES,                                                       \
         .kind = CHIMERA_CLI_VALUE,                                                           \
         .value = "VALUE",                                                                    \
         .help = "Owner of the GitHub repository whose workflow must have signed"},           \
        {.name = "github-repo",                                                               \
         .section = SECTION_SIGNATURES,                                                       \
         .kind = CHIMERA_CLI_VALUE,                                                           \
         .value = "VALUE",                                                                    \
         .help = "GitHub repository whose workflow must have signed; with --github-owner"},   \
        FETCH_FLAG_TRUST_ROOT
#define FETCH_FLAG_STORE                                                             \
    {.name = "store",                                                                \
     .section = SECTION_REGISTRIES,                                                  \
     .kind = CHIMERA_CLI_VALUE,                                                      \
     .value = "DIR",                                                                 \
     .help = "Folder of the policies that were fetched; without it $XDG_CACHE_HOME/" \
             "kubewarden/store or ~/.cache/kubewarden/store"}
#define FETCH_FLAG_BUILDER                                                                       \
    {.name = "trusted-builder-key",                                                              \
     .section = SECTION_BUILDS,                                                                  \
     .kind = CHIMERA_CLI_REPEAT,                                                                 \
     .value = "PATH",                                                                            \
     .help = "PEM file of a public key: a plugin that lies beside a policy in its registry and " \
             "is signed by it is taken in place of compiling the policy"}
#define FETCH_FLAG_SIGN_KEY(WHAT)                                                                \
    {.name = "sign-key",                                                                         \
     .section = SECTION_SIGNATURES,                                                              \
     .kind = CHIMERA_CLI_VALUE,                                                                  \
     .value = "PATH",                                                                            \
     .help = "Private key that signs " WHAT ": PEM (PKCS#8), or cosign's encrypted form, whose " \
             "password is in $COSIGN_PASSWORD"}
/* Who reads modules. */
#define FETCH_FLAGS_OF_OPA                                                                        \
    {.name = "opa-bundle-key",                                                                    \
     .section = SECTION_SIGNATURES,                                                               \
     .kind = CHIMERA_CLI_VALUE,                                                                   \
     .value = "PATH",                                                                             \
     .help = "Key that OPA bundles must be signed with: a file with a public key or certificate " \
             "in PEM, or with a secret"},                                                         \
        {.name = "opa-bundle-scope",                                                              \
         .section = SECTION_SIGNATURES,                                                           \
         .kind = CHIMERA_CLI_VALUE,                                                               \
         .value = "SCOPE",                                                                        \
         .help = "Scope that the signatures of OPA bundles must be for; with --opa-bundle-key"}
#define FETCH_FLAGS \
    FETCH_FLAG_DOCKER_CONFIG, FETCH_FLAG_SOURCES, FETCH_FLAGS_OF_VERIFICATION, FETCH_FLAG_STORE

struct fetch_flags { /* its address must not change: `fetch` borrows from the rest */
    struct chimera_fetch_options fetch;
    struct chimera_sources sources;
    struct chimera_verification verification, builders;
    char *store;                        /* owned */
    char *sources_path;                 /* owned; NULL: none */
    struct chimera_shared_cache shared; /* owned; of SHARED_CACHE_FLAGS; all zero: none */
};

/* Takes FETCH_FLAGS_OF_OPA, for whatever this process reads; part of fetch_flags_read(). */
int fetch_flags_require_signed(const struct chimera_cli_options *options,
                               struct chimera_error *err);

/* Reads the files that the options name, or the default ones. The caller ends *ret_flags. */
int fetch_flags_read(const struct chimera_cli_options *options, struct fetch_flags *ret_flags,
                     struct chimera_error *err);
void fetch_flags_done(struct fetch_flags *flags);

/* What pull, verify and digest take: a URI, or any reference to a registry, be it Docker's with one
 * word. Owned by the caller; NULL: no memory. */
char *fetch_uri(const char *argument);

/* Says on standard error that the policy was verified, if it was: scripts look for it there,
 * without having asked for a log. */
void fetch_say_verified(const char *uri, const struct chimera_fetched *fetched);

/* Says what is to be said of the trust root, once in a process. */
void fetch_warn_of_trust(const struct chimera_fetched *fetched);

#endif
