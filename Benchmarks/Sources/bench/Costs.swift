/// What is measured of a cost: value, gradient, minimum, second derivatives.
import Glibc
import OptLanguage

/// What compiling took, for the note beside a figure.
func note(_ times: CompileTimes) -> String {
  func micro(_ seconds: Double) -> String { "\(Int((seconds * 1e6).rounded()))" }
  return "compiled in \(micro(times.total)) us: trace \(micro(times.tracing)), derivatives "
    + "\(micro(times.differentiating)), plan \(micro(times.planning)), code "
    + "\(micro(times.generating))"
}

/// `f` of a session for arguments of the sizes of `start`, measured at `point`.
struct MeasuredCost {
  let cost: CompiledCost
  private let times: CompileTimes
  private let x: UnsafeMutablePointer<Double>
  private let g: UnsafeMutablePointer<Double>

  init(_ session: Session, at start: [String], _ point: [Double]) throws {
    cost = try CompiledCost(session, "f", at: start)
    times = cost.compile()
    guard cost.count == point.count else { fail("the point has another size") }
    x = .allocate(capacity: point.count)
    g = .allocate(capacity: point.count)
    x.initialize(from: point, count: point.count)
    g.initialize(repeating: 0, count: point.count)
    if let count = getenv("COMPILES").flatMap({ Int(String(cString: $0)) }) {
      try compileAgain(session, at: start, count)
    }
  }

  /// Compiles the same once more, `count` times, and tells the shortest time: what remains once the
  /// process has everything in memory.
  private func compileAgain(_ session: Session, at start: [String], _ count: Int) throws {
    var least = times
    for _ in 0..<count {
      let times = try CompiledCost(session, "f", at: start).compile()
      if times.total < least.total { least = times }
    }
    complain("again: \(note(least))\n")
  }

  func value(_ key: String) {
    report(key, measure { _ = cost.value(at: x) }, cost.value(at: x))
  }

  func gradient(_ key: String) {
    let time = measure { _ = cost.value(at: x, gradient: g) }
    let f = cost.value(at: x, gradient: g)
    report(key, time, f, UnsafeBufferPointer(start: g, count: cost.count), note: note(times))
  }

  /// Prints the minimum; with `showsPoint`, its norm where others have that of the gradient.
  func fit(_ key: String, from start: [Double], below tolerance: Double, showsPoint: Bool) {
    func minimise() -> Minimum {
      cost.minimize(from: start, untilGradientBelow: tolerance)
    }
    let time = measure { _ = minimise() }
    let minimum = minimise()
    if !minimum.hasConverged { complain("\(key) has not converged\n") }
    (showsPoint ? minimum.point : []).withUnsafeBufferPointer {
      report(
        key, time, minimum.value, $0,
        note: "nfev=\(minimum.evaluations) gmax=\(minimum.gradientNorm), warm, without a report")
    }
  }
}

/// Times `hessian(f)` at `point`, and prints its check sums.
func hessian(_ key: String, _ session: Session, at start: String, _ point: [Double], _ f: Double)
  throws
{
  let hessian = try CompiledFunction(session, "hessian(f)", at: [start])
  let n = hessian.count
  point.withUnsafeBufferPointer { point in
    guard let x = point.baseAddress else { return }
    let time = measure { _ = hessian.result(at: x) }
    guard let elements = hessian.result(at: x) else { fail("\(key) has no Hessian") }
    report(key, time, f, note: note(hessian.times))
    var (square, product) = (0.0, 0.0)
    func add(_ i: Int, _ j: Int, _ element: Double) {
      square += element * element
      product += sine(i) * element * cosine(j)
    }
    if let places = hessian.places {
      for i in 0..<n {
        for k in Int(places.starts[i])..<Int(places.starts[i + 1]) {
          add(i, Int(places.columns[k]), elements[k])
        }
      }
    } else {
      for i in 0..<n { for j in 0..<n { add(i, j, elements[i * n + j]) } }
    }
    print("H", key, "optrepl", square.squareRoot(), product, separator: "\t")
  }
}
