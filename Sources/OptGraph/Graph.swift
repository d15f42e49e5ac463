/// The expression graph: what a function is, once every size is known.
import OptNumerics

/// What a node does. Operands are `a`, `b`, `c`; side tables hold the rest (`payload`).
package enum Operation: UInt8, Sendable {
  /// A 1×1 constant; payload indexes `numbers`.
  case number
  /// A known array; payload indexes `arrays`.
  case array
  /// Payload indexes `inputs`.
  case input
  /// A row of the function table on `a`, `b`, `c`, elementwise with broadcasting; payload is the
  /// row's index.
  case apply
  /// `a ≠ 0 ? b : c`, elementwise with broadcasting; the side not taken contributes nothing.
  case select
  /// The elements of `a` at the places of a `StridedMap` (payload): slices, transposes, broadcasts,
  /// offsets per lane, reshapes.
  case view
  /// Pieces laid into an array of zeros (payload: `Assembly`). Transpose of `view`.
  case assemble
  /// `a` at the flat 0-based offsets `b` (an expression; shape of `b`).
  case gather
  /// Zeros of the node's shape, with the elements of `a` added at the offsets `b` (shape of `a`).
  case scatter
  /// A reduction of `a` (payload: `Reduction`).
  case reduce
  /// Running sum of `a` (payload: `Scan`).
  case scan
  /// 0-based offsets that sort the elements of `a` (per lane) ascending, stably; shape of `a`.
  case order
  /// Matrix product of `a` and `b`, batched over lanes (payload: bit 0 transposes `a`, bit 1 `b`).
  case product
  /// A factorisation of the matrix `a` (payload: `Factorization`), used by `solve` and `part`.
  case factor
  /// The solution of `A x = b` (bit 0 of payload: `Aᵀ x = b`); `a` is a factor node, `b` the right
  /// side. With `qr` of a tall or wide matrix: least squares, least norm.
  case solve
  /// One result of the factor node `a` (payload: which; see `Factorization.parts`).
  case part
  /// Fresh random numbers (payload: `Draw`), `a` the key.
  case random
  /// The value of `a`, one number a lane, read through the map `payload`. Its derivative is not that
  /// of `a` but Σ c·ḃ: what `custom` makes.
  case surrogate
  /// What a `Host` (payload: `hosts`) computes of the column `a`, beginning at the column `b`.
  case host
  /// The column of what a `Loop` (payload: `loops`, with the operands) computes turn by turn.
  case loop
}

/// A node: plain bytes; -1 stands for no operand.
package struct Node: Hashable, Sendable {
  package var operation: Operation
  package var shape: Int32
  package var a: Int32
  package var b: Int32
  package var c: Int32
  package var payload: Int32
}

/// What `assemble` lays down.
package struct Assembly: Hashable, Sendable {
  package struct Piece: Hashable, Sendable {
    package var node: Int32
    package var map: StridedMap
  }
  package var pieces: [Piece]
  /// Whether pieces that overlap add up; otherwise the later one overwrites the earlier.
  package var adds: Bool
}

/// Which dimensions are folded and how. A folded dimension has size 1 afterwards.
package struct Reduction: Hashable, Sendable {
  package enum Kind: UInt8, Sendable {
    case sum, product, maximum, minimum
    /// 1-based position, row by row among the folded elements, of the first extreme.
    case argMaximum, argMinimum
  }
  package var kind: Kind
  /// Folded dimensions, as positions in the operand's `shape.dimensions`.
  package var dimensions: [Int]
}

/// Running sum along `dimension` of the operand's `shape.dimensions`.
package struct Scan: Hashable, Sendable {
  package var dimension: Int
  package var reversed: Bool
}

/// Kinds of factorisation.
package enum Factorization: Int32, Sendable, CaseIterable {
  /// With row exchanges. Parts: 0 determinant 1×1, 1 logarithm of its absolute value, 2 its sign.
  case lu
  /// Of a symmetric positive definite matrix (lower triangle read). Parts: 0 `L`, 1 log determinant.
  case cholesky
  /// Parts: 0 `Q` (m×k), 1 `R` (k×n), k = min(m, n), diagonal of `R` not negative.
  case qr
  /// Of a symmetric matrix. Parts: 0 eigenvalues ascending (n×1), 1 eigenvectors as columns.
  case symmetricEigen
  /// Parts: 0 singular values descending (k×1), 1 `U` (m×k), 2 `V` (n×k).
  case svd
}

package struct Draw: Hashable, Sendable {
  package enum Kind: UInt8, Sendable { case normal, uniform }
  package var kind: Kind
  /// Number of the draw in the program: equal draws of one key are the same node.
  package var number: Int

  package init(kind: Kind, number: Int) {
    self.kind = kind
    self.number = number
  }
}

/// What an input is for.
package enum Role: UInt8, Sendable { case variable, data, global, randomKey }

/// A value that a program reads from outside.
package struct Input: Sendable {
  package var name: String
  package var role: Role
  package var shape: Shape
  /// Whether the rows and the columns stand for any number of them: the name has no value. What is
  /// to be equal is; others differ from all numbers that are likely.
  package var isOpen: (rows: Bool, columns: Bool) = (false, false)
  package init(name: String, role: Role, shape: Shape) {
    self.name = name
    self.role = role
    self.shape = shape
  }
}

/// An append-only, hash-consed graph. Used by one thread while it grows; read-only afterwards.
///
/// Operands come before the nodes that use them. Building a node applies only rewrites that keep
/// the value for all IEEE inputs.
package final class Graph: @unchecked Sendable {
  private let store: UnsafeMutablePointer<NodeStore>

  package var nodes: UnsafeMutablePointer<Node> { store.pointee.nodes }
  package var count: Int { store.pointee.count }
  package var numbers: UnsafeBufferPointer<Double> {
    UnsafeBufferPointer(start: store.pointee.numbers, count: store.pointee.numberCount)
  }
  package private(set) var arrays: [Buffer] = []
  package private(set) var inputs: [Input] = []
  package private(set) var inputNodes: [Int32] = []
  package private(set) var shapes: [Shape] = []
  package private(set) var maps: [StridedMap] = []
  package private(set) var assemblies: [Assembly] = []
  package private(set) var reductions: [Reduction] = []
  package private(set) var scans: [Scan] = []
  package private(set) var draws: [Draw] = []
  package private(set) var hosts: [any Host] = []
  private(set) var loops: [LoopUse] = []
  /// Per node, an opaque id set by the tracer (a place in the program); the first place wins.
  package var origins: UnsafeBufferPointer<Int32> {
    UnsafeBufferPointer(start: store.pointee.origins, count: store.pointee.count)
  }
  /// The origin that new nodes get.
  package var currentOrigin: Int32 {
    get { store.pointee.currentOrigin }
    set { store.pointee.currentOrigin = newValue }
  }

  private var shapeIDs: [Shape: Int32] = [:]
  private var mapIDs: [StridedMap: Int32] = [:]
  private var assemblyIDs: [Assembly: Int32] = [:]
  private var reductionIDs: [Reduction: Int32] = [:]
  private var scanIDs: [Scan: Int32] = [:]
  private var drawIDs: [Draw: Int32] = [:]
  private var loopIDs: [LoopUse: Int32] = [:]
  /// Identity matrices by their size, each made once.
  var identities: [Int32: Int32] = [:]
  /// The shape interned last: programs use the same one many times in a row.
  private var lastShape = Shape.scalar
  private var lastShapeID: Int32 = 0
  /// The place of the 1×1 shape.
  static let scalarID: Int32 = 0

  package init() {
    store = .allocate(capacity: 1)
    store.initialize(to: NodeStore())
    _ = Self.intern(Shape.scalar, &shapes, &shapeIDs)
  }

  deinit {
    store.pointee.deallocate()
    store.deallocate()
  }

  package func shape(of node: Int32) -> Shape { shapes[Int(nodes[Int(node)].shape)] }

  // MARK: Side tables

  package func intern(_ shape: Shape) -> Int32 {
    if shape.isScalar { return Self.scalarID }
    if shape == lastShape { return lastShapeID }
    lastShape = shape
    lastShapeID = Self.intern(shape, &shapes, &shapeIDs)
    return lastShapeID
  }
  package func intern(_ map: StridedMap) -> Int32 { Self.intern(map, &maps, &mapIDs) }
  package func intern(_ assembly: Assembly) -> Int32 {
    Self.intern(assembly, &assemblies, &assemblyIDs)
  }
  package func intern(_ reduction: Reduction) -> Int32 {
    Self.intern(reduction, &reductions, &reductionIDs)
  }
  package func intern(_ scan: Scan) -> Int32 { Self.intern(scan, &scans, &scanIDs) }
  package func intern(_ draw: Draw) -> Int32 { Self.intern(draw, &draws, &drawIDs) }
  func intern(_ loop: LoopUse) -> Int32 { Self.intern(loop, &loops, &loopIDs) }
  package func intern(_ host: any Host) -> Int32 {
    if let id = hosts.firstIndex(where: { $0 === host }) { return Int32(clamping: id) }
    hosts.append(host)
    return Int32(clamping: hosts.count - 1)
  }

  private static func intern<Key: Hashable>(
    _ key: Key, _ list: inout [Key], _ ids: inout [Key: Int32]
  ) -> Int32 {
    if let id = ids[key] { return id }
    let id = Int32(clamping: list.count)
    list.append(key)
    ids[key] = id
    return id
  }

  // MARK: Leaves

  package func number(_ value: Double) -> Expression {
    let payload = store.pointee.index(of: value)
    return append(.number, shapeID: Self.scalarID, payload: payload)
  }

  /// A known array. Its buffer is kept, not copied; it must not change afterwards.
  package func array(_ buffer: Buffer, _ shape: Shape) -> Expression {
    if shape.isScalar { return number(buffer[0]) }
    for (id, other) in arrays.enumerated().suffix(64)
    where other === buffer || same(other, buffer) {
      return append(.array, shape, payload: Int32(id))
    }
    arrays.append(buffer)
    return append(.array, shape, payload: Int32(clamping: arrays.count - 1))
  }

  private func same(_ a: Buffer, _ b: Buffer) -> Bool {
    guard a.count == b.count else { return false }
    for k in 0..<a.count where a[k].bitPattern != b[k].bitPattern { return false }
    return true
  }

  /// A new input, different from all others.
  package func input(_ input: Input) -> Expression {
    inputs.append(input)
    let expression = append(.input, input.shape, payload: Int32(clamping: inputs.count - 1))
    inputNodes.append(expression.index)
    return expression
  }

  // MARK: Nodes

  /// The node with these parts, new or the one that was there. The caller has checked the shapes;
  /// everyday code uses the operators and methods of `Expression`.
  package func append(
    _ operation: Operation, _ shape: Shape, _ a: Int32 = -1, _ b: Int32 = -1, _ c: Int32 = -1,
    payload: Int32 = 0
  ) -> Expression {
    append(operation, shapeID: intern(shape), a, b, c, payload: payload)
  }

  /// The same with an interned shape.
  @inline(__always)
  func append(
    _ operation: Operation, shapeID: Int32, _ a: Int32 = -1, _ b: Int32 = -1, _ c: Int32 = -1,
    payload: Int32 = 0
  ) -> Expression {
    let node = Node(operation: operation, shape: shapeID, a: a, b: b, c: c, payload: payload)
    return Expression(graph: self, index: store.pointee.index(of: node))
  }

  /// A node whose operands `a` and `b` may be exchanged: the one there in either order, or new.
  func append(commutative node: Node) -> Expression {
    Expression(graph: self, index: store.pointee.index(of: node, commutes: true))
  }

  // MARK: Reading

  /// The nodes that `node` reads, in order.
  package func operands(of node: Int32) -> [Int32] {
    var result: [Int32] = []
    forEachOperand(of: nodes[Int(node)]) { result.append($0) }
    return result
  }

  /// Calls `visit` with the nodes that `node` reads, in order.
  @inline(__always)
  package func forEachOperand(of node: Node, _ visit: (Int32) -> Void) {
    switch node.operation {
    case .assemble: for piece in assemblies[Int(node.payload)].pieces { visit(piece.node) }
    case .loop: for operand in loops[Int(node.payload)].operands { visit(operand) }
    default:
      if node.a >= 0 { visit(node.a) }
      if node.b >= 0 { visit(node.b) }
      if node.c >= 0 { visit(node.c) }
    }
  }

  /// For every node up to the last root, whether some root depends on it.
  package func reachable(from roots: [Int32]) -> [Bool] {
    var live = [Bool](repeating: false, count: Int((roots.max() ?? -1) + 1))
    for root in roots { live[Int(root)] = true }
    for index in stride(from: live.count - 1, through: 0, by: -1) where live[index] {
      forEachOperand(of: nodes[index]) { live[Int($0)] = true }
    }
    return live
  }
}
