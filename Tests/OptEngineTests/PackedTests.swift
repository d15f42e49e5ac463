/// Functions on four numbers at a time give what the functions on one number give, at every length.
import OptEngine
import OptGraph
import OptNumerics
import Testing

struct PackedTests {
  @Test(
    arguments: ElementaryFunctions.table.indices.filter { index in
      !ElementaryFunctions.table[index].isOperator
    })
  func agreesAtEveryLength(_ index: Int) {
    let row = ElementaryFunctions.table[index]
    for count in 1...13 {
      let graph = Graph()
      let shape = Shape(rows: count, columns: 1)
      var inputs: [Buffer] = []
      let arguments = row.domain.enumerated().map { k, domain -> Expression in
        let isOrder = row.arity == 2 && k == 0 && row.parameters[0] == "n"
        let buffer = Buffer(
          (0..<count).map { i in
            let share = (Double(i) * 0.37 + Double(k) * 0.21).truncatingRemainder(dividingBy: 1)
            let x = domain.lowerBound + share * (domain.upperBound - domain.lowerBound)
            return isOrder ? x.rounded() : x
          })
        inputs.append(buffer)
        return graph.input(Input(name: "x\(k)", role: .variable, shape: shape))
      }
      let result = graph.apply(FunctionID(index: index), arguments)
      let program = Program(graph, outputs: [result])
      let workspace = program.makeWorkspace()
      for (k, buffer) in inputs.enumerated() where program.isUsed[k] {
        workspace.bind(k, to: UnsafePointer(buffer.pointer))
      }
      #expect(workspace.run(nil))
      for i in 0..<count {
        let expected: Double
        switch row.evaluate {
        case .unary(let f): expected = f(inputs[0][i])
        case .binary(let f): expected = f(inputs[0][i], inputs[1][i])
        case .ternary(let f): expected = f(inputs[0][i], inputs[1][i], inputs[2][i])
        }
        let value = workspace.output(0)[i]
        #expect(
          abs(value - expected) <= 1e-14 * max(1, abs(expected)) * 4,
          "\(row.name), element \(i + 1) of \(count)")
      }
    }
  }
}
