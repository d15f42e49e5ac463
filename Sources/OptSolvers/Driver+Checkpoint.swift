/// Saving the state of a run after its steps, and going on from a saved one with the same bits.
import OptNumerics

extension Driver {
  /// Takes up the state that was saved; the reason to end if that is impossible.
  func resume(_ rows: [ArchiveRow]) -> StopReason? {
    let archive = Archive(restoring: rows)
    archive.scope("run") { run.archive(archive) }
    if let problem = archive.problem { return .notResumed(problem) }
    // The method prepares itself at the point where it goes on, and then gets its memory back. What
    // it asked for on the way does not count.
    let iteration = method.start(run)
    if let halt = run.halt { return halt }
    self.iteration = iteration
    archive.scope("run") { run.archive(archive) }
    archive.scope("method") { iteration.archive(archive, run) }
    archive.scope("driver") { self.archive(archive) }
    archive.scope("trace") { run.trace.archive(archive) }
    archive.list("path", &path)
    pathRows = run.dimension == 0 ? 0 : path.count / run.dimension
    if let problem = archive.problem { return .notResumed(problem) }
    return isSameObjective ? nil : .notResumed("the cost has another value at the saved point")
  }

  /// Whether the objective has the value at the current point that was saved.
  private var isSameObjective: Bool {
    guard method.needsDeterministicCosts, run.knowsValue else { return true }
    var answer = Answer()
    _ = run.objective.evaluate(.value, at: run.x, along: nil, into: &answer)
    // A program that also computes derivatives may round the value differently.
    return abs(answer.value - run.value) <= 1e-9 * (1 + abs(run.value))
  }

  /// Keeps the state between two steps. A method that has none to give is told at once.
  func takeSnapshot(_ iteration: any Iteration) -> StopReason? {
    let archive = Archive()
    archive.scope("run") { run.archive(archive) }
    archive.scope("method") { iteration.archive(archive, run) }
    archive.scope("driver") { self.archive(archive) }
    if let problem = archive.problem { return .notSaved(problem) }
    snapshot = archive.rows
    snapshotStep = run.step
    if run.watch.elapsed >= lastSave + checkpoint.interval {
      lastSave = run.watch.elapsed
      saveSnapshot()
    }
    return nil
  }

  /// Hands the last snapshot over, with the trace and the path up to its step.
  func saveSnapshot() {
    guard let save = checkpoint.save, let snapshot else { return }
    let archive = Archive()
    var trace = run.trace.until(snapshotStep)
    archive.scope("trace") { trace.archive(archive) }
    let isWhole = pathRows > snapshotStep
    var kept = isWhole ? Array(path.prefix((snapshotStep + 1) * run.dimension)) : path
    archive.list("path", &kept)
    save(snapshot + archive.rows)
  }

  private func archive(_ archive: Archive) {
    archive.number("startValue", &startValue)
    archive.number("startSlope", &startSlope)
    archive.count("repairs", &repairs)
    archive.flag("isAssessed", &isAssessed)
    archive.optional("expectedDecrease", &measures.expectedDecrease)
    archive.optional("rate", &measures.rate)
    archive.optional("simplexDiameter", &measures.simplexDiameter)
    archive.optional("simplexSpread", &measures.simplexSpread)
    archive.optional("offset", &measures.offset)
    archive.flag("isModelExact", &measures.isExact)
    archive.scope("kkt") { KKT.archive(&measures.kkt, archive) }
    archive.scope("stall") { stall.archive(archive) }
    archive.list("start", &start)
  }
}

extension Run {
  /// Everything that changes in a run, except the trace.
  func archive(_ archive: Archive) {
    archive.numbers("x", x, dimension)
    archive.number("value", &value)
    archive.flag("knowsValue", &knowsValue)
    archive.flag("knowsGradient", &knowsGradient)
    archive.numbers("gradient", gradient, dimension)
    bestPoint.archive(archive)
    archive.number("largestSeen", &largestSeen)
    archive.count("step", &step)
    archive.number("change", &change)
    archive.flag("movedNowhere", &movedNowhere)
    archive.optional("noise", &measuredNoise)
    archive.flag("fellToMinusInfinity", &fellToMinusInfinity)
    archive.flag("knowsJacobian", &knowsJacobian)
    if usesResiduals {
      archive.numbers("residuals", residuals, objective.residualCount)
      archive.numbers("jacobian", residualJacobian, objective.residualCount * dimension)
    }
    if isConstrained {
      let m = rows.count
      archive.numbers("rows", rows.values, m)
      archive.numbers("rowJacobian", rows.jacobian, rows.elementCount)
      archive.numbers("multipliers", rows.multipliers, m)
    }
    if var place = region {
      archive.bits("seed", &place.random.seed)
      archive.bits("draw", &place.random.draw)
      region = place
    }
    watch.archive(archive)
    archive.scope("counts") { counts.archive(archive) }
  }
}

extension KKT {
  /// Six numbers, or none where there are no constraints.
  fileprivate static func archive(_ kkt: inout KKT?, _ archive: Archive) {
    var list =
      kkt.map {
        [
          $0.stationarity, $0.scale, $0.violation, $0.rounding, $0.slopeRounding,
          $0.complementarity,
        ]
      } ?? []
    archive.list("numbers", &list)
    guard archive.isRestoring else { return }
    kkt = nil
    guard list.count == 6 else { return }
    kkt = KKT(
      stationarity: list[0], scale: list[1], violation: list[2], rounding: list[3],
      slopeRounding: list[4], complementarity: list[5])
  }
}

extension Counts {
  fileprivate mutating func archive(_ archive: Archive) {
    archive.count("evaluations", &evaluations)
    archive.count("values", &values)
    archive.count("gradients", &gradients)
    archive.count("hessians", &hessians)
    archive.count("products", &products)
  }
}
