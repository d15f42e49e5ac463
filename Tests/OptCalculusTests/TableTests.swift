/// Every row of the function table against finite differences.
import OptCalculus
import OptGraph
import OptNumerics
import Testing

struct TableTests {
  @Test(arguments: ElementaryFunctions.table.indices)
  func partialsAreDerivatives(index: Int) {
    let row = ElementaryFunctions.table[index]
    var sample = Sample(UInt64(index + 1))
    let count = 20
    // A whole-number parameter without a derivative, such as the order of polygamma.
    let order = row.name == "polygamma" || row.name == "sinc_derivative"
    var inputs: [Expression] = []
    var arguments: [Expression] = []
    for (k, domain) in row.domain.enumerated() {
      if order && k == 0 {
        let orders = (0..<count).map { Double($0 % 5) }
        arguments.append(sample.known(orders, Shape(rows: count, columns: 1)))
      } else {
        let x = sample.input(count, 1, in: domain)
        inputs.append(x)
        arguments.append(x)
      }
    }
    let y = sample.graph.apply(FunctionID(index: index), arguments)
    // Steps: no derivative and no differences across them.
    let total = y.reduceElements(.sum)
    for (x, g) in zip(inputs, gradient(of: total, by: inputs)) {
      // The stated derivative of the first order.
      if row.name == "stop_gradient" {
        #expect(sample.reference.value(g) == [Double](repeating: 0, count: count))
        continue
      }
      let step = 1e-3 * min(1, (row.domain[inputs.count - 1].upperBound) / 4)
      close(
        sample.reference.value(g), sample.reference.differences(total, by: x, step: step), 1e-7,
        row.name)
      for (z, h) in zip(inputs, gradient(of: g.reduceElements(.sum), by: inputs)) {
        close(
          sample.reference.value(h),
          sample.reference.differences(g.reduceElements(.sum), by: z, step: step), 1e-6,
          "\(row.name), second derivative")
      }
    }
  }

  /// Value, first and second derivative of a function of one number.
  private func derivatives(_ x: Double, _ f: (Expression) -> Expression) -> [Double] {
    var sample = Sample()
    let input = sample.input([x])
    let y = f(input)
    let first = gradient(of: y, by: [input])[0]
    let second = gradient(of: first, by: [input])[0]
    return sample.reference.values([y, first, second]).map { $0[0] }
  }

  @Test func kinks() {
    #expect(derivatives(0) { $0.apply(.abs) } == [0, 0, 0])
    #expect(derivatives(0) { $0.apply(.relu) } == [0, 0, 0])
    #expect(derivatives(0) { $0.apply(.sign) } == [0, 0, 0])
    #expect(derivatives(0) { $0.apply(.max, 0 * $0) } == [0, 1, 0])
    #expect(derivatives(1) { $0.apply(.min, 3 * $0 - 2) } == [1, 1, 0])
    #expect(derivatives(1) { (3 * $0 - 2).apply(.max, $0) } == [1, 3, 0])
    #expect(derivatives(0) { $0.apply(.hypot, $0) }.prefix(2) == [0, 0])
    #expect(derivatives(0) { $0.apply(.sinc) }.prefix(2) == [1, 0])
    close(derivatives(0) { $0.apply(.sinc) }, [1, 0, -1.0 / 3], 1e-15, "sinc at 0")
    // The constant side of a maximum hides an infinite slope.
    #expect(derivatives(-1) { $0.apply(.max, $0.graph.number(0)).apply(.sqrt) }[1] == 0)
  }

  @Test func powers() {
    #expect(derivatives(0) { $0.apply(.power, $0.graph.number(2)) } == [0, 0, 2])
    #expect(derivatives(0) { $0.apply(.power, $0.graph.number(1)) } == [0, 1, 0])
    #expect(derivatives(0) { $0.apply(.power, $0.graph.number(0)) } == [1, 0, 0])
    #expect(derivatives(0) { $0.apply(.power, $0.graph.number(3)) } == [0, 0, 0])
    #expect(derivatives(-2) { $0.apply(.power, $0.graph.number(3)) } == [-8, 12, -12])
    #expect(derivatives(-2) { $0.apply(.power, $0.graph.number(-1)) } == [-0.5, -0.25, -0.25])
    // By the exponent.
    #expect(derivatives(2) { $0.graph.number(0).apply(.power, $0) } == [0, 0, 0])
    // Exponents 0, 1, 2, 3 of one base at 0, as a polynomial under a map has them.
    var sample = Sample()
    let x = sample.input([0])
    let n = sample.known([0, 1, 2, 3], Shape(lanes: [4], rows: 1, columns: 1))
    let y = x.apply(.power, n).reduceLanes(.sum, level: 0)
    let first = gradient(of: y, by: [x])[0]
    let second = gradient(of: first, by: [x])[0]
    let third = gradient(of: second, by: [x])[0]
    #expect(sample.reference.values([y, first, second, third]) == [[1], [1], [2], [6]])
  }

  @Test func gradientsStayFiniteFarOut() {
    for name in ["sigmoid", "softplus", "tanh", "gelu", "erf", "erfc", "relu"] {
      guard let id = ElementaryFunctions.find(name) else { continue }
      for x in [-800.0, -40, 40, 800] {
        let all = derivatives(x) { $0.apply(id) }
        #expect(all.filter(\.isFinite).count == 3, "\(name) at \(x)")
      }
    }
  }
}
