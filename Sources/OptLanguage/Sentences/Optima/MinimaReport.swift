/// What a global search says about the minima that it found.
import OptSolvers
import OptSyntax

extension Machine {
  /// The fields of a result for the minima found: a table with a row for each, the number of local
  /// searches, and the share of starts that would find another one.
  func minima(_ solution: Solution, _ sign: Double) -> [(String, Value)] {
    guard let minima = solution.minima else { return [] }
    let all = minima.all
    func column(_ number: (FoundMinimum) -> Double) -> Table.Column {
      .numbers(Matrix(all.map(number), rows: all.count, columns: 1))
    }
    let searches = Double(max(minima.searches, 1))
    let names = ["value", "count", "share"] + solution.layout.componentNames
    var columns = [
      column { sign * $0.value }, column { Double($0.count) },
      column { Double($0.count) / searches },
    ]
    for k in solution.x.indices { columns.append(column { $0.x[k] }) }
    return [
      ("minima", .table(Table(names: names, columns: columns, rowCount: all.count))),
      ("searches", .number(Double(minima.searches + minima.failures))),
      ("unseen", .number(minima.unseenShare)),
    ]
  }

  /// The lines of a report about them.
  static func lines(_ minima: Minima, _ sign: Double) -> [String] {
    let kind = sign < 0 ? "maxim" : "minim"
    guard minima.searches > 0 else {
      return minima.failures > 0
        ? ["none of \(RunReport.count(minima.failures, "local search")) ended at a \(kind)um"] : []
    }
    let which = sign < 0 ? "highest" : "lowest"
    var line =
      "\(minima.distinctCount == 1 ? "1 \(kind)um" : "\(minima.distinctCount) \(kind)a") · "
      + "the \(which) was found by \(minima.lowestCount) of "
      + RunReport.count(minima.searches, "local search")
    let share = minima.unseenShare
    if minima.searches > 1 {
      func percent(_ share: Double) -> String { NumberFormat.short((100 * share).rounded(.up)) }
      line +=
        share == 0
        ? " · under \(percent(minima.unseenBound)) % of further starts would find another"
        : " · about \(percent(share)) % of further starts would find another"
    }
    var lines = [line]
    // A search that keeps finding new minima says little about the lowest of all.
    if minima.searches > 1, minima.lowestCount == 1 || share > 0.2 {
      lines.append("there may well be a \(sign < 0 ? "higher" : "lower") one")
    }
    if minima.failures > 0 {
      lines.append("\(RunReport.count(minima.failures, "local search")) ended without a \(kind)um")
    }
    return lines
  }
}
