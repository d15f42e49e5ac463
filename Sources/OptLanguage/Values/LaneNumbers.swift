/// Known numbers of the turns that are traced at once.
import OptGraph
import OptNumerics

/// Known numbers that differ from lane to lane; in each lane one number.
package final class LaneNumbers {
  /// Sizes of the lane levels, outermost first; 1 where the number does not vary.
  package let lanes: [Int32]
  /// Whether these are answers of comparisons.
  package let isMask: Bool
  /// What the numbers are where they are evenly spaced: they need no memory then.
  package let even: EvenNumbers?
  private var written: Buffer?

  package init(lanes: [Int32], buffer: Buffer, isMask: Bool = false) {
    self.lanes = lanes
    self.isMask = isMask
    even = nil
    written = buffer
  }

  init(lanes: [Int32], _ even: EvenNumbers) {
    self.lanes = lanes
    isMask = false
    self.even = even
  }

  package var shape: Shape { Shape(lanes: lanes, rows: 1, columns: 1) }

  /// The numbers one after the other, the last level fastest.
  package var buffer: Buffer {
    if let written { return written }
    let buffer = Buffer(uninitialized: shape.count)
    even?.write(to: buffer.pointer, lanes)
    written = buffer
    return buffer
  }
}

/// Whole numbers start + Σ step·turn, one step a level: exact, so that arithmetic on start and steps
/// gives what arithmetic on all numbers would give.
package struct EvenNumbers {
  let start: Double
  let steps: [Double]

  private init(_ start: Double, _ steps: [Double]) {
    self.start = start
    self.steps = steps
  }

  /// Nil unless all numbers are whole and exact. There is no -0 among them.
  init?(start: Double, steps: [Double], _ lanes: [Int32]) {
    self.init(start, steps)
    let (low, high) = range(lanes)
    guard low > -0x1p52, high < 0x1p52, start == start.rounded(), Self.isNot(negativeZero: start),
      steps.allSatisfy({ $0 == $0.rounded() })
    else { return nil }
  }

  private static func isNot(negativeZero x: Double) -> Bool { x != 0 || x.sign == .plus }

  /// The smallest and the largest number in `lanes`, of which none is empty.
  func range(_ lanes: [Int32]) -> (low: Double, high: Double) {
    var (low, high) = (start, start)
    for (step, count) in zip(steps, lanes) {
      let whole = step * Double(count - 1)
      if whole < 0 { low += whole } else { high += whole }
    }
    return (low, high)
  }

  fileprivate func write(to target: UnsafeMutablePointer<Double>, _ lanes: [Int32]) {
    var count = 1
    target[0] = start
    // Each level repeats what is there, from the innermost outwards.
    for (step, size) in zip(steps, lanes).reversed() {
      for turn in stride(from: 1, to: Int(size), by: 1) {
        let offset = step * Double(turn)
        let part = target + turn * count
        for k in 0..<count { part[k] = target[k] + offset }
      }
      count *= Int(size)
    }
  }

  /// What `function` makes of two such numbers, in the lanes of the result, where that is even again;
  /// a number is one without steps.
  static func apply(
    _ function: FunctionID, _ a: EvenNumbers, _ b: EvenNumbers, _ lanes: [Int32]
  ) -> EvenNumbers? {
    func step(_ side: EvenNumbers, _ level: Int) -> Double {
      level < side.steps.count ? side.steps[level] : 0
    }
    switch function {
    case .add:
      return EvenNumbers(
        start: a.start + b.start, steps: lanes.indices.map { step(a, $0) + step(b, $0) }, lanes)
    case .subtract:
      return EvenNumbers(
        start: a.start - b.start, steps: lanes.indices.map { step(a, $0) - step(b, $0) }, lanes)
    case .multiply:
      // A negative factor or 0 would make a -0.
      guard
        let (factor, even) = a.steps.isEmpty ? (a.start, b) : b.steps.isEmpty ? (b.start, a) : nil,
        factor > 0
      else { return nil }
      return EvenNumbers(
        start: factor * even.start, steps: even.steps.map { factor * $0 }, lanes)
    default: return nil
    }
  }
}
