/// Syntax trees as text that reads back as the same tree.

/// Prints nodes of one tree.
package struct SyntaxPrinter {
  let tree: SyntaxTree

  package init(tree: SyntaxTree) { self.tree = tree }

  /// All statements, one a line.
  package func print() -> String { tree.statements.map { print($0) }.joined(separator: "\n") }

  /// How tightly the forms bind, loosest first.
  private enum Level: Int {
    case lambda, conditional, pipe, or, and, not, comparison, membership, range, sum, product
    case juxtaposition, sign, power, postfix, atom
  }

  package func print(_ id: NodeID) -> String { text(id) }

  private func level(_ id: NodeID) -> Level {
    switch tree[id] {
    case .lambda, .sentence, .assignment, .definition, .forLoop, .whileLoop, .silenced,
      .returnValue, .help, .use:
      .lambda
    case .conditional: .conditional
    case .infix(let op, _, _): Self.level(op)
    case .comparison: .comparison
    case .range: .range
    case .prefix(let op, _):
      switch op {
      case .not: .not
      case .minus, .plus: .sign
      case .squareRoot: .power
      case .nabla: .atom
      }
    case .prime, .transpose, .call, .mapCall, .index, .field: .postfix
    default: .atom
    }
  }

  private static func level(_ op: InfixOperator) -> Level {
    switch op {
    case .pipe: .pipe
    case .or: .or
    case .and: .and
    case .isIn: .membership
    case .add, .subtract: .sum
    case .multiply, .divide, .solve, .elementMultiply, .elementDivide: .product
    case .juxtapose: .juxtaposition
    case .power, .elementPower: .power
    }
  }

  private func at(_ id: NodeID, _ least: Level) -> String {
    let inner = text(id)
    return level(id).rawValue >= least.rawValue ? inner : "(\(inner))"
  }

  private func text(_ id: NodeID) -> String {
    switch tree[id] {
    case .number(_, let spelling): return spelling
    case .text(let parts): return literal(parts)
    case .boolean(let value): return value ? "true" : "false"
    case .nothing: return "nothing"
    case .gap: return "???"
    case .name(let name): return name
    case .endIndex: return "end"
    case .wholeIndex: return ":"
    case .prefix(let op, let operand): return prefix(op, operand)
    case .infix: return chain(id)
    case .comparison(let first, let links):
      return links.reduce(at(first, .membership)) {
        "\($0) \($1.comparison.rawValue) \(at($1.operand, .membership))"
      }
    case .range(let from, let step, let to):
      return ([from] + (step.map { [$0] } ?? []) + [to]).map { at($0, .sum) }.joined(separator: ":")
    case .prime(let operand): return postfixOperand(operand) + "'"
    case .transpose(let operand): return postfixOperand(operand) + "ᵀ"
    case .call(let callee, let list): return callTarget(callee) + "(\(arguments(list)))"
    case .mapCall(let callee, let list): return callTarget(callee) + ".(\(arguments(list)))"
    case .index(let base, let indices):
      return postfixOperand(base) + "[" + indices.map { text($0) }.joined(separator: ", ") + "]"
    case .field(let base, let name): return postfixOperand(base) + ".\(name)"
    case .lambda(let parameters, let body):
      if parameters.count == 1, parameters[0].fallback == nil {
        return "\(parameters[0].name) -> \(text(body))"
      }
      return "(\(self.parameters(parameters))) -> \(text(body))"
    case .conditional(let condition, let then, let otherwise):
      let tail = otherwise.map { " else \(branch($0))" } ?? ""
      return "if \(text(condition)) then \(branch(then, followed: otherwise != nil))\(tail)"
    case .block(let statements):
      if statements.isEmpty { return "{ }" }
      return "{\n" + statements.map { indented(text($0)) }.joined(separator: "\n") + "\n}"
    case .brackets(let rows):
      return "["
        + rows.map { $0.map { text($0) }.joined(separator: ", ") }.joined(separator: "; ") + "]"
    case .record(let fields): return "(\(arguments(fields)))"
    case .comprehension(let body, let generators, let inBrackets):
      let inner = text(body) + " " + self.generators(generators)
      return inBrackets ? "[\(inner)]" : inner
    case .sentence(let sentence): return self.sentence(sentence)
    case .help(let topic): return topic.isEmpty ? "help" : "help \"\(topic)\""
    case .assignment(let target, let value): return "\(text(target)) = \(text(value))"
    case .definition(let definition):
      return "\(definition.name)(\(parameters(definition.parameters))) = \(text(definition.body))"
    case .forLoop(let variable, let source, let body):
      return "for \(variable) in \(text(source)) \(text(body))"
    case .whileLoop(let condition, let body): return "while \(text(condition)) \(text(body))"
    case .breakLoop: return "break"
    case .continueLoop: return "continue"
    case .returnValue(let value): return value.map { "return \(text($0))" } ?? "return"
    case .use(let name, let isFile): return isFile ? "use \"\(name)\"" : "use \(name)"
    case .silenced(let inner): return text(inner) + ";"
    case .invalid: return "???"
    }
  }

  private func indented(_ text: String) -> String {
    "  " + text.split(separator: "\n", omittingEmptySubsequences: false).joined(separator: "\n  ")
  }

  private func branch(_ id: NodeID, followed: Bool = false) -> String {
    if case .conditional(_, _, nil) = tree[id], followed { return "(\(text(id)))" }
    return level(id) == .lambda ? "(\(text(id)))" : text(id)
  }

  /// A chain of operators that group to the left, without recursion along its left side.
  private func chain(_ id: NodeID) -> String {
    var steps: [(InfixOperator, NodeID)] = []
    var current = id
    var outer: Level?
    while case .infix(let op, let left, let right) = tree[current] {
      let mine = Self.level(op)
      if let outer, mine.rawValue < outer.rawValue { break }
      if op == .power || op == .elementPower {
        if steps.isEmpty {
          return powerBase(left) + op.rawValue + exponent(right)
        }
        break
      }
      steps.append((op, right))
      outer = mine
      current = left
    }
    var result = at(current, outer ?? .lambda)
    for (op, right) in steps.reversed() {
      let next = Level(rawValue: Self.level(op).rawValue + 1) ?? .atom
      switch op {
      case .juxtapose: result = juxtaposed(result, right)
      case .add, .subtract, .and, .or, .isIn, .pipe:
        result += " \(op.rawValue) \(at(right, next))"
      default:
        result += "\(op.rawValue)\(at(right, next))"
      }
    }
    return result
  }

  /// `left right`; what would read otherwise is bracketed or written with `*`'s sister bracket.
  private func juxtaposed(_ left: String, _ right: NodeID) -> String {
    let plain = at(right, .power)
    switch tree[right] {
    case .name: return "\(left) \(plain)"
    case .prefix(.squareRoot, _), .prefix(.nabla, _): return "\(left) \(plain)"
    case .infix(.power, let base, _):
      if case .name = tree[base] { return "\(left) \(plain)" }
    case .call(let callee, _):
      if case .name = tree[callee] { return "\(left) \(plain)" }
      if case .prefix(.nabla, _) = tree[callee] { return "\(left) \(plain)" }
    case .index(let base, _), .field(let base, _), .prime(let base), .transpose(let base):
      if case .name = tree[base] { return "\(left) \(plain)" }
    default: break
    }
    let bracketed = plain.hasPrefix("(") && tree[right].isOperator ? plain : "(\(text(right)))"
    let ends = left.last
    if ends == ")" || ends?.isNumber == true { return left + bracketed }
    return "(\(left))\(bracketed)"
  }

  private func powerBase(_ id: NodeID) -> String { at(id, .postfix) }

  private func exponent(_ id: NodeID) -> String {
    switch tree[id] {
    case .prefix(.minus, let inner): return "-" + at(inner, .power)
    default: return at(id, .power)
    }
  }

  private func prefix(_ op: PrefixOperator, _ operand: NodeID) -> String {
    switch op {
    case .minus, .plus:
      let inner = at(operand, .sign)
      return op.rawValue + (inner.hasPrefix("-") || inner.hasPrefix("+") ? "(\(inner))" : inner)
    case .not: return "not " + at(operand, .not)
    case .squareRoot: return "√" + at(operand, .power)
    case .nabla:
      if case .name(let name) = tree[operand] { return "∇\(name)" }
      return "∇(\(text(operand)))"
    }
  }

  private func postfixOperand(_ id: NodeID) -> String {
    if case .number = tree[id] { return "(\(text(id)))" }
    return at(id, .postfix)
  }

  private func callTarget(_ id: NodeID) -> String {
    switch tree[id] {
    case .name, .call, .field, .index, .prime, .mapCall: return text(id)
    case .prefix(.nabla, _): return text(id)
    default: return "(\(text(id)))"
    }
  }

  private func literal(_ parts: [TextPart]) -> String {
    var result = "\""
    for part in parts {
      switch part {
      case .literal(let string):
        for character in string {
          switch character {
          case "\n": result += "\\n"
          case "\t": result += "\\t"
          case "\"": result += "\\\""
          case "\\": result += "\\\\"
          case "{": result += "\\{"
          default: result.append(character)
          }
        }
      case .value(let id, let format):
        result += "{\(text(id))" + (format.map { ":\($0)" } ?? "") + "}"
      }
    }
    return result + "\""
  }

  private func arguments(_ list: [Argument]) -> String {
    list.map { ($0.name.map { "\($0) = " } ?? "") + text($0.value) }.joined(separator: ", ")
  }

  private func parameters(_ list: [Parameter]) -> String {
    list.map { $0.name + ($0.fallback.map { " = \(text($0))" } ?? "") }.joined(separator: ", ")
  }

  private func generators(_ list: [Generator]) -> String {
    "for "
      + list.map { generator in
        "\(generator.variable) in \(text(generator.source))"
          + (generator.condition.map { " if \(text($0))" } ?? "")
      }.joined(separator: ", ")
  }

  private func sentence(_ sentence: Sentence) -> String {
    var result = sentence.verb.rawValue
    if let aspect = sentence.aspect {
      result += aspect == "engine" ? " engine" : " \(aspect) of"
    }
    result +=
      " "
      + sentence.subjects.map { text($0) }.joined(separator: sentence.verb == .fit ? " ~ " : ", ")
    for clause in sentence.clauses {
      result += " \(clause.word.rawValue) "
      result += clause.items.map { item in
        switch item {
        case .expression(let id): text(id)
        case .binding(let name, let value, _): "\(name) = \(text(value))"
        case .draw(let name, let distribution, _): "\(name) ~ \(text(distribution))"
        case .membership(let name, let source, _): "\(name) in \(text(source))"
        }
      }.joined(separator: ", ")
    }
    return result
  }
}

extension SyntaxNode {
  /// Whether brackets around it cannot be those of a call.
  var isOperator: Bool {
    switch self {
    case .infix(let op, _, _): op != .pipe
    case .number, .range, .transpose: true
    case .prefix(let op, _): op != .nabla
    default: false
    }
  }
}
