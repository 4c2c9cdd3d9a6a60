# SPDX-License-Identifier: Apache-2.0
"""mutants - finds places of a C file where one small change is possible, and writes a file that holds
all of these changes at once, each behind a number.

What clang says of the file (-ast-dump=json) tells where expressions and statements begin and end. One
change is on at a time, so the text of a change holds its operands as they are in the source. Where that
can be told without effects, a test counts as coming by a change only when the value would have been
another one: a test that never has a < b with a == b cannot notice that it became a <= b.
"""
import json, re, subprocess

COMPARISONS = {"<": "<=", "<=": "<", ">": ">=", ">=": ">", "==": "!=", "!=": "=="}
ARITHMETIC = {"+": "-", "-": "+"}
LOGIC = {"&&": "||", "||": "&&"}
CODE = re.compile(r"CHIMERA_E[A-Z]+")
EFFECTS = ("CompoundAssignOperator", "StmtExpr", "AtomicExpr", "VAArgExpr")
PURE_CALLS = {"strlen", "strcmp", "strncmp", "strcasecmp", "strncasecmp", "memcmp", "memchr", "strchr"}
LEAVES = ("ReturnStmt", "GotoStmt", "BreakStmt", "ContinueStmt")
# Constant where they stand: nothing in them can depend on a variable.
FIXED = ("CaseStmt", "ConstantExpr", "StaticAssertDecl", "EnumDecl", "RecordDecl", "UnaryExprOrTypeTraitExpr",
         "OffsetOfExpr", "TypedefDecl")


class Mutant:
    def __init__(self, path, line, function, kind, before, after):
        self.path, self.line, self.function = path, line, function
        self.kind, self.before, self.after = kind, before, after

    def key(self):
        """The same after lines were added or moved elsewhere in the file."""
        return "\t".join((self.path, self.function, self.kind, squeeze(self.before)))


def squeeze(text, most=90):
    text = " ".join(text.split())
    return text if len(text) <= most else text[:most - 1] + "…"


def is_pure(node):
    """Whether evaluating it twice is the same as once."""
    kind, opcode = node.get("kind"), node.get("opcode")
    children = [child for child in node.get("inner", []) if isinstance(child, dict)]
    if kind in EFFECTS or opcode in ("++", "--", "="):
        return False
    if kind == "CallExpr" and called(children[0]) not in PURE_CALLS:
        return False
    return all(is_pure(child) for child in children)


def called(node):
    while node.get("kind") in ("ImplicitCastExpr", "ParenExpr") and node.get("inner"):
        node = node["inner"][0]
    return node.get("referencedDecl", {}).get("name")


def dump(path, includes):
    command = ["clang-19", "-fsyntax-only", "-w", "-std=gnu17", "-D_GNU_SOURCE", *includes,
               "-Xclang", "-ast-dump=json", path]
    return json.loads(subprocess.run(command, stdout=subprocess.PIPE, check=True).stdout)


class Files:
    """clang names a location's file only where it differs from the one printed before."""

    def __init__(self):
        self.now = None

    def see(self, place):
        if not place:
            return
        for inner in ("spellingLoc", "expansionLoc"):
            if inner in place:
                self.see(place[inner])
        if "file" in place:
            self.now = place["file"]
        place["in"] = self.now


class File:
    def __init__(self, path, root, includes):
        self.path = path
        with open(f"{root}/{path}", "rb") as source:
            self.text = source.read()
        self.mutants = []  # of this file, in the order in which they are numbered
        self.first = 0     # number of the first
        self.inside = None  # what operator stands around, for a constant
        self.tree = dump(f"{root}/{path}", includes)
        self.full = f"{root}/{path}"
        self.files = Files()
        self.locate(self.tree)

    def locate(self, root):
        stack = [root]
        while stack:  # in the order of the text, which the files' names depend on
            node = stack.pop()
            self.files.see(node.get("loc"))
            for end in ("begin", "end"):
                self.files.see(node.get("range", {}).get(end))
            stack += reversed([child for child in node.get("inner", []) if isinstance(child, dict)])

    # --- Places ---

    def span(self, node):
        """(start, end, whether it is one use of a macro), or None when it lies elsewhere."""
        begin, end = (node.get("range", {}).get(name, {}) for name in ("begin", "end"))
        start, is_macro = self.offset(begin, False)
        stop, ends_in_macro = self.offset(end, True)
        if start is None or stop is None or stop <= start:
            return None
        same = is_macro and ends_in_macro and begin["expansionLoc"]["offset"] == end["expansionLoc"]["offset"]
        return start, stop, same

    def offset(self, place, is_end):
        is_macro = "expansionLoc" in place
        if is_macro:
            place = place["expansionLoc"]
        if "offset" not in place or place.get("in") != self.full:
            return None, is_macro
        at = place["offset"]
        if not is_end:
            return at, is_macro
        at += place["tokLen"]
        if is_macro:
            at = self.behind_arguments(at)
        return at, is_macro

    def behind_arguments(self, at):
        match = re.compile(rb"\s*\(").match(self.text, at)
        if not match:
            return at
        depth, i = 0, match.end() - 1
        while i < len(self.text):
            depth += {ord("("): 1, ord(")"): -1}.get(self.text[i], 0)
            i += 1
            if depth == 0:
                return i
        return at

    def source(self, span):
        return self.text[span[0]:span[1]].decode()

    def line(self, at):
        return self.text.count(b"\n", 0, at) + 1

    # --- Rewriting ---

    def rewrite(self, first):
        """The file's text with all its changes; numbers begin at `first`."""
        self.first = first
        self.edits = []
        for node in self.tree.get("inner", []):
            if node.get("kind") == "FunctionDecl" and self.span(node) and not self.span(node)[2]:
                for child in node.get("inner", []):
                    if child.get("kind") == "CompoundStmt":
                        self.walk(child, node["name"], False)
        out, at = [], 0
        for position, _, text in sorted(self.edits, key=lambda edit: (edit[0], edit[1])):
            out += [self.text[at:position].decode(), text]
            at = position
        return "".join(out) + self.text[at:].decode()

    def number(self, span, function, kind, after):
        self.mutants.append(Mutant(self.path, self.line(span[0]), function, kind, self.source(span), after))
        return self.first + len(self.mutants) - 1

    def around(self, span, before, after):
        """Outer insertions go outside: at the start first, at the end last."""
        size = span[1] - span[0]
        self.edits.append((span[0], (1, -size), before))
        self.edits.append((span[1], (0, size), after))

    def instead(self, span, function, kind, changes, is_truth=False):
        """Each of `changes` is (label, code, when it differs): code for C, with `is` for what is there."""
        changes = [(self.number(span, function, kind, label), *rest) for label, *rest in changes]
        heads = "".join(f"MUTANT({number}) ? ({code}) : " for number, code, _ in changes)
        marks = "".join(f"if ({differs}) MUTANT_SEEN({number}); " for number, _, differs in changes)
        self.around(span, f"({heads}({{ {'int is = !!' if is_truth else '__auto_type is = '}(",
                    f"); {marks}is; }}))")

    def walk(self, node, function, is_fixed):
        kind = node.get("kind")
        if kind in FIXED or (kind == "VarDecl" and (node.get("storageClass") == "static" or node.get("constexpr"))):
            is_fixed = kind != "CaseStmt" or is_fixed
            if kind != "CaseStmt":
                return
        span = self.span(node)
        children = [child for child in node.get("inner", []) if isinstance(child, dict) and child.get("kind")]
        if kind == "CaseStmt":  # its label is a ConstantExpr, which is left alone
            pass
        elif span and not span[2] and not is_fixed:
            self.change(node, kind, span, children, function)
        if span and span[2] and kind != "CompoundStmt":
            return  # within a macro: nothing of it stands in this file
        if kind == "CallExpr" and span and self.text.startswith(b"__builtin_", span[0]):
            return  # the compiler wants constants
        for child in children:
            if kind not in ("ImplicitCastExpr", "ConstantExpr"):
                is_operator = kind in ("BinaryOperator", "UnaryOperator") and span and not span[2]
                self.inside = span if is_operator and "\n" not in self.source(span) else None
            self.walk(child, function, is_fixed)

    def change(self, node, kind, span, children, function):
        if kind == "BinaryOperator" and len(children) == 2:
            self.change_operator(node, span, children, function)
        elif kind == "IntegerLiteral" and re.fullmatch(r"[0-9a-fA-FxXuUlL]+", self.source(span)):
            self.change_constant(span, function)
        elif kind == "ReturnStmt" and children:
            self.change_return(children[0], function)
        elif kind == "IfStmt":
            self.change_if(node, children, function)
        elif kind == "CallExpr":
            self.change_call(children, function)
        elif kind == "CompoundStmt":
            for child in children:
                self.drop(child, function)

    def change_constant(self, span, function):
        """Named with the operator around it: a 0 alone would be any."""
        start, end = self.inside[:2] if self.inside else span[:2]
        text = f"{self.source(span)} + 1"
        shown = f"({text})" if self.inside else text
        label = self.text[start:span[0]].decode() + shown + self.text[span[1]:end].decode()
        self.instead(span, function, "constant", [(label, text, "1")])
        self.mutants[-1].before = self.text[start:end].decode()

    def change_operator(self, node, span, children, function):
        left, right = (self.span(child) for child in children)
        operator = node.get("opcode")
        if not left or not right or left[1] > right[0]:
            return
        a, b = self.source(left), self.source(right)
        type_name = node.get("type", {}).get("qualType", "")
        if operator in COMPARISONS:
            text = f"({a}) {COMPARISONS[operator]} ({b})"
            self.instead(span, function, "comparison", [(text, text, f"is != ({text})" if is_pure(node) else "1")])
        elif operator in LOGIC:
            # The right side may make sense only after the left one, so it is not evaluated for its value; and it
            # may do something, so that it matters whether it is evaluated at all.
            stays = "1" if not is_pure(children[1]) else "is" if operator == "||" else "!is"
            alone = f"is != !!({a})" if is_pure(children[0]) and is_pure(children[1]) else stays
            text = f"({a}) {LOGIC[operator]} ({b})"
            self.instead(span, function, "logic", [(text, text, stays), (f"({a})", f"({a})", alone)], True)
        elif operator in ARITHMETIC and "*" not in type_name and self.is_variable(children):
            text = f"({a}) {ARITHMETIC[operator]} ({b})"
            self.instead(span, function, "bounds", [(text, text, f"({b}) != 0" if is_pure(children[1]) else "1")])

    @staticmethod
    def is_variable(children):
        return all("*" not in child.get("type", {}).get("qualType", "") for child in children)

    def change_return(self, value, function):
        span = self.span(value)
        type_name = value.get("type", {}).get("qualType", "")
        if not span or type_name not in ("int", "_Bool", "bool"):
            return
        text = self.source(span)
        if type_name != "int":
            self.instead(span, function, "return value", [(f"!({text})", f"!({text})", "1")], True)
        elif text in ("0", "CHIMERA_OK"):
            self.instead(span, function, "error code", [("-1", "-1", "1")])
        else:
            self.instead(span, function, "error code", self.other_codes(text))

    @staticmethod
    def other_codes(text):
        """Another code, and none; a call is still made, and its failure forgotten."""
        if CODE.fullmatch(text):
            return [(f"{text} - 20", f"{text} - 20", "1"), ("0", "0", "1")]
        return [("0", f"(void)({text}), 0", "is != 0")]

    def change_call(self, children, function):
        """The code that a failure is given."""
        callee = self.span(children[0]) if children else None
        if not callee or self.source(callee) != "chimera_fail" or len(children) < 3:
            return
        code = self.span(children[2])
        if code and CODE.fullmatch(self.source(code)):
            self.instead(code, function, "error code", self.other_codes(self.source(code)))

    def change_if(self, node, children, function):
        if node.get("hasInit") or node.get("hasVar") or len(children) < 2:
            return
        condition, then = self.span(children[0]), children[1]
        if not condition:
            return
        inner = then.get("inner", []) if then.get("kind") == "CompoundStmt" else [then]
        leaves = bool(inner) and inner[-1].get("kind") in LEAVES
        self.instead(condition, function, "early return" if leaves else "condition",
                     [("0", f"(void)({self.source(condition)}), 0", "is")], True)

    def drop(self, child, function):
        """A call for its effect, or an assignment: left out."""
        kind, span = child.get("kind"), self.span(child)
        if not span or span[2] or kind not in ("CallExpr", "BinaryOperator", "CompoundAssignOperator", "UnaryOperator"):
            return
        if kind == "CallExpr" and child.get("type", {}).get("qualType", "").startswith("_Noreturn"):
            return
        if kind == "BinaryOperator" and child.get("opcode") != "=":
            return
        end = self.text.find(b";", span[1])
        if end < 0 or self.text[span[1]:end].strip():
            return
        number = self.number(span, function, "left out", "")
        self.around((span[0], end + 1), f"{{ MUTANT_SEEN({number}); if (!MUTANT({number})) ", " }")
