/// What expressions mean: every rule of precedence and juxtaposition, as an outline of the tree.

import OptSyntax
import Testing

@Suite struct ExpressionTests {
  static let table: [(text: String, outline: String)] = [
    // Precedence, loosest first.
    ("x -> y -> x + y", "(-> (x) (-> (y) (+ x y)))"),
    ("(x, y = 2) -> x y", "(-> (x y=2) (_ x y))"),
    ("() -> 1", "(-> () 1)"),
    ("if a then b else if c then d else e", "(if a b (if c d e))"),
    ("if a { b } else { c }", "(if a { b } { c })"),
    ("a |> f |> g", "(|> (|> a f) g)"),
    ("a or b and not c == d", "(or a (and b (not (c == d))))"),
    ("0 <= x <= 1", "(0 <= x <= 1)"),
    ("x in a:b == c", "((in x (range a _ b)) == c)"),
    ("a + b:c:d - e", "(range (+ a b) c (- d e))"),
    ("a - b - c", "(- (- a b) c)"),
    ("a/b*c\\d", "(\\ (* (/ a b) c) d)"),
    ("a.*b./c", "(./ (.* a b) c)"),
    ("2x^2", "(_ 2 (^ x 2))"),
    ("2*x y", "(* 2 (_ x y))"),
    ("-x^2", "(- (^ x 2))"),
    ("2^-x", "(^ 2 (- x))"),
    ("2^x^y", "(^ 2 (^ x y))"),
    ("a.^-b", "(.^ a (- b))"),
    ("-x y", "(_ (- x) y)"),
    ("a - -b", "(- a (- b))"),
    ("f'(2)", "(call (prime f) 2)"),
    ("f''(2)", "(call (prime (prime f)) 2)"),
    ("A'[1, :]", "(index (prime A) 1 :)"),
    ("p.W[2:end]", "(index (. p W) (range 2 _ end))"),
    ("x[end - 1]", "(index x (- end 1))"),
    ("x[f(end)]", "(index x (call f end))"),
    ("f.(x)", "(map f x)"),
    // Products without a sign, and calls.
    ("(x + 1)(x - 1)^2", "(_ (+ x 1) (^ (- x 1) 2))"),
    ("2(3)(4)", "(_ (_ 2 3) 4)"),
    ("Aᵀ(A x - b)", "(_ (transpose A) (- (_ A x) b))"),
    ("Aᵀ(A x − b)", "(_ (transpose A) (- (_ A x) b))"),
    ("x²(y + 1)", "(_ (^ x 2) (+ y 1))"),
    ("(x -> x^2)(3)", "(call (-> (x) (^ x 2)) 3)"),
    ("(∇g)(v)", "(call (∇ g) v)"),
    ("hvp(f)(x, v)", "(call (call hvp f) x v)"),
    ("f (x)", "(call f x)"),
    ("2 (x)", "(_ 2 x)"),
    ("(a + b) (c)", "(_ (+ a b) c)"),
    ("(a)(b)", "(call a b)"),
    ("(2)(b)", "(_ 2 b)"),
    ("2x", "(_ 2 x)"),
    ("100(y - x^2)", "(_ 100 (- y (^ x 2)))"),
    ("2sin(t)", "(_ 2 (call sin t))"),
    ("x^2 sin(x)", "(_ (^ x 2) (call sin x))"),
    ("a b x", "(_ (_ a b) x)"),
    ("θ - α∇E(θ)", "(- θ (_ α (call (∇ E) θ)))"),
    ("x'A x", "(_ (_ (prime x) A) x)"),
    ("x²y", "(_ (^ x 2) y)"),
    ("2πr²", "(_ 2 (^ πr 2))"),
    ("(x)y", "(_ x y)"),
    ("x[1]y", "(_ (index x 1) y)"),
    ("3√x y", "(_ (_ 3 (√ x)) y)"),
    ("√2 x", "(_ (√ 2) x)"),
    ("∇f(1, 2)", "(call (∇ f) 1 2)"),
    ("∇f(x)'", "(prime (call (∇ f) x))"),
    ("∇(p.f)(x)", "(call (∇ (. p f)) x)"),
    ("2x/3", "(/ (_ 2 x) 3)"),
    ("sin(x)^2", "(^ (call sin x) 2)"),
    ("x^(n + 1)(y)", "(_ (^ x (+ n 1)) y)"),
    ("x^n(y)", "(^ x (call n y))"),
    ("x^2 y", "(_ (^ x 2) y)"),
    ("x^2 (y + 1)", "(_ (^ x 2) (+ y 1))"),
    // Characters.
    ("x⁴", "(^ x 4)"), ("x⁻¹", "(^ x (- 1))"), ("x¹⁰", "(^ x 10)"),
    ("z̄ + θ̃ + W₁ + x_old", "(+ (+ (+ z̄ θ̃) W₁) x_old)"),
    ("a·b×c⋅d", "(* (* (* a b) c) d)"),
    ("a ≤ b ≠ c ≥ d", "(a <= b != c >= d)"),
    ("x ∈ v", "(in x v)"), ("-∞", "(- inf)"), ("x → x", "(-> (x) x)"),
    ("1./x", "(./ 1 x)"), ("1.^x", "(.^ 1 x)"), ("2.*x", "(.* 2 x)"),
    ("1_000_000", "1000000"), (".5", "0.5"), ("1e-3", "0.001"), ("2e3", "2000"),
    ("2e", "(_ 2 e)"), ("2e + 1", "(+ (_ 2 e) 1)"), ("2E3", "(_ 2 E3)"),
    // Brackets.
    ("[a - b, -c]", "[ (- a b) (- c) ]"),
    ("[f(x y), 2x]", "[ (call f (_ x y)) (_ 2 x) ]"),
    ("[x y for x in 1:5 if x != 3]", "(each (_ x y) (x (range 1 _ 5) if (x != 3)))"),
    ("[a -b for a in v]", "(each (- a b) (a v))"),
    ("[i j for i in I, j in J]", "(each (_ i j) (i I) (j J))"),
    ("sum(x[i]^2 for i in 1:n)", "(call sum (generate (^ (index x i) 2) (i (range 1 _ n))))"),
    ("sum(x for x in v, axis = 1)", "(call sum (generate x (x v)) axis=1)"),
    ("(W = randn(2, 2), b = 0)", "(record W=(call randn 2 2) b=0)"),
    ("(from = 1, end = 2).from", "(. (record from=1 end=2) from)"),
    ("f(x, by = 2, at = 3)", "(call f x by=2 at=3)"),
    ("r.in.for", "(. (. r in) for)"),
    ("(a)", "a"), ("[x -> x y, 2]", "[ (-> (x) (_ x y)) 2 ]"),
    ("(2)'", "(prime 2)"), ("A.T_old", "(. A T_old)"),
    ("(T = 1).a", "(. (record T=1) a)"),
    // Texts.
    (#""a\n\t\"\\\{}""#, "(text \"a\n\t\"\\{}\")"),
    (#""""#, "(text \"\")"),
    (#""loss = {loss:.3f}, {n:5d}""#, "(text \"loss = \" {loss:.3f} \", \" {n:5d})"),
    (#""{x[1:3]}{a:b}""#, "(text {(index x (range 1 _ 3))} {(range a _ b)})"),
    (#""{f("a}", "{b:.2e}")}""#, "(text {(call f (text \"a}\") (text {b:.2e}))})"),
    ("???", "???"), ("f(???)", "(call f ???)"),
  ]

  @Test(arguments: table) func isRead(_ row: (text: String, outline: String)) {
    #expect(outline(row.text) == row.outline)
  }

  static let statements: [(text: String, outline: String)] = [
    ("x = 1; y = 2", "(= x 1)\n(= y 2)"),
    ("x; y", "(silent x)\ny"),
    ("f(x, y, a = 1) = x + y", "(define f (x y a=1) (+ x y))"),
    ("f(x) = {\n  h = x\n  h\n}", "(define f (x) { (= h x) h })"),
    ("## Adds.\n## Twice.\nf(x) = x", "(define \"Adds.\nTwice.\" f (x) x)"),
    ("## Lost.\n\nf(x) = x", "(define f (x) x)"),
    ("x = 1 ## no help\nf(x) = x", "(= x 1)\n(define f (x) x)"),
    ("## Kept.\n# a comment\nf(x) = x", "(define \"Kept.\" f (x) x)"),
    (
      "x[i] = v\np.b = v\np.W[i, j] = v",
      "(= (index x i) v)\n(= (. p b) v)\n(= (index (. p W) i j) v)"
    ),
    ("for i in 1:n { s = s + i }", "(for i (range 1 _ n) { (= s (+ s i)) })"),
    ("while x > 0 { break; continue }", "(while (x > 0) { break continue })"),
    ("{ return; }\nreturn x", "{ (return) }\n(return x)"),
    ("if a then x = 1 else x = 2", "(if a (= x 1) (= x 2))"),
    ("if a { x = 1 }", "(if a { (= x 1) })"),
    ("if a then b = if c then d else e", "(if a (= b (if c d e)))"),
    ("use \"a.opt\"\nuse nn", "(use file a.opt)\n(use nn)"),
    ("help", "(help )"), ("help minimize\nx", "(help minimize)\nx"),
    ("help +\nx", "(help +)\nx"), ("help from\nx", "(help from)\nx"),
    ("help \"least squares\"", "(help least squares)"), ("help(sin)", "(help sin)"),
    ("help subject to", "(help subject to)"), ("help; x", "(help )\nx"),
    // Lines.
    ("x = 1 +\n  2", "(= x (+ 1 2))"),
    ("f(\n  1,\n  2\n)", "(call f 1 2)"),
    ("[1, 2;\n 3, 4\n]", "[ 1 2 ; 3 4 ]"),
    ("f({ a\n b }, 2)", "(call f { a b } 2)"),
    ("x ->\n  x", "(-> (x) x)"),
    ("if a then b\nelse c", "(if a b c)"),
    ("if a\nthen b\n# why\nelse c", "(if a b c)"),
    ("x\n|> f", "(|> x f)"),
    (
      "minimize f(x)\n  # start\n  from x = 0\n  using bfgs",
      "(minimize (call f x) (from x=0) (using bfgs))"
    ),
    ("x\r\ny\r\n", "x\ny"), ("\u{FEFF}x", "x"), ("#!/usr/bin/env optrepl\nx", "x"),
    ("x\u{A0}+\u{A0}y", "(+ x y)"), ("f\u{A0}(x)", "(call f x)"),
    ("\tx # tab", "x"), ("", ""), ("\n\n", ""), ("# only", ""),
    ("x\n- y", "x\n(- y)"), ("fromage = 1\nfrom_x = 2", "(= fromage 1)\n(= from_x 2)"),
    ("a\nthen_ = 2", "a\n(= then_ 2)"),
  ]

  @Test(arguments: statements) func isReadAsStatements(_ row: (text: String, outline: String)) {
    #expect(outline(row.text) == row.outline)
  }

  static let sentences: [(text: String, outline: String)] = [
    ("minimize (x - 3)^2 from x = 0", "(minimize (^ (- x 3) 2) (from x=0))"),
    ("minimize(x - 3)^2 from x = 0", "(minimize (^ (- x 3) 2) (from x=0))"),
    (
      "maximize x + y from x = 0, y ~ uniform(-5, 5) subject to x^2 + y^2 <= 1, 0 <= x <= 1 and y == 2",
      "(maximize (+ x y) (from x=0 y~(call uniform (- 5) 5)) (subject to ((+ (^ x 2) (^ y 2)) <= 1)"
        + " (and (0 <= x <= 1) (y == 2))))"
    ),
    (
      "r = minimize L(w, b) over b in batches(d, 100) from w = w using adam(0.1) until epochs = 20",
      "(= r (minimize (call L w b) (over (b in (call batches d 100))) (from w=w)"
        + " (using (call adam 0.1)) (until epochs=20)))"
    ),
    (
      "minimize f(x) from x = 0 until gradient < 1e-8, steps = 10, r -> r.value < 1",
      "(minimize (call f x) (from x=0) (until (gradient < 1e-08) steps=10 (-> (r) ((. r value) < 1))))"
    ),
    ("fit y ~ a*x + b to t from a = 1, b = 0", "(fit y (+ (* a x) b) (to t) (from a=1 b=0))"),
    ("solve x^2 == 2 from x = 1", "(solve ((^ x 2) == 2) (from x=1))"),
    (
      "solve [x + y == 3, x - y == 1] from x = 0, y = 0",
      "(solve [ ((+ x y) == 3) ((- x y) == 1) ] (from x=0 y=0))"
    ),
    ("check f(x) at x = 1", "(check (call f x) (at x=1))"),
    ("check f against g at x = 1", "(check f (against g) (at x=1))"),
    ("differentiate x^2 sin(x) by x, y", "(differentiate (_ (^ x 2) (call sin x)) (by x y))"),
    ("explain differentiate x by x", "(explain (differentiate x (by x)))"),
    ("explain gradient of f(x) at x = 1", "(explain <gradient> (call f x) (at x=1))"),
    ("explain engine f", "(explain <engine> f)"),
    ("taylor exp(x) by x at 0 to 4", "(taylor (call exp x) (by x) (at 0) (to 4))"),
    ("substitute x^2 with x = 2", "(substitute (^ x 2) (with x=2))"),
    (
      "plot sin(t), cos(t) over t in [0, 2π]",
      "(plot (call sin t) (call cos t) (over (t in [ 0 (_ 2 π) ])))"
    ),
    (
      "contour f(x, y) over x in [0, 1], y in v with r",
      "(contour (call f x y) (over (x in [ 0 1 ]) (y in v)) (with r))"
    ),
    ("plot [r1, r2]", "(plot [ r1 r2 ])"), ("diagnose r", "(diagnose r)"),
    ("(diagnose r).findings", "(. (diagnose r) findings)"),
    ("compare [a, b]", "(compare [ a b ])"), ("histogram v", "(histogram v)"),
    (
      "show f\ntex f\nsimplify x\nexpand x\nfactor x\ncollect x by y\nsurface f over x in v\nscatter x, y",
      "(show f)\n(tex f)\n(simplify x)\n(expand x)\n(factor x)\n(collect x (by y))\n(surface f (over (x in v)))\n(scatter x y)"
    ),
    (
      "[minimize f(x) from x = 0 using gd(rate = a) for a in rates]",
      "(each (minimize (call f x) (from x=0) (using (call gd rate=a))) (a rates))"
    ),
    (
      "[(minimize x from x = 0), (minimize y from y = 0)]",
      "[ (minimize x (from x=0)) (minimize y (from y=0)) ]"
    ),
    (
      "minimize (minimize x*y from x = 0).value from y = 1",
      "(minimize (. (minimize (* x y) (from x=0)) value) (from y=1))"
    ),
    ("x = (minimize y from y = 0).y", "(= x (. (minimize y (from y=0)) y))"),
  ]

  @Test(arguments: sentences) func isReadAsSentence(_ row: (text: String, outline: String)) {
    #expect(outline(row.text) == row.outline)
  }
}
