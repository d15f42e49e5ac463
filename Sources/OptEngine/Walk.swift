/// The order in which elements of a larger array are read: sizes and strides, neighbours merged.
import OptGraph

/// Dimensions that lie one after the other in memory are one dimension here.
struct Walk {
  var sizes: [Int64] = []
  var strides: [Int64] = []

  /// An array of shape `own` whose elements are `strides` apart, repeated to fill `shape`.
  init(strides own: [Int], of small: Shape, in shape: Shape) {
    let levels = shape.lanes.count
    let extra = max(0, levels - small.lanes.count)
    let mine = small.dimensions(levels: levels)
    var aligned = own
    if extra > 0 {
      aligned.insert(
        contentsOf: [Int](repeating: 0, count: extra), at: min(small.lanes.count, own.count))
    }
    for (k, size) in shape.dimensions.enumerated() where size != 1 {
      let step = k < mine.count && mine[k] != 1 && k < aligned.count ? aligned[k] : 0
      if let size0 = sizes.last, let step0 = strides.last, step0 == Int64(size) &* Int64(step) {
        sizes[sizes.count - 1] = size0 * Int64(size)
        strides[strides.count - 1] = Int64(step)
      } else {
        sizes.append(Int64(size))
        strides.append(Int64(step))
      }
    }
    if sizes.isEmpty {
      sizes = [1]
      strides = [1]
    }
  }

  /// Whether it reads one element again and again.
  var isSingle: Bool { strides == [0] }
  /// Whether it reads memory in order.
  var isContiguous: Bool { strides == [1] }
}
