/// Texts, printing, and methods written in the language.
import OptSyntax

extension Builtins {
  static let texts: [Builtin] = [
    Builtin(
      "print(…)", "Prints the values in one line; texts without quotes.",
      examples: ["{ print(\"x =\", 2); true }"]
    ) { try print($0) },
    Builtin(
      "split(s, by = \" \")", "The parts of a text between separators, as a list.",
      examples: ["split(\"a,b\", \",\") == [\"a\", \"b\"]"]
    ) { call in
      guard case .text(let text) = call[0] else {
        throw call.wants("a text", call[0], call.span(0))
      }
      var separator = " "
      if call.has(1) {
        guard case .text(let given) = call[1], !given.string.isEmpty else {
          throw call.wants("a text that is not empty to split by", call[1], call.span(1))
        }
        separator = given.string
      }
      return .list(parts(text.string, separator).map { .text($0) })
    },
    Builtin(
      "number(s)", "The number that a text says; nan when it says none.",
      examples: ["number(\"2.5\") == 2.5", "number(\" 1e-3\") == 0.001"]
    ) { call in
      if call[0].isNumeric { return try call.number(0) }
      guard case .text(let text) = call[0] else {
        throw call.wants("a text", call[0], call.span(0))
      }
      return .number(DecimalNumber.read(text.string) ?? .nan)
    },
    Builtin(
      "method(start, step)",
      "A method of minimisation: `start = θ -> state`, and `step = (θ, g, s) -> {…}` whose last "
        + "value is a record with the new θ and state.",
      examples: ["{ m = method(start = θ -> (n = 0), step = (θ, g, s) -> (θ = θ - g)); true }"]
    ) { call in
      for k in 0...1 {
        guard case .function = call[k] else {
          throw call.wants("functions for `start` and `step`", call[k], call.span(k))
        }
      }
      return .method(MethodValue(.written(start: call[0], step: call[1]), name: "method"))
    },
  ]

  private static func print(_ call: Call) throws -> Value {
    let machine = call.machine
    try machine.refuseInLanes("print", call.span)
    if let tracer = machine.tracer {
      guard tracer.hasPoint else { return .nothing }
      tracer.hasEffects = true
    }
    let parts = call.rest.map { value -> String in
      if case .text(let text) = value { return text.string }
      return machine.shown(machine.allSnapshots(value))
    }
    let isTall = parts.contains { $0.contains { $0.isNewline } }
    machine.output(.printed(parts.joined(separator: isTall ? "\n" : " ")))
    return .nothing
  }

  /// The parts between separators, without Foundation.
  private static func parts(_ text: String, _ separator: String) -> [String] {
    var result: [String] = []
    var rest = Array(text)[...]
    let mark = Array(separator)
    var part = ""
    while let first = rest.first {
      if rest.starts(with: mark) {
        result.append(part)
        part = ""
        rest = rest.dropFirst(mark.count)
      } else {
        part.append(first)
        rest = rest.dropFirst()
      }
    }
    return result + [part]
  }
}

extension Machine {
  /// A value with all traced numbers in it as they are at the point of the trace.
  func allSnapshots(_ value: Value) -> Value {
    switch value {
    case .record(let record) where value.isTraced:
      return .record(Record(names: record.names, values: record.values.map(allSnapshots)))
    case .list(let list) where value.isTraced: return .list(list.items.map(allSnapshots))
    default: return snapshot(value)
    }
  }
}
