/// Running loops.
import CKernels
import OptNumerics

/// The memory of one loop of a program.
final class LoopMemory {
  let body: Workspace
  /// The state before and after a turn, by turns, and the turn's number.
  let state: Buffer
  /// The memories that machine code of the loop finds.
  let bases: UnsafeMutablePointer<UnsafeMutablePointer<Double>?>

  init(_ plan: LoopPlan, outerBases: Int) {
    body = plan.body.makeWorkspace()
    state = Buffer(count: 2 * plan.stateCount + 1)
    bases = Memory.allocate(nil, Int(LoopFrame.outside) + outerBases)
  }

  deinit { bases.deallocate() }
}

/// Turns of a loop in machine code between two looks at the stop flag.
private let turnsAtOnce = 16_384

extension Workspace {
  /// All turns of a loop that is machine code; false when it was stopped.
  func runLoop(
    _ plan: LoopPlan, _ memory: LoopMemory, _ code: UnsafeRawPointer,
    _ bases: UnsafeMutablePointer<UnsafeMutablePointer<Double>?>, _ stop: Stop?
  ) -> Bool {
    let state = memory.state.pointer
    memory.bases[0] = memory.body.scalars
    memory.bases[Int(LoopFrame.state)] = state
    for k in 0..<baseCount { memory.bases[Int(LoopFrame.outside) + k] = bases[k] }
    for (k, carry) in plan.carries.enumerated() { state[k] = at(carry.from).pointee }
    state[2 * plan.stateCount] = plan.isReversed ? Double(plan.turns - 1) : 0
    var done = 0
    var goesOn = true
    while done < plan.turns, goesOn {
      let count = min(plan.turns - done, turnsAtOnce)
      let (from, step) = plan.isReversed ? (plan.turns - 1 - done, -1) : (done, 1)
      ck_native_loop(
        code, memory.body.scalars, memory.bases, Int64(from), Int64(from + step * count))
      done += count
      if let stop, stop.isRequested { goesOn = false }
    }
    // Where it was stopped, what it had come to.
    for (k, place) in plan.finals.enumerated() { at(place).pointee = state[k] }
    return goesOn
  }

  /// All turns of a loop; false when it was stopped.
  func runLoop(_ plan: LoopPlan, _ memory: LoopMemory, _ stop: Stop?) -> Bool {
    let body = memory.body
    var (before, after) = (memory.state.pointer, memory.state.pointer + plan.stateCount)
    let turn = memory.state.pointer + 2 * plan.stateCount
    body.bind(plan.index, to: turn)
    for source in plan.invariants { body.bind(source.input, to: at(source.from)) }
    var place = 0
    for carry in plan.carries {
      (before + place).update(from: at(carry.from), count: carry.count)
      place += carry.count
    }
    for k in 0..<plan.turns {
      let number = plan.isReversed ? plan.turns - 1 - k : k
      turn.pointee = Double(number)
      place = 0
      for (n, carry) in plan.carries.enumerated() {
        body.bind(carry.input, to: before + place)
        if let kept = plan.states[n] {
          (at(kept) + number * carry.count).update(from: before + place, count: carry.count)
        }
        place += carry.count
      }
      for source in plan.sequences {
        body.bind(source.input, to: at(source.from) + number * source.count)
      }
      if !body.run(stop) { return false }
      place = 0
      for (n, carry) in plan.carries.enumerated() {
        (after + place).update(from: body.output(n), count: carry.count)
        place += carry.count
      }
      for stack in plan.stacks {
        (at(stack.to) + number * stack.count)
          .update(from: body.output(stack.output), count: stack.count)
      }
      swap(&before, &after)
    }
    place = 0
    for (n, carry) in plan.carries.enumerated() {
      at(plan.finals[n]).update(from: before + place, count: carry.count)
      place += carry.count
    }
    return true
  }
}
