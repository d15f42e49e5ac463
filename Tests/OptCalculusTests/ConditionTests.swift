/// Conditions under a map: the side that was not taken contributes to no derivative of any order.
import OptCalculus
import OptGraph
import OptNumerics
import Testing

struct ConditionTests {
  /// `if x > 0 then x log(x) + x^3/sqrt(x) else 0` in lanes left of, at and right of the edge.
  @Test func thirdDerivativesAtAnEdge() {
    var s = Sample()
    let x = s.input([-1, 0, 1, 2], lanes: [4])
    let taken = x * x.apply(.log) + x.apply(.power, s.graph.number(3)) / x.apply(.sqrt)
    let y = s.graph.select(x.apply(.greater, s.graph.number(0)), taken, s.graph.number(0))
    func exact(_ order: Int, _ x: Double) -> Double {
      let root = x.squareRoot()
      return switch order {
      case 1: (x == 1 ? 0 : 0.6931471805599453) + 1 + 2.5 * x * root
      case 2: 1 / x + 3.75 * root
      default: -1 / (x * x) + 1.875 / root
      }
    }
    var reverse = y
    var forward = y
    for order in 1...3 {
      reverse = gradient(of: reverse, by: [x])[0]
      forward = pushforward([forward], along: [(x, tangent: s.graph.number(1))])[0]
      let expected = [0, 0, exact(order, 1), exact(order, 2)]
      close(s.reference.value(reverse), expected, 1e-14, "reverse, order \(order)")
      close(s.reference.value(forward), expected, 1e-14, "forward, order \(order)")
      let mixed = gradient(of: forward, by: [x])[0]
      if order < 3 {
        close(
          s.reference.value(mixed), [0, 0, exact(order + 1, 1), exact(order + 1, 2)], 1e-14,
          "reverse over forward")
      }
    }
  }

  /// Sides with products, systems, reductions, views and gathers, at points where they are NaN.
  @Test func structuralSides() {
    for kind in 0..<7 {
      var s = Sample(UInt64(kind + 1))
      let p = s.input([-1, 0, 1.5], lanes: [3])
      let zero = s.graph.number(0)
      let root = p.apply(.sqrt)
      let side: Expression
      switch kind {
      case 0:
        let row = root.broadcast(to: Shape(lanes: [3], rows: 1, columns: 2))
        side = row.product(row.apply(.log), transposeRight: true)
      case 1:
        let matrix = s.known([1, 0, 0, 1], Shape(rows: 2, columns: 2)) * root
        side = matrix.factor(.lu).solve(s.known([1, 2], Shape(rows: 2, columns: 1)))
          .reduceElements(.sum)
      case 2:
        side = (s.known([1, 2, 3], Shape(rows: 3, columns: 1)) * root.apply(.log))
          .reduceElements(.sum)
      case 3:
        side = (s.known([1, 2, 3], Shape(rows: 3, columns: 1)) / root).reduceElements(.product)
      case 4:
        side = (s.known([1, 2], Shape(rows: 2, columns: 1)) * root).scan(1).transposed
          .reduceElements(.maximum)
      case 5:
        // An array outside of the condition, read element by element inside.
        let all = p.view(StridedMap(strides: [1, 0]), Shape(rows: 3, columns: 1)).apply(.log)
        side = all.view(StridedMap(strides: [1, 0, 0]), Shape(lanes: [3], rows: 1, columns: 1))
      default:
        let all = p.view(StridedMap(strides: [1, 0]), Shape(rows: 3, columns: 1)).apply(.log)
        side = all.gather(s.known([0, 1, 2], Shape(lanes: [3], rows: 1, columns: 1)))
      }
      let y = s.graph.select(p.apply(.greater, zero), side, zero)
      var g = y
      for order in 1...3 {
        // A fresh graph of the third lane alone says what is right.
        g = gradient(of: g, by: [p])[0]
        let values = s.reference.value(g)
        #expect(values[0] == 0 && values[1] == 0, "side \(kind), order \(order): \(values)")
        #expect(values[2].isFinite && values[2] != 0, "side \(kind), order \(order)")
      }
      s.reference.inputs[p.index] = [-1, -2, 1.5]
      close(
        s.reference.value(gradient(of: y, by: [p])[0]), s.reference.differences(y, by: p), 1e-6,
        "side \(kind)")
    }
  }

  @Test func nestedConditionsNarrow() {
    var s = Sample()
    let x = s.input([-2, -1, 0, 0.5, 2], lanes: [5])
    let inner = s.graph.select(
      x.apply(.less, s.graph.number(1)), x.apply(.sqrt) * x, (x - 1).apply(.log))
    let y = s.graph.select(x.apply(.greater, s.graph.number(0)), inner, x * x)
    let g = gradient(of: y, by: [x])[0]
    close(s.reference.value(g), [-4, -2, 0, 1.5 * 0.5.squareRoot(), 1], 1e-14, "gradient")
    let h = gradient(of: g, by: [x])[0]
    close(s.reference.value(h), [2, 2, 2, 0.75 / 0.5.squareRoot(), -1], 1e-14, "second")
  }
}
