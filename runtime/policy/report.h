/* SPDX-License-Identifier: Apache-2.0 */
/* report.h - what a policy's instances and evaluations come to, for metrics. */
#ifndef CHIMERA_POLICY_REPORT_H
#define CHIMERA_POLICY_REPORT_H

#include <stdatomic.h>
#include <stdint.h>

struct chimera_policy_gauges { /* of all instances of a policy, now */
    _Atomic uint64_t instances;
    _Atomic uint64_t kept_bytes; /* pages of memory and stack that they keep between requests */
};

struct chimera_run_report { /* of one evaluation */
    uint32_t
        stop; /* an enum chimera_stop (instance/types.h); 0: the guest came to its end by itself */
    uint32_t is_pure; /* 1: the answer follows from the request and the policy alone */
    uint32_t resets;  /* 1, unless the instance could not be brought back */
    uint64_t pages;   /* that were copied back */
    uint64_t reset_ns;
    uint64_t wall_ns, cpu_ns; /* 0: left to the caller, as it is here */
    /* Of a counting plugin (plugin/counter.h), and brought back, else 0: what the evaluation took,
     * and what the start had taken before. */
    uint64_t wasm_instructions, start_wasm_instructions;
};

#endif
