/* SPDX-License-Identifier: Apache-2.0 */
/* session.h - a recorded session of host calls: played back in place of whoever would answer, or
 * made of what another source answers. The file is the reference's, and either reads the other's
 * (cli-and-distribution.md §1.8).
 *
 * Opened or begun, asked through its source, saved if it records, and freed; any thread.
 */
#ifndef CHIMERA_CAPABILITY_SESSION_H
#define CHIMERA_CAPABILITY_SESSION_H

#include "runtime/capability/source.h"

struct chimera_host_session; /* opaque */

/* Plays back the file. Everything in it is looked at now, so that no surprise comes later. */
int chimera_host_session_open(const char *path, struct chimera_host_session **ret_session,
                              struct chimera_error *err);
/* The same of a text; `path` is for messages. */
int chimera_host_session_parse(struct chimera_slice text, const char *path,
                               struct chimera_host_session **ret_session,
                               struct chimera_error *err);
/* Records what `inner` answers, which is borrowed. */
int chimera_host_session_record(struct chimera_capability_source *inner,
                                struct chimera_host_session **ret_session,
                                struct chimera_error *err);
void chimera_host_session_free(struct chimera_host_session *session); /* NULL is allowed */

/* Lives as long as the session. What is played back is in the order of the file: another request
 * than the next gets an error that shows both, and that exchange is gone. Answers have no version:
 * whoever asks for the same again has the next one. */
struct chimera_capability_source *chimera_host_session_source(struct chimera_host_session *session);

/* How many exchanges are behind us; and back to there: those behind it are played back again, or
 * were never recorded. */
size_t chimera_host_session_tell(struct chimera_host_session *session);
void chimera_host_session_seek(struct chimera_host_session *session, size_t at);

/* Logs a warning when some have not been played back. */
void chimera_host_session_warn_of_rest(struct chimera_host_session *session);

/* Writes what was recorded, whole or not at all. */
int chimera_host_session_save(struct chimera_host_session *session, const char *path,
                              struct chimera_error *err);

#endif
