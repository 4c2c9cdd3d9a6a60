/* SPDX-License-Identifier: Apache-2.0 */
#include "compiler/fetch/session.h"

#include <stdio.h>
#include <unistd.h>

#include "runtime/text/printable.h"

static int show_progress(void *context, uint64_t done, uint64_t total)
{
    struct chimera_session *session = context;
    chimera_progress_show_bytes(&session->progress, session->title, done, total);
    return 0;
}

/* A registry's words. */
static void print_warning(void *context, const char *text)
{
    struct chimera_session *session = context;
    chimera_progress_clear(&session->progress);
    chimera_printable_say(stderr, "Warning", "%s", text);
}

int chimera_session_open(struct chimera_session *session, const struct chimera_session_input *input,
                         struct chimera_error *err)
{
    *session = (struct chimera_session){.title = input->title};
    const struct chimera_transport_options transport = {
        .sources = input->sources, .progress = show_progress, .context = session};
    chimera_progress_init(&session->progress, input->title ? STDERR_FILENO : -1);
    int code = chimera_transport_new(&transport, &session->transport, err);
    if (code < 0 || !input->image)
        return code;
    const struct chimera_registry_options options = {
        .transport = session->transport,
        .host = chimera_image_reference_host(input->image),
        .sources = input->sources,
        .logins = input->logins,
        .login_count = input->login_count,
        .warn = print_warning,
        .context = session,
    };
    return chimera_registry_new(&options, &session->registry, err);
}

void chimera_session_close(struct chimera_session *session)
{
    chimera_progress_clear(&session->progress);
    chimera_registry_free(session->registry);
    chimera_transport_free(session->transport);
    *session = (struct chimera_session){0};
}
