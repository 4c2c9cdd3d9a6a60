/* SPDX-License-Identifier: Apache-2.0 */
/* run_input.h - what `chimera run` reads before it needs a policy: the request and the settings. */
#ifndef CHIMERA_TOOLCHAIN_COMMAND_DEFINITION_RUN_INPUT_H
#define CHIMERA_TOOLCHAIN_COMMAND_DEFINITION_RUN_INPUT_H

#include "runtime/base/buffer.h"
#include "runtime/base/error.h"
#include "runtime/cli/cli.h"

#define RUN_REQUEST_MAX ((size_t)64 << 20)
#define RUN_SETTINGS_MAX ((size_t)16 << 20)

/* Appends a file; `before` is the reference's text up to what the system says. */
int run_input_file(const char *path, const char *before, struct chimera_buffer *buffer,
                   struct chimera_error *err);

/* Appends the file of --request-path, or standard input for "-". */
int run_input_request(const char *path, struct chimera_buffer *request, struct chimera_error *err);

/* Appends the settings as a JSON object: --settings-path (YAML), else --settings-json, else {}. */
int run_input_settings(const struct chimera_cli_options *options, struct chimera_buffer *settings,
                       struct chimera_error *err);

#endif
