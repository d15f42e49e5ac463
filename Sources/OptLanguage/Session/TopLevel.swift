/// Running statements at the top level, and showing what they give.
import OptNumerics
import OptSyntax

extension Machine {
  /// Runs one statement; nil when a jump ended it.
  func runTopLevel(_ compiler: Compiler, _ statement: NodeID) throws -> Value? {
    let (code, slots) = try compiler.topLevel(statement)
    let span = compiler.span(statement)
    let (depth, outer) = (state.pointee.depth, tracer)
    let frame = try enter(slots, span)
    defer {
      leave(frame, slots)
      state.pointee.depth = depth
      tracer = outer
    }
    let value = try code(frame)
    let jump = state.pointee.jump
    state.pointee.jump = .none
    guard jump == .none else {
      let word = jump == .breakLoop ? "break" : jump == .continueLoop ? "continue" : "return"
      throw Diagnostic(
        .error,
        "`\(word)` stands only in a " + (jump == .returnValue ? "function" : "loop"), at: span)
    }
    return value
  }

  /// Shows the value of a statement that is an expression, unless a `;` silences it; it also
  /// becomes `ans`.
  func show(_ value: Value, of statement: NodeID, in tree: SyntaxTree) {
    guard tree.yieldsValue(statement) else { return }
    switch value {
    case .nothing, .unset: return
    default: break
    }
    let cell = user.cell("ans")
    cell.value.pointee = value
    cell.version &+= 1
    state.pointee.definitions &+= 1
    if case .silenced = tree[statement] { return }
    output(
      .shown(text: options.json ? "" : shown(value), json: options.json ? json(value) : ""))
  }

  /// What is said when a run was stopped.
  func interruption(_ error: Interrupted) -> Diagnostic {
    if let alarm, alarm.hasStruck {
      return Diagnostic(
        .error, "stopped at the time limit of \(NumberFormat.short(alarm.seconds)) s",
        at: error.span)
    }
    return Diagnostic(.error, "interrupted", at: error.span)
  }

  /// Forgets what the user defined.
  func reset() {
    user.removeAll()
    state.pointee.definitions &+= 1
    usedFiles = []
    random = RandomState(seed: options.seed)
  }
}

extension SyntaxTree {
  /// Whether a statement ends with an expression, whose value is shown at the top level.
  fileprivate func yieldsValue(_ statement: NodeID) -> Bool {
    switch self[statement] {
    case .assignment, .definition, .use, .help, .forLoop, .whileLoop: false
    case .silenced(let inner): yieldsValue(inner)
    case .block(let statements): statements.last.map(yieldsValue) ?? false
    case .conditional(_, let then, let otherwise):
      yieldsValue(then) || otherwise.map(yieldsValue) ?? false
    default: true
    }
  }
}
