/// Names at compile time: which slot of the frame, or which global cell, a name stands for.
import OptSyntax

/// One function text, or one top-level statement, while it is compiled.
final class FunctionScope {
  let parent: FunctionScope?
  /// Top-level code assigns global names; a function's assignments are local.
  let isTopLevel: Bool
  /// Nested scopes of names (the function's own, comprehensions, loop variables), innermost last.
  private var levels: [[String: Int]] = [[:]]
  private(set) var slotCount = 0
  /// Names captured from around: the slot here, and the name outside.
  private(set) var captures: [(name: String, slot: Int)] = []
  /// The name that the function is being given, for recursion.
  var ownName: String?
  var selfSlot: Int?

  init(parent: FunctionScope?, isTopLevel: Bool) {
    self.parent = parent
    self.isTopLevel = isTopLevel
  }

  func newSlot() -> Int {
    slotCount += 1
    return slotCount - 1
  }

  /// A new variable of the innermost level.
  func declare(_ name: String) -> Int {
    let slot = newSlot()
    levels[levels.count - 1][name] = slot
    return slot
  }

  /// Declares `name` unless the innermost level has it; the slot if it is new.
  @discardableResult
  func declareIfNew(_ name: String) -> Int? {
    levels[levels.count - 1][name] == nil ? declare(name) : nil
  }

  func pushLevel() { levels.append([:]) }
  func popLevel() { levels.removeLast() }

  /// The slot of a name of this function.
  func local(_ name: String) -> Int? {
    for level in levels.reversed() {
      if let slot = level[name] { return slot }
    }
    return nil
  }

  /// Whether some function around has the name.
  private func isKnownAround(_ name: String) -> Bool {
    var scope = parent
    while let here = scope {
      if here.local(name) != nil || here.ownName == name { return true }
      scope = here.parent
    }
    return false
  }

  /// The slot of a name that is captured from around, or nil when it is global.
  func captured(_ name: String) -> Int? {
    if name == ownName {
      if let slot = selfSlot { return slot }
      selfSlot = newSlot()
      return selfSlot
    }
    if let known = captures.first(where: { $0.name == name }) { return known.slot }
    guard isKnownAround(name) else { return nil }
    let slot = newSlot()
    captures.append((name, slot))
    return slot
  }
}

extension SyntaxTree {
  /// The nodes directly below a node that belong to the same scope: not the bodies of functions,
  /// comprehensions and sentences.
  func inner(of id: NodeID) -> [NodeID] {
    switch self[id] {
    case .number, .boolean, .nothing, .gap, .name, .endIndex, .wholeIndex, .help, .use,
      .breakLoop, .continueLoop, .invalid, .lambda, .definition, .sentence:
      return []
    case .text(let parts):
      return parts.compactMap { part in
        if case .value(let id, _) = part { return id }
        return nil
      }
    case .prefix(_, let a), .prime(let a), .transpose(let a), .field(let a, _), .silenced(let a):
      return [a]
    case .infix(_, let a, let b): return [a, b]
    case .comparison(let first, let links): return [first] + links.map(\.operand)
    case .range(let a, let step, let b): return [a] + (step.map { [$0] } ?? []) + [b]
    case .call(let callee, let arguments), .mapCall(let callee, let arguments):
      return [callee] + arguments.map(\.value)
    case .index(let base, let indices): return [base] + indices
    case .conditional(let c, let a, let b): return [c, a] + (b.map { [$0] } ?? [])
    case .block(let statements): return statements
    case .brackets(let rows): return rows.flatMap { $0 }
    case .record(let fields): return fields.map(\.value)
    case .comprehension(_, let generators, _): return generators.first.map { [$0.source] } ?? []
    case .assignment(let target, let value):
      if case .name = self[target] { return [value] }
      return [target, value]
    case .forLoop(_, let source, let body): return [source, body]
    case .whileLoop(let condition, let body): return [condition, body]
    case .returnValue(let value): return value.map { [$0] } ?? []
    }
  }

  /// The names that a body assigns in its own scope, in order of appearance. Walks without
  /// recursion.
  func assignedNames(in root: NodeID) -> [String] {
    var names: [String] = []
    var seen: Set<String> = []
    var pending = [root]
    while let id = pending.popLast() {
      switch self[id] {
      case .assignment(let target, _):
        if let name = assignedName(target), seen.insert(name).inserted { names.append(name) }
      case .definition(let definition):
        if seen.insert(definition.name).inserted { names.append(definition.name) }
      default: break
      }
      pending.append(contentsOf: inner(of: id).reversed())
    }
    return names
  }

  /// The variable that an assignment to `x`, `x[i]` or `p.f` changes.
  func assignedName(_ target: NodeID) -> String? {
    var current = target
    while true {
      switch self[current] {
      case .name(let name): return name
      case .index(let base, _), .field(let base, _): current = base
      default: return nil
      }
    }
  }
}
