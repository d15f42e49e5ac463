/// Calling functions: matching arguments with parameters, frames, errors that name both sides.
import OptGraph
import OptLibrary
import OptNumerics
import OptSyntax

extension Machine {
  /// A call whose arguments are still code: they go straight into the new frame.
  func call(
    _ callee: Value, _ arguments: ArgumentCode, _ frame: Frame, _ span: SourceSpan,
    _ calleeSpan: SourceSpan
  ) throws -> Value {
    if case .function(let function) = callee, case .closure(let code, let captures) = function.kind,
      arguments.named.isEmpty, arguments.codes.count == code.parameters.count
    {
      let slots = code.slotCount
      let new = try enter(slots, span)
      defer { leave(new, slots) }
      for k in 0..<arguments.codes.count { new[k] = try arguments.codes[k].run(frame) }
      return try run(code, function, captures, new, span)
    }
    let values = try arguments.codes.map { try $0.run(frame) }
    let named = try arguments.named.map { ($0.name, try $0.code(frame), $0.span) }
    return try apply(
      callee, values, named: named, spans: arguments.spans, at: span, calleeSpan: calleeSpan)
  }

  @inline(__always)
  private func run(
    _ code: FunctionCode, _ function: Function, _ captures: [Value], _ frame: Frame,
    _ span: SourceSpan
  ) throws -> Value {
    if stop.isRequested { throw Interrupted(span: span) }
    for k in 0..<captures.count { frame[code.captureSlots[k]] = captures[k] }
    if let slot = code.selfSlot { frame[slot] = .function(function) }
    if state.pointee.isTracing, let tracer, tracer.notesCalls, let name = code.name {
      let arguments = (0..<code.parameters.count).map { frame[$0] }
      let value = try body(code, function, frame, span)
      tracer.noteCall(name, arguments, value)
      return value
    }
    return try body(code, function, frame, span)
  }

  @inline(__always)
  private func body(
    _ code: FunctionCode, _ function: Function, _ frame: Frame, _ span: SourceSpan
  ) throws -> Value {
    if code.isLibrary {
      do {
        return try labelled(try code.body(frame), code, function, frame)
      } catch let error as Diagnostic {
        throw inLibrary(error, code, span)
      }
    }
    let value = try code.body(frame)
    if case .method = value { return try labelled(value, code, function, frame) }
    return value
  }

  /// An error inside a library function is told at the place where the user called it.
  private func inLibrary(
    _ error: Diagnostic, _ code: FunctionCode, _ span: SourceSpan
  ) -> Diagnostic {
    guard error.span.source === code.span.source, span.source !== code.span.source else {
      return error
    }
    var moved = error
    moved.span = span
    moved.notes.append(
      code.name.map { "inside the library's `\($0)`" } ?? "inside a function of the library")
    return moved
  }

  /// A call with values.
  func apply(
    _ callee: Value, _ arguments: [Value],
    named: [(name: String, value: Value, span: SourceSpan)] = [], spans: [SourceSpan],
    at span: SourceSpan, calleeSpan: SourceSpan
  ) throws -> Value {
    guard case .function(let function) = callee else {
      if case .method(let method) = callee {
        return try configured(method, arguments, named, span)
      }
      throw notCallable(callee, arguments, span, calleeSpan)
    }
    switch function.kind {
    case .closure(let code, let captures):
      let slots = code.slotCount
      let frame = try enter(slots, span)
      defer { leave(frame, slots) }
      try bind(arguments, named, function, code, captures, frame, span)
      return try run(code, function, captures, frame, span)
    case .elementary(let id):
      let values = try inOrder(function, arguments, named, span)
      switch id.row.evaluate {
      case .unary: return try unary(id, values[0], span)
      case .binary: return try binary(id, values[0], values[1], span)
      case .ternary: throw Diagnostic(.error, "`\(id.row.name)` cannot be called", at: span)
      }
    case .builtin(let builtin):
      let call = try match(builtin, function, arguments, named, spans, span)
      return try call.hasSparse ? Builtins.run(builtin, onSparse: call) : builtin.run(call)
    case .derived(let derived):
      return try callDerived(derived, arguments, named, spans, span)
    case .custom(let custom):
      return try callCustom(custom, arguments, named, spans, span)
    }
  }

  // MARK: Parameters

  private func bind(
    _ arguments: [Value], _ named: [(name: String, value: Value, span: SourceSpan)],
    _ function: Function, _ code: FunctionCode, _ captures: [Value], _ frame: Frame,
    _ span: SourceSpan
  ) throws {
    let parameters = code.parameters
    guard arguments.count <= parameters.count else {
      throw wrongCount(function, arguments.count, named, span)
    }
    for (k, value) in arguments.enumerated() { frame[k] = value }
    for (name, value, place) in named {
      guard let k = parameters.firstIndex(where: { $0.name == name }) else {
        throw unknownParameter(name, function, place)
      }
      guard case .unset = frame[k] else {
        throw Diagnostic(.error, "`\(name)` is given twice", at: place)
      }
      frame[k] = value
    }
    // Default values may use the parameters before them, and what the function captured.
    for k in 0..<captures.count { frame[code.captureSlots[k]] = captures[k] }
    for (k, parameter) in parameters.enumerated() {
      guard case .unset = frame[k] else { continue }
      guard let fallback = parameter.fallback else {
        throw wrongCount(function, arguments.count, named, span)
      }
      frame[k] = try fallback(frame)
    }
  }

  /// The arguments of a function all of whose parameters are required.
  private func inOrder(
    _ function: Function, _ arguments: [Value],
    _ named: [(name: String, value: Value, span: SourceSpan)], _ span: SourceSpan
  ) throws -> [Value] {
    let names = function.parameterNames
    guard arguments.count <= names.count else {
      throw wrongCount(function, arguments.count, named, span)
    }
    var values = arguments.map(Optional.some) + names.dropFirst(arguments.count).map { _ in nil }
    for (name, value, place) in named {
      guard let k = names.firstIndex(of: name) else {
        throw unknownParameter(name, function, place)
      }
      guard values[k] == nil else {
        throw Diagnostic(.error, "`\(name)` is given twice", at: place)
      }
      values[k] = value
    }
    let all = values.compactMap { $0 }
    guard all.count == names.count else {
      throw wrongCount(function, arguments.count, named, span)
    }
    return all
  }

  private func match(
    _ builtin: Builtin, _ function: Function, _ arguments: [Value],
    _ named: [(name: String, value: Value, span: SourceSpan)], _ spans: [SourceSpan],
    _ span: SourceSpan
  ) throws -> Call {
    let count = builtin.parameters.count
    let positional = builtin.positionalCount
    guard arguments.count <= positional || builtin.isVariadic else {
      throw wrongCount(function, arguments.count, named, span)
    }
    var values = [Value?](repeating: nil, count: count)
    var places = [SourceSpan](repeating: span, count: count)
    for k in 0..<min(positional, arguments.count) {
      values[k] = arguments[k]
      if k < spans.count { places[k] = spans[k] }
    }
    for (name, value, place) in named {
      guard let k = builtin.parameters.firstIndex(where: { $0.name == name }) else {
        throw unknownParameter(name, function, place)
      }
      guard values[k] == nil else {
        throw Diagnostic(.error, "`\(name)` is given twice", at: place)
      }
      values[k] = value
      places[k] = place
    }
    for k in 0..<count where values[k] == nil && builtin.parameters[k].fallback == nil {
      throw wrongCount(function, arguments.count, named, span)
    }
    return Call(
      machine: self, function: builtin.name, values: values, spans: places,
      rest: Array(arguments.dropFirst(positional)), restSpans: Array(spans.dropFirst(positional)),
      span: span)
  }

  // MARK: Errors

  func signature(_ function: Function) -> String {
    let name = function.name ?? "f"
    switch function.kind {
    case .builtin(let builtin): return builtin.signature
    case .closure(let code, _):
      let parts = code.parameters.map { $0.fallback == nil ? $0.name : $0.name + " = …" }
      return "\(name)(\(parts.joined(separator: ", ")))"
    default: return "\(name)(\(function.parameterNames.joined(separator: ", ")))"
    }
  }

  /// A function at the start of an error: `sin` in quotes, or what one without a name is called.
  func subject(_ function: Function) -> String {
    function.name.map { "`\($0)`" } ?? "this function"
  }

  func wrongCount(
    _ function: Function, _ given: Int, _ named: [(name: String, value: Value, span: SourceSpan)],
    _ span: SourceSpan
  ) -> Diagnostic {
    let names = function.parameterNames
    var required = names.count
    var most = "\(names.count)"
    switch function.kind {
    case .closure(let code, _): required = code.requiredCount
    case .builtin(let builtin):
      required = builtin.requiredCount
      if builtin.isVariadic { most = "more" }
    default: break
    }
    let expected =
      "\(required)" == most
      ? most : most == "more" ? "at least \(required)" : "\(required) to \(most)"
    let noun = expected == "1" ? "argument" : "arguments"
    let missing = names.prefix(required).dropFirst(given).filter { name in
      !named.contains { $0.name == name }
    }
    let what =
      given < required && !missing.isEmpty && given + named.count > 0
      ? ", `\(missing.joined(separator: "`, `"))` is missing" : ""
    return Diagnostic(
      .error,
      "\(subject(function)) takes \(expected) \(noun), found "
        + "\(given + named.count)\(what)", at: span,
      help: "it is called as `\(signature(function))`")
  }

  private func unknownParameter(
    _ name: String, _ function: Function, _ span: SourceSpan
  ) -> Diagnostic {
    let names = function.parameterNames
    let near = Suggestions.nearest(name, in: names)
    return Diagnostic(
      .error, "\(subject(function)) has no parameter `\(name)`", at: span,
      help: near.isEmpty
        ? "it is called as `\(signature(function))`"
        : "did you mean `\(near.joined(separator: "` or `"))`?")
  }

  private func notCallable(
    _ callee: Value, _ arguments: [Value], _ span: SourceSpan, _ calleeSpan: SourceSpan
  ) -> Diagnostic {
    let name = calleeSpan.text
    if case .traced = callee, let symbols = tracer?.symbols, symbols[name] != nil {
      return unknownName(name, calleeSpan)
    }
    var help: String?
    if callee.isNumeric || callee.kindDescription == "a list", name.count <= 30,
      !arguments.isEmpty
    {
      let inside =
        calleeSpan.end < span.end
        ? SourceSpan(span.source, calleeSpan.end, span.end).text
          .drop { $0 == " " }.dropFirst().dropLast()
        : "…"
      help = "`\(name)[\(inside)]` is an element, `\(name)*(\(inside))` a product"
    }
    let isHidden = Builtins.functions[name] != nil || Library.definitions[name] != nil
    return Diagnostic(
      .error, "`\(name)` is \(callee.kindDescription), not a function", at: calleeSpan,
      notes: isHidden
        ? ["`\(name)` was given a value, which hides the function of that name"] : [],
      help: help)
  }
}

extension SourceSpan {
  /// The program text of the place.
  var text: String {
    guard let source, start >= 0, end >= start, Int(end) <= source.bytes.count else { return "" }
    return String(decoding: source.bytes[Int(start)..<Int(end)], as: UTF8.self)
  }
}
