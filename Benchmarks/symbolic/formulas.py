"""Reads printed formulas, ours and SymPy's, into one kind of tree and counts operations.

A tree is ("number", text), ("name", text), (operator, tree, ...) or ("call", name, tree, ...).
Products without a sign (`2x sin(x)`), superscripts, `√`, `if … then … else …` and
`… where u = …` are read as what they mean, so that notation earns no credit.
"""

import re

SUPERSCRIPTS = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁻", "0123456789-")
TOKEN = re.compile(
    r"(?P<space>\s+)|(?P<number>\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)|(?P<raised>[⁰¹²³⁴⁵⁶⁷⁸⁹⁻]+)"
    r"|(?P<name>[^\W\d]\w*)|(?P<sign>\*\*|<=|>=|==|!=|[-+*/^(),<>≤≥≠√·&|~=])")
COMPARISONS = {"<": "<", ">": ">", "<=": "≤", ">=": "≥", "≤": "≤", "≥": "≥", "==": "=", "!=": "≠",
               "≠": "≠"}
WORDS = {"if", "then", "else", "and", "or", "not", "where"}


def tokens(text):
    result, position, space = [], 0, False
    while position < len(text):
        match = TOKEN.match(text, position)
        if not match:
            raise SyntaxError(f"cannot read {text[position:position + 20]!r}")
        kind, found = match.lastgroup, match.group()
        position = match.end()
        if kind == "space":
            space = True
            continue
        if kind == "name" and found in WORDS:
            kind = "word"
        result.append((kind, "^" if found == "**" else found, space))
        space = False
    return result + [("end", "", False)]


class Reader:
    def __init__(self, text):
        self.tokens, self.place = tokens(text), 0

    def sees(self, *texts):
        return self.tokens[self.place][0] in ("sign", "word") and self.tokens[self.place][1] in texts

    def take(self, *texts):
        if not self.sees(*texts):
            return None
        self.place += 1
        return self.tokens[self.place - 1][1]

    def want(self, text):
        if not self.take(text):
            raise SyntaxError(f"expected {text}, found {self.tokens[self.place]}")

    def formula(self):
        tree = self.choice()
        parts = []
        if self.take("where"):
            while True:
                name = self.atom()
                self.want("=")
                parts.append(self.choice())
                if not self.take(","):
                    break
        if self.tokens[self.place][0] != "end":
            raise SyntaxError(f"left over: {self.tokens[self.place:]}")
        return ("where", tree, *parts) if parts else tree

    def choice(self):
        if self.take("if"):
            test = self.choice()
            self.want("then")
            yes = self.choice()
            self.want("else")
            return ("if", test, yes, self.choice())
        tree = self.conjunction()
        while self.take("or", "|"):
            tree = ("or", tree, self.conjunction())
        return tree

    def conjunction(self):
        tree = self.comparison()
        while self.take("and", "&"):
            tree = ("and", tree, self.comparison())
        return tree

    def comparison(self):
        if self.take("not", "~"):
            return ("not", self.comparison())
        tree = self.sum()
        while self.tokens[self.place][1] in COMPARISONS and self.tokens[self.place][0] == "sign":
            tree = (COMPARISONS[self.take(*COMPARISONS)], tree, self.sum())
        return tree

    def sum(self):
        tree = self.product()
        while sign := self.take("+", "-"):
            tree = (sign, tree, self.product())
        return tree

    def product(self):
        if self.take("-"):
            return self.negated()
        if self.take("+"):
            return self.product()
        tree = self.power()
        while True:
            if sign := self.take("*", "·", "/"):
                tree = ("/" if sign == "/" else "*", tree, self.operand())
            elif self.starts_operand():
                tree = ("*", tree, self.power())
            else:
                return tree

    def negated(self):
        """-a·b is one sign and one product, wherever the sign is drawn."""
        return ("minus", self.product())

    def operand(self):
        if self.take("-"):
            return ("minus", self.operand())
        return self.power()

    def starts_operand(self):
        kind, text, _ = self.tokens[self.place]
        return kind in ("number", "name") or kind == "sign" and text in ("(", "√")

    def power(self):
        base = self.atom()
        kind, text, _ = self.tokens[self.place]
        if kind == "raised":
            self.place += 1
            digits = text.translate(SUPERSCRIPTS)
            number = ("number", digits.lstrip("-"))
            return ("^", base, ("minus", number) if digits[0] == "-" else number)
        if self.take("^"):
            return ("^", base, self.operand())
        return base

    def atom(self):
        kind, text, _ = self.tokens[self.place]
        if self.take("√"):
            return ("call", "sqrt", self.power())
        if self.take("("):
            first = self.choice()
            items = [first]
            while self.take(","):
                items.append(self.choice())
            self.want(")")
            return first if len(items) == 1 else ("list", *items)
        if self.sees("if"):
            return self.choice()
        self.place += 1
        if kind == "number":
            return ("number", text)
        if kind != "name":
            raise SyntaxError(f"found {text!r}")
        kind, following, space = self.tokens[self.place]
        if (kind, following, space) == ("sign", "(", False):
            self.place += 1
            items = []
            while not self.take(")"):
                items.append(self.choice())
                self.take(",")
            return ("call", text, *items)
        return ("name", text)


def read(text):
    return Reader(text).formula()


def operations(tree):
    """+ - * / ^, signs, comparisons, logic, conditions and calls of functions, each 1."""
    kind, *rest = tree
    if kind in ("number", "name"):
        return 0
    if kind == "call" and rest[0] == "Piecewise":
        # n cases are n - 1 conditions; the last one is `True`.
        return sum(operations(case) for case in rest[1:]) + len(rest) - 2
    parts = sum(operations(part) for part in rest if isinstance(part, tuple))
    return parts if kind in ("list", "where") else parts + 1
