/// Hands out stretches of one memory and takes them back, while a program is planned.

/// Sizes are rounded up to whole cache lines; free stretches of the same size are used again first.
struct Arena {
  /// End of what was ever handed out.
  private(set) var end: Int
  private var free: [Int: [Int]] = [:]
  /// Sizes with free stretches, ascending.
  private var sizes: [Int] = []

  init(start: Int) { end = start }

  private static func rounded(_ size: Int) -> Int { (max(size, 1) + 7) & ~7 }

  mutating func take(_ size: Int) -> Int { take(size, below: Int.max) ?? end }

  /// Nil if the stretch would end beyond `limit`.
  mutating func take(_ size: Int, below limit: Int) -> Int? {
    let size = Self.rounded(size)
    // The smallest free stretch that fits and is not twice as large.
    var (low, high) = (0, sizes.count)
    while low < high {
      let middle = (low + high) / 2
      if sizes[middle] < size { low = middle + 1 } else { high = middle }
    }
    if low < sizes.count, sizes[low] < 2 * size {
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
    guard size <= limit - end else { return nil }
    let start = end
    end += size
    return start
  }

  mutating func give(_ start: Int, _ size: Int) { put(start, Self.rounded(size)) }

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
