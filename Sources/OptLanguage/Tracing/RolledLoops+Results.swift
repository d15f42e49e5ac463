/// What variables are after a loop that is traced as one.
import OptGraph
import OptSyntax

/// What a variable is after a loop.
struct LoopResult {
  let variable: Variable
  let value: Expression
  let isMask: Bool
}

extension Machine {
  /// Makes the node, and gives the variables their values after the last turn.
  func close(
    _ code: LoopCode, _ loop: OpenLoop, _ frame: Frame, _ before: [Value], _ after: [Value],
    _ inputs: [Expression?], _ steps: [Double?]
  ) throws -> [LoopResult] {
    guard let tracer else { return [] }
    guard tracer.keepsStates || loop.checks.isEmpty else {
      throw CannotBatch("places that must be checked", code.span)
    }
    var extraction = LoopExtraction(tracer, loop)
    var carried: [(variable: Variable, isMask: Bool)] = []
    for (k, value) in after.enumerated() where value.isNumeric {
      let variable = code.assigned[k]
      if let input = inputs[k] {
        let next = try expression(value, code.span)
        let initial = try expression(before[k], code.span)
        extraction.carry(input, named: variable.name, from: initial, to: next)
        carried.append((variable, value.isMask))
      } else if case .unset = before[k] {
        // Set by the body alone; what it is after the last turn counts.
        let next = try expression(value, code.span)
        guard loop.depends(next.index) else { continue }
        extraction.result(next)
        carried.append((variable, value.isMask))
      } else if let step = steps[k], let start = before[k].scalar {
        set(variable, .number(start + step * Double(loop.turns)), frame)
      } else {
        set(variable, before[k], frame)
      }
    }
    // Records and lists that the body sets: those of their numbers that the loop decides on.
    var partCount = 0
    var composed: [(variable: Variable, template: Template, leaves: [Value], places: [Int?])] = []
    for (k, value) in after.enumerated() where !value.isNumeric && value.isPlain {
      guard case .unset = before[k] else { continue }
      guard tracer.keepsStates else { throw CannotBatch("a record or list", code.span) }
      var leaves: [Leaf] = []
      let template = Template.of(value, named: code.assigned[k].name, &leaves)
      let numbers = template.leaves(of: value) ?? []
      var places: [Int?] = []
      for number in numbers {
        let next = try expression(number, code.span)
        let differs = loop.depends(next.index)
        places.append(differs ? carried.count + partCount : nil)
        guard differs else { continue }
        extraction.result(next)
        partCount += 1
      }
      composed.append((code.assigned[k], template, numbers, places))
    }
    _ = try place(code.span)
    let checks = try loop.checks.filter { check in
      // What the turn decides on need not be looked at while the loop runs.
      guard let holds = extraction.holds(check.condition) else { return true }
      if holds { throw CannotBatch(check.what, check.span) }
      return false
    }
    for check in checks { extraction.check(check.condition) }
    let finals = try extraction.build()
    tracer.openLoops.removeLast()
    let results = zip(carried, finals).map {
      LoopResult(variable: $0.variable, value: $1, isMask: $0.isMask)
    }
    for result in results {
      set(
        result.variable, .traced(TracedNumbers(result.value, isMask: result.isMask)), frame)
    }
    for (variable, template, leaves, places) in composed {
      let value = template.value { k in
        guard let place = places[k] else { return leaves[k] }
        return .traced(TracedNumbers(finals[place], isMask: leaves[k].isMask))
      }
      set(variable, value, frame)
    }
    for (check, value) in zip(checks, finals.dropFirst(carried.count + partCount)) {
      try guardNever(value, check.what, check.span)
    }
    frame[code.slot] = .unset
    return results
  }
}

extension Value {
  /// Whether this is numbers, a text, or a record or list of these: nothing that could hold numbers
  /// which are not seen.
  var isPlain: Bool {
    switch self {
    case .text: true
    case .record(let record): record.report == nil && record.values.allSatisfy(\.isPlain)
    case .list(let list): list.items.allSatisfy(\.isPlain)
    default: isNumeric
    }
  }
}
