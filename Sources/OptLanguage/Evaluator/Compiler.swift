/// Turns syntax trees into closures: names become slots and cells, operators become fast paths for
/// numbers before the general ones.
import OptGraph
import OptSyntax

/// Code in a list: inside a struct a closure keeps its own calling convention, where a bare one
/// would be wrapped for generic code.
struct Step {
  let run: Code
}

/// Compiles the statements of one source text.
final class Compiler {
  let tree: SyntaxTree
  let machine: Machine
  /// Where global names are looked up: the user's, or the library's while it is loaded.
  let namespace: Namespace
  var scope: FunctionScope
  /// What `end` means in the indices that are open here, innermost last.
  var indexContexts: [IndexContext] = []

  init(_ tree: SyntaxTree, _ machine: Machine, _ namespace: Namespace) {
    self.tree = tree
    self.machine = machine
    self.namespace = namespace
    scope = FunctionScope(parent: nil, isTopLevel: true)
  }

  /// A top-level statement, with the number of slots its frame needs.
  func topLevel(_ id: NodeID) throws -> (code: Code, slots: Int) {
    scope = FunctionScope(parent: nil, isTopLevel: true)
    let code = try statement(id)
    return (code, scope.slotCount)
  }

  func span(_ id: NodeID) -> SourceSpan { tree.span(of: id) }

  func fail(_ message: String, _ id: NodeID, help: String? = nil) -> Diagnostic {
    Diagnostic(.error, message, at: span(id), help: help)
  }

  // MARK: Names

  func read(_ name: String, _ span: SourceSpan) -> Code {
    if let slot = scope.local(name) {
      // Before its first assignment a local variable shows the outer one.
      let outer = readOuter(name, span)
      return { frame in
        // Numbers first: copying one needs no count of references.
        if case .number(let x) = frame[slot] { return .number(x) }
        if case .unset = frame[slot] { return try outer(frame) }
        return frame[slot]
      }
    }
    return readOuter(name, span)
  }

  private func readOuter(_ name: String, _ span: SourceSpan) -> Code {
    let global = readGlobal(name, span)
    guard let slot = scope.captured(name) else { return global }
    return { frame in
      if case .number(let x) = frame[slot] { return .number(x) }
      if case .unset = frame[slot] { return try global(frame) }
      return frame[slot]
    }
  }

  func readGlobal(_ name: String, _ span: SourceSpan) -> Code {
    let cell = namespace.cell(name)
    let (value, state, machine) = (cell.value, machine.state, machine)
    return { _ in
      if state.pointee.isTracing { return try machine.tracedRead(cell, span) }
      if case .number(let x) = value.pointee { return .number(x) }
      if case .unset = value.pointee { return try machine.meaning(of: cell, span) }
      return value.pointee
    }
  }

  /// Whether a name is global here and the program may have given it no value yet.
  func globalCell(_ name: String) -> Cell? {
    if scope.local(name) != nil || scope.captured(name) != nil { return nil }
    return namespace.cell(name)
  }

  // MARK: Functions

  /// Compiles a function text. `captured` are the codes, in the surrounding frame, of the values
  /// that a closure takes with it. Parameters in `open` may be left unset by a call: then they mean
  /// what their names mean outside.
  func function(
    name: String?, parameters: [Parameter], open: Set<String> = [], body: NodeID,
    help: String? = nil, at span: SourceSpan, isLocalName: Bool = false
  ) throws -> (code: FunctionCode, captured: [Code]) {
    let outer = scope
    let inner = FunctionScope(parent: outer, isTopLevel: false)
    let outerContexts = indexContexts
    scope = inner
    indexContexts = []
    defer {
      scope = outer
      indexContexts = outerContexts
    }
    if isLocalName { inner.ownName = name }
    for parameter in parameters { _ = inner.declare(parameter.name) }
    var compiled: [FunctionCode.Parameter] = []
    for parameter in parameters {
      compiled.append(
        FunctionCode.Parameter(
          name: parameter.name,
          fallback: open.contains(parameter.name)
            ? { _ in .unset } : try parameter.fallback.map { try expression($0) },
          span: parameter.span))
    }
    for name in tree.assignedNames(in: body) { inner.declareIfNew(name) }
    let code = FunctionCode(
      name: name, parameters: compiled, help: help, span: span, tree: tree, bodyNode: body)
    code.namespace = namespace
    code.isLibrary = namespace === machine.library
    let bodyCode = try expression(body)
    let state = machine.state
    code.body = { frame in
      let value = try bodyCode(frame)
      guard state.pointee.jump != .none else { return value }
      state.pointee.jump = .none
      let returned = state.pointee.returned
      state.pointee.returned = .nothing
      return returned
    }
    code.selfSlot = inner.selfSlot
    code.captureSlots = inner.captures.map(\.slot)
    code.slotCount = inner.slotCount
    scope = outer
    let captured = inner.captures.map { capture in readForCapture(capture.name) }
    return (code, captured)
  }

  /// The value a closure takes with it; unset when the variable has none yet.
  private func readForCapture(_ name: String) -> Code {
    if let slot = scope.local(name) {
      guard let outer = scope.captured(name) else { return { frame in frame[slot] } }
      return { frame in
        if case .unset = frame[slot] { return frame[outer] }
        return frame[slot]
      }
    }
    if let slot = scope.captured(name) { return { frame in frame[slot] } }
    return { _ in .unset }
  }

  /// Code that makes the function value.
  func closure(_ made: (code: FunctionCode, captured: [Code])) -> Code {
    let (code, captured) = made
    if captured.isEmpty {
      return { _ in .function(Function(.closure(code, captures: []))) }
    }
    return { frame in
      .function(Function(.closure(code, captures: try captured.map { try $0(frame) })))
    }
  }
}
