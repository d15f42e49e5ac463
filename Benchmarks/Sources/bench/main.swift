/// The workloads of the comparison with other tools, written in the language and run through the
/// public interface. `bench W1` prints its figures.
import Glibc
import OptLanguage

/// The arguments of a program that starts: a null pointer ends them.
func start(_ path: String, _ arguments: [String]) {
  var process = pid_t()
  var actions = posix_spawn_file_actions_t()
  posix_spawn_file_actions_init(&actions)
  posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0)
  defer { posix_spawn_file_actions_destroy(&actions) }
  let texts = ([path] + arguments).map { strdup($0) }
  defer { for text in texts { free(text) } }
  guard posix_spawn(&process, path, &actions, nil, texts + [nil], environ) == 0 else {
    fail("\(path) cannot be started")
  }
  var status: Int32 = 0
  waitpid(process, &status, 0)
  if status != 0 { fail("\(path) failed") }
}

let workload = CommandLine.arguments.dropFirst().first ?? ""
switch workload {
case "W1":
  let session = try session(program(workload))
  let cost = try MeasuredCost(session, at: ["[-1.2, 1]"], [-1.2, 1])
  cost.gradient("W1.grad")
  cost.fit("W1.fit", from: [-1.2, 1], below: 1e-8, showsPoint: true)
  let sentence = "r = minimize f(x) from x = [-1.2, 1] until gradient < 1e-8"
  report("W1.sentence", measure { run(session, sentence) }, 0, note: "\(sentence), with its report")
case "W2":
  let session = try session(program(workload))
  for (name, n) in [("1e5", 100_000), ("1e6", 1_000_000)] {
    let cost = try MeasuredCost(session, at: ["zeros(\(n))"], sines(n))
    cost.value("W2.\(name).val")
    cost.gradient("W2.\(name).grad")
  }
case "W3":
  let session = try session(
    program(workload),
    [("X", 20_000, 100, load("w3_X", 2_000_000)), ("y", 20_000, 1, load("w3_y", 20_000))])
  let cost = try MeasuredCost(session, at: ["zeros(100)"], sines(100).map { 0.1 * $0 })
  cost.gradient("W3.grad")
  cost.fit("W3.fit", from: [Double](repeating: 0, count: 100), below: 1e-6, showsPoint: false)
case "W4":
  let parameters = load("w4_p0", 64 * 32 + 32 + 32 * 10 + 10)
  let session = try session(
    program(workload),
    [
      ("X", 1797, 64, load("w4_X", 1797 * 64)), ("y", 1797, 1, load("w4_y", 1797)),
      ("p0", parameters.count, 1, parameters),
    ])
  let sizes = ["zeros(64, 32)", "zeros(1, 32)", "zeros(32, 10)", "zeros(1, 10)"]
  let cost = try MeasuredCost(session, at: sizes, parameters)
  cost.gradient("W4.grad")
  let time = measure { run(session, "p = epoch(start)") }
  let value = try number(session, "loss(p, X, y)")
  report("W4.epoch", time, value, note: "a loop in the language, batch by batch")
case "W5":
  let (alphas, means, factors) = (
    load("w5_alphas", 25), load("w5_means", 250), load("w5_icf", 25 * 55)
  )
  let session = try session(program(workload), [("x", 1000, 10, load("w5_x", 10_000))])
  let sizes = ["zeros(25)", "zeros(25, 10)", "zeros(25, 55)"]
  try MeasuredCost(session, at: sizes, alphas + means + factors).gradient("W5.grad")
case "W6":
  let session = try session(program(workload), [("observed", 100, 2, load("w6_obs", 200))])
  let point = [1.1, 0.4, 0.4, 0.1]
  try MeasuredCost(session, at: ["\(point)"], point).gradient("W6.grad")
case "W7":
  let point = load("w7_x", 100)
  let dense = try session(
    program(workload),
    [("A", 200, 100, load("w7_A", 20_000)), ("b", 200, 1, load("w7_b", 200))])
  let f = try CompiledCost(dense, "f", at: ["zeros(100)"])
  try hessian("W7.dense", dense, at: "zeros(100)", point, f.value(at: point))
  let n = 10_000
  try hessian("W7.sparse", try session(program("W2")), at: "zeros(\(n))", sines(n), 0)
case "W8":
  let path = getenv("OPTREPL").map { String(cString: $0) } ?? "optrepl"
  let arguments = [
    "--no-init", "-e", program("W1"), "-e", "minimize f(x) from x = [-1.2, 1]",
  ]
  report("W8.start", measure { start(path, arguments) }, 0, note: "fresh process")
case "W9":
  let text = program(workload)
  let session = try session("")
  let time = measure { run(session, text) }
  report(
    "W9.loop", (time.least / 1e7, time.middle / 1e7), try number(session, "s"),
    note: "per iteration, n=1e7")
default: fail("usage: bench W1|W2|…|W9")
}
