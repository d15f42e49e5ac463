/// What every test of this module needs: reading a text, and comparing trees by what they say.

import OptSyntax
import Testing

/// Reads `text` and returns the tree; errors fail the test.
func read(_ text: String, sourceLocation: SourceLocation = #_sourceLocation) -> SyntaxTree {
  let result = parse(text)
  #expect(
    result.diagnostics.isEmpty,
    "\(text)\n\(result.diagnostics.map { DiagnosticRenderer.render($0) }.joined(separator: "\n"))",
    sourceLocation: sourceLocation)
  return result.tree
}

/// Reads `text` as an input.
func parse(_ text: String) -> ParseResult {
  Parser.parse(SourceText(name: "<input>", text: text))
}

/// The tree of `text` in prefix notation, without places and numbers of nodes.
func outline(_ text: String, sourceLocation: SourceLocation = #_sourceLocation) -> String {
  outline(read(text, sourceLocation: sourceLocation))
}

/// A tree in prefix notation, one line a statement.
func outline(_ tree: SyntaxTree) -> String {
  tree.statements.map { Outline(tree: tree).of($0) }.joined(separator: "\n")
}

/// Writes nodes in prefix notation: `(+ a (* 2 b))`. Left-deep chains are not recursed into.
struct Outline {
  let tree: SyntaxTree

  func of(_ id: NodeID) -> String {
    if case .infix = tree[id] { return chain(id) }
    return switch tree[id] {
    case .number(let value, _): Int(exactly: value).map(String.init) ?? "\(value)"
    case .text(let parts): "(text \(parts.map(part).joined(separator: " ")))"
    case .boolean(let value): "\(value)"
    case .nothing: "nothing"
    case .gap: "???"
    case .name(let name): name
    case .endIndex: "end"
    case .wholeIndex: ":"
    case .prefix(let op, let operand): "(\(op.rawValue) \(of(operand)))"
    case .infix: ""
    case .comparison(let first, let links):
      "(\(of(first))\(links.map { " \($0.comparison.rawValue) \(of($0.operand))" }.joined()))"
    case .range(let from, let step, let to):
      "(range \(of(from)) \(step.map(of) ?? "_") \(of(to)))"
    case .prime(let operand): "(prime \(of(operand)))"
    case .transpose(let operand): "(transpose \(of(operand)))"
    case .call(let callee, let list): "(call \(of(callee))\(arguments(list)))"
    case .mapCall(let callee, let list): "(map \(of(callee))\(arguments(list)))"
    case .index(let base, let list): "(index \(of(base))\(all(list)))"
    case .field(let base, let name): "(. \(of(base)) \(name))"
    case .lambda(let list, let body): "(-> \(parameters(list)) \(of(body)))"
    case .conditional(let condition, let then, let otherwise):
      "(if \(of(condition)) \(of(then))\(otherwise.map { " " + of($0) } ?? ""))"
    case .block(let list): "{\(all(list)) }"
    case .brackets(let rows): "[\(rows.map(all).joined(separator: " ;")) ]"
    case .record(let list): "(record\(arguments(list)))"
    case .comprehension(let body, let list, let isBracketed):
      "(\(isBracketed ? "each" : "generate") \(of(body))\(list.map(generator).joined()))"
    case .sentence(let sentence): self.sentence(sentence)
    case .help(let topic): "(help \(topic))"
    case .assignment(let target, let value): "(= \(of(target)) \(of(value)))"
    case .definition(let definition):
      "(define\(definition.help.map { " \"\($0)\"" } ?? "") \(definition.name)"
        + " \(parameters(definition.parameters)) \(of(definition.body)))"
    case .forLoop(let variable, let source, let body): "(for \(variable) \(of(source)) \(of(body)))"
    case .whileLoop(let condition, let body): "(while \(of(condition)) \(of(body)))"
    case .breakLoop: "break"
    case .continueLoop: "continue"
    case .returnValue(let value): "(return\(value.map { " " + of($0) } ?? ""))"
    case .use(let name, let isFile): "(use \(isFile ? "file " : "")\(name))"
    case .silenced(let inner): "(silent \(of(inner)))"
    case .invalid: "<invalid>"
    }
  }

  private func chain(_ id: NodeID) -> String {
    var current = id
    var heads: [String] = []
    var tails: [NodeID] = []
    while case .infix(let op, let left, let right) = tree[current] {
      heads.append(op == .juxtapose ? "(_ " : "(\(op.rawValue) ")
      tails.append(right)
      current = left
    }
    var result = heads.joined() + of(current)
    for right in tails.reversed() { result += " \(of(right)))" }
    return result
  }

  private func all(_ list: [NodeID]) -> String { list.map { " " + of($0) }.joined() }

  private func arguments(_ list: [Argument]) -> String {
    list.map { " " + ($0.name.map { "\($0)=" } ?? "") + of($0.value) }.joined()
  }

  private func parameters(_ list: [Parameter]) -> String {
    "(" + list.map { $0.name + ($0.fallback.map { "=" + of($0) } ?? "") }.joined(separator: " ")
      + ")"
  }

  private func generator(_ generator: Generator) -> String {
    " (\(generator.variable) \(of(generator.source))"
      + (generator.condition.map { " if \(of($0))" } ?? "") + ")"
  }

  private func part(_ part: TextPart) -> String {
    switch part {
    case .literal(let string): "\"\(string)\""
    case .value(let id, let format): "{\(of(id))\(format.map { ":" + $0 } ?? "")}"
    }
  }

  private func sentence(_ sentence: Sentence) -> String {
    var result = "(\(sentence.verb.rawValue)\(sentence.aspect.map { " <\($0)>" } ?? "")"
    result += all(sentence.subjects)
    for clause in sentence.clauses {
      result += " (\(clause.word.rawValue)"
      for item in clause.items {
        switch item {
        case .expression(let id): result += " \(of(id))"
        case .binding(let name, let value, _): result += " \(name)=\(of(value))"
        case .draw(let name, let distribution, _): result += " \(name)~\(of(distribution))"
        case .membership(let name, let source, _): result += " (\(name) in \(of(source)))"
        }
      }
      result += ")"
    }
    return result + ")"
  }
}
