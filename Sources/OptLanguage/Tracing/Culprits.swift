/// Where a NaN or an infinite number came from.
import OptCalculus
import OptEngine
import OptGraph
import OptNumerics
import OptSolvers
import OptSyntax

/// Walks from a result that is not finite back to the innermost node that is to blame: the first on
/// the way whose own operands are finite. Only what contributes is followed: of a choice the side
/// that was taken, of elementwise work the element in question.
struct CulpritSearch {
  let tracer: Tracer
  private let graph: Graph
  private let interpreter: Interpreter
  /// The turns of the loops that the graph is the body of, outermost first.
  private var turns: [Int] = []

  init(tracer: Tracer) {
    self.tracer = tracer
    (graph, interpreter) = (tracer.graph, tracer.interpreter)
  }

  /// In the body of a loop in one turn.
  private init(_ outer: CulpritSearch, turn: Int, _ body: Interpreter, _ graph: Graph) {
    tracer = outer.tracer
    (self.graph, interpreter) = (graph, body)
    turns = outer.turns + [turn]
  }

  /// A node and the element of it that is not finite.
  private struct Place {
    var node: Int32
    var element: Int
  }

  /// The culprit of the first element of `root` that is not finite; nil when all are, or when the
  /// program itself asked for the value (`inf` as a constant). `derivatives` names the elements of
  /// a root that is a derivative of `values`.
  func fault(
    in root: Expression, values: [Expression] = [], derivatives: ((Int) -> String)? = nil
  ) -> Fault? {
    guard let bad = firstBad(root.index) else { return nil }
    var place = Place(node: root.index, element: bad)
    while let next = badOperand(place) { place = next }
    switch graph.nodes[Int(place.node)].operation {
    case .number, .array: return nil
    case .loop:
      if let (turn, body, node) = interpreter.firstBadTurn(of: place.node) {
        let inside = CulpritSearch(self, turn: turn, body, node.graph)
        if let fault = inside.fault(in: node) { return fault }
      }
    default: break
    }
    if derivatives != nil {
      let isValue = graph.reachable(from: values.map(\.index))
      let index = Int(place.node)
      guard index < isValue.count, isValue[index] else {
        return derivativeFault(place, values, bad, derivatives)
      }
    }
    return fault(place)
  }

  // MARK: The way back

  private func values(_ node: Int32) -> Buffer {
    interpreter.value(of: Expression(graph: graph, index: node))
  }

  private func firstBad(_ node: Int32) -> Int? {
    let buffer = values(node)
    return (0..<buffer.count).first { !buffer[$0].isFinite }
  }

  private func bad(_ node: Int32, _ element: Int?) -> Place? {
    guard let element else { return firstBad(node).map { Place(node: node, element: $0) } }
    let buffer = values(node)
    guard (0..<buffer.count).contains(element), !buffer[element].isFinite else { return nil }
    return Place(node: node, element: element)
  }

  /// The operand that makes `place` what it is; nil when all that contribute are finite.
  private func badOperand(_ place: Place) -> Place? {
    let node = graph.nodes[Int(place.node)]
    let shape = graph.shape(of: place.node)
    func under(_ operand: Int32) -> Int { element(place.element, of: shape, in: operand) }
    switch node.operation {
    case .number, .array, .input, .random, .order: return nil
    case .select:
      let isTaken = values(node.a)[under(node.a)] != 0
      if isTaken, Refusal(of: node, in: graph) != nil { return nil }
      let side = isTaken ? node.b : node.c
      return bad(side, under(side))
    case .apply:
      for operand in graph.operands(of: place.node) {
        if let found = bad(operand, under(operand)) { return found }
      }
      return nil
    case .view:
      return bad(node.a, offset(graph.maps[Int(node.payload)], shape, place.element))
    case .gather:
      let index = values(node.b)[under(node.b)]
      return bad(node.a, Int(exactly: index))
    case .assemble:
      for piece in graph.assemblies[Int(node.payload)].pieces {
        var k = 0
        var found: Int?
        piece.map.forEachOffset(in: graph.shape(of: piece.node)) { offset in
          if offset == place.element, found == nil { found = k }
          k += 1
        }
        if let found, let place = bad(piece.node, found) { return place }
      }
      return nil
    default:
      for operand in graph.operands(of: place.node) {
        if let found = bad(operand, nil) { return found }
      }
      return nil
    }
  }

  /// Where element number `element` of `shape` lies in an operand that broadcasts to it.
  private func element(_ element: Int, of shape: Shape, in operand: Int32) -> Int {
    let own = graph.shape(of: operand)
    if own == shape { return element }
    let levels = max(shape.lanes.count, own.lanes.count)
    let sizes = shape.dimensions(levels: levels)
    let ownSizes = own.dimensions(levels: levels)
    var (rest, result, step) = (element, 0, 1)
    for k in stride(from: sizes.count - 1, through: 0, by: -1) {
      let coordinate = rest % max(sizes[k], 1)
      rest /= max(sizes[k], 1)
      if ownSizes[k] != 1 { result += coordinate * step }
      step *= ownSizes[k]
    }
    return result
  }

  private func offset(_ map: StridedMap, _ shape: Shape, _ element: Int) -> Int {
    let sizes = shape.dimensions
    var (rest, result) = (element, map.offset)
    for k in stride(from: sizes.count - 1, through: 0, by: -1) {
      result += map.strides[k] * (rest % max(sizes[k], 1))
      rest /= max(sizes[k], 1)
    }
    return result
  }

  // MARK: Words

  /// The text of a node: a name, or what the user wrote.
  private func text(_ node: Int32) -> String? {
    let n = graph.nodes[Int(node)]
    if n.operation == .input {
      // What a loop's body reads need not have a name.
      let name = graph.inputs[Int(n.payload)].name
      return name.isEmpty ? nil : name
    }
    if n.operation == .number { return nil }
    guard let text = span(node)?.text, !text.isEmpty else { return nil }
    return text
  }

  /// The place in the program that a node came from.
  private func span(_ node: Int32) -> SourceSpan? {
    let origin = Int(graph.origins[Int(node)])
    return tracer.origins.indices.contains(origin) ? tracer.origins[origin] : nil
  }

  /// `x = -1 at element 3` for each operand that has a text of its own.
  private func operands(of place: Place, besides shown: String) -> [String] {
    let shape = graph.shape(of: place.node)
    var parts: [String] = []
    for operand in graph.operands(of: place.node) {
      guard let name = text(operand), name != shown else { continue }
      let numbers = values(operand)
      let own = graph.shape(of: operand)
      let isElementwise = own.isScalar || own.broadcast(with: shape) == shape
      let k = isElementwise ? element(place.element, of: shape, in: operand) : 0
      guard (0..<numbers.count).contains(k) else { continue }
      let suffix = numbers.count > 1 ? " at element \(k + 1)" : ""
      let part = "\(name) = \(NumberFormat.short(numbers[k]))\(suffix)"
      if !parts.contains(part) { parts.append(part) }
    }
    return parts
  }

  private func position(_ node: Int32) -> String? {
    span(node).flatMap { DiagnosticRenderer.place(of: $0) }
  }

  private func fault(_ place: Place) -> Fault {
    let node = graph.nodes[Int(place.node)]
    if node.operation == .host, let reason = graph.hosts[Int(node.payload)].failure {
      return Fault(expression: reason, operands: [], place: position(place.node))
    }
    let buffer = values(place.node)
    let shown =
      text(place.node) ?? Formula.of(Expression(graph: graph, index: place.node)).text
    let turn = turns.map { " in turn \($0 + 1)" }.joined()
    let lane = buffer.count > 1 ? " (element \(place.element + 1) of \(buffer.count))" : ""
    return Fault(
      expression: "\(shown) is \(NumberFormat.short(buffer[place.element]))\(lane)\(turn)",
      operands: operands(of: place, besides: shown), place: position(place.node))
  }

  /// What is not finite is a derivative: told at the place of the function that it belongs to, with
  /// the operands of that.
  private func derivativeFault(
    _ place: Place, _ roots: [Expression], _ component: Int,
    _ names: ((Int) -> String)?
  ) -> Fault {
    let buffer = values(place.node)
    let live = graph.reachable(from: roots.map(\.index))
    let here = span(place.node)
    let function = live.indices.last { live[$0] && here != nil && span(Int32($0)) == here }
    let shown = text(place.node) ?? "the cost"
    let by = names.map { " by \($0(component))" } ?? ""
    var parts: [String] = []
    if let function {
      let node = Int32(function)
      let own = graph.shape(of: node)
      let k = own == graph.shape(of: place.node) ? place.element : 0
      parts = operands(of: Place(node: node, element: k), besides: shown)
    }
    let refusal = Refusal(of: graph.nodes[Int(place.node)], in: graph)
    return Fault(
      expression: "the derivative of \(shown)\(by) "
        + (refusal.map { "is not available: \($0.text)" }
          ?? "is " + NumberFormat.short(buffer[place.element])),
      operands: refusal == nil ? parts : [], place: position(place.node))
  }
}

extension TracedFunction {
  /// The culprit at the inputs that `pointers` name, of the value or, if that is finite, of its
  /// gradient; nil when both are finite.
  func culprit() throws -> Fault? {
    let path = try path()
    let tracer = path.tracer
    let interpreter = tracer.interpreter
    interpreter.forget()
    for (k, input) in path.inputs.enumerated() {
      let buffer = Buffer(uninitialized: leaves[k].count)
      buffer.pointer.update(from: pointers[k], count: buffer.count)
      interpreter.bind(input, buffer)
    }
    let y = try machine.tracing(tracer) { try machine.expression(path.result, .none) }
    let search = CulpritSearch(tracer: tracer)
    if let fault = search.fault(in: y) { return fault }
    let variables = Array(path.inputs.prefix(variableCount))
    let slopes = try machine.tracing(tracer) { gradient(of: y, by: variables) }
    for (leaf, slope) in zip(leaves, slopes) {
      let fault = search.fault(in: slope, values: [y]) { leaf.block.name(of: $0) }
      if let fault { return fault }
    }
    return nil
  }
}
