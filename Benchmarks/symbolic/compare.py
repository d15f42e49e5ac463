#!/usr/bin/env python3
"""Compares the derivatives that optrepl shows with SymPy's simplify(diff(…)). See README.md."""

import argparse
import json
import multiprocessing
import os
import re
import statistics
import subprocess
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import formulas  # noqa: E402

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
CASES = os.path.join(ROOT, "Tests/ProblemTests/Data/differentiation.json")


# ---- the notation of the collection as text for each side

def spread(tree):
    """Sums and products over an index written out."""
    kind, *rest = tree
    if kind in ("number", "name"):
        return tree
    if kind == "call" and rest[0] in ("sum", "prod"):
        (_, index), low, high, body = rest[1:]
        items = [spread(replaced(body, index, value))
                 for value in range(whole(low), whole(high) + 1)]
        result = items[0]
        for item in items[1:]:
            result = ("+" if rest[0] == "sum" else "*", result, item)
        return result
    return (kind, *[spread(part) if isinstance(part, tuple) else part for part in rest])


def whole(tree):
    assert tree[0] == "number", tree
    return int(tree[1])


def replaced(tree, name, value):
    if tree == ("name", name):
        return ("number", str(value))
    return tuple(replaced(part, name, value) if isinstance(part, tuple) else part for part in tree)


INFIX = {"+": "+", "-": "-", "*": "*", "/": "/", "<": "<", ">": ">", "≤": "<=", "≥": ">=",
         "=": "==", "≠": "!="}


def ours(tree):
    """Text for optrepl, every operation in brackets."""
    kind, *rest = tree
    if kind in ("number", "name"):
        return rest[0]
    if kind == "minus":
        return f"(-{ours(rest[0])})"
    if kind == "^":
        return f"({ours(rest[0])})^({ours(rest[1])})"
    if kind == "call":
        name, *items = rest
        texts = [ours(item) for item in items]
        if name == "if":
            return f"(if {texts[0]} then {texts[1]} else {texts[2]})"
        if name in ("and", "or"):
            return f"({texts[0]} {name} {texts[1]})"
        if name in ("max", "min"):
            result = texts[0]
            for text in texts[1:]:
                result = f"{name}({result}, {text})"
            return result
        return f"{name}({', '.join(texts)})"
    return f"({ours(rest[0])} {INFIX[kind]} {ours(rest[1])})"


def symbolic(tree, symbols):
    """A SymPy expression; decimals are the fractions that they are written as."""
    import sympy
    kind, *rest = tree
    if kind == "number":
        return sympy.Rational(rest[0])
    if kind == "name":
        constants = {"pi": sympy.pi, "e": sympy.E}
        return symbols.get(rest[0]) or constants[rest[0]]
    if kind == "call":
        name, *items = rest
        parts = [symbolic(item, symbols) for item in items]
        x = parts[0]
        special = {
            "expm1": lambda: sympy.exp(x) - 1, "log1p": lambda: sympy.log(1 + x),
            "log2": lambda: sympy.log(x) / sympy.log(2),
            "log10": lambda: sympy.log(x) / sympy.log(10),
            "cbrt": lambda: x ** sympy.Rational(1, 3), "abs": lambda: sympy.Abs(x),
            "hypot": lambda: sympy.sqrt(x ** 2 + parts[1] ** 2),
            "lgamma": lambda: sympy.loggamma(x), "ceil": lambda: sympy.ceiling(x),
            "sigmoid": lambda: 1 / (1 + sympy.exp(-x)),
            "softplus": lambda: sympy.log(1 + sympy.exp(x)), "sinc": lambda: sympy.sinc(x),
            "max": lambda: sympy.Max(*parts), "min": lambda: sympy.Min(*parts),
            "if": lambda: sympy.Piecewise((parts[1], x), (parts[2], True)),
            "and": lambda: sympy.And(*parts), "or": lambda: sympy.Or(*parts),
            "not": lambda: sympy.Not(x),
        }
        return special[name]() if name in special else getattr(sympy, name)(*parts)
    parts = [symbolic(item, symbols) for item in rest]
    a, b = parts[0], parts[-1]
    return {
        "minus": lambda: -a, "+": lambda: a + b, "-": lambda: a - b, "*": lambda: a * b,
        "/": lambda: a / b, "^": lambda: a ** b, "<": lambda: a < b, ">": lambda: a > b,
        "≤": lambda: a <= b, "≥": lambda: a >= b, "=": lambda: sympy.Eq(a, b),
        "≠": lambda: sympy.Ne(a, b),
    }[kind]()


# ---- the two sides

def sympy_derivative(case, pipe):
    """One worker's task: simplify(diff(…)) as text, and its seconds."""
    import sympy
    try:
        symbols = {name: sympy.Symbol(name, real=True) for name in case["vars"]}
        expression = symbolic(case["tree"], symbols)
        start = time.perf_counter()
        result = sympy.simplify(sympy.diff(expression, symbols[case["vars"][0]]))
        pipe.send((str(result), time.perf_counter() - start))
    except Exception as error:  # noqa: BLE001 – whatever SymPy raises is its answer
        pipe.send((None, f"{type(error).__name__}: {error}"))


def run_sympy(case, limit):
    """The text of SymPy's derivative, or None and why."""
    receiver, sender = multiprocessing.Pipe(False)
    worker = multiprocessing.Process(target=sympy_derivative, args=(case, sender))
    worker.start()
    answer = receiver.recv() if receiver.poll(limit) else (None, f"not done in {limit} s")
    worker.kill()
    worker.join()
    return answer


def run_optrepl(program, text):
    result = subprocess.run([program, "--json", "-q", "--no-init", "-"], input=text, text=True,
                            capture_output=True, check=False)
    return result.stdout, result.stderr


def sentence(case):
    return f"differentiate {ours(case['tree'])} by {case['vars'][0]}\n"


def shown_derivatives(program, cases):
    """All cases in one run; the texts that it shows, by the order of the cases."""
    output, errors = run_optrepl(program, "".join(map(sentence, cases)))
    texts = [json.loads(line).get("text", "") for line in output.splitlines()]
    if len(texts) != len(cases):
        sys.exit(f"{len(cases)} formulas gave {len(texts)} results: {errors[:2000]}")
    return texts


def seconds_each(program, case, repeats=20):
    """Of one sentence: a run with it many times less a run with it once."""
    def run(count):
        start = time.perf_counter()
        run_optrepl(program, sentence(case) * count)
        return time.perf_counter() - start
    return (min(run(repeats + 1) for _ in range(2)) - min(run(1) for _ in range(2))) / repeats


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--program", default=os.path.join(ROOT, ".build/release/optrepl"))
    parser.add_argument("--cases", default=CASES, help="a file of the same form")
    parser.add_argument("--limit", type=float, default=60, help="seconds for SymPy on one case")
    parser.add_argument("--worst", type=int, default=15, help="how many of the worst to show")
    parser.add_argument("--no-times", action="store_true", help="do not measure our times")
    parser.add_argument("--keep", metavar="FILE",
                        help="keep SymPy's answers there and use those that are there")
    options = parser.parse_args()
    if options.keep and not options.no_times:
        print("SymPy's answers come from a file: not a comparison in one run")
    with open(options.cases, encoding="utf-8") as file:
        cases = [case for case in json.load(file)["expressions"] if len(case["vars"]) == 1]
    for case in cases:
        case["tree"] = spread(formulas.read(re.sub(r"\b(if|and|or|not)\(", r"\1_(", case["expr"])))
    restore_names(cases)

    known = {}
    if options.keep and os.path.exists(options.keep):
        with open(options.keep, encoding="utf-8") as file:
            known = json.load(file)
    texts = shown_derivatives(options.program, cases)
    rows, skipped = [], []
    for case, text in zip(cases, texts):
        theirs = known.get(case["expr"]) or run_sympy(case, options.limit)
        known[case["expr"]] = theirs
        if theirs[0] is None:
            skipped.append((case, theirs[1]))
            continue
        if "…" in text:
            print(f"{case['id']}: ours is too long to be shown")
        mine = formulas.operations(formulas.read(text.replace("…", "unread")))
        other = formulas.operations(formulas.read(theirs[0]))
        # Both 0 is a tie; a shown 0 or 1 against operations is no division by 0.
        rows.append(((mine + 1) / (other + 1) if other == 0 or mine == 0 else mine / other,
                     mine, other, case, text, theirs[0]))
    if options.keep:
        with open(options.keep, "w", encoding="utf-8") as file:
            json.dump(known, file)

    ratios = [row[0] for row in rows]
    print(f"{len(cases)} formulas of one variable, {len(rows)} compared")
    for case, reason in skipped:
        print(f"  without an answer of SymPy: {case['id']} {case['expr']}: {reason}")
    print(f"median ratio of operations {statistics.median(ratios):.3f}, "
          f"mean {statistics.mean(ratios):.3f}")
    print(f"at most as many {share(ratios, 1)}, at most 1.5 times {share(ratios, 1.5)}")
    if not options.no_times:
        times = [seconds_each(options.program, case) for case in cases]
        slowest = cases[times.index(max(times))]
        print(f"our time: median {statistics.median(times) * 1e3:.2f} ms, "
              f"longest {max(times) * 1e3:.2f} ms ({slowest['id']})")
    print(f"\nthe {options.worst} worst:")
    for ratio, mine, other, case, text, theirs in sorted(
            rows, key=lambda row: -row[0])[:options.worst]:
        print(f"{ratio:.2f} = {mine}/{other}  {case['id']}  {case['expr']}\n"
              f"    ours  {text}\n    SymPy {theirs}")


def restore_names(cases):
    """`if` in the collection's notation is a call."""
    def named(tree):
        if tree[:2] == ("call", "if_"):
            tree = ("call", "if", *tree[2:])
        return tuple(named(part) if isinstance(part, tuple) else part for part in tree)
    for case in cases:
        case["tree"] = named(mark_logic(case["tree"]))


def mark_logic(tree):
    return tuple(mark_logic(part) if isinstance(part, tuple) else
                 {"and_": "and", "or_": "or", "not_": "not"}.get(part, part) for part in tree)


def share(ratios, limit):
    count = sum(ratio <= limit + 1e-12 for ratio in ratios)
    return f"{count}/{len(ratios)} = {100 * count / len(ratios):.1f} %"


if __name__ == "__main__":
    main()
