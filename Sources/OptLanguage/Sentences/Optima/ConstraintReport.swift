/// What a report says about the constraints of a run.
import OptNumerics
import OptSolvers
import OptSyntax

/// The constraints of a sentence, for its report.
struct ConstraintReport {
  let codes: [ConstraintCode]
  let set: ConstraintSet
  let layout: [Block]
  /// Components of the start that lay outside of their bounds, with the bounds they were moved to.
  let moved: [(component: Int, to: Double)]

  /// What the reader must know about the sentence itself.
  var remarks: [String] {
    var lines: [String] = []
    if !moved.isEmpty {
      let parts = moved.prefix(4).map {
        "\(layout.name(ofComponent: $0.component)) = \(NumberFormat.short($0.to))"
      }
      lines.append(
        "the start was outside of its bounds and was moved to " + parts.joined(separator: ", ")
          + (moved.count > 4 ? ", …" : ""))
    }
    if let strict = codes.first(where: \.isStrict) {
      let sign = strict.comparison == .less ? "<" : ">"
      lines.append("`\(sign)` counts as `\(sign)=`")
    }
    return lines
  }
}
