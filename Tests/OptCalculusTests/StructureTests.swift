/// Every structural node against finite differences, in both modes and both orders, with lanes.
import OptCalculus
import OptGraph
import OptNumerics
import Testing

struct StructureTests {
  @Test func elementwiseWithBroadcasting() {
    var s = Sample(1)
    let a = s.input(3, 1, in: 0.5...2)
    let b = s.input(1, 4, in: 0.5...2)
    let c = s.input(1, 1, in: 0.5...2)
    s.reference.check((a * b + c).apply(.log) / (a + c * b), by: [a, b, c], "broadcast")
    s.reference.check((a + c) * 2 - c, by: [a, c], "lazy broadcast")
  }

  @Test func lanesOfABody() {
    var s = Sample(2)
    let x = s.input(5, 1, in: 0.5...2)
    let p = s.input(1, 1, in: 0.5...2)
    // x[i] and x[i + 1] for i in 1:4.
    let lane = Shape(lanes: [4], rows: 1, columns: 1)
    let here = x.view(StridedMap(strides: [1, 0, 0]), lane)
    let next = x.view(StridedMap(offset: 1, strides: [1, 0, 0]), lane)
    let body = (here * next * p).apply(.sin) + p
    s.reference.check(body.reduceLanes(.sum, level: 0), by: [x, p], "sum over lanes")
    s.reference.check(body, by: [x, p], "lanes left open")
    // Stacked: the lanes become rows.
    let stacked = body.view(StridedMap(strides: [1, 0]), Shape(rows: 4, columns: 1))
    s.reference.check(stacked * stacked, by: [x, p], "stacked")
    // Two levels: x[i] x[j].
    let inner = Shape(lanes: [1, 3], rows: 1, columns: 1)
    let other = x.view(StridedMap(offset: 2, strides: [0, 1, 0, 0]), inner)
    s.reference.check((here * other).apply(.exp), by: [x], "two levels")
    s.reference.check(
      ((here * other).apply(.exp).reduceLanes(.sum, level: 1) * here).reduceLanes(.sum, level: 0),
      by: [x], "nested sums")
  }

  @Test func views() {
    var s = Sample(3)
    let a = s.input(3, 4)
    let cube = a * a * a
    s.reference.check(cube.transposed, by: [a], "transpose")
    s.reference.check(cube.reshape(rows: 6, columns: 2), by: [a], "reshape")
    s.reference.check(cube.transposed.reshape(rows: 2, columns: 6), by: [a], "both")
    s.reference.check(
      cube.view(StridedMap(offset: 11, strides: [-4, -1]), Shape(rows: 3, columns: 4)), by: [a],
      "reversed")
    s.reference.check(
      cube.view(StridedMap(offset: 0, strides: [5, 0]), Shape(rows: 3, columns: 1)), by: [a],
      "diagonal")
    // Windows that overlap.
    s.reference.check(
      cube.view(StridedMap(offset: 1, strides: [2, 1]), Shape(rows: 4, columns: 3)), by: [a],
      "windows")
    s.reference.check(
      a.broadcast(to: Shape(lanes: [2], rows: 3, columns: 4)).apply(.sin), by: [a], "repeated")
    let b = s.input(2, 2, lanes: [3])
    s.reference.check(
      (b * b).view(StridedMap(strides: [2, 1]), Shape(rows: 6, columns: 2)), by: [b], "stacking")
  }

  @Test func assemblies() {
    var s = Sample(4)
    let a = s.input(2, 3)
    let b = s.input(3, 1)
    let square = a * a
    let shape = Shape(rows: 4, columns: 3)
    for adds in [true, false] {
      let joined = s.graph.assemble(
        shape, adds: adds,
        [
          (square, StridedMap(strides: [3, 1])),
          (b * b, StridedMap(offset: 1, strides: [3, 0])),
          (square.transposed, StridedMap(offset: 5, strides: [1, 3])),
        ])
      s.reference.check(joined * joined * joined, by: [a, b], "assemble, adds \(adds)")
    }
    // Lanes stacked by an assembly of a body's values.
    let lane = a.view(StridedMap(strides: [3, 1, 0]), Shape(lanes: [2], rows: 3, columns: 1))
    let body = lane * lane * b
    let placed = s.graph.assemble(
      Shape(rows: 8, columns: 1), adds: false, [(body, StridedMap(offset: 1, strides: [4, 1, 0]))])
    s.reference.check(placed * placed, by: [a, b], "lanes placed")
  }

  @Test func gatherAndScatter() {
    var s = Sample(5)
    let x = s.input(6, 1)
    let offsets = s.known([5, 0, 0, 3], Shape(rows: 4, columns: 1))
    s.reference.check((x * x).gather(offsets).apply(.exp), by: [x], "gather")
    s.reference.check(
      (x * x).gather(offsets) + (x * x).gather(3 - offsets.gather(s.graph.number(1)) + 0 * offsets),
      by: [x], "gather twice")
    s.reference.check(
      (x * x).view(StridedMap(offset: 1, strides: [1, 0]), Shape(rows: 4, columns: 1))
        .scatter(offsets, into: Shape(rows: 3, columns: 2)).apply(.exp), by: [x], "scatter")
    // Sorting: x at the offsets of its order.
    s.reference.check(
      (x * x * x).gather((x * x * x).order)
        * s.known(
          [1, 2, 3, 4, 5, 6], Shape(rows: 6, columns: 1)
        ).apply(.sqrt), by: [x], "sort")
  }

  @Test func reductions() {
    var s = Sample(6)
    let a = s.input(3, 4, in: 0.3...1.2)
    let t = a.apply(.sin)
    for kind in [Reduction.Kind.sum, .product, .maximum, .minimum] {
      for dimensions in [[0], [1], [0, 1]] {
        let y = t.reduce(kind, dimensions)
        s.reference.check(y * y, by: [a], "\(kind) over \(dimensions)")
      }
    }
    let b = s.input(2, 3, lanes: [2, 3], in: 0.3...1.2)
    for kind in [Reduction.Kind.sum, .product, .maximum, .minimum] {
      for dimensions in [[0], [1], [2, 3], [0, 1], [1, 3], [0, 1, 2, 3]] {
        let y = (b * b).reduce(kind, dimensions)
        s.reference.check(y * y, by: [b], "\(kind) over \(dimensions) of lanes")
      }
    }
    for dimension in [0, 1] {
      for reversed in [false, true] {
        let y = t.scan(dimension, reversed: reversed)
        s.reference.check(y * y * y, by: [a], "scan \(dimension) \(reversed)")
      }
    }
    s.reference.check((b * b).scan(1) * b, by: [b], "scan of lanes")
  }

  @Test(arguments: [[2.0, 3, 4], [0, 3, 4], [2, 0, 0], [0, 0, 0, 5, 6], [1, 2, 3, 4, 5, 6, 7]])
  func productsWithZeros(values: [Double]) {
    var s = Sample(7)
    let x = s.input(values)
    s.reference.check(x.reduceElements(.product), by: [x], "product \(values)")
  }

  @Test func tiesGoToTheFirst() {
    var s = Sample(8)
    let x = s.input([1, 3, 2, 3])
    let y = x.reduceElements(.maximum)
    #expect(s.reference.value(gradient(of: y, by: [x])[0]) == [0, 1, 0, 0])
    let z = (-x).reduceElements(.minimum)
    #expect(s.reference.value(gradient(of: z, by: [x])[0]) == [0, -1, 0, 0])
  }

  @Test func productsWithFlagsAndLanes() {
    var s = Sample(9)
    for flags in 0..<4 {
      let a = flags & 1 != 0 ? s.input(3, 2) : s.input(2, 3)
      let b = flags & 2 != 0 ? s.input(4, 3) : s.input(3, 4)
      let y = (a * a).product(
        b.apply(.sin), transposeLeft: flags & 1 != 0, transposeRight: flags & 2 != 0)
      s.reference.check(y * y, by: [a, b], "product \(flags)")
      // One side or both with lanes.
      let c = flags & 1 != 0 ? s.input(3, 2, lanes: [4]) : s.input(2, 3, lanes: [4])
      let d = flags & 2 != 0 ? s.input(4, 3, lanes: [4]) : s.input(3, 4, lanes: [4])
      for (left, right) in [(c, b), (a, d), (c, d)] {
        let y = left.product(
          right, transposeLeft: flags & 1 != 0, transposeRight: flags & 2 != 0)
        s.reference.check(y * y, by: [left, right], "product with lanes \(flags)")
      }
    }
    // A layer of a network, row by row of the data.
    let w = s.input(2, 3)
    let x = s.input(5, 3)
    let row = x.view(StridedMap(strides: [3, 1, 0]), Shape(lanes: [5], rows: 3, columns: 1))
    let y = w.product(row).apply(.tanh)
    s.reference.check(
      (y * y).reduceElements(.sum).reduceLanes(.sum, level: 0), by: [w, x], "layer by lanes")
    s.reference.check(
      w.product(
        w.broadcast(to: Shape(lanes: [2], rows: 2, columns: 3)),
        transposeRight: true
      ).reduceLanes(.sum, level: 0), by: [w], "the same in every lane")
  }
}
