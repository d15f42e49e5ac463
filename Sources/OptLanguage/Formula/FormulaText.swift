/// The text of an expression as it is looked through for what its names are: calls are followed
/// into the functions' own texts.
import OptGraph
import OptSyntax

/// A node, and what the names around it stand for.
struct FormulaPlace {
  let scope: FormulaScope
  let id: NodeID

  var node: SyntaxNode { scope.tree[id] }
  var span: SourceSpan { scope.tree.span(of: id) }
  func at(_ id: NodeID) -> FormulaPlace { FormulaPlace(scope: scope, id: id) }
}

/// What the names of one text stand for.
struct FormulaScope {
  enum Meaning {
    /// A name without a value, by its number.
    case symbol(Int)
    /// The value of another place.
    case place(FormulaPlace)
    /// Known numbers of this size.
    case known(rows: Int, columns: Int)
    case function(Function)
    /// A number that runs through the elements of a place.
    case counter(FormulaPlace)
    /// Something that is not looked into.
    case other
  }

  let tree: SyntaxTree
  let namespace: Namespace
  /// The names of parameters, generators and assignments.
  var local: [String: Meaning] = [:]
  /// How many calls this is inside.
  let depth: Int
}

/// Names without a value, and what is known of each.
final class SymbolNames {
  struct Symbol {
    let name: String
    /// Column or matrix once something shows it.
    var kind: SizeKind?
    /// The use that shows it.
    var use: SourceSpan?
    /// The largest number that stands as its index.
    var largestIndex: Int?
    /// Whether it is used otherwise than by elements with such an index.
    var isWhole = false
  }

  let machine: Machine
  private(set) var symbols: [Symbol] = []
  private var places: [String: Int] = [:]
  private var work = 0

  /// Longer texts are not looked through to the end.
  private static let mostWork = 50_000
  private static let deepest = 12

  init(_ machine: Machine) { self.machine = machine }

  /// Counts a step; false when it is enough.
  func hasWork() -> Bool {
    work += 1
    return work <= Self.mostWork
  }

  func symbol(_ name: String) -> Int {
    if let known = places[name] { return known }
    places[name] = symbols.count
    symbols.append(Symbol(name: name))
    return symbols.count - 1
  }

  /// Notes that a symbol is a column or a matrix; whether that is new.
  func note(_ index: Int, _ kind: SizeKind, _ use: SourceSpan) {
    guard symbols[index].kind == nil else { return }
    symbols[index].kind = kind
    symbols[index].use = use
    hasChanged = true
  }

  /// Notes a use of a symbol with a number as its index, or any other use.
  func noteElement(_ index: Int, _ position: Int?) {
    if let position {
      symbols[index].largestIndex = max(symbols[index].largestIndex ?? 0, position)
    } else {
      symbols[index].isWhole = true
    }
  }

  /// Whether the last look found anything new.
  var hasChanged = false

  func meaning(_ name: String, in scope: FormulaScope) -> FormulaScope.Meaning {
    if let local = scope.local[name] { return local }
    guard let value = try? scope.namespace.cell(name).resolved(machine) else { return .other }
    switch value {
    case .unset: return .symbol(symbol(name))
    case .function(let function): return .function(function)
    default:
      guard value.isNumeric, let (rows, columns) = value.size else { return .other }
      return .known(rows: rows, columns: columns)
    }
  }

  /// The function that a call is to, and its arguments in the order of its parameters.
  func callee(
    _ callee: NodeID, _ arguments: [Argument], _ place: FormulaPlace
  ) -> (function: Function, arguments: [String: FormulaPlace])? {
    guard case .name(let name) = place.scope.tree[callee],
      case .function(let function) = meaning(name, in: place.scope)
    else { return nil }
    let names = function.positionalNames
    var result: [String: FormulaPlace] = [:]
    var next = 0
    for argument in arguments {
      if let name = argument.name {
        result[name] = place.at(argument.value)
      } else {
        if next < names.count { result[names[next]] = place.at(argument.value) }
        next += 1
      }
    }
    return (function, result)
  }

  /// The body of a function written in the language, its parameters being `arguments`.
  func body(
    of function: Function, _ arguments: [String: FormulaPlace], from scope: FormulaScope
  ) -> FormulaPlace? {
    guard case .closure(let code, let captures) = function.kind, captures.isEmpty,
      scope.depth < Self.deepest, code.tree.isShort(code.bodyNode)
    else { return nil }
    var inner = FormulaScope(
      tree: code.tree, namespace: code.namespace ?? machine.user, depth: scope.depth + 1)
    for parameter in code.parameters {
      inner.local[parameter.name] = arguments[parameter.name].map { .place($0) } ?? .other
    }
    return FormulaPlace(scope: inner, id: code.bodyNode)
  }

  /// The statements of a block, each with the names that the ones before gave a value.
  func steps(of statements: [NodeID], _ place: FormulaPlace) -> [FormulaPlace] {
    var scope = place.scope
    var steps: [FormulaPlace] = []
    for statement in statements {
      let here = FormulaPlace(scope: scope, id: statement)
      steps.append(here)
      if case .assignment(let target, let value) = scope.tree[statement],
        case .name(let name) = scope.tree[target]
      {
        scope.local[name] = .place(here.at(value))
      } else {
        // What loops assign is not followed.
        for name in scope.tree.assignedNames(in: statement) { scope.local[name] = .other }
      }
    }
    return steps
  }

  /// The scope of a comprehension's body.
  func inside(_ generators: [Generator], _ place: FormulaPlace) -> FormulaScope {
    var scope = place.scope
    for generator in generators {
      scope.local[generator.variable] = .counter(
        FormulaPlace(scope: scope, id: generator.source))
    }
    return scope
  }
}

extension SyntaxTree {
  /// Whether a text is one that is looked through: longer ones are not formulas to be read.
  func isShort(_ root: NodeID) -> Bool {
    var pending = [root]
    var count = 0
    while let id = pending.popLast() {
      count += 1
      if count > 1_000 { return false }
      pending += below(id)
    }
    return true
  }
}

/// What a value is as far as its size matters.
enum SizeKind {
  case number, column, row, matrix

  var transposed: SizeKind {
    switch self {
    case .column: .row
    case .row: .column
    default: self
    }
  }

  init(rows: Int, columns: Int) {
    self = rows == 1 ? (columns == 1 ? .number : .row) : columns == 1 ? .column : .matrix
  }
}

/// What built-in functions make of the sizes of their arguments.
enum SizeRule {
  /// A number of whatever it is given, unless it goes along an axis.
  case fold
  /// The size of the argument.
  case same
  /// A number of a square matrix.
  case ofSquare
  /// A square matrix of a square matrix.
  case square

  static let builtins: [String: SizeRule] = [
    "sum": .fold, "prod": .fold, "mean": .fold, "max": .fold, "min": .fold, "var": .fold,
    "std": .fold, "norm": .fold, "logsumexp": .fold, "length": .fold,
    "softmax": .same, "cumsum": .same, "sort": .same,
    "trace": .ofSquare, "det": .ofSquare, "logdet": .ofSquare,
    "inv": .square, "cholesky": .square,
  ]
}

extension Builtin {
  /// Whether it compares several arguments element by element.
  var isElementwiseExtreme: Bool { name == "max" || name == "min" }
}
