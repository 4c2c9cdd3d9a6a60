/* SPDX-License-Identifier: Apache-2.0 */
/* completions_zsh.c - the scripts for zsh and fish, which show what each word is for. */
#include "runtime/cli/completions_internal.h"

/* --- zsh --- */

/* Inside of single quotes, in a place where brackets and colons mean something. */
static void put_zsh_text(const char *text, struct chimera_buffer *out)
{
    for (; *text; text++) {
        const char one[2] = {*text, '\0'};
        if (*text == '\'')
            chimera_buffer_text(out, "'\\''");
        else
            completions_put_escaped(one, "[]:\\", "\\", out);
    }
}

/* "*" where it may come again, else what it may not come with: itself. */
static void put_zsh_option(const struct chimera_cli_option *option, struct chimera_buffer *out)
{
    enum completions_value value = completions_value_of(option);
    bool is_many = option->kind == CHIMERA_CLI_REPEAT || option->kind == CHIMERA_CLI_GREEDY;
    const char *equals = value == COMPLETIONS_NONE ? "" : "=";
    for (int form = 0; form < (option->letter ? 2 : 1); form++) {
        chimera_buffer_text(out, "                '");
        if (is_many)
            chimera_buffer_byte(out, '*');
        else if (option->letter)
            chimera_buffer_print(out, "(-%c --%s)", option->letter, option->name);
        if (form == 1)
            chimera_buffer_print(out, "-%c%s[", option->letter, *equals ? "+" : "");
        else
            chimera_buffer_print(out, "--%s%s[", option->name, equals);
        put_zsh_text(option->help, out);
        chimera_buffer_byte(out, ']');
        if (value != COMPLETIONS_NONE) {
            chimera_buffer_byte(out, ':');
            put_zsh_text(option->value, out);
            chimera_buffer_byte(out, ':');
        }
        if (value == COMPLETIONS_FILE)
            chimera_buffer_text(out, "_files");
        if (value == COMPLETIONS_CHOICE) {
            chimera_buffer_byte(out, '(');
            completions_put_choices(option, out);
            chimera_buffer_byte(out, ')');
        }
        chimera_buffer_text(out, "' \\\n");
    }
}

static void put_zsh_options(const struct chimera_cli_option *option, struct chimera_buffer *out)
{
    for (; option->name; option++)
        put_zsh_option(option, out);
}

static void put_zsh_step(struct completions *completions, const struct chimera_cli_command *command)
{
    struct chimera_buffer *out = completions->out;
    if (!command->name)
        return;
    chimera_buffer_text(out, "            ('");
    if (command->parent)
        completions_put_path(command->parent, " ", out);
    chimera_buffer_print(out, " %s') at='", command->name);
    completions_put_path(command, " ", out);
    chimera_buffer_text(out, "'; last=$i ;;\n");
}

static void put_zsh_command(struct completions *completions,
                            const struct chimera_cli_command *command)
{
    struct chimera_buffer *out = completions->out;
    chimera_buffer_text(out, "        ('");
    completions_put_path(command, " ", out);
    chimera_buffer_text(out, "')\n");
    if (command->becomes) {
        chimera_buffer_print(out,
                             "            (( $+functions[_%s] )) && _%s && return 0\n"
                             "            ;;\n",
                             command->becomes, command->becomes);
        return;
    }
    if (command->commands) {
        chimera_buffer_text(out, "            commands=(\n");
        for (const struct chimera_cli_command *const *at = command->commands; *at; at++) {
            if ((*at)->is_hidden)
                continue;
            chimera_buffer_print(out, "                '%s:", (*at)->name);
            put_zsh_text((*at)->about, out);
            chimera_buffer_text(out, "'\n");
        }
        chimera_buffer_text(out,
                            "                'help:Print the help of a command'\n            )\n");
    }
    chimera_buffer_text(out, "            _arguments -s -S \\\n");
    put_zsh_options(completions_options(command), out);
    if (command->commands)
        chimera_buffer_text(out, "                '1:command:{_describe command commands}' \\\n");
    if (command->arguments)
        chimera_buffer_print(out, "                '*:%s:_files' \\\n", command->arguments->name);
    chimera_buffer_text(out, "                && return 0\n            ;;\n");
}

void completions_put_zsh(struct completions *completions)
{
    struct chimera_buffer *out = completions->out;
    const char *name = completions->name;
    chimera_buffer_print(out,
                         "#compdef %s\n\n"
                         "_%s() {\n"
                         "    local at=''\n"
                         "    local -i i last=1\n"
                         "    local -a commands\n"
                         "    for ((i = 2; i < CURRENT; i++)); do\n"
                         "        case \"$at ${words[i]}\" in\n",
                         name, name);
    completions_each(completions, completions->program, put_zsh_step);
    chimera_buffer_text(out, "        esac\n    done\n"
                             "    words=(\"${(@)words[last,-1]}\")\n"
                             "    ((CURRENT -= last - 1))\n"
                             "    case \"$at\" in\n");
    completions_each(completions, completions->program, put_zsh_command);
    chimera_buffer_print(out,
                         "    esac\n    return 1\n}\n\n"
                         "if [ \"$funcstack[1]\" = \"_%s\" ]; then\n"
                         "    _%s \"$@\"\n"
                         "else\n"
                         "    compdef _%s %s\n"
                         "fi\n",
                         name, name, name, name);
}

/* --- fish --- */

static void put_fish_quoted(const char *text, struct chimera_buffer *out)
{
    chimera_buffer_byte(out, '\'');
    completions_put_escaped(text, "'\\", "\\", out);
    chimera_buffer_byte(out, '\'');
}

static void put_fish_begin(struct completions *completions,
                           const struct chimera_cli_command *command)
{
    struct chimera_buffer *out = completions->out;
    chimera_buffer_print(out, "complete -c %s -n '__%s_is_at", completions->name,
                         completions->name);
    if (command->name)
        chimera_buffer_byte(out, ' ');
    completions_put_path(command, " ", out);
    chimera_buffer_byte(out, '\'');
}

static void put_fish_options(struct completions *completions,
                             const struct chimera_cli_command *command,
                             const struct chimera_cli_option *option)
{
    struct chimera_buffer *out = completions->out;
    for (; option->name; option++) {
        enum completions_value value = completions_value_of(option);
        put_fish_begin(completions, command);
        chimera_buffer_print(out, " -l %s", option->name);
        if (option->letter)
            chimera_buffer_print(out, " -s %c", option->letter);
        if (value != COMPLETIONS_NONE)
            chimera_buffer_text(out, value == COMPLETIONS_FILE ? " -r -F" : " -x");
        if (value == COMPLETIONS_CHOICE) {
            chimera_buffer_text(out, " -a '");
            completions_put_choices(option, out);
            chimera_buffer_byte(out, '\'');
        }
        chimera_buffer_text(out, " -d ");
        put_fish_quoted(option->help, out);
        chimera_buffer_byte(out, '\n');
    }
}

static void put_fish_step(struct completions *completions,
                          const struct chimera_cli_command *command)
{
    struct chimera_buffer *out = completions->out;
    if (!command->name)
        return;
    chimera_buffer_text(out, "            case '");
    if (command->parent)
        completions_put_path(command->parent, " ", out);
    chimera_buffer_print(out, " %s'\n                set at '", command->name);
    completions_put_path(command, " ", out);
    chimera_buffer_text(out, "'\n");
}

static void put_fish_command(struct completions *completions,
                             const struct chimera_cli_command *command)
{
    struct chimera_buffer *out = completions->out;
    if (command->becomes) {
        put_fish_begin(completions, command);
        chimera_buffer_print(out,
                             " -f -a '(complete -C \"%s $(string join \\' \\' -- "
                             "(commandline -opc)[3..]) $(commandline -ct)\")'\n",
                             command->becomes);
        return;
    }
    put_fish_options(completions, command, completions_options(command));
    for (const struct chimera_cli_command *const *at = command->commands; at && *at; at++) {
        if ((*at)->is_hidden)
            continue;
        put_fish_begin(completions, command);
        chimera_buffer_print(out, " -f -a %s -d ", (*at)->name);
        put_fish_quoted((*at)->about, out);
        chimera_buffer_byte(out, '\n');
    }
}

void completions_put_fish(struct completions *completions)
{
    struct chimera_buffer *out = completions->out;
    chimera_buffer_print(out,
                         "function __%s_is_at\n"
                         "    set -l at ''\n"
                         "    set -l words (commandline -opc)\n"
                         "    for word in $words[2..-1]\n"
                         "        switch \"$at $word\"\n",
                         completions->name);
    completions_each(completions, completions->program, put_fish_step);
    chimera_buffer_text(out, "        end\n    end\n    test \"$at\" = \"$argv\"\nend\n\n");
    completions_each(completions, completions->program, put_fish_command);
}
