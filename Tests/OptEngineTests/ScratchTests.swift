import OptCalculus
import OptEngine
import OptGraph
import OptNumerics
import Testing
import Foundation

struct ScratchTests {
  @Test func dump() throws {
    let g = Graph()
    let n = 100000
    let x = g.input(Input(name: "x", role: .variable, shape: Shape(rows: n, columns: 1)))
    let shape = Shape(rows: n - 1, columns: 1)
    let a = x.view(StridedMap(offset: 0, strides: [1, 0]), shape)
    let b = x.view(StridedMap(offset: 1, strides: [1, 0]), shape)
    let (u, v) = (1 - a, b - a * a)
    let y = (u * u + 100 * (v * v)).reduceElements(.sum)
    var o = Program.Options.fast
    o.compilesAtOnce = true
    let program = Program(g, outputs: [y] + gradient(of: y, by: [x]), options: o)
    for (k, bytes) in program.nativeCodeListings.enumerated() {
      try Data(bytes).write(to: URL(fileURLWithPath: "/tmp/wt/native-scratch/step\(k).bin"))
    }
    let w = program.makeWorkspace()
    let values = Buffer(count: n)
    for i in 0..<n { values[i] = 0.3 + Double(i % 17) / 20 }
    w.bind(0, to: values.pointer)
    var best = Double.infinity
    for _ in 0..<2000 {
      let t = DispatchTime.now().uptimeNanoseconds
      _ = w.run(nil)
      best = min(best, Double(DispatchTime.now().uptimeNanoseconds - t))
    }
    print("BEST", best / 1000, "us", w.output(0)[0])
  }
}
