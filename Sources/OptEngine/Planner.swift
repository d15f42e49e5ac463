/// Decides where every node of a prepared graph lives and when it is computed.
///
/// Work is cut into stages of three kinds in turn: scalar code, elementwise strips, everything else.
/// `key` numbers them; a node gets the first stage of its kind that its operands allow.
import CKernels
import OptGraph
import OptNumerics

/// How a node is carried out.
enum Carrier: UInt8 {
  case none
  /// A number, an input of one element: a scalar that is there from the start.
  case given
  /// An array that is there from the start.
  case located
  /// A scalar operation, and one element of an array read as a scalar.
  case tape, load
  /// The same scalar as the operand.
  case same
  case elementwise
  /// A sum over all elements at the end of a strip program.
  case sum
  /// A view: read where it is used, or part of its operand's memory as it lies.
  case virtual, alias
  /// Everything else, and views that need memory of their own.
  case heavy
}

final class Planner {
  let graph: Graph
  let nodes: UnsafeMutablePointer<Node>
  let count: Int
  let outputs: [Int32]
  let options: Program.Options
  let kernels = Kernels.shared
  private let memory = Memory()

  let live: UnsafeMutablePointer<Bool>
  let carrier: UnsafeMutablePointer<Carrier>
  let key: UnsafeMutablePointer<Int32>
  /// How many live nodes and outputs read a node.
  let uses: UnsafeMutablePointer<Int32>
  /// Elementwise nodes that need memory.
  let stored: UnsafeMutablePointer<Bool>
  /// Products that became part of a fused multiply-add or a sum of products.
  let absorbed: UnsafeMutablePointer<Bool>
  /// Scalars: the place in the workspace. Arrays: the offset in their memory.
  let place: UnsafeMutablePointer<Int>
  /// When the memory of a node is read last.
  let lastUse: UnsafeMutablePointer<Int32>
  /// The assembled array whose memory holds this node's, or -1, and where.
  let parent: UnsafeMutablePointer<Int32>
  let parentOffset: UnsafeMutablePointer<Int>
  let hasEmbedded: UnsafeMutablePointer<Bool>
  /// The memory of nodes that lie outside the workspace: see `findExternals`. Else 0.
  let external: UnsafeMutablePointer<Int32>
  /// Outputs with a memory each.
  var externals: [Int32] = []
  /// What strip programs add to assembled arrays, and numbers of the pieces this takes care of.
  var placements: [StripGroup: [Placement]] = [:]
  var accumulated: [Int32: Set<Int>] = [:]

  init(_ graph: Graph, _ outputs: [Expression], _ options: Program.Options) {
    self.graph = graph
    self.outputs = outputs.map(\.index)
    self.options = options
    nodes = graph.nodes
    let reachable = graph.reachable(from: self.outputs)
    count = reachable.count
    let n = count
    live = memory.keep(reachable)
    carrier = memory.fill(.none, n)
    key = memory.fill(-1, n)
    uses = memory.fill(0, n)
    stored = memory.fill(false, n)
    absorbed = memory.fill(false, n)
    place = memory.fill(0, n)
    lastUse = memory.fill(-1, n)
    parent = memory.fill(-1, n)
    parentOffset = memory.fill(0, n)
    hasEmbedded = memory.fill(false, n)
    external = memory.fill(0, n)
    assignCarriers()
    findMemoryNeeds()
    assignKeys()
    placePieces()
    findExternals()
    contract()
    storeAcrossStages()
  }

  // MARK: Reading the graph

  func shape(_ index: Int32) -> Shape { graph.shapes[Int(nodes[Int(index)].shape)] }

  func isScalar(_ index: Int32) -> Bool { nodes[Int(index)].shape == 0 }

  @inline(__always)
  func forEachOperand(_ index: Int32, _ visit: (Int32) -> Void) {
    graph.forEachOperand(of: nodes[Int(index)], visit)
  }

  /// The machine operation of an apply or select node.
  func operation(_ n: Node) -> Int32 {
    n.operation == .select ? Int32(CK_SELECT) : kernels.operations[Int(n.payload)]
  }

  // MARK: Carriers

  private func assignCarriers() {
    for k in 0..<count where live[k] {
      let n = nodes[k]
      let scalar = n.shape == 0
      switch n.operation {
      case .number: carrier[k] = .given
      case .input: carrier[k] = scalar ? .given : .located
      case .array: carrier[k] = .located
      case .apply, .select: carrier[k] = scalar ? .tape : .elementwise
      case .view, .surrogate: carrier[k] = viewCarrier(Int32(k), n)
      case .reduce: carrier[k] = endsStrips(n) ? .sum : .heavy
      default: carrier[k] = .heavy
      }
      forEachOperand(Int32(k)) { uses[Int($0)] += 1 }
    }
    for output in outputs { uses[Int(output)] += 1 }
  }

  private func viewCarrier(_ index: Int32, _ n: Node) -> Carrier {
    let map = graph.maps[Int(n.payload)]
    let (own, source) = (shape(index), shape(n.a))
    guard own.count > 0, map.stays(in: source.count, for: own),
      own.dimensions.count <= Int(CK_DIMENSIONS)
    else { return .heavy }
    if n.shape == 0 {
      if nodes[Int(n.a)].shape == 0 { return .same }
      return map.offset <= Int(Int32.max) ? .load : .heavy
    }
    return map.isContiguous(for: own) ? .alias : .virtual
  }

  private func endsStrips(_ n: Node) -> Bool {
    let reduction = graph.reductions[Int(n.payload)]
    return reduction.kind == .sum && n.shape != -1 && carrier[Int(n.a)] == .elementwise
      && shape(n.a).count > 0 && isFull(reduction, shape(n.a))
  }

  private func isFull(_ reduction: Reduction, _ shape: Shape) -> Bool {
    let sizes = shape.dimensions
    return sizes.indices.allSatisfy { sizes[$0] == 1 || reduction.dimensions.contains($0) }
  }

  /// Elementwise nodes and views that something reads as an array in memory.
  private func findMemoryNeeds() {
    for output in outputs { needMemory(output) }
    for k in 0..<count where live[k] {
      let n = nodes[k]
      switch carrier[k] {
      case .elementwise:
        forEachOperand(Int32(k)) { operand in
          if carrier[Int(operand)] == .elementwise && nodes[Int(operand)].shape != n.shape {
            stored[Int(operand)] = true
          }
        }
      case .heavy where n.operation == .assemble:
        // Elementwise pieces are seen to later.
        forEachOperand(Int32(k)) {
          if carrier[Int($0)] == .virtual, !repeatsOne($0) { needMemory($0) }
        }
      case .virtual, .alias, .load, .heavy: forEachOperand(Int32(k)) { needMemory($0) }
      default: break
      }
    }
  }

  /// Whether a view is one number, again and again.
  private func repeatsOne(_ index: Int32) -> Bool {
    let map = graph.maps[Int(nodes[Int(index)].payload)]
    return zip(shape(index).dimensions, map.strides).allSatisfy { $0 == 1 || $1 == 0 }
  }

  private func needMemory(_ index: Int32) {
    switch carrier[Int(index)] {
    case .elementwise: stored[Int(index)] = true
    case .virtual: carrier[Int(index)] = .heavy
    default: break
    }
  }

  // MARK: Stages

  /// The stage kind: 0 scalar code, 1 strips, 2 everything else.
  private func kind(_ carrier: Carrier) -> Int32 {
    switch carrier {
    case .tape, .load: 0
    case .elementwise, .sum: 1
    default: 2
    }
  }

  private func assignKeys() {
    for k in 0..<count where live[k] {
      let mine = carrier[k]
      switch mine {
      case .none, .given, .located: continue
      case .same, .virtual, .alias:
        key[k] = key[Int(nodes[k].a)]
        continue
      case .sum:
        key[k] = key[Int(nodes[k].a)]
        continue
      default: break
      }
      let kind = kind(mine)
      var earliest: Int32 = 0
      let myShape = nodes[k].shape
      forEachOperand(Int32(k)) { operand in
        let other = key[Int(operand)]
        guard other >= 0 else { return }
        let joins: Bool
        switch kind {
        case 1:
          joins = carrier[Int(operand)] == .elementwise && nodes[Int(operand)].shape == myShape
        default: joins = other % 3 == kind
        }
        earliest = max(earliest, joins ? other : other + 1)
      }
      key[k] = earliest + (kind - earliest % 3 + 3) % 3
    }
  }

  /// Elementwise nodes that a later stage reads.
  private func storeAcrossStages() {
    for k in 0..<count where live[k] && carrier[k] == .elementwise {
      forEachOperand(Int32(k)) { operand in
        if carrier[Int(operand)] == .elementwise && key[Int(operand)] != key[k] {
          stored[Int(operand)] = true
        }
      }
    }
  }

  /// The node whose memory a view reads.
  func owner(_ index: Int32) -> Int32 {
    var index = index
    while true {
      switch carrier[Int(index)] {
      case .virtual, .alias, .same: index = nodes[Int(index)].a
      default: return index
      }
    }
  }
}

extension StridedMap {
  /// Whether all elements of `shape` lie within `count` elements.
  func stays(in count: Int, for shape: Shape) -> Bool {
    var low = Double(offset)
    var high = low
    for (size, step) in zip(shape.dimensions, strides) where size > 1 {
      let reach = Double(size - 1) * Double(step)
      if reach < 0 { low += reach } else { high += reach }
    }
    return low >= 0 && high < Double(count)
  }
}
