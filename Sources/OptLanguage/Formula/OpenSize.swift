/// Sizes that stand for any size, by the names they belong to: `length(x)`, `rows_of(A)`.
import OptGraph
import OptSyntax

/// Rows and columns of a name without a value, as numbers, and whether they stand for any number.
struct OpenShape {
  var rows: Int
  var columns: Int
  var isOpen: (rows: Bool, columns: Bool)
}

/// A number of rows or columns of a name without a value.
struct OpenSize {
  enum Part: String {
    case length
    case rows = "rows_of"
    case columns = "columns_of"
  }
  var part: Part
  var name: String

  /// The open sizes of a graph's inputs, by the numbers that stand for them.
  static func all(in graph: Graph) -> [Int: OpenSize] {
    var result: [Int: OpenSize] = [:]
    func note(_ size: Int32, _ part: Part, _ name: String) {
      // The length of a vector says it best.
      if let known = result[Int(size)], known.part == .length || part != .length { return }
      result[Int(size)] = OpenSize(part: part, name: name)
    }
    for input in graph.inputs {
      if input.isOpen.rows {
        note(input.shape.rows, input.shape.columns == 1 ? .length : .rows, input.name)
      }
      if input.isOpen.columns { note(input.shape.columns, .columns, input.name) }
    }
    return result
  }
}

extension FormulaBuilder {
  /// Numbers near an open size and its multiples are meant relative to it.
  private static let reach = 8

  /// `value` in terms of an open size: `n`, `2n`, `n - 1`; nil if it is no such number.
  mutating func openSize(_ value: Double) -> NodeID? {
    guard value > 0, value.isFinite else { return nil }
    for (size, open) in sizes.sorted(by: { $0.key < $1.key }) {
      let number = Double(size)
      let quotient = value / number
      if quotient == quotient.rounded(), quotient >= 1, quotient <= 64 {
        let name = call(open.part.rawValue, [add(.name(open.name))])
        let factor = Int(quotient)
        return factor == 1 ? name : infix(.multiply, plain(factor), name)
      }
      let difference = value - number
      if difference == difference.rounded(), difference.magnitude <= Double(Self.reach) {
        let name = call(open.part.rawValue, [add(.name(open.name))])
        return infix(difference < 0 ? .subtract : .add, name, plain(Int(difference.magnitude)))
      }
    }
    return nil
  }

  /// A quotient of a small whole number and an open size.
  mutating func openQuotient(_ value: Double) -> (above: NodeID?, below: NodeID?)? {
    guard value > 0, value < 1 else { return nil }
    for (size, open) in sizes.sorted(by: { $0.key < $1.key }) {
      // Also of one less, as in variances.
      for less in [0, 1] {
        let number = Double(size - less)
        let above = (value * number).rounded()
        guard above >= 1, above <= 64, (above / number - value).magnitude <= 2 * value.ulp
        else { continue }
        let name = call(open.part.rawValue, [add(.name(open.name))])
        let below = less == 0 ? name : infix(.subtract, name, plain(1))
        return (above == 1 ? nil : plain(Int(above)), below)
      }
    }
    return nil
  }

  private mutating func plain(_ value: Int) -> NodeID {
    add(.number(Double(value), spelling: "\(value)"))
  }
}
