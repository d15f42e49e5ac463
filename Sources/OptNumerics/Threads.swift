/// Work on several cores at once, with results that do not depend on how many there are.
import CKernels

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// The threads that all parallel loops of the process share. They are made when they are first
/// needed, and sleep in between.
package enum Threads {
  /// How many threads a parallel loop uses, the caller's included; at the start what the environment
  /// variable OPTREPL_THREADS says, else one for each core. It changes no bit of any result.
  package static var count: Int {
    get { Int(ck_atomic_load(wanted)) }
    set { ck_atomic_store(wanted, Int32(min(max(newValue, 1), largestCount))) }
  }

  package static let largestCount = 256

  private nonisolated(unsafe) static let wanted: UnsafeMutablePointer<Int32> = {
    let named = getenv("OPTREPL_THREADS").flatMap { Int(String(cString: $0)) }
    let count = named ?? Int(sysconf(Int32(_SC_NPROCESSORS_ONLN)))
    let place = UnsafeMutablePointer<Int32>.allocate(capacity: 1)
    place.initialize(to: Int32(min(max(count, 1), largestCount)))
    return place
  }()

  /// Calls `body(index, worker)` for every index below `count`, on several threads at the same time,
  /// and returns when all calls are over.
  ///
  /// Indices are handed out in order; which thread gets which is not determined, so `body` keeps what
  /// it computes by index and the caller folds it in order. `worker` is below `Threads.count` and
  /// differs between calls that run at the same time: a place for memory of one's own. Inside of
  /// another parallel loop, and where there is one thread, the calls are made one after the other by
  /// the caller as worker 0.
  ///
  /// - Returns: false if `stop` was requested and calls were left out.
  @discardableResult
  package static func parallel(
    _ count: Int, stop: Stop? = nil, _ body: (_ index: Int, _ worker: Int) -> Void
  ) -> Bool {
    withoutActuallyEscaping(body) { body in
      let loop = ParallelLoop(count, stop, body)
      // A thread of the pool may hold the loop a little longer than the closure may live.
      defer { loop.body = nil }
      if count > 1, self.count > 1, pool.run(loop, helpers: min(count, self.count) - 1) {
        return loop.isComplete
      }
      loop.work(0)
      return loop.isComplete
    }
  }

  private static let pool = ThreadPool()
}

/// One parallel loop: who asks gets the next index.
private final class ParallelLoop: @unchecked Sendable {
  private let count: Int
  private let stop: Stop?
  var body: ((Int, Int) -> Void)?
  private let next: UnsafeMutablePointer<Int64>
  private let isCut: UnsafeMutablePointer<Int32>

  init(_ count: Int, _ stop: Stop?, _ body: @escaping (Int, Int) -> Void) {
    self.count = count
    self.stop = stop
    self.body = body
    next = .allocate(capacity: 1)
    next.initialize(to: 0)
    isCut = .allocate(capacity: 1)
    isCut.initialize(to: 0)
  }

  deinit {
    next.deallocate()
    isCut.deallocate()
  }

  /// Whether no call was left out.
  var isComplete: Bool { ck_atomic_load(isCut) == 0 }

  /// Makes calls until none is left.
  func work(_ worker: Int) {
    while let body {
      let index = Int(ck_atomic_add(next, 1))
      if index >= count { return }
      if let stop, stop.isRequested {
        ck_atomic_store(isCut, 1)
        return
      }
      body(index, worker)
    }
  }
}

/// Threads that wait for a loop to help with.
private final class ThreadPool: @unchecked Sendable {
  private let lock: UnsafeMutablePointer<pthread_mutex_t>
  private let wake: UnsafeMutablePointer<pthread_cond_t>
  private let over: UnsafeMutablePointer<pthread_cond_t>
  /// All below is read and written under the lock.
  private var threadCount = 0
  private var isBusy = false
  private var loop: ParallelLoop?
  private var round: UInt64 = 0
  private var helpers = 0
  private var working = 0

  /// What a thread of the pool is given.
  private final class Worker {
    let pool: ThreadPool
    let number: Int
    init(_ pool: ThreadPool, _ number: Int) {
      self.pool = pool
      self.number = number
    }
  }

  /// Bytes; reserved, and used only as far as needed.
  private static let stackSize = 16 << 20

  init() {
    lock = .allocate(capacity: 1)
    wake = .allocate(capacity: 1)
    over = .allocate(capacity: 1)
    pthread_mutex_init(lock, nil)
    pthread_cond_init(wake, nil)
    pthread_cond_init(over, nil)
  }

  /// Carries out a loop with at most `helpers` threads beside the caller; false if the pool has
  /// another loop.
  func run(_ loop: ParallelLoop, helpers: Int) -> Bool {
    pthread_mutex_lock(lock)
    if isBusy {
      pthread_mutex_unlock(lock)
      return false
    }
    isBusy = true
    while threadCount < helpers, makeThread() {}
    self.helpers = helpers
    self.loop = loop
    round &+= 1
    pthread_cond_broadcast(wake)
    pthread_mutex_unlock(lock)
    loop.work(0)
    pthread_mutex_lock(lock)
    // Who has not come yet has nothing left to do.
    self.loop = nil
    while working > 0 { pthread_cond_wait(over, lock) }
    isBusy = false
    pthread_mutex_unlock(lock)
    return true
  }

  private func makeThread() -> Bool {
    var attributes = pthread_attr_t()
    pthread_attr_init(&attributes)
    defer { pthread_attr_destroy(&attributes) }
    pthread_attr_setstacksize(&attributes, Self.stackSize)
    pthread_attr_setdetachstate(&attributes, Int32(PTHREAD_CREATE_DETACHED))
    #if canImport(Glibc)
      var thread = pthread_t()
    #else
      var thread: pthread_t?
    #endif
    let worker = Unmanaged.passRetained(Worker(self, threadCount + 1))
    let status = pthread_create(
      &thread, &attributes, { ThreadPool.start($0) }, worker.toOpaque())
    if status != 0 {
      worker.release()
      return false
    }
    threadCount += 1
    return true
  }

  private static func start(_ argument: UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? {
    guard let argument else { return nil }
    let worker = Unmanaged<Worker>.fromOpaque(argument).takeRetainedValue()
    worker.pool.help(worker.number)
    return nil
  }

  /// The life of a thread of the pool.
  private func help(_ number: Int) {
    // A signal such as Ctrl-C is for the thread that reads from the terminal.
    var all = sigset_t()
    sigfillset(&all)
    pthread_sigmask(SIG_BLOCK, &all, nil)
    var seen: UInt64 = 0
    pthread_mutex_lock(lock)
    while true {
      while loop == nil || round == seen || number > helpers { pthread_cond_wait(wake, lock) }
      seen = round
      guard let loop else { continue }
      working += 1
      pthread_mutex_unlock(lock)
      loop.work(number)
      pthread_mutex_lock(lock)
      working -= 1
      if working == 0 { pthread_cond_signal(over) }
    }
  }
}
