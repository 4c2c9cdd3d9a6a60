# SPDX-License-Identifier: Apache-2.0
"""Modules that have very many of one thing, for tests/limits/run: `make(kind, count)` gives the bytes.

Each is a waPC policy, so that the whole way from the file to the answer can be gone: its `__guest_call`
does what the kind is about, and says "accepted".
"""
import struct

I32, I64, F32, F64, FUNCREF, NONE = 0x7F, 0x7E, 0x7D, 0x7C, 0x70, 0x40
BLOCK, LOOP, IF, ELSE, END = b"\x02\x40", b"\x03\x40", b"\x04\x40", b"\x05", b"\x0b"
DROP, SELECT, NOP, RETURN, ADD = b"\x1a", b"\x1b", b"\x01", b"\x0f", b"\x6a"
LOCAL = b"\x20\x00"  # local.get 0: the argument, 1 unless a kind says otherwise
LOAD = b"\x41\xc0\x00\x28\x02\x00"  # i32.load of address 64, where 0 is
COUNT = b"\x20\x01\x41\x01\x6a\x21\x01"  # local 1 += 1
COUNTED = b"\x20\x01"


def u(value):
    """Unsigned LEB128."""
    out = bytearray()
    while True:
        byte = value & 0x7F
        value >>= 7
        out.append(byte | (0x80 if value else 0))
        if not value:
            return bytes(out)


def s(value):
    """Signed LEB128."""
    out = bytearray()
    while True:
        byte = value & 0x7F
        value >>= 7
        if value == (-1 if byte & 0x40 else 0):
            out.append(byte)
            return bytes(out)
        out.append(byte | 0x80)


def const(value):
    """i32.const, of anything modulo 2^32."""
    return b"\x41" + s((value + (1 << 31)) % (1 << 32) - (1 << 31))


def call(function):
    return b"\x10" + u(function)


def name(text):
    data = text if isinstance(text, bytes) else text.encode()
    return u(len(data)) + data


def vector(items):
    return u(len(items)) + b"".join(items)


def section(number, payload):
    return bytes([number]) + u(len(payload)) + payload


def function_type(params, results):
    return b"\x60" + u(len(params)) + bytes(params) + u(len(results)) + bytes(results)


class Module:
    """What a kind adds to. Function 0 is waPC's answer, function 1 is `$work`, 2 is `__guest_call`, which
    calls `$work` with `argument` and traps unless it returns `expected`."""

    ACCEPTED = b'{"accepted":true,"valid":true}'

    def __init__(self):
        self.types = [function_type([I32, I32], []), function_type([I32, I32], [I32]), function_type([I32], [I32])]
        self.imports = [name("wapc") + name("__guest_response") + b"\x00\x00"]
        self.functions, self.bodies = [], []
        self.tables, self.globals, self.exports, self.elements, self.data = [], [], [], [], []
        self.pages, self.has_data_count = 1, False
        self.custom = []
        self.work_locals = []
        self.work = LOCAL
        self.argument = self.expected = 1

    def type(self, params, results):
        self.types.append(function_type(params, results))
        return len(self.types) - 1

    def function(self, type_index, code, local_groups=()):
        """Its index counts from 3: `$work` and `__guest_call` stand before all that a kind adds."""
        self.functions.append(u(type_index))
        body = vector([u(count) + bytes([kind]) for count, kind in local_groups]) + code + END
        self.bodies.append(u(len(body)) + body)
        return len(self.imports) + 1 + len(self.functions)

    def increment(self):
        """A function that adds 1."""
        return self.function(2, LOCAL + const(1) + ADD)

    def bytes(self):
        first = len(self.imports)
        work = vector([u(count) + bytes([kind]) for count, kind in self.work_locals]) + self.work + END
        answer = const(self.argument) + call(first) + const(self.expected) + b"\x47" + IF + b"\x00" + END
        answer += const(16) + const(len(self.ACCEPTED)) + call(0) + const(1) + END
        answer = b"\x00" + answer
        exports = [name("__guest_call") + b"\x00" + u(first + 1), name("memory") + b"\x02\x00"] + self.exports
        data = [b"\x00" + const(16) + END + name(self.ACCEPTED)] + self.data
        out = [b"\0asm\1\0\0\0", section(1, vector(self.types)), section(2, vector(self.imports)),
               section(3, vector([u(2), u(1)] + self.functions))]
        if self.tables:
            out.append(section(4, vector(self.tables)))
        out.append(section(5, b"\x01\x00" + u(self.pages)))
        if self.globals:
            out.append(section(6, vector(self.globals)))
        out.append(section(7, vector(exports)))
        if self.elements:
            out.append(section(9, vector(self.elements)))
        if self.has_data_count:
            out.append(section(12, u(len(data))))
        out.append(section(10, vector([u(len(work)) + work, u(len(answer)) + answer] + self.bodies)))
        out.append(section(11, vector(data)))
        return b"".join(out + [section(0, payload) for payload in self.custom])


# --- Nesting. Every level is counted that is reached. ---

def nested(module, count, opener, inside=b"", closer=END):
    module.work_locals = [(1, I32)]
    module.work = opener * count + inside + closer * count + COUNTED
    module.expected = count


def nested_ifs(module, count):
    nested(module, count, LOCAL + IF + COUNT)


def results_of_ifs(module, count):
    module.work = (LOCAL + b"\x04\x7f") * count + const(7) + (ELSE + const(9) + END) * count
    module.expected = 7


def else_ifs(module, count):
    module.work = b"".join(LOCAL + const(i) + b"\x46\x04\x7f" + const(3 * i + 1) + ELSE for i in range(count))
    module.work += const(0) + END * count
    module.argument = count // 2
    module.expected = 3 * module.argument + 1


def nested_blocks(module, count):
    nested(module, count, BLOCK, b"\x0c" + u(count // 2), END + COUNT)
    module.expected = count - count // 2


def nested_loops(module, count):
    nested(module, count, LOOP + COUNT)


def live_loops(module, count):
    """Each goes round if its argument is 0, so that none can be dropped."""
    nested(module, count, LOOP + COUNT, b"", LOCAL + b"\x45\x0d\x00" + END)


def blocks_with_results(module, count):
    module.work = b"\x02\x7f" * count + LOCAL + END * count


def mixed_nesting(module, count):
    nested(module, count // 3, BLOCK + LOOP + LOCAL + IF + COUNT, b"", END * 3)


# --- Many in one function. ---

def br_table_targets(module, count):
    targets = b"\x00\x01" * (count // 2) + b"\x00" * (count % 2)
    module.work_locals = [(1, I32)]
    module.work = BLOCK + BLOCK + LOCAL + b"\x0e" + u(count) + targets + b"\x01" + END + COUNT + END + COUNTED
    module.argument = 2 * (count // 4)


def br_table_labels(module, count):
    targets = b"".join(u(i) for i in range(count))
    module.work_locals = [(1, I32)]
    module.work = BLOCK * count + LOCAL + b"\x0e" + u(count - 1) + targets + (END + COUNT) * count + COUNTED
    module.argument = count // 2
    module.expected = count - module.argument


def branches(module, count):
    module.work = BLOCK + (LOCAL + b"\x45\x0d\x00") * count + END + LOCAL


def labels(module, count):
    module.work_locals = [(1, I32)]
    module.work = (BLOCK + LOCAL + b"\x45\x0d\x00" + COUNT + END) * count + COUNTED
    module.expected = count


def statements(module, count):
    """Loads and stores, which no compiler may leave out."""
    module.work = (const(64) + LOAD + LOCAL + ADD + b"\x36\x02\x00") * count + LOAD
    module.expected = count


def locals_(module, count):
    module.work_locals = [(count, I32)]
    module.work = LOCAL + b"\x21" + u(count) + b"\x20" + u(count)


def groups_of_locals(module, count):
    module.work_locals = [(1, (I32, I64, F32, F64)[i % 4]) for i in range(count)]


def live_locals(module, count):
    """All are set from memory before any is used."""
    module.work_locals = [(count, I32)]
    module.work = b"".join(LOAD + b"\x21" + u(i + 1) for i in range(count))
    module.work += LOCAL + b"".join(b"\x20" + u(i + 1) + ADD for i in range(count))


def operands(module, count):
    module.work = LOCAL * count + ADD * (count - 1)
    module.expected = count


def live_operands(module, count):
    module.work = LOCAL + LOAD * count + ADD * count


def selects(module, count):
    module.work = LOCAL + (LOAD + LOCAL + SELECT) * count


def calls(module, count):
    module.work = LOCAL + call(module.increment()) * count
    module.expected = count + 1


def indirect_calls(module, count):
    module.tables = [bytes([FUNCREF]) + b"\x00\x01"]
    module.elements = [b"\x00" + const(0) + END + vector([u(module.increment())])]
    module.work = LOCAL + (const(0) + b"\x11\x02\x00") * count
    module.expected = count + 1


def numbers(module, count):
    values, total = [i + 0.1 for i in range(count)], 0.0
    for value in values:
        total += value
    module.work_locals = [(1, F64)]
    module.work = b"".join(b"\x20\x01\x44" + struct.pack("<d", value) + b"\xa0\x21\x01" for value in values)
    module.work += b"\x20\x01\xfc\x03"  # i32.trunc_sat_f64_u
    module.expected = min(int(total), (1 << 32) - 1)


# --- Types. ---

def parameters(module, count):
    kind = module.type([I32] * count, [I32])
    function = module.function(kind, LOCAL + b"".join(b"\x20" + u(i) + ADD for i in range(1, count)))
    module.work = b"".join(const(i) for i in range(count)) + call(function)
    module.expected = sum(range(count))


def results(module, count):
    kind = module.type([], [I32] * count)
    function = module.function(kind, b"".join(const(i) for i in range(count)))
    module.work = call(function) + ADD * (count - 1)
    module.expected = sum(range(count))


def mixed_results(module, count):
    kinds = [(I32, I64, F32, F64)[i % 4] for i in range(count)]
    load = {I32: b"\x28\x02\x00", I64: b"\x29\x03\x00", F32: b"\x2a\x02\x00", F64: b"\x2b\x03\x00"}
    kind = module.type([], kinds)
    function = module.function(kind, b"".join(const(64) + load[one] for one in kinds))
    module.work = call(function) + DROP * count + LOCAL


def blocks_with_parameters(module, count):
    kind = module.type([I32] * count, [I32] * count)
    module.work = LOCAL * count + b"\x02" + s(kind) + END + ADD * (count - 1)
    module.expected = count


def types(module, count):
    """Each another shape: the digits of its number in base 4."""
    kinds = (I32, I64, F32, F64)
    for i in range(count):
        params = [I32] * 3
        while i:
            params.append(kinds[i % 4])
            i //= 4
        module.type(params, [])


# --- Sections. ---

def functions(module, count):
    for i in range(count):
        module.function(2, LOCAL + const(i) + ADD)
    module.work = LOCAL + call(3) + call(2 + count)
    module.expected = count


def chained_functions(module, count):
    """In chains of 100, so that no stack ends."""
    for i in range(count):
        is_last = i % 100 == 99 or i + 1 == count
        module.function(2, LOCAL + const(1) + ADD + (b"" if is_last else call(4 + i)))
    module.work = LOCAL + call(3)
    module.expected = min(count, 100) + 1


def tail_calls(module, count):
    """The same, lowered."""
    for i in range(count):
        is_last = i % 100 == 99 or i + 1 == count
        module.function(2, LOCAL + const(1) + ADD + (b"" if is_last else b"\x12" + u(4 + i)))
    module.work = LOCAL + call(3)
    module.expected = min(count, 100) + 1


def same_imports(module, count):
    module.imports = module.imports * count


def long_import(module, count):
    module.imports.append(name("m" * count) + name("n" * count) + b"\x00\x00")


def globals_(module, count):
    module.globals = [bytes([I32, 1]) + const(i) + END for i in range(count)]
    module.work = b"\x23" + u(count - 1)
    module.expected = count - 1


def exports(module, count):
    module.exports = [name("e%d" % i) + b"\x00\x01" for i in range(count)]


def exported_globals(module, count):
    module.globals = [bytes([I32, 0]) + const(1) + END]
    module.exports = [name("g%d" % i) + b"\x03\x00" for i in range(count)]


def long_export(module, count):
    module.exports = [name("n" * count) + b"\x00\x01"]


def long_escaped_export(module, count):
    module.exports = [name(b'"' * count) + b"\x00\x01"]


def call_entry(module, entry):
    module.work = LOCAL + const(entry) + b"\x11\x02\x00"
    module.expected = 2


def elements(module, count):
    module.tables = [bytes([FUNCREF]) + b"\x00" + u(count)]
    module.elements = [b"\x00" + const(0) + END + vector([u(module.increment())] * count)]
    call_entry(module, count - 1)


def element_segments(module, count):
    function = module.increment()
    module.tables = [bytes([FUNCREF]) + b"\x00" + u(count)]
    module.elements = [b"\x00" + const(i) + END + vector([u(function)]) for i in range(count)]
    call_entry(module, count - 1)


def tables(module, count):
    module.tables = [bytes([FUNCREF]) + b"\x00\x01"] * count


def table_entries(module, count):
    module.tables = [bytes([FUNCREF]) + b"\x00" + u(count)]
    module.elements = [b"\x00" + const(count - 1) + END + vector([u(module.increment())])]
    call_entry(module, count - 1)


def load_byte(module, address, value):
    module.work = const(address) + b"\x2d\x00\x00"
    module.expected = value


def data_segments(module, count):
    module.pages = 16
    module.data = [b"\x00" + const(1024 + i) + END + name("x") for i in range(count)]
    load_byte(module, 1024 + count - 1, ord("x"))


def passive_segments(module, count):
    module.has_data_count = True
    module.data = [b"\x01" + name("x")] * count
    load_byte(module, 64, ord("x"))
    module.work = const(64) + const(0) + const(1) + b"\xfc\x08" + u(count) + b"\x00" + module.work


def passive_bytes(module, count):
    module.has_data_count, module.pages = True, count // 65536 + 2
    module.data = [b"\x01" + name(b"\x7f" * count)]
    load_byte(module, 64 + count - 1, 0x7F)
    module.work = const(64) + const(0) + const(count) + b"\xfc\x08\x01\x00" + module.work


def active_bytes(module, count):
    module.pages = count // 65536 + 2
    module.data = [b"\x00" + const(1024) + END + name(b"\x7f" * count)]
    load_byte(module, 1024 + count - 1, 0x7F)


def pages(module, count):
    module.pages = count
    module.work = b"\x3f\x00"
    module.expected = count


def initial_sum(module, count):
    """An extended constant expression: 1 + 1 + …"""
    module.globals = [bytes([I32, 0]) + const(1) * count + ADD * (count - 1) + END]
    module.work = b"\x23\x00"
    module.expected = count


def chained_globals(module, count):
    module.globals = [bytes([I32, 0]) + const(1) + END] + [
        bytes([I32, 0]) + b"\x23" + u(i) + const(1) + ADD + END for i in range(count - 1)]
    module.work = b"\x23" + u(count - 1)
    module.expected = count


def custom_sections(module, count):
    module.custom = [name("c")] * count


def names_of_functions(module, count):
    for _ in range(count):
        module.function(2, LOCAL)
    module.custom = [name("name") + section(1, vector([u(3 + i) + name("f%d" % i) for i in range(count)]))]


def long_name_of_function(module, count):
    module.custom = [name("name") + section(1, vector([u(1) + name("n" * count)]))]


KINDS = {function.__name__.rstrip("_").replace("_", "-"): function for function in [
    nested_ifs, results_of_ifs, else_ifs, nested_blocks, nested_loops, live_loops, blocks_with_results, mixed_nesting,
    br_table_targets, br_table_labels, branches, labels, statements, locals_, groups_of_locals, live_locals, operands,
    live_operands, selects, calls, indirect_calls, numbers, parameters, results, mixed_results, blocks_with_parameters,
    types, functions, chained_functions, tail_calls, same_imports, long_import, globals_, exports, exported_globals,
    long_export, long_escaped_export, elements, element_segments, tables, table_entries, data_segments,
    passive_segments, passive_bytes, active_bytes, pages, initial_sum, chained_globals, custom_sections,
    names_of_functions, long_name_of_function]}


def make(kind, count):
    module = Module()
    KINDS[kind](module, count)
    return module.bytes()
