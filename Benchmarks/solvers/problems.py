"""Problems in the notation of Tests/ProblemTests/Data: as text for optrepl, as CasADi expressions."""

import math
import re

TOKEN = re.compile(r"\s*(?:(\d+\.?\d*(?:[eE][+-]?\d+)?|\.\d+(?:[eE][+-]?\d+)?)"
                   r"|([A-Za-z_]\w*)|(<=|>=|==|!=|[-+*/^()\[\],<>]))")
RESERVED = set("""if then else for in while break continue return and or not true false nothing use
end help minimize maximize fit solve check differentiate simplify expand factor collect substitute
taylor show tex explain plot contour surface histogram scatter diagnose compare from subject using
until over by at to with against of trying resume""".split())


# ---- reading: trees are ("number", text), ("name", n), ("index", n, [tree]), ("call", n, [tree]),
# ("minus", tree), (sign, left, right)

def read(text):
    tokens, place = [], 0
    text = text.strip()
    while place < len(text):
        match = TOKEN.match(text, place)
        if not match:
            raise ValueError(f"cannot read {text[place:place + 30]!r}")
        tokens.append(match.groups())
        place = match.end()
    reader = Reader(tokens)
    tree = reader.comparison()
    if reader.place < len(tokens):
        raise ValueError(f"unread rest in {text[:80]!r}")
    return tree


class Reader:
    def __init__(self, tokens):
        self.tokens, self.place = tokens, 0

    def take(self, *signs):
        if self.place < len(self.tokens) and self.tokens[self.place][2] in signs:
            self.place += 1
            return self.tokens[self.place - 1][2]
        return None

    def comparison(self):
        left = self.sum()
        sign = self.take("<", "<=", ">", ">=", "==", "!=")
        return (sign, left, self.sum()) if sign else left

    def sum(self):
        left = self.product()
        while sign := self.take("+", "-"):
            left = (sign, left, self.product())
        return left

    def product(self):
        left = self.signed()
        while sign := self.take("*", "/"):
            left = (sign, left, self.signed())
        return left

    def signed(self):
        if self.take("-"):
            return ("minus", self.signed())
        if self.take("+"):
            return self.signed()
        base = self.atom()
        return ("^", base, self.signed()) if self.take("^") else base

    def atom(self):
        number, name, sign = self.tokens[self.place]
        self.place += 1
        if number is not None:
            return ("number", number)
        if sign == "(":
            tree = self.comparison()
            assert self.take(")")
            return tree
        assert name is not None, sign
        for kind, opening, closing in (("call", "(", ")"), ("index", "[", "]")):
            if self.take(opening):
                items = []
                while not self.take(closing):
                    items.append(self.comparison())
                    self.take(",")
                return (kind, name, items)
        return ("name", name)


# ---- text for optrepl

def safe(name):
    return name + "_" if name in RESERVED else name


def text(tree, functions=frozenset()):
    """Nearly every operation in brackets; definitions with indices are functions."""
    kind, *rest = tree
    if kind == "number":
        return rest[0]
    if kind == "name":
        return safe(rest[0])
    if kind == "minus":
        return f"(-{text(rest[0], functions)})"
    if kind == "index":
        inside = ", ".join(text(item, functions) for item in rest[1])
        return f"{safe(rest[0])}({inside})" if rest[0] in functions else f"{safe(rest[0])}[{inside}]"
    if kind != "call":
        left, right = (text(item, functions) for item in rest)
        # Long sums and products need no brackets inside of brackets.
        if rest[0][0] in {"+": "+-", "-": "+-", "*": "*"}.get(kind, ""):
            left = left[1:-1]
        return f"({left} {kind} {right})" if kind != "^" else f"({left})^({right})"
    name, items = rest
    parts = [text(item, functions) for item in items]
    if name in ("sum", "prod", "maxof", "minof"):
        return f"{name.removesuffix('of')}({parts[3]} for {parts[0]} in {parts[1]}:{parts[2]})"
    if name == "if":
        return f"(if {parts[0]} then {parts[1]} else {parts[2]})"
    if name in ("and", "or"):
        return "(" + f" {name} ".join(parts) + ")"
    if name == "not":
        return f"(not {parts[0]})"
    if name == "pow":
        return f"({parts[0]})^({parts[1]})"
    return f"{name}({', '.join(parts)})"


def array(value):
    if isinstance(value, list):
        rows = ["; ".join(", ".join(map(repr, row)) for row in value)] if isinstance(
            value[0], list) else [", ".join(map(repr, value))]
        return f"[{rows[0]}]"
    return repr(value) if isinstance(value, (int, float)) else text(read(value))


def program(problem):
    """Constants, data and functions `f`, `c1`, `c2`, …"""
    definitions = problem.get("definitions") or []
    functions = {d["name"] for d in definitions if d.get("index")}
    lines = [f"{safe(name)} = {array(value)}" for group in ("constants", "data")
             for name, value in (problem.get(group) or {}).items()]
    inner = [f"  {safe(d['name'])}" + (f"({', '.join(map(safe, d['index']))})" if d.get("index") else "")
             + f" = {text(read(d['expr']), functions)}" for d in definitions]
    formulas = [("f", problem["objective"])] + [
        (f"c{k + 1}", c["lhs"]) for k, c in enumerate(problem.get("constraints") or [])]
    for name, formula in formulas:
        body = text(read(formula), functions)
        if inner:
            body = "\n".join(["{"] + inner + [f"  {body}", "}"])
        lines.append(f"{name}({safe(problem['variable'])}) = {body}")
    return "\n".join(lines)


def restrictions(problem):
    """The parts of `subject to`."""
    x = safe(problem["variable"])
    signs = {"le": "<=", "ge": ">=", "eq": "=="}
    parts = [f"c{k + 1}({x}) {signs[c['type']]} {array(c['rhs'])}"
             for k, c in enumerate(problem.get("constraints") or [])]
    for k, (low, high) in enumerate(zip(problem.get("lower") or [], problem.get("upper") or [])):
        if low is not None:
            parts.append(f"{x}[{k + 1}] >= {low!r}")
        if high is not None:
            parts.append(f"{x}[{k + 1}] <= {high!r}")
    return parts


# ---- CasADi

class Symbolic:
    """The formulas of a problem as CasADi expressions of a symbol `x`."""

    def __init__(self, problem):
        import casadi
        self.ca = casadi
        self.x = casadi.SX.sym("x", problem["n"])
        self.names = {}
        for name, value in (problem.get("constants") or {}).items():
            self.names[name] = self.value(read(value), {}) if isinstance(value, str) else value
        self.names.update(problem.get("data") or {})
        self.names[problem["variable"]] = [self.x[k] for k in range(problem["n"])]
        self.definitions = {d["name"]: (d.get("index") or [], read(d["expr"]))
                            for d in problem.get("definitions") or []}
        self.known = {}
        self.f = self.formula(problem["objective"])
        self.lower, self.upper, rows = [], [], []
        for constraint in problem.get("constraints") or []:
            right = constraint["rhs"]
            right = self.formula(right) if isinstance(right, str) else right
            rows.append(self.formula(constraint["lhs"]) - right)
            self.lower.append(0 if constraint["type"] in ("ge", "eq") else -math.inf)
            self.upper.append(0 if constraint["type"] in ("le", "eq") else math.inf)
        self.c = casadi.vertcat(*rows) if rows else None

    @classmethod
    def bare(cls, casadi):
        """For formulas all of whose names are given with them."""
        self = cls.__new__(cls)
        self.ca, self.names, self.definitions, self.known = casadi, {}, {}, {}
        return self

    def formula(self, formula):
        return self.value(read(formula), {})

    def value(self, tree, local):
        kind, *rest = tree
        if kind == "number":
            return int(rest[0]) if rest[0].isdigit() else float(rest[0])
        if kind == "name":
            return self.lookup(rest[0], (), local)
        if kind == "minus":
            return -self.value(rest[0], local)
        if kind == "index":
            return self.lookup(rest[0], [self.value(item, local) for item in rest[1]], local)
        if kind == "call":
            return self.call(rest[0], rest[1], local)
        a, b = self.value(rest[0], local), self.value(rest[1], local)
        if kind == "^":
            return self.power(a, b)
        return {"+": lambda: a + b, "-": lambda: a - b, "*": lambda: a * b, "/": lambda: a / b,
                "<": lambda: a < b, "<=": lambda: a <= b, ">": lambda: a > b,
                ">=": lambda: a >= b, "==": lambda: a == b, "!=": lambda: a != b}[kind]()

    def power(self, a, b):
        if isinstance(a, (int, float)) and isinstance(b, (int, float)):
            return a ** b if not (isinstance(b, int) and b < 0) else float(a) ** b
        return a ** b

    def lookup(self, name, indices, local):
        if name in local:
            return local[name]
        if name in self.definitions:
            key = (name, tuple(indices))
            if key not in self.known:
                index, tree = self.definitions[name]
                self.known[key] = self.value(tree, dict(zip(index, indices)))
            return self.known[key]
        value = self.names.get(name, {"pi": math.pi, "e": math.e}.get(name))
        for index in indices:
            value = value[int(index) - 1]
        return value

    def call(self, name, items, local):
        ca = self.ca
        if name in ("sum", "prod", "maxof", "minof"):
            low, high = (int(self.value(item, local)) for item in items[1:3])
            parts = [self.value(items[3], {**local, items[0][1]: k}) for k in range(low, high + 1)]
            result = parts[0] if parts else (0 if name == "sum" else 1)
            for part in parts[1:]:
                result = (result + part if name == "sum" else result * part if name == "prod" else
                          ca.fmax(result, part) if name == "maxof" else ca.fmin(result, part))
            return result
        if name == "if":
            condition = self.value(items[0], local)
            if isinstance(condition, (bool, int, float)):
                return self.value(items[1 if condition else 2], local)
            return ca.if_else(condition, self.value(items[1], local), self.value(items[2], local))
        v = [self.value(item, local) for item in items]
        if name == "mod" and all(isinstance(a, int) for a in v):
            return v[0] % v[1]
        x = v[0]
        special = {
            "abs": lambda: ca.fabs(x), "min": lambda: self.fold(ca.fmin, v),
            "max": lambda: self.fold(ca.fmax, v), "mod": lambda: x - v[1] * ca.floor(x / v[1]),
            "pow": lambda: self.power(x, v[1]), "sec": lambda: 1 / ca.cos(x),
            "csc": lambda: 1 / ca.sin(x), "cot": lambda: 1 / ca.tan(x),
            "cbrt": lambda: ca.sign(x) * ca.fabs(x) ** (1 / 3),
            "log2": lambda: ca.log(x) / math.log(2), "hypot": lambda: ca.sqrt(x * x + v[1] * v[1]),
            "sinc": lambda: ca.if_else(x == 0, 1, ca.sin(x) / x),
            "sigmoid": lambda: 1 / (1 + ca.exp(-x)), "softplus": lambda: ca.log1p(ca.exp(x)),
            "erfc": lambda: 1 - ca.erf(x), "round": lambda: ca.floor(x + 0.5),
            "and": lambda: self.fold(ca.logic_and, v), "or": lambda: self.fold(ca.logic_or, v),
            "not": lambda: ca.logic_not(x),
        }
        return special[name]() if name in special else getattr(ca, name)(*v)

    @staticmethod
    def fold(function, parts):
        result = parts[0]
        for part in parts[1:]:
            result = function(result, part)
        return result
