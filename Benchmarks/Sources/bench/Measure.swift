/// Timing, and the lines that tell the result.
import Glibc

func now() -> Double {
  var t = timespec()
  clock_gettime(CLOCK_MONOTONIC, &t)
  return Double(t.tv_sec) + 1e-9 * Double(t.tv_nsec)
}

/// Shortest and middle time of one call of `body`: at least 5 samples of at least 2 ms, up to 400
/// or 0.4 s.
func measure(_ body: () -> Void) -> (least: Double, middle: Double) {
  body()
  var start = now()
  body()
  let first = now() - start
  let repeats = first > 2e-3 ? 1 : Int(2e-3 / (first + 1e-9)) + 1
  var samples: [Double] = []
  let begin = now()
  while samples.count < 400, samples.count < 5 || now() - begin < 0.4 {
    start = now()
    for _ in 0..<repeats { body() }
    samples.append((now() - start) / Double(repeats))
  }
  samples.sort()
  return (samples[0], samples[samples.count / 2])
}

/// Bytes that the process has had in memory at most.
func peakMemory() -> Int {
  var usage = rusage()
  getrusage(numericCast(RUSAGE_SELF.rawValue), &usage)
  return usage.ru_maxrss * 1024
}

/// Prints one figure, with the peak of memory so far: times in seconds, value, norm of the gradient, and its product with
/// sin(1), sin(2), ….
func report(
  _ key: String, _ time: (least: Double, middle: Double), _ value: Double,
  _ gradient: UnsafeBufferPointer<Double> = UnsafeBufferPointer(start: nil, count: 0),
  note: String = ""
) {
  var (square, product) = (0.0, 0.0)
  for (i, g) in gradient.enumerated() {
    square += g * g
    product += g * sin(Double(i) + 1)
  }
  print(
    "R", key, "optrepl", time.least, time.middle, value, square.squareRoot(), product,
    note + (note.isEmpty ? "" : "; ") + "peak \(peakMemory() / 1000) kB", separator: "\t")
}

/// Writes to standard error.
func complain(_ text: String) {
  var text = text
  text.withUTF8 { _ = write(2, $0.baseAddress, $0.count) }
}
