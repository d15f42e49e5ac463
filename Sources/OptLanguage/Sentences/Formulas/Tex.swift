/// `tex f` and `tex E`: formulas in LaTeX.
import OptGraph
import OptNumerics
import OptSyntax

extension Sentences {
  static let tex = SentenceForm(
    verb: .tex, usage: "tex f   or   tex E",
    summary: "The formula of a function or expression as text in LaTeX.",
    example: "tex x^2/(1 + x)"
  ) { compiler, sentence, id in
    try compiler.refuseClauses(sentence, except: [])
    let subject = sentence.subjects[0]
    let (machine, span, tree) = (compiler.machine, compiler.span(subject), compiler.tree)
    // What is written is typeset; what stands for a function or for numbers is looked at.
    let direct: Code? = try tree.standsForValue(subject) ? compiler.expression(subject) : nil
    let namespace = compiler.namespace
    let traced = try compiler.formulaCode(sentence, id) { trace, _ in
      Formula.of(try trace.numbers())
    }
    return { frame in
      if let direct {
        let isUnknown =
          if case .name(let name) = tree[subject] { machine.isUnknown(name, namespace) } else {
            false
          }
        if !isUnknown { return .latex(try machine.latex(try direct(frame), span)) }
      } else if machine.callsDefined(tree, subject, namespace), let value = try? traced(frame) {
        return .latex(try machine.latex(value, span))
      }
      return .latex(machine.latexPrinter(tree, namespace).print(subject))
    }
  }
}

extension Value {
  /// A text that is shown as it is, to be copied.
  fileprivate static func latex(_ string: String) -> Value {
    .text(Text(string, isShownBare: true))
  }
}

extension Machine {
  /// Elements of a matrix that are typeset.
  private static let largestMatrix = 400

  func latexPrinter(_ tree: SyntaxTree, _ namespace: Namespace) -> SyntaxPrinter {
    SyntaxPrinter(tree: tree, style: .latex, functions: functionNames(tree, namespace))
  }

  /// The names of functions in a text with their LaTeX.
  private func functionNames(_ tree: SyntaxTree, _ namespace: Namespace) -> [String: String] {
    var result: [String: String] = [:]
    for node in tree.nodes {
      guard case .name(let name) = node, result[name] == nil else { continue }
      guard case .function(let function)? = known(name, namespace) else { continue }
      if case .elementary(let id) = function.kind {
        result[name] = id.row.latex
      } else if case .builtin = function.kind {
        result[name] = Self.latexOfBuiltins[name] ?? Self.upright(name)
      } else {
        result[name] = name.count == 1 ? name : Self.upright(name)
      }
    }
    return result
  }

  private static let latexOfBuiltins: [String: String] = [
    "det": "\\det", "max": "\\max", "min": "\\min", "trace": "\\operatorname{tr}",
    "logdet": "\\log\\det", "argmin": "\\operatorname{arg\\,min}",
    "argmax": "\\operatorname{arg\\,max}",
  ]

  private static func upright(_ name: String) -> String {
    let escaped = name.map { $0 == "_" ? "\\_" : String($0) }.joined()
    return "\\operatorname{\(escaped)}"
  }

  private func known(_ name: String, _ namespace: Namespace) -> Value? {
    let cell = namespace.cell(name)
    if cell.isSet { return cell.value.pointee }
    return try? cell.resolved(self)
  }

  fileprivate func isUnknown(_ name: String, _ namespace: Namespace) -> Bool {
    switch known(name, namespace) {
    case nil, .unset?: true
    default: false
    }
  }

  /// Whether an expression calls something that a program defined, or holds a derivative or
  /// sentence.
  fileprivate func callsDefined(
    _ tree: SyntaxTree, _ root: NodeID, _ namespace: Namespace
  ) -> Bool {
    var pending = [root]
    while let id = pending.popLast() {
      switch tree[id] {
      case .sentence, .prefix(.nabla, _): return true
      case .call(let callee, _):
        if case .name(let name) = tree[callee],
          case .function(let function)? = known(name, namespace),
          case .closure(let code, _) = function.kind, !code.isLibrary
        {
          return true
        }
      case .prime(let operand):
        if case .name(let name) = tree[operand], case .function? = known(name, namespace) {
          return true
        }
      default: break
      }
      pending.append(contentsOf: tree.below(id))
    }
    return false
  }

  // MARK: Values

  fileprivate func latex(_ value: Value, _ span: SourceSpan) throws -> String {
    switch value {
    case .function(let function): return try latex(function, span)
    case .number, .matrix, .boolean:
      guard let matrix = value.matrix else { break }
      guard matrix.count <= Self.largestMatrix else {
        throw Diagnostic(
          .error, "\(value.kindDescription) is too large to be typeset", at: span,
          help: "take a part of it, as `A[1:5, 1:5]`")
      }
      var tree = SyntaxTree()
      let cells = matrix.buffer.elements.map { number -> NodeID in
        tree.append(
          .number(number, spelling: NumberFormat.short(number, digits: options.digits)), at: .none)
      }
      if matrix.count == 1 { return SyntaxPrinter(tree: tree, style: .latex).print(cells[0]) }
      let rows = (0..<matrix.rows).map { row in
        Array(cells[row * matrix.columns..<(row + 1) * matrix.columns])
      }
      let isColumn = matrix.columns == 1
      let node = tree.append(.brackets(isColumn ? [cells] : rows), at: .none)
      if matrix.rows == 1 {
        let column = tree.append(.brackets([cells]), at: .none)
        let row = tree.append(.transpose(column), at: .none)
        return SyntaxPrinter(tree: tree, style: .latex).print(row)
      }
      return SyntaxPrinter(tree: tree, style: .latex).print(node)
    default: break
    }
    throw Diagnostic(
      .error, "\(value.kindDescription) has no formula", at: span,
      help: "`tex` takes a function, an expression or numbers")
  }

  private func latex(_ function: Function, _ span: SourceSpan) throws -> String {
    switch function.kind {
    case .closure(let code, _):
      let printer = latexPrinter(code.tree, code.namespace ?? user)
      guard code.tree.isFormula(code.bodyNode) else {
        throw Diagnostic(
          .error, "`\(code.name ?? "this function")` is a program, not a formula", at: span,
          help: "an expression that calls it is typeset as its formula: `tex \(code.name ?? "f")"
            + "(\(code.parameters.map(\.name).joined(separator: ", ")))`")
      }
      let body = printer.print(code.bodyNode)
      if code.formulaText != nil { return body }
      let names = code.parameters.map { latexSymbol($0.name) }.joined(separator: ", ")
      guard let name = code.name else {
        return code.parameters.count == 1
          ? "\(names) \\mapsto \(body)" : "\\left(\(names)\\right) \\mapsto \(body)"
      }
      return "\(latexSymbol(name, isFunction: true))\\left(\(names)\\right) = \(body)"
    case .derived(let derived):
      let names = variableNames(of: derived.base)
      let value = try symbolic(function, derived, names)
      let arguments = names.map { latexSymbol($0) }.joined(separator: ", ")
      return "\(head(derived))\\left(\(arguments)\\right) = \(latex(symbolic: value))"
    case .elementary(let id):
      let names = id.row.parameters.joined(separator: ", ")
      return "\(id.row.latex)\\left(\(names)\\right)"
    case .builtin(let builtin):
      return Self.latexOfBuiltins[builtin.name] ?? Self.upright(builtin.name)
    case .custom(let custom): return try latex(custom.base, span)
    }
  }

  private func latexSymbol(_ name: String, isFunction: Bool = false) -> String {
    if isFunction, name.count > 1, !name.contains("_") { return Self.upright(name) }
    var tree = SyntaxTree()
    let node = tree.append(.name(name), at: .none)
    return SyntaxPrinter(tree: tree, style: .latex).print(node)
  }

  /// `f'`, `\nabla f`.
  private func head(_ derived: DerivedFunction) -> String {
    let inner: String
    if case .derived(let base) = derived.base.kind {
      inner = head(base)
    } else {
      inner = latexSymbol(derived.base.name ?? "f", isFunction: true)
    }
    switch derived.order {
    case .prime: return inner + "'"
    case .gradient: return "\\nabla " + inner
    default: return "\\operatorname{\(derived.name.prefix { $0 != "(" })} " + inner
    }
  }

  /// What the derivative of a function at symbols is made of.
  private func latex(symbolic value: Value) -> String {
    switch value {
    case .traced(let numbers):
      let formula = Formula.of(numbers.expression)
      let printer = latexPrinter(formula.tree, user)
      let parts = formula.parts.map { "\(latexSymbol($0.name)) = \(printer.print($0.root))" }
      let list = parts.isEmpty ? "" : " \\quad\\text{where } " + parts.joined(separator: ",\\; ")
      return printer.print(formula.root) + list
    case .record(let record):
      return "\\begin{pmatrix} "
        + record.values.map { latex(symbolic: $0) }
        .joined(separator: " \\\\ ") + " \\end{pmatrix}"
    case .list(let list):
      return "\\begin{pmatrix} "
        + list.items.map { latex(symbolic: $0) }
        .joined(separator: " & ") + " \\end{pmatrix}"
    default: return (try? latex(value, .none)) ?? "\\dots"
    }
  }
}

extension SyntaxTree {
  /// Whether an expression stands for a value to be looked at: a name, a derivative, a sentence.
  fileprivate func standsForValue(_ id: NodeID) -> Bool {
    switch self[id] {
    case .name, .sentence, .prefix(.nabla, _), .lambda: true
    case .prime(let operand), .field(let operand, _): standsForValue(operand)
    default: false
    }
  }

  /// Whether a body is an expression, or names given values and then an expression.
  fileprivate func isFormula(_ id: NodeID) -> Bool {
    guard case .block(let statements) = self[id] else { return true }
    for (k, statement) in statements.enumerated() {
      switch self[statement] {
      case .assignment(let target, _):
        guard isName(target), k + 1 < statements.count else { return false }
      case .forLoop, .whileLoop, .breakLoop, .continueLoop, .returnValue, .definition, .use,
        .help, .silenced, .invalid:
        return false
      default: guard k + 1 == statements.count else { return false }
      }
    }
    return !statements.isEmpty
  }
}
