/// Formulas: expressions of a graph as syntax trees that print the way people write.
import OptGraph
import OptSyntax

/// An expression as a readable syntax tree with an arena of its own.
package struct Formula: Sendable {
  /// A part that was pulled out because it occurs several times: `where u = …`.
  package struct Part: Sendable {
    /// What the formula calls it.
    package var name: String
    /// What it stands for.
    package var root: NodeID
  }

  /// The arena.
  package var tree: SyntaxTree
  /// The formula in `tree`.
  package var root: NodeID
  /// Parts that the formula names, each after those that it names itself.
  package var parts: [Part]
  /// Whether it is too large to be read: `tree` and `text` hold only its beginning.
  package var isUnreadable: Bool
  /// Whether every operation in it exists in the language, so that the text can be pasted back.
  package var pastesBack: Bool
  /// What it was made from: calls of a formula that does not paste back compute this.
  package let source: Expression

  /// The formula of `expression` after the pass for display. Inputs appear by their names.
  package static func of(_ expression: Expression) -> Formula {
    if let elements = Elements.written(expression) {
      let (_, roots) = elements.graph.forDisplay([elements])
      let formula = Formula(displayed: roots.first ?? elements)
      if !formula.isUnreadable { return formula }
    }
    let (_, roots) = expression.graph.forDisplay([expression])
    return Formula(displayed: roots.first ?? expression)
  }

  /// The formula of an expression that has gone through the pass for display. With `isWhole` it was
  /// asked for in this form: it is written out, however long, as far as that makes sense. With
  /// `keepsBrackets` the terms of a sum that are sums stay so: `1 + (x - 1)`.
  package init(displayed root: Expression, isWhole: Bool = false, keepsBrackets: Bool = false) {
    if isWhole,
      let whole = Self.built(
        root, sharing: [], budget: Self.largestWhole, keepsBrackets: keepsBrackets)
    {
      self = whole
      return
    }
    if let plain = Self.built(root, sharing: [], budget: Self.largest),
      plain.text.count <= Self.longest
    {
      self = plain
      return
    }
    let shared = SharedParts(root)
    if !shared.nodes.isEmpty,
      let parted = Self.built(root, sharing: shared.nodes, budget: Self.largest),
      parted.text.count <= Self.longestWithParts
    {
      self = parted
      return
    }
    if let plain = Self.built(root, sharing: [], budget: Self.largest),
      plain.text.count <= Self.longestWithParts
    {
      self = plain
      return
    }
    self = Self.beginning(root)
  }

  /// Nodes of a syntax tree that people read.
  private static let largest = 250
  /// Nodes of one that was asked for.
  private static let largestWhole = 6_000
  /// Characters up to which repeated parts are written out: three lines.
  private static let longest = 240
  /// Characters up to which a formula is shown whole.
  private static let longestWithParts = 900
  /// Nodes and characters of the beginning of an unreadable formula.
  private static let opening = (nodes: 80, characters: 160)

  private init(
    _ builder: FormulaBuilder, _ root: NodeID, _ parts: [Part], of source: Expression
  ) {
    self.source = source
    tree = builder.tree
    tree.statements = [root]
    self.root = root
    self.parts = parts
    isUnreadable = builder.isCut
    pastesBack = builder.pastesBack && !builder.isCut
  }

  /// The formula with the nodes of `sharing` pulled out; nil if it takes more than `budget` nodes.
  private static func built(
    _ root: Expression, sharing: [Int32], budget: Int, keepsBrackets: Bool = false
  ) -> Formula? {
    var builder = FormulaBuilder(root, budget: budget)
    builder.keepsBrackets = keepsBrackets
    var parts: [Part] = []
    for node in sharing {
      let name = builder.partName()
      let body = builder.statement(Expression(graph: root.graph, index: node))
      builder.named[node] = name
      parts.append(Part(name: name, root: body))
    }
    let main = builder.statement(root)
    return builder.isCut ? nil : Formula(builder, main, parts, of: root)
  }

  private static func beginning(_ root: Expression) -> Formula {
    var builder = FormulaBuilder(root, budget: opening.nodes)
    let main = builder.statement(root)
    var formula = Formula(builder, main, [], of: root)
    formula.isUnreadable = true
    formula.pastesBack = false
    return formula
  }

  /// The number that the formula is, if it has no names.
  package var number: Double? {
    switch tree[root] {
    case .number(let value, _): value
    case .prefix(.minus, let inner):
      if case .number(let value, _) = tree[inner] { -value } else { nil }
    default: nil
    }
  }

  /// The formula as it is shown, with its parts: `u² + sin(u) where u = x - 1`.
  package var text: String {
    let printer = SyntaxPrinter(tree: tree, style: .formula)
    let main = printer.print(root)
    if isUnreadable { return Self.shortened(main) }
    if parts.isEmpty { return main }
    let list = parts.map { "\($0.name) = \(printer.print($0.root))" }
    return main + " where " + list.joined(separator: ", ")
  }

  /// The beginning of `text`, ended at a space, and `…`.
  private static func shortened(_ text: String) -> String {
    var start = String(text.prefix(opening.characters))
    if text.count > opening.characters, let space = start.lastIndex(of: " ") {
      start = String(start[..<space])
    }
    while let last = start.last, last == " " || last == "…" { start.removeLast() }
    return start + " …"
  }
}
