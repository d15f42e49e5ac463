/// Syntax trees as text that reads back as the same tree.

/// Prints nodes of one tree. Nothing here recurses: what is still to be printed waits in a list, so
/// that a chain of a million terms prints as easily as a short one.
package struct SyntaxPrinter {
  /// How operators are written.
  package enum Style: Sendable {
    /// As typed: `2*x^2`. Reads back as the same tree.
    case source
    /// As on paper: `2x²`, with `·` where a product without a sign would read otherwise. Reads back
    /// as a tree that means the same; factors and terms may be grouped differently.
    case formula
    /// As in a book, for LaTeX's mathematical mode.
    case latex
  }

  let tree: SyntaxTree
  let style: Style
  /// For LaTeX: what functions are called there, `\\tanh`. Other names are variables.
  let functions: [String: String]

  /// A printer for the nodes of `tree`.
  package init(tree: SyntaxTree, style: Style = .source, functions: [String: String] = [:]) {
    self.tree = tree
    self.style = style
    self.functions = functions
  }

  /// All statements, one a line.
  package func print() -> String {
    var pieces: [Piece] = []
    for statement in tree.statements {
      if !pieces.isEmpty { pieces.append(.separator) }
      pieces.append(.node(statement, .statement))
    }
    return write(pieces)
  }

  /// One node.
  package func print(_ id: NodeID) -> String { write([.node(id, .statement)]) }

  /// Something that waits to be printed.
  enum Piece {
    case text(String)
    /// A node, in brackets if it binds looser than the level. In `[ ]` a product with a space would
    /// read as two elements.
    case node(NodeID, Level, inBrackets: Bool = false)
    /// A node between brackets.
    case bracketed(NodeID)
    /// A product without the sign in front of it.
    case unsigned(NodeID)
    /// A new line, or a blank inside a text.
    case line
    /// A new line, or `;` inside a text.
    case separator
    case indent, outdent
    case beginText, endText
  }

  private func write(_ pieces: [Piece]) -> String {
    var result = ""
    var waiting = Array(pieces.reversed())
    var indentation = 0
    var openTexts = 0
    func newline() { result += "\n" + String(repeating: "  ", count: indentation) }
    while let piece = waiting.popLast() {
      switch piece {
      case .text(let text): result += text
      case .node(let id, let least, let inBrackets):
        if level(id) < least {
          waiting += [.text(closing), .node(id, .statement), .text(opening)]
        } else if openTexts == 0, case .definition(let definition) = tree[id],
          let help = definition.help
        {
          // After `then` and `else` a new line begins, since help stands alone on its lines.
          if let last = result.unicodeScalars.last(where: { $0 != " " }), last != "\n" { newline() }
          for line in help.split(separator: "\n", omittingEmptySubsequences: false) {
            result += line.isEmpty ? "##" : "## \(line)"
            newline()
          }
          waiting += self.pieces(of: id, inBrackets).reversed()
        } else {
          waiting += self.pieces(of: id, inBrackets).reversed()
        }
      case .bracketed(let id):
        waiting += [.text(closing), .node(id, .statement), .text(opening)]
      case .unsigned(let id): waiting += unsigned(id).reversed()
      case .line: if openTexts > 0 { result += " " } else { newline() }
      case .separator: if openTexts > 0 { result += "; " } else { newline() }
      case .indent: indentation += 1
      case .outdent: indentation -= 1
      case .beginText: openTexts += 1
      case .endText: openTexts -= 1
      }
    }
    return result
  }

  var opening: String { style == .latex ? "\\left(" : "(" }
  var closing: String { style == .latex ? "\\right)" : ")" }

  /// What a node is made of, in order.
  func pieces(of id: NodeID, _ inBrackets: Bool) -> [Piece] {
    if style == .latex, let pieces = latex(id) { return pieces }
    return switch tree[id] {
    case .number(_, let spelling): [.text(spelling)]
    case .text(let parts): text(parts)
    case .boolean(let value): [.text(value ? "true" : "false")]
    case .nothing: [.text("nothing")]
    case .gap, .invalid: [.text("???")]
    case .name(let name): [.text(name)]
    case .endIndex: [.text("end")]
    case .wholeIndex: [.text(":")]
    case .prefix(let op, let operand): prefix(op, operand, inBrackets)
    case .infix(let op, let left, let right): infix(id, op, left, right, inBrackets)
    case .comparison(let first, let links):
      [.node(first, .membership, inBrackets: inBrackets)]
        + links.flatMap { link -> [Piece] in
          [
            .text(" \(spelling(link.comparison)) "),
            .node(link.operand, .membership, inBrackets: inBrackets),
          ]
        }
    case .range(let from, let step, let to):
      list([from] + (step.map { [$0] } ?? []) + [to], ":", .sum, inBrackets: inBrackets)
    case .prime(let operand): [postfixOperand(operand), .text("'")]
    case .transpose(let operand): [postfixOperand(operand), .text("ᵀ")]
    case .call(let callee, let arguments): [callTarget(callee)] + self.arguments("(", arguments)
    case .mapCall(let callee, let arguments): [callTarget(callee)] + self.arguments(".(", arguments)
    case .index(let base, let indices):
      [postfixOperand(base), .text("[")] + list(indices, ", ", .lambda) + [.text("]")]
    case .field(let base, let name): [fieldOwner(base), .text(".\(name)")]
    case .lambda(let parameters, let body):
      (parameters.count == 1 && parameters[0].fallback == nil
        ? [.text(parameters[0].name)] : self.parameters(parameters))
        + [.text(" -> "), .node(body, .lambda)]
    case .conditional(let condition, let then, let otherwise):
      conditional(condition, then, otherwise, inBrackets)
    case .block(let statements): block(statements)
    case .brackets(let rows):
      [.text("[")] + joined(rows.map { list($0, ", ", .lambda, inBrackets: true) }, "; ")
        + [.text("]")]
    case .record(let fields): arguments("(", fields)
    case .comprehension(let body, let generators, let isBracketed):
      comprehension(body, generators, isBracketed)
    default: statement(id)
    }
  }

  /// Nodes with a separator between them.
  func list(_ ids: [NodeID], _ separator: String, _ least: Level, inBrackets: Bool = false)
    -> [Piece]
  {
    joined(ids.map { [.node($0, least, inBrackets: inBrackets)] }, separator)
  }

  /// Groups of pieces with a separator between them.
  func joined(_ groups: [[Piece]], _ separator: String) -> [Piece] {
    var result: [Piece] = []
    for group in groups {
      if !result.isEmpty { result.append(.text(separator)) }
      result += group
    }
    return result
  }
}
