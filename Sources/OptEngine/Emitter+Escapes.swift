/// Which scalars are read outside the piece of scalar code that computes them.
import CKernels

extension Emitter {
  /// The places of all scalars in the order of the graph.
  func completeSequence() -> [Int32] {
    while sequence.count < nextScalar {
      sequence.append(Int32(truncatingIfNeeded: sequence.count))
    }
    return sequence
  }

  /// Per scalar, whether another step reads it or it is an output.
  func findEscapes(_ outputs: [Place]) -> [Bool] {
    var escapes = [Bool](repeating: false, count: nextScalar)
    func mark(_ base: Int32, _ offset: Int) {
      if base == 0, offset >= 0, offset < escapes.count { escapes[offset] = true }
    }
    for place in outputs { mark(place.base, place.offset) }
    for step in steps { for place in step.reads { mark(place.base, place.offset) } }
    for loop in loops { for place in loop.reads { mark(place.base, place.offset) } }
    for map in maps { mark(map.base, Int(map.offset)) }
    for strip in strips {
      for k in 0..<Int(strip.code.operand_count) {
        let operand = strip.code.operands[k]
        if operand.kind != Int32(CK_REGISTER) { mark(operand.base, Int(operand.offset)) }
      }
    }
    var owner = [Int32](repeating: -1, count: nextScalar)
    code.withUnsafeBufferPointer { buffer in
      guard let words = buffer.baseAddress else { return }
      for (number, step) in steps.enumerated() {
        guard case .tape(let from, let to) = step else { continue }
        let number = Int32(truncatingIfNeeded: number)
        var place = 0
        Tape.forEach(words, from, to) { operation, count, operands in
          if operation == Int32(CK_START) {
            place = count
            return
          }
          let isLoad = operation == Int32(CK_LOAD)
          let isWrite = operation == Int32(CK_STORE) || operation == Int32(CK_INCREASE)
          let arity = Tape.arity(operation)
          for k in 0..<(isLoad ? 0 : count * arity) where !isWrite || k % 2 == 1 {
            let read = Int(words[operands + k])
            if read < escapes.count, owner[read] != number { escapes[read] = true }
          }
          guard Tape.defines(operation) else { return }
          for k in place..<place + count { owner[k] = number }
          place += count
        }
      }
    }
    return escapes
  }

  /// About how many nanoseconds a run takes on the portable machine, and making native code: 1.5
  /// an operation, 0.4 an operation and element, and 100 an operation (measured on Zen 4).
  func estimate(_ options: Program.Options) -> (work: Int, cost: Int) {
    var work = 100 + code.count / 2
    var cost = options.compilesAtOnce ? 0 : 20_000 + 40 * code.count
    for strip in strips {
      let operations = Int(strip.code.op_count)
      let (product, overflows) = operations.multipliedReportingOverflow(by: strip.count)
      work += overflows ? 1 << 40 : 100 + min(product / 5 * 2, 1 << 40)
      cost += options.compilesAtOnce ? 0 : 5_000 + 200 * operations
    }
    for loop in loops {
      work += loop.work
      cost += loop.body.compileCost
    }
    return (work, cost)
  }
}
