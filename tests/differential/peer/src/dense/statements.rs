//! Statements: what functions do besides computing; and how they end.

use super::values::Body;
use super::{NUMBERS, PASSIVE, RARE, SEGMENT_BYTES, TABLE_SIZE};
use wasm_encoder::{BlockType, HeapType, Instruction as I, MemArg, ValType};

impl Body<'_> {
    pub fn statement(&mut self, depth: u32) {
        match self.random.below(16) {
            0..=3 => {
                let kind = self.random.pick(&NUMBERS);
                self.value(kind, 4);
                let local = self.local(kind);
                self.emit(I::LocalSet(local));
            }
            4..=6 => self.store(),
            7 => {
                let global = self.random.below(self.shape.globals.len() as u64) as usize;
                self.value(self.shape.globals[global], 4);
                self.emit(I::GlobalSet(global as u32));
            }
            8 | 9 if depth > 0 => self.conditional(depth - 1),
            10 if depth > 0 && self.loops < 2 => self.repeat(depth - 1),
            11 => self.call_for_effect(),
            12 => self.bulk(),
            13 => self.tables(),
            14 => self.early_return(),
            _ => {
                let local = self.local(ValType::I32);
                self.condition(3);
                self.emit(I::LocalSet(local));
            }
        }
    }

    fn store(&mut self) {
        let kind = self.random.pick(&NUMBERS);
        let at = self.address(2);
        self.value(kind, 3);
        let choices: &[fn(MemArg) -> I<'static>] = match kind {
            ValType::I32 => &[I::I32Store, I::I32Store8, I::I32Store16],
            ValType::I64 => &[I::I64Store, I::I64Store8, I::I64Store16, I::I64Store32],
            ValType::F32 => &[I::F32Store],
            _ => &[I::F64Store],
        };
        let make = self.random.pick(choices);
        self.emit(make(at));
    }

    fn conditional(&mut self, depth: u32) {
        self.condition(2);
        self.emit(I::If(BlockType::Empty));
        self.statement(depth);
        if self.random.one_in(2) {
            self.emit(I::Else);
            self.statement(depth);
        }
        self.emit(I::End);
    }

    pub fn burn_fuel(&mut self) {
        let fuel = self.shape.globals.len() as u32;
        for instruction in [
            I::GlobalGet(fuel),
            I::I32Eqz,
            I::If(BlockType::Empty),
            I::Unreachable,
            I::End,
            I::GlobalGet(fuel),
            I::I32Const(1),
            I::I32Sub,
            I::GlobalSet(fuel),
        ] {
            self.emit(instruction);
        }
    }

    fn repeat(&mut self, depth: u32) {
        self.emit(I::Block(BlockType::Empty));
        self.emit(I::Loop(BlockType::Empty));
        self.burn_fuel();
        self.loops += 1;
        self.statement(depth);
        self.condition(1);
        self.emit(I::I32Eqz);
        self.emit(I::BrIf(1));
        self.statement(depth);
        self.loops -= 1;
        self.condition(1);
        self.emit(I::BrIf(0));
        self.emit(I::End);
        self.emit(I::End);
    }

    /// Calls a function before this one, or now and then any; its results go to locals.
    fn call_for_effect(&mut self) {
        let limit = if self.random.one_in(20) { self.shape.functions.len() } else { self.function };
        if limit == 0 {
            return;
        }
        let function = self.random.below(limit as u64) as usize;
        self.call(function, 2);
        for kind in self.shape.signature(function).results.clone().into_iter().rev() {
            let local = self.local(kind);
            self.emit(I::LocalSet(local));
        }
    }

    fn small(&mut self, mask: i32) {
        self.value(ValType::I32, 1);
        if !self.random.one_in(RARE / 2) {
            self.emit(I::I32Const(mask));
            self.emit(I::I32And);
        }
    }

    fn bulk(&mut self) {
        match self.random.below(6) {
            0 => {
                self.small(0xffff);
                self.value(ValType::I32, 1);
                self.small(0xff);
                self.emit(I::MemoryFill(0));
            }
            1 | 2 => {
                self.small(0xffff);
                self.small(0xffff);
                self.small(0xfff);
                self.emit(I::MemoryCopy { src_mem: 0, dst_mem: 0 });
            }
            3 => {
                self.small(0xffff);
                self.small(SEGMENT_BYTES as i32 / 2 - 1);
                self.small(SEGMENT_BYTES as i32 / 2 - 1);
                self.emit(I::MemoryInit { mem: 0, data_index: PASSIVE });
            }
            4 if self.random.one_in(4) => self.emit(I::DataDrop(PASSIVE)),
            _ => {
                let local = self.local(ValType::I32);
                if self.random.one_in(2) {
                    self.small(3);
                    self.emit(I::MemoryGrow(0));
                } else {
                    self.emit(I::MemorySize(0));
                }
                self.emit(I::LocalSet(local));
            }
        }
    }

    fn reference(&mut self) {
        if self.random.one_in(5) {
            self.emit(I::RefNull(HeapType::FUNC));
        } else {
            let function = self.random.below(self.shape.functions.len() as u64) as u32;
            self.emit(I::RefFunc(function));
        }
    }

    fn tables(&mut self) {
        let (mask, local) = (TABLE_SIZE as i32 - 1, self.local(ValType::I32));
        match self.random.below(6) {
            0 => {
                self.small(mask);
                self.reference();
                self.emit(I::TableSet(0));
            }
            1 => {
                self.small(mask);
                self.emit(I::TableGet(0));
                self.emit(I::RefIsNull);
                self.emit(I::LocalSet(local));
            }
            2 => {
                self.small(mask);
                self.small(mask);
                self.small(3);
                self.emit(I::TableCopy { src_table: 0, dst_table: 0 });
            }
            3 => {
                self.small(mask);
                self.reference();
                self.small(3);
                self.emit(I::TableFill(0));
            }
            4 => {
                self.reference();
                self.small(3);
                self.emit(I::TableGrow(0));
                self.emit(I::LocalSet(local));
            }
            _ => {
                self.small(7);
                self.small(3);
                self.small(3);
                self.emit(I::TableInit { table: 0, elem_index: 1 });
            }
        }
    }

    pub fn results(&mut self) {
        for kind in self.shape.signature(self.function).results.clone() {
            self.value(kind, 5);
        }
    }

    /// Out of the middle; by a tail call where that is lowered.
    fn early_return(&mut self) {
        self.condition(2);
        self.emit(I::If(BlockType::Empty));
        if self.shape.is_lowered {
            self.tail_call();
        } else {
            self.budget -= 20;
            self.results();
            self.emit(I::Return);
        }
        self.emit(I::End);
    }

    fn tail_call(&mut self) {
        let own = self.shape.signature(self.function).results.clone();
        let able: Vec<usize> =
            (0..self.function + 1).filter(|&at| self.shape.signature(at).results == own).collect();
        let function = self.random.pick(&able);
        let type_index = self.shape.functions[function] as u32;
        self.arguments(function, 1);
        match self.random.below(3) {
            0 => self.emit(I::ReturnCall(function as u32)),
            1 => {
                self.table_index(function, 1);
                self.emit(I::ReturnCallIndirect { type_index, table_index: 0 });
            }
            _ => {
                self.emit(I::RefFunc(function as u32));
                self.emit(I::ReturnCallRef(type_index));
            }
        }
    }
}
