/// What a program computes with: one enum, each case a plain number or one reference.
import OptGraph
import OptNumerics
import OptSyntax

/// A value of the language. Copying one copies at most one reference; what looks like a change of a
/// vector, record or list makes a copy first unless nobody else holds it.
package enum Value {
  /// A variable that was never given a value; no expression ever yields it.
  case unset
  case nothing
  case number(Double)
  case boolean(Bool)
  /// Known numbers, rows × columns, not 1×1.
  case matrix(Matrix)
  /// Known numbers of which most are 0; no mask.
  case sparse(SparseMatrix)
  /// Known numbers, one a lane of the mapped bodies around (see `Tracer`).
  case lanes(LaneNumbers)
  /// Numbers that depend on the inputs of the function being traced.
  case traced(TracedNumbers)
  case text(Text)
  case record(Record)
  case list(List)
  case function(Function)
  case table(Table)
  case method(MethodValue)
}

/// Characters.
package final class Text: Sendable {
  /// Bytes that a text may have.
  static let largest = 100_000_000
  package let string: String
  /// Whether it is shown without quotes, to be copied.
  let isShownBare: Bool
  package init(_ string: String, isShownBare: Bool = false) {
    self.string = string
    self.isShownBare = isShownBare
  }
}

/// Values of any kind in order.
package final class List {
  package var items: [Value]
  var extent: Extent
  package init(_ items: [Value]) {
    self.items = items
    extent = Extent(of: items)
  }
}

/// Named values in order. A result of `minimize` is one, with a report for its display.
package final class Record {
  package var names: [String]
  package var values: [Value]
  /// What is shown instead of the fields.
  package var report: (any Report)?
  var extent: Extent

  package init(names: [String], values: [Value], report: (any Report)? = nil) {
    self.names = names
    self.values = values
    self.report = report
    extent = Extent(of: values)
  }

  package subscript(name: String) -> Value? {
    names.firstIndex(of: name).map { values[$0] }
  }

  package func copy() -> Record { Record(names: names, values: values) }
}

/// The text that stands for a result.
package protocol Report {
  /// Lines for a person.
  func lines(_ style: DisplayStyle) -> [String]
}

/// Numbers that depend on what is being traced: a node of the graph, and the elements written to it
/// since, which become one node when the whole is read.
package final class TracedNumbers {
  private var base: Expression
  private var written: [Int: Expression] = [:]
  package let isMask: Bool

  package init(_ expression: Expression, isMask: Bool = false) {
    base = expression
    self.isMask = isMask
  }

  /// The same numbers, not shared; a mask only if asked for.
  func copy(isMask: Bool) -> TracedNumbers {
    let other = TracedNumbers(base, isMask: isMask)
    other.written = written
    return other
  }

  /// The whole.
  package var expression: Expression {
    if !written.isEmpty { base = assembled() }
    return base
  }

  /// The graph that the numbers belong to.
  var graph: Graph { base.graph }

  /// Rows and columns, without making a node.
  var size: (rows: Int, columns: Int) { (Int(base.shape.rows), Int(base.shape.columns)) }

  /// Gives the element at a flat 0-based offset a value, 1×1 in each lane.
  func write(_ value: Expression, at offset: Int) { written[offset] = value }

  /// The element at a flat 0-based offset.
  func element(at offset: Int) -> Expression {
    if let value = written[offset] { return value }
    return base.view(
      StridedMap(offset: offset, strides: base.shape.laneStrides),
      base.shape.with(rows: 1, columns: 1))
  }

  private func assembled() -> Expression {
    var lanes = base.shape.with(rows: 1, columns: 1)
    for value in written.values { lanes = lanes.broadcast(with: value.shape) ?? lanes }
    let shape = lanes.with(rows: Int(base.shape.rows), columns: Int(base.shape.columns))
    let strides = shape.strides
    var pieces = [(expression: base.broadcast(to: shape), map: StridedMap(strides: strides))]
    if written.count == shape.elements { pieces = [] }
    for offset in written.keys.sorted() {
      guard let value = written[offset] else { continue }
      pieces.append(
        (value.broadcast(to: lanes), StridedMap(offset: offset, strides: shape.laneStrides)))
    }
    written = [:]
    return base.graph.assemble(shape, adds: false, pieces)
  }
}

extension Shape {
  /// The strides of the lanes; 0 along rows and columns: of one element in each lane.
  var laneStrides: [Int] { Array(strides.dropLast(2)) + [0, 0] }
}

extension Value {
  package static func text(_ string: String) -> Value { .text(Text(string)) }
  package static func list(_ items: [Value]) -> Value { .list(List(items)) }
  package static func record(_ fields: [(String, Value)]) -> Value {
    .record(Record(names: fields.map(\.0), values: fields.map(\.1)))
  }
  package static func vector(_ numbers: [Double]) -> Value {
    Value(Matrix(numbers, rows: numbers.count, columns: 1))
  }

  /// A matrix, or the number it is when it has one element.
  package init(_ matrix: Matrix) {
    if matrix.rows == 1 && matrix.columns == 1 {
      let only = matrix.buffer[0]
      self = matrix.isMask ? .boolean(only != 0) : .number(only)
    } else {
      self = .matrix(matrix)
    }
  }

  /// A traced expression, or the number it is when that is known.
  package init(_ expression: Expression, isMask: Bool = false) {
    if let known = expression.constant {
      self = isMask ? .boolean(known != 0) : .number(known)
    } else {
      self = .traced(TracedNumbers(expression, isMask: isMask))
    }
  }

  /// Known numbers as a matrix; nil for everything that is not numeric and known.
  package var matrix: Matrix? {
    switch self {
    case .number(let x): Matrix([x], rows: 1, columns: 1)
    case .boolean(let b): Matrix([b ? 1 : 0], rows: 1, columns: 1, isMask: true)
    case .matrix(let m): m
    default: nil
    }
  }

  /// A single known number; booleans count 1 and 0.
  package var scalar: Double? {
    switch self {
    case .number(let x): x
    case .boolean(let b): b ? 1 : 0
    default: nil
    }
  }

  /// All numbers of a value row by row, fields of records in order; nil where something is not a
  /// known number.
  package var numbers: [Double]? {
    switch self {
    case .record(let record):
      var all: [Double] = []
      for value in record.values {
        guard let part = value.numbers else { return nil }
        all += part
      }
      return all
    case .list(let list):
      var all: [Double] = []
      for value in list.items {
        guard let part = value.numbers else { return nil }
        all += part
      }
      return all
    default: return matrix.map { Array($0.buffer.elements) }
    }
  }

  /// Whether the value is made of numbers, known or traced.
  package var isNumeric: Bool {
    switch self {
    case .number, .boolean, .matrix, .lanes, .traced: true
    default: false
    }
  }

  /// Whether something in it depends on what is being traced.
  package var isTraced: Bool {
    switch self {
    case .lanes, .traced: true
    case .record(let record): record.values.contains { $0.isTraced }
    case .list(let list): list.items.contains { $0.isTraced }
    default: false
    }
  }

  /// Rows and columns of numbers.
  package var size: (rows: Int, columns: Int)? {
    switch self {
    case .number, .boolean, .lanes: (1, 1)
    case .matrix(let m): (m.rows, m.columns)
    case .sparse(let s): (s.rows, s.columns)
    case .traced(let t): t.size
    default: nil
    }
  }

  /// Whether the numbers are answers of comparisons.
  package var isMask: Bool {
    switch self {
    case .boolean: true
    case .matrix(let m): m.isMask
    case .lanes(let l): l.isMask
    case .traced(let t): t.isMask
    default: false
    }
  }

  /// What errors call a value of this kind: `a 3×4 matrix`.
  package var kindDescription: String {
    switch self {
    case .unset, .nothing: return "nothing"
    case .number: return "a number"
    case .boolean: return "a boolean"
    case .lanes(let l): return l.isMask ? "a boolean" : "a number"
    case .matrix, .traced:
      let (rows, columns) = size ?? (0, 0)
      if rows == 1 && columns == 1 { return isMask ? "a boolean" : "a number" }
      if rows == 0 || columns == 0 { return "an empty \(rows)×\(columns) matrix" }
      if isMask { return "a \(rows)×\(columns) mask" }
      if columns == 1 { return "a \(rows)×1 vector" }
      if rows == 1 { return "a 1×\(columns) row" }
      return "a \(rows)×\(columns) matrix"
    case .sparse(let s): return "a \(s.rows)×\(s.columns) sparse matrix"
    case .text: return "a text"
    case .record(let r): return r.report == nil ? "a record" : "a result"
    case .list: return "a list"
    case .function: return "a function"
    case .table: return "a table"
    case .method: return "a method"
    }
  }
}
