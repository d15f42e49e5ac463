/// The one way to interrupt a computation.
import CKernels

/// A flag that any thread may raise and that loops poll: Ctrl-C, a time limit.
package final class Stop: @unchecked Sendable {
  private let flag: UnsafeMutablePointer<Int32>

  package init() {
    flag = .allocate(capacity: 1)
    flag.initialize(to: 0)
  }

  deinit { flag.deallocate() }

  /// Asks every loop that polls this flag to end. Safe in a signal handler.
  package func request() { ck_atomic_store(flag, 1) }

  /// Forgets a request.
  package func clear() { ck_atomic_store(flag, 0) }

  /// Where loops outside Swift look at it.
  package var address: UnsafePointer<Int32> { UnsafePointer(flag) }

  package var isRequested: Bool { ck_atomic_load(flag) != 0 }
}
