/// Formulas as on paper: what was typed with signs is printed without, and reads back.

import OptSyntax
import Testing

@Suite struct FormulaTests {
  static let table: [(typed: String, printed: String)] = [
    ("-2*(1 - x) - 400*x*(y - x^2)", "-2(1 - x) - 400x·(y - x²)"),
    ("3*x^2*sin(x) + x^3*cos(x)", "3x² sin(x) + x³ cos(x)"),
    ("2*Aᵀ*(A*x - b)", "2Aᵀ(A x - b)"),
    ("1 + x + x^2/2 + x^3/6 + x^4/24", "1 + x + x²/2 + x³/6 + x⁴/24"),
    ("-(2*x)", "-2x"),
    ("-(2*x)/y", "-2x/y"),
    ("-(x*y + 1)*z", "-(x y + 1) z"),
    ("-(x + 1)", "-(x + 1)"),
    ("x*2", "x·2"),
    ("2*3", "2·3"),
    ("2*3*x", "2·3x"),
    ("2*e3", "2 e3"),
    ("2*e*x", "2 e x"),
    ("a*(b*c)", "a b c"),
    ("a*(b/c)", "a·(b/c)"),
    ("2*(b/c)", "2(b/c)"),
    ("a/b*c", "a/b·c"),
    ("a/b*c*d", "a/b·c d"),
    ("a/(b*c)", "a/(b c)"),
    ("a*b/c", "a b/c"),
    ("(x + 1)*(x - 1)", "(x + 1)(x - 1)"),
    ("(x + 1)*y", "(x + 1) y"),
    ("(x + 1)^2*(x - 1)", "(x + 1)²(x - 1)"),
    ("x^n*(y + 1)", "x^n·(y + 1)"),
    ("x^(n + 1)*(y + 1)", "x^(n + 1)(y + 1)"),
    ("x^2.5*(y + 1)", "x^2.5 (y + 1)"),
    ("x^-1*y", "x⁻¹ y"),
    ("x^(-n)", "x^-n"),
    ("e^(2*x)", "e^(2x)"),
    ("sin(x)*(x + 1)", "sin(x)·(x + 1)"),
    ("sin(x)^2*cos(x)", "sin(x)² cos(x)"),
    ("√(2*x)*y", "√(2x) y"),
    ("√2*x", "√2 x"),
    ("x*-y", "x·(-y)"),
    ("2*-y", "2(-y)"),
    ("(-x)^2", "(-x)²"),
    ("x^2^3", "x^2³"),
    ("(x^2)^3", "(x²)³"),
    ("A*B\\c", "A B\\c"),
    ("A\\(B*c)", "A\\(B c)"),
    ("a.*b*c", "a.*b·c"),
    ("a*b.*c", "a b.*c"),
    ("2*[1, 2]", "2·[1, 2]"),
    ("[a*b, 2*x, -a*b]", "[a·b, 2x, -a·b]"),
    ("x^2 + y^2 <= 1", "x² + y² ≤ 1"),
    ("a + (b + c)", "a + b + c"),
    ("a - (b + c)", "a - (b + c)"),
    ("inf*(x + 1)", "inf·(x + 1)"),
    ("p.W*x[1]*f(x)", "p.W x[1] f(x)"),
    ("sum(x[i]*y[i] for i in 1:n)", "sum(x[i] y[i] for i in 1:n)"),
    ("x'*A*x", "x' A x"),
    ("exp^2*(x)", "exp^2 x"),
    ("2*√x*∇f(x)", "2 √x ∇f(x)"),
    ("3*(x -> x)(2)", "3(x -> x)(2)"),
    ("2*(if a then b else c)", "2(if a then b else c)"),
  ]

  @Test(arguments: table) func isPrintedAsOnPaper(_ row: (typed: String, printed: String)) {
    let tree = read(row.typed)
    let printed = SyntaxPrinter(tree: tree, style: .formula).print()
    #expect(printed == row.printed)
    // Reading it and printing it again with signs everywhere says the same.
    let again = read(printed)
    #expect(SyntaxPrinter(tree: again, style: .formula).print() == printed)
    #expect(factors(again) == factors(tree), "\(printed)")
  }

  /// The outline with every product and sum flattened, so that grouping does not count.
  private func factors(_ tree: SyntaxTree) -> String {
    tree.statements.map { Flattened(tree: tree).of($0) }.joined(separator: "\n")
  }
}

/// A tree as nested lists in which products and sums have no grouping and a sign of a product
/// stands before all of it.
private struct Flattened {
  let tree: SyntaxTree

  func of(_ id: NodeID) -> String {
    switch tree[id] {
    case .infix(.multiply, _, _), .infix(.juxtapose, _, _), .infix(.divide, _, _),
      .prefix(.minus, _):
      let (sign, over) = product(id)
      return (sign ? "-" : "") + "(* " + over.joined(separator: " ") + ")"
    case .infix(.add, let a, let b):
      return "(+ " + (terms(a) + terms(b)).joined(separator: " ") + ")"
    case .infix(let op, let a, let b): return "(\(op.rawValue) \(of(a)) \(of(b)))"
    case .call(let f, let list):
      return "(call \(of(f)) \(list.map { of($0.value) }.joined(separator: " ")))"
    case .brackets(let rows): return "[\(rows.joined().map(of).joined(separator: ", "))]"
    default: return Outline(tree: tree).of(id).replacing("(_ ", with: "(* ")
    }
  }

  private func terms(_ id: NodeID) -> [String] {
    if case .infix(.add, let a, let b) = tree[id] { return terms(a) + terms(b) }
    return [of(id)]
  }

  private func product(_ id: NodeID) -> (sign: Bool, over: [String]) {
    switch tree[id] {
    case .infix(.multiply, let a, let b), .infix(.juxtapose, let a, let b):
      let (left, right) = (product(a), product(b))
      return (left.sign != right.sign, left.over + right.over)
    case .infix(.divide, let a, let b):
      let left = product(a)
      return (left.sign, left.over + ["/" + of(b)])
    case .prefix(.minus, let inner):
      let inner = product(inner)
      return (!inner.sign, inner.over)
    default: return (false, [of(id)])
    }
  }
}
