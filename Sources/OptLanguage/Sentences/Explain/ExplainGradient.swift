/// `explain gradient of E at …`: the computation graph with values forward and error signals back.
import OptCalculus
import OptEngine
import OptGraph
import OptNumerics
import OptSyntax

extension Compiler {
  func explainGradient(_ sentence: Sentence, _ id: NodeID) throws -> Code {
    let subject = try costAtPoint(sentence, id, "explain gradient of")
    let machine = machine
    return { frame in
      try machine.explainedGradient(
        subject.cost(frame), subject.bindings, frame, subject.span)
    }
  }
}

extension Machine {
  /// The record of a gradient's explanation.
  fileprivate func explainedGradient(
    _ cost: Value, _ bindings: [BindingCode], _ frame: Frame, _ span: SourceSpan
  ) throws -> Value {
    let point = try knownPoint(bindings, frame, "explain gradient of", span)
    let (leaves, templates, numbers) = (point.leaves, point.templates, point.numbers)
    let resume = suspendTrace()
    defer { resume() }
    func table(_ purpose: Tracer.Purpose, namingGlobals: Bool) throws -> (ComputationTable, [Guard])
    {
      let tracer = Tracer(purpose, hasPoint: true)
      tracer.namesGlobals = namingGlobals
      tracer.fewestTurns = 2
      let inputs = zip(leaves, numbers).map { leaf, numbers in
        let input = tracer.graph.input(
          Input(name: leaf.name, role: .variable, shape: leaf.shape))
        tracer.interpreter.bind(input, Buffer(numbers))
        return input
      }
      return try tracing(tracer) {
        let arguments = templates.map { template in
          template.value { .traced(TracedNumbers(inputs[$0])) }
        }
        let value = try apply(
          cost, arguments, spans: bindings.map(\.span), at: span, calleeSpan: span)
        guard value.isNumeric, value.size ?? (0, 0) == (1, 1), !value.isMask else {
          throw Diagnostic(
            .error, "`explain gradient of` wants one number, found \(value.kindDescription)",
            at: span, help: value.kindDescription == "a function" ? "call it: `f(x)`" : nil)
        }
        let y = try expression(value, span)
        return (try ComputationTable(y, inputs, tracer, self, span), tracer.guards)
      }
    }
    // As formulas are written, where that has finite values; else as programs compute. Where a size
    // must be known, names of the program are plain numbers.
    let (computation, guards): (ComputationTable, [Guard])
    if let found = try? table(.display, namingGlobals: true), found.0.isFinite {
      (computation, guards) = found
    } else if let found = try? table(.execution, namingGlobals: true) {
      (computation, guards) = found
    } else {
      (computation, guards) = try table(.execution, namingGlobals: false)
    }
    let flat = computation.gradient.flatMap { Array($0.value.elements) }
    let names = bindings.map(\.name)
    let all = flat.withUnsafeBufferPointer { RunReport.structured($0, templates, names) }
    var gradient = all
    if names.count == 1, case .record(let record) = all { gradient = record.values[0] }
    let fields: [(String, Value)] = [
      ("value", .number(computation.value)), ("gradient", gradient),
      ("forward", computation.forwardTable), ("backward", computation.backwardTable),
      ("dot", .text(Text(computation.dot))),
    ]
    return .record(
      Record(
        names: fields.map(\.0), values: fields.map(\.1), report: computation.report(guards)))
  }
}
