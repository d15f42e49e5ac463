/// Explanations are read by programs, too: what they print is run and compared.
import OptLanguage
import OptSyntax
import Testing

struct ExplainTests {
  private func texts(_ lines: Lines, _ table: String, _ column: String) throws -> [String] {
    guard case .list(let list) = try lines.session.evaluate("\(table).\(column)") else {
      return []
    }
    return list.items.map { item in
      if case .text(let text) = item { return text.string }
      return ""
    }
  }

  /// Both tables of a gradient, typed in line by line, give the values beside them; the gradient is
  /// that of `∇`.
  @Test(arguments: 0..<4) func tablesOfGradientsRun(_ block: Int) throws {
    for k in 0..<25 {
      var generator = SplitMix(state: UInt64(7919 * (25 * block + k) + 3))
      let formula = RandomFormula(&generator, depth: 2 + k % 3).text + " + 0x + 0y"
      let lines = try Lines("f(x, y) = \(formula)")
      try lines.run("r = explain gradient of \(formula) at x = 0.731, y = -0.387")
      let wanted =
        try lines.numbers("(∇f(0.731, -0.387)).x") + lines.numbers("(∇f(0.731, -0.387)).y")
      try lines.expect("[r.gradient.x, r.gradient.y]", wanted)
      try lines.expect("r.value", equals: "f(0.731, -0.387)")
      for table in ["r.forward", "r.backward"] {
        let values = try lines.numbers("\(table).value")
        let names = try texts(lines, table, "name")
        let expressions = try texts(lines, table, "expression")
        #expect(names.count == values.count && names.count > 1)
        for (index, name) in names.enumerated() {
          if expressions[index] == "variable" {
            try lines.run("\(name) = \(values[index])")
          } else {
            // Constants are written with six digits of their value at most.
            try lines.run("\(name) = \(expressions[index])")
            try lines.expect(name, [values[index]], within: 1e-9)
          }
        }
      }
    }
  }

  /// Each step's text is the derivative of the text beside it.
  @Test(arguments: 0..<4) func stepsOfDerivationsRun(_ block: Int) throws {
    for k in 0..<20 {
      var generator = SplitMix(state: UInt64(104_729 * (20 * block + k) + 5))
      let formula = RandomFormula(&generator, depth: 1 + k % 3).text + " + 0x"
      let lines = try Lines("r = explain differentiate \(formula) by x")
      let expressions = try texts(lines, "r.steps", "expression")
      let derivatives = try texts(lines, "r.steps", "derivative")
      #expect(!expressions.isEmpty)
      for (expression, derivative) in zip(expressions, derivatives)
      where !expression.contains("…") && !derivative.contains("…") {
        let lines = try Lines("h = 1e-4; y = -0.387")
        try lines.run("f(x) = \(expression)")
        try lines.run("g(x) = \(derivative)")
        let difference = try lines.numbers(
          "(8(f(0.731 + h) - f(0.731 - h)) - (f(0.731 + 2h) - f(0.731 - 2h)))/(12h)")
        try lines.expect("g(0.731)", difference, within: 1e-7)
      }
    }
  }

  @Test func gradientsOfArraysAndPrograms() throws {
    let lines = try Lines(
      """
      A = [2, 1; 1, 3]; b = [1, -1]
      net(W, c, w) = { h = tanh.(W*b + c); (sum(w.*h) - 0.5)^2 }
      branch(x) = if x > 0 then x^2 else -x
      loop(x) = { s = x; for k in 1:4 { s = s + sin(s) }; s }
      """)
    let cases = [
      ("norm(A*z - b)^2", "z = [0.3, 0.7]"), ("z'*A*z", "z = [0.3, 0.7]"),
      ("logdet(P)", "P = [2, 1; 1, 3]"), ("sum(softmax(z).^2)", "z = [1, 2, 3]"),
      ("branch(x)", "x = 2"), ("branch(x)", "x = -2"), ("loop(x)", "x = 0.4"),
      ("sum(if w > 0 then sqrt(w) else 0 for w in z)", "z = [4, 0, -1, 9]"),
      ("norm(z)", "z = [0, 0]"), ("max(z)", "z = [1, 3, 2]"), ("z[1]*z[2] + z[1]", "z = [2, 3]"),
      ("sum(tanh.(M).^2)", "M = [0.1, 0.2; 0.3, 0.4]"), ("sum(A \\ z)", "z = [1, 2]"),
      ("logsumexp(1000z)", "z = [1, 2]"),
    ]
    for (expression, point) in cases {
      // f(name) = E at name = VALUE
      let parts = point.split(separator: "=", maxSplits: 1)
      let (name, value) = (parts[0], parts[1])
      try lines.run("f(\(name)) = \(expression)")
      try lines.run("r = explain gradient of \(expression) at \(point)")
      try lines.expect("r.gradient", equals: "∇f(\(value))")
    }
    try lines.run(
      "r = explain gradient of net(W, c, w) at W = [0.1, 0.2; 0.3, -0.4], c = [0, 1], w = [1, -1]")
    try lines.run("g = ∇net([0.1, 0.2; 0.3, -0.4], [0, 1], [1, -1])")
    for field in ["W", "c", "w"] {
      try lines.expect("r.gradient.\(field)", equals: "g.\(field)")
    }
  }

  /// Large graphs are shown in part, with the whole gradient.
  @Test func largeGraphsAreBounded() throws {
    let lines = try Lines("loop(x) = { s = x; for k in 1:3000 { s = s + sin(s)/k }; s }")
    try lines.run("r = explain gradient of loop(x) at x = 0.4")
    try lines.expect("r.gradient", equals: "loop'(0.4)")
    try lines.expect("length(r.forward.name)", 500)
    guard case .record(let record) = try lines.session.evaluate("r") else {
      Issue.record("no record")
      return
    }
    let shown = record.report?.lines(DisplayStyle()) ?? []
    #expect(shown.count < 100)
    #expect(shown.contains { $0.hasSuffix("more") })
  }

  // MARK: Graphviz

  /// What a quoted name may hold, and the rest of the line after it.
  private func quoted(_ line: Substring) -> (name: String, rest: Substring)? {
    guard line.first == "\"" else { return nil }
    var (name, isEscaped) = ("", false)
    var index = line.index(after: line.startIndex)
    while index < line.endIndex {
      let character = line[index]
      if character == "\"", !isEscaped {
        return (name, line[line.index(after: index)...])
      }
      isEscaped = character == "\\" && !isEscaped
      name.append(character)
      index = line.index(after: index)
    }
    return nil
  }

  @Test(arguments: [
    ("x*y + sin(x)", "x = 2, y = 3"), ("sum(p.W*p.b)", "p = (W = [1, 2; 3, 4], b = [1, 1])"),
    ("x", "x = 1"), ("(if x > 0 then x^2 else 1)*exp(x)", "x = 2"),
  ])
  func drawingsAreWellFormed(_ expression: String, _ point: String) throws {
    let lines = try Lines("r = explain gradient of \(expression) at \(point)")
    guard case .text(let text) = try lines.session.evaluate("r.dot") else {
      Issue.record("no text")
      return
    }
    let all = text.string.split(separator: "\n")
    #expect(all.first == "digraph gradient {" && all.last == "}")
    var nodes: Set<String> = []
    var edges = 0
    for line in all.dropFirst(3).dropLast() {
      guard let (name, rest) = quoted(line.drop { $0 == " " }) else {
        Issue.record("not a node: \(line)")
        continue
      }
      if rest.hasPrefix(" -> ") {
        let other = quoted(rest.dropFirst(4))
        #expect(nodes.contains(name) && nodes.contains(other?.name ?? ""), "\(line)")
        #expect(other?.rest == "")
        edges += 1
      } else {
        #expect(rest.hasPrefix(" [label = \"") && rest.hasSuffix("]"), "\(line)")
        nodes.insert(name)
      }
    }
    #expect(nodes.count == (try texts(lines, "r.forward", "name")).count)
    #expect(edges > 0 || nodes.count == 1)
  }
}
