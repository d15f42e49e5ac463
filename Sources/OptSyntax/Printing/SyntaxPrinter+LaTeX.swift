/// Formulas in LaTeX: what differs from the text; brackets are put by the same rules.

extension SyntaxPrinter {
  /// What a node is made of; nil where the text does.
  func latex(_ id: NodeID) -> [Piece]? {
    switch tree[id] {
    case .number(_, let spelling): [.text(LaTeXName.number(spelling))]
    case .name(let name): [.text(functions[name] ?? LaTeXName.symbol(name))]
    case .boolean(let value): [.text("\\mathrm{\(value)}")]
    case .nothing: [.text("\\mathrm{nothing}")]
    case .endIndex: [.text("\\mathrm{end}")]
    case .infix(let op, let left, let right): infix(op, left, right)
    case .prefix(let op, let operand): prefix(op, operand)
    case .comparison(let first, let links):
      [.node(first, .membership)]
        + links.flatMap {
          [.text(Self.comparisons[$0.comparison] ?? " = "), .node($0.operand, .membership)]
        }
    case .range(let from, _, let to):
      [.node(from, .sum), .text(", \\dots, "), .node(to, .sum)]
    case .prime(let operand):
      isFunction(operand)
        ? [.node(operand, .postfix), .text("'")] : based(operand, "^{\\mathsf T}")
    case .transpose(let operand): based(operand, "^{\\mathsf T}")
    case .call(let callee, let arguments), .mapCall(let callee, let arguments):
      call(callee, arguments)
    case .index(let base, let indices):
      based(base, "_{") + list(indices, ", ", .lambda) + [.text("}")]
    case .field(let base, let name): based(base, "_{\\mathrm{\(LaTeXName.escaped(name))}}")
    case .lambda(let parameters, let body):
      [.text(names(parameters)), .text(" \\mapsto "), .node(body, .lambda)]
    case .definition(let definition):
      [
        .text(functions[definition.name] ?? LaTeXName.symbol(definition.name)),
        .text("\\left(\(names(definition.parameters, inBrackets: false))\\right) = "),
        .node(definition.body, .sentence),
      ]
    case .conditional: cases(id)
    case .block(let statements): whereParts(statements)
    case .brackets(let rows): matrix(rows)
    case .record(let fields): [.text("\\left(")] + self.fields(fields) + [.text("\\right)")]
    case .comprehension(let body, let generators, _):
      [.text("\\left("), .node(body, .sum), .text("\\right)_{")] + indices(generators)
        + [.text("}")]
    case .text(let parts): [.text("\\text{\(LaTeXName.escaped(literal(parts)))}")]
    default: nil
    }
  }

  private static let comparisons: [ComparisonOperator: String] = [
    .equal: " = ", .notEqual: " \\ne ", .less: " < ", .lessOrEqual: " \\le ", .greater: " > ",
    .greaterOrEqual: " \\ge ",
  ]

  /// Whether a prime after it is a derivative and not a transpose.
  private func isFunction(_ id: NodeID) -> Bool {
    var current = id
    while case .prime(let inner) = tree[current] { current = inner }
    if case .name(let name) = tree[current] { return functions[name] != nil }
    if case .lambda = tree[current] { return true }
    return false
  }

  private func literal(_ parts: [TextPart]) -> String {
    parts.map { if case .literal(let text) = $0 { text } else { "…" } }.joined()
  }

  private func names(_ parameters: [Parameter], inBrackets: Bool = true) -> String {
    let list = parameters.map { LaTeXName.symbol($0.name) }.joined(separator: ", ")
    return parameters.count == 1 || !inBrackets ? list : "\\left(\(list)\\right)"
  }

  /// A base that gets an index or exponent; one that has some already stands in braces.
  private func based(_ id: NodeID, _ mark: String) -> [Piece] {
    switch tree[id] {
    case .prime, .transpose, .index, .field:
      return [.text("{"), .node(id, .postfix), .text("}" + mark)]
    case .name(let name) where LaTeXName.symbol(name).contains("_"):
      return [.text("{"), .node(id, .postfix), .text("}" + mark)]
    case .call(let callee, _) where isFraction(callee):
      return [.bracketed(id), .text(mark)]
    default: return [.node(id, .postfix), .text(mark)]
    }
  }

  /// Whether a call is written without brackets of its own at its end.
  private func isFraction(_ callee: NodeID) -> Bool {
    guard case .name(let name) = tree[callee] else { return false }
    return ["sum", "prod", "inv"].contains(name)
  }

  // MARK: Operators

  private func infix(_ op: InfixOperator, _ left: NodeID, _ right: NodeID) -> [Piece]? {
    switch op {
    case .divide:
      let above: [Piece] =
        hasSign(left)
        ? [.text("-\\frac{"), .unsigned(left)] : [.text("\\frac{"), .node(left, .statement)]
      return above + [.text("}{"), .node(right, .statement), .text("}")]
    case .power: return based(left, "^{") + [.node(right, .statement), .text("}")]
    case .elementPower:
      return based(left, "^{\\circ ") + [.node(right, .power), .text("}")]
    case .multiply, .juxtapose: return product(left, right)
    case .elementMultiply: return [.node(left, .product), .text(" \\odot "), .node(right, .sign)]
    case .elementDivide: return [.node(left, .product), .text(" \\oslash "), .node(right, .sign)]
    case .solve: return [.node(left, .product), .text(" \\backslash "), .node(right, .sign)]
    case .and: return [.node(left, .and), .text(" \\land "), .node(right, .not)]
    case .or: return [.node(left, .or), .text(" \\lor "), .node(right, .and)]
    case .isIn: return [.node(left, .range), .text(" \\in "), .node(right, .range)]
    default: return nil
    }
  }

  /// Whether a product begins with a sign, which stands before the fraction then.
  func hasSign(_ id: NodeID) -> Bool {
    var current = id
    while case .infix(let op, let left, _) = tree[current],
      op == .multiply || op == .juxtapose || op == .divide
    { current = left }
    if case .prefix(.minus, _) = tree[current] { return true }
    return false
  }

  /// A product that has a sign, without it.
  func unsigned(_ id: NodeID) -> [Piece] {
    if case .prefix(.minus, let operand) = tree[id] { return [.node(operand, .product)] }
    var pieces = pieces(of: id, false)
    switch pieces.first {
    case .node(let first, _, _): pieces[0] = .unsigned(first)
    case .text(let sign) where sign.hasPrefix("-"): pieces[0] = .text(String(sign.dropFirst()))
    default: break
    }
    return pieces
  }

  /// Factors beside each other; before a digit, or a bracket that could be an argument, a dot.
  private func product(_ left: NodeID, _ right: NodeID) -> [Piece] {
    var result: [Piece] = [.node(left, .product)]
    var last = left
    for factor in factors(of: right) {
      var sign = "\\,"
      if case .digit = beginning(factor) { sign = " \\cdot " }
      if level(factor) < .power { sign = isName(last) ? " \\cdot " : "" }
      if case .number = tree[last], sign == "\\," { sign = " " }
      result += [.text(sign), .node(factor, .power)]
      last = factor
    }
    return result
  }

  private func isName(_ id: NodeID) -> Bool {
    if case .infix(.multiply, _, let right) = tree[id] { return isName(right) }
    if case .name = tree[id] { return true }
    return false
  }

  private func prefix(_ op: PrefixOperator, _ operand: NodeID) -> [Piece]? {
    switch op {
    case .squareRoot: [.text("\\sqrt{"), .node(operand, .statement), .text("}")]
    case .nabla: [.text("\\nabla "), .node(operand, .atom)]
    case .not: [.text("\\lnot "), .node(operand, .not)]
    case .minus, .plus: nil
    }
  }

  // MARK: Calls

  /// Calls that are signs around their argument.
  private static let fences: [String: (String, String)] = [
    "sqrt": ("\\sqrt{", "}"), "cbrt": ("\\sqrt[3]{", "}"),
    "abs": ("\\left\\lvert ", "\\right\\rvert"), "norm": ("\\left\\lVert ", "\\right\\rVert"),
    "floor": ("\\left\\lfloor ", "\\right\\rfloor"), "ceil": ("\\left\\lceil ", "\\right\\rceil"),
  ]

  private func call(_ callee: NodeID, _ arguments: [Argument]) -> [Piece] {
    if case .name(let name) = tree[callee] {
      if arguments.count == 1, let argument = arguments.first, argument.name == nil {
        if let (open, close) = Self.fences[name] {
          return [.text(open), .node(argument.value, .statement), .text(close)]
        }
        if name == "inv" { return based(argument.value, "^{-1}") }
        if case .comprehension(let body, let generators, false) = tree[argument.value] {
          let sign = name == "sum" ? "\\sum" : name == "prod" ? "\\prod" : nil
          if let sign, generators.allSatisfy({ $0.condition == nil }) {
            return generators.flatMap { [.text(sign)] + bounds($0) } + [.node(body, .product)]
          }
        }
      }
      if name == "norm", arguments.count == 2 {
        return [
          .text("\\left\\lVert "), .node(arguments[0].value, .statement),
          .text("\\right\\rVert_{"), .node(arguments[1].value, .statement), .text("}"),
        ]
      }
    }
    return [callTarget(callee), .text("\\left(")] + fields(arguments) + [.text("\\right)")]
  }

  private func fields(_ list: [Argument]) -> [Piece] {
    joined(
      list.map { argument in
        (argument.name.map { [.text(LaTeXName.symbol($0) + " = ")] } ?? [])
          + [.node(argument.value, .lambda)]
      }, ",\\, ")
  }

  /// `_{i=1}^{n}`, or `_{i \in I}`.
  private func bounds(_ generator: Generator) -> [Piece] {
    let name = LaTeXName.symbol(generator.variable)
    if case .range(let from, nil, let to) = tree[generator.source] {
      return [
        .text("_{\(name)="), .node(from, .sum), .text("}^{"), .node(to, .statement), .text("} "),
      ]
    }
    return [.text("_{\(name) \\in "), .node(generator.source, .range), .text("} ")]
  }

  private func indices(_ generators: [Generator]) -> [Piece] {
    joined(
      generators.map { generator in
        [.text("\(LaTeXName.symbol(generator.variable)) = "), .node(generator.source, .range)]
          + (generator.condition.map { [.text(" : "), .node($0, .or)] } ?? [])
      }, ",\\, ")
  }

  // MARK: Layout

  private func cases(_ id: NodeID) -> [Piece] {
    var result: [Piece] = [.text("\\begin{cases} ")]
    var current = id
    while case .conditional(let condition, let then, let otherwise) = tree[current] {
      result += [.node(then, .lambda), .text(" & \\text{if } "), .node(condition, .or)]
      guard let otherwise else { break }
      result.append(.text(" \\\\ "))
      current = otherwise
      if case .conditional = tree[otherwise] { continue }
      result += [.node(otherwise, .lambda), .text(" & \\text{otherwise}")]
    }
    return result + [.text(" \\end{cases}")]
  }

  private func matrix(_ rows: [[NodeID]]) -> [Piece] {
    // One row in the text is a column.
    let lines = rows.count == 1 ? rows[0].map { [$0] } : rows
    return [.text("\\begin{pmatrix} ")]
      + joined(lines.map { list($0, " & ", .lambda) }, " \\\\ ") + [.text(" \\end{pmatrix}")]
  }

  /// Names given values and what is made of them.
  private func whereParts(_ statements: [NodeID]) -> [Piece] {
    guard let last = statements.last else { return [.text("\\mathrm{nothing}")] }
    var result: [Piece] = [.node(last, .statement)]
    if statements.count > 1 { result.append(.text(" \\quad\\text{where } ")) }
    return result + list(Array(statements.dropLast()), ",\\; ", .statement)
  }
}
