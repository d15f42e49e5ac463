/// What `explain engine` shows.
import OptEngine
import OptNumerics
import OptSyntax

/// The programs of a function, for a person who wonders why it is slow.
struct EngineReport {
  let subject: String
  let queries: [CompiledQuery]

  /// Steps of each program that a person is shown.
  private static let shown = 24

  /// The fields `seconds`, `compile_seconds`, `bytes` and `steps` of the last query, which a person
  /// sees as lines.
  var record: Value {
    guard let main = queries.last else { return .nothing }
    let fields: [(String, Value)] = [
      ("engine", .text(Text(engine))), ("seconds", .number(main.seconds)),
      ("estimate", .number(main.estimate)),
      ("compile_seconds", .number(main.compileTimes.total)),
      ("bytes", .number(Double(main.memory))), ("steps", table(main)),
    ]
    return .record(
      Record(
        names: fields.map(\.0), values: fields.map(\.1),
        report: RunReport(headline: headline, details: lines)))
  }

  private var note: String? { queries.compactMap(\.engineNote).first }
  private var engine: String { note == nil ? "native" : "vm" }

  private var headline: String {
    "\(subject): \(engine)"
      + (note.map { ", because \($0)" } ?? ", machine code for this processor")
  }

  private var lines: [String] { queries.flatMap(lines) }

  private func lines(_ query: CompiledQuery) -> [String] {
    let passes = query.steps.count(where: \.isPass)
    var lines = [
      "\(query.name): \(RunReport.count(query.steps.count, "step")), "
        + "\(passes == 1 ? "1 pass" : "\(passes) passes") over arrays, "
        + "\(Self.bytes(query.memory)) for values on the way"
    ]
    let slowest = query.times.steps.enumerated().max { $0.element < $1.element }?.offset
    for (k, step) in query.steps.prefix(Self.shown).enumerated() {
      lines.append("  \(k + 1)  \(Self.text(step)) · \(duration(query.times.steps[k]))")
      if let obstacle = step.obstacle { lines.append("     \(obstacle)") }
      for inner in step.body.prefix(Self.shown) {
        // A loop that is machine code is one with its body.
        lines.append("     in a turn: \(Self.text(inner, inCode: step.code != nil))")
      }
      if k == slowest, query.steps.count > 1, let source = query.sources[k] {
        lines.append("     most of the time: \(source.prefix(70))")
      }
    }
    if query.steps.count > Self.shown {
      lines.append("  … \(query.steps.count - Self.shown) more")
    }
    if query.decisions > 0 {
      lines.append(
        "  made for the way through \(RunReport.count(query.decisions, "condition")) taken here")
    }
    lines.append("  measured \(RunReport.duration(query.seconds, exact: true))")
    lines.append("  at full speed about \(RunReport.duration(query.estimate, exact: true))")
    let times = query.compileTimes
    for (name, seconds) in [
      ("traced", times.tracing), ("differentiated", times.differentiating),
      ("planned", times.planning), ("code written", times.generating),
    ] where seconds > 0 {
      lines.append("  \(name) in \(RunReport.duration(seconds, exact: true))")
    }
    return lines
  }

  private func duration(_ time: Duration) -> String {
    RunReport.duration(time.seconds, exact: true)
  }

  private static func bytes(_ count: Int) -> String {
    switch count {
    case ..<1000: RunReport.count(count, "byte")
    case ..<1_000_000: "\(NumberFormat.short(Double(count) / 1e3, digits: 3)) kB"
    case ..<1_000_000_000: "\(NumberFormat.short(Double(count) / 1e6, digits: 3)) MB"
    default: "\(NumberFormat.short(Double(count) / 1e9, digits: 3)) GB"
    }
  }

  private static func text(_ step: StepSummary, inCode: Bool = false) -> String {
    var parts = [step.what]
    switch step.carrier {
    case .code, .machine, .blas, .lapack, .host:
      if !inCode { parts.append(step.carrier.rawValue) }
    case .kernel: break
    }
    if step.carrier == .code || step.carrier == .machine, step.body.isEmpty {
      parts.append(
        RunReport.count(step.operations, "operation")
          + (step.what == "scalar code" ? "" : " an element"))
    }
    if step.sums > 0 { parts.append(RunReport.count(step.sums, "sum")) }
    if step.bytes > 0 { parts.append(bytes(step.bytes)) }
    if let code = step.code {
      parts.append(
        "\(code.bytes) bytes of code, \(RunReport.count(code.registers, "register"))"
          + (code.spills > 0 ? ", \(code.spills) spilled" : ""))
    }
    return parts.joined(separator: " · ")
  }

  private func table(_ query: CompiledQuery) -> Value {
    let count = query.steps.count
    func numbers(_ value: (StepSummary) -> Int) -> Table.Column {
      .numbers(Matrix(query.steps.map { Double(value($0)) }, rows: count, columns: 1))
    }
    let seconds = query.times.steps.map(\.seconds)
    return .table(
      Table(
        names: [
          "step", "carrier", "operations", "elements", "bytes", "registers", "spills", "seconds",
          "source",
        ],
        columns: [
          .texts(query.steps.map(\.what)), .texts(query.steps.map(\.carrier.rawValue)),
          numbers(\.operations), numbers(\.elements), numbers(\.bytes),
          numbers { $0.code?.registers ?? 0 }, numbers { $0.code?.spills ?? 0 },
          .numbers(Matrix(seconds, rows: count, columns: 1)),
          .texts(query.sources.map { $0 ?? "" }),
        ],
        rowCount: count))
  }
}
