/// What programs do at the limits of machine code.
import OptEngine
import OptGraph
import OptNumerics
import Testing

struct LimitTests {
  /// x₁k + x₂k² + …, with `count` operations or more.
  private func program(_ k: Int, _ count: Int, _ options: Program.Options) -> Program {
    let graph = Graph()
    let x = graph.input(Input(name: "x", role: .variable, shape: .scalar))
    var y = x
    for i in 0..<count { y = y * x + graph.number(Double(k * count + i)) }
    return Program(graph, outputs: [y], options: options)
  }

  private func result(_ program: Program) -> UInt64 {
    let workspace = program.makeWorkspace()
    let x = Buffer([0.7])
    workspace.bind(0, to: x.pointer)
    #expect(workspace.run(nil))
    return workspace.output(0).pointee.bitPattern
  }

  private var options: Program.Options {
    var options = Program.Options.fast
    options.engine = .native
    options.compilesAtOnce = true
    return options
  }

  @Test func codeTooLongRunsOnThePortableMachineAndSaysSo() throws {
    guard Engine.missing == nil else { return }
    var small = options
    small.largestTape = 100
    let (long, short) = (program(1, 1000, small), program(1, 1000, options))
    #expect(result(long) == result(short))
    #expect(long.stepsLeft == 1 && short.stepsLeft == 0)
    let step = try #require(long.summary.first)
    #expect(step.obstacle != nil && step.carrier == .machine && step.code == nil)
    let native = try #require(short.summary.first)
    #expect(native.obstacle == nil && native.carrier == .code)
    #expect(try #require(native.code).registers > 0)
  }

  /// Programs that are dropped give their code back.
  @Test func tenThousandFunctionsNeedNoMoreMemoryThanOne() {
    guard Engine.missing == nil else { return }
    let before = Engine.codeInUse
    var largest = 0
    for k in 0..<10_000 {
      let program = program(k, 100, options)
      _ = result(program)
      largest = max(largest, Engine.codeInUse - before)
    }
    // Each takes about a kilobyte. Other tests run beside this one.
    #expect(largest < 4 << 20)
  }

  /// Code of all sizes comes and goes for as long as anybody works; what is free must not end as
  /// pieces that nothing fits into.
  @Test func memoryForCodeDoesNotFallIntoPieces() {
    var memory = Arena(start: 0)
    var held: [(start: Int, size: Int)] = []
    var state: UInt64 = 1
    for turn in 0..<20_000 {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      let size = 1 + Int(state >> 33) % (turn / 200 + 8)
      if held.count == 100 {
        let old = held.remove(at: Int(state >> 40) % 100)
        memory.give(old.start, old.size)
      }
      guard let start = memory.take(size, below: 20_000) else {
        Issue.record("no room at turn \(turn)")
        return
      }
      #expect(
        held.allSatisfy { start + size <= $0.start || $0.start + $0.size <= start }
          && start + size <= 20_000)
      held.append((start, size))
    }
  }

  @Test func stepsAreMeasured() throws {
    let program = program(1, 200, options)
    let workspace = program.makeWorkspace()
    let times = try #require(workspace.measure(nil))
    #expect(times.steps.count == program.summary.count)
    #expect(times.run > .zero && times.run < .seconds(1))
  }
}
