//! Modules of wasm-smith: everything that the specification allows, in every order.

use crate::random::Random;
use arbitrary::Unstructured;
use wasm_smith::{Config, MemoryOffsetChoices, Module};

/// Steps that one instance may take; few enough that recursion fits every stack.
const FUEL: u32 = 600;

fn config(random: &mut Random, is_lowered: bool) -> Config {
    Config {
        allow_floats: !random.one_in(8),
        allow_start_export: random.one_in(8),
        bulk_memory_enabled: !random.one_in(4),
        canonicalize_nans: true,
        custom_descriptors_enabled: false,
        exceptions_enabled: false,
        export_everything: true,
        extended_const_enabled: false,
        gc_enabled: false,
        generate_custom_sections: random.one_in(16),
        max_data_segments: 6,
        max_element_segments: 6,
        max_elements: 12,
        max_funcs: 16,
        max_globals: 8,
        max_imports: 0,
        max_instructions: random.pick(&[20, 60, 120, 250]),
        max_memories: 1,
        max_memory32_bytes: 65536 * random.pick(&[1, 2, 4, 16]),
        max_table_elements: 24,
        max_tables: 3,
        max_type_size: 100_000,
        max_types: 12,
        memory64_enabled: false,
        memory_max_size_required: true,
        memory_offset_choices: MemoryOffsetChoices(95, 4, 1),
        min_funcs: 8,
        min_memories: u32::from(!random.one_in(8)),
        min_types: 3,
        min_uleb_size: random.pick(&[1, 1, 1, 5]),
        multi_value_enabled: !random.one_in(4),
        reference_types_enabled: !random.one_in(3),
        relaxed_simd_enabled: false,
        saturating_float_to_int_enabled: true,
        shared_everything_threads_enabled: false,
        sign_extension_ops_enabled: true,
        simd_enabled: false,
        table_max_size_required: true,
        tail_call_enabled: is_lowered && random.one_in(2),
        threads_enabled: false,
        wide_arithmetic_enabled: false,
        // Half of the modules have no traps but those of calls and `unreachable`, so that more
        // than the first instructions of a function count.
        disallow_traps: random.one_in(2),
        ..Config::default()
    }
}

/// Some strings of bytes make no module; then the next one is tried.
pub fn make(random: &mut Random, is_lowered: bool) -> Vec<u8> {
    loop {
        let config = config(random, is_lowered);
        let size = random.pick(&[8_000, 30_000, 60_000]);
        let bytes = random.bytes(size);
        let Ok(mut module) = Module::new(config, &mut Unstructured::new(&bytes)) else {
            continue;
        };
        if module.ensure_termination(FUEL).is_ok() {
            return module.to_bytes();
        }
    }
}
