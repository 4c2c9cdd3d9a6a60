//! Runs a module in Wasmtime and writes down what happened, as a script for the other player.
//!
//! The form is described in ../../README.md.

use crate::random::Random;
use std::fmt::Write;
use wasmtime::{
    Collector, Config, Engine, ExternRef, ExternType, Func, HeapType, Instance, Module, OptLevel,
    Ref, Result, Rooted, Store, Trap, Val, ValType,
};

const CALLS_OF_EACH: u32 = 3;

/// Enough for whatever a script calls.
const TANK: u64 = 1 << 62;

pub fn engine(has_fuel: bool) -> Engine {
    let mut config = Config::new();
    config
        .collector(Collector::Null)
        .cranelift_opt_level(OptLevel::Speed)
        .max_wasm_stack(16 << 20)
        .wasm_function_references(true)
        .consume_fuel(has_fuel)
        .memory_reservation(1 << 20)
        .memory_guard_size(1 << 16);
    Engine::new(&config).expect("an engine")
}

fn letter(kind: &ValType) -> char {
    match kind {
        ValType::I32 => 'i',
        ValType::I64 => 'I',
        ValType::F32 => 'f',
        ValType::F64 => 'F',
        ValType::V128 => 'v',
        ValType::Ref(kind) => match kind.heap_type() {
            HeapType::Extern => 'e',
            _ => 'r',
        },
    }
}

fn extern_number(store: &mut Store<()>, value: &Rooted<ExternRef>) -> u64 {
    let data = value.data(&*store).expect("a live reference");
    *data.and_then(|data| data.downcast_ref::<u64>()).expect("our own number")
}

/// Any NaN is the same NaN: its sign and payload are left open by the specification.
fn bits(store: &mut Store<()>, value: &Val) -> (char, u64) {
    match value {
        Val::I32(value) => ('i', u64::from(*value as u32)),
        Val::I64(value) => ('I', *value as u64),
        Val::F32(value) if f32::from_bits(*value).is_nan() => ('f', 0x7fc0_0000),
        Val::F32(value) => ('f', u64::from(*value)),
        Val::F64(value) if f64::from_bits(*value).is_nan() => ('F', 0x7ff8_0000_0000_0000),
        Val::F64(value) => ('F', *value),
        Val::ExternRef(None) => ('e', 0),
        Val::ExternRef(Some(value)) => ('e', extern_number(store, value)),
        Val::FuncRef(value) => ('r', u64::from(value.is_some())),
        _ => panic!("a value of a type that was not asked for"),
    }
}

fn show(store: &mut Store<()>, value: &Val) -> String {
    let (letter, bits) = bits(store, value);
    format!("{letter}{bits:x}")
}

fn argument(store: &mut Store<()>, random: &mut Random, kind: char) -> Result<Val> {
    Ok(match kind {
        'i' => Val::I32(random.i32() as i32),
        'I' => Val::I64(random.i64() as i64),
        'f' => Val::F32(random.f32()),
        'F' => Val::F64(random.f64()),
        _ if random.one_in(3) => Val::ExternRef(None),
        _ => Val::ExternRef(Some(ExternRef::new(store, random.below(9) + 1)?)),
    })
}

/// The words of the other player; what only means a table's bounds or contents is told by it.
fn trap_name(error: &wasmtime::Error) -> String {
    let Some(trap) = error.downcast_ref::<Trap>() else {
        return format!("other {error:#}").replace('\n', " ");
    };
    match trap {
        Trap::StackOverflow => "exhausted",
        Trap::MemoryOutOfBounds => "memory-bounds",
        Trap::TableOutOfBounds => "table-bounds",
        Trap::IndirectCallToNull => "null-call",
        Trap::NullReference => "null-call",
        Trap::BadSignature => "signature",
        Trap::IntegerOverflow => "integer-overflow",
        Trap::IntegerDivisionByZero => "divide-by-zero",
        Trap::BadConversionToInteger => "invalid-conversion",
        Trap::UnreachableCodeReached => "unreachable",
        other => return format!("other {other}"),
    }
    .to_string()
}

/// One multiplication for eight bytes: the other player does the same.
struct Hash(u64);

impl Hash {
    fn word(&mut self, word: u64) {
        self.0 = (self.0 ^ word).rotate_left(29).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    }

    fn value(&mut self, store: &mut Store<()>, value: &Val) {
        let (_, bits) = bits(store, value);
        self.word(bits);
    }
}

fn reference(value: Ref) -> Val {
    match value {
        Ref::Func(value) => Val::FuncRef(value),
        Ref::Extern(value) => Val::ExternRef(value),
        _ => panic!("a table of a type that was not asked for"),
    }
}

struct Run<'a> {
    engine: &'a Engine,
    module: &'a Module,
    names: Vec<(String, ExternType)>,
    has_fuel: bool,
    script: String,
}

impl Run<'_> {
    fn fresh(&self) -> (Store<()>, Result<Instance>) {
        let mut store = Store::new(self.engine, ());
        if self.has_fuel {
            store.set_fuel(TANK).expect("an engine with fuel");
        }
        let instance = Instance::new(&mut store, self.module, &[]);
        (store, instance)
    }

    /// What has been used since the instance was made.
    fn fuel(&mut self, store: &Store<()>) {
        if self.has_fuel {
            let left = store.get_fuel().expect("an engine with fuel");
            writeln!(self.script, "fuel {:x}", TANK - left).expect("memory");
        }
    }

    fn state(&mut self, store: &mut Store<()>, instance: &Instance) {
        let (mut pages, mut memory) = (0, Hash(1));
        let (mut globals, mut tables) = (Hash(1), Hash(1));
        for (name, kind) in &self.names {
            let item = instance.get_export(&mut *store, name).expect("an export");
            match kind {
                ExternType::Memory(_) => {
                    let data = item.into_memory().expect("a memory");
                    pages = data.size(&*store);
                    for chunk in data.data(&*store).chunks_exact(8) {
                        memory.word(u64::from_le_bytes(chunk.try_into().expect("8 bytes")));
                    }
                }
                ExternType::Global(_) => {
                    let value = item.into_global().expect("a global").get(&mut *store);
                    globals.value(store, &value);
                }
                ExternType::Table(_) => {
                    let table = item.into_table().expect("a table");
                    let size = table.size(&*store);
                    tables.word(size);
                    for at in 0..size {
                        let value = table.get(&mut *store, at).expect("an entry");
                        tables.value(store, &reference(value));
                    }
                }
                _ => {}
            }
        }
        let (memory, globals, tables) = (memory.0, globals.0, tables.0);
        writeln!(self.script, "state {pages} {memory:x} {globals:x} {tables:x}").expect("memory");
    }

    /// False when nothing more can be said about this instance.
    fn call(
        &mut self,
        store: &mut Store<()>,
        function: &Func,
        index: usize,
        random: &mut Random,
    ) -> Result<bool> {
        let kind = function.ty(&*store);
        let mut arguments = Vec::new();
        write!(self.script, "call {index}").expect("memory");
        for parameter in kind.params() {
            let value = argument(store, random, letter(&parameter))?;
            write!(self.script, " {}", show(store, &value)).expect("memory");
            arguments.push(value);
        }
        let mut results = vec![Val::I32(0); kind.results().len()];
        match function.call(&mut *store, &arguments, &mut results) {
            Ok(()) => {
                self.script.push_str(" =");
                for result in &results {
                    let text = show(store, result);
                    write!(self.script, " {text}").expect("memory");
                }
                self.script.push('\n');
                self.fuel(store);
                Ok(true)
            }
            Err(error) => {
                let name = trap_name(&error);
                writeln!(self.script, " ! {name}").expect("memory");
                self.fuel(store);
                Ok(name != "exhausted")
            }
        }
    }

    /// A fresh instance for each function: what one does to memory another must not hide.
    fn function(&mut self, name: &str, index: usize, random: &mut Random) -> Result<()> {
        let (mut store, instance) = self.fresh();
        let instance = instance?;
        let function = instance.get_func(&mut store, name).expect("a function");
        let kind = function.ty(&store);
        if kind.params().chain(kind.results()).any(|kind| letter(&kind) == 'r') {
            return Ok(()); /* policies' exports have no function references */
        }
        self.script.push_str("fresh\n");
        let is_same = kind.params().len() == 0;
        for _ in 0..if is_same { 2 } else { CALLS_OF_EACH } {
            if !self.call(&mut store, &function, index, random)? {
                return Ok(());
            }
        }
        self.state(&mut store, &instance);
        Ok(())
    }
}

pub fn script(
    engine: &Engine,
    wasm: &[u8],
    has_fuel: bool,
    random: &mut Random,
) -> Result<String> {
    let module = Module::new(engine, wasm)?;
    let names = module.exports().map(|export| (export.name().to_string(), export.ty())).collect();
    let mut run = Run { engine, module: &module, names, has_fuel, script: String::new() };
    let (mut store, instance) = run.fresh();
    match instance {
        Err(error) => {
            writeln!(run.script, "instance ! {}", trap_name(&error)).expect("memory");
            return Ok(run.script);
        }
        Ok(instance) => {
            let tables =
                run.names.iter().filter(|(_, kind)| matches!(kind, ExternType::Table(_))).count();
            writeln!(run.script, "instance = {tables:x}").expect("memory");
            run.fuel(&store);
            run.state(&mut store, &instance);
        }
    }
    let functions: Vec<String> = run
        .names
        .iter()
        .filter(|(_, kind)| matches!(kind, ExternType::Func(_)))
        .map(|(name, _)| name.clone())
        .collect();
    for (index, name) in functions.iter().enumerate() {
        run.function(name, index, random)?;
    }
    Ok(run.script)
}
