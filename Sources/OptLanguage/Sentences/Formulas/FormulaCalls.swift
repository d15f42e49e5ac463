/// Calls of formulas whose text cannot be compiled again: what they were made from is computed.
import OptEngine
import OptGraph
import OptNumerics
import OptSyntax

extension Machine {
  /// The value of `root` where its inputs have the values of `arguments` or, if they are not among
  /// them, of the global names that they are called by. Inside a trace it becomes nodes of that.
  func value(
    of root: Expression, _ arguments: [String: Value], _ namespace: Namespace,
    _ span: SourceSpan
  ) throws -> Value {
    let target = tracer == nil ? Graph() : try place(span)
    let interpreter = Interpreter(target)
    let live = root.graph.reachable(from: [root.index])
    var known: [Int32: Expression] = [:]
    for (input, node) in zip(root.graph.inputs, root.graph.inputNodes)
    where Int(node) < live.count && live[Int(node)] {
      let value = try arguments[input.name] ?? global(input.name, namespace, span)
      guard value.isNumeric,
        value.size ?? (1, 1) == (Int(input.shape.rows), Int(input.shape.columns))
      else {
        throw Diagnostic(
          .error,
          "the formula was made for `\(input.name)` of \(input.shape.rows)×\(input.shape.columns), "
            + "found \(value.kindDescription)", at: span)
      }
      if tracer != nil {
        known[node] = try expression(value, span)
      } else if let matrix = value.matrix {
        let copy = target.input(input)
        interpreter.bind(copy, matrix.buffer)
        known[node] = copy
      }
    }
    let moved = root.graph.copy([root], into: target, known: known)[0]
    guard tracer == nil else { return Value(moved) }
    let shape = root.shape
    return Value(
      Matrix(interpreter.value(of: moved), rows: Int(shape.rows), columns: Int(shape.columns)))
  }

  /// A global name, or a field of one: `p.W`.
  private func global(
    _ path: String, _ namespace: Namespace, _ span: SourceSpan
  ) throws -> Value {
    let names = path.split(separator: ".").map(String.init)
    guard let first = names.first else { return .nothing }
    var value = try tracedRead(namespace.cell(first), span)
    for name in names.dropFirst() {
      guard case .record(let record) = value, let field = record[name] else { return .nothing }
      value = field
    }
    return value
  }
}
