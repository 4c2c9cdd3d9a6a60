//! Our own modules: functions of arithmetic, memory, tables and calls, in which every value counts.
//!
//! wasm-smith's functions mostly drop what they compute, and end early; these hand it on, to a
//! result, to memory or to a global. Division, conversions and addresses are tamed most of the
//! time, so that traps stay rare. A NaN is made canonical where it arises.

mod statements;
mod values;

use crate::random::Random;
use values::Body;
use wasm_encoder::{
    CodeSection, ConstExpr, DataCountSection, DataSection, ElementSection, Elements, ExportKind,
    ExportSection, Function, FunctionSection, GlobalSection, GlobalType, Ieee32, Ieee64,
    Instruction as I, MemorySection, MemoryType, Module, RefType, TableSection, TableType,
    TypeSection, ValType,
};

/// Entries into functions and loops that one instance may make.
const FUEL: i32 = 2000;
/// One in so many addresses, divisors, … may be wrong: a function has some hundreds of them.
const RARE: u64 = 300;
const NUMBERS: [ValType; 4] = [ValType::I32, ValType::I64, ValType::F32, ValType::F64];
const TABLE_SIZE: u64 = 16;
const PASSIVE: u32 = 1; // the data segment that is not active
const SEGMENT_BYTES: usize = 64;

#[derive(Clone)]
struct Signature {
    params: Vec<ValType>,
    results: Vec<ValType>,
}

struct Shape {
    signatures: Vec<Signature>,
    functions: Vec<usize>, // the signature of each
    globals: Vec<ValType>, // the mutable ones; fuel is behind them
    is_lowered: bool,
}

impl Shape {
    fn signature(&self, function: usize) -> &Signature {
        &self.signatures[self.functions[function]]
    }
}

fn types(random: &mut Random, limit: u64) -> Vec<ValType> {
    (0..random.below(limit)).map(|_| random.pick(&NUMBERS)).collect()
}

fn shape(random: &mut Random, is_lowered: bool) -> Shape {
    let mut signatures: Vec<Signature> = NUMBERS
        .iter()
        .map(|&kind| Signature { params: types(random, 4), results: vec![kind] })
        .collect();
    for _ in 0..3 {
        signatures.push(Signature { params: types(random, 6), results: types(random, 4) });
    }
    let count = 5 + random.below(5);
    let functions = (0..count).map(|_| random.below(signatures.len() as u64) as usize).collect();
    let mut globals = NUMBERS.to_vec();
    globals.push(ValType::I32);
    Shape { signatures, functions, globals, is_lowered }
}

fn body(random: &mut Random, shape: &Shape, function: usize) -> Function {
    let params = shape.signature(function).params.clone();
    let mut locals = params.clone();
    locals.extend(NUMBERS);
    let scratch = [locals.len() as u32, locals.len() as u32 + 1];
    let scratch_kinds = [ValType::F32, ValType::F64];
    let mut function_body =
        Function::new_with_locals_types(NUMBERS.into_iter().chain(scratch_kinds));
    let mut body =
        Body { random, shape, function, locals, scratch, code: Vec::new(), loops: 0, budget: 300 };
    body.burn_fuel();
    for _ in 0..2 + body.random.below(5) {
        body.statement(3);
    }
    body.budget = body.budget.max(150);
    body.results();
    body.emit(I::End);
    for instruction in &body.code {
        function_body.instruction(instruction);
    }
    function_body
}

fn zero(kind: ValType) -> ConstExpr {
    match kind {
        ValType::I32 => ConstExpr::i32_const(7),
        ValType::I64 => ConstExpr::i64_const(-7),
        ValType::F32 => ConstExpr::f32_const(Ieee32::new(0x3fc0_0000)),
        _ => ConstExpr::f64_const(Ieee64::new(0xbff8_0000_0000_0000)),
    }
}

fn sections_of_state(module: &mut Module, shape: &Shape) {
    let mut tables = TableSection::new();
    tables.table(TableType {
        element_type: RefType::FUNCREF,
        table64: false,
        minimum: TABLE_SIZE,
        maximum: Some(TABLE_SIZE + 4),
        shared: false,
    });
    module.section(&tables);
    let mut memories = MemorySection::new();
    memories.memory(MemoryType {
        minimum: 1,
        maximum: Some(3),
        memory64: false,
        shared: false,
        page_size_log2: None,
    });
    module.section(&memories);
    let mut globals = GlobalSection::new();
    let variable = |val_type| GlobalType { val_type, mutable: true, shared: false };
    for &kind in &shape.globals {
        globals.global(variable(kind), &zero(kind));
    }
    globals.global(variable(ValType::I32), &ConstExpr::i32_const(FUEL));
    module.section(&globals);
}

fn section_of_exports(module: &mut Module, shape: &Shape) {
    let mut exports = ExportSection::new();
    for at in 0..shape.functions.len() {
        exports.export(&format!("f{at}"), ExportKind::Func, at as u32);
    }
    exports.export("table", ExportKind::Table, 0);
    exports.export("memory", ExportKind::Memory, 0);
    for at in 0..shape.globals.len() {
        exports.export(&format!("g{at}"), ExportKind::Global, at as u32);
    }
    module.section(&exports);
}

pub fn make(random: &mut Random, is_lowered: bool) -> Vec<u8> {
    let shape = shape(random, is_lowered);
    let mut module = Module::new();
    let mut types = TypeSection::new();
    for signature in &shape.signatures {
        types.ty().function(signature.params.clone(), signature.results.clone());
    }
    module.section(&types);
    let mut functions = FunctionSection::new();
    for &signature in &shape.functions {
        functions.function(signature as u32);
    }
    module.section(&functions);
    sections_of_state(&mut module, &shape);
    section_of_exports(&mut module, &shape);
    let mut elements = ElementSection::new();
    let all: Vec<u32> = (0..shape.functions.len() as u32).collect();
    elements.active(None, &ConstExpr::i32_const(0), Elements::Functions(all.clone().into()));
    elements.passive(Elements::Functions(all.into()));
    module.section(&elements);
    module.section(&DataCountSection { count: 2 });
    let mut code = CodeSection::new();
    for function in 0..shape.functions.len() {
        code.function(&body(random, &shape, function));
    }
    module.section(&code);
    let mut data = DataSection::new();
    data.active(0, &ConstExpr::i32_const(16), random.bytes(256));
    data.passive(random.bytes(SEGMENT_BYTES));
    module.section(&data);
    module.finish()
}
