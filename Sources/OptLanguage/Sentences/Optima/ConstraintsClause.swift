/// The clause `subject to`: comparisons, taken apart into single ones.
import OptGraph
import OptNumerics
import OptSyntax

/// One comparison: both sides as functions of the variables.
struct ConstraintCode {
  let left: Code
  let right: Code
  let comparison: ComparisonOperator
  /// As it was written.
  let text: String
  /// As formulas are shown: `x² + y² ≤ 1`.
  let label: String
  let span: SourceSpan

  /// `<` and `>`, which count as `<=` and `>=`.
  var isStrict: Bool { comparison == .less || comparison == .greater }
}

extension Compiler {
  /// The comparisons of `subject to`, chains and `and` taken apart. `parameters` are the variables.
  func constraints(_ clause: Clause, _ parameters: [Parameter]) throws -> [ConstraintCode] {
    try comparisons(clause).map { left, sign, right in
      func side(_ node: NodeID) throws -> Code {
        closure(try function(name: nil, parameters: parameters, body: node, at: span(node)))
      }
      let printer = SyntaxPrinter(tree: tree, style: .formula)
      let shown =
        switch sign {
        case .less, .lessOrEqual: "≤"
        case .greater, .greaterOrEqual: "≥"
        default: sign.rawValue
        }
      return ConstraintCode(
        left: try side(left), right: try side(right), comparison: sign,
        text: "\(span(left).text) \(sign.rawValue) \(span(right).text)",
        label: "\(printer.print(left)) \(shown) \(printer.print(right))",
        span: span(left).joined(with: span(right)))
    }
  }

  /// Both sides of every comparison, for the names that occur in them.
  func sides(_ clause: Clause?) throws -> [NodeID] {
    try clause.map { try comparisons($0).flatMap { [$0.left, $0.right] } } ?? []
  }

  private func comparisons(
    _ clause: Clause
  ) throws -> [(left: NodeID, sign: ComparisonOperator, right: NodeID)] {
    var found: [(NodeID, ComparisonOperator, NodeID)] = []
    var pending: [NodeID] = []
    for item in clause.items.reversed() {
      guard case .expression(let id) = item else {
        throw Diagnostic(.error, "a constraint compares", at: clause.span, help: "write `<=`")
      }
      pending.append(id)
    }
    while let id = pending.popLast() {
      switch tree[id] {
      case .infix(.and, let a, let b): pending += [b, a]
      case .infix(.or, _, _):
        throw fail("`or` is no constraint", id, help: "all constraints hold at once")
      case .comparison(let first, let links):
        var left = first
        for link in links {
          guard link.comparison != .notEqual else {
            throw fail("`!=` is no constraint", id, help: "write `==`, `<=` or `>=`")
          }
          found.append((left, link.comparison, link.operand))
          left = link.operand
        }
      default: throw fail("a constraint compares", id, help: "write `==`, `<=` or `>=`")
      }
    }
    return found
  }
}
