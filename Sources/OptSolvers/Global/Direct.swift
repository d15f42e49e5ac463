/// Dividing rectangles.
import OptNumerics

/// Divides the box into thirds, again and again, where the value is low for the size of the part.
///
///     part j is divided if for some K > 0  f_j − K d_j ≤ f_i − K d_i for all i,
///     and f_j − K d_j ≤ f_min − ε |f_min|
///
/// Choose it for a few variables, when the result must not depend on chance. D. R. Jones, C. D.
/// Perttunen and B. E. Stuckman, "Lipschitzian optimization without the Lipschitz constant", J.
/// Optim. Theory Appl. 79 (1993); sizes by the longest side, after J. M. Gablonsky and C. T. Kelley,
/// "A locally-biased form of the DIRECT algorithm", J. Global Optim. 21 (2001).
package struct Direct: Method {
  /// ε of the second condition.
  package var epsilon: Double

  package init(epsilon: Double = 1e-4) { self.epsilon = max(epsilon, 0) }

  package static let entry = MethodEntry(
    name: "direct", summary: "divides the box systematically; a few variables, no chance",
    help: """
      Divides the box into thirds, again and again, where the value is low for the size of the part.
      Ends with a local search.
      """,
    options: [
      MethodEntry.Option(
        name: "epsilon", defaultValue: "1e-4", doc: "least improvement that a part must promise",
        kind: .number(OptionRange(0, 1)))
    ],
    needs: .value, make: { Direct(epsilon: $0["epsilon"] ?? 1e-4) },
    honours: .bounds)

  package var name: String { "direct" }
  package var options: [MethodOption] { [MethodOption(name: "epsilon", value: "\(epsilon)")] }
  package var needs: Ask { .value }
  package var honours: Restrictions { .bounds }
  package var needsDeterministicCosts: Bool { true }
  package var isGlobal: Bool { true }

  package func start(_ run: Run) -> any Iteration { DirectStage(GlobalSearch(run), self) }
}

/// The divisions, one round a step.
final class DirectStage: SearchStage {
  var lowest: (x: [Double], value: Double) = ([], .infinity)
  /// A part of the box.
  private struct Part {
    /// In shares of the box.
    var center: [Double]
    /// How often each side was divided by three.
    var levels: [UInt8]
    var value: Double
    /// The level of the longest side.
    var level: Int
  }

  private let search: GlobalSearch
  private let settings: Direct
  private let n: Int
  private var parts: [Part] = []
  private static let deepest = 30

  init(_ search: GlobalSearch, _ settings: Direct) {
    self.search = search
    self.settings = settings
    n = search.dimension
  }

  func step(_ run: Run) -> Advance {
    if parts.isEmpty {
      let center = [Double](repeating: 0.5, count: n)
      guard let values = run.values(at: [search.box.point(center)]) else { return .halted }
      lowest = (search.box.point(center), values[0])
      parts = [
        Part(center: center, levels: Array(repeating: 0, count: n), value: values[0], level: 0)
      ]
    }
    let chosen = promising()
    for k in chosen {
      guard divide(k, run) else { return .halted }
    }
    run.acceptBest()
    let isOver =
      chosen.isEmpty
      || run.evaluationLimit == Int.max
        && parts.count >= GlobalSearch.defaultEvaluations * n
    guard isOver else { return .moved }
    search.polish(run)
    return .finished(
      chosen.isEmpty ? .searched(.contracted) : .searched(.evaluations(run.counts.evaluations)))
  }

  func archive(_ archive: Archive, _ run: Run) {
    var centers = parts.map(\.center)
    archive.points("centers", &centers, dimension: n)
    var levels = parts.map { $0.levels.map(Double.init) }
    archive.points("levels", &levels, dimension: n)
    var values = parts.map(\.value)
    archive.list("values", &values, count: centers.count)
    archiveLowest(archive)
    search.archive(archive)
    guard archive.isRestoring else { return }
    guard levels.count == centers.count, values.count == centers.count,
      levels.allSatisfy({ $0.allSatisfy { 0...Double(Self.deepest + 1) ~= $0 } })
    else { return archive.fail("its parts of the box are damaged") }
    parts = centers.indices.map { k in
      let levels = levels[k].map { UInt8($0) }
      return Part(center: centers[k], levels: levels, value: values[k], level: longest(levels))
    }
  }

  /// The lower right hull of (size, lowest value of that size), from the smallest size on.
  private func promising() -> [Int] {
    var lowest = [Int?](repeating: nil, count: Self.deepest + 1)
    for (k, part) in parts.enumerated() where part.level < Self.deepest {
      if let old = lowest[part.level], parts[old].value <= part.value { continue }
      lowest[part.level] = k
    }
    var minimum = Double.infinity
    for part in parts where part.value < minimum { minimum = part.value }
    guard minimum.isFinite else { return lowest.compactMap { $0 }.first.map { [$0] } ?? [] }
    var hull: [(size: Double, value: Double, part: Int)] = []
    for level in lowest.indices.reversed() {
      guard let k = lowest[level], parts[k].value.isFinite else { continue }
      let new = (size: size(level), value: parts[k].value, part: k)
      while let last = hull.last {
        if last.value >= new.value {
          hull.removeLast()
          continue
        }
        guard hull.count > 1 else { break }
        let before = hull[hull.count - 2]
        let slope = (last.value - before.value) / (last.size - before.size)
        let other = (new.value - before.value) / (new.size - before.size)
        guard other <= slope else { break }
        hull.removeLast()
      }
      hull.append(new)
    }
    // A part must promise more than ε |minimum|.
    let target = minimum - settings.epsilon * abs(minimum)
    return hull.indices.filter { k in
      guard k + 1 < hull.count else { return true }
      let slope = (hull[k + 1].value - hull[k].value) / (hull[k + 1].size - hull[k].size)
      return hull[k].value - slope * hull[k].size <= target
    }.map { hull[$0].part }
  }

  private func size(_ level: Int) -> Double {
    var size = 1.0
    for _ in 0..<level { size /= 3 }
    return size
  }

  /// Divides a part along all of its longest sides, the best first; false if refused.
  private func divide(_ k: Int, _ run: Run) -> Bool {
    let part = parts[k]
    let sides = (0..<n).filter { Int(part.levels[$0]) == part.level }
    let distance = size(part.level) / 3
    var points: [[Double]] = []
    for side in sides {
      for sign in [-1.0, 1] {
        var center = part.center
        center[side] += sign * distance
        points.append(center)
      }
    }
    guard let values = run.values(at: points.map(search.box.point)) else { return false }
    for (k, value) in values.enumerated() where value < lowest.value {
      lowest = (search.box.point(points[k]), value)
    }
    let order = sides.indices.sorted {
      let (a, b) = (
        min(values[2 * $0], values[2 * $0 + 1]), min(values[2 * $1], values[2 * $1 + 1])
      )
      return a < b || a == b && $0 < $1
    }
    var levels = part.levels
    for place in order {
      levels[sides[place]] += 1
      for end in [2 * place, 2 * place + 1] {
        parts.append(
          Part(center: points[end], levels: levels, value: values[end], level: longest(levels)))
      }
    }
    parts[k].levels = levels
    parts[k].level = longest(levels)
    return true
  }

  private func longest(_ levels: [UInt8]) -> Int { Int(levels.min() ?? 0) }

  func minima(_ run: Run) -> Minima? { search.minima.searches > 0 ? search.minima : nil }
}
