/// Turns a plan into steps, stage by stage, and hands out memory as it goes.
import CKernels
import OptGraph
import OptNumerics

/// Collects what a program is made of.
final class Emitter {
  let plan: Planner
  let memory: Memory
  var steps: [Step] = []
  /// Per step, the origin of the last node that it computes.
  private(set) var stepOrigins: [Int32] = []
  var code: [Int32] = []
  /// The places of scalars in the order of the graph: within a stretch of a tape the machine runs
  /// equal operations together, which is not the best order for everybody.
  var sequence: [Int32] = []
  var strips: [StripStep] = []
  var loops: [LoopPlan] = []
  /// Programs of loops' bodies, by loop.
  var loopBodies: [ObjectIdentifier: Program] = [:]
  /// The nodes whose memory the last loop reads.
  var loopOwners: Set<Int32> = []
  var maps: [ck_map] = []
  var laneTables: [UnsafeMutablePointer<Int>] = []
  /// Scalars that are there from the start, and known arrays behind the inputs.
  var constants: [(place: Int, value: Double)] = []
  var arrays: [Buffer]
  /// Memory: scalars first, then arrays.
  var nextScalar = 0
  var arena: Arena
  var scratch = 0
  var registers = 0
  var operandCount = 1
  var sumCount = 0
  /// Of a node in the strip program or piece of scalar code being made.
  let local: UnsafeMutablePointer<Int32>
  private let isAllocated: UnsafeMutablePointer<Bool>

  init(_ plan: Planner, _ memory: Memory) {
    self.plan = plan
    self.memory = memory
    arrays = plan.graph.arrays
    local = Memory.allocate(-1, plan.count)
    isAllocated = Memory.allocate(false, plan.count)
    var scalars = 0
    for k in 0..<plan.count where plan.live[k] && plan.nodes[k].shape == 0 { scalars += 1 }
    arena = Arena(start: (scalars + 8) & ~7)
    placeGiven()
    run()
  }

  deinit {
    local.deallocate()
    isAllocated.deallocate()
  }

  // MARK: Places

  private func placeGiven() {
    for k in 0..<plan.count where plan.live[k] && plan.carrier[k] == .given {
      let n = plan.nodes[k]
      plan.place[k] = nextScalar
      if n.operation == .number {
        constants.append((nextScalar, plan.graph.numbers[Int(n.payload)]))
        nextScalar += 1
      }
    }
    var started = false
    for k in 0..<plan.count where plan.live[k] && plan.carrier[k] == .given {
      let n = plan.nodes[k]
      guard n.operation == .input else { continue }
      if !started {
        code += [Int32(CK_START), Int32(nextScalar), Int32(CK_LOAD), 0]
        started = true
      }
      plan.place[k] = nextScalar
      nextScalar += 1
      code += [n.payload + 1, 0]
      code[3] += 1
    }
    if started { addTape(from: 0) }
  }

  /// Code since `from` is run here; it joins the step before if that is code too.
  func addTape(from: Int) {
    guard code.count > from else { return }
    if case .tape(let start, let end)? = steps.last, end == from {
      steps[steps.count - 1] = .tape(from: start, to: code.count)
    } else {
      steps.append(.tape(from: from, to: code.count))
    }
  }

  /// The place of a scalar in the workspace.
  func scalarPlace(_ index: Int32) -> Int32 {
    var index = index
    while plan.carrier[Int(index)] == .same { index = plan.nodes[Int(index)].a }
    return Int32(truncatingIfNeeded: plan.place[Int(index)])
  }

  /// Where a node lies that has memory.
  func location(_ index: Int32) -> Place {
    var index = index
    var extra = 0
    while true {
      let n = plan.nodes[Int(index)]
      switch plan.carrier[Int(index)] {
      case .same: index = n.a
      case .alias:
        extra += plan.graph.maps[Int(n.payload)].offset
        index = n.a
      case .located:
        let base = n.operation == .input ? 1 + n.payload : arrayBase(Int(n.payload))
        return Place(base: base, offset: extra)
      default:
        return Place(
          base: plan.external[Int(index)], offset: plan.place[Int(index)] + extra)
      }
    }
  }

  func arrayBase(_ number: Int) -> Int32 {
    Int32(clamping: 1 + plan.graph.inputs.count + plan.externals.count + number)
  }

  /// A known array that the plan adds.
  func place(of values: [Double]) -> Place {
    arrays.append(Buffer(values))
    return Place(base: arrayBase(arrays.count - 1), offset: 0)
  }

  /// Memory for the result of a node.
  func allocate(_ index: Int32, _ size: Int, _ releases: inout Releases) {
    if plan.isScalar(index) && plan.nodes[Int(index)].operation != .factor {
      plan.place[Int(index)] = nextScalar
      nextScalar += 1
      return
    }
    guard !isAllocated[Int(index)] else { return }
    isAllocated[Int(index)] = true
    let whole = plan.parent[Int(index)]
    if whole >= 0 {
      if !isAllocated[Int(whole)] {
        let count = self.size(of: whole)
        allocate(whole, count, &releases)
        clearGaps(whole, count)
      }
      plan.place[Int(index)] = plan.place[Int(whole)] + plan.parentOffset[Int(index)]
      return
    }
    if plan.external[Int(index)] > 0 {
      plan.place[Int(index)] = 0
      return
    }
    plan.place[Int(index)] = arena.take(size)
    releases.add(index, at: plan.lastUse[Int(index)])
  }

  func size(of index: Int32) -> Int {
    let n = plan.nodes[Int(index)]
    let shape = plan.shape(index)
    guard n.operation == .factor else { return shape.count }
    let kind = LinearAlgebra.Kind(rawValue: n.payload) ?? .lu
    return shape.laneCount
      * LinearAlgebra.stateSize(kind, Int(shape.rows), Int(shape.columns))
  }

  // MARK: Stages

  /// Nodes by stage; within a stage in the order of the graph.
  private func sorted() -> (order: [Int32], starts: [Int]) {
    var last: Int32 = -1
    func isCarriedOut(_ k: Int) -> Bool {
      guard plan.live[k], !plan.absorbed[k] else { return false }
      switch plan.carrier[k] {
      case .tape, .load, .elementwise, .sum, .heavy: return true
      default: return false
      }
    }
    for k in 0..<plan.count where isCarriedOut(k) { last = max(last, plan.key[k]) }
    var starts = [Int](repeating: 0, count: Int(last) + 2)
    for k in 0..<plan.count where isCarriedOut(k) { starts[Int(plan.key[k]) + 1] += 1 }
    for k in 1..<max(starts.count, 1) { starts[k] += starts[k - 1] }
    var next = starts
    var order = [Int32](repeating: 0, count: starts.last ?? 0)
    for k in 0..<plan.count where isCarriedOut(k) {
      let stage = Int(plan.key[k])
      order[next[stage]] = Int32(truncatingIfNeeded: k)
      next[stage] += 1
    }
    return (order, starts)
  }

  private func run() {
    let (order, starts) = sorted()
    let stages = starts.count - 1
    findLastUses(order, starts)
    var releases = Releases(times: order.count + stages + 1, nodes: plan.count)
    var time = 0
    for stage in 0..<max(stages, 0) {
      let range = starts[stage]..<starts[stage + 1]
      guard !range.isEmpty else { continue }
      switch stage % 3 {
      case 0: emitTape(order, range)
      case 1: emitStrips(order, range, &releases)
      default:
        for k in range {
          allocate(order[k], size(of: order[k]), &releases)
          emitHeavy(order[k])
          noteOrigin(order[k])
          release(time, &releases)
          time += 1
        }
        continue
      }
      noteOrigin(order[range.upperBound - 1])
      release(time, &releases)
      time += 1
    }
  }

  /// The steps since the last call are for `node`.
  private func noteOrigin(_ node: Int32) {
    let origin = plan.graph.origins[Int(node)]
    while stepOrigins.count < steps.count { stepOrigins.append(origin) }
  }

  private func release(_ time: Int, _ releases: inout Releases) {
    releases.forEach(at: time) { index in
      arena.give(plan.place[Int(index)], size(of: index))
    }
  }

  private func findLastUses(_ order: [Int32], _ starts: [Int]) {
    var time: Int32 = 0
    for stage in 0..<max(starts.count - 1, 0) {
      let range = starts[stage]..<starts[stage + 1]
      guard !range.isEmpty else { continue }
      for k in range {
        let index = order[k]
        // What nobody reads is free at once.
        plan.lastUse[Int(index)] = max(plan.lastUse[Int(index)], time)
        plan.forEachOperand(index) { operand in
          plan.lastUse[Int(plan.owner(operand))] = time
          if plan.absorbed[Int(operand)] {
            plan.forEachOperand(operand) { plan.lastUse[Int(plan.owner($0))] = time }
          }
        }
        if stage % 3 == 2 { time += 1 }
      }
      if stage % 3 != 2 { time += 1 }
    }
    // The whole lives as long as what lies in it.
    for index in order where plan.parent[Int(index)] >= 0 {
      let whole = Int(plan.parent[Int(index)])
      plan.lastUse[whole] = max(plan.lastUse[whole], plan.lastUse[Int(index)])
    }
    for output in plan.outputs {
      let owner = Int(plan.owner(output))
      plan.lastUse[owner] = Int32.max
      if plan.parent[owner] >= 0 { plan.lastUse[Int(plan.parent[owner])] = Int32.max }
    }
  }
}

extension Memory {
  static func allocate<Element>(_ value: Element, _ count: Int) -> UnsafeMutablePointer<Element> {
    let pointer = UnsafeMutablePointer<Element>.allocate(capacity: max(count, 1))
    pointer.initialize(repeating: value, count: max(count, 1))
    return pointer
  }
}
