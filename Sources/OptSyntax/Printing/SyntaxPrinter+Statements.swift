/// Statements, texts, argument lists and sentences.

extension SyntaxPrinter {
  func statement(_ id: NodeID) -> [Piece] {
    switch tree[id] {
    case .sentence(let sentence): self.sentence(sentence)
    case .help(let topic): [.text(topic.isEmpty ? "help" : "help \(quoted(topic))")]
    case .assignment(let target, let value):
      [.node(target, .postfix), .text(" = "), .node(value, .sentence)]
    case .definition(let definition):
      [.text(definition.name)] + parameters(definition.parameters)
        + [.text(" = "), .node(definition.body, .sentence)]
    case .forLoop(let variable, let source, let body):
      [.text("for \(variable) in "), .node(source, .pipe), .text(" "), .node(body, .atom)]
    case .whileLoop(let condition, let body):
      [.text("while "), .node(condition, .pipe), .text(" "), .node(body, .atom)]
    case .breakLoop: [.text("break")]
    case .continueLoop: [.text("continue")]
    case .returnValue(let value):
      [.text("return")] + (value.map { [.text(" "), .node($0, .sentence)] } ?? [])
    case .use(let name, let isFile): [.text("use \(isFile ? quoted(name) : name)")]
    case .silenced(let inner): [.node(inner, .sentence), .text(";")]
    default: []
    }
  }

  func block(_ statements: [NodeID]) -> [Piece] {
    if statements.isEmpty { return [.text("{ }")] }
    var result: [Piece] = [.text("{"), .indent, .line]
    for (position, statement) in statements.enumerated() {
      if position > 0 { result.append(.separator) }
      result.append(.node(statement, .statement))
    }
    return result + [.outdent, .line, .text("}")]
  }

  func conditional(
    _ condition: NodeID, _ then: NodeID, _ otherwise: NodeID?, _ inBrackets: Bool
  ) -> [Piece] {
    var result: [Piece] = [.text("if "), .node(condition, .pipe), .text(" then ")]
    result += branch(then, followed: otherwise != nil, inBrackets)
    if let otherwise {
      result.append(.text(" else "))
      result += branch(otherwise, followed: false, inBrackets)
    }
    return result
  }

  /// A branch may be a statement where `if` is one. Before `else` nothing may end with an `if`.
  private func branch(_ id: NodeID, followed: Bool, _ inBrackets: Bool) -> [Piece] {
    switch tree[id] {
    case .assignment(let target, let value) where followed:
      [.node(target, .postfix), .text(" = "), .node(value, .pipe)]
    case .definition(let definition) where followed:
      [.text(definition.name)] + parameters(definition.parameters)
        + [.text(" = "), .node(definition.body, .pipe)]
    case .returnValue(let value?) where followed: [.text("return "), .node(value, .pipe)]
    default:
      if level(id) == .statement {
        [.node(id, .statement)]
      } else if beginsWithBlock(id) {
        [.bracketed(id)]
      } else {
        [.node(id, followed ? .pipe : .conditional, inBrackets: inBrackets)]
      }
    }
  }

  /// Whether a block is its leftmost part but not all of it: the block would be taken for a branch.
  private func beginsWithBlock(_ id: NodeID) -> Bool {
    var current = id
    while true {
      switch tree[current] {
      case .block: return current != id
      case .infix(_, let left, _), .comparison(let left, _), .prime(let left),
        .transpose(let left), .call(let left, _), .mapCall(let left, _), .index(let left, _),
        .field(let left, _), .range(let left, _, _):
        current = left
      default: return false
      }
    }
  }

  func comprehension(_ body: NodeID, _ generators: [Generator], _ isBracketed: Bool) -> [Piece] {
    var result: [Piece] = [.node(body, isBracketed ? .sentence : .lambda), .text(" for ")]
    result += joined(
      generators.map { generator -> [Piece] in
        [.text("\(generator.variable) in "), .node(generator.source, .pipe)]
          + (generator.condition.map { [.text(" if "), .node($0, .pipe)] } ?? [])
      }, ", ")
    return isBracketed ? [.text("[")] + result + [.text("]")] : result
  }

  /// Between the braces of a text a range stands in brackets, so that no `:` begins a format.
  func text(_ parts: [TextPart]) -> [Piece] {
    var result: [Piece] = [.text("\"")]
    for part in parts {
      switch part {
      case .literal(let string): result.append(.text(escaped(string)))
      case .value(let id, let format):
        result += [.beginText, .text("{"), .node(id, .sum)]
        result += [.text((format.map { ":\($0)" } ?? "") + "}"), .endText]
      }
    }
    return result + [.text("\"")]
  }

  private func quoted(_ text: String) -> String { "\"\(escaped(text))\"" }

  private func escaped(_ text: String) -> String {
    var result = String.UnicodeScalarView()
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\n": result.append(contentsOf: "\\n".unicodeScalars)
      case "\t": result.append(contentsOf: "\\t".unicodeScalars)
      case "\"", "\\", "{": result.append(contentsOf: ["\\", scalar])
      default: result.append(scalar)
      }
    }
    return String(result)
  }

  func arguments(_ open: String, _ list: [Argument]) -> [Piece] {
    [.text(open)]
      + joined(
        list.map { argument -> [Piece] in
          (argument.name.map { [.text("\($0) = ")] } ?? []) + [.node(argument.value, .lambda)]
        }, ", ") + [.text(")")]
  }

  func parameters(_ list: [Parameter]) -> [Piece] {
    [.text("(")]
      + joined(
        list.map { parameter -> [Piece] in
          [.text(parameter.name)]
            + (parameter.fallback.map { [.text(" = "), .node($0, .lambda)] } ?? [])
        }, ", ") + [.text(")")]
  }

  private func sentence(_ sentence: Sentence) -> [Piece] {
    var result: [Piece] = [.text(sentence.verb.rawValue + " ")]
    if let aspect = sentence.aspect {
      // `engine` does without `of` before a name.
      var isName = false
      if let subject = sentence.subjects.first, case .name = tree[subject] { isName = true }
      result.append(.text(aspect == "engine" && isName ? "engine " : "\(aspect) of "))
    }
    let least: Level = sentence.verb == .explain && sentence.clauses.isEmpty ? .sentence : .lambda
    result += list(sentence.subjects, sentence.verb == .fit ? " ~ " : ", ", least)
    for clause in sentence.clauses {
      result.append(.text(" \(clause.word.rawValue) "))
      result += joined(clause.items.map { item($0, of: clause.word) }, ", ")
    }
    return result
  }

  private func item(_ item: ClauseItem, of word: ClauseWord) -> [Piece] {
    switch item {
    case .expression(let id): [.node(id, word == .over || word == .from ? .range : .lambda)]
    case .binding(let name, let value, _): [.text("\(name) = "), .node(value, .lambda)]
    case .draw(let name, let distribution, _):
      [.text("\(name) ~ "), .node(distribution, .lambda)]
    case .membership(let name, let source, _): [.text("\(name) in "), .node(source, .lambda)]
    }
  }
}
