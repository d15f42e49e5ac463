/// The mistake in a gradient in words, the right formula, and what to do.
import OptCalculus
import OptSolvers

struct PatternText {
  private let report: DerivativeReport
  private let search: PatternSearch
  /// What explains all that is wrong.
  private(set) var pattern: String?
  private(set) var lines: [String] = []

  init(_ report: DerivativeReport) {
    self.report = report
    let right = Self.right(report)
    search = PatternSearch(
      given: report.given, right: right.numbers, point: report.function.point,
      tolerance: right.tolerance)
    guard right.isKnown else { return }
    pattern = explained()
    lines = ["  " + (pattern ?? "no simple pattern in the differences")]
    if let asymmetry { lines.append("  " + asymmetry) }
    lines += formulas
    if let exact = report.exact, let name = report.name, exact.count == right.numbers.count {
      let derivative =
        switch report.kind {
        case .gradient: "∇\(name)"
        case .jacobian: "jacobian(\(name))"
        case .hessian: "hessian(\(name))"
        }
      lines.append("  `\(derivative)` is right here and can be used instead")
    }
  }

  /// The right derivatives: the automatic ones unless differences say otherwise, or differences.
  private static func right(
    _ report: DerivativeReport
  ) -> (numbers: [Double], tolerance: Double, isKnown: Bool) {
    if let exact = report.exact {
      let agrees = report.wrong.allSatisfy { component in
        let own = exact[component.output * report.function.point.count + component.input]
        let gap = (own - component.difference).magnitude
        return gap <= max(20 * component.error, 1e-4 * own.magnitude)
      }
      if agrees { return (exact, 1e-6, true) }
    }
    var numbers = report.given
    for component in report.check.components {
      numbers[component.output * report.function.point.count + component.input] =
        component.difference
    }
    return (numbers, 1e-5, report.check.isComplete)
  }

  // MARK: Finding it

  private var layout: [Block] { report.function.layout }
  private var noun: String { report.kind.rawValue }

  private func explained() -> String? {
    let n = report.function.point.count
    let count = report.given.count
    guard report.kind == .gradient else {
      let rows = count / max(1, n)
      let whole = GradientPart(range: 0..<count, rows: rows, columns: n)
      return search.pattern(in: whole).flatMap {
        text($0, of: subject(whole, "the \(noun)"))
      }
    }
    let only = layout.count == 1 ? layout[0] : nil
    let whole = GradientPart(
      range: 0..<count, rows: only?.rows ?? count, columns: only?.columns ?? 1)
    let general = search.pattern(in: whole)
    // A plain factor is the simplest of all; a term comes before what fits single components.
    if case .factor(let c)? = general,
      search.wrong.count > 1 || [-1, 2, 0.5].contains(where: { isRatio(c, $0) })
    {
      return text(.factor(c), of: subject(whole, "the gradient"))
    }
    let terms = report.function.terms()
    if case .term(let k, let share)? = search.term(terms.map(\.gradient)) {
      return text(terms[k].text, share)
    }
    if let general { return text(general, of: subject(whole, "the gradient")) }
    return parts() ?? place()
  }

  /// A mistake in each variable of its own.
  private func parts() -> String? {
    guard layout.count > 1 else { return nil }
    var offset = 0
    var found: [String] = []
    for block in layout {
      let range = offset..<offset + block.count
      offset += block.count
      let part = GradientPart(range: range, rows: block.rows, columns: block.columns)
      guard search.wrong.contains(where: range.contains) else { continue }
      guard let pattern = search.pattern(in: part),
        let text = text(pattern, of: subject(part, "the gradient by `\(block.name)`"))
      else { return nil }
      found.append(text)
    }
    return found.isEmpty || found.count > 3 ? nil : found.joined(separator: "; ")
  }

  /// Where the wrong components lie, when that says something.
  private func place() -> String? {
    let wrong = search.wrong
    guard let first = wrong.first, let last = wrong.last, wrong.count < report.given.count else {
      return nil
    }
    var offset = 0
    for block in layout {
      let range = offset..<offset + block.count
      offset += block.count
      guard range.contains(first), range.contains(last), block.count > 1 else { continue }
      if wrong.count == block.count, layout.count > 1 {
        return "all of the gradient by `\(block.name)` is wrong, the others are right"
      }
      if wrong.count <= 3, first >= range.upperBound - 3 {
        return "only the end of `\(block.name)` is wrong: does a sum stop too early or too late?"
      }
      if wrong.count <= 3, last < range.lowerBound + 3 {
        return "only the beginning of `\(block.name)` is wrong: where does a sum begin?"
      }
    }
    return nil
  }

  /// A Hessian is symmetric.
  private var asymmetry: String? {
    guard report.kind == .hessian else { return nil }
    let (given, n) = (report.given, report.function.point.count)
    for i in 0..<n {
      for j in 0..<i where given[i * n + j] != given[j * n + i] {
        let gap = (given[i * n + j] - given[j * n + i]).magnitude
        if gap > 1e-6 * max(given[i * n + j].magnitude, given[j * n + i].magnitude) {
          return "it is not symmetric: \(NumberFormat.short(given[j * n + i])) at "
            + "[\(j + 1), \(i + 1)], \(NumberFormat.short(given[i * n + j])) at "
            + "[\(i + 1), \(j + 1)]"
        }
      }
    }
    return nil
  }

  // MARK: Saying it

  private func subject(_ part: GradientPart, _ all: String) -> String {
    guard search.wrong.filter(part.range.contains).count == 1, part.range.count > 1,
      let only = search.wrong.first(where: part.range.contains)
    else { return all }
    return "only `\(name(only))` is wrong: it"
  }

  private func name(_ k: Int) -> String {
    let n = report.function.point.count
    return report.label(k / n, k % n)
  }

  private func isRatio(_ a: Double, _ b: Double) -> Bool {
    (a - b).magnitude <= 1e-5 * max(a.magnitude, b.magnitude)
  }

  private func text(_ term: String, _ share: Double) -> String {
    let quoted = term.hasSuffix("`") ? term : "term `\(term)`"
    let what = "the gradient of the \(quoted)"
    if share == 1 { return what + " is missing" }
    if share == -1 { return what + " is counted twice" }
    if share == 2 { return what + " has the wrong sign" }
    return what + " is \(multiple(1 - share))"
  }

  private func text(_ pattern: GradientPattern, of what: String) -> String? {
    func name(_ k: Int) -> String { "`\(self.name(k))`" }
    switch pattern {
    case .factor(let c):
      return isRatio(c, -1) ? "\(what) has the wrong sign" : "\(what) is \(multiple(c))"
    case .missing: return "\(what) is 0"
    case .signs: return "some components have the wrong sign"
    case .swapped(let i, let j): return "\(name(i)) and \(name(j)) are exchanged"
    case .copied(let k, of: let other):
      return "\(name(k)) has the value that belongs to \(name(other))"
    case .reversed: return "\(what) is in reverse order"
    case .shifted(let step):
      return "\(what) is shifted by one: each component has the value of the "
        + (step > 0 ? "next" : "previous")
    case .transposed: return "\(what) is transposed"
    case .chain(let factor, let constant):
      let times = isRatio(constant, 1) ? "" : "\(NumberFormat.short(constant))*"
      return "each component is the right one times \(times)\(factor.rawValue) (x its own "
        + "variable): a factor of the chain rule is missing or stands twice"
    case .term: return nil
    }
  }

  /// `c` times the right one, in words.
  private func multiple(_ c: Double) -> String {
    if c < 0 { return "\(multiple(-c)), with the wrong sign" }
    var candidates: [(n: Double, text: String, note: String)] = []
    let sizes = report.function.sizes()
    func add(_ share: Double, _ text: (Int) -> String) {
      for (size, name) in sizes {
        candidates.append((share * Double(size), text(size), " (\(size) is \(name))"))
      }
    }
    add(1) { "\($0)" }
    for n in [2, 3, 4, 10, 100] { candidates.append((Double(n), "\(n)", "")) }
    add(2) { "2*\($0)" }
    add(0.5) { "\($0)/2" }
    for (n, text, note) in candidates {
      if isRatio(c, n) { return "\(text) times too large\(note)" }
      if isRatio(c, 1 / n) { return "\(text) times too small\(note)" }
    }
    return "\(NumberFormat.short(c)) times what it should be"
  }

  // MARK: The right formula

  private var formulas: [String] {
    guard report.kind == .gradient else { return [] }
    let texts = report.function.formulas()
    guard texts.count == layout.count else { return [] }
    var offset = 0
    var lines: [String] = []
    for (block, text) in zip(layout, texts) {
      let range = offset..<offset + block.count
      offset += block.count
      guard let text, search.wrong.contains(where: range.contains) else { continue }
      lines.append("  right: the derivative by \(block.name) is \(text)")
    }
    return lines.count <= 4 ? lines : []
  }
}
