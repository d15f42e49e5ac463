/// Names that are read and defined nowhere, found without running anything.
import OptLibrary
import OptSyntax

/// Looks up the names of one file.
///
/// A name is known when it is built in, in the library, given a value anywhere in the file or in
/// one that it uses, a parameter, a loop's or comprehension's variable, or bound by the sentence
/// around it. Walks without recursion, since trees may be a million levels deep.
struct NameCheck {
  private let machine: Machine
  /// Where the files lie that the program uses.
  private let folder: String
  private var scopes: [NameScope] = []
  private var known: Set<String> = []
  private var reported: Set<String> = []
  private var found: [Diagnostic] = []
  private var pending: [(node: NodeID, scope: Int)] = []

  /// Names of which a diagnostic is made.
  private static let mostReported = 100

  init(_ machine: Machine, folder: String) {
    self.machine = machine
    self.folder = folder
  }

  /// What is wrong with the names of a program.
  mutating func diagnostics(of tree: SyntaxTree) -> [Diagnostic] {
    known = Set(machine.user.setNames).union(["ans", "arguments"])
    var visited: Set<String> = []
    define(tree, folder, &visited)
    scopes = [NameScope(names: [], parent: nil)]
    pending = tree.statements.reversed().map { ($0, 0) }
    while let (node, scope) = pending.popLast() { visit(node, scope, tree) }
    return found.sorted { $0.span.start < $1.span.start }
  }

  // MARK: What a file defines

  /// The names that a file gives values at its top level, and those of the files that it uses.
  private mutating func define(_ tree: SyntaxTree, _ folder: String, _ visited: inout Set<String>) {
    var files: [(tree: SyntaxTree, folder: String)] = [(tree, folder)]
    var isFirst = true
    while let (tree, folder) = files.popLast() {
      for statement in tree.statements {
        known.formUnion(tree.assignedNames(in: statement))
        guard case .use(let name, let isFile) = tree[statement] else { continue }
        let span = tree.span(of: statement)
        if !isFile {
          if isFirst, Library.module(named: name) == nil { unknownModule(name, span) }
          continue
        }
        let path = name.hasPrefix("/") || folder == "." ? name : folder + "/" + name
        guard visited.insert(path).inserted else { continue }
        switch FileAccess.read(path) {
        case .success(let bytes):
          let text = SourceText(name: name, text: String(decoding: bytes, as: UTF8.self))
          files.append((Parser.parse(text).tree, Machine.folder(of: path)))
        case .failure(let problem):
          if isFirst {
            found.append(
              Diagnostic(.error, "cannot read `\(name)`: \(problem.reason)", at: span))
          }
        }
      }
      isFirst = false
    }
  }

  private mutating func unknownModule(_ name: String, _ span: SourceSpan) {
    let near = Suggestions.nearest(name, in: Library.modules().map(\.name))
    found.append(
      Diagnostic(
        .error, "there is no library module `\(name)`", at: span,
        help: near.isEmpty ? nil : "did you mean `\(near.joined(separator: "` or `"))`?"))
  }

  // MARK: Reading names

  private mutating func read(_ name: String, _ node: NodeID, _ scope: Int, _ tree: SyntaxTree) {
    if known.contains(name) || isBuiltin(name) { return }
    var current: Int? = scope
    while let here = current {
      if scopes[here].allowsUnknown || scopes[here].names.contains(name) { return }
      current = scopes[here].parent
    }
    guard reported.count < Self.mostReported, reported.insert(name).inserted else { return }
    found.append(machine.unknownName(name, tree.span(of: node), also: known.union(visible(scope))))
  }

  private func isBuiltin(_ name: String) -> Bool {
    Builtins.functions[name] != nil || Builtins.constants[name] != nil
      || Builtins.methods[name] != nil || Library.definitions[name] != nil
  }

  private func visible(_ scope: Int) -> Set<String> {
    var all: Set<String> = []
    var current: Int? = scope
    while let here = current {
      all.formUnion(scopes[here].names)
      current = scopes[here].parent
    }
    return all
  }

  private mutating func open(
    _ names: [String], in scope: Int, allowsUnknown: Bool = false
  ) -> Int {
    if names.isEmpty, !allowsUnknown { return scope }
    scopes.append(
      NameScope(names: Set(names), parent: scope, allowsUnknown: allowsUnknown))
    return scopes.count - 1
  }

  private mutating func later(_ nodes: [NodeID], _ scope: Int) {
    for node in nodes.reversed() { pending.append((node, scope)) }
  }

  private mutating func visit(_ id: NodeID, _ scope: Int, _ tree: SyntaxTree) {
    switch tree[id] {
    case .name(let name): read(name, id, scope, tree)
    case .call(let callee, let arguments), .mapCall(let callee, let arguments):
      // A symbol without a value cannot be called.
      if case .name(let name) = tree[callee] {
        read(name, callee, callScope(scope), tree)
      } else {
        later([callee], scope)
      }
      later(arguments.map(\.value), scope)
    case .lambda(let parameters, let body): function(nil, parameters, body, scope, tree)
    case .definition(let definition):
      function(definition.name, definition.parameters, definition.body, scope, tree)
    case .comprehension(let body, let generators, _):
      var inner = scope
      for generator in generators {
        later([generator.source], inner)
        inner = open([generator.variable], in: inner)
        if let condition = generator.condition { later([condition], inner) }
      }
      later([body], inner)
    case .forLoop(let variable, let source, let body):
      later([source], scope)
      later([body], open([variable], in: scope))
    case .sentence(let sentence): visit(sentence, scope, tree)
    case .assignment(let target, let value):
      if case .name = tree[target] {} else { later([target], scope) }
      later([value], scope)
    default: later(tree.inner(of: id), scope)
    }
  }

  /// The scope around that does not take unknown names for symbols.
  private func callScope(_ scope: Int) -> Int {
    var current = scope
    while scopes[current].allowsUnknown, !scopes[current].isData,
      let parent = scopes[current].parent
    { current = parent }
    return current
  }

  private mutating func function(
    _ name: String?, _ parameters: [Parameter], _ body: NodeID, _ scope: Int, _ tree: SyntaxTree
  ) {
    let own = parameters.map(\.name) + (name.map { [$0] } ?? [])
    let inner = open(own + tree.assignedNames(in: body), in: scope)
    later(parameters.compactMap(\.fallback), inner)
    later([body], inner)
  }

  // MARK: Sentences

  /// Verbs in whose expressions a name without a value is a symbol.
  private static let symbolic: Set<Verb> = [
    .differentiate, .simplify, .expand, .factor, .collect, .substitute, .taylor, .show, .tex,
    .explain,
  ]

  private mutating func visit(_ sentence: Sentence, _ scope: Int, _ tree: SyntaxTree) {
    var bound: [String] = []
    // Weights of a fit, which may be columns.
    var described: [NodeID] = []
    for clause in sentence.clauses {
      for item in clause.items {
        switch item {
        case .binding(_, let value, _) where clause.word == .with && sentence.verb == .fit:
          described.append(value)
        case .binding(let name, let value, _):
          bound.append(name)
          later([value], scope)
        case .draw(let name, let source, _), .membership(let name, let source, _):
          bound.append(name)
          later([source], clause.word == .over ? open(["batches"], in: scope) : scope)
        case .expression(let id):
          if clause.word == .by, case .name(let name) = tree[id] { bound.append(name) }
        }
      }
    }
    // The columns of a table are known only when it is read.
    let isFit = sentence.verb == .fit
    var inner = open(
      bound, in: scope, allowsUnknown: isFit || Self.symbolic.contains(sentence.verb))
    if isFit { scopes[inner].isData = true }
    for clause in sentence.clauses {
      for case .expression(let id) in clause.items {
        switch clause.word {
        case .by: continue
        case .subjectTo: later([id], inner)
        case .over: later([id], open(["batches"], in: scope))
        case .using: later([id], open(["global"], in: scope))
        case .until: later([id], open(StopWords.all.map(\.name) + ["violation"], in: scope))
        default: later([id], scope)
        }
      }
    }
    if sentence.verb == .explain, case .sentence? = sentence.subjects.first.map({ tree[$0] }) {
      inner = scope
    }
    later(sentence.subjects + described, inner)
  }
}

/// Names that something binds.
struct NameScope {
  var names: Set<String>
  var parent: Int?
  /// Whether other names are symbols or columns here.
  var allowsUnknown = false
  /// Whether they are columns.
  var isData = false
}
