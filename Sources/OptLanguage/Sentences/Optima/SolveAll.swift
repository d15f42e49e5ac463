/// `solve E1 == E2 from x in [a, b]`: all roots of one equation in an interval.
import OptGraph
import OptNumerics
import OptSolvers
import OptSyntax

/// The compiled form of one sentence.
private struct AllRootsCode {
  let name: String
  let sides: [Code]
  let interval: Code
  let intervalSpan: SourceSpan
  let stops: StopsCode?
  let subjectSpan: SourceSpan
  let span: SourceSpan
}

extension Compiler {
  func allRoots(_ sentence: Sentence, _ from: Clause, _ id: NodeID) throws -> Code {
    guard from.items.count == 1,
      case .membership(let name, let source, let nameSpan) = from.items[0],
      sentence.subjects.count == 1,
      case .comparison(let left, let links) = tree[sentence.subjects[0]],
      links.count == 1, links[0].comparison == .equal
    else {
      throw Diagnostic(
        .error, "all roots in an interval are found of one equation in one unknown", at: from.span,
        help: "write `solve sin(x) == 0 from x in [0, 10]`, or give systems a start: `from x = 1`")
    }
    let subject = sentence.subjects[0]
    guard tree.mentions(name, in: subject) else {
      throw Diagnostic(.error, "`\(name)` does not occur in the equation", at: nameSpan)
    }
    let parameters = [Parameter(name: name, span: nameSpan)]
    let sides = try [left, links[0].operand].map { side in
      closure(try function(name: nil, parameters: parameters, body: side, at: span(side)))
    }
    let until = sentence.clause(.until)
    let stops = try until.map { try self.stops($0, sign: 1) }
    if let stops, let until,
      stops.custom != nil
        || stops.items.contains(where: { !["evaluations", "seconds"].contains($0.name) })
    {
      throw Diagnostic(
        .error, "a search for all roots is limited by `evaluations = …` or `seconds = …`",
        at: until.span)
    }
    let code = AllRootsCode(
      name: name, sides: sides, interval: try expression(source), intervalSpan: span(source),
      stops: stops, subjectSpan: span(subject), span: span(id))
    let machine = machine
    return { frame in try machine.run(code, frame) }
  }
}

extension Machine {
  fileprivate func run(_ code: AllRootsCode, _ frame: Frame) throws -> Value {
    let interval = try code.interval(frame)
    guard let ends = interval.numbers, ends.count == 2, ends[0].isFinite, ends[1].isFinite,
      ends[0] <= ends[1]
    else {
      throw Diagnostic(
        .error, "an interval is two finite numbers, the smaller one first", at: code.intervalSpan,
        help: "write `from \(code.name) in [0, 10]`")
    }
    let sides = try code.sides.map { try $0(frame) }
    let stops = try code.stops?.value(self, frame) ?? Stops()
    if try dependsOnTrace([interval], sides) {
      throw Diagnostic(
        .error, "a list of roots has no derivative: how many there are may change", at: code.span,
        help: "one root has: `solve … from \(code.name) = …`")
    }
    let resume = suspendTrace()
    defer { resume() }
    var leaves: [Leaf] = []
    let template = Template.of(.number(ends[0]), named: code.name, &leaves)
    let traced = TracedFunction(
      self, leaves: leaves, variableCount: 1, at: code.subjectSpan
    ) { [unowned self] values in
      let x = template.value { values[$0] }
      let both = try sides.map {
        try apply($0, [x], spans: [code.span], at: code.subjectSpan, calleeSpan: code.subjectSpan)
      }
      guard both.allSatisfy({ $0.isNumeric && !$0.isMask }) else {
        throw Diagnostic(.error, "the sides of an equation are numbers", at: code.subjectSpan)
      }
      let difference = try binary(.subtract, both[0], both[1], code.subjectSpan)
      return Value(
        try place(code.subjectSpan).packed([expression(difference, code.subjectSpan)]))
    }
    let system = EquationSystem(traced)
    try system.prepare([0.5 * ends[0] + 0.5 * ends[1]], code.subjectSpan)
    let found = OptSolvers.allRoots(
      of: system, from: ends[0], to: ends[1], until: stops, stop: stop)
    if let failure = system.failure, !(failure is Interrupted) { throw failure }
    return result(found, code, ends)
  }

  private func result(_ found: AllRoots, _ code: AllRootsCode, _ ends: [Double]) -> Value {
    let isComplete = !found.isInterrupted && !found.isOutOfBudget && !found.isCut
    if !isComplete, code.stops == nil, !found.isInterrupted { sawUnconverged = true }
    func text(_ x: Double) -> String { NumberFormat.short(x, digits: options.digits) }
    func list(_ all: [Double]) -> String {
      all.prefix(20).map(text).joined(separator: ", ") + (all.count > 20 ? ", …" : "")
    }
    let interval = "[\(text(ends[0])), \(text(ends[1]))]"
    let count = found.roots.count
    var headline = "\(RunReport.count(count, "root")) in \(interval)"
    headline =
      count == 0
      ? "no root found in \(interval)" : headline + ": \(code.name) = \(list(found.roots))"
    var details: [String] = []
    func ranges(_ all: [ClosedRange<Double>]) -> String {
      all.prefix(5).map { "[\(text($0.lowerBound)), \(text($0.upperBound))]" }
        .joined(separator: ", ") + (all.count > 5 ? ", …" : "")
    }
    if !found.coinciding.isEmpty {
      let what = "the sides are equal everywhere in \(ranges(found.coinciding))"
      if count == 0 { headline = what } else { details.append(what) }
    }
    if !found.touching.isEmpty {
      details.append(
        "the sides touch without crossing at \(list(found.touching)): about half the digits are right"
      )
    }
    if !found.jumps.isEmpty {
      details.append("poles or jumps, not roots: \(list(found.jumps))")
    }
    if found.hasGaps { details.append("the equation has no value in parts of the interval") }
    if !found.open.isEmpty {
      details.append("further roots are not excluded in \(ranges(found.open))")
    }
    if count == 0, found.coinciding.isEmpty, isComplete, found.spacing > 0 {
      details.append(
        "the sides were compared at points at most \(RunReport.rounded(found.spacing)) apart; what is "
          + "narrower can be missed")
    }
    let reason =
      found.isInterrupted
      ? "interrupted"
      : found.isCut
        ? "there are more roots than are listed"
        : found.isOutOfBudget ? "used the evaluations or the time allowed" : "searched the interval"
    details.append(
      "subdivision, bracketing · \(RunReport.count(found.evaluations, "evaluation")) · \(reason)")
    func matrix(_ ranges: [ClosedRange<Double>]) -> Value {
      Value(
        Matrix(
          ranges.flatMap { [$0.lowerBound, $0.upperBound] }, rows: ranges.count, columns: 2))
    }
    let fields: [(String, Value)] = [
      ("roots", .vector(found.roots)),
      ("solution", .record([(code.name, .vector(found.roots))])),
      ("touching", .vector(found.touching)), ("jumps", .vector(found.jumps)),
      ("coinciding", matrix(found.coinciding)), ("open", matrix(found.open)),
      ("status", .text(isComplete ? "converged" : "limit")), ("reason", .text(reason)),
      ("converged", .boolean(isComplete)), ("evaluations", .number(Double(found.evaluations))),
    ]
    return .record(
      Record(
        names: fields.map(\.0), values: fields.map(\.1),
        report: RunReport(headline: headline, details: details)))
  }
}
