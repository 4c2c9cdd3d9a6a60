/* SPDX-License-Identifier: Apache-2.0 */
/* abi.h - one way of speaking to a guest: waPC, WASI, OPA, Gatekeeper, Chimera of 2020.
 *
 * Each is one table of functions (guest-abis.md §2 to §4). policy.c picks the table by the plugin's
 * mode, makes a guest per lane, calls attach() and prepare() on it once, which ends with the
 * snapshot, and for each request brackets validate() with chimera_guest_begin() and
 * chimera_guest_reset().
 */
#ifndef CHIMERA_ABI_H
#define CHIMERA_ABI_H

#include "runtime/base/arena.h"
#include "runtime/instance/guest.h"
#include "runtime/review/request.h"
#include "runtime/review/response.h"

struct chimera_settings_answer {
    bool valid;
    struct chimera_slice message; /* .data NULL: none */
};

struct chimera_abi {
    enum chimera_mode mode;
    /* Does the plugin export what this ABI calls? Refuses with the reference's text where it has
     * one. Called at build and at load. */
    int (*check)(const struct chimera_plugin *plugin, struct chimera_error *err);
    /* Makes the ABI's own state (guest->abi); ends with detach(). */
    int (*attach)(struct chimera_guest *guest, struct chimera_error *err);
    void (*detach)(struct chimera_guest *guest);
    /* Settings are checked by another run of the program, on a slot that was not prepared. */
    bool checks_settings_from_start;
    /* Brings a new instance to the state that every request starts from (_start, wapc_init, the
     * settings parsed into Rego data, a program that waits for its input) and takes the snapshot.
     * Called between begin and end. */
    int (*prepare)(struct chimera_guest *guest, struct chimera_slice settings,
                   struct chimera_error *err);
    /* Runs one request and makes its response; guest failures become rejections with the texts of
     * policy-server.md §4.4. The slices live in `arena`. */
    void (*validate)(struct chimera_guest *guest, const struct chimera_request *request,
                     struct chimera_slice settings, struct chimera_arena *arena,
                     struct chimera_response *ret_response);
    void (*validate_settings)(struct chimera_guest *guest, struct chimera_slice settings,
                              struct chimera_arena *arena,
                              struct chimera_settings_answer *ret_answer);
    /* Any operation of the guest: its answer as it gives it, or its error's text with the code, in
     * the arena. waPC alone; NULL: there are none. */
    int (*call)(struct chimera_guest *guest, const char *operation,
                const struct chimera_pieces *payload, struct chimera_arena *arena,
                struct chimera_slice *ret_text);
};

extern const struct chimera_abi chimera_abi_wapc;
extern const struct chimera_abi chimera_abi_wasi;
extern const struct chimera_abi chimera_abi_opa;
extern const struct chimera_abi chimera_abi_gatekeeper;
extern const struct chimera_abi chimera_abi_chimera;

/* NULL for CHIMERA_MODE_NONE. */
const struct chimera_abi *chimera_abi_of(enum chimera_mode mode);

/* The code-500 rejection that most failures end in: "internal server error: <format…>" when
 * `is_internal`, else the text alone. */
struct chimera_response chimera_abi_failure(const struct chimera_request *request, bool is_internal,
                                            struct chimera_arena *arena, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

#endif
