/// Parallel loops: every call is made once, whatever the number of threads.
import OptNumerics
import Testing

@Suite(.serialized)
struct ThreadsTests {
  private func withThreads(_ count: Int, _ body: () -> Void) {
    let before = Threads.count
    Threads.count = count
    defer { Threads.count = before }
    body()
  }

  @Test(arguments: [1, 2, 3, 7])
  func everyIndexOnce(threads: Int) {
    withThreads(threads) {
      for count in [0, 1, 2, 100, 10_000] {
        let calls = Buffer(count: max(count, 1))
        let workers = Buffer(count: max(count, 1))
        let pointers = (calls.pointer, workers.pointer)
        let isComplete = Threads.parallel(count) { index, worker in
          pointers.0[index] += 1
          pointers.1[index] = Double(worker)
        }
        #expect(isComplete)
        for index in 0..<count {
          #expect(calls[index] == 1)
          #expect(workers[index] >= 0 && workers[index] < Double(threads))
        }
      }
    }
  }

  @Test
  func loopsInsideOfLoops() {
    withThreads(4) {
      let sums = Buffer(count: 64)
      let pointer = sums.pointer
      Threads.parallel(64) { index, _ in
        Threads.parallel(10) { inner, worker in
          // Inside, one thread makes all calls.
          pointer[index] += Double(inner + 100 * worker)
        }
      }
      for index in 0..<64 { #expect(sums[index] == 45) }
    }
  }

  @Test
  func endsWhenStopped() {
    withThreads(3) {
      let stop = Stop()
      let calls = Buffer(count: 1000)
      let pointer = calls.pointer
      let isComplete = Threads.parallel(1000, stop: stop) { index, _ in
        pointer[index] = 1
        if index == 20 { stop.request() }
      }
      #expect(!isComplete)
      #expect((0..<1000).filter { calls[$0] == 1 }.count < 1000)
    }
  }
}
