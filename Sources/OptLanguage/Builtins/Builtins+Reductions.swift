/// `sum`, `max`, `mean` and the like: over everything, down the columns or along the rows.
import OptGraph
import OptSyntax

extension Builtins {
  static let sums: [Builtin] = [
    Builtin(
      "sum(v, axis = nothing)",
      "The sum of all elements, of each column (`axis = 1`) or row (`axis = 2`); of all numbers "
        + "of a record; of the items of a list.",
      examples: [
        "sum([1, 2, 3]) == 6", "sum([1, 2; 3, 4], axis = 1) == [4, 6]'",
        "sum([1, 2; 3, 4], axis = 2) == [3, 7]", "sum([]) == 0", "sum((a = 1, b = [2, 3])) == 6",
        "sum([1, 5, 2] > 1) == 2", "sum(k^2 for k in 1:3) == 14",
      ], reduction: .sum
    ) { try fold($0, .sum, .add, ofNothing: 0) },
    Builtin(
      "prod(v, axis = nothing)",
      "The product of all elements, of each column (`axis = 1`) or row (`axis = 2`).",
      examples: ["prod([2, 3, 4]) == 24", "prod([]) == 1", "prod(k for k in 1:5) == 120"],
      reduction: .product
    ) { try fold($0, .product, .multiply, ofNothing: 1) },
    Builtin(
      "mean(v, axis = nothing)",
      "The mean of all elements, of each column (`axis = 1`) or row (`axis = 2`); of the items of "
        + "a list.",
      examples: [
        "mean([1, 2, 6]) == 3", "mean([1, 2; 3, 4], axis = 1) == [2, 3]'",
        "mean([true, false]) == 0.5", "mean([[1, 2], [3, 6]]) == [2, 4]",
      ]
    ) { call in
      let axis = try call.axis(1)
      if case .list(let list) = call[0], axis == nil { return try mean(list.items, call) }
      let x = try call.allNumbers(0)
      try refuseNothing(call, x, axis)
      let total = try call.machine.fold(.sum, x, axis: axis, call.span)
      let count = Double(x.foldedCount(axis))
      return try call.machine.binary(.divide, total, .number(count), call.span)
    },
    Builtin(
      "var(v, axis = nothing, corrected = false)",
      "The variance: the mean of the squared distances from the mean; with `corrected = true` "
        + "divided by n - 1 instead of n.",
      examples: [
        "var([1, 3]) == 1", "var([1, 3], corrected = true) == 2",
        "var([1, 2; 3, 6], axis = 1) == [1, 4]'",
      ]
    ) { try variance($0, root: false) },
    Builtin(
      "std(v, axis = nothing, corrected = false)",
      "The standard deviation: the square root of the variance.",
      examples: ["std([1, 3]) == 1", "std([2, 2]) == 0", "std([0, 2; 0, 4], axis = 2) == [1, 2]"]
    ) { try variance($0, root: true) },
  ]

  static let extremes: [Builtin] = [
    Builtin(
      "max(a, …, axis = nothing)",
      "The greatest element, of each column (`axis = 1`) or row (`axis = 2`); of several "
        + "arguments the greater ones element by element.",
      examples: [
        "max([3, 1, 2]) == 3", "max(1, 2, 3) == 3", "max([1, 5], 2) == [2, 5]",
        "max([1, 2; 3, 0], axis = 1) == [3, 2]'", "max(k*(4 - k) for k in 1:3) == 4",
      ], reduction: .maximum
    ) { try extreme($0, .maximum, .max) },
    Builtin(
      "min(a, …, axis = nothing)",
      "The least element, of each column (`axis = 1`) or row (`axis = 2`); of several arguments "
        + "the lesser ones element by element.",
      examples: [
        "min([3, 1, 2]) == 1", "min(x^2 for x in -2:2) == 0", "min([1, 5], [2, 2]) == [1, 2]",
        "min([1, 2; 3, 0], axis = 2) == [1, 0]",
      ], reduction: .minimum
    ) { try extreme($0, .minimum, .min) },
    Builtin(
      "argmax(v, axis = nothing)",
      "The position of the first greatest element, counted row by row; in each column "
        + "(`axis = 1`) or row (`axis = 2`).",
      examples: ["argmax([3, 7, 7]) == 2", "argmax([1, 5; 9, 0], axis = 2) == [2, 1]"]
    ) { try position($0, .argMaximum) },
    Builtin(
      "argmin(v, axis = nothing)",
      "The position of the first least element, counted row by row; in each column (`axis = 1`) "
        + "or row (`axis = 2`).",
      examples: ["argmin([3, 1, 2]) == 2", "argmin([1, 5; 9, 0], axis = 1) == [1, 2]'"]
    ) { try position($0, .argMinimum) },
    Builtin(
      "any(m, axis = nothing)", "Whether some element of a mask is true.",
      examples: ["any([1, 2] > 1)", "not any([1, 2] > 2)", "not any([] > 0)"]
    ) { try quantified($0, .maximum, ofNothing: false) },
    Builtin(
      "all(m, axis = nothing)", "Whether all elements of a mask are true.",
      examples: ["all([1, 2] > 0)", "not all([1, 2] > 1)", "all(k > 0 for k in 1:3)"]
    ) { try quantified($0, .minimum, ofNothing: true) },
  ]

  // MARK: Work

  private static func fold(
    _ call: Call, _ kind: Reduction.Kind, _ function: FunctionID, ofNothing: Double
  ) throws -> Value {
    let axis = try call.axis(1)
    if case .list(let list) = call[0], axis == nil {
      return try call.machine.fold(function, list.items, call.span(0)) ?? .number(ofNothing)
    }
    return try call.machine.fold(kind, call.allNumbers(0), axis: axis, call.span)
  }

  private static func refuseNothing(_ call: Call, _ x: Value, _ axis: Int?) throws {
    guard x.foldedCount(axis) > 0 else {
      throw call.fail("`\(call.function)` of nothing has no value", 0)
    }
  }

  private static func mean(_ items: [Value], _ call: Call) throws -> Value {
    guard let total = try call.machine.fold(.add, items, call.span(0)) else {
      throw call.fail("`\(call.function)` of nothing has no value", 0)
    }
    return try call.machine.binary(.divide, total, .number(Double(items.count)), call.span)
  }

  private static func variance(_ call: Call, root: Bool) throws -> Value {
    let (machine, span) = (call.machine, call.span)
    let axis = try call.axis(1)
    let less: Double = try call.flag(2) ? 1 : 0
    func divisor(_ count: Int) throws -> Double {
      guard Double(count) > less else {
        throw call.fail("`corrected = true` needs at least two elements", 0)
      }
      return Double(count) - less
    }
    if case .list(let list) = call[0], axis == nil {
      let center = try mean(list.items, call)
      let squares = try list.items.map { item -> Value in
        let distance = try machine.binary(.subtract, item, center, span)
        return try machine.binary(.multiply, distance, distance, span)
      }
      let total = try machine.fold(.add, squares, span) ?? .number(0)
      let result = try machine.binary(
        .divide, total, .number(divisor(list.items.count)), span)
      return root ? try machine.unary(.sqrt, result, span) : result
    }
    let x = try call.allNumbers(0)
    try refuseNothing(call, x, axis)
    let count = x.foldedCount(axis)
    let n = try divisor(count)
    let isFormula = machine.makesFormula
    return try machine.structural([x], span) { parts in
      let x = parts[0]
      let distance = x - x.fold(.sum, axis) / Double(count)
      let result = distance.squared.fold(.sum, axis) / n
      return root ? result.root(isFormula) : result
    }
  }

  private static func extreme(
    _ call: Call, _ kind: Reduction.Kind, _ function: FunctionID
  ) throws -> Value {
    let axis = try call.axis(1)
    let (machine, span) = (call.machine, call.span)
    if !call.rest.isEmpty {
      guard axis == nil else {
        throw call.fail("`axis` goes with one argument, found \(call.rest.count + 1)", 1)
      }
      return try machine.fold(function, [call[0]] + call.rest, span) ?? .nothing
    }
    if case .list(let list) = call[0], axis == nil {
      return try machine.fold(function, list.items, span) ?? .nothing
    }
    let x = try call.allNumbers(0)
    try refuseNothing(call, x, axis)
    return try machine.fold(kind, x, axis: axis, span)
  }

  private static func position(_ call: Call, _ kind: Reduction.Kind) throws -> Value {
    let axis = try call.axis(1)
    let x = try call.allNumbers(0)
    try refuseNothing(call, x, axis)
    return try call.machine.fold(kind, x, axis: axis, call.span)
  }

  private static func quantified(
    _ call: Call, _ kind: Reduction.Kind, ofNothing: Bool
  ) throws -> Value {
    let axis = try call.axis(1)
    let x = try call.numbers(0)
    if axis == nil, x.foldedCount(nil) == 0 { return .boolean(ofNothing) }
    guard x.isMask else {
      throw Diagnostic(
        .error, "`\(call.function)` wants a mask, found \(x.kindDescription)", at: call.span(0),
        help: "compare the numbers: `\(call.function)(x != 0)`")
    }
    try refuseNothing(call, x, axis)
    return call.machine.masked(try call.machine.fold(kind, x, axis: axis, call.span))
  }
}

extension Expression {
  /// The square root with derivative 0 at 0: of sums of squares, where it is the right one.
  var safeRoot: Expression {
    graph.select(apply(.equal, graph.number(0)), graph.number(0), apply(.sqrt))
  }

  /// What this is the `safeRoot` of.
  var rootedSquare: Expression? {
    guard node.operation == .select else { return nil }
    let root = graph.nodes[Int(node.c)]
    guard root.operation == .apply, FunctionID(index: Int(root.payload)) == .sqrt else {
      return nil
    }
    let square = Expression(graph: graph, index: root.a)
    return square.safeRoot == self ? square : nil
  }
}
