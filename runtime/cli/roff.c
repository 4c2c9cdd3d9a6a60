/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/cli/roff.h"

#include <ctype.h>
#include <string.h>

#include "runtime/base/cleanup.h"
#include "runtime/base/file.h"

#define FILE_NAME_MAX 96

void roff_slice(struct chimera_buffer *out, struct chimera_slice text)
{
    for (size_t i = 0; i < text.size; i++) {
        bool is_line = i == 0 || text.data[i - 1] == '\n';
        if (is_line && (text.data[i] == '.' || text.data[i] == '\''))
            chimera_buffer_text(out, "\\&");
        if (text.data[i] == '-')
            chimera_buffer_text(out, "\\-");
        else if (text.data[i] == '\\')
            chimera_buffer_text(out, "\\e");
        else
            chimera_buffer_byte(out, (uint8_t)text.data[i]);
    }
}

void roff_text(struct chimera_buffer *out, const char *text)
{
    roff_slice(out, chimera_slice_of(text));
}

void roff_bold(struct chimera_buffer *out, const char *text)
{
    chimera_buffer_text(out, "\\fB");
    roff_text(out, text);
    chimera_buffer_text(out, "\\fR");
}

void roff_header(struct chimera_buffer *out, const char *name, int section, const char *about)
{
    char title[FILE_NAME_MAX];
    size_t size = 0;
    for (; name[size] && size + 1 < sizeof(title); size++)
        title[size] = (char)toupper((unsigned char)name[size]);
    chimera_buffer_text(out, ".TH ");
    roff_slice(out, (struct chimera_slice){title, size});
    chimera_buffer_print(out, " %d \"\" \"Chimera %s\" \"Chimera\"\n.SH NAME\n", section,
                         CHIMERA_VERSION);
    roff_text(out, name);
    chimera_buffer_text(out, " \\- ");
    roff_text(out, about);
    chimera_buffer_byte(out, '\n');
}

void roff_heading(struct chimera_buffer *out, const char *heading)
{
    chimera_buffer_print(out, ".SH %s\n", heading);
}

void roff_paragraphs(struct chimera_buffer *out, const char *text)
{
    for (bool is_first = true; text && *text; is_first = false) {
        size_t size = strcspn(text, "\n"), name = strcspn(text, "\t\n");
        if (name < size) {
            chimera_buffer_text(out, ".TP\n\\fB");
            roff_slice(out, (struct chimera_slice){text, name});
            chimera_buffer_text(out, "\\fR\n");
        } else if (!is_first) {
            chimera_buffer_text(out, ".PP\n");
        }
        size_t start = name < size ? name + 1 : 0;
        roff_slice(out, (struct chimera_slice){text + start, size - start});
        chimera_buffer_byte(out, '\n');
        text += size + (text[size] == '\n');
    }
}

void roff_example(struct chimera_buffer *out, const char *text)
{
    chimera_buffer_text(out, ".PP\n.nf\n");
    roff_text(out, text);
    chimera_buffer_text(out, "\n.fi\n");
}

static void put_entry(struct chimera_buffer *out, const struct chimera_cli_entry *entry)
{
    chimera_buffer_text(out, ".TP\n");
    roff_bold(out, entry->name);
    chimera_buffer_byte(out, '\n');
    roff_text(out, entry->text);
    chimera_buffer_text(out, ".\n");
}

void roff_entries(struct chimera_buffer *out, const char *heading,
                  const struct chimera_cli_entry *entries, unsigned uses)
{
    for (bool is_first = true; entries && entries->name; entries++) {
        if (entries->uses && !(entries->uses & uses))
            continue;
        if (is_first && heading)
            roff_heading(out, heading);
        put_entry(out, entries);
        is_first = false;
    }
}

void roff_see_also(struct chimera_buffer *out, const char *pages)
{
    roff_heading(out, "SEE ALSO");
    while (*pages) {
        size_t name = strcspn(pages, "("), size = strcspn(pages, " ");
        chimera_buffer_text(out, "\\fB");
        roff_slice(out, (struct chimera_slice){pages, name});
        chimera_buffer_text(out, "\\fR");
        roff_slice(out, (struct chimera_slice){pages + name, size - name});
        chimera_buffer_text(out, pages[size] ? ",\n" : "\n");
        pages += size + (pages[size] == ' ');
    }
}

int roff_write(const char *folder, const char *name, int section, const struct chimera_buffer *page,
               struct chimera_error *err)
{
    char file[FILE_NAME_MAX];
    snprintf(file, sizeof(file), "%s.%d", name, section);
    CHIMERA_FREE char *path = chimera_path_join(folder, file);
    if (!path || page->failed)
        return chimera_fail(err, CHIMERA_ENOMEM, "%s: out of memory", file);
    return chimera_file_write(path, chimera_buffer_slice(page), CHIMERA_FILE_PLAIN, err);
}
