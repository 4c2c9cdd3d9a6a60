/* SPDX-License-Identifier: Apache-2.0 */
/* doctor.c - `chimera doctor`: is all there that building and serving need? */
#include "plugins/policy/plugin.h"
#include "toolchain/command/commands.h"
#include "toolchain/command/doctor/parts.h"
#include "toolchain/command/fetch_flags.h"

static int run_doctor(const struct chimera_cli_options *options)
{
    struct doctor_report report;
    doctor_report_init(&report, chimera_cli_is_given(options, "json"));
    doctor_say(&report, DOCTOR_GOOD, "version", "%s, as Kubewarden %s; plugin ABI %d",
               CHIMERA_VERSION, CHIMERA_KUBEWARDEN_VERSION, CHIMERA_PLUGIN_ABI);
    doctor_check_tools(&report);
    doctor_check_places(&report);
    doctor_check_machine(&report);
    doctor_check_fetching(options, &report);
    doctor_report_end(&report);
    doctor_report_done(&report);
    return report.bad ? EXIT_FAILED : EXIT_GOOD;
}

static const struct chimera_cli_option doctor_options[] = {
    {.name = "registry",
     .kind = CHIMERA_CLI_REPEAT,
     .value = "HOST",
     .help = "Registry that must be there, host or host:port; without it those that sources.yaml "
             "and Docker's config.json name are looked at, and need not"},
    {.name = "json",
     .help =
         "Print one JSON object, for a report to somebody else: findings and environment, without "
         "secrets, and \"~\" for the home folder"},
    FETCH_FLAG_DOCKER_CONFIG,
    FETCH_FLAG_SOURCES,
    FETCH_FLAG_TRUST_ROOT,
    FETCH_FLAG_STORE,
    {0},
};

const struct chimera_cli_command command_doctor = {
    .name = "doctor",
    .about = "Check what building, running and fetching policies needs",
    .description =
        "Says which tools are found and of which versions, and builds and starts the least policy "
        "that there is with them; whether home, cache and temporary folder can be written, and "
        "which limits and features of the kernel matter; then of each registry whether it can be "
        "spoken to, by "
        "which proxy, whose word its certificate is, where the login is from and whether it is "
        "taken; and whether there is room in the store. Ends with 1 when something needed is "
        "missing.",
    .options = doctor_options,
    .run = run_doctor,
};
