/// The lines of a check: short when all is well, a table and the likely mistake when not.
import OptCalculus

struct CheckText {
  private let report: DerivativeReport
  /// The mistake that explains what is wrong.
  private(set) var pattern: String?
  private(set) var lines: [String] = []

  /// Rows of a table that are shown.
  private static let largestTable = 8

  init(_ report: DerivativeReport) {
    self.report = report
    if !report.wrong.isEmpty {
      let explained = PatternText(report)
      pattern = explained.pattern
      lines = [wrongHeadline] + table + explained.lines
    } else if !report.others.isEmpty {
      lines = [otherHeadline]
    } else {
      lines = [rightHeadline]
    }
    lines += remarks
  }

  private func short(_ x: Double, _ digits: Int = 6) -> String {
    NumberFormat.short(x, digits: digits)
  }

  private var noun: String { report.kind.rawValue }

  // MARK: Headlines

  private var slope: String? {
    guard report.others.isEmpty, !report.check.components.contains(where: \.isKink) else {
      return nil
    }
    return report.check.order.map { "slope " + NumberFormat.printf("%.2f", $0) }
  }

  /// Whether the remainder of Taylor's theorem shrinks as it does for a right gradient.
  private var hasRightSlope: Bool { (report.check.order ?? 2) > 1.8 }

  private var compared: String {
    let (part, all) = (report.check.components.count, report.given.count)
    return part < all ? " of \(part) of \(RunReport.count(all, "component"))" : ""
  }

  private var rightHeadline: String {
    var text = "\(noun) ok"
    if !report.kinks.isEmpty { text += " except at \(RunReport.count(report.kinks.count, "kink"))" }
    if let worst = report.worst {
      text +=
        " · largest relative error \(short(worst.relativeError, 1)) (in \(report.label(worst)))"
    }
    text += ", central differences" + compared
    if let slope, hasRightSlope { text += ", " + slope }
    return text
  }

  private var wrongHeadline: String {
    let count = report.wrong.count
    var text = "\(noun) wrong in \(count) of \(RunReport.count(report.given.count, "component"))"
    // Where rounding hides the error at short steps the remainder looks right.
    if let slope, (report.check.order ?? 2) < 1.5 { text += " · \(slope), 2 would be right" }
    return text
  }

  private var otherHeadline: String {
    let count = report.others.count
    return "no \(noun) to compare with in \(count) of "
      + RunReport.count(report.given.count, "component")
  }

  // MARK: Details

  private var table: [String] {
    var rows = [["", "given", "differences", "relative error"]]
    for component in report.wrong.prefix(Self.largestTable) {
      rows.append([
        report.label(component), short(component.given),
        component.isKink
          ? "\(short(component.left)) to \(short(component.right))" : short(component.difference),
        short(component.relativeError, 1),
      ])
    }
    let widths = rows[0].indices.map { column in rows.map { $0[column].count }.max() ?? 0 }
    var lines = rows.map { row in
      let cells = zip(row, widths).map { $0 + String(repeating: " ", count: $1 - $0.count) }
      let line = "  " + cells.joined(separator: "  ")
      return String(line.reversed().drop { $0 == " " }.reversed())
    }
    if report.wrong.count > Self.largestTable {
      lines.append("  … and \(report.wrong.count - Self.largestTable) more")
    }
    return lines
  }

  private var remarks: [String] {
    var lines: [String] = []
    for component in report.kinks.prefix(Self.largestTable) {
      lines.append(
        "  kink in \(report.label(component)): slope \(short(component.left)) on the left, "
          + "\(short(component.right)) on the right, given \(short(component.given))")
    }
    for component in report.others.prefix(Self.largestTable) {
      let what =
        switch component.verdict {
        case .jump: "the value jumps here"
        case .vertical: "the slope is infinite here"
        default: "there are no values beside this point"
        }
      lines.append("  \(report.label(component)): \(what)")
    }
    let edges = report.check.components.filter(\.isOneSided)
    if let first = edges.first {
      let more = edges.count > 1 ? " and \(edges.count - 1) more" : ""
      lines.append(
        "  one-sided differences in \(report.label(first))\(more): the domain ends here")
    }
    if let first = report.hidden.first {
      let more = report.hidden.count > 1 ? " and \(report.hidden.count - 1) more" : ""
      let what =
        first.error > 0.1 * max(first.given.magnitude, first.difference.magnitude)
        ? "too small against the rounding of the value to be seen"
        : "too rough: short and long steps show different slopes"
      lines.append("  \(report.label(first))\(more): \(what)")
    }
    if report.isOK {
      lines += confidence
      if let slope, !hasRightSlope {
        lines.append("  the remainder has \(slope) only, not 2: a kink is near")
      }
      if report.deviation > 1e-9 {
        lines.append(
          "  it differs from the automatic \(noun) by \(short(report.deviation, 1)), which is more "
            + "than rounding: are constants in it cut short?")
      }
    }
    if report.function.isRandom {
      lines.append("  random numbers inside were held fixed")
    }
    return lines
  }

  /// What was looked at, and the chance that a mistake got through.
  private var confidence: [String] {
    let probes = report.check.probes
    let against = probes.filter { $0.verdict != .right && $0.verdict != .unclear }.count
    guard against == 0 else {
      guard report.kinks.isEmpty else { return [] }
      return [
        "  along \(against) of \(probes.count) random directions the slope is not the \(noun)'s: "
          + "not differentiable here"
      ]
    }
    let chance = report.missedChance
    guard chance < 0.01 else { return [] }
    let n = report.given.count
    let all = n == 1 ? "1 component" : "all \(n) components"
    return [
      "  \(report.check.isComplete ? all + ", " : "")\(probes.count) random directions: "
        + "a \(noun) off by 1e-4 would pass with a chance below \(short(chance, 1))"
    ]
  }
}
