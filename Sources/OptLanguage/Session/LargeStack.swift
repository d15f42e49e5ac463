/// A thread with a stack that deep recursion of programs fits into, and an alarm clock.
import OptNumerics

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

enum LargeStack {
  /// Bytes; reserved, and used only as far as a program needs them.
  private static let size = 1 << 30

  private final class Task {
    let body: () -> Void
    init(_ body: @escaping () -> Void) { self.body = body }
  }

  private final class Box<Result> {
    var result: Result?
  }

  /// Room that is kept for what native code does at the deepest place.
  private static let reserve: UInt = 64 << 20

  /// An address in the stack of the running thread.
  @inline(__always)
  private static func here() -> UInt {
    var mark: UInt8 = 0
    return withUnsafeMutablePointer(to: &mark) { UInt(bitPattern: $0) }
  }

  /// Whether the stack of the running thread has come down to `floor`.
  @inline(__always)
  static func isAlmostUsed(_ floor: UInt) -> Bool { here() < floor }

  /// The address that the stack of a thread made by `run` should not come down to, measured at its
  /// start.
  static func floor() -> UInt {
    let top = here()
    let room = UInt(size) - reserve
    return top > room ? top - room : 0
  }

  /// Runs `body` on a thread with a large stack and waits for it.
  static func run<Result>(_ body: @escaping () -> Result) -> Result {
    let box = Box<Result>()
    runTask(Task { box.result = body() })
    // Only where no thread could be made at all.
    return box.result ?? body()
  }

  private static func runTask(_ task: Task) {
    var attributes = pthread_attr_t()
    pthread_attr_init(&attributes)
    defer { pthread_attr_destroy(&attributes) }
    #if canImport(Glibc)
      var thread = pthread_t()
    #else
      var thread: pthread_t?
    #endif
    let argument = Unmanaged.passRetained(task)
    var size = size
    while size >= 1 << 20 {
      if pthread_attr_setstacksize(&attributes, size) == 0,
        pthread_create(&thread, &attributes, { LargeStack.start($0) }, argument.toOpaque()) == 0
      {
        #if canImport(Glibc)
          pthread_join(thread, nil)
        #else
          if let thread { pthread_join(thread, nil) }
        #endif
        return
      }
      size /= 2
    }
    argument.release()
  }

  private static func start(_ argument: UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? {
    if let argument {
      let task = Unmanaged<Task>.fromOpaque(argument).takeRetainedValue()
      task.body()
    }
    return nil
  }
}

/// Raises a stop flag after some time.
final class Alarm: @unchecked Sendable {
  private let stop: Stop
  private let cancelled = Stop()
  private let struck = Stop()
  private let nanoseconds: UInt64
  let seconds: Double

  init(seconds: Double, _ stop: Stop) {
    self.stop = stop
    self.seconds = seconds
    nanoseconds = UInt64(max(0, min(seconds, 1e9)) * 1e9)
    let me = Unmanaged.passRetained(self)
    #if canImport(Glibc)
      var thread = pthread_t()
    #else
      var thread: pthread_t?
    #endif
    let status = pthread_create(&thread, nil, { argument in Alarm.wait(argument) }, me.toOpaque())
    if status != 0 {
      me.release()
      return
    }
    #if canImport(Glibc)
      pthread_detach(thread)
    #else
      if let thread { pthread_detach(thread) }
    #endif
  }

  func cancel() { cancelled.request() }

  /// Whether the time was up before `cancel`.
  var hasStruck: Bool { struck.isRequested }

  private static func wait(_ argument: UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? {
    guard let argument else { return nil }
    let alarm = Unmanaged<Alarm>.fromOpaque(argument).takeRetainedValue()
    var rest = alarm.nanoseconds
    while rest > 0, !alarm.cancelled.isRequested {
      let nap = min(rest, 5_000_000)
      var time = timespec(tv_sec: 0, tv_nsec: Int(nap))
      nanosleep(&time, nil)
      rest -= nap
    }
    if !alarm.cancelled.isRequested {
      alarm.struck.request()
      alarm.stop.request()
    }
    return nil
  }
}
