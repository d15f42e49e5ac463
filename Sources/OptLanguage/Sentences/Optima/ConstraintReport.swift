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

  // MARK: Where it ended

  /// One comparison at the end of a run.
  private struct Ending {
    /// The change of the optimal value per unit of the right side, one for each row.
    var multipliers: [Double] = []
    /// Rows that hold with equality.
    var active: [Int] = []
    /// The largest violation.
    var violation = 0.0
    /// The variables of the rows, where they are bounds.
    var variables: [Int] = []
  }

  /// How near to 0 a row counts as active, relative to the size of what is compared.
  private static let activity = 1e-6

  /// Comparison by comparison. `sign` is −1 for a value that is maximised.
  private func endings(_ solution: Solution, _ sign: Double) -> [Ending] {
    var result = Array(repeating: Ending(), count: codes.count)
    var at = 0
    for (constraint, k) in zip(set.constraints, set.rows) {
      for row in 0..<constraint.count where at < solution.rows.count {
        let (c, multiplier) = (solution.rows[at], solution.multipliers[at])
        result[k].multipliers.append(multiplier == 0 ? 0 : -sign * multiplier)
        let violation = max(constraint.lower - c, c - constraint.upper, 0)
        result[k].violation = max(result[k].violation, violation)
        if !constraint.isEquation, abs(c) <= Self.activity * max(1, abs(multiplier)) {
          result[k].active.append(row)
        }
        at += 1
      }
    }
    let (lower, upper) = (set.bounds.lower, set.bounds.upper)
    for variable in lower.indices {
      let (x, slope) = (solution.x[variable], solution.slope?[variable] ?? .nan)
      func add(_ origin: ConstraintSet.BoundOrigin?, _ end: Double, _ isLower: Bool) {
        guard let origin else { return }
        let k = origin.comparison
        let isActive =
          abs(x - end) <= Self.activity * max(1, abs(end)) && (isLower ? slope >= 0 : slope <= 0)
        if isActive { result[k].active.append(result[k].multipliers.count) }
        result[k].multipliers.append(isActive ? sign * slope / origin.slope + 0 : 0)
        result[k].variables.append(variable)
      }
      add(set.lowerOrigins[variable], lower[variable], true)
      add(set.upperOrigins[variable], upper[variable], false)
    }
    return result
  }

  /// A comparison whose rows are not finite where a run ended at its start.
  func notFinite(_ solution: Solution) -> ConstraintCode? {
    var at = 0
    for (constraint, k) in zip(set.constraints, set.rows) {
      let rows = solution.rowsAtEnd.dropFirst(at).prefix(constraint.count)
      if rows.contains(where: { !$0.isFinite }) { return codes[k] }
      at += constraint.count
    }
    return nil
  }

  /// What is shown of a run: active constraints with their multipliers, and what is violated.
  func findings(_ solution: Solution, _ sign: Double) -> [String] {
    zip(codes, endings(solution, sign)).compactMap { code, ending in
      if ending.violation > 1e-6 {
        return "\(code.label) violated by \(NumberFormat.short(ending.violation, digits: 3))"
      }
      guard !ending.active.isEmpty else { return nil }
      let shown = ending.active.map {
        NumberFormat.short(abs(ending.multipliers[$0]), digits: 4)
      }
      if ending.multipliers.count == 1 { return "\(code.label) active (multiplier \(shown[0]))" }
      let places = ending.active.map {
        ending.variables.isEmpty
          ? "row \($0 + 1)" : layout.name(ofComponent: ending.variables[$0])
      }
      let parts = zip(places, shown).map { "\($0): \($1)" }
      let more = parts.count > 4 ? ", … \(parts.count) in all" : ""
      return "\(code.label) active (multipliers \(parts.prefix(4).joined(separator: ", "))\(more))"
    }
  }

  /// The comparisons that cannot hold at once.
  private func conflict(_ solution: Solution) -> [ConstraintCode] {
    guard let conflict = solution.conflict else { return [] }
    var parts = Set(conflict.constraints.map { set.rows[$0] })
    parts.formUnion(conflict.lower.compactMap { set.lowerOrigins[$0]?.comparison })
    parts.formUnion(conflict.upper.compactMap { set.upperOrigins[$0]?.comparison })
    return parts.sorted().map { codes[$0] }
  }

  /// Which constraints contradict each other, for the headline.
  func conflictText(_ solution: Solution) -> String {
    let parts = conflict(solution)
    let names = parts.prefix(6).map { "`\($0.label)`" }.joined(separator: " and ")
    let isLinear = (solution.conflict?.constraints ?? []).allSatisfy {
      set.constraints[$0].isLinear
    }
    if parts.count == 1 {
      return "infeasible: nothing \(isLinear ? "" : "near ")satisfies \(names)"
    }
    return "infeasible: nothing \(isLinear ? "" : "near ")satisfies \(names) at once"
  }

  /// The fields of the result.
  func fields(_ solution: Solution, _ sign: Double) -> [(String, Value)] {
    let endings = endings(solution, sign)
    let multipliers = endings.map { ending -> Value in
      ending.multipliers.count == 1
        ? .number(ending.multipliers[0])
        : Value(Matrix(ending.multipliers, rows: ending.multipliers.count, columns: 1))
    }
    let active = zip(codes, endings).filter { !$1.active.isEmpty }.map { code, _ in code.text }
    let scope = solution.isGlobal ? "global" : solution.reason.claimsMinimum ? "local" : "none"
    return [
      ("optimum", .text(scope)), ("multipliers", .list(List(multipliers))),
      ("violation", .number(solution.violation)),
      ("active", .list(List(active.map { .text($0) }))),
      ("conflict", .list(List(conflict(solution).map { .text($0.text) }))),
    ]
  }
}
