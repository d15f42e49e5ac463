/// Raw storage of nodes with an open-addressed table beside it: a tenth of a microsecond a node,
/// where a `Dictionary` takes six times as long.

/// Grows; never forgets. Lives behind one pointer, so that reading it costs no exclusivity checks.
struct NodeStore {
  var nodes: UnsafeMutablePointer<Node>
  /// Per node, the origin it got first.
  var origins: UnsafeMutablePointer<Int32>
  var count = 0
  private var capacity = 256
  private var table: UnsafeMutablePointer<Int32>
  private var mask = 1023

  var numbers: UnsafeMutablePointer<Double>
  var numberCount = 0
  private var numberCapacity = 64
  private var numberTable: UnsafeMutablePointer<Int32>
  private var numberMask = 255

  var currentOrigin: Int32 = -1

  init() {
    nodes = .allocate(capacity: capacity)
    origins = .allocate(capacity: capacity)
    table = Self.emptyTable(mask)
    numbers = .allocate(capacity: numberCapacity)
    numberTable = Self.emptyTable(numberMask)
  }

  func deallocate() {
    nodes.deallocate()
    origins.deallocate()
    table.deallocate()
    numbers.deallocate()
    numberTable.deallocate()
  }

  private static func emptyTable(_ mask: Int) -> UnsafeMutablePointer<Int32> {
    let table = UnsafeMutablePointer<Int32>.allocate(capacity: mask + 1)
    table.initialize(repeating: -1, count: mask + 1)
    return table
  }

  // MARK: Nodes

  /// The place of `node`, which is added if it is new. With `commutes` the node with the operands
  /// `a` and `b` exchanged is the same.
  @inline(__always)
  mutating func index(of node: Node, commutes: Bool = false) -> Int32 {
    var turned = node
    if commutes { swap(&turned.a, &turned.b) }
    var slot = Self.hash(node) & mask
    while table[slot] >= 0 {
      let known = nodes[Int(table[slot])]
      if known == node || commutes && known == turned { return table[slot] }
      slot = (slot + 1) & mask
    }
    if count == capacity { grow() }
    let index = Int32(truncatingIfNeeded: count)
    nodes[count] = node
    origins[count] = currentOrigin
    count += 1
    table[slot] = index
    if count * 2 > mask { rehash() }
    return index
  }

  /// The same for exchanged operands, so that one search finds both orders.
  @inline(__always)
  private static func hash(_ node: Node) -> Int {
    func pair(_ a: Int32, _ b: Int32) -> UInt64 {
      UInt64(UInt32(bitPattern: a)) << 32 | UInt64(UInt32(bitPattern: b))
    }
    var h = pair(min(node.a, node.b), max(node.a, node.b)) &* 0x9E37_79B9_7F4A_7C15
    h ^= h >> 29
    h = (h ^ pair(node.c, node.payload)) &* 0xFF51_AFD7_ED55_8CCD
    h ^= h >> 32
    h = (h ^ pair(node.shape, Int32(node.operation.rawValue))) &* 0xC4CE_B9FE_1A85_EC53
    return Int(truncatingIfNeeded: h >> 24)
  }

  private mutating func grow() {
    let larger = UnsafeMutablePointer<Node>.allocate(capacity: capacity * 2)
    larger.moveInitialize(from: nodes, count: count)
    nodes.deallocate()
    nodes = larger
    let moreOrigins = UnsafeMutablePointer<Int32>.allocate(capacity: capacity * 2)
    moreOrigins.moveInitialize(from: origins, count: count)
    origins.deallocate()
    origins = moreOrigins
    capacity *= 2
  }

  private mutating func rehash() {
    table.deallocate()
    mask = (mask + 1) * 4 - 1
    table = Self.emptyTable(mask)
    for index in 0..<count {
      var slot = Self.hash(nodes[index]) & mask
      while table[slot] >= 0 { slot = (slot + 1) & mask }
      table[slot] = Int32(truncatingIfNeeded: index)
    }
  }

  // MARK: Numbers

  /// The place of `value` among the numbers; told apart by their bits.
  mutating func index(of value: Double) -> Int32 {
    let bits = value.bitPattern
    var slot = Self.hash(bits) & numberMask
    while numberTable[slot] >= 0 {
      if numbers[Int(numberTable[slot])].bitPattern == bits { return numberTable[slot] }
      slot = (slot + 1) & numberMask
    }
    if numberCount == numberCapacity {
      let larger = UnsafeMutablePointer<Double>.allocate(capacity: numberCapacity * 2)
      larger.moveInitialize(from: numbers, count: numberCount)
      numbers.deallocate()
      numbers = larger
      numberCapacity *= 2
    }
    let index = Int32(truncatingIfNeeded: numberCount)
    numbers[numberCount] = value
    numberCount += 1
    numberTable[slot] = index
    if numberCount * 2 > numberMask { rehashNumbers() }
    return index
  }

  private static func hash(_ bits: UInt64) -> Int {
    var h = (bits ^ bits >> 32) &* 0x9E37_79B9_7F4A_7C15
    h ^= h >> 29
    return Int(truncatingIfNeeded: h &* 0xFF51_AFD7_ED55_8CCD >> 24)
  }

  private mutating func rehashNumbers() {
    numberTable.deallocate()
    numberMask = (numberMask + 1) * 4 - 1
    numberTable = Self.emptyTable(numberMask)
    for index in 0..<numberCount {
      var slot = Self.hash(numbers[index].bitPattern) & numberMask
      while numberTable[slot] >= 0 { slot = (slot + 1) & numberMask }
      numberTable[slot] = Int32(truncatingIfNeeded: index)
    }
  }
}
