/// Norms, inner products and the smooth maximum.
import OptGraph
import OptNumerics
import OptSyntax

extension Builtins {
  static let norms: [Builtin] = [
    Builtin(
      "norm(x, p = 2, axis = nothing)",
      "The p-norm of all elements (of a matrix: Frobenius) or numbers of a record; p is 1, 2, inf "
        + "or any positive number. Its gradient at 0 is 0.",
      examples: [
        "norm([3, 4]) == 5", "norm([3, -4], 1) == 7", "norm([3, -4], inf) == 4",
        "norm([1, 2; 2, 4]) == 5", "norm([3, 4; 0, 2], axis = 2) == [5, 2]",
        "norm((a = 3, b = [0, 4])) == 5", "∇norm([0, 0]) == [0, 0]",
      ]
    ) { try norm($0) },
    Builtin(
      "dot(a, b, axis = nothing)",
      "The inner product: the sum of the products of the elements, of columns (`axis = 1`) or "
        + "rows (`axis = 2`); of records field by field.",
      examples: [
        "dot([1, 2, 3], [4, 5, 6]) == 32", "dot([1, 2; 3, 4], [1, 0; 1, 1], axis = 2) == [1, 7]",
        "dot((a = 1, b = [1, 2]), (a = 3, b = [1, 1])) == 6",
      ]
    ) { try dot($0) },
    Builtin(
      "logsumexp(v, axis = nothing)",
      "log of the sum of exp of the elements, without overflow: a smooth maximum.",
      examples: [
        "logsumexp([1000, 1000]) == 1000 + log(2)",
        "logsumexp([0, 0; 1, 1], axis = 2) == "
          + "[log(2), 1 + log(2)]", "logsumexp([-inf, 2]) == 2",
      ]
    ) { call in
      let axis = try call.axis(1)
      let x = try call.allNumbers(0)
      guard x.foldedCount(axis) > 0 else { return .number(-.infinity) }
      let isFormula = call.machine.makesFormula
      return try call.machine.structural([x], call.span) { parts in
        if isFormula { return parts[0].apply(.exp).fold(.sum, axis).apply(.log) }
        let (shifted, top) = parts[0].belowTop(axis)
        return shifted.apply(.exp).fold(.sum, axis).apply(.log) + top
      }
    },
    Builtin(
      "softmax(v, axis = nothing)",
      "exp of the elements divided by their sum: positive weights that sum to 1, over everything "
        + "or in each column (`axis = 1`) or row (`axis = 2`).",
      examples: [
        "softmax([0, 0]) == [0.5, 0.5]",
        "softmax([1000, 1000; 0, -inf], axis = 2) == "
          + "[0.5, 0.5; 1, 0]",
      ]
    ) { call in
      let axis = try call.axis(1)
      let x = try call.numbers(0)
      guard x.foldedCount(axis) > 0 else { return x }
      let isFormula = call.machine.makesFormula
      return try call.machine.structural([x], call.span) { parts in
        let shifted = isFormula ? parts[0] : parts[0].belowTop(axis).shifted
        let weights = shifted.apply(.exp)
        return weights / weights.fold(.sum, axis)
      }
    },
  ]

  private static func norm(_ call: Call) throws -> Value {
    let axis = try call.axis(2)
    let x = try call.allNumbers(0)
    let p = call.has(1) ? try call.number(1) : .number(2)
    let (machine, span) = (call.machine, call.span)
    if let known = p.scalar, !(known > 0) {
      throw call.fail("the `p` of a norm is positive, found \(NumberFormat.short(known))", 1)
    }
    if x.foldedCount(axis) == 0 { return try machine.fold(.sum, x, axis: axis, span) }
    switch p.scalar {
    case 1: return try machine.fold(.sum, machine.unary(.abs, x, span), axis: axis, span)
    case .infinity:
      return try machine.fold(.maximum, machine.unary(.abs, x, span), axis: axis, span)
    case 2:
      let isFormula = machine.makesFormula
      if axis == nil, let m = x.matrix { return .number(m.euclideanNorm) }
      return try machine.structural([x], span) {
        $0[0].squared.fold(.sum, axis).root(isFormula)
      }
    default:
      return try machine.structural([x, p], span) { parts in
        let total = parts[0].apply(.abs).apply(.power, parts[1]).fold(.sum, axis)
        let zero = total.graph.number(0)
        return total.graph.select(
          total.apply(.equal, zero), zero, total.apply(.power, 1 / parts[1]))
      }
    }
  }

  private static func dot(_ call: Call) throws -> Value {
    let axis = try call.axis(2)
    let (machine, span) = (call.machine, call.span)
    if case .record(let a) = call[0], case .record = call[1] {
      // The product goes by name; the sum takes all of it.
      let product = try machine.binary(.multiply, .record(a), call[1], span)
      return try machine.fold(.sum, machine.column(of: product, span), axis: axis, span)
    }
    let (a, b) = (try call.numbers(0), try call.numbers(1))
    let (s, t) = (a.size ?? (0, 0), b.size ?? (0, 0))
    var other = b
    if s != t {
      // A row with a column of the same length.
      guard axis == nil, s.rows == t.columns, s.columns == t.rows, s.rows == 1 || s.columns == 1
      else {
        throw call.fail(
          "`dot` wants two of the same size, found \(a.kindDescription) and "
            + b.kindDescription, help: s.columns == t.rows ? "`a*b` is the matrix product" : nil)
      }
      other = try machine.reshape(b, s.rows, s.columns, span)
    }
    return try machine.fold(
      .sum, machine.binary(.multiply, a, other, span), axis: axis, span)
  }
}

extension Machine {
  /// Whether what is traced is to be read by a person: what only keeps numbers from overflowing, or
  /// derivatives finite at one point, is left out.
  var makesFormula: Bool { tracer?.purpose == .display }
}

extension Expression {
  /// The square root of a sum of squares; its derivative at 0 is 0 except in formulas.
  func root(_ isFormula: Bool) -> Expression { isFormula ? apply(.sqrt) : safeRoot }

  /// The elements minus the greatest one, and that: 0 where it is infinite. What is made of both
  /// does not depend on which number is taken off, so it counts as a constant.
  func belowTop(_ axis: Int?) -> (shifted: Expression, top: Expression) {
    let greatest = fold(.maximum, axis).apply(.stopGradient)
    let isFinite = (greatest - greatest).apply(.equal, graph.number(0))
    let top = graph.select(isFinite, greatest, graph.number(0))
    return (self - top, top)
  }
}

extension Matrix {
  /// The square root of the sum of squares, scaled where squares would not be numbers.
  var euclideanNorm: Double {
    let squares = Buffer(uninitialized: count)
    for k in 0..<count { squares.pointer[k] = buffer.pointer[k] * buffer.pointer[k] }
    let total = Folding.sum(squares.pointer, count)
    if total > 1e-280 && total < .infinity { return total.squareRoot() }
    var largest = 0.0
    for x in elements {
      if x.isNaN { return .nan }
      largest = Swift.max(largest, x.magnitude)
    }
    guard largest > 0, largest < .infinity else { return largest }
    for k in 0..<count {
      let x = buffer.pointer[k] / largest
      squares.pointer[k] = x * x
    }
    return largest * Folding.sum(squares.pointer, count).squareRoot()
  }
}
