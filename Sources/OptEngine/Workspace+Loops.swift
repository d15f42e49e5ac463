/// Running loops.
import OptNumerics

/// The memory of one loop of a program.
final class LoopMemory {
  let body: Workspace
  /// The state before and after a turn, by turns, and the turn's number.
  let state: Buffer

  init(_ plan: LoopPlan) {
    body = plan.body.makeWorkspace()
    state = Buffer(count: 2 * plan.stateCount + 1)
  }
}

extension Workspace {
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
