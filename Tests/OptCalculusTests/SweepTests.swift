/// Properties of the sweeps themselves: growth, inner nodes, nesting, origins.
import OptCalculus
import OptGraph
import OptNumerics
import Testing

struct SweepTests {
  /// Reading 10⁴ elements one by one makes one adjoint vector, in nodes and in piece lists.
  @Test func elementReadsGrowLinearly() {
    var sizes: [Int] = []
    for n in [1000, 10_000] {
      var s = Sample()
      let x = s.input(n, 1)
      var sum = s.graph.number(0)
      for k in 0..<n - 1 {
        let a = x.view(StridedMap(offset: k, strides: [0, 0]), .scalar)
        let b = x.view(StridedMap(offset: k + 1, strides: [0, 0]), .scalar)
        sum = sum + a * b
      }
      let before = s.graph.count
      let g = gradient(of: sum, by: [x])[0]
      let pieces = s.graph.assemblies.reduce(0) { $0 + $1.pieces.count }
      sizes.append(s.graph.count - before + pieces)
      let values = s.reference.inputs[x.index] ?? []
      let expected = (0..<n).map { k in
        (k > 0 ? values[k - 1] : 0) + (k < n - 1 ? values[k + 1] : 0)
      }
      close(s.reference.value(g), expected, 1e-13, "gradient")
      let full = (0..<s.graph.count).filter { s.graph.shape(of: Int32($0)).count == n }
      #expect(full.count <= 4)
    }
    #expect(sizes[1] < 11 * sizes[0])
  }

  @Test func innerNodesStopTheSweep() {
    var s = Sample()
    let x = s.input([2])
    let y = x * x
    let z = y * y + x
    let g = gradient(of: z, by: [y, x])
    #expect(s.reference.values(g) == [[8], [1]])
    #expect(s.reference.values(gradient(of: z, by: [z])) == [[1]])
    #expect(s.reference.values(gradient(of: x, by: [y])) == [[0]])
    let forward = pushforward([z, x], along: [(y, tangent: s.graph.number(1))])
    #expect(s.reference.values(forward) == [[8], [0]])
  }

  @Test func derivativesNestToAnyOrder() {
    var s = Sample()
    let x = s.input([0.7])
    var reverse = x.apply(.sin) * x.apply(.exp)
    var forward = reverse
    // (d/dx)ⁿ eˣ sin x = 2^(n/2) eˣ sin(x + nπ/4)
    for n in 1...6 {
      reverse = gradient(of: reverse, by: [x])[0]
      forward = pushforward([forward], along: [(x, tangent: s.graph.number(1))])[0]
      let angle = s.graph.number(0.7 + Double(n) * Double.pi / 4)
      let exact =
        (angle.apply(.sin) * s.graph.number(0.7).apply(.exp)).constant ?? .nan
      let value =
        exact * (s.graph.number(2).apply(.power, s.graph.number(Double(n) / 2)).constant ?? 0)
      close(s.reference.value(reverse), [value], 1e-13, "reverse \(n)")
      close(s.reference.value(forward), [value], 1e-13, "forward \(n)")
    }
  }

  @Test func hessianDoesNotGrowWithTheNumberOfVariables() {
    var counts: [Int] = []
    for n in [4, 40] {
      var s = Sample()
      let x = s.input(n, 1)
      let y = (x * x).apply(.sin).reduceElements(.product) + x.product(x, transposeLeft: true)
      let before = s.graph.count
      let h = hessian(of: y, by: [x])
      counts.append(s.graph.count - before)
      #expect(h.shape == Shape(rows: n, columns: n))
      let values = s.reference.value(h)
      for i in 0..<n { for j in 0..<i { #expect(values[i * n + j] == values[j * n + i]) } }
    }
    #expect(counts[1] < 3 * counts[0])
  }

  @Test func jacobiansAndProducts() {
    var s = Sample(3)
    let x = s.input(2, 2)
    let b = s.input(3, 1)
    let y = x.product(x).apply(.exp)
    let z = b * x.reduceElements(.sum)
    let j = jacobian(of: [y, z], by: [x, b])
    #expect(j.shape == Shape(rows: 7, columns: 7))
    let values = s.reference.value(j)
    for row in 0..<7 {
      let output = row < 4 ? y : z
      let element = output.view(
        StridedMap(offset: row < 4 ? row : row - 4, strides: [0, 0]), .scalar)
      close(
        Array(values[row * 7..<row * 7 + 7]),
        s.reference.differences(element, by: x) + s.reference.differences(element, by: b), 1e-6,
        "row \(row)")
    }
    let total = y.reduceElements(.sum) * z.reduceElements(.product)
    let v = [s.known([1, -2, 0.5, 3], x.shape), s.known([1, 2, -1], b.shape)]
    let product = hvp(of: total, by: [x, b], along: v).flatMap { s.reference.value($0) }
    let h = s.reference.value(hessian(of: total, by: [x, b]))
    let direction = v.flatMap { s.reference.value($0) }
    let expected = (0..<7).map { i in (0..<7).reduce(0) { $0 + h[i * 7 + $1] * direction[$1] } }
    close(product, expected, 1e-12, "Hessian product")
  }

  @Test func adjointsInheritOrigins() {
    var s = Sample()
    let x = s.input([0.3])
    s.graph.currentOrigin = 7
    let y = x.apply(.sin)
    s.graph.currentOrigin = 8
    let z = y.apply(.exp)
    s.graph.currentOrigin = -1
    let g = gradient(of: z, by: [x])[0]
    #expect(s.graph.origins[Int(g.index)] == 7)
    #expect(s.graph.currentOrigin == -1)
  }
}
