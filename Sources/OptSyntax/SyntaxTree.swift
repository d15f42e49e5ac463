/// The syntax tree: an arena of nodes that refer to each other by index, so that a chain of a
/// million terms is built, walked and freed without recursion.

/// Names a node of one tree.
package struct NodeID: Hashable, Sendable {
  /// Position in the arena.
  package var index: Int32
  /// The node at a position.
  package init(index: Int32) { self.index = index }
}

/// All nodes of one source text, and its statements in order.
package struct SyntaxTree: Sendable {
  /// The arena.
  package private(set) var nodes: [SyntaxNode] = []
  /// The place of each node.
  package private(set) var spans: [SourceSpan] = []
  /// The top-level statements in order.
  package var statements: [NodeID] = []

  /// An empty tree.
  package init() {}

  /// Adds a node.
  package mutating func append(_ node: SyntaxNode, at span: SourceSpan) -> NodeID {
    nodes.append(node)
    spans.append(span)
    return NodeID(index: Int32(clamping: nodes.count - 1))
  }

  /// The node that `id` names.
  package subscript(id: NodeID) -> SyntaxNode {
    get { nodes[Int(id.index)] }
    set { nodes[Int(id.index)] = newValue }
  }

  /// Changes a node's place.
  mutating func setSpan(_ span: SourceSpan, of id: NodeID) { spans[Int(id.index)] = span }

  /// The place of a node.
  package func span(of id: NodeID) -> SourceSpan { spans[Int(id.index)] }
}

/// What stands before its operand.
package enum PrefixOperator: String, Sendable, CaseIterable {
  case minus = "-"
  case plus = "+"
  case not
  case squareRoot = "√"
  case nabla = "∇"
}

/// What stands between two operands. `juxtapose` is multiplication without a sign.
package enum InfixOperator: String, Sendable, CaseIterable {
  case add = "+"
  case subtract = "-"
  case multiply = "*"
  case juxtapose = " "
  case divide = "/"
  case solve = "\\"
  case elementMultiply = ".*"
  case elementDivide = "./"
  case power = "^"
  case elementPower = ".^"
  case and
  case or
  case isIn = "in"
  case pipe = "|>"
}

/// What stands between the operands of a comparison.
package enum ComparisonOperator: String, Sendable, CaseIterable {
  case equal = "=="
  case notEqual = "!="
  case less = "<"
  case lessOrEqual = "<="
  case greater = ">"
  case greaterOrEqual = ">="
}

/// One step of a chain `a < b <= c`.
package struct ComparisonLink: Sendable, Equatable {
  /// How the operand is compared.
  package var comparison: ComparisonOperator
  /// What is compared with the one before.
  package var operand: NodeID
  /// All parts in order.
  package init(_ comparison: ComparisonOperator, _ operand: NodeID) {
    self.comparison = comparison
    self.operand = operand
  }
}

/// An argument of a call or a field of a record: `value` or `name = value`.
package struct Argument: Sendable, Equatable {
  /// The name, as typed.
  package var name: String?
  /// The value.
  package var value: NodeID
  /// All parts in order.
  package init(name: String? = nil, value: NodeID) {
    self.name = name
    self.value = value
  }
}

/// A parameter of a definition or of `x -> …`, with its default value.
package struct Parameter: Sendable, Equatable {
  /// The name, as typed.
  package var name: String
  /// The default value.
  package var fallback: NodeID?
  /// The place.
  package var span: SourceSpan
  /// All parts in order.
  package init(name: String, fallback: NodeID? = nil, span: SourceSpan) {
    self.name = name
    self.fallback = fallback
    self.span = span
  }
}

/// `for variable in source if condition`.
package struct Generator: Sendable, Equatable {
  /// The loop variable.
  package var variable: String
  /// What it runs over.
  package var source: NodeID
  /// Which turns count.
  package var condition: NodeID?
  /// All parts in order.
  package init(variable: String, source: NodeID, condition: NodeID? = nil) {
    self.variable = variable
    self.source = source
    self.condition = condition
  }
}

/// A piece of `"text {expression:format}"`.
package enum TextPart: Sendable, Equatable {
  /// Plain characters, escapes already resolved.
  case literal(String)
  /// An expression and its printf format without `%`, such as `.3f`.
  case value(NodeID, format: String?)
}

/// `name(parameters) = body`, with the `##` lines above it.
package struct Definition: Sendable, Equatable {
  /// The name, as typed.
  package var name: String
  /// The place of the name.
  package var nameSpan: SourceSpan
  /// The parameters in order.
  package var parameters: [Parameter]
  /// What it means.
  package var body: NodeID
  /// The `##` lines directly above, joined by newlines, without the marks.
  package var help: String?
  /// All parts in order.
  package init(
    name: String, nameSpan: SourceSpan, parameters: [Parameter], body: NodeID, help: String? = nil
  ) {
    self.name = name
    self.nameSpan = nameSpan
    self.parameters = parameters
    self.body = body
    self.help = help
  }
}

/// The first word of a sentence.
package enum Verb: String, Sendable, CaseIterable {
  case minimize, maximize, fit, solve, check, differentiate, simplify, expand, factor, collect
  case substitute, taylor, show, tex, explain, plot, contour, surface, histogram, scatter
  case diagnose, compare
}

/// The word that opens a clause.
package enum ClauseWord: String, Sendable, CaseIterable {
  case from, using, until, over, by, at, to, with, against, trying, of, resume
  case subjectTo = "subject to"
}

/// One element of a clause's list.
package enum ClauseItem: Sendable, Equatable {
  /// An expression: a method, a constraint, a stop, a name after `by` (a `name` node), …
  case expression(NodeID)
  /// `x = value`
  case binding(name: String, value: NodeID, span: SourceSpan)
  /// `x ~ distribution`
  case draw(name: String, distribution: NodeID, span: SourceSpan)
  /// `x in [a, b]`, `b in batches(data, 100)`
  case membership(name: String, source: NodeID, span: SourceSpan)
}

/// A clause word and the list after it.
package struct Clause: Sendable, Equatable {
  /// The word that opens it.
  package var word: ClauseWord
  /// The elements of its list.
  package var items: [ClauseItem]
  /// The place.
  package var span: SourceSpan
  /// All parts in order.
  package init(word: ClauseWord, items: [ClauseItem], span: SourceSpan) {
    self.word = word
    self.items = items
    self.span = span
  }
}

/// `verb subject, subject clause …`. `fit y ~ E` has the subjects `y` and `E`.
package struct Sentence: Sendable, Equatable {
  /// The first word.
  package var verb: Verb
  /// The place of the verb.
  package var verbSpan: SourceSpan
  /// What `explain` is asked for: `gradient` in `explain gradient of E`, `engine`; nil otherwise.
  package var aspect: String?
  /// What it is about; `fit y ~ E` has two.
  package var subjects: [NodeID]
  /// The clauses in the order of the text.
  package var clauses: [Clause]
  /// All parts in order.
  package init(
    verb: Verb, verbSpan: SourceSpan, aspect: String? = nil, subjects: [NodeID], clauses: [Clause]
  ) {
    self.verb = verb
    self.verbSpan = verbSpan
    self.aspect = aspect
    self.subjects = subjects
    self.clauses = clauses
  }

  /// The clause that begins with `word`.
  package func clause(_ word: ClauseWord) -> Clause? { clauses.first { $0.word == word } }
}

/// Every form of the language. Spans are kept beside, in `SyntaxTree.spans`.
package enum SyntaxNode: Sendable, Equatable {
  // Literals and names
  case number(Double, spelling: String)
  case text([TextPart])
  case boolean(Bool)
  case nothing
  /// `???`
  case gap
  case name(String)
  /// `end` inside an index.
  case endIndex
  /// `:` alone inside an index.
  case wholeIndex

  // Operators
  case prefix(PrefixOperator, NodeID)
  case infix(InfixOperator, NodeID, NodeID)
  case comparison(NodeID, [ComparisonLink])
  case range(from: NodeID, step: NodeID?, to: NodeID)
  /// `A'` or `f'`: what it means depends on the value.
  case prime(NodeID)
  /// `Aᵀ`
  case transpose(NodeID)
  case call(NodeID, [Argument])
  /// `f.(x)`
  case mapCall(NodeID, [Argument])
  case index(NodeID, [NodeID])
  case field(NodeID, String)

  // Constructions
  case lambda([Parameter], body: NodeID)
  case conditional(condition: NodeID, then: NodeID, otherwise: NodeID?)
  case block([NodeID])
  /// `[a, b; c, d]`: rows of elements. `[]` has no rows.
  case brackets([[NodeID]])
  case record([Argument])
  /// `[body for …]`, or the bare generator that is a call's only argument.
  case comprehension(body: NodeID, generators: [Generator], inBrackets: Bool)
  case sentence(Sentence)
  /// `help name`, `help "words"`.
  case help(String)

  // Statements
  /// `target = value`; the target is a name, an index or a field.
  case assignment(target: NodeID, value: NodeID)
  case definition(Definition)
  case forLoop(variable: String, source: NodeID, body: NodeID)
  case whileLoop(condition: NodeID, body: NodeID)
  case breakLoop
  case continueLoop
  case returnValue(NodeID?)
  /// `use "file.opt"` (`isFile`) or `use nn`.
  case use(String, isFile: Bool)
  /// A statement ended by `;`, whose value is not shown.
  case silenced(NodeID)
  /// Where the parser recovered from an error.
  case invalid
}
