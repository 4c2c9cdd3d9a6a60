//! Expressions: each leaves one value of a type that was asked for.

use super::{Shape, NUMBERS, RARE, TABLE_SIZE};
use crate::random::Random;
use wasm_encoder::{BlockType, Ieee32, Ieee64, Instruction as I, MemArg, ValType};

/// One function as it grows.
pub struct Body<'a> {
    pub random: &'a mut Random,
    pub shape: &'a Shape,
    pub function: usize,
    pub locals: Vec<ValType>, // parameters first
    pub scratch: [u32; 2],    // of f32 and f64
    pub code: Vec<I<'static>>,
    pub loops: u32,
    pub budget: i32,
}

fn argument(offset: u64) -> MemArg {
    MemArg { offset, align: 0, memory_index: 0 }
}

impl Body<'_> {
    pub fn emit(&mut self, instruction: I<'static>) {
        self.code.push(instruction);
        self.budget -= 1;
    }

    fn constant(&mut self, kind: ValType) {
        let instruction = match kind {
            ValType::I32 => I::I32Const(self.random.i32() as i32),
            ValType::I64 => I::I64Const(self.random.i64() as i64),
            ValType::F32 => I::F32Const(Ieee32::new(self.random.f32())),
            _ => I::F64Const(Ieee64::new(self.random.f64())),
        };
        self.emit(instruction);
    }

    /// A local of this type; there always is one.
    pub fn local(&mut self, kind: ValType) -> u32 {
        let of_kind: Vec<u32> =
            (0..self.locals.len() as u32).filter(|&at| self.locals[at as usize] == kind).collect();
        self.random.pick(&of_kind)
    }

    fn leaf(&mut self, kind: ValType) {
        let of_kind: Vec<u32> = (0..self.shape.globals.len() as u32)
            .filter(|&at| self.shape.globals[at as usize] == kind)
            .collect();
        match self.random.below(8) {
            0 | 1 => self.constant(kind),
            2 if !of_kind.is_empty() => {
                let global = self.random.pick(&of_kind);
                self.emit(I::GlobalGet(global));
            }
            _ => {
                let local = self.local(kind);
                self.emit(I::LocalGet(local));
            }
        }
    }

    fn canonical(&mut self, kind: ValType) {
        let is_single = kind == ValType::F32;
        let local = self.scratch[usize::from(!is_single)];
        self.emit(I::LocalTee(local));
        self.emit(if is_single {
            I::F32Const(Ieee32::new(0x7fc0_0000))
        } else {
            I::F64Const(Ieee64::new(0x7ff8_0000_0000_0000))
        });
        self.emit(I::LocalGet(local));
        self.emit(I::LocalGet(local));
        self.emit(if is_single { I::F32Eq } else { I::F64Eq });
        self.emit(I::Select);
    }

    /// An address, inside memory nearly always; and the immediate that goes with it.
    pub fn address(&mut self, depth: u32) -> MemArg {
        self.value(ValType::I32, depth);
        if !self.random.one_in(RARE) {
            let mask = self.random.pick(&[0xff, 0xfff, 0xffff]);
            self.emit(I::I32Const(mask));
            self.emit(I::I32And);
        }
        let offset = match self.random.below(RARE) {
            0 => self.random.pick(&[0xffff_ffff, 0x1_0000, 0xfff0]),
            1..=60 => self.random.below(64),
            _ => 0,
        };
        argument(offset)
    }

    pub fn value(&mut self, kind: ValType, depth: u32) {
        if depth == 0 || self.budget < 0 {
            self.leaf(kind);
            return;
        }
        match self.random.below(16) {
            0 => self.leaf(kind),
            1 => self.load(kind, depth - 1),
            2 => self.select(kind, depth - 1),
            3 => self.branch(kind, depth - 1),
            4 => self.call_for(kind, depth - 1),
            5 => {
                self.value(kind, depth - 1);
                let local = self.local(kind);
                self.emit(I::LocalTee(local));
            }
            6 | 7 => self.convert(kind, depth - 1),
            _ => match kind {
                ValType::I32 => self.int32(depth - 1),
                ValType::I64 => self.int64(depth - 1),
                _ => self.float(kind, depth - 1),
            },
        }
    }

    fn load(&mut self, kind: ValType, depth: u32) {
        let at = self.address(depth);
        let choices: &[fn(MemArg) -> I<'static>] = match kind {
            ValType::I32 => &[I::I32Load, I::I32Load8S, I::I32Load8U, I::I32Load16S, I::I32Load16U],
            ValType::I64 => &[
                I::I64Load,
                I::I64Load8S,
                I::I64Load8U,
                I::I64Load16S,
                I::I64Load16U,
                I::I64Load32S,
                I::I64Load32U,
            ],
            ValType::F32 => &[I::F32Load],
            _ => &[I::F64Load],
        };
        let make = self.random.pick(choices);
        self.emit(make(at));
    }

    fn select(&mut self, kind: ValType, depth: u32) {
        self.value(kind, depth);
        self.value(kind, depth);
        self.value(ValType::I32, depth);
        let is_plain = self.random.one_in(2);
        self.emit(if is_plain { I::Select } else { I::TypedSelect(kind) });
    }

    fn branch(&mut self, kind: ValType, depth: u32) {
        let block = BlockType::Result(kind);
        if self.random.one_in(2) {
            self.value(ValType::I32, depth);
            self.emit(I::If(block));
            self.value(kind, depth);
            self.emit(I::Else);
            self.value(kind, depth);
            self.emit(I::End);
            return;
        }
        self.emit(I::Block(block));
        self.emit(I::Block(block));
        self.value(kind, depth);
        self.value(ValType::I32, depth);
        if self.random.one_in(2) {
            self.emit(I::BrIf(1));
        } else {
            let targets: Vec<u32> =
                (0..self.random.below(5)).map(|_| self.random.below(2) as u32).collect();
            self.emit(I::BrTable(targets.into(), 0));
        }
        self.emit(I::End);
        if kind == ValType::I32 {
            self.emit(I::I32Const(1));
            self.emit(I::I32Add);
        }
        self.emit(I::End);
    }

    /// Calls a function that gives one value of this type, or makes the value otherwise.
    fn call_for(&mut self, kind: ValType, depth: u32) {
        let able: Vec<usize> =
            (0..self.function).filter(|&at| self.shape.signature(at).results == [kind]).collect();
        if able.is_empty() || self.loops > 0 {
            self.value(kind, depth);
            return;
        }
        let function = self.random.pick(&able);
        self.call(function, depth);
    }

    pub fn arguments(&mut self, function: usize, depth: u32) {
        for kind in self.shape.signature(function).params.clone() {
            self.value(kind, depth.min(1));
        }
    }

    pub fn call(&mut self, function: usize, depth: u32) {
        self.arguments(function, depth);
        let type_index = self.shape.functions[function] as u32;
        match self.random.below(if self.shape.is_lowered { 3 } else { 2 }) {
            0 => self.emit(I::Call(function as u32)),
            1 => {
                self.table_index(function, depth);
                self.emit(I::CallIndirect { type_index, table_index: 0 });
            }
            _ => {
                self.emit(I::RefFunc(function as u32));
                self.emit(I::CallRef(type_index));
            }
        }
    }

    /// Where the function stands in the table at first; now and then elsewhere.
    pub fn table_index(&mut self, function: usize, depth: u32) {
        if self.random.one_in(RARE / 4) {
            self.value(ValType::I32, depth.min(1));
            self.emit(I::I32Const(TABLE_SIZE as i32 * 2 - 1));
            self.emit(I::I32And);
        } else {
            self.emit(I::I32Const(function as i32));
        }
    }

    fn convert(&mut self, kind: ValType, depth: u32) {
        use ValType::{F32, F64, I32, I64};
        let is_tame = !self.random.one_in(RARE / 4);
        let (from, instruction) = match kind {
            I32 => self.random.pick(&[
                (I64, 0),
                (I64, 1),
                (F32, if is_tame { 4 } else { 2 }),
                (F32, if is_tame { 5 } else { 3 }),
                (F64, if is_tame { 8 } else { 6 }),
                (F64, if is_tame { 9 } else { 7 }),
                (F32, 10),
            ]),
            I64 => self.random.pick(&[
                (I32, 11),
                (I32, 12),
                (F32, if is_tame { 15 } else { 13 }),
                (F32, if is_tame { 16 } else { 14 }),
                (F64, if is_tame { 19 } else { 17 }),
                (F64, if is_tame { 20 } else { 18 }),
                (F64, 21),
            ]),
            F32 => self.random.pick(&[
                (I32, 22),
                (I32, 23),
                (I64, 24),
                (I64, 25),
                (F64, 26),
                (I32, 27),
            ]),
            _ => self.random.pick(&[
                (I32, 28),
                (I32, 29),
                (I64, 30),
                (I64, 31),
                (F32, 32),
                (I64, 33),
            ]),
        };
        self.value(from, depth);
        self.emit(CONVERSIONS[instruction].clone());
        if matches!(instruction, 26 | 32) {
            self.canonical(kind);
        }
    }

    fn int32(&mut self, depth: u32) {
        self.value(ValType::I32, depth);
        match self.random.below(8) {
            0 => {
                let unary = [
                    I::I32Clz,
                    I::I32Ctz,
                    I::I32Popcnt,
                    I::I32Eqz,
                    I::I32Extend8S,
                    I::I32Extend16S,
                ];
                let at = self.random.below(unary.len() as u64) as usize;
                self.emit(unary[at].clone());
            }
            1 => {
                self.value(ValType::I32, depth);
                if !self.random.one_in(RARE / 4) {
                    self.emit(I::I32Const(1));
                    self.emit(I::I32Or);
                }
                let binary = [I::I32DivS, I::I32DivU, I::I32RemS, I::I32RemU];
                let at = self.random.below(binary.len() as u64) as usize;
                self.emit(binary[at].clone());
            }
            _ => {
                self.value(ValType::I32, depth);
                let at = self.random.below(INT32.len() as u64) as usize;
                self.emit(INT32[at].clone());
            }
        }
    }

    fn int64(&mut self, depth: u32) {
        self.value(ValType::I64, depth);
        match self.random.below(8) {
            0 => {
                let unary = [
                    I::I64Clz,
                    I::I64Ctz,
                    I::I64Popcnt,
                    I::I64Extend8S,
                    I::I64Extend16S,
                    I::I64Extend32S,
                ];
                let at = self.random.below(unary.len() as u64) as usize;
                self.emit(unary[at].clone());
            }
            1 => {
                self.value(ValType::I64, depth);
                if !self.random.one_in(RARE / 4) {
                    self.emit(I::I64Const(1));
                    self.emit(I::I64Or);
                }
                let binary = [I::I64DivS, I::I64DivU, I::I64RemS, I::I64RemU];
                let at = self.random.below(binary.len() as u64) as usize;
                self.emit(binary[at].clone());
            }
            _ => {
                self.value(ValType::I64, depth);
                let at = self.random.below(INT64.len() as u64) as usize;
                self.emit(INT64[at].clone());
            }
        }
    }

    fn float(&mut self, kind: ValType, depth: u32) {
        let at = usize::from(kind == ValType::F64);
        self.value(kind, depth);
        match self.random.below(3) {
            0 => {
                let choice = self.random.below(7) as usize;
                self.emit(FLOAT_UNARY[choice][at].clone());
                if choice > 1 {
                    self.canonical(kind);
                }
            }
            _ => {
                let choice = self.random.below(7) as usize;
                self.value(kind, depth);
                self.emit(FLOAT_BINARY[choice][at].clone());
                if choice > 0 {
                    self.canonical(kind);
                }
            }
        }
    }

    /// Comparisons of what is not an i32, for conditions.
    pub fn condition(&mut self, depth: u32) {
        let kind = self.random.pick(&NUMBERS);
        self.value(kind, depth);
        if kind == ValType::I32 {
            return;
        }
        self.value(kind, depth);
        let choices: [I<'static>; 6] = match kind {
            ValType::I64 => [I::I64Eq, I::I64LtS, I::I64LtU, I::I64GtS, I::I64GeU, I::I64LeS],
            ValType::F32 => [I::F32Eq, I::F32Ne, I::F32Lt, I::F32Gt, I::F32Le, I::F32Ge],
            _ => [I::F64Eq, I::F64Ne, I::F64Lt, I::F64Gt, I::F64Le, I::F64Ge],
        };
        let at = self.random.below(6) as usize;
        self.emit(choices[at].clone());
    }
}

#[rustfmt::skip]
const CONVERSIONS: [I<'static>; 34] = [
    I::I32WrapI64, I::I64Eqz,
    I::I32TruncF32S, I::I32TruncF32U, I::I32TruncSatF32S, I::I32TruncSatF32U,
    I::I32TruncF64S, I::I32TruncF64U, I::I32TruncSatF64S, I::I32TruncSatF64U,
    I::I32ReinterpretF32,
    I::I64ExtendI32S, I::I64ExtendI32U,
    I::I64TruncF32S, I::I64TruncF32U, I::I64TruncSatF32S, I::I64TruncSatF32U,
    I::I64TruncF64S, I::I64TruncF64U, I::I64TruncSatF64S, I::I64TruncSatF64U,
    I::I64ReinterpretF64,
    I::F32ConvertI32S, I::F32ConvertI32U, I::F32ConvertI64S, I::F32ConvertI64U,
    I::F32DemoteF64, I::F32ReinterpretI32,
    I::F64ConvertI32S, I::F64ConvertI32U, I::F64ConvertI64S, I::F64ConvertI64U,
    I::F64PromoteF32, I::F64ReinterpretI64,
];

#[rustfmt::skip]
const INT32: [I<'static>; 21] = [
    I::I32Add, I::I32Sub, I::I32Mul, I::I32And, I::I32Or, I::I32Xor, I::I32Shl, I::I32ShrS,
    I::I32ShrU, I::I32Rotl, I::I32Rotr, I::I32Eq, I::I32Ne, I::I32LtS, I::I32LtU, I::I32GtS,
    I::I32GtU, I::I32LeS, I::I32LeU, I::I32GeS, I::I32GeU,
];

#[rustfmt::skip]
const INT64: [I<'static>; 11] = [
    I::I64Add, I::I64Sub, I::I64Mul, I::I64And, I::I64Or, I::I64Xor, I::I64Shl, I::I64ShrS,
    I::I64ShrU, I::I64Rotl, I::I64Rotr,
];

/// The first two make no NaN.
const FLOAT_UNARY: [[I<'static>; 2]; 7] = [
    [I::F32Abs, I::F64Abs],
    [I::F32Neg, I::F64Neg],
    [I::F32Ceil, I::F64Ceil],
    [I::F32Floor, I::F64Floor],
    [I::F32Trunc, I::F64Trunc],
    [I::F32Nearest, I::F64Nearest],
    [I::F32Sqrt, I::F64Sqrt],
];

/// The first makes no NaN.
const FLOAT_BINARY: [[I<'static>; 2]; 7] = [
    [I::F32Copysign, I::F64Copysign],
    [I::F32Add, I::F64Add],
    [I::F32Sub, I::F64Sub],
    [I::F32Mul, I::F64Mul],
    [I::F32Div, I::F64Div],
    [I::F32Min, I::F64Min],
    [I::F32Max, I::F64Max],
];
