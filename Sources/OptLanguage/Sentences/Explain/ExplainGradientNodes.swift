/// Single nodes of a computation graph: what they compute, and what they hand back.
import OptCalculus
import OptGraph
import OptSyntax

extension ComputationTable {
  /// Contributions to an error signal that are written out.
  private static let mostContributions = 6
  /// Nodes of syntax and characters of one expression.
  private static let (largest, longest) = (80, 100)

  /// A node in a graph of its own, where its operands are inputs with their names.
  struct Local {
    let graph = Graph()
    var node: Expression
    /// Per operand the inputs that stand for it, one a layout.
    var operands: [Int32: [Expression]] = [:]
  }

  /// Unnamed nodes between a node and its named operands, and those.
  func surroundings(_ index: Int32) -> (named: [Int32], between: [Int32]) {
    var (named, between): ([Int32], [Int32]) = ([], [])
    var waiting = graph.operands(of: index)
    while let operand = waiting.popLast() {
      if names[operand] != nil {
        if !named.contains(operand) { named.append(operand) }
      } else if !between.contains(operand) {
        between.append(operand)
        waiting += graph.operands(of: operand)
      }
    }
    return (named.sorted(), between.sorted())
  }

  func local(_ index: Int32) -> Local {
    let (named, between) = surroundings(index)
    var result = Local(node: Expression(graph: graph, index: index))
    var moved: [Int32: Expression] = [:]
    func input(_ operand: Int32, _ shape: Shape) -> Expression {
      let input = result.graph.input(
        Input(name: names[operand] ?? "", role: .variable, shape: shape))
      result.operands[operand, default: []].append(input)
      return input
    }
    for operand in named { moved[operand] = input(operand, graph.shape(of: operand)) }
    func now(_ operand: Int32) -> Int32 { operand < 0 ? operand : moved[operand]?.index ?? -1 }
    for node in between {
      let (shape, below) = (graph.shape(of: node), graph.nodes[Int(node)].a)
      let isOpening =
        graph.nodes[Int(node)].operation == .view && names[below] != nil
        && isPassedThrough(node)
        && shape.lanes.isEmpty != graph.shape(of: below).lanes.isEmpty
      moved[node] =
        isOpening && shape.count == graph.shape(of: below).count
        ? input(below, shape) : graph.rebuild(node, in: result.graph, now)
    }
    result.node = graph.rebuild(index, in: result.graph, now)
    return result
  }

  func text(_ e: Expression) -> (String, isLoose: Bool) {
    var builder = FormulaBuilder(e, budget: Self.largest)
    let root = builder.statement(e)
    var text = SyntaxPrinter(tree: builder.tree, style: .formula).print(root)
    if text.count > Self.longest { text = text.prefix(Self.longest) + "…" }
    switch builder.tree[root] {
    case .infix(.add, _, _), .infix(.subtract, _, _), .prefix(.minus, _), .conditional,
      .comparison, .infix(.divide, _, _):
      return (text, true)
    default: return (text, false)
    }
  }

  // MARK: Error signals

  /// `v̄5·cos(v3) + v̄4`
  func contributions(to node: Int32, _ users: [Int32], _ y: Expression) -> String {
    var result = node == y.index ? "1" : ""
    var count = 0
    for user in users {
      guard let term = contribution(of: user, to: node) else { continue }
      count += 1
      if count > Self.mostContributions { continue }
      if result.isEmpty {
        result = term
      } else if term.hasPrefix("-") {
        result += " - " + term.dropFirst()
      } else {
        result += " + " + term
      }
    }
    if count > Self.mostContributions {
      result += " + … \(count - Self.mostContributions) more"
    }
    return result.isEmpty ? "0" : result
  }

  /// What `user` adds to the error signal of `node`.
  private func contribution(of user: Int32, to node: Int32) -> String? {
    let local = local(user)
    guard let operands = local.operands[node], let name = names[user] else { return nil }
    let bar = Self.barred(name)
    let isScalar = local.node.shape.isScalar && operands[0].shape.isScalar
    let seed =
      isScalar
      ? local.graph.number(1)
      : local.graph.input(Input(name: bar, role: .variable, shape: local.node.shape))
    let parts = pullback([(local.node, seed: seed)], to: operands)
    let terms = parts.map { term(of: $0, local, name, isScalar ? bar : nil) }.filter { $0 != "0" }
    return terms.isEmpty ? nil : terms.joined(separator: " + ")
  }

  /// A contribution: a local derivative that `bar` is multiplied with, or one with the bar in it.
  private func term(
    of part: Expression, _ local: Local, _ name: String, _ bar: String?
  ) -> String {
    let (display, roots) = local.graph.forDisplay([part.beforeRepeating, local.node])
    var shown = roots[0]
    switch roots[1].node.operation {
    case .number, .input: break
    default:
      // A derivative in terms of the result, as that of exp, names it.
      let result = display.input(Input(name: name, role: .variable, shape: roots[1].shape))
      shown = display.substitute([shown], [roots[1].index: result])[0]
    }
    if roots[0].beforeRepeating.constant == 0 { return "0" }
    let (slope, isLoose) = text(shown.beforeRepeating)
    guard let bar else { return isLoose && slope.hasPrefix("if") ? "(\(slope))" : slope }
    switch roots[0].constant {
    case 1: return bar
    case -1: return "-\(bar)"
    default: return isLoose ? "\(bar)·(\(slope))" : "\(bar)·\(slope)"
    }
  }
}
