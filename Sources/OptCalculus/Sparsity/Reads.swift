/// The places where variables are read, as variables of their own.
///
/// A cost that is a sum over lanes reads `x[i]`, `x[i + 1]`, …: each read is an array with one
/// element a lane, and the second derivatives by the reads of one lane have nothing to do with those
/// of another. One direction for each read gives them all, lane by lane; what is left is to add them
/// up at the places that were read.
import OptGraph
import OptNumerics

struct Reads {
  /// What derivatives are taken by: variables that are used whole, and stand-ins for reads.
  private(set) var variables: [Expression] = []
  /// The results, computed from these variables.
  private(set) var outputs: [Expression]
  /// For every element of the variables, the flattened input behind it, or -1.
  private(set) var owners: [Int32] = []
  private var real: [Int32: Expression] = [:]

  /// More reads than this come from unrolled code, which gains nothing.
  private static let mostReads = 64

  /// The inputs as they are.
  init(whole outputs: [Expression], by inputs: [Expression]) {
    self.outputs = outputs
    variables = inputs
    let total = inputs.reduce(0) { $0 + $1.shape.count }
    owners = (0..<total).map { Int32(clamping: $0) }
  }

  /// Nil where there is nothing but whole inputs, or too many reads.
  init?(_ outputs: [Expression], by inputs: [Expression]) {
    guard let graph = inputs.first?.graph else { return nil }
    self.outputs = outputs
    var offsets: [Int32: Int] = [:]
    var total = 0
    for input in inputs {
      offsets[input.index] = total
      total += input.shape.count
    }
    let live = graph.reachable(from: outputs.map(\.index))
    var reads: [Int32] = []
    var whole = Set(outputs.map(\.index))
    for index in live.indices where live[index] {
      let node = graph.nodes[index]
      let isView = node.operation == .view
      let isRead =
        isView || node.operation == .gather && graph.knownOffsets(node.b) != nil
      if isRead, offsets[node.a] != nil {
        reads.append(Int32(index))
      } else {
        _ = graph.anyOperand(of: Int32(index)) { operand in
          if offsets[operand] != nil { whole.insert(operand) }
          return false
        }
      }
    }
    guard !reads.isEmpty, reads.count <= Self.mostReads else { return nil }
    for input in inputs where whole.contains(input.index) {
      let start = offsets[input.index] ?? 0
      variables.append(input)
      owners += (0..<input.shape.count).map { Int32(clamping: start + $0) }
    }
    var standIns: [Int32: Expression] = [:]
    for index in reads {
      let node = graph.nodes[Int(index)]
      let shape = graph.shape(of: index)
      let source = Expression(graph: graph, index: node.a)
      let (once, places) =
        node.operation == .view
        ? source.readingOnce(graph.maps[Int(node.payload)], shape)
        : (Expression(graph: graph, index: index), graph.knownOffsets(node.b) ?? [])
      let standIn = graph.input(
        Input(name: "read", role: .variable, shape: once.shape))
      standIns[index] = standIn.broadcast(to: shape)
      real[standIn.index] = once
      variables.append(standIn)
      let (start, count) = (offsets[node.a] ?? 0, source.shape.count)
      owners += places.map { $0 >= 0 && $0 < count ? Int32(clamping: start + $0) : -1 }
    }
    self.outputs = graph.substitute(outputs, standIns)
  }

  /// An expression of the variables in terms of the inputs.
  func restored(_ expression: Expression) -> Expression {
    real.isEmpty ? expression : expression.graph.substitute([expression], real)[0]
  }
}

extension Expression {
  /// A view without repeating elements along whole dimensions, and the places that it reads.
  fileprivate func readingOnce(
    _ map: StridedMap, _ shape: Shape
  ) -> (Expression, places: [Int]) {
    var sizes = shape.dimensions
    for k in sizes.indices where map.strides[k] == 0 { sizes[k] = 1 }
    let folded = Shape(dimensions: sizes)
    // Trailing lanes of size 1 are left out of a shape.
    let strides = Array(map.strides[..<folded.lanes.count]) + Array(map.strides.suffix(2))
    let trimmed = StridedMap(offset: map.offset, strides: strides)
    return (view(trimmed, folded), trimmed.offsets(in: folded))
  }
}
