/// Running statements at the top level, and showing what they give.
import OptNumerics
import OptSyntax

extension Machine {
  /// Runs one statement; nil when a jump ended it.
  func runTopLevel(_ compiler: Compiler, _ statement: NodeID) throws -> Value? {
    let (code, slots) = try compiler.topLevel(statement)
    let span = compiler.span(statement)
    let depth = state.pointee.depth
    let frame = try enter(slots, span)
    defer {
      leave(frame, slots)
      state.pointee.depth = depth
      tracer = nil
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

  /// Shows the value of a statement; it also becomes `ans`.
  func show(_ value: Value) {
    switch value {
    case .nothing, .unset: return
    default: break
    }
    let cell = user.cell("ans")
    cell.value.pointee = value
    cell.version &+= 1
    state.pointee.definitions &+= 1
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

extension SyntaxNode {
  /// Whether a statement shows its value.
  var showsValue: Bool {
    switch self {
    case .assignment, .definition, .silenced, .use, .help, .forLoop, .whileLoop: false
    default: true
    }
  }
}
