/// Topics of the sentences, and of the clauses that they have in common.

extension HelpTopic {
  static let sentences: [HelpTopic] = [
    HelpTopic(
      ["minimize", "maximize"],
      """
      minimize E from x = START, … [subject to CONSTRAINTS] [using METHOD] [until STOPS]
      maximize E from x = START, …
      """,
      "Finds where an expression is smallest, or largest.",
      """
      The names after `from` are the variables of the expression: numbers, vectors, matrices or
      records. The clauses may stand in any order. Without `using` a method is chosen and named.
      The result has the fields x (one for each variable), value, gradient, status, steps,
      evaluations, trace, path, seconds and method; `r.solution` holds all variables.
      """,
      example: """
        r = minimize (x - 3)^2 + 1 from x = 0
        r.x
        """),
    HelpTopic(
      ["fit"],
      """
      fit y ~ E to TABLE from b1 = START, … [using METHOD]
      fit … with weights = w                     rows count differently
      fit … with sigma = s                       standard deviations that are known
      fit … with loss = huber [, scale = c]      outliers count less: soft_l1, cauchy, tukey
      fit … subject to b1 >= 0
      """,
      "Fits the parameters of a formula to the columns of a table by nonlinear least squares.",
      """
      The columns of the table, or of a record of vectors, are names in the formula; one that makes
      sense for numbers only (`x^2`, `a/b`) is evaluated row by row. The result shows estimates,
      standard errors and 95 % intervals, and what the data do not determine. Fields: solution,
      standard_errors, intervals, residuals, fitted, covariance, correlations, sum_of_squares,
      standard_deviation, r_squared, aic, bic, rank. `predict(r, table)` gives the curve at other rows
      with bands, `profile(r)` intervals that follow the sum of squares.
      """,
      example: """
        t = (x = [0, 1, 2, 3], y = [1.1, 2.9, 5.2, 6.8])
        fit y ~ a*x + b to t from a = 1, b = 0
        """),
    HelpTopic(
      ["solve"], "solve E1 == E2, … from x = START, … [until steps = 100]",
      "Solves one equation, or several for as many variables.",
      """
      Vectors are compared element by element: `solve A*x == b from x = zeros(3)`. Newton's method
      with exact derivatives, damped where it must be; a single equation is also enclosed where its
      sides change places. The result has the variables, solution, residual, status and steps. Inside
      of a function, `(solve x^2 == p from x = 1).x` has a derivative by p.
      """,
      example: "solve cos(x) == x from x = 1"),
    HelpTopic(
      ["check"],
      """
      check E [subject to CONSTRAINTS] at x = VALUE, …
      check f against g at x = VALUE, …
      """,
      "Compares derivatives with finite differences and says what is wrong with them.",
      """
      Without `against` these are the automatic derivatives: the gradient of a number, the Jacobian of
      a vector, and those of each constraint. `check f against g` checks what g gives, which was
      written by hand: of a number the gradient (like the variables, or a record of them) or the
      Hessian (n×n), of a vector the Jacobian. The slope says how fast the remainder of Taylor's
      theorem vanishes along random directions: 2 is right, 1 is wrong. A wrong gradient is compared
      with usual mistakes: sign, factor, exchanged or transposed components, a term that is missing.
      The result has `.ok`, `.slope`, `.error`, `.pattern`, `.components` (a table), `.wrong`,
      `.kinks` and `.confidence`.
      """,
      example: "check x^2 sin(x) at x = 1.5"),
    HelpTopic(
      ["differentiate"], "differentiate E by x[, y …]",
      "The derivative of an expression as a formula.",
      """
      Names that are not defined are symbols: numbers, and where `'`, `norm`, `trace`, an index
      or a product with such a name shows it, columns (`x`) and matrices (`A`). The result is a
      function of the names after `by`, then of the other symbols in the order of the alphabet.
      """,
      example: "differentiate x^3 sin(x) by x"),
    HelpTopic(
      ["simplify"], "simplify E", "The expression in a simpler form, as a formula.",
      """
      As in all sentences about formulas, names that are not defined are symbols, and the result is
      a function of the names after `by`, then of the other symbols in the order of the alphabet.
      Its value is that of the expression wherever that has one.
      """,
      example: "simplify sin(x)^2 + cos(x)^2"),
    HelpTopic(
      ["expand"], "expand E", "Multiplies products and powers of sums out.",
      """
      Inside functions too; functions of sums stay whole. More than 250 terms are not written out.
      """,
      example: "expand (x + 1)^3"),
    HelpTopic(
      ["factor"], "factor E", "Writes a polynomial as a product.",
      """
      Common factors, then factors with rational coefficients that cannot be factored further over
      the rationals. Functions such as sin(x) count as variables.
      """,
      example: "factor x^2 - 1"),
    HelpTopic(
      ["collect"], "collect E by x[, y …]", "Gathers the powers of a variable, highest first.",
      example: "collect a*x + b*x + x^2 by x"),
    HelpTopic(
      ["substitute"], "substitute E with x = VALUE, …",
      "Puts values or expressions in the place of names, all at once.",
      example: "substitute x^2 + y with x = 2t, y = t^2"),
    HelpTopic(
      ["taylor"], "taylor E by x at POINT to DEGREE", "The Taylor polynomial around a point.",
      """
      The point is a number or an expression in other names, the degree a whole number up to 40.
      Poles and kinks are errors; gaps such as sin(x)/x at 0 are closed.
      """,
      example: "taylor exp(x) by x at 0 to 4"),
    HelpTopic(
      ["show"], "show f\nshow E", "The formula of a function or an expression.",
      example: """
        f(x) = x^2 + 1
        show f
        """),
    HelpTopic(
      ["tex"], "tex f\ntex E", "The formula of a function or an expression in LaTeX.",
      """
      A text, shown without quotes so that it can be copied. It needs the package amsmath. An
      expression is typeset as it is written; what calls functions of the program, as its formula.
      """,
      example: "tex x^2/(1 + x)"),
    HelpTopic(
      ["explain"],
      """
      explain differentiate E by x
      explain gradient of E at x = VALUE, …
      explain engine E at x = VALUE, …
      """,
      "Shows how a result comes about.",
      """
      The first form names the rules one after the other. Its result has the fields result, the
      function that `differentiate` gives, and steps, a table. By a vector the steps are
      differentials: d stands for a small change.
      The second form shows every operation with its value, then backwards the error signals: `v̄1`
      is the derivative of the final value by `v1`, and what arrives at the variables is the
      gradient. Its result has the fields value, gradient, the tables forward and backward, and dot,
      the graph for Graphviz: `write(r.dot, "graph.dot")`.
      The third form, which also takes the name of a function, shows what is computed for the value and
      for the gradient, step by step: what is machine code and what goes to BLAS, operations, memory
      read and written, registers, measured time, and how long compiling took. Its result has the
      fields engine, seconds, estimate, compile_seconds, bytes, and steps, a table.
      """,
      example: """
        explain differentiate x^2 sin(x) by x
        r = explain gradient of x*y + sin(x) at x = 2, y = 3
        r.backward
        """),
    HelpTopic(
      ["plot", "contour", "surface", "histogram", "scatter"],
      """
      plot E, … over x in [a, b]
      contour E over x in [a, b], y in [c, d] [with r, …]
      surface E over x in [a, b], y in [c, d]
      histogram V        scatter X, Y        plot r
      """,
      "Draws functions, data and the course of a minimisation.",
      "`plot r` of a result draws its training curve; `contour … with r` adds its path.",
      example: "plot sin(t) over t in [0, 2π]"),
    HelpTopic(
      ["diagnose"], "diagnose r", "Says what was good or bad about a run, and what to try.",
      "`(diagnose r).findings` are records with label, evidence, confidence and remedy.",
      example: """
        r = minimize (x - 3)^2 from x = 0
        diagnose r
        """),
    HelpTopic(
      ["compare"], "compare [r1, r2, …]", "Puts results side by side in a table.",
      example: """
        rs = [minimize (x - 3)^2 from x = 0 using gd(rate = a) for a in [0.01, 0.1]]
        compare rs
        """),
    HelpTopic(
      ["from", "at", "by", "clauses"],
      """
      from x = VALUE, y = VALUE     from x ~ uniform(-5, 5)
      at x = VALUE                  by x, y
      """,
      "Clauses that name the variables of the expression before them.",
      """
      What stands to the right of `=` is evaluated outside of the sentence, so that `from p = p` has
      a meaning. `~` draws the start at random.
      """,
      example: "minimize (x - y)^2 + (x - 1)^2 from x = 0, y = 0"),
    HelpTopic(
      ["subject to", "subject", "constraints"],
      "subject to x^2 + y^2 <= 1, x >= 0, 0 <= p <= 1, sum(w) == 1",
      "Conditions that the variables have to satisfy.",
      """
      Comparisons with ==, <= or >=, chains of them, and `and`; matrices element by element. What
      restricts single variables becomes bounds, which are never left, not even while probing. Of the
      result, `multipliers` say how much the best value changes with the right sides, `active` which
      inequalities hold with equality, `violation` how far the point is from satisfying all,
      `conflict` which constraints contradict each other where they do.
      """,
      example: "minimize x + y from x = 0.1, y = 0.2 subject to x^2 + y^2 <= 1"),
    HelpTopic(
      ["using", "methods"],
      """
      using bfgs                    using gd(rate = 0.01)
      using restarts(20, lbfgs)     using global
      """,
      "Names the method of a minimisation.",
      """
      `help NAME` explains a method and its options. A method's name alone is the method with its
      defaults. Methods are values: they can be assigned and passed on. `method(start = …, step = …)`
      makes a new one, as in the library's folder optimizers. `restarts(n, method)` runs one from many
      starts, `global` looks for the lowest minimum in the box of the bounds or of `x ~ uniform(a, b)`.

      With bounds: lbfgsb, trust_region. With constraints: sqp, interior_point, augmented_lagrangian.
      Smooth: bfgs, lbfgs, newton, dogleg, steihaug, newton_cg, cg, gd. Without gradients:
      nelder_mead, powell, and brent, golden for one variable. Sums of squares:
      levenberg_marquardt, gauss_newton. Many minima: global, multistart, cma_es,
      differential_evolution, dual_annealing, basin_hopping, direct. Noisy costs and batches: adam,
      sgd, momentum, rmsprop, and the others of the library.
      """,
      example: "minimize (x - 3)^2 from x = 0 using gd(rate = 0.1)"),
    HelpTopic(
      ["until", "stops"],
      """
      until steps = 1000     until gradient < 1e-8     until value < 1e-6, seconds = 10
      until epochs = 20      until evaluations = 500   until change < 1e-12
      """,
      "Says when a minimisation ends; it replaces the usual criteria.",
      "`until (r -> r.value < 1)` asks a function of the state; `checkpoint = \"run.txt\"` saves the run.",
      example: "minimize (x - 3)^2 from x = 0 until steps = 5"),
    HelpTopic(
      ["resume", "checkpoint"],
      """
      minimize E from x = 0 until steps = 500, checkpoint = "run.txt"
      minimize E from x = 0 until steps = 900 resume "run.txt"
      """,
      "Saves a run every few seconds and at its end, and goes on from there with the same bits. Steps, "
        + "evaluations and seconds count from the first start.",
      example: """
        file = "/tmp/optrepl-help-run.txt"
        minimize (x - 3)^4 from x = 0 using gd until steps = 20, checkpoint = file
        minimize (x - 3)^4 from x = 0 using gd until steps = 40 resume file
        """),
    HelpTopic(
      ["over", "batches"],
      """
      over b in batches(data, 100)     over x in [a, b]
      """,
      "The parts of data that a minimisation takes in turn, or the interval of a plot.",
      example: """
        data = (x = [1, 2, 3, 4], y = [2, 4, 6, 8])
        minimize mean((w*b.x - b.y).^2) over b in batches(data, 2) from w = 0 until epochs = 3
        """),
  ]
}
