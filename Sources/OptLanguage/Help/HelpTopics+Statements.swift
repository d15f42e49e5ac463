/// Topics of definitions and statements.

extension HelpTopic {
  static let statements: [HelpTopic] = [
    HelpTopic(
      ["functions", "definitions", "->"],
      """
      f(x, y) = E                f(x, a = 1) = E
      f(x) = { … }               x -> E        (x, y) -> E
      """,
      "Defines a function.",
      """
      Lines that begin with `##` directly above a definition are its help. Parameters with `=` may be
      left out of a call, or given by name. Functions see the names around them; what they assign is
      their own. A definition is a value: it can be passed on and differentiated.
      """,
      example: """
        f(x, a = 1) = a x^2
        f(3)
        f(3, a = 2)
        """),
    HelpTopic(
      ["blocks", "return", "{"], "{ statement; statement; value }",
      "Statements in braces; the value is that of the last one.",
      "`return v` ends a function early. `;` or a new line parts the statements.",
      example: """
        f(x) = { y = x + 1; y^2 }
        f(2)
        """),
    HelpTopic(
      ["if", "then", "else"],
      """
      if c then a else b
      if c { … } else if d { … } else { … }
      """,
      "Chooses one of two expressions or blocks.",
      """
      The side that is not taken is not evaluated and contributes nothing to derivatives.
      """,
      example: """
        f(x) = if x > 0 then sqrt(x) else 0
        f(4)
        f'(-1)
        """),
    HelpTopic(
      ["for", "break", "continue"], "for i in 1:n { … }",
      "Repeats a block for each element of a vector or item of a list.",
      "`break` leaves the loop, `continue` begins the next turn. Tables go by rows.",
      example: """
        s = 0
        for i in 1:10 { s = s + i^2 }
        s
        """),
    HelpTopic(
      ["while"], "while c { … }", "Repeats a block as long as a condition holds.",
      example: """
        n = 1
        while n < 100 { n = 2n }
        n
        """),
    HelpTopic(
      ["use"], "use \"file.opt\"\nuse NAME",
      "Runs a file once, or loads a module of the library.",
      "Paths are relative to the file that says them. Most names of the library need no `use`.",
      example: "use losses"),
    HelpTopic(
      ["help"], "help NAME\nhelp \"words\"", "Explains a name or a topic, or searches for words.",
      example: "help sin"),
    HelpTopic(
      ["comments", "#", "##"], "# to the end of the line\n## help of the definition below",
      "Text for the reader.",
      example: """
        ## The area of a circle.
        area(r) = π r^2
        help area
        """),
  ]
}
