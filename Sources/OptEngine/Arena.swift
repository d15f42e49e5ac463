/// Hands out stretches of one memory and takes them back, while a program is planned.

/// Sizes are rounded up to whole cache lines; free stretches of the same size are used again first.
package struct Arena {
  /// End of what was ever handed out.
  package private(set) var end: Int
  private var free: [Int: [Int]] = [:]
  /// Sizes with free stretches, ascending.
  private var sizes: [Int] = []

  package init(start: Int) { end = start }

  private static func rounded(_ size: Int) -> Int { (max(size, 1) + 7) & ~7 }

  mutating func take(_ size: Int) -> Int { take(size, below: Int.max) ?? end }

  /// Nil if the stretch would end beyond `limit`.
  package mutating func take(_ size: Int, below limit: Int) -> Int? {
    let size = Self.rounded(size)
    if let start = takeFree(size, upTo: 2 * size) { return start }
    if size > limit - end {
      joinNeighbours()
      if let start = takeFree(size, upTo: Int.max) { return start }
    }
    guard size <= limit - end else { return nil }
    let start = end
    end += size
    return start
  }

  /// Of the smallest free stretch that fits and is smaller than `bound`.
  private mutating func takeFree(_ size: Int, upTo bound: Int) -> Int? {
    var (low, high) = (0, sizes.count)
    while low < high {
      let middle = (low + high) / 2
      if sizes[middle] < size { low = middle + 1 } else { high = middle }
    }
    if low < sizes.count, sizes[low] < bound {
      let found = sizes[low]
      if let start = free[found]?.popLast() {
        if free[found]?.isEmpty ?? true {
          free[found] = nil
          sizes.remove(at: low)
        }
        if found > size { put(start + size, found - size) }
        return start
      }
    }
    return nil
  }

  /// Makes one of free stretches that touch. A memory that is used for long falls into pieces.
  private mutating func joinNeighbours() {
    let stretches = free.flatMap { size, starts in starts.map { (start: $0, size: size) } }
      .sorted { $0.start < $1.start }
    free = [:]
    sizes = []
    var whole: (start: Int, size: Int)?
    for stretch in stretches {
      if let open = whole, open.start + open.size == stretch.start {
        whole = (open.start, open.size + stretch.size)
      } else {
        if let open = whole { put(open.start, open.size) }
        whole = stretch
      }
    }
    guard let last = whole else { return }
    if last.start + last.size == end { end = last.start } else { put(last.start, last.size) }
  }

  package mutating func give(_ start: Int, _ size: Int) { put(start, Self.rounded(size)) }

  private mutating func put(_ start: Int, _ size: Int) {
    if free[size] == nil {
      let at = sizes.firstIndex { $0 > size } ?? sizes.count
      sizes.insert(size, at: at)
      free[size] = []
    }
    free[size]?.append(start)
  }
}

/// Which nodes' memory is free after which step.
struct Releases {
  private var first: [Int32]
  private var next: [Int32]

  init(times: Int, nodes: Int) {
    first = [Int32](repeating: -1, count: max(times, 1))
    next = [Int32](repeating: -1, count: nodes)
  }

  /// Times beyond the last are never.
  mutating func add(_ node: Int32, at time: Int32) {
    guard time >= 0, Int(time) < first.count else { return }
    next[Int(node)] = first[Int(time)]
    first[Int(time)] = node
  }

  func forEach(at time: Int, _ visit: (Int32) -> Void) {
    var node = time < first.count ? first[time] : -1
    while node >= 0 {
      visit(node)
      node = next[Int(node)]
    }
  }
}
