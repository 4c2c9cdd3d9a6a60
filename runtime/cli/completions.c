/* SPDX-License-Identifier: Apache-2.0 */
/* completions.c - what the shells have in common, and the script for bash. */
#include <string.h>

#include "runtime/base/error.h"
#include "runtime/cli/completions_internal.h"

#define OPTIONS_MAX 128 /* of one command */

static const struct {
    const char *name;
    void (*put)(struct completions *completions);
} shells[] = {
    {"bash", completions_put_bash}, {"elvish", completions_put_elvish},
    {"fish", completions_put_fish}, {"powershell", completions_put_powershell},
    {"zsh", completions_put_zsh},
};

#define SHELLS (sizeof(shells) / sizeof(*shells))

const char *const chimera_cli_shells[] = {"bash", "elvish", "fish", "powershell", "zsh", NULL};

void chimera_cli_put_completions(const char *name, const struct chimera_cli_command *program,
                                 const char *shell, struct chimera_buffer *out)
{
    struct completions completions = {.name = name, .program = program, .out = out};
    for (size_t i = 0; i < SHELLS; i++)
        if (strcmp(shells[i].name, shell) == 0)
            shells[i].put(&completions);
}

int chimera_cli_print_completions(const char *name, const struct chimera_cli_command *program,
                                  const char *shell)
{
    struct chimera_buffer script;
    chimera_buffer_init(&script, CHIMERA_CLI_TEXT_MAX);
    chimera_cli_put_completions(name, program, shell, &script);
    int failed = script.failed;
    if (!failed && fwrite(script.data, 1, script.size, stdout) != script.size)
        failed = CHIMERA_EIO;
    chimera_buffer_free(&script);
    return failed;
}

void completions_each(struct completions *completions, const struct chimera_cli_command *command,
                      completions_visit *visit)
{
    const struct chimera_cli_command *const *at = command->commands;
    visit(completions, command);
    for (; at && *at; at++)
        if (!(*at)->is_hidden)
            completions_each(completions, *at, visit);
}

void completions_put_path(const struct chimera_cli_command *command, const char *between,
                          struct chimera_buffer *out)
{
    if (command->name)
        chimera_cli_put_path(command, between, out);
}

void completions_put_escaped(const char *text, const char *special, const char *escape,
                             struct chimera_buffer *out)
{
    for (; *text; text++) {
        if (strchr(special, *text) && escape)
            chimera_buffer_text(out, escape);
        else if (strchr(special, *text))
            chimera_buffer_byte(out, (uint8_t)*text);
        chimera_buffer_byte(out, (uint8_t)*text);
    }
}

/* By what the help calls the value: there is no other table of it to keep in step. */
enum completions_value completions_value_of(const struct chimera_cli_option *option)
{
    static const char *const files[] = {"PATH", "FILE", "DIR", "DOCKER_CONFIG", ".yaml"};
    if (option->kind == CHIMERA_CLI_FLAG || option->kind == CHIMERA_CLI_SWITCH)
        return COMPLETIONS_NONE;
    if (option->choices)
        return COMPLETIONS_CHOICE;
    for (size_t i = 0; option->value && i < sizeof(files) / sizeof(*files); i++)
        if (strstr(option->value, files[i]))
            return COMPLETIONS_FILE;
    return COMPLETIONS_TEXT;
}

void completions_put_choices(const struct chimera_cli_option *option, struct chimera_buffer *out)
{
    for (size_t i = 0; option->choices[i]; i++)
        chimera_buffer_print(out, "%s%s", i > 0 ? " " : "", option->choices[i]);
}

const struct chimera_cli_option *completions_options(const struct chimera_cli_command *command)
{
    static struct chimera_cli_option all[OPTIONS_MAX + 1];
    const struct chimera_cli_option *own = command->options;
    const struct chimera_cli_option *shared = command->name ? cli_shared() : NULL;
    size_t count = 0;
    for (; own && own->name && count < OPTIONS_MAX - 2; own++)
        if (!own->is_hidden)
            all[count++] = *own;
    for (; count < OPTIONS_MAX - 2 && (shared = cli_shared_by(command, shared, &all[count]));
         shared++)
        count++;
    if (command->version_help)
        all[count++] = (struct chimera_cli_option){
            .name = "version", .letter = 'V', .help = "Print the version"};
    all[count++] = (struct chimera_cli_option){.name = "help", .letter = 'h', .help = "Print help"};
    all[count] = (struct chimera_cli_option){0};
    return all;
}

/* --- bash --- */

static void put_words_of(const struct chimera_cli_option *option, struct chimera_buffer *out)
{
    for (; option->name; option++) {
        chimera_buffer_print(out, " --%s", option->name);
        if (option->letter)
            chimera_buffer_print(out, " -%c", option->letter);
    }
}

/* From the words that lead to a command to the command. */
static void put_bash_step(struct completions *completions,
                          const struct chimera_cli_command *command)
{
    struct chimera_buffer *out = completions->out;
    if (!command->name)
        return;
    chimera_buffer_text(out, "            \"");
    if (command->parent)
        completions_put_path(command->parent, " ", out);
    chimera_buffer_print(out, " %s\") at=\"", command->name);
    completions_put_path(command, " ", out);
    chimera_buffer_text(out, "\" ;;\n");
}

static void put_bash_value(const struct chimera_cli_option *option, struct chimera_buffer *out)
{
    enum completions_value value = completions_value_of(option);
    if (value == COMPLETIONS_NONE)
        return;
    chimera_buffer_print(out, "                --%s", option->name);
    if (option->letter)
        chimera_buffer_print(out, " | -%c", option->letter);
    chimera_buffer_text(out, ")\n");
    if (value == COMPLETIONS_CHOICE) {
        chimera_buffer_text(out, "                    COMPREPLY=($(compgen -W \"");
        completions_put_choices(option, out);
        chimera_buffer_text(out, "\" -- \"$cur\"))\n");
    } else if (value == COMPLETIONS_FILE) {
        chimera_buffer_text(out, "                    COMPREPLY=($(compgen -f -- \"$cur\"))\n");
    }
    chimera_buffer_text(out, "                    return 0\n                    ;;\n");
}

/* The other program's own function; packages of completions load it when it is asked for. */
static void put_bash_other(const char *program, struct chimera_buffer *out)
{
    chimera_buffer_print(out,
                         "            declare -F _%s >/dev/null || ! declare -F "
                         "_completion_loader >/dev/null ||\n"
                         "                _completion_loader %s\n"
                         "            declare -F _%s >/dev/null && _%s\n"
                         "            return 0\n"
                         "            ;;\n",
                         program, program, program, program);
}

static void put_bash_command(struct completions *completions,
                             const struct chimera_cli_command *command)
{
    struct chimera_buffer *out = completions->out;
    const struct chimera_cli_option *option = completions_options(command);
    chimera_buffer_text(out, "        \"");
    completions_put_path(command, " ", out);
    chimera_buffer_text(out, "\")\n");
    if (command->becomes) {
        put_bash_other(command->becomes, out);
        return;
    }
    chimera_buffer_text(out, "            options=\"");
    put_words_of(option, out);
    chimera_buffer_text(out, "\"\n            commands=\"");
    for (const struct chimera_cli_command *const *at = command->commands; at && *at; at++)
        if (!(*at)->is_hidden)
            chimera_buffer_print(out, "%s ", (*at)->name);
    chimera_buffer_text(out, command->commands ? "help\"\n" : "\"\n");
    chimera_buffer_text(out, "            case \"$prev\" in\n");
    for (; option->name; option++)
        put_bash_value(option, out);
    chimera_buffer_text(out, "            esac\n            ;;\n");
}

/* bash takes `=` for a word of its own, so the word before a value may stand behind that. */
void completions_put_bash(struct completions *completions)
{
    struct chimera_buffer *out = completions->out;
    const char *name = completions->name;
    chimera_buffer_print(out,
                         "_%s() {\n"
                         "    local cur=\"${COMP_WORDS[COMP_CWORD]}\" prev=\"\" at=\"\" i\n"
                         "    local options=\"\" commands=\"\"\n"
                         "    COMPREPLY=()\n"
                         "    ((COMP_CWORD > 0)) && prev=\"${COMP_WORDS[COMP_CWORD - 1]}\"\n"
                         "    if [[ $cur == \"=\" ]]; then\n"
                         "        cur=\"\"\n"
                         "    elif [[ $prev == \"=\" ]] && ((COMP_CWORD > 1)); then\n"
                         "        prev=\"${COMP_WORDS[COMP_CWORD - 2]}\"\n"
                         "    fi\n"
                         "    for ((i = 1; i < COMP_CWORD; i++)); do\n"
                         "        case \"$at ${COMP_WORDS[i]}\" in\n",
                         name);
    completions_each(completions, completions->program, put_bash_step);
    chimera_buffer_text(out, "        esac\n    done\n    case \"$at\" in\n");
    completions_each(completions, completions->program, put_bash_command);
    chimera_buffer_print(out,
                         "    esac\n"
                         "    if [[ $cur == -* ]]; then\n"
                         "        COMPREPLY=($(compgen -W \"$options\" -- \"$cur\"))\n"
                         "    elif [[ -n $commands ]]; then\n"
                         "        COMPREPLY=($(compgen -W \"$commands\" -- \"$cur\"))\n"
                         "    fi\n"
                         "    return 0\n"
                         "}\n\n"
                         "complete -F _%s -o bashdefault -o default %s\n",
                         name, name);
}
