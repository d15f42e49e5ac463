/// Loops as machine code: where the body is scalar code alone.
import CKernels

/// What a tape that is the body of a loop needs to know of the loop. Memory 0 is the workspace of the
/// body, 1 the state and the turn's number, the others are those of the program around.
struct LoopFrame {
  /// Where the inputs of the body are found.
  var inputs: [MemoryPlace?]
  /// Of the state: the scalar of the body that it becomes, and where it lies.
  var carries: [(source: Int32, slot: MemoryPlace)] = []
  var kept: [(slot: MemoryPlace, place: MemoryPlace)] = []
  var stacks: [(source: Int32, place: MemoryPlace)] = []
  var index: MemoryPlace
  /// Bytes from turn to turn.
  var step: Int32

  static let state: Int32 = 1
  static let outside: Int32 = 2

  /// Element `offset` of the input of the body with the memory `base`.
  func place(_ base: Int32, _ offset: Int32) -> MemoryPlace? {
    guard base >= 1, Int(base) <= inputs.count, var place = inputs[Int(base) - 1],
      Int(offset) < Int(Int32.max) / 16
    else { return nil }
    place.displacement += 8 * offset
    return place
  }
}

/// Machine code for all turns of one loop.
struct NativeLoop {
  let code: Code

  /// Fails where the body is not scalar code alone.
  init(_ plan: LoopPlan, outerBases: Int) throws {
    let body = plan.body
    guard body.stepCount <= 1 else { throw NotNative.unknownOperation }
    var (from, to) = (0, 0)
    if body.stepCount == 1 {
      guard case .tape(let start, let end) = body.steps[0] else {
        throw NotNative.unknownOperation
      }
      (from, to) = (start, end)
    }
    func outside(_ place: Place, indexed: Bool) throws -> MemoryPlace {
      guard place.offset < Int(Int32.max) / 16 else { throw NotNative.tooFar }
      return MemoryPlace(
        base: LoopFrame.outside + place.base,
        displacement: Int32(truncatingIfNeeded: 8 * place.offset), isIndexed: indexed)
    }
    func slot(_ k: Int) -> MemoryPlace {
      MemoryPlace(base: LoopFrame.state, displacement: Int32(truncatingIfNeeded: 8 * k))
    }
    func source(_ output: Int) throws -> Int32 {
      let place = body.outputPlaces[output]
      guard place.base == 0 else { throw NotNative.unknownOperation }
      return Int32(truncatingIfNeeded: place.offset)
    }
    // The state is kept where `Workspace` keeps it, the turn's number behind both copies.
    var frame = LoopFrame(
      inputs: [MemoryPlace?](repeating: nil, count: body.inputs.count),
      index: slot(2 * plan.stateCount), step: plan.isReversed ? -8 : 8)
    frame.inputs[plan.index] = frame.index
    for (k, carry) in plan.carries.enumerated() {
      guard carry.count == 1 else { throw NotNative.unknownOperation }
      frame.inputs[carry.input] = slot(k)
      frame.carries.append((try source(k), slot(k)))
      if let place = plan.states[k] {
        frame.kept.append((slot(k), try outside(place, indexed: true)))
      }
    }
    for sequence in plan.sequences {
      guard sequence.count == 1 else { throw NotNative.unknownOperation }
      frame.inputs[sequence.input] = try outside(sequence.from, indexed: true)
    }
    for invariant in plan.invariants {
      frame.inputs[invariant.input] = try outside(invariant.from, indexed: false)
    }
    for stack in plan.stacks {
      guard stack.count == 1 else { throw NotNative.unknownOperation }
      frame.stacks.append((try source(stack.output), try outside(stack.to, indexed: true)))
    }
    code = try TapeCompiler.compile(
      body.code, from, to,
      TapeContext(
        sequence: body.sequence, escapes: body.escapes,
        baseCount: Int(LoopFrame.outside) + outerBases), loop: frame)
  }

  var entry: UnsafeRawPointer { code.entry }
}
