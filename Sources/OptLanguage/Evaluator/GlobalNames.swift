/// What a global name means, and what is said when it means nothing.
import OptGraph
import OptLibrary
import OptSyntax

extension Machine {
  /// The meaning of a name that the program gave no value.
  func meaning(of cell: Cell, _ span: SourceSpan) throws -> Value {
    let value = try cell.resolved(self)
    guard case .unset = value else { return value }
    guard let tracer, let symbols = tracer.symbols else { throw unknownName(cell.name, span) }
    // In formulas a name without a meaning is a number, vector or matrix of its own.
    if let known = symbols[cell.name] { return .traced(TracedNumbers(known)) }
    let input = tracer.symbol(cell.name)
    tracer.symbols?[cell.name] = input
    return .traced(TracedNumbers(input))
  }

  /// The error about a name that means nothing; `also` are names known there beside the global ones.
  func unknownName(
    _ name: String, _ span: SourceSpan, also known: Set<String> = []
  ) -> Diagnostic {
    if let help = Words.foreign[name] {
      return Diagnostic(.error, "`\(name)` is not known here", at: span, help: help)
    }
    var candidates = known.union(user.setNames)
    candidates.formUnion(Builtins.functions.keys)
    candidates.formUnion(Builtins.constants.keys)
    candidates.formUnion(Builtins.methods.keys)
    candidates.formUnion(Library.definitions.keys)
    candidates.formUnion(Words.verbs)
    let near = Suggestions.nearest(name, in: candidates)
    var help: String?
    if let parts = split(name) {
      help = "did you mean `\(parts.0) \(parts.1)`, the product?"
    } else if let exponent = capitalExponent(name, span) {
      help = "the exponent of a number is written with a small `e`: `\(exponent)`"
    } else if !near.isEmpty {
      help = "did you mean `\(near.joined(separator: "` or `"))`?"
    }
    return Diagnostic(.error, "unknown name `\(name)`", at: span, help: help)
  }

  /// A name that is two known values written together, such as `πr`.
  private func split(_ name: String) -> (String, String)? {
    func isFactor(_ part: String) -> Bool {
      Builtins.constants[part] != nil || user.existing(part)?.value.pointee.isNumeric ?? false
    }
    return name.indices.dropFirst().lazy.map { cut in
      (String(name[..<cut]), String(name[cut...]))
    }.first { isFactor($0.0) && isFactor($0.1) }
  }

  /// `1e3` for the name in `1E3`.
  private func capitalExponent(_ name: String, _ span: SourceSpan) -> String? {
    guard name.first == "E", name.count > 1, name.dropFirst().allSatisfy(\.isWholeNumber),
      let source = span.source, span.start > 0
    else { return nil }
    let before = SourceSpan(source, max(0, span.start - 30), span.start).text
    let digits = String(before.reversed().prefix { $0.isWholeNumber || $0 == "." }.reversed())
    return digits.isEmpty ? nil : "\(digits)e\(name.dropFirst())"
  }

  /// Says once that a definition hides a built-in name.
  func noteHiding(_ cell: Cell, _ namespace: Namespace, _ span: SourceSpan) {
    guard namespace === user, !cell.isSet, !cell.saidHiding else { return }
    let isBuiltin =
      Builtins.constants[cell.name] != nil || Builtins.functions[cell.name] != nil
      || Builtins.methods[cell.name] != nil
    guard isBuiltin else { return }
    cell.saidHiding = true
    output(
      .diagnostic(
        Diagnostic(
          .note, "`\(cell.name)` now means what you define here, not the built-in one",
          at: span)))
  }
}
