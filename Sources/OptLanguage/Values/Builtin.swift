/// Functions written in Swift: what a row of a builtin table says.
import OptGraph
import OptSyntax

/// One built-in function. Its signature drives arity, argument names, completion and help.
package struct Builtin: Sendable {
  package struct Parameter: Sendable {
    package let name: String
    /// The default as written in the signature; nil when the argument is required.
    package let fallback: String?
  }

  package let name: String
  /// `sum(v, axis = nothing)`; `…` takes any number of further arguments, and the parameters after
  /// it are given by name only.
  package let signature: String
  package let parameters: [Parameter]
  package let isVariadic: Bool
  /// How many of the parameters may be given without a name.
  package let positionalCount: Int
  /// One sentence.
  package let summary: String
  /// Boolean expressions that hold; the tests run them.
  package let examples: [String]
  /// How a generator as the only argument is folded without storing it.
  package let reduction: Reduction.Kind?
  package let run: @Sendable (Call) throws -> Value

  package init(
    _ signature: String, _ summary: String, examples: [String] = [],
    reduction: Reduction.Kind? = nil, run: @escaping @Sendable (Call) throws -> Value
  ) {
    self.signature = signature
    self.summary = summary
    self.examples = examples
    self.reduction = reduction
    self.run = run
    let open = signature.firstIndex(of: "(") ?? signature.endIndex
    name = String(signature[..<open])
    let inside = signature[open...].dropFirst().dropLast()
    var parameters: [Parameter] = []
    var positionalCount: Int?
    for part in inside.split(separator: ",") {
      let sides = part.split(separator: "=", maxSplits: 1).map { side in
        String(side.drop { $0 == " " }.reversed().drop { $0 == " " }.reversed())
      }
      if sides.first == "…" {
        positionalCount = parameters.count
      } else if let first = sides.first {
        parameters.append(
          Parameter(name: first, fallback: sides.count > 1 ? sides[1] : nil))
      }
    }
    self.parameters = parameters
    isVariadic = positionalCount != nil
    self.positionalCount = positionalCount ?? parameters.count
  }

  package var requiredCount: Int { parameters.prefix { $0.fallback == nil }.count }
}

/// The arguments of one call of a built-in function, matched with its parameters.
package struct Call {
  package let machine: Machine
  package let function: String
  /// One a parameter; nil where the call leaves it out.
  package let values: [Value?]
  package let spans: [SourceSpan]
  /// Arguments beyond the parameters, of variadic functions.
  package let rest: [Value]
  package let restSpans: [SourceSpan]
  /// The whole call.
  package let span: SourceSpan

  /// A required argument.
  package subscript(k: Int) -> Value { values[k] ?? .nothing }
  /// The place of an argument, or of the call where it was left out.
  package func span(_ k: Int) -> SourceSpan {
    k < spans.count && values[k] != nil ? spans[k] : span
  }

  /// Whether argument `k` was given and is not `nothing`.
  package func has(_ k: Int) -> Bool {
    guard k < values.count, let value = values[k] else { return false }
    if case .nothing = value { return false }
    return true
  }

  package func fail(_ message: String, _ k: Int? = nil, help: String? = nil) -> Diagnostic {
    Diagnostic(.error, message, at: k.map(span) ?? span, help: help)
  }
}
