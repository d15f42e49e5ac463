/// The numbers of a run, by name: what a checkpoint keeps, and what a run is resumed from.
import OptNumerics

/// One row of an archive.
package struct ArchiveRow: Sendable, Equatable {
  package var name: String
  package var numbers: [Double]
  package init(name: String, numbers: [Double]) {
    self.name = name
    self.numbers = numbers
  }
}

/// Saves or restores state, depending on how it was made: whoever has state names its parts once and
/// both directions agree.
package final class Archive {
  package let isRestoring: Bool
  package private(set) var rows: [ArchiveRow] = []
  /// Why the state cannot be saved, or does not fit; nil while all is well.
  package private(set) var problem: String?
  private var known: [String: [Double]] = [:]
  private var prefix = ""

  /// An empty archive, to be filled.
  package init() { isRestoring = false }

  /// An archive to restore from.
  package init(restoring rows: [ArchiveRow]) {
    isRestoring = true
    self.rows = rows
    for row in rows { known[row.name] = row.numbers }
  }

  /// Says that the state cannot be kept or does not fit; the first reason stays.
  package func fail(_ problem: String) { self.problem = self.problem ?? problem }

  /// Puts the names that `body` uses below `name`.
  package func scope(_ name: String, _ body: () -> Void) {
    let outer = prefix
    prefix += name + "."
    body()
    prefix = outer
  }

  /// `count` numbers at an address.
  package func numbers(_ name: String, _ pointer: UnsafeMutablePointer<Double>, _ count: Int) {
    guard isRestoring else {
      let list = Array(UnsafeBufferPointer(start: pointer, count: count))
      rows.append(ArchiveRow(name: prefix + name, numbers: list))
      return
    }
    guard let list = row(name), list.count == count else {
      return fail("it has no `\(prefix + name)` of \(count) numbers")
    }
    pointer.update(from: list, count: count)
  }

  /// A list whose length may change.
  package func list(_ name: String, _ list: inout [Double]) {
    guard isRestoring else {
      rows.append(ArchiveRow(name: prefix + name, numbers: list))
      return
    }
    if let found = row(name) { list = found } else { fail("it has no `\(prefix + name)`") }
  }

  package func number(_ name: String, _ x: inout Double) {
    withUnsafeMutablePointer(to: &x) { numbers(name, $0, 1) }
  }

  /// A whole number; one outside of `range` does not fit.
  package func count(_ name: String, _ x: inout Int, in range: ClosedRange<Int> = 0...Int.max) {
    var number = Double(x)
    self.number(name, &number)
    // `Int.max` itself, which means no limit, is no whole number of a `Double`.
    let whole = number == Double(Int.max) ? Int.max : Int(exactly: number)
    guard let whole, range.contains(whole) else {
      return fail("`\(prefix + name)` is no count that fits")
    }
    x = whole
  }

  /// All bits of a number.
  package func bits(_ name: String, _ x: inout UInt64) {
    var halves = [Double(x >> 32), Double(x & 0xFFFF_FFFF)]
    list(name, &halves, count: 2)
    let parts = halves.compactMap { UInt32(exactly: $0) }
    guard parts.count == 2 else { return fail("`\(prefix + name)` is damaged") }
    x = UInt64(parts[0]) << 32 | UInt64(parts[1])
  }

  /// A list that has `count` numbers.
  package func list(_ name: String, _ list: inout [Double], count: Int) {
    var found = list
    self.list(name, &found)
    guard found.count == count else { return fail("`\(prefix + name)` has another length") }
    list = found
  }

  /// Points of n coordinates, any number of them.
  package func points(_ name: String, _ points: inout [[Double]], dimension n: Int) {
    var flat = points.flatMap { $0 }
    list(name, &flat)
    guard isRestoring else { return }
    guard n > 0, flat.count % n == 0 else {
      return fail("`\(prefix + name)` has another length")
    }
    points = stride(from: 0, to: flat.count, by: n).map { Array(flat[$0..<$0 + n]) }
  }

  package func flag(_ name: String, _ x: inout Bool) {
    var number = x ? 1.0 : 0
    self.number(name, &number)
    x = number != 0
  }

  package func optional(_ name: String, _ x: inout Double?) {
    var list = x.map { [$0] } ?? []
    self.list(name, &list)
    x = list.first
  }

  private func row(_ name: String) -> [Double]? { known[prefix + name] }
}

/// Where the state of a run goes while it runs, and where it comes from.
package struct Checkpoint {
  /// The state that a run goes on from.
  package var resumed: [ArchiveRow]?
  /// Called now and then, and at the end, with the state after the last whole step.
  package var save: (([ArchiveRow]) -> Void)?
  /// Seconds between two calls of `save`.
  package var interval = 5.0

  package init(resumed: [ArchiveRow]? = nil, save: (([ArchiveRow]) -> Void)? = nil) {
    self.resumed = resumed
    self.save = save
  }
}
