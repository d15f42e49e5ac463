"""NIST's nonlinear regressions: digits of estimates and standard errors, from both starts."""

import json
import math
import subprocess

import problems as notation

HEAD = ("| solver | estimates to 6 digits | standard errors to 4 digits | evaluations | time |\n"
        "|---|---|---|---|---|")


def digits(got, wanted):
    """The digits that all numbers share with what is certified."""
    if got is None or len(got) != len(wanted):
        return 0
    def one(a, b):
        error = abs(a - b) / abs(b)
        return 15 if error == 0 else -math.log10(error) if error == error else 0
    return min(one(a, b) for a, b in zip(got, wanted))


class Optrepl:
    name = "optrepl"

    def __init__(self, program):
        self.program = program

    def __call__(self, case, start):
        names = [f"b{k + 1}" for k in range(len(start))]
        columns = ", ".join(f"{name} = {values!r}" for name, values in case["data"].items())
        model = notation.text(notation.read(case["model"]))
        bindings = ", ".join(f"{name} = {value!r}" for name, value in zip(names, start))
        estimates = ", ".join(f"r.solution.{name}" for name in names)
        errors = ", ".join(f"r.standard_errors.{name}" for name in names)
        source = (f"t = ({columns});\nr = fit {case['response']} ~ {model} to t from {bindings};\n"
                  f"(x = [{estimates}], e = [{errors}], n = r.evaluations, seconds = r.seconds)\n")
        result = subprocess.run([self.program, "--json", "-q", "--no-init", "-"], input=source,
                                text=True, capture_output=True, check=False, timeout=120)
        lines = result.stdout.splitlines()
        if not lines:
            return None, None, 0, 0
        fields = json.loads(lines[-1])["fields"]
        return fields["x"], fields["e"], fields["n"], fields["seconds"]


class CurveFit:
    """scipy.optimize.curve_fit."""

    def __init__(self, name, exact=False, **options):
        self.name, self.exact, self.options = name, exact, options

    def __call__(self, case, start):
        import time
        import casadi as ca
        import numpy
        from scipy import optimize
        names = [f"b{k + 1}" for k in range(len(start))]
        b = ca.SX.sym("b", len(start))
        count = len(case["data"][case["response"]])
        tree = notation.read(case["model"])
        reader = notation.Symbolic.bare(ca)
        rows = []
        for k in range(count):
            row = {name: values[k] for name, values in case["data"].items()}
            rows.append(reader.value(tree, row | {n: b[i] for i, n in enumerate(names)}))
        model = ca.vertcat(*rows)
        f = ca.Function("f", [b], [model])
        jacobian = ca.Function("J", [b], [ca.densify(ca.jacobian(model, b))])
        calls = [0]

        def value(_, *parameters):
            calls[0] += 1
            return f(parameters).full().ravel()
        options = dict(self.options)
        if self.exact:
            options["jac"] = lambda _, *parameters: jacobian(parameters).full()
        begin = time.perf_counter()
        try:
            x, covariance = optimize.curve_fit(
                value, numpy.arange(count), numpy.array(case["data"][case["response"]]), p0=start,
                **options)
        except Exception:  # noqa: BLE001 – a failure is its answer
            return None, None, calls[0], time.perf_counter() - begin
        return (list(x), list(numpy.sqrt(numpy.diag(covariance))), calls[0],
                time.perf_counter() - begin)


def solvers(program):
    return [
        Optrepl(program), CurveFit("SciPy curve_fit"),
        CurveFit("SciPy curve_fit, trf", method="trf"),
        CurveFit("SciPy curve_fit, exact Jacobian, tolerances 1e-15", exact=True, method="trf",
                 ftol=1e-15, xtol=1e-15, gtol=1e-15, max_nfev=10000, x_scale="jac"),
    ]


def run(path, program, first, verbose):
    """The lines of the table."""
    with open(path, encoding="utf-8") as file:
        cases = json.load(file)["problems"][:first]
    lines = []
    for solver in solvers(program):
        good = fine = runs = with_errors = evaluations = 0
        seconds = 0.0
        for case in cases:
            for number, start in enumerate(case["starts"]):
                x, errors, count, time = solver(case, start)
                runs += 1
                evaluations += count
                seconds += time
                reached = digits(x, case["estimates"])
                good += reached >= 6
                if verbose and reached < 6:
                    print(f"  {solver.name} on {case['name']}, start {number + 1}: "
                          f"{reached:.1f} digits")
                if case.get("standard_errors"):
                    with_errors += 1
                    fine += digits(errors, case["standard_errors"]) >= 4
        lines.append(f"| {solver.name} | {good}/{runs} = {100 * good / runs:.1f} % | "
                     f"{fine}/{with_errors} = {100 * fine / with_errors:.1f} % | {evaluations} | "
                     f"{seconds:.2f} s |")
        print(lines[-1], flush=True)
    return lines
