/// How a reduction walks its operand: as outer × length × inner, or through a rearranged copy.
import OptGraph

/// The dimensions of an array, some of them folded.
struct FoldOrder {
  var outer = 1
  var length = 1
  var inner = 1
  /// Whether memory order will do; otherwise `map` on `shape` brings folded dimensions to the end.
  var isInPlace = true
  var shape: Shape
  var map: StridedMap

  init(_ folded: [Int], _ operand: Shape) {
    shape = operand
    let sizes = operand.dimensions
    let strides = operand.strides
    map = StridedMap(strides: strides)
    // Runs of kept and folded dimensions: kept, folded, kept at most, else a copy is made.
    var stage = 0
    for k in sizes.indices where sizes[k] != 1 {
      let isFolded = folded.contains(k)
      if isFolded && stage == 0 { stage = 1 }
      if !isFolded && stage == 1 { stage = 2 }
      if isFolded && stage == 2 { isInPlace = false }
      switch stage {
      case 0: outer *= sizes[k]
      case 1: length *= sizes[k]
      default: inner *= sizes[k]
      }
    }
    guard !isInPlace else { return }
    let kept = sizes.indices.filter { !folded.contains($0) }
    let order = kept + sizes.indices.filter { folded.contains($0) }
    outer = kept.reduce(1) { $0 * sizes[$1] }
    length = folded.reduce(1) { $0 * sizes[$1] }
    inner = 1
    // As lanes, whatever they were: only sizes and strides matter to a walk.
    shape = Shape(lanes: order.map { Int32(clamping: sizes[$0]) }, rows: 1, columns: 1)
    map = StridedMap(strides: order.prefix(shape.lanes.count).map { strides[$0] } + [0, 0])
  }
}
