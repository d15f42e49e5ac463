/// `explain differentiate E by x`: the derivation, step by step.
import OptCalculus
import OptGraph
import OptSyntax

extension Compiler {
  /// The derivation of what the sentence `differentiate …` says, with its result.
  func explainDerivative(_ sentence: Sentence, _ id: NodeID) throws -> Code {
    guard let form = Sentences.form(.differentiate) else {
      throw fail("`differentiate` is not available", id)
    }
    let result = try form.compile(self, sentence, id)
    let subject = sentence.subjects[0]
    var order: [String] = []
    for case .expression(let item) in sentence.clause(.by)?.items ?? [] {
      if case .name(let name) = tree[item] { order.append(name) }
    }
    var names: [String] = []
    for name in order where !names.contains(name) { names.append(name) }
    let parameters = names.map { Parameter(name: $0, span: span(id)) }
    let cost = closure(
      try function(name: nil, parameters: parameters, body: subject, at: span(subject)))
    let cells = names.map { namespace.cell($0) }
    let (machine, place) = (machine, span(subject))
    return { frame in
      let derivative = try result(frame)
      return try machine.derivation(
        of: cost(frame), by: order, Array(zip(names, cells)), derivative, place)
    }
  }
}

extension Machine {
  /// A record with the steps of the derivation and its result.
  fileprivate func derivation(
    of cost: Value, by order: [String], _ variables: [(name: String, cell: Cell)],
    _ derivative: Value, _ span: SourceSpan
  ) throws -> Value {
    let result = shown(derivative)
    // Variables that have a value lend their size; others get one from their use.
    var valued: [String: (rows: Int, columns: Int)] = [:]
    for (name, cell) in variables where cell.isSet {
      valued[name] = cell.value.pointee.size ?? (1, 1)
    }
    let text = try withOpenSizes(
      of: cost, valued: valued, { (made: DerivationLines) in made.lines.joined(separator: "\n") }
    ) { shapes in
      let tracer = Tracer.ofFormula()
      tracer.notesCalls = true
      tracer.fewestTurns = 2
      tracer.openShapes = shapes
      return try tracing(tracer) {
        let inputs = variables.map { tracer.symbol($0.name, valued[$0.name]) }
        let value = try apply(
          cost, inputs.map { .traced(TracedNumbers($0)) }, spans: variables.map { _ in span },
          at: span, calleeSpan: span)
        let known = Dictionary(zip(variables.map(\.name), inputs)) { first, _ in first }
        return try derivations(
          of: try expression(value, span), by: order, known, tracer, result: result, span)
      }
    }
    return .record(
      Record(
        names: ["result", "steps"], values: [derivative, .table(Self.table(text.rows))],
        report: RunReport(
          headline: text.lines.first ?? result, details: Array(text.lines.dropFirst()), indent: 0)))
  }

  /// One derivation after the other, each of the result of the one before.
  private func derivations(
    of root: Expression, by order: [String], _ inputs: [String: Expression], _ tracer: Tracer,
    result: String, _ span: SourceSpan
  ) throws -> DerivationLines {
    var (expression, variables, calls) = (root, inputs, tracer.calls)
    let isPartial = variables.count > 1 || !(tracer.symbols ?? [:]).isEmpty
    var made = DerivationLines()
    for (k, name) in order.enumerated() {
      guard let variable = variables[name] else { continue }
      let names = DerivationNames(expression, calls, self)
      let derivation = Derivation(
        expression, by: variable, calls: names.calls, letter: names.letters[0])
      var text = DerivationText(derivation, names, isPartial: isPartial)
      if k == order.count - 1 {
        made.lines += text.lines(result: result)
      } else {
        let slope = try derivativeFormula(of: expression, by: variable, name, span)
        // A graph of its own: in the old one products that are there already keep their order.
        let places = expression.graph.inputNodes
        let (graph, roots) = slope.graph.forDisplay([slope])
        variables = variables.mapValues { input in
          let place = places.firstIndex(of: input.index) ?? 0
          return Expression(graph: graph, index: graph.inputNodes[place])
        }
        (expression, calls) = (roots[0], [])
        made.lines += text.lines(result: DerivationNames(expression, [], self).text(expression))
      }
      made.rows += text.rows
    }
    return made
  }

  private static func table(_ rows: [DerivationText.Row]) -> Table {
    Table(
      names: ["expression", "rule", "derivative"],
      columns: [
        .texts(rows.map(\.expression)), .texts(rows.map(\.rule)), .texts(rows.map(\.derivative)),
      ], rowCount: rows.count)
  }
}

/// The text of derivations and their steps for programs.
private struct DerivationLines {
  var lines: [String] = []
  var rows: [DerivationText.Row] = []
}

/// How the parts of an explained expression are called.
struct DerivationNames {
  /// Nodes that print as a name: `f(x)`, `norm(r)`.
  private(set) var named: [Int32: String] = [:]
  /// Nodes that are results of calls, with the name of the function.
  private(set) var functions: [Int32: String] = [:]
  /// Letters that nothing else is called: u, v, w, …
  let letters: [String]
  /// A free name for a function.
  let function: String

  var calls: Set<Int32> { Set(functions.keys) }

  /// Nodes of syntax and characters of one formula.
  private static let (largest, longest) = (150, 240)

  init(_ root: Expression, _ calls: [NotedCall], _ machine: Machine) {
    let graph = root.graph
    var taken = Set(graph.inputs.map(\.name))
    for call in calls { taken.insert(call.name) }
    let free = ["u", "v", "w", "p", "q", "r", "s", "t", "y", "z", "a", "b", "c", "d", "k", "m"]
      .filter { !taken.contains($0) }
    letters = free.count >= 4 ? free : (1...16).map { "u_\($0)" }
    function = ["f", "g", "h", "φ"].first { !taken.contains($0) } ?? "f_1"
    var byResult: [Int32: NotedCall] = [:]
    for call in calls {
      switch call.result.node.operation {
      case .input, .number, .array: continue
      default: byResult[call.result.index] = call
      }
    }
    let live = graph.reachable(from: [root.index])
    for index in live.indices where live[index] {
      let node = Expression(graph: graph, index: Int32(index))
      if let call = byResult[Int32(index)] {
        let texts = call.arguments.map { argument -> String in
          if case .traced(let numbers) = argument { return text(numbers.expression) }
          return machine.summary(argument)
        }
        named[Int32(index)] = "\(call.name)(\(texts.joined(separator: ", ")))"
        functions[Int32(index)] = call.name
      } else if let inner = Expression.normed(node) {
        named[Int32(index)] = "norm(\(text(inner)))"
      }
    }
  }

  /// The formula of a node; of `opened` the formula although it has a name.
  func text(_ e: Expression, opened: Bool = false) -> String { syntax(e, opened).text }

  /// The same where it follows `d/dx`: sums stand in brackets.
  func operand(_ e: Expression, opened: Bool = false) -> String {
    let (text, isLoose) = syntax(e, opened)
    return isLoose ? "(\(text))" : text
  }

  /// The generators of open lanes: `i in 1:10`.
  func generators(_ e: Expression) -> String {
    var builder = FormulaBuilder(e, budget: Self.largest)
    let (_, generators) = builder.body(e)
    let printer = SyntaxPrinter(tree: builder.tree, style: .formula)
    return generators.map { "\($0.variable) in \(printer.print($0.source))" }
      .joined(separator: ", ")
  }

  private func syntax(_ e: Expression, _ opened: Bool) -> (text: String, isLoose: Bool) {
    var builder = FormulaBuilder(e, budget: Self.largest)
    builder.named = named
    if opened { builder.named[e.index] = nil }
    let root = builder.body(e).piece.id
    var text = SyntaxPrinter(tree: builder.tree, style: .formula).print(root)
    if text.count > Self.longest { text = text.prefix(Self.longest) + "…" }
    let isLoose: Bool
    switch builder.tree[root] {
    case .infix(.add, _, _), .infix(.subtract, _, _), .prefix(.minus, _), .conditional,
      .comparison:
      isLoose = true
    default: isLoose = false
    }
    return (text, isLoose)
  }
}
