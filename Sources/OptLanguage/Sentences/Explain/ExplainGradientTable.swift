/// The computation graph of one number as a table in the order of evaluation.
import OptCalculus
import OptEngine
import OptGraph
import OptNumerics
import OptSyntax

/// Names, expressions, values and error signals of the nodes of a graph at a point.
struct ComputationTable {
  /// A line of the forward or the backward part.
  struct Row {
    let node: Int32
    let name: String
    let expression: String
    let value: Matrix
    /// What stands for an array with lanes.
    let text: String
  }

  private(set) var forward: [Row] = []
  private(set) var backward: [Row] = []
  /// Nodes that have a name, the variables and names of the program among them.
  private(set) var rowCount = 0
  private(set) var signalCount = 0
  let value: Double
  /// The gradient by each of the inputs.
  private(set) var gradient: [(name: String, value: Matrix)] = []
  /// Pairs of rows: an operand and the node that uses it.
  private(set) var edges: [(from: Int32, to: Int32)] = []
  let style: DisplayStyle

  let graph: Graph
  private(set) var names: [Int32: String] = [:]
  private var signals: [Int32: Expression] = [:]
  private let machine: Machine
  private let tracer: Tracer

  /// Rows of each table.
  private static let most = 500

  init(
    _ y: Expression, _ inputs: [Expression], _ tracer: Tracer, _ machine: Machine,
    _ span: SourceSpan
  ) throws {
    graph = y.graph
    self.machine = machine
    self.tracer = tracer
    style = machine.style
    value = tracer.interpreter.value(of: y)[0]
    // Before the sweep adds nodes of its own.
    let live = graph.reachable(from: [y.index])
    signals = errorSignals(of: y, by: inputs)
    let rows = name(live, inputs)
    for row in rows.prefix(Self.most) { forward.append(try forwardRow(row, span)) }
    try addBackward(rows, y, span)
    for input in inputs {
      let signal = signals[input.index] ?? graph.number(0)
      let numbers = tracer.interpreter.value(of: signal.broadcast(to: input.shape))
      gradient.append(
        (
          names[input.index] ?? "",
          Matrix(numbers, rows: Int(input.shape.rows), columns: Int(input.shape.columns))
        ))
    }
  }

  /// Whether the value and its gradient are finite.
  var isFinite: Bool {
    value.isFinite && gradient.allSatisfy { $0.value.elements.allSatisfy(\.isFinite) }
  }

  // MARK: Names

  /// Gives nodes names; those that have one, in the order of evaluation.
  private mutating func name(_ live: [Bool], _ inputs: [Expression]) -> [Int32] {
    let taken = graph.inputs.map(\.name)
    let letter =
      ["v", "z", "n", "t"].first { letter in
        !taken.contains { $0.hasPrefix(letter) && $0.dropFirst().allSatisfy(\.isNumber) }
      } ?? "v_"
    var rows = inputs.map(\.index)
    for input in inputs {
      names[input.index] = graph.inputs[Int(input.node.payload)].name
    }
    var number = 0
    for index in live.indices where live[index] && names[Int32(index)] == nil {
      let node = graph.nodes[index]
      switch node.operation {
      case .number, .array, .factor: continue
      case .input: names[Int32(index)] = graph.inputs[Int(node.payload)].name
      default:
        if isPassedThrough(Int32(index)) { continue }
        number += 1
        names[Int32(index)] = "\(letter)\(number)"
      }
      rows.append(Int32(index))
    }
    rowCount = rows.count
    return rows
  }

  /// Whether a node is written where it is used: it says the same as its operand in another layout,
  /// or it is a comparison.
  func isPassedThrough(_ index: Int32) -> Bool {
    let e = Expression(graph: graph, index: index)
    if e.givesMask || e.beforeRepeating != e { return true }
    let node = e.node
    guard node.operation == .view else { return false }
    let map = graph.maps[Int(node.payload)]
    return map.offset == 0 && map.isContiguous(for: e.shape)
      && e.shape.count == graph.shape(of: node.a).count
  }

  /// `v̄3`, `x̄`, `p.W̄`: the name with a bar over the first letter of its last part.
  static func barred(_ name: String) -> String {
    var parts = name.split(separator: ".", omittingEmptySubsequences: false).map(String.init)
    guard let last = parts.popLast(), let first = last.first else { return name }
    parts.append("\(first)\u{304}" + last.dropFirst())
    return parts.joined(separator: ".")
  }

  // MARK: Rows

  private func row(
    _ index: Int32, _ name: String, _ expression: String, _ value: Expression,
    _ span: SourceSpan
  ) throws -> Row {
    if machine.stop.isRequested { throw Interrupted(span: span) }
    let shape = graph.shape(of: index)
    let buffer = tracer.interpreter.value(of: value.broadcast(to: shape))
    let isColumn = shape.elements == 1
    let matrix =
      isColumn || shape.lanes.isEmpty
      ? Matrix(
        buffer, rows: isColumn ? shape.count : Int(shape.rows),
        columns: isColumn ? 1 : Int(shape.columns))
      : Matrix(buffer, rows: shape.laneCount, columns: shape.elements)
    var text = machine.summary(Value(matrix))
    if !shape.lanes.isEmpty, !isColumn {
      text = "\(shape.laneCount) of \(shape.rows)×\(shape.columns)"
    }
    return Row(node: index, name: name, expression: expression, value: matrix, text: text)
  }

  private mutating func forwardRow(_ index: Int32, _ span: SourceSpan) throws -> Row {
    let node = graph.nodes[Int(index)]
    var expression = ""
    if node.operation == .input {
      expression = graph.inputs[Int(node.payload)].role == .variable ? "variable" : "given"
    } else {
      expression = text(local(index).node).0
      for operand in surroundings(index).named { edges.append((operand, index)) }
    }
    return try row(
      index, names[index] ?? "", expression, Expression(graph: graph, index: index), span)
  }

  private func isInput(_ index: Int32) -> Bool {
    graph.nodes[Int(index)].operation == .input
  }

  private mutating func addBackward(
    _ rows: [Int32], _ y: Expression, _ span: SourceSpan
  ) throws {
    let reached = rows.filter { signals[$0] != nil }
    signalCount = reached.count
    // The variables come last, and always.
    let (variables, inner) = (reached.filter(isInput), reached.filter { !isInput($0) })
    let wanted = inner.reversed().prefix(Self.most) + variables.prefix(Self.most)
    var users: [Int32: [Int32]] = [:]
    for node in wanted { users[node] = [] }
    for user in rows where signals[user] != nil && !isInput(user) {
      for operand in surroundings(user).named where users[operand] != nil {
        users[operand]?.append(user)
      }
    }
    for node in wanted {
      guard let signal = signals[node] else { continue }
      let name = Self.barred(names[node] ?? "")
      backward.append(
        try row(node, name, contributions(to: node, users[node] ?? [], y), signal, span))
    }
  }
}
