/// Where a global search looks: what `~` and bounds say about the variables.
import OptNumerics
import OptSolvers
import OptSyntax

extension Machine {
  /// The region of a run with a method that searches globally. The draws after `~` are made anew for
  /// every start; their ends are found by drawing the smallest and the largest numbers.
  func searchRegion(
    _ bindings: [BindingCode], _ frame: Frame, _ templates: [Template], _ starts: [Value],
    _ objective: CostObjective, _ method: any Method, _ methodSpan: SourceSpan
  ) throws -> SearchRegion {
    let count = objective.dimension
    func numbers() throws -> [Double] {
      let values = try zip(bindings, starts).map { $0.isDraw ? try $0.value(frame) : $1 }
      return templates.numbers(of: values)
    }
    func corner(_ share: Double) throws -> [Double] {
      drawnShare = share
      defer { drawnShare = nil }
      return try numbers()
    }
    let known = objective.bounds ?? .none(count)
    var (lower, upper) = (known.lower, known.upper)
    let hasDraws = bindings.contains { $0.isDraw }
    if hasDraws {
      let ends = (try corner(0), try corner(1))
      if ends.0.count == count, ends.1.count == count {
        for k in 0..<count where ends.0[k] != ends.1[k] {
          let (a, b) = (min(ends.0[k], ends.1[k]), max(ends.0[k], ends.1[k]))
          if a.isFinite, a > lower[k] { lower[k] = a }
          if b.isFinite, b < upper[k] { upper[k] = b }
        }
      }
    }
    let box = Bounds(lower: lower, upper: upper)
    let isDrawing = hasDraws && (method as? Restarts) != nil
    if !isDrawing { try require(box, bindings, objective, method, methodSpan) }
    let base = random
    random.draw &+= 1
    var region = SearchRegion(
      box: box.isSearchable ? box : nil,
      random: SearchRegion.Source(seed: base.seed, draw: base.draw))
    if hasDraws {
      region.draw = { [unowned self] number, base in
        let after = self.random
        defer { self.random = after }
        self.random.seed = base.seed
        // More than a start draws.
        self.random.draw = base.draw &+ UInt64(number) &* 65_536
        do {
          let drawn = try numbers()
          if drawn.count == count { return drawn }
        } catch {
          objective.failure = error
        }
        return templates.numbers(of: starts)
      }
    }
    return region
  }

  /// Refuses a box with an open or crossed side, and says what to write.
  private func require(
    _ box: Bounds, _ bindings: [BindingCode], _ objective: CostObjective, _ method: any Method,
    _ methodSpan: SourceSpan
  ) throws {
    guard let k = box.lower.indices.first(where: { !(box.upper[$0] - box.lower[$0]).isFinite })
    else {
      guard let crossed = box.lower.indices.first(where: { box.lower[$0] > box.upper[$0] }) else {
        return
      }
      throw Diagnostic(
        .error,
        "the bounds of `\(objective.layout.componentNames[crossed])` leave nothing of the "
          + "distribution of its start", at: methodSpan)
    }
    var name = bindings[0].name
    var place = k
    for (block, binding) in zip(objective.layout, bindings) {
      if place < block.count {
        name = binding.name
        break
      }
      place -= block.count
    }
    let what = method is Restarts ? "draws starts from a distribution or box" : "searches a box"
    throw Diagnostic(
      .error, "`\(method.name)` \(what), and `\(objective.layout.componentNames[k])` has none",
      at: methodSpan,
      help: "write `from \(name) ~ uniform(-5, 5)` or `subject to -5 <= \(name) <= 5`")
  }
}

/// Methods that are made of other methods.
extension Builtins {
  static let globalMethods: [Builtin] = [
    Builtin(
      "restarts(n, method = nothing)",
      "A method that runs another one from n starts, drawn from the distribution after `~` or from "
        + "the box of the bounds, and lists the distinct minima in `r.minima`.",
      examples: [
        "(minimize (x^2 - 1)^2 from x ~ uniform(-2, 2) using restarts(5, bfgs)).value < 1e-12"
      ]
    ) { call in
      let count = try call.count(0, "a number of starts")
      guard count >= 1, count <= 1e9 else {
        throw call.fail("there is at least one start, found \(NumberFormat.short(count))", 0)
      }
      let inner = call.has(1) ? try call.machine.method(call[1], call.span(1)) : nil
      if case .restarts? = inner?.kind {
        throw call.fail("restarts of restarts are more restarts", 1)
      }
      if case .known(let entry, let options)? = inner?.kind, entry.make(options).isGlobal {
        throw call.fail(
          "`\(entry.name)` already searches globally", 1, help: "write `using \(entry.name)`")
      }
      let label = inner.map { ", \($0.label)" } ?? ""
      return .method(
        MethodValue(
          .restarts(Int(count), inner), name: "restarts(\(NumberFormat.short(count))\(label))"))
    }
  ]
}
