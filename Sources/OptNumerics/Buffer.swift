/// A block of doubles that is allocated once and shared by reference.
import CKernels

#if canImport(Glibc)
  import Glibc
#endif

/// Fixed-size storage for doubles, aligned to 64 bytes.
///
/// Written only by its one owner before it is shared; afterwards it is read.
package final class Buffer: @unchecked Sendable {
  package let pointer: UnsafeMutablePointer<Double>
  package let count: Int
  /// The buffer whose memory this is a part of.
  private let whole: Buffer?
  /// Whether the memory belongs to another buffer, too: it is not to be written.
  package var isPart: Bool { whole != nil }

  /// `count` doubles, uninitialised. A negative count is taken as zero.
  package init(uninitialized count: Int) {
    self.count = max(count, 0)
    whole = nil
    let raw = UnsafeMutableRawPointer.allocate(
      byteCount: max(self.count, 1) * MemoryLayout<Double>.stride, alignment: 64)
    pointer = raw.bindMemory(to: Double.self, capacity: max(self.count, 1))
  }

  /// `count` copies of `value`.
  package convenience init(count: Int, repeating value: Double = 0) {
    self.init(uninitialized: count)
    if value.bitPattern == 0, clearsPages() { return }
    pointer.initialize(repeating: value, count: self.count)
  }

  /// Lets the system clear a large memory page by page when it is first used; whether it does.
  private func clearsPages() -> Bool {
    #if canImport(Glibc)
      let page = 4096
      guard count >= 1 << 21 else { return false }
      let start = UnsafeMutableRawPointer(pointer)
      let end = start + count * MemoryLayout<Double>.stride
      let first = start.alignedUp(toMultipleOf: page)
      let last = end.alignedDown(toMultipleOf: page)
      guard madvise(first, last - first, MADV_DONTNEED) == 0 else { return false }
      memset(start, 0, first - start)
      memset(last, 0, end - last)
      return true
    #else
      return false
    #endif
  }

  package convenience init(_ values: [Double]) {
    self.init(uninitialized: values.count)
    values.withUnsafeBufferPointer { source in
      if let base = source.baseAddress { pointer.initialize(from: base, count: source.count) }
    }
  }

  private init(in whole: Buffer, from offset: Int, count: Int) {
    pointer = whole.pointer + offset
    self.count = count
    self.whole = whole
  }

  deinit { if whole == nil { UnsafeMutableRawPointer(pointer).deallocate() } }

  /// The `count` elements from `offset` on, which exist: without copying where many are wanted of a
  /// buffer that is not so large that it should not be kept in memory for them.
  package func part(from offset: Int, count: Int) -> Buffer {
    if offset == 0, count == self.count { return self }
    let owner = whole ?? self
    if count >= 512, count >= owner.count / 64, owner.count <= 1 << 22 {
      return Buffer(in: owner, from: (pointer - owner.pointer) + offset, count: count)
    }
    let part = Buffer(uninitialized: count)
    part.pointer.initialize(from: pointer + offset, count: part.count)
    return part
  }

  package subscript(index: Int) -> Double {
    get { pointer[index] }
    set { pointer[index] = newValue }
  }

  /// The elements as a collection.
  package var elements: UnsafeBufferPointer<Double> {
    UnsafeBufferPointer(start: pointer, count: count)
  }

  /// Whether no element is NaN or infinite.
  package var isFinite: Bool { ck_all_finite(pointer, Int64(count)) != 0 }

  /// A copy of the elements. Unlike `elements` it may outlive the buffer.
  package var numbers: [Double] { withExtendedLifetime(self) { Array(elements) } }

  /// A buffer of its own with the same elements.
  package func copy() -> Buffer {
    let other = Buffer(uninitialized: count)
    other.pointer.initialize(from: pointer, count: count)
    return other
  }
}
