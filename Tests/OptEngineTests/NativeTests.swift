/// Machine code and the portable machine give the same bits, on random graphs.
import OptEngine
import OptGraph
import OptNumerics
import Testing

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// How many random programs are tried: OPTREPL_FUZZ, else 3000.
let fuzzCount = getenv("OPTREPL_FUZZ").flatMap { Int(String(cString: $0)) } ?? 3000

struct NativeTests {
  private func options(_ contracts: Bool, _ engine: Engine) -> Program.Options {
    var options = Program.Options.fast
    options.contracts = contracts && options.contracts
    options.packs = contracts
    options.engine = engine
    options.compilesAtOnce = true
    return options
  }

  /// The bits of the outputs after two runs. With `moves` the second is the first as machine code.
  private func outputs(
    _ program: Program, _ inputs: [Buffer], moves: Bool = false
  ) -> [[UInt64]] {
    let workspace = program.makeWorkspace()
    for (k, values) in inputs.enumerated() { workspace.bind(k, to: values.pointer) }
    #expect(workspace.run(nil))
    if moves { workspace.compile() }
    #expect(workspace.run(nil))
    return program.outputShapes.enumerated().map { k, shape in
      (0..<shape.count).map { i in
        let value = workspace.output(k)[i]
        return value.isNaN ? Double.nan.bitPattern : value.bitPattern
      }
    }
  }

  /// A random program gives the same bits on both; says what differs.
  private func difference(_ seed: Int) -> String? {
    if seed % 3 == 0 {
      let random = RandomLoop(UInt64(seed))
      return difference(seed, random.graph, random.outputs, random.inputs.map(\.values))
    }
    let random = RandomProgram(UInt64(5_000_000 + seed), isTame: false, large: seed % 40 == 7)
    return difference(seed, random.graph, random.outputs, random.inputs.map(\.values))
  }

  private func difference(
    _ seed: Int, _ graph: Graph, _ results: [Expression], _ arrays: [Buffer]
  ) -> String? {
    // Two inputs of one size may be one array.
    var inputs = arrays
    if seed % 5 == 0,
      let same = inputs.dropFirst().firstIndex(where: { $0.count == inputs[0].count })
    {
      inputs[same] = inputs[0]
    }
    for contracts in [false, true] {
      let vm = Program(graph, outputs: results, options: options(contracts, .vm))
      var choice = options(contracts, .native)
      let moves = seed % 4 == 1
      if moves { choice.compilesAtOnce = false }
      let native = Program(graph, outputs: results, options: choice)
      // A loop with hundreds of sums may be too large; the others are all native.
      let obstacles = native.summary.compactMap(\.obstacle)
      if obstacles.contains(where: { $0 != "too large for machine code" }) || obstacles.count > 1 {
        return "program \(seed): \(obstacles)"
      }
      let found = outputs(native, inputs, moves: moves)
      for (k, (a, b)) in zip(outputs(vm, inputs), found).enumerated() {
        if let at = zip(a, b).enumerated().first(where: { $1.0 != $1.1 })?.offset {
          return "program \(seed), contracts \(contracts), output \(k)[\(at)]: "
            + "\(Double(bitPattern: a[at])) \(Double(bitPattern: b[at])) \("\(results[k])".prefix(500))"
        }
      }
    }
    return nil
  }

  @Test(arguments: 0..<6) func sameBitsAsTheMachine(_ part: Int) {
    for seed in stride(from: part, to: fuzzCount, by: 6) {
      if let found = difference(seed) {
        Issue.record("\(found)")
        return
      }
    }
  }

  /// Programs that the fuzz target found, each with a mistake of its own: scalars written into an output
  /// through what lies in it; sums of scalars with nowhere to keep them across a call.
  @Test(arguments: [57664, 59510]) func sameBitsWhereTheyOnceDiffered(_ seed: Int) {
    #expect(difference(seed) == nil)
  }

  /// Outputs go where the caller wants them, and what is not finite in them is noticed.
  @Test(arguments: Engine.allCases, [1, 15, 16, 17, 100, 4099])
  func outputsAtGivenPlaces(_ engine: Engine, _ count: Int) {
    let graph = Graph()
    let x = graph.input(
      Input(name: "x", role: .variable, shape: Shape(rows: count + 1, columns: 1)))
    let shape = Shape(rows: count, columns: 1)
    let a = x.view(StridedMap(offset: 0, strides: [1, 0]), shape)
    let b = x.view(StridedMap(offset: 1, strides: [1, 0]), shape)
    let whole = graph.assemble(
      x.shape, adds: true,
      [(a * b, StridedMap(strides: [1, 1])), (a - b, StridedMap(offset: 1, strides: [1, 1]))])
    let program = Program(graph, outputs: [whole], options: options(true, engine))
    #expect(program.placesOutput(0) == (count + 1 >= 16))
    let workspace = program.makeWorkspace()
    let values = Buffer((0...count).map { 1 + Double($0 % 7) })
    workspace.bind(0, to: values.pointer)
    #expect(workspace.run(nil) && workspace.isFinite(0, count: count + 1))
    let expected = (0...count).map { workspace.output(0)[$0] }
    let target = Buffer(count: count + 1, repeating: .nan)
    workspace.bindOutput(0, to: target.pointer)
    #expect(workspace.run(nil))
    if program.placesOutput(0) { #expect(workspace.output(0) == UnsafePointer(target.pointer)) }
    #expect((0...count).allSatisfy { workspace.output(0)[$0] == expected[$0] })
    for place in Set([0, count / 2, count - 1, count]) {
      let old = values[place]
      for wrong in [Double.nan, .infinity, -.infinity] {
        values[place] = wrong
        #expect(workspace.run(nil))
        #expect(!workspace.isFinite(0, count: count + 1))
      }
      values[place] = old
    }
    workspace.bindOutput(0, to: nil)
    #expect(workspace.run(nil) && workspace.isFinite(0, count: count + 1))
    #expect((0...count).allSatisfy { workspace.output(0)[$0] == expected[$0] })
  }
}
