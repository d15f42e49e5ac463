/// From nodes of a graph to nodes of a syntax tree: what all kinds of nodes share.
import OptGraph
import OptSyntax

/// A piece of a formula with the rows and columns that the program sees. They may be fewer than
/// those of the node it stands for, where the node repeats a smaller value.
struct Piece {
  var id: NodeID
  var rows: Int
  var columns: Int
  /// Whether it is a comparison or logic: it stands in a condition as it is.
  var isMask = false
  var isScalar: Bool { rows == 1 && columns == 1 }
}

/// Builds one formula. Work and depth are bounded: what is beyond is left out as `…`.
struct FormulaBuilder {
  let graph: Graph
  var tree = SyntaxTree()
  /// Whether terms that are sums keep their brackets.
  var keepsBrackets = false
  /// Nodes that have a name of their own by now.
  var named: [Int32: String] = [:]
  /// Names that cannot be given to generators and parts.
  let taken: Set<String>
  /// What the sizes are called that stand for any size.
  let sizes: [Int: OpenSize]
  /// Nodes of syntax that may still be made.
  private var budget: Int
  private var depth = 0
  /// Whether something was left out.
  private(set) var isCut = false
  /// Whether everything so far exists in the language.
  var pastesBack = true

  /// Deeper nesting cannot be read.
  private static let deepest = 60

  init(_ root: Expression, budget: Int) {
    graph = root.graph
    self.budget = budget
    sizes = OpenSize.all(in: graph)
    taken = Set(graph.inputs.flatMap { $0.name.split(separator: ".").map(String.init) })
  }

  // MARK: Syntax

  mutating func add(_ node: SyntaxNode) -> NodeID {
    budget -= 1
    return tree.append(node, at: .none)
  }

  mutating func infix(_ op: InfixOperator, _ a: NodeID, _ b: NodeID) -> NodeID {
    add(.infix(op, a, b))
  }

  mutating func call(_ name: String, _ arguments: [NodeID], axis: Int? = nil) -> NodeID {
    var list = arguments.map { Argument(value: $0) }
    if let axis { list.append(Argument(name: "axis", value: integer(axis))) }
    let callee = add(.name(name))
    return add(.call(callee, list))
  }

  /// An operation that the language has no word for, by a word that says what it does.
  mutating func foreign(_ name: String, _ arguments: [NodeID]) -> NodeID {
    pastesBack = false
    return call(name, arguments)
  }

  /// Stands for what is left out.
  mutating func omitted() -> NodeID {
    isCut = true
    return tree.append(.name("…"), at: .none)
  }

  /// Whether there is room for more.
  var hasRoom: Bool { budget > 0 }

  /// A name for the next part that is pulled out.
  func partName() -> String {
    let used = taken.union(named.values)
    let letters = ["u", "v", "w", "z", "h", "g"]
    if let free = letters.first(where: { !used.contains($0) }) { return free }
    var number = 1
    while used.contains("u_\(number)") { number += 1 }
    return "u_\(number)"
  }

  // MARK: Nodes

  /// A whole formula: of the node's full size, with generators for open lanes.
  mutating func statement(_ root: Expression) -> NodeID {
    let (piece, generators) = body(root)
    let whole = whole(piece, of: root.shape)
    if generators.isEmpty { return whole.id }
    return add(.comprehension(body: counted(whole), generators: generators, inBrackets: true))
  }

  /// The formula of one lane, which may be smaller than the node where that repeats it, and the
  /// generators of the open lanes.
  mutating func body(_ root: Expression) -> (piece: Piece, generators: [Generator]) {
    let shape = root.shape
    var scope = LaneScope()
    var generators: [Generator] = []
    for level in shape.lanes.indices where shape.lanes[level] != 1 {
      generators.append(generator(level, count: Int(shape.lanes[level]), in: &scope))
    }
    return (build(root.index, scope), generators)
  }

  /// Inside `[ ]` only numbers make a vector: one boolean is written as 1 or 0.
  mutating func counted(_ piece: Piece) -> NodeID {
    guard piece.isMask, piece.isScalar else { return piece.id }
    let (one, zero) = (integer(1), integer(0))
    return add(.conditional(condition: piece.id, then: one, otherwise: zero))
  }

  /// `i in 1:count`, whose name becomes the lane of `level`.
  mutating func generator(_ level: Int, count: Int, in scope: inout LaneScope) -> Generator {
    let name = indexName(level, in: scope)
    scope.used.append(name)
    scope.set(level, LaneIndex(name: name))
    return Generator(variable: name, source: range(to: count))
  }

  mutating func range(to count: Int) -> NodeID {
    let (from, to) = (integer(1), integer(count))
    return add(.range(from: from, step: nil, to: to))
  }

  /// The formula of a node as seen from `scope`.
  mutating func build(_ index: Int32, _ scope: LaneScope) -> Piece {
    let shape = graph.shape(of: index)
    let size = (rows: Int(shape.rows), columns: Int(shape.columns))
    if let name = named[index] {
      return Piece(id: add(.name(name)), rows: size.rows, columns: size.columns)
    }
    guard depth < Self.deepest, hasRoom else {
      return Piece(id: omitted(), rows: size.rows, columns: size.columns)
    }
    depth += 1
    defer { depth -= 1 }
    let node = graph.nodes[Int(index)]
    if let known = recognized(index, node, scope) { return known }
    switch node.operation {
    case .number:
      return Piece(id: number(graph.numbers[Int(node.payload)]), rows: 1, columns: 1)
    case .input: return input(node, shape, scope)
    case .array: return array(node, shape, scope)
    case .apply: return elementwise(index, node, scope)
    case .select: return choice(node, scope)
    case .view: return view(node, shape, scope)
    case .reduce: return reduction(node, scope)
    case .scan: return scan(node, shape, scope)
    default:
      let id: NodeID
      switch node.operation {
      case .assemble: id = assembly(node, shape, scope)
      case .gather: id = gather(node, shape, scope)
      case .scatter: id = scatter(node, shape, scope)
      case .order: id = foreign("order", [build(node.a, scope).id])
      case .product: id = product(node, scope)
      case .factor: id = matrix(node.a, scope).id
      case .solve: id = solution(node, scope)
      case .part: id = part(node, scope)
      case .surrogate: return build(node.a, scope)
      case .host: id = foreign(graph.hosts[Int(node.payload)].name, [build(node.a, scope).id])
      case .loop: id = loop(index, scope)
      default: id = random(node, shape)
      }
      return Piece(id: id, rows: size.rows, columns: size.columns)
    }
  }

  /// Loops have no formula: what they read.
  private mutating func loop(_ index: Int32, _ scope: LaneScope) -> NodeID {
    let operands = graph.operands(of: index)
    let shown = operands.prefix(4).map { build($0, scope).id }
    return foreign("loop", operands.count > 4 ? shown + [add(.name("…"))] : shown)
  }

  /// An input's name; `p.W` is field `W` of `p`.
  private mutating func input(_ node: Node, _ shape: Shape, _ scope: LaneScope) -> Piece {
    let parts = graph.inputs[Int(node.payload)].name.split(separator: ".").map(String.init)
    var id = add(.name(parts.first ?? "_"))
    for field in parts.dropFirst() { id = add(.field(id, field)) }
    if !shape.lanes.isEmpty {
      let varying = shape.lanes.indices.filter { shape.lanes[$0] != 1 }
      let indices = varying.map { syntax(of: scope.lane($0)) }
      id = add(.index(id, indices))
    }
    return Piece(id: id, rows: Int(shape.rows), columns: Int(shape.columns))
  }

  // MARK: Sizes

  /// The full value of an operand.
  mutating func matrix(_ index: Int32, _ scope: LaneScope) -> Piece {
    whole(build(index, scope), of: graph.shape(of: index))
  }

  /// `piece` repeated to the rows and columns of `shape`.
  mutating func whole(_ piece: Piece, of shape: Shape) -> Piece {
    let (rows, columns) = (Int(shape.rows), Int(shape.columns))
    if piece.rows == rows && piece.columns == columns { return piece }
    var result = Piece(id: piece.id, rows: rows, columns: columns)
    if piece.isScalar {
      if case .number(let value, _) = tree[piece.id], value == 0 || value == 1 {
        result.id = filled(value == 0 ? "zeros" : "ones", rows, columns)
      } else {
        let ones = Piece(id: filled("ones", rows, columns), rows: rows, columns: columns)
        if case .infix(.divide, let above, let below) = tree[piece.id] {
          // 1/n of ones is ones/n.
          let top = Piece(id: above, rows: 1, columns: 1)
          let whole = number(above) == 1 ? ones : multiplied(top, ones)
          result.id = infix(.divide, whole.id, below)
        } else {
          result.id = multiplied(piece, ones).id
        }
      }
    } else if piece.rows == 1 {
      result.id = infix(.multiply, filled("ones", rows, 1), piece.id)
    } else {
      result.id = infix(.multiply, piece.id, filled("ones", 1, columns))
    }
    return result
  }

  /// `zeros(3)`, `ones(2, 3)`.
  mutating func filled(_ name: String, _ rows: Int, _ columns: Int) -> NodeID {
    let first = integer(rows)
    let sizes = columns == 1 ? [first] : [first, integer(columns)]
    return call(name, sizes)
  }
}
