//! A small generator whose numbers never change: a seed names the same module for ever.

pub struct Random(u64);

impl Random {
    pub fn new(seed: u64) -> Random {
        let mut random = Random(seed ^ 0x6a09_e667_f3bc_c908);
        random.next();
        random
    }

    /// SplitMix64.
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    pub fn below(&mut self, limit: u64) -> u64 {
        ((u128::from(self.next()) * u128::from(limit)) >> 64) as u64
    }

    pub fn one_in(&mut self, count: u64) -> bool {
        self.below(count) == 0
    }

    pub fn pick<T: Copy>(&mut self, choices: &[T]) -> T {
        choices[self.below(choices.len() as u64) as usize]
    }

    pub fn bytes(&mut self, count: usize) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(count + 8);
        while bytes.len() < count {
            bytes.extend_from_slice(&self.next().to_le_bytes());
        }
        bytes.truncate(count);
        bytes
    }

    /// Half of the time a number at an edge of something, else any.
    pub fn i32(&mut self) -> u32 {
        const EDGES: [u32; 20] = [
            0,
            1,
            2,
            3,
            7,
            8,
            31,
            32,
            33,
            0x7f,
            0x80,
            0xff,
            0x7fff,
            0x8000,
            0xfffc,
            0xffff,
            0x1_0000,
            0x7fff_ffff,
            0x8000_0000,
            0xffff_ffff,
        ];
        match self.below(4) {
            0 | 1 => self.pick(&EDGES),
            2 => self.below(70_000) as u32,
            _ => self.next() as u32,
        }
    }

    pub fn i64(&mut self) -> u64 {
        const EDGES: [u64; 10] = [
            0x3f,
            0x40,
            0x41,
            0x8000_0000,
            0xffff_ffff,
            0x1_0000_0000,
            0x7fff_ffff_ffff_ffff,
            0x8000_0000_0000_0000,
            0x8000_0000_0000_0001,
            0xffff_ffff_ffff_ffff,
        ];
        match self.below(4) {
            0 => self.pick(&EDGES),
            1 => u64::from(self.i32()),
            2 => self.i32() as i32 as i64 as u64,
            _ => self.next(),
        }
    }

    /// Bits; NaNs are canonical ones, since the payload of a result is left open.
    pub fn f32(&mut self) -> u32 {
        const EDGES: [u32; 22] = [
            0x0000_0000, // 0
            0x8000_0000, // -0
            0x0000_0001, // the smallest
            0x8000_0001,
            0x007f_ffff,
            0x0080_0000, // the smallest normal one
            0x3f00_0000, // 0.5
            0xbf00_0000,
            0x3f80_0000, // 1
            0xbf80_0000,
            0x3fc0_0000, // 1.5
            0x4020_0000, // 2.5
            0x4b00_0001, // 2^23 + 1
            0x4f00_0000, // 2^31
            0xcf00_0000,
            0x4f80_0000, // 2^32
            0x5f00_0000, // 2^63
            0xdf00_0000,
            0x7f7f_ffff, // the largest
            0x7f80_0000, // infinity
            0xff80_0000,
            0x7fc0_0000, // NaN
        ];
        let bits = match self.below(4) {
            0 | 1 => self.pick(&EDGES),
            2 => (self.i32() as i32 as f32).to_bits(),
            _ => self.next() as u32,
        };
        if f32::from_bits(bits).is_nan() {
            0x7fc0_0000
        } else {
            bits
        }
    }

    pub fn f64(&mut self) -> u64 {
        const EDGES: [u64; 22] = [
            0x0000_0000_0000_0000,
            0x8000_0000_0000_0000,
            0x0000_0000_0000_0001,
            0x8000_0000_0000_0001,
            0x000f_ffff_ffff_ffff,
            0x0010_0000_0000_0000,
            0x3fe0_0000_0000_0000, // 0.5
            0xbfe0_0000_0000_0000,
            0x3ff0_0000_0000_0000, // 1
            0xbff0_0000_0000_0000,
            0x4004_0000_0000_0000, // 2.5
            0x41df_ffff_ffe0_0000, // 2^31 - 0.5
            0xc1e0_0000_001f_ffff, // just above -2^31 - 1
            0xc1e0_0000_0020_0000, // -2^31 - 1
            0x41ef_ffff_ffff_ffff, // just below 2^32
            0x41f0_0000_0000_0000, // 2^32
            0x43e0_0000_0000_0000, // 2^63
            0xc3e0_0000_0000_0000,
            0x43f0_0000_0000_0000, // 2^64
            0x7fef_ffff_ffff_ffff, // the largest
            0x7ff0_0000_0000_0000, // infinity
            0x7ff8_0000_0000_0000, // NaN
        ];
        let bits = match self.below(4) {
            0 | 1 => self.pick(&EDGES),
            2 => (self.i64() as i64 as f64).to_bits(),
            _ => self.next(),
        };
        if f64::from_bits(bits).is_nan() {
            0x7ff8_0000_0000_0000
        } else {
            bits
        }
    }
}
