/// Numbers and known arrays in formulas: fractions, multiples of π, roots and logarithms are
/// recognised where the text has exactly the value.
import OptGraph
import OptNumerics
import OptSyntax

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

extension FormulaBuilder {
  mutating func number(_ value: Double) -> NodeID {
    if value.isNaN { return add(.name("nan")) }
    if value.sign == .minus {
      let size = number(-value)
      return negated(size)
    }
    if value == .infinity { return add(.name("inf")) }
    if !sizes.isEmpty, let size = openSize(value) { return size }
    if let parts = quotient(value) {
      let above = parts.above ?? integer(1)
      return parts.below.map { infix(.divide, above, $0) } ?? above
    }
    return add(.number(value, spelling: Self.spelling(value)))
  }

  /// Shortest text that reads back as `value` ≥ 0, whole numbers without a point.
  static func spelling(_ value: Double) -> String {
    if value == value.rounded(), value < 1e15, let whole = Int(exactly: value) {
      return "\(whole)"
    }
    let text = "\(value)"
    return text.hasSuffix(".0") ? String(text.dropLast(2)) : text
  }

  /// Whether few digits say it all.
  private static func isShort(_ value: Double) -> Bool {
    spelling(value.magnitude).utf8.count <= 8
  }

  /// `value` > 0 as a quotient of small whole numbers and known constants, if its decimal text is
  /// long. A numerator of 1 is nil.
  mutating func quotient(_ value: Double) -> (above: NodeID?, below: NodeID?)? {
    if !sizes.isEmpty, let parts = openQuotient(value) { return parts }
    guard value < 1000, value > 1e-3, !Self.isShort(value) else { return nil }
    if let (above, below) = Self.ratio(value, below: 2...99) {
      return (above == 1 ? nil : integer(above), integer(below))
    }
    for base in Self.constants {
      guard let (above, below) = Self.ratio(value / base.value, below: 1...12) else { continue }
      guard let id = syntax(of: base.kind) else { continue }
      return (
        above == 1 ? id : infix(.multiply, integer(above), id), below == 1 ? nil : integer(below)
      )
    }
    for base in Self.divisors {
      guard let (above, below) = Self.ratio(value * base.value, below: 1...4) else { continue }
      guard let id = syntax(of: base.kind) else { continue }
      return (
        above == 1 ? nil : integer(above), below == 1 ? id : infix(.multiply, integer(below), id)
      )
    }
    return nil
  }

  /// Small whole numbers whose quotient is `value` but for rounding.
  private static func ratio(
    _ value: Double, below: ClosedRange<Int>
  ) -> (above: Int, below: Int)? {
    for below in below {
      let above = (value * Double(below)).rounded()
      let error = (above / Double(below) - value).magnitude
      if above >= 1, above < 1000, error <= 2 * value.ulp { return (Int(above), below) }
    }
    return nil
  }

  private enum ConstantKind { case pi, rootOfPi, rootOfTwoPi, root(Int), logarithm(Int) }

  private mutating func syntax(of kind: ConstantKind) -> NodeID? {
    switch kind {
    case .pi, .rootOfPi, .rootOfTwoPi:
      if taken.contains("π") { return nil }
      let pi = add(.name("π"))
      switch kind {
      case .pi: return pi
      case .rootOfPi: return add(.prefix(.squareRoot, pi))
      default:
        let two = integer(2)
        return call("sqrt", [infix(.multiply, two, pi)])
      }
    case .root(let n): return add(.prefix(.squareRoot, integer(n)))
    case .logarithm(let n): return call("log", [integer(n)])
    }
  }

  private static let constants: [(kind: ConstantKind, value: Double)] =
    [(.pi, Double.pi)] + [2, 3, 5, 7, 10].map { (.logarithm($0), log(Double($0))) }
    + [2, 3, 5, 6, 7, 10].map { (.root($0), Double($0).squareRoot()) }

  private static let divisors: [(kind: ConstantKind, value: Double)] = [
    (.rootOfPi, Double.pi.squareRoot()), (.rootOfTwoPi, (2 * Double.pi).squareRoot()),
    (.pi, Double.pi),
  ]

  // MARK: Arrays

  /// Arrays of more elements are not written out.
  private static let longestArray = 12

  mutating func array(_ node: Node, _ shape: Shape, _ scope: LaneScope) -> Piece {
    let values = graph.arrays[Int(node.payload)].elements
    var piece = Piece(id: NodeID(index: 0), rows: Int(shape.rows), columns: Int(shape.columns))
    if shape.lanes.isEmpty {
      piece.id = literal(values, shape, name: "data_\(node.payload + 1)")
      return piece
    }
    if shape.elements == 1 {
      piece.id = laneValue(values, shape, scope, payload: node.payload)
      return piece
    }
    if shape.lanes.allSatisfy({ $0 == 1 }) || scope.lanes.allSatisfy(\.isConstant) {
      if let offset = constantLane(shape, scope) {
        let part = UnsafeBufferPointer(rebasing: values[offset..<offset + shape.elements])
        piece.id = literal(part, shape, name: "data_\(node.payload + 1)")
        return piece
      }
    }
    let varying = shape.lanes.indices.filter { shape.lanes[$0] != 1 }
    if varying.count == 1, shape.columns == 1, shape.lanes[varying[0]] == shape.rows,
      Self.isIdentity(values, piece.rows)
    {
      let (all, lane) = (add(.wholeIndex), syntax(of: scope.lane(varying[0])))
      piece.id = add(.index(call("eye", [integer(piece.rows)]), [all, lane]))
      return piece
    }
    pastesBack = false
    let indices = varying.map { syntax(of: scope.lane($0)) }
    piece.id = add(.index(add(.name("data_\(node.payload + 1)")), indices))
    return piece
  }

  private func constantLane(_ shape: Shape, _ scope: LaneScope) -> Int? {
    var offset = 0
    for (level, size) in shape.lanes.enumerated() {
      let lane = scope.lane(level)
      guard size == 1 || lane.isConstant else { return nil }
      let place = size == 1 ? 0 : lane.constant - 1
      guard place >= 0, place < size else { return nil }
      offset = offset * Int(size) + place
    }
    return offset * shape.elements
  }

  /// One number a lane: `i`, `2i - 1`, `[1, 4, 9][i]`.
  private mutating func laneValue(
    _ values: UnsafeBufferPointer<Double>, _ shape: Shape, _ scope: LaneScope, payload: Int32
  ) -> NodeID {
    if let offset = constantLane(shape, scope), offset < values.count {
      return number(values[offset])
    }
    if let lane = Self.progression(values, shape, scope) { return syntax(of: lane) }
    let varying = shape.lanes.indices.filter { shape.lanes[$0] != 1 }
    let flat = Shape(rows: values.count, columns: 1)
    if varying.count == 1 {
      let list = literal(values, flat, name: "data_\(payload + 1)")
      return add(.index(list, [syntax(of: scope.lane(varying[0]))]))
    }
    pastesBack = false
    let indices = varying.map { syntax(of: scope.lane($0)) }
    return add(.index(add(.name("data_\(payload + 1)")), indices))
  }

  /// The lane whose number the values are, if they are whole and evenly spaced along every level.
  private static func progression(
    _ values: UnsafeBufferPointer<Double>, _ shape: Shape, _ scope: LaneScope
  ) -> LaneIndex? {
    guard let first = values.first, let start = Int(exactly: first), start.magnitude < 1 << 40
    else {
      return nil
    }
    let strides = shape.strides
    if values.count == 2, start != 1 || values[1] != 2 { return nil }
    var result = LaneIndex(start)
    var steps: [Int] = []
    for (level, size) in shape.lanes.enumerated() {
      var step = 0
      if size > 1 {
        guard let difference = Int(exactly: values[strides[level]] - first),
          difference.magnitude < 1 << 20
        else { return nil }
        step = difference
        result.add(scope.lane(level), times: step)
        result = result.adding(-step)
      }
      steps.append(step)
    }
    var position = 0
    var agrees = true
    StridedMap(strides: steps + [0, 0]).forEachOffset(in: shape) { offset in
      if values[position] != Double(start + offset) { agrees = false }
      position += 1
    }
    return agrees ? result : nil
  }

  private static func isIdentity(_ values: UnsafeBufferPointer<Double>, _ size: Int) -> Bool {
    values.enumerated().allSatisfy { $1 == ($0 / size == $0 % size ? 1 : 0) }
  }

  /// `[1, 2, 3]`, `[1, 2; 3, 4]`, `1:n`, `eye(n)`; large ones get a name.
  private mutating func literal(
    _ values: UnsafeBufferPointer<Double>, _ shape: Shape, name: String
  ) -> NodeID {
    let (rows, columns) = (Int(shape.rows), Int(shape.columns))
    if let first = values.first, first == 0 || first == 1, values.allSatisfy({ $0 == first }) {
      return filled(first == 0 ? "zeros" : "ones", rows, columns)
    }
    if rows == columns, rows > 1, Self.isIdentity(values, rows) {
      return call("eye", [integer(rows)])
    }
    if columns == 1, rows > 4, values.enumerated().allSatisfy({ $1 == Double($0 + 1) }) {
      return range(to: rows)
    }
    guard values.count <= Self.longestArray else {
      pastesBack = false
      return add(.name(name))
    }
    let items = values.map { number($0) }
    if columns == 1 { return add(.brackets([items])) }
    if rows == 1 { return add(.transpose(add(.brackets([items])))) }
    let lines = (0..<rows).map { Array(items[$0 * columns..<($0 + 1) * columns]) }
    return add(.brackets(lines))
  }
}
