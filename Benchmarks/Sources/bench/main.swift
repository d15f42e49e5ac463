/// The workloads of the comparison with other tools, written in the language and run through the
/// public interface. `bench W1` prints its figures.
import Glibc
import OptLanguage
import OptSyntax

func session(_ program: String) -> Session {
  let session = Session { event in
    if case .diagnostic(let diagnostic) = event { complain(DiagnosticRenderer.render(diagnostic)) }
  }
  if session.run(program, name: "<workload>") != .succeeded { exit(1) }
  return session
}

/// Runs a text that must succeed.
func run(_ session: Session, _ text: String) {
  if session.run(text, name: "<measured>") != .succeeded { exit(1) }
}

/// Value, and value with gradient, of `f` at the expression `start`, which holds `point`.
func cost(_ key: String, _ program: String, _ start: String, _ point: [Double], values: Bool) throws
{
  let began = now()
  let session = session(program)
  let cost = try CompiledCost(session, "f", at: [start])
  let x = UnsafeMutableBufferPointer<Double>.allocate(capacity: cost.count)
  let g = UnsafeMutableBufferPointer<Double>.allocate(capacity: cost.count)
  defer {
    x.deallocate()
    g.deallocate()
  }
  _ = x.initialize(from: point)
  g.initialize(repeating: 0)
  guard let x = x.baseAddress, let start = g.baseAddress else { return }
  _ = cost.value(at: x, gradient: start)
  let first = now() - began
  if values {
    let f = cost.value(at: x)
    report("\(key).val", measure { _ = cost.value(at: x) }, f)
  }
  let f = cost.value(at: x, gradient: start)
  let note = "first gradient after \(Int(first * 1e6)) us"
  report(
    "\(key).grad", measure { _ = cost.value(at: x, gradient: start) }, f, UnsafeBufferPointer(g),
    note: note)
}

func sines(_ n: Int) -> [Double] { (0..<n).map { sin(Double($0) + 1) } }

let rosenbrock = "f(x) = 100(x[2] - x[1]^2)^2 + (1 - x[1])^2"
let chained = "f(x) = sum(100(x[i+1] - x[i]^2)^2 + (1 - x[i])^2 for i in 1:length(x)-1)"

switch CommandLine.arguments.dropFirst().first ?? "" {
case "W1":
  try cost("W1", rosenbrock, "[-1.2, 1]", [-1.2, 1], values: false)
  let session = session(rosenbrock)
  let fit = "r = minimize f(x) from x = [-1.2, 1] until gradient < 1e-8"
  report("W1.fit", measure { run(session, fit) }, 0, note: "as a sentence, with its report")
case "W2":
  for (name, n) in [("1e5", 100_000), ("1e6", 1_000_000)] {
    try cost("W2.\(name)", chained, "sin(1:\(n))", sines(n), values: true)
  }
case "W8":
  let path = getenv("OPTREPL").map { String(cString: $0) } ?? "optrepl"
  let time = measure {
    _ = system(
      "\(path) --no-init -e '\(rosenbrock)' -e 'minimize f(x) from x = [-1.2, 1]' > /dev/null")
  }
  report("W8.start", time, 0, note: "with a shell")
case "W9":
  let session = session("")
  let loop = "s = 0\nfor i in 1:1000000 { s = s + sin(i) sqrt(i) }\n"
  let time = measure { run(session, loop) }
  report("W9.loop", (time.least / 1e6, time.middle / 1e6), 0, note: "per iteration, n=1e6")
default: complain("usage: bench W1|W2|W8|W9\n")
}
