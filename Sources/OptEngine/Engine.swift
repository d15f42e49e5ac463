/// What carries programs out: the portable machine, or machine code. Both give the same bits.
import CKernels

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

package enum Engine: String, CaseIterable, Sendable {
  /// The portable machine in CKernels.
  case vm
  /// Machine code for x86-64 with AVX2 and FMA, for programs that run long enough for it to pay.
  case native

  /// What programs made from now on use; at the start what the environment variable OPTREPL_ENGINE
  /// says, else native code.
  package static var chosen: Engine {
    get { ck_atomic_load(choice) == 0 ? .vm : .native }
    set { ck_atomic_store(choice, newValue == .vm ? 0 : 1) }
  }

  private nonisolated(unsafe) static let choice: UnsafeMutablePointer<Int32> = {
    let isVM = getenv("OPTREPL_ENGINE").map { String(cString: $0) } == Engine.vm.rawValue
    return Memory.allocate(isVM ? 0 : 1, 1)
  }()

  /// Bytes of machine code that programs hold together; at most 256 MB.
  package static var codeInUse: Int { CodeMemory.shared.inUse }

  /// Why there is no native code on this machine; nil if there is.
  package static var missing: String? {
    if ck_has_avx2_fma() == 0 { return "this processor has no AVX2 and FMA" }
    return CodeMemory.shared.isAvailable ? nil : "memory may not be made executable here"
  }
}

/// A value that is made once, by whoever asks first.
final class Lazy<Value: AnyObject>: @unchecked Sendable {
  private let lock: UnsafeMutablePointer<pthread_mutex_t>
  private var made: Value?

  init() {
    lock = .allocate(capacity: 1)
    pthread_mutex_init(lock, nil)
  }

  deinit {
    pthread_mutex_destroy(lock)
    lock.deallocate()
  }

  /// The value, if it was made.
  var known: Value? {
    pthread_mutex_lock(lock)
    defer { pthread_mutex_unlock(lock) }
    return made
  }

  func value(_ make: () -> Value) -> Value {
    pthread_mutex_lock(lock)
    defer { pthread_mutex_unlock(lock) }
    if let made { return made }
    let value = make()
    made = value
    return value
  }
}
