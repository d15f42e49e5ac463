/// What is known about the sign of an expression: which roots may be split, which conditions hold.

/// A sign that holds wherever the expression is defined.
enum Sign: UInt8 {
  case unknown, notNegative, positive

  /// The sign of `x` as far as `depth` levels of operations tell.
  static func of(_ x: Expression, depth: Int = 6) -> Sign {
    let node = x.node
    func at(_ operand: Int32) -> Sign {
      depth == 0 ? .unknown : of(Expression(graph: x.graph, index: operand), depth: depth - 1)
    }
    func constant(_ operand: Int32) -> Double? {
      Expression(graph: x.graph, index: operand).constant
    }
    func smaller(_ a: Sign, _ b: Sign) -> Sign { a.rawValue < b.rawValue ? a : b }
    switch node.operation {
    case .number:
      let value = x.constant ?? .nan
      return value > 0 ? .positive : value == 0 ? .notNegative : .unknown
    case .select: return smaller(at(node.b), at(node.c))
    case .view: return at(node.a)
    case .apply: break
    default: return .unknown
    }
    switch FunctionID(index: Int(node.payload)) {
    case .exp, .cosh, .sigmoid, .softplus: return .positive
    case .sqrt: return at(node.a) == .positive ? .positive : .notNegative
    case .abs, .relu: return at(node.a) == .positive ? .positive : .notNegative
    case .hypot:
      let isNonzero = [node.a, node.b].contains {
        at($0) == .positive || constant($0).map { $0 < 0 } ?? false
      }
      return isNonzero ? .positive : .notNegative
    case .add:
      let (a, b) = (at(node.a), at(node.b))
      guard a != .unknown, b != .unknown else { return .unknown }
      return a == .positive || b == .positive ? .positive : .notNegative
    case .multiply:
      if node.a == node.b { return at(node.a) == .positive ? .positive : .notNegative }
      return smaller(at(node.a), at(node.b))
    case .divide: return smaller(at(node.a), at(node.b))
    case .power:
      let base = at(node.a)
      if base == .positive { return .positive }
      guard let exponent = constant(node.b) else { return .unknown }
      let isWhole = exponent == exponent.rounded()
      let isEven = exponent.truncatingRemainder(dividingBy: 2) == 0
      // Other powers of negative numbers are not defined.
      return !isWhole || isEven || base == .notNegative ? .notNegative : .unknown
    case .max: return at(node.a) == .positive || at(node.b) == .positive ? .positive : .unknown
    default: return .unknown
    }
  }
}

extension Expression {
  /// Whether it is above 0 wherever it is defined.
  var isPositive: Bool { Sign.of(self) == .positive }
}
