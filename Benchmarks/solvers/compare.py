#!/usr/bin/env python3
"""Runs optrepl beside SciPy and Ipopt on collections of problems. See README.md."""

import argparse
import json
import math
import os
import subprocess
import sys
import time
import warnings

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
DATA = os.path.join(ROOT, "Tests/ProblemTests/Data")
PACKAGES = ["numpy==2.4.6", "scipy==1.17.1", "casadi==3.8.2", "matplotlib==3.11.2"]
sys.path.insert(0, HERE)
import problems as notation  # noqa: E402
import regressions  # noqa: E402


def enter_environment():
    """Continues in a virtual environment with the packages, which is made when it is missing."""
    folder = os.path.join(HERE, ".venv")
    python = os.path.join(folder, "bin/python")
    if os.path.realpath(sys.prefix) == os.path.realpath(folder) or "--here" in sys.argv:
        return
    if not os.path.exists(python):
        subprocess.run([sys.executable, "-m", "venv", folder], check=True)
        subprocess.run([python, "-m", "pip", "install", "-q", *PACKAGES], check=True)
    os.execv(python, [python, os.path.abspath(__file__), *sys.argv[1:]])


# ---- problems

class Problem:
    """One problem with its start, its best known values, and what a solver asks for."""

    def __init__(self, data, kind):
        self.data, self.kind = data, kind
        self.name, self.n, self.start = data["name"], data["n"], data.get("x0")
        self.minima = [data["f_star"]] + [m["f"] for m in data.get("local_minima_published") or []]
        self.lower = [-math.inf if b is None else b for b in data.get("lower") or [None] * self.n]
        self.upper = [math.inf if b is None else b for b in data.get("upper") or [None] * self.n]
        self.is_bounded = any(map(math.isfinite, self.lower + self.upper))
        self._functions = None

    @property
    def functions(self):
        """CasADi functions: f, gradient, Hessian, constraints, their Jacobian."""
        if self._functions is None:
            import casadi as ca
            s = notation.Symbolic(self.data)
            sparse_hessian, gradient = ca.hessian(s.f, s.x)
            made = {"f": s.f, "g": gradient, "H": ca.densify(sparse_hessian)}
            if s.c is not None:
                made["c"] = s.c
                made["J"] = ca.densify(ca.jacobian(s.c, s.x))
            self.symbolic = s
            self._functions = {k: ca.Function(k, [s.x], [v]) for k, v in made.items()}
        return self._functions

    def value(self, x):
        return float(self.functions["f"](x))

    def violation(self, x):
        worst = max([0.0] + [low - v for low, v in zip(self.lower, x)]
                    + [v - high for high, v in zip(self.upper, x)])
        if "c" in self.functions:
            rows = self.functions["c"](x).full().ravel()
            for row, low, high in zip(rows, self.symbolic.lower, self.symbolic.upper):
                worst = max(worst, low - row, row - high)
        return worst if math.isfinite(worst) else math.inf

    def is_stationary(self, x):
        """Whether multipliers with the right signs balance the gradient at a feasible point."""
        import numpy
        from scipy import optimize
        if x is None or not all(map(math.isfinite, x)) or self.violation(x) > 1e-6:
            return False
        gradient = self.functions["g"](x).full().ravel()
        columns, signs = [], []

        def add(normal, value, low, high):
            near = 1e-6 * max(1, abs(value))
            if low == high:
                columns.append(normal)
                signs.append((-math.inf, math.inf))
            elif value - low <= near:
                columns.append(normal)
                signs.append((-math.inf, 0))
            elif high - value <= near:
                columns.append(normal)
                signs.append((0, math.inf))

        for k in range(self.n):
            add(numpy.eye(self.n)[k], x[k], self.lower[k], self.upper[k])
        if "c" in self.functions:
            rows, jacobian = self.functions["c"](x).full().ravel(), self.functions["J"](x).full()
            for k, row in enumerate(rows):
                add(jacobian[k], row, self.symbolic.lower[k], self.symbolic.upper[k])
        scale = max(1.0, abs(gradient).max())
        if not columns:
            return bool(abs(gradient).max() <= 1e-5)
        low, high = zip(*signs)
        fit = optimize.lsq_linear(numpy.array(columns).T, -gradient, (low, high), tol=1e-14)
        return bool(abs(fit.fun).max() <= 1e-5 * scale)

    def is_solved(self, x):
        """The known minimum, or a better feasible point, judged by an evaluation of our own."""
        if x is None or not all(map(math.isfinite, x)):
            return False
        value = self.value(x)
        if not math.isfinite(value) or self.violation(x) > 1e-6:
            return False
        tolerance = 1e-5 if self.kind == "constrained" else 1e-6
        if value < self.minima[0]:
            return True
        return any(abs(value - m) <= tolerance * max(1, abs(m)) for m in self.minima)


def load(path, kind):
    with open(path, encoding="utf-8") as file:
        data = json.load(file)["problems"]
    for p in data:
        p.setdefault("variable", "x")
        p.setdefault("n", len(p.get("x0") or p.get("lower")))
        p["constants"] = {"n": p["n"], **(p.get("constants") or {})}
    return [Problem(p, kind) for p in data
            if p.get("f_star") is not None and p.get("status", "ok") == "ok"]


class Outcome:
    """What one solver did on one problem; cost counts values + gradients + n·Hessians."""

    def __init__(self, x=None, claims=False, cost=math.inf, seconds=math.nan, note="",
                 scope="local"):
        self.x, self.claims, self.cost, self.seconds, self.note = x, claims, cost, seconds, note
        # What the claim is about: "local", as with all other solvers, or "global".
        self.scope = scope


# ---- ours

class Optrepl:
    def __init__(self, program, using="", name="optrepl"):
        self.program, self.using, self.name = program, using, name

    def __call__(self, problem, seed=1):
        x = notation.safe(problem.data["variable"])
        parts = notation.restrictions(problem.data)
        start = notation.array(problem.start or middle(problem))
        sentence = f"r = minimize f({x}) from {x} = {start}"
        if parts:
            sentence += " subject to " + ", ".join(parts)
        sentence += self.using.format(budget=10000 * problem.n)
        fields = "value = r.value, x = r.x, claims = r.status == \"converged\", values = r.values, " \
            "gradients = r.gradients, hessians = r.hessians, seconds = r.seconds, reason = r.reason"
        if parts:
            fields += ", optimum = r.optimum"
        source = f"{notation.program(problem.data)}\n{sentence}\n({fields})\n"
        try:
            result = subprocess.run(
                [self.program, "--json", "-q", "--no-init", "--seed", str(seed), "-"], input=source,
                text=True, capture_output=True, check=False, timeout=120)
        except subprocess.TimeoutExpired:
            return Outcome(note="not done in 120 s")
        lines = result.stdout.splitlines()
        if not lines:
            return Outcome(note=result.stderr.strip().split("\n")[0])
        record = json.loads(lines[-1])["fields"]
        x = flat(record["x"])
        cost = record["values"] + record["gradients"] + problem.n * record["hessians"]
        return Outcome(x, bool(record["claims"]), cost, record["seconds"], record["reason"],
                       record.get("optimum", "local"))


def flat(value):
    if isinstance(value, list):
        return [number for item in value for number in flat(item)]
    return [float(value)]


def middle(problem):
    return [(low + high) / 2 for low, high in zip(problem.lower, problem.upper)]


# ---- others

class Counted:
    """A problem's functions with counters, as SciPy wants them."""

    def __init__(self, problem):
        import numpy
        self.numpy, self.problem = numpy, problem
        self.values = self.gradients = self.hessians = 0

    def f(self, x):
        self.values += 1
        return float(self.problem.functions["f"](x))

    def g(self, x):
        self.gradients += 1
        return self.problem.functions["g"](x).full().ravel()

    def H(self, x):
        self.hessians += 1
        return self.problem.functions["H"](x).full()

    @property
    def cost(self):
        return self.values + self.gradients + self.problem.n * self.hessians


class SciPy:
    """scipy.optimize.minimize with exact derivatives."""

    def __init__(self, method, name=None, hessian=False, **options):
        self.method, self.hessian, self.options = method, hessian, options
        self.name = name or f"SciPy {method}"

    def __call__(self, problem, seed=1):
        from scipy import optimize
        counted = Counted(problem)
        arguments = {} if self.method == "Nelder-Mead" else {"jac": counted.g}
        if self.hessian:
            arguments["hess"] = counted.H
        if problem.is_bounded:
            arguments["bounds"] = optimize.Bounds(problem.lower, problem.upper)
        if "c" in problem.functions:
            arguments["constraints"] = self.constraints(problem)
        begin = time.perf_counter()
        try:
            result = optimize.minimize(
                counted.f, problem.start, method=self.method, options=self.options, **arguments)
        except Exception as error:  # noqa: BLE001 – whatever it raises is its answer
            return Outcome(note=f"{type(error).__name__}: {error}")
        return Outcome(list(result.x), bool(result.success), counted.cost,
                       time.perf_counter() - begin, str(result.message))

    def constraints(self, problem):
        from scipy import optimize
        c, jacobian = problem.functions["c"], problem.functions["J"]
        return optimize.NonlinearConstraint(
            lambda x: c(x).full().ravel(), problem.symbolic.lower, problem.symbolic.upper,
            jac=lambda x: jacobian(x).full())


class Ipopt:
    name = "Ipopt"

    def __call__(self, problem, seed=1):
        import casadi as ca
        problem.functions
        s = problem.symbolic
        nlp = {"x": s.x, "f": s.f}
        bounds = {"lbx": problem.lower, "ubx": problem.upper, "x0": problem.start}
        if s.c is not None:
            nlp["g"] = s.c
            bounds |= {"lbg": s.lower, "ubg": s.upper}
        solver = ca.nlpsol("solver", "ipopt", nlp, {
            "print_time": False, "ipopt.print_level": 0, "ipopt.sb": "yes", "error_on_fail": False,
            "show_eval_warnings": False})
        begin = time.perf_counter()
        try:
            result = solver(**bounds)
        except Exception as error:  # noqa: BLE001
            return Outcome(note=str(error))
        seconds = time.perf_counter() - begin
        stats = solver.stats()
        cost = (stats.get("n_call_nlp_f", 0) + stats.get("n_call_nlp_grad_f", 0)
                + problem.n * stats.get("n_call_nlp_hess_l", 0))
        return Outcome(list(result["x"].full().ravel()), bool(stats["success"]), cost, seconds,
                       stats["return_status"])


class SciPyGlobal:
    """A global method of SciPy in the box of a problem, with 10 000 evaluations a variable."""

    def __init__(self, method):
        self.method, self.name = method, f"SciPy {method}"

    def __call__(self, problem, seed=1):
        from scipy import optimize
        counted = Counted(problem)
        bounds, limit = list(zip(problem.lower, problem.upper)), 10000 * problem.n
        begin = time.perf_counter()
        try:
            if self.method == "dual_annealing":
                result = optimize.dual_annealing(counted.f, bounds, maxfun=limit, rng=seed)
            else:
                rounds = max(1, limit // (15 * problem.n) - 1)
                result = optimize.differential_evolution(
                    counted.f, bounds, maxiter=rounds, rng=seed)
        except Exception as error:  # noqa: BLE001
            return Outcome(note=f"{type(error).__name__}: {error}")
        return Outcome(list(result.x), bool(result.success), counted.cost,
                       time.perf_counter() - begin, str(result.message))


# ---- tables and plots

def sets(options):
    ours = options.program
    unconstrained = [
        Optrepl(ours), Ipopt(), SciPy("BFGS", "SciPy BFGS, gtol 1e-8", gtol=1e-8),
        SciPy("L-BFGS-B"), SciPy("L-BFGS-B", "SciPy L-BFGS-B, tight", ftol=0, gtol=1e-8,
                                 maxiter=15000, maxfun=15000),
        SciPy("trust-exact", hessian=True, gtol=1e-8), SciPy("Nelder-Mead"),
    ]
    constrained = [
        Optrepl(ours), Ipopt(), SciPy("SLSQP"),
        SciPy("SLSQP", "SciPy SLSQP, tight", ftol=1e-12, maxiter=1000),
    ]
    glob = [Optrepl(ours, " using global until evaluations = {budget}"),
            SciPyGlobal("dual_annealing"), SciPyGlobal("differential_evolution")]
    return {
        "mgh": ("Moré–Garbow–Hillstrom, unconstrained", "mgh.json", "unconstrained", unconstrained),
        "hs": ("Hock–Schittkowski", "hock_schittkowski.json", "constrained", constrained),
        "cutest": ("small CUTEst", "cutest_small.json", "constrained", constrained),
        "global": ("test functions of global optimization", "global.json", "global", glob),
    }


def run(name, options):
    title, file, kind, solvers = sets(options)[name]
    path = os.path.join(options.data, file)
    if not os.path.exists(path):
        return None
    items = load(path, kind)[:options.first]
    seeds = range(1, options.seeds + 1) if kind == "global" else [1]
    rows = []
    for solver in solvers:
        if options.only and not any(word in solver.name for word in options.only):
            continue
        outcomes = []
        for problem in items:
            for seed in seeds:
                outcome = solver(problem, seed)
                outcome.solved = problem.is_solved(outcome.x)
                outcome.elsewhere = (
                    kind == "constrained" and outcome.claims and not outcome.solved
                    and outcome.scope == "local" and problem.is_stationary(outcome.x))
                outcomes.append(outcome)
                if options.verbose and not outcome.solved:
                    value = problem.value(outcome.x) if outcome.x else math.nan
                    print(f"  {solver.name} on {problem.name}: {value:g} instead of "
                          f"{problem.minima[0]:g}, {outcome.note}"
                          f"{', another KKT point' if outcome.elsewhere else ''}",
                          file=sys.stderr)
        rows.append((solver.name, outcomes))
        print(line(rows[-1], rows), flush=True)
    return title, len(items) * len(seeds), rows


def line(row, rows):
    name, outcomes = row
    count = len(outcomes)
    solved = sum(o.solved for o in outcomes)
    elsewhere = sum(o.elsewhere for o in outcomes)
    wrong = sum(o.claims and not o.solved for o in outcomes) - elsewhere
    shy = sum(o.solved and not o.claims for o in outcomes)
    both = [(a.cost, b.cost) for a, b in zip(outcomes, rows[0][1]) if a.solved and b.solved]
    ratio = math.exp(sum(math.log(b / a) for a, b in both) / len(both)) if both else math.nan
    seconds = sum(o.seconds for o in outcomes if o.seconds == o.seconds)
    return (f"| {name} | {solved}/{count} = {100 * solved / count:.1f} % | {elsewhere} | {wrong} | {shy} | "
            f"{ratio:.2f} | {seconds:.2f} s |")


HEAD = ("| solver | solved | claimed at another KKT point | claimed, but wrong | solved, not claimed "
        "| our cost over its cost | time |\n|---|---|---|---|---|---|---|")


def profile(results, path):
    """Share of problems solved within a factor of the cheapest solver, one panel a set."""
    import matplotlib
    matplotlib.use("Agg")
    from matplotlib import pyplot
    matplotlib.rcParams.update({"svg.hashsalt": "solvers", "svg.fonttype": "none"})
    figure, panels = pyplot.subplots(
        1, len(results), figsize=(5 * len(results), 3.6), squeeze=False, sharey=True)
    for panel, (title, count, rows) in zip(panels[0], results):
        best = [min([row[1][k].cost for row in rows if row[1][k].solved], default=math.inf)
                for k in range(count)]
        for number, (name, outcomes) in enumerate(rows):
            ratios = sorted(o.cost / b for o, b in zip(outcomes, best) if o.solved)
            steps = [1] + [r for r in ratios for _ in (0, 1)] + [1000]
            shares = [0] + [k / count for k in range(len(ratios)) for k in (k, k + 1)]
            shares = shares + [len(ratios) / count]
            panel.plot(steps, shares, label=name, linewidth=2.5 if number == 0 else 1.2)
        panel.set(xscale="log", xlim=(1, 1000), ylim=(0, 1.02), title=title,
                  xlabel="cost over the cheapest's")
        panel.legend(fontsize=7, loc="lower right")
    panels[0][0].set_ylabel("share of problems solved")
    figure.tight_layout()
    figure.savefig(path, metadata={"Date": None})


def insert(document, name, table):
    """Puts a table between the marks `<!-- NAME -->` and `<!-- end NAME -->`."""
    with open(document, encoding="utf-8") as file:
        whole = file.read()
    begin, end = f"<!-- {name} -->\n", f"<!-- end {name} -->"
    if begin not in whole or end not in whole:
        sys.exit(f"{document} has no place for the table {name}")
    before, rest = whole.split(begin)
    with open(document, "w", encoding="utf-8") as file:
        file.write(before + begin + table + "\n" + end + rest.split(end, 1)[1])


def regression(options):
    """NIST's regressions, which are judged by digits."""
    path = os.path.join(options.data, "nist_strd.json")
    print(f"\nNIST StRD, nonlinear regression\n{regressions.HEAD}", flush=True)
    if not os.path.exists(path):
        print(f"(no nist_strd.json in {options.data})")
        return
    lines = regressions.run(path, options.program, options.first, options.verbose)
    if options.write:
        insert(os.path.join(ROOT, "docs/explanation/solvers.md"), "nist",
               "\n".join([regressions.HEAD, *lines]))


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("sets", nargs="*", help="mgh, hs, cutest, global, nist; all that have data if none")
    parser.add_argument("--program", default=os.path.join(ROOT, ".build/release/optrepl"))
    parser.add_argument("--data", default=DATA, help="folder of the collections")
    parser.add_argument("--first", type=int, default=None, help="only so many problems of each")
    parser.add_argument("--seeds", type=int, default=3, help="runs of each global problem")
    parser.add_argument("--only", nargs="*", help="solvers whose names contain one of these")
    parser.add_argument("--verbose", action="store_true", help="tell each problem that is missed")
    parser.add_argument("--write", action="store_true",
                        help="put tables and plot into docs/explanation")
    parser.add_argument("--here", action="store_true", help="use the packages of this Python")
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    results = []
    for name in options.sets or [*sets(options), "nist"]:
        if name == "nist":
            regression(options)
            continue
        print(f"\n{sets(options)[name][0]}\n{HEAD}", flush=True)
        result = run(name, options)
        if result is None:
            print(f"(no {sets(options)[name][1]} in {options.data})")
            continue
        results.append(result)
        if options.write:
            _, count, rows = result
            insert(os.path.join(ROOT, "docs/explanation/solvers.md"), name,
                   "\n".join([HEAD] + [line(row, rows) for row in rows]))
    if options.write and results:
        profile(results, os.path.join(ROOT, "docs/explanation/solvers-profile.svg"))


if __name__ == "__main__":
    enter_environment()
    main()
