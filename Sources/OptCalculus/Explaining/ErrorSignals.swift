/// The quantities of backpropagation: what reverse mode finds for every node on its way.
import OptGraph

/// The error signals of `y` (one number): per node that lies between `inputs` and `y`, the
/// derivative of `y` by that node. `inputs` are among them. A signal broadcasts to its node's shape.
package func errorSignals(of y: Expression, by inputs: [Expression]) -> [Int32: Expression] {
  var sweep = ReverseSweep(y.graph, outputs: [y.index], inputs: inputs)
  sweep.seed(y.index, y.graph.number(1))
  var signals: [Int32: Expression] = [:]
  _ = sweep.run { node, signal in signals[node] = signal }
  return signals
}
