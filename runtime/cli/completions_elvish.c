/* SPDX-License-Identifier: Apache-2.0 */
/* completions_elvish.c - the scripts for elvish and PowerShell: a table of what there is behind the
 * words of each command. */
#include "runtime/cli/completions_internal.h"

static void put_doubled(const char *text, struct chimera_buffer *out)
{
    completions_put_escaped(text, "'", NULL, out);
}

typedef void put_row(const char *word, const char *help, bool is_option,
                     struct chimera_buffer *out);

static void put_rows_of(const struct chimera_cli_option *option, put_row *put,
                        struct chimera_buffer *out)
{
    for (; option->name; option++) {
        char word[80];
        snprintf(word, sizeof(word), "--%s", option->name);
        put(word, option->help, true, out);
        snprintf(word, sizeof(word), "-%c", option->letter);
        if (option->letter)
            put(word, option->help, true, out);
    }
}

static void put_rows(const struct chimera_cli_command *command, put_row *put,
                     struct chimera_buffer *out)
{
    put_rows_of(completions_options(command), put, out);
    for (const struct chimera_cli_command *const *at = command->commands; at && *at; at++)
        if (!(*at)->is_hidden)
            put((*at)->name, (*at)->about, false, out);
}

/* --- elvish --- */

static void put_elvish_row(const char *word, const char *help, bool is_option,
                           struct chimera_buffer *out)
{
    (void)is_option;
    chimera_buffer_print(out, "            cand %s '", word);
    put_doubled(help, out);
    chimera_buffer_text(out, "'\n");
}

static void put_elvish_command(struct completions *completions,
                               const struct chimera_cli_command *command)
{
    struct chimera_buffer *out = completions->out;
    chimera_buffer_print(out, "        &'%s%s", completions->name, command->name ? ";" : "");
    completions_put_path(command, ";", out);
    chimera_buffer_text(out, "'= {\n");
    put_rows(command, put_elvish_row, out);
    chimera_buffer_text(out, "        }\n");
}

void completions_put_elvish(struct completions *completions)
{
    struct chimera_buffer *out = completions->out;
    chimera_buffer_print(out,
                         "use builtin;\nuse str;\n\n"
                         "set edit:completion:arg-completer[%s] = {|@words|\n"
                         "    fn cand {|text desc|\n"
                         "        edit:complex-candidate $text &display=$text' '$desc\n"
                         "    }\n"
                         "    var completions = [\n",
                         completions->name);
    completions_each(completions, completions->program, put_elvish_command);
    chimera_buffer_print(out,
                         "    ]\n"
                         "    var command = '%s'\n"
                         "    for word $words[1..-1] {\n"
                         "        if (has-key $completions $command';'$word) {\n"
                         "            set command = $command';'$word\n"
                         "        }\n"
                         "    }\n"
                         "    $completions[$command]\n"
                         "}\n",
                         completions->name);
}

/* --- PowerShell --- */

static void put_powershell_row(const char *word, const char *help, bool is_option,
                               struct chimera_buffer *out)
{
    chimera_buffer_print(out,
                         "            [System.Management.Automation.CompletionResult]::new('%s', "
                         "'%s', [System.Management.Automation.CompletionResultType]::%s, '",
                         word, word, is_option ? "ParameterName" : "ParameterValue");
    put_doubled(help, out);
    chimera_buffer_text(out, "')\n");
}

static void put_powershell_step(struct completions *completions,
                                const struct chimera_cli_command *command)
{
    chimera_buffer_print(completions->out, "%s'", command->name ? ", " : "");
    completions_put_path(command, ";", completions->out);
    chimera_buffer_byte(completions->out, '\'');
}

static void put_powershell_command(struct completions *completions,
                                   const struct chimera_cli_command *command)
{
    struct chimera_buffer *out = completions->out;
    chimera_buffer_text(out, "        '");
    completions_put_path(command, ";", out);
    chimera_buffer_text(out, "' {\n");
    put_rows(command, put_powershell_row, out);
    chimera_buffer_text(out, "            break\n        }\n");
}

void completions_put_powershell(struct completions *completions)
{
    struct chimera_buffer *out = completions->out;
    chimera_buffer_print(out,
                         "Register-ArgumentCompleter -Native -CommandName '%s' -ScriptBlock {\n"
                         "    param($wordToComplete, $commandAst, $cursorPosition)\n"
                         "    $known = @(",
                         completions->name);
    completions_each(completions, completions->program, put_powershell_step);
    chimera_buffer_text(out,
                        ")\n"
                        "    $command = ''\n"
                        "    foreach ($element in ($commandAst.CommandElements | "
                        "Select-Object -Skip 1)) {\n"
                        "        if ($element.Extent.EndOffset -ge $cursorPosition) { break }\n"
                        "        $next = ($command + ';' + $element.Value).TrimStart(';')\n"
                        "        if ($known -contains $next) { $command = $next }\n"
                        "    }\n"
                        "    $completions = @(switch ($command) {\n");
    completions_each(completions, completions->program, put_powershell_command);
    chimera_buffer_text(out, "    })\n"
                             "    $completions | Where-Object { $_.CompletionText -like "
                             "\"$wordToComplete*\" } | Sort-Object -Property ListItemText\n"
                             "}\n");
}
