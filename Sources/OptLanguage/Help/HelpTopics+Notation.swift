/// Topics of notation: products, derivatives, symbols.

extension HelpTopic {
  static let notation: [HelpTopic] = [
    HelpTopic(
      ["products", "*", ".*", "./", ".^", "^", "·", "×", "\\"],
      """
      2x     2(x + 1)     x y     (x + 1)(x - 1)     A*B     v.*w
      """,
      "Factors side by side multiply, as on paper.",
      """
      It binds tighter than `*` and `/`. `f(x)` directly after a name is a call; after a number or a
      bracket with arithmetic it is a product. What could be read in two ways is refused with both
      readings. Powers are `x^2` or `x²`; of elements `v.^2`.
      """,
      example: """
        x = 3
        2x^2 + 4(x - 1)
        """),
    HelpTopic(
      ["derivatives", "derivative", "'", "∇", "gradient", "gradients"],
      """
      f'     f''     f'(2)     ∇f(1, 2)     hessian(f)(1, 2)     jacobian(f)(v)
      """,
      "Derivatives of functions, exact to rounding and of any order.",
      """
      `f'` is for a function of one number. `∇f` has the shape of the argument; of several parameters
      it is a record. Arguments given by name are held fixed: `∇loss(w, X = X)`. At a kink the
      derivative is that of the first case: abs'(0) = 0, relu'(0) = 0, and max and min give a tie to
      the first argument. `'` after a matrix transposes.
      """,
      example: """
        f(x, y) = x^2 y
        ∇f(1, 3)
        g(x) = x^3 sin(x)
        g'
        """),
    HelpTopic(
      ["pipes", "|>"], "x |> f |> g", "Hands a value from function to function: g(f(x)).",
      example: "[1, 4] |> sqrt"),
    HelpTopic(
      ["mapping", "map", ".("], "f.(v)", "Calls a function for each element.",
      "Elementary functions do so by themselves.",
      example: """
        f(x) = if x > 2 then x else 0
        f.([1, 2, 3])
        """),
    HelpTopic(
      ["symbols", "unicode", "√", "²", "ᵀ", "≤", "≥", "≠"],
      "x²   √2   Aᵀ   a·b   x ≤ 1   x ∈ v   ∇f   θ   W₁",
      "Signs of mathematics that can be typed and pasted.",
      "At the prompt `\\alpha` and Tab gives α, `\\nabla` ∇, `\\sqrt` √, `\\^2` ², `\\_1` ₁.",
      example: "√2 · 3²"),
    HelpTopic(
      ["gaps", "???"], "???", "A place that is still to be filled.",
      "It stands where an expression may; evaluating it is an error that says so.",
      example: "f(x) = if x > 0 then x else ???"),
    HelpTopic(
      ["ans"], "ans", "The value that was shown last.",
      example: """
        1 + 2
        2ans
        """),
    HelpTopic(
      ["arguments"], "optrepl program.opt a b", "What a program is given on the command line.",
      "`arguments` is a list of texts.", example: "help arguments"),
  ]
}
