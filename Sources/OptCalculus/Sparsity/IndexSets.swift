/// Sets of variables, one for each element of an array.

/// A set of flattened variables for each element of an array.
final class IndexSets {
  /// Set `k` is `members[starts[k]..<starts[k + 1]]`, in no order, without repetitions.
  let starts: [Int32]
  let members: [Int32]

  init(starts: [Int32], members: [Int32]) {
    self.starts = starts
    self.members = members
  }

  var count: Int { starts.count - 1 }

  func members(of k: Int) -> ArraySlice<Int32> { members[Int(starts[k])..<Int(starts[k + 1])] }

  /// The sets of a row of variables that begins at `offset`.
  static func identity(from offset: Int, count: Int) -> IndexSets {
    IndexSets(
      starts: (0...count).map { Int32(clamping: $0) },
      members: (0..<count).map { Int32(clamping: offset + $0) })
  }
}

/// Makes index sets one after the other.
struct IndexSetBuilder {
  private var starts: [Int32] = [0]
  private var members: [Int32] = []
  /// The last set that each variable went into.
  private var stamp: [Int32]
  private var now: Int32 = 0
  /// Members looked at so far.
  private(set) var work = 0

  init(variables: Int) { stamp = [Int32](repeating: -1, count: variables) }

  var size: Int { members.count }

  mutating func add(_ sets: IndexSets, _ k: Int) {
    let range = Int(sets.starts[k])..<Int(sets.starts[k + 1])
    work += range.count + 1
    for at in range {
      let member = sets.members[at]
      if stamp[Int(member)] != now {
        stamp[Int(member)] = now
        members.append(member)
      }
    }
  }

  mutating func addAll(_ sets: IndexSets) {
    for k in 0..<sets.count { add(sets, k) }
  }

  /// Ends the set.
  mutating func close() {
    now += 1
    starts.append(Int32(clamping: members.count))
  }

  /// All sets so far, nil if they are empty; the builder starts again.
  mutating func take() -> IndexSets? {
    defer {
      starts = [0]
      members.removeAll()
    }
    return members.isEmpty ? nil : IndexSets(starts: starts, members: members)
  }
}
