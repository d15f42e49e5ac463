/// A block of doubles that is allocated once and shared by reference.

/// Fixed-size storage for doubles, aligned to 64 bytes.
///
/// Written only by its one owner before it is shared; afterwards it is read.
package final class Buffer: @unchecked Sendable {
  package let pointer: UnsafeMutablePointer<Double>
  package let count: Int

  /// `count` doubles, uninitialised. A negative count is taken as zero.
  package init(uninitialized count: Int) {
    self.count = max(count, 0)
    let raw = UnsafeMutableRawPointer.allocate(
      byteCount: max(self.count, 1) * MemoryLayout<Double>.stride, alignment: 64)
    pointer = raw.bindMemory(to: Double.self, capacity: max(self.count, 1))
  }

  /// `count` copies of `value`.
  package convenience init(count: Int, repeating value: Double = 0) {
    self.init(uninitialized: count)
    pointer.initialize(repeating: value, count: self.count)
  }

  package convenience init(_ values: [Double]) {
    self.init(uninitialized: values.count)
    values.withUnsafeBufferPointer { source in
      if let base = source.baseAddress { pointer.initialize(from: base, count: source.count) }
    }
  }

  deinit { UnsafeMutableRawPointer(pointer).deallocate() }

  package subscript(index: Int) -> Double {
    get { pointer[index] }
    set { pointer[index] = newValue }
  }

  /// The elements as a collection.
  package var elements: UnsafeBufferPointer<Double> {
    UnsafeBufferPointer(start: pointer, count: count)
  }

  /// A copy of the elements. Unlike `elements` it may outlive the buffer.
  package var numbers: [Double] { withExtendedLifetime(self) { Array(elements) } }

  /// A buffer of its own with the same elements.
  package func copy() -> Buffer {
    let other = Buffer(uninitialized: count)
    other.pointer.initialize(from: pointer, count: count)
    return other
  }
}
