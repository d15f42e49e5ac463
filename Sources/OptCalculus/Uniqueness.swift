/// Where factors are not unique: what decides whether a derivative is refused.
import OptGraph
import OptNumerics

/// Differences of eigenvalues or singular values, relative to the largest, that are rounding.
private let roundingOfValues = 0x1p-48
/// Differences of derivatives, relative to the largest, that are rounding.
private let roundingOfSlopes = 0x1p-30

extension Expression {
  /// The largest magnitude in each lane.
  private var largest: Expression { apply(.abs).reduceElements(.maximum) }

  /// Of a column: 1 where two different elements are equal up to rounding.
  func repeated() -> Expression {
    let gaps = (transposed - self).apply(.abs)
    let n = shape.rows
    let others = graph.triangle(n, below: 1, diagonal: 0, above: 1)
    return gaps.apply(.lessOrEqual, roundingOfValues * largest).apply(.and, others)
  }

  /// Of a column of values that are not negative: 1 where they are 0 up to rounding.
  func vanishing() -> Expression { apply(.lessOrEqual, roundingOfValues * largest) }

  /// 1 where an element is not 0 up to the rounding of the largest of others.
  func significant(than others: Expression) -> Expression {
    apply(.abs).apply(.greater, roundingOfSlopes * others.largest)
  }

  /// Of a column: all differences of two elements.
  func differences() -> Expression { transposed - self }

  /// Columns divided by the values of a row; refused where one is 0, unless it cannot matter.
  func dividedBySingularValues(_ row: Expression, _ matters: [Bool]) -> Expression {
    let zero = row.vanishing()
    if !matters.contains(false) { return Refusal.zeroSingularValue.refuse(where: zero, self / row) }
    let used = graph.array(
      Buffer(matters.map { $0 ? 1 : 0 }), Shape(rows: 1, columns: matters.count))
    return Refusal.zeroSingularValue.refuse(
      where: zero.apply(.and, used), graph.select(zero, graph.number(0), self / row))
  }

  /// 1 if any element is.
  func any() -> Expression { reduceElements(.maximum) }

  /// 1/gaps, and 0 on the diagonal; refused where values are repeated, unless neither of the two
  /// columns of vectors can matter.
  func inverseGaps(_ gaps: Expression, _ matters: [Bool], _ refusal: Refusal) -> Expression {
    let n = shape.rows
    let zero = graph.number(0)
    let inverse = 1 / gaps
    let equal = repeated()
    if !matters.contains(false) {
      return refusal.refuse(
        where: equal, graph.select(gaps.apply(.equal, zero), zero, inverse))
    }
    let both = graph.known(n) { i, j in matters[i] || matters[j] ? 1 : 0 }
    let unused = equal.apply(.or, gaps.apply(.equal, zero))
    return refusal.refuse(where: equal.apply(.and, both), graph.select(unused, zero, inverse))
  }

  /// Of an adjoint of a matrix, laid together from pieces: which columns may differ from 0.
  func columnsThatMatter() -> [Bool] {
    let columns = Int(shape.columns)
    guard node.operation == .assemble else { return [Bool](repeating: true, count: columns) }
    var result = [Bool](repeating: false, count: columns)
    for piece in graph.assemblies[Int(node.payload)].pieces {
      let part = Expression(graph: graph, index: piece.node)
      if part.isZero { continue }
      piece.map.forEachOffset(in: part.shape) { if $0 >= 0 { result[$0 % columns] = true } }
    }
    return result
  }
}
