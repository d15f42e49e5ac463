/// Programs that the language's definition shows, and pieces to disturb them with.

enum Examples {
  static let all: [String] = [
    "f(x, y) = (1 - x)^2 + 100(y - x^2)^2\nf(-1.2, 1)\n∇f(-1.2, 1)\ndifferentiate f(x, y) by x",
    "f(x, y, a = 1, b = 100) = (a - x)^2 + b(y - x^2)^2      # default values",
    """
    ## A network.
    mlp(p, X) = {
      h = tanh(X*p.W1 + p.b1)
      h*p.W2 + p.b2
    }
    """,
    """
    ## Gradient descent with momentum.
    momentum(rate = 0.01, mu = 0.9) = method(
      start = θ -> (p = 0θ),
      step  = (θ, g, s) -> {
        p = mu*s.p - rate*g
        (θ = θ + p, p = p)
      })
    """,
    "check f(x, y) at x = -1.2, y = 1\nminimize f(x, y) from x = -1.2, y = 1",
    "r = minimize f(x, y) from x = -1.2, y = 1 using gd(rate = 0.01) until steps = 200\nr",
    "g(x) = x^3 sin(x)\ng'\ng''(2)\ntaylor exp(x) by x at 0 to 4",
    """
    t = read("examples/data/misra1a.csv")
    r = fit y ~ b1*(1 - exp(-b2*x)) to t from b1 = 500, b2 = 0.0001
    """,
    "minimize x + y from x = 0.1, y = 0.2 subject to x^2 + y^2 <= 1",
    "X = randn(3, 4); w = ones(5);\nX*w",
    """
    d = read("examples/data/digits.csv")
    X = normalize(matrix(d[:, 1:64])); y = d.label;
    p = (W1 = xavier(64, 32), b1 = zeros(1, 32), W2 = xavier(32, 10), b2 = zeros(1, 10));
    logits(p, X) = tanh(X*p.W1 + p.b1)*p.W2 + p.b2
    r = minimize cross_entropy(logits(p, b.X), b.y) over b in batches((X = X, y = y), 100)
          from p = p using decayed(momentum(rate = 0.1, mu = 0.9), tau = 5, after = 15) until epochs = 20
    plot r
    diagnose r
    """,
    "-2(1 - x) - 400x·(y - x²)\n3x² sin(x) + x³ cos(x)\n2Aᵀ(A x − b)\n1 + x + x²/2 + x³/6 + x⁴/24",
    "plot sin(t) over t in [0, 2π]\ncontour E over x in [a, b], y in [c, d] with r",
    "for i in 1:n { if i in v { continue } else { x[i] = -x[i]; break } }\nwhile c { return v }",
    "[x^2 for x in 1:5 if x != 3]\nsum(x[i]^2 for i in 1:n)\ndata |> normalize |> head",
    "print(\"loss = {loss:.3f} {n:5d} {x[1:3]} {if a then \"{b}\" else \"c\"}\")",
    "A[i, :] = A[end, 2:end]'\nx[[3, 1]] + x[x > 0]\n(W = 1, b = \"x\").W\n[\"a\", f, adam(0.1)]",
    "explain gradient of E at x = 1, y = 2\nexplain differentiate E by x\nsubstitute E with x = 2",
    "minimize loss(w) from w ~ uniform(-5, 5) using restarts(20, lbfgs) until gradient < 1e-8, r -> r.x",
    "[(minimize x from x = 0), (minimize y from y = 0)]\n[minimize f(x) from x = 0 using gd(rate = a) for a in v]",
    "not a and b or 0 <= x <= 1 and x in v\nf.(x) + ∇(p.f)(x) + ∇f(x)'\n√2 x + √(x + 1) - x⁻¹\n???",
    "use \"a.opt\"\nuse nn\nhelp minimize\nx = 1;\nif a then b else if c then d else { e }",
    "f = (x, y = 2) -> x y; g = x -> { y = x; y^2 }\n1:0.1:2\na \\ b ./ c .* d .^ 2",
  ]

  static let fragments: [String] = [
    "(", ")", "[", "]", "{", "}", "\"", "'", "\n", ";", ",", " ", "#", "##", "\\", "{x}", "²", "ᵀ",
    "∇", "√", "·", "−", "≤", "-", "+", "^", "^2", "2", "x", " x", "(x)", " (x)", "f(x)",
    "for x in v",
    "if ", "then ", "else ", "from ", "by ", "minimize ", "->", "|>", "=", "==", "end", ":", "???",
    "1e", ".5", "not ", " in ", " and ", ".", ".(", "\r\n", "\u{301}", "\0", "θ", "@", "!", "%",
    "explain ", "until ", "subject to ", "\t", "\u{A0}", "return ", "help ", "use ", "-1", "e3",
    "_",
  ]
}
