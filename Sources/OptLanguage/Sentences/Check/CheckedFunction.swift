/// A function to be checked at a point: its values, its automatic derivatives, its terms.
import OptCalculus
import OptEngine
import OptGraph
import OptNumerics
import OptSolvers
import OptSyntax

/// Traced like a cost, with one result or several. Random numbers inside are held fixed.
final class CheckedFunction {
  let point: [Double]
  let traced: TracedFunction
  let layout: [Block]
  /// Rows and columns of the result.
  private(set) var size: (rows: Int, columns: Int) = (1, 1)
  /// An error of the program at another point than the one that is checked.
  private(set) var failure: (any Error)?
  private let machine: Machine
  private let span: SourceSpan
  private let call: ([Value]) throws -> Value

  var outputs: Int { size.rows * size.columns }
  var isRandom: Bool { traced.isRandom }

  /// Traces the function, and refuses a result that is not numbers or not finite.
  init(
    _ machine: Machine, leaves: [Leaf], point: [Double], at span: SourceSpan,
    call: @escaping ([Value]) throws -> Value
  ) throws {
    self.machine = machine
    self.point = point
    self.span = span
    self.call = call
    traced = TracedFunction(machine, leaves: leaves, variableCount: leaves.count, at: span) {
      let value = try call($0)
      guard value.isNumeric, !value.isMask else {
        throw Diagnostic(
          .error, "`check` wants numbers, found \(value.kindDescription)", at: span,
          help: value.kindDescription == "a function" ? "call it: `f(x)`" : nil)
      }
      return value
    }
    layout = leaves.map(\.block)
    traced.draw = Double(machine.random.seed % (1 << 20)) * 4_294_967_296
    try withPoint(point) {
      let path = try traced.path()
      size = path.result.size ?? (1, 1)
      guard let run = try traced.run(.value) else { throw Interrupted(span: span) }
      let values = UnsafeBufferPointer(start: run.output(0), count: outputs)
      if !values.allSatisfy(\.isFinite) { throw notFinite("the value is not finite here") }
    }
  }

  private func withPoint<Result>(_ x: [Double], _ body: () throws -> Result) rethrows -> Result {
    try x.withUnsafeBufferPointer { x in
      if let base = x.baseAddress { place(base) }
      return try body()
    }
  }

  private func place(_ x: UnsafePointer<Double>) {
    var offset = 0
    for (k, leaf) in traced.leaves.enumerated() {
      traced.pointers[k] = x + offset
      offset += leaf.count
    }
  }

  private func notFinite(_ what: String) -> Diagnostic {
    let objective = CostObjective(traced, machine)
    let culprit = point.withUnsafeBufferPointer { x in
      x.baseAddress.flatMap { objective.culprit(at: $0) }
    }
    return Diagnostic(.error, what, at: span, notes: culprit.map(Machine.lines) ?? [])
  }

  // MARK: Values

  /// The results at `x`; NaN where the program has none.
  func values(_ x: UnsafePointer<Double>, _ results: UnsafeMutablePointer<Double>) {
    run(.value, x, results) { run in results.update(from: run.output(0), count: self.outputs) }
  }

  /// The automatic gradient at `x`; NaN where there is none.
  func gradient(_ x: UnsafePointer<Double>, _ result: UnsafeMutablePointer<Double>) {
    run(.valueAndGradient, x, result) { run in
      var offset = 0
      for (k, leaf) in self.traced.leaves.enumerated() {
        (result + offset).update(from: run.output(1 + k), count: leaf.count)
        offset += leaf.count
      }
    }
  }

  private func run(
    _ query: Query, _ x: UnsafePointer<Double>, _ result: UnsafeMutablePointer<Double>,
    _ take: (Executable) -> Void
  ) {
    place(x)
    do {
      guard !machine.stop.isRequested, let run = try traced.run(query) else {
        result[0] = .nan
        return
      }
      take(run)
    } catch {
      failure = error
      result.update(repeating: .nan, count: query == .value ? outputs : point.count)
    }
  }

  /// The first result at `x`.
  func value(at x: [Double]) -> Double {
    let results = Buffer(count: max(1, outputs))
    x.withUnsafeBufferPointer { x in
      if let base = x.baseAddress { values(base, results.pointer) }
    }
    return results[0]
  }

  // MARK: Automatic derivatives

  func gradient(at x: [Double]) -> [Double] {
    let result = Buffer(count: max(1, x.count))
    x.withUnsafeBufferPointer { x in
      if let base = x.baseAddress { gradient(base, result.pointer) }
    }
    return result.numbers
  }

  /// The gradient at the point, finite.
  func gradient() throws -> [Double] {
    let result = gradient(at: point)
    if machine.stop.isRequested { throw Interrupted(span: span) }
    if let failure { throw failure }
    guard result.allSatisfy(\.isFinite) else { throw notFinite("the gradient is not finite here") }
    return result
  }

  /// The values at `x` of nodes that `make` builds from the result and the inputs of the trace.
  private func evaluated(
    at x: [Double], _ make: (Expression, [Expression]) -> [Expression]
  ) throws -> [[Double]] {
    try withPoint(x) {
      let path = try traced.path()
      let interpreter = path.tracer.interpreter
      interpreter.forget()
      var offset = 0
      for (k, input) in path.inputs.enumerated() {
        let count = traced.leaves[k].count
        interpreter.bind(input, Buffer(Array(x[offset..<offset + count])))
        offset += count
      }
      return try machine.tracing(path.tracer) {
        let made = make(try machine.expression(path.result, span), path.inputs)
        return made.map { interpreter.value(of: $0).numbers }
      }
    }
  }

  /// The Jacobian at `x`, row by row.
  func jacobian(at x: [Double]) throws -> [Double] {
    try refuseLarge(outputs)
    return try evaluated(at: x) { y, inputs in [OptCalculus.jacobian(of: [y], by: inputs)] }[0]
  }

  /// The Hessian at `x`, row by row.
  func hessian(at x: [Double]) throws -> [Double] {
    try refuseLarge(point.count)
    return try evaluated(at: x) { y, inputs in [OptCalculus.hessian(of: y, by: inputs)] }[0]
  }

  private func refuseLarge(_ rows: Int) throws {
    guard Double(rows) * Double(point.count) <= Double(Matrix.largestCount) / 4 else {
      throw Matrix.tooLarge(rows, point.count, span)
    }
  }

  // MARK: What may be missing

  /// A summand of the cost and its gradient.
  struct Term {
    var text: String
    var gradient: [Double]
  }

  /// The summands of the cost, and the first and the last summand of sums among them.
  func terms() -> [Term] {
    var texts: [String] = []
    let slopes = try? evaluated(at: point) { y, inputs in
      guard y.shape.isScalar, let tracer = (try? traced.path())?.tracer else { return [] }
      let terms = CostTerms(of: y, tracer).terms
      return terms.flatMap { term in
        texts.append(term.text)
        return OptCalculus.gradient(of: term.expression, by: inputs)
      }
    }
    guard let slopes else { return [] }
    let count = traced.leaves.count
    return texts.enumerated().map { k, text in
      Term(text: text, gradient: slopes[k * count..<(k + 1) * count].flatMap { $0 })
    }
  }

  /// Sizes of the data that the function reads, with what they are.
  func sizes() -> [(size: Int, name: String)] {
    guard let path = try? withPoint(point, { try traced.path() }) else { return [] }
    var found: [(Int, String)] = []
    for (cell, _) in path.tracer.reads where cell.isSet {
      guard let (rows, columns) = cell.value.pointee.size else { continue }
      if rows * columns == 1, let number = cell.value.pointee.scalar, number == number.rounded(),
        number > 2, number < 1e9
      {
        found.append((Int(number), "`\(cell.name)`"))
        continue
      }
      found.append((rows, "the rows of `\(cell.name)`"))
      found.append((columns, "the columns of `\(cell.name)`"))
      found.append((rows * columns, "the elements of `\(cell.name)`"))
    }
    for block in layout {
      found.append((block.rows, "the rows of `\(block.name)`"))
      found.append((block.columns, "the columns of `\(block.name)`"))
      found.append((block.count, "the elements of `\(block.name)`"))
    }
    found.append((point.count, "the number of components"))
    return found.filter { $0.0 > 2 }
  }

  /// The formula of the derivative by each leaf, where it is short enough to be read.
  func formulas() -> [String?] {
    let tracer = Tracer.ofFormula()
    let found = try? machine.tracing(tracer) { () -> [String?] in
      let inputs = traced.leaves.map {
        tracer.graph.input(Input(name: $0.name, role: .variable, shape: $0.shape))
      }
      let value = try call(inputs.map { .traced(TracedNumbers($0)) })
      let y = try machine.expression(value, span)
      guard y.shape.isScalar, tracer.graph.count < Self.largestShown else { return [] }
      return OptCalculus.gradient(of: y, by: inputs).map { slope in
        let formula = Formula.of(slope)
        return formula.isUnreadable || formula.text.count > 72 ? nil : formula.text
      }
    }
    return found ?? []
  }

  /// Most nodes of a function whose derivative is shown.
  private static let largestShown = 2000
}
