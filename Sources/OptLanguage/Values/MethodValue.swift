/// Methods of minimisation as values: `bfgs`, `gd(rate = 0.01)`, or what `method(…)` makes.
import OptSolvers
import OptSyntax

/// A method, configured or with its defaults.
package final class MethodValue {
  package enum Kind {
    /// One of the catalogue, with the options given.
    case known(MethodEntry, [String: Double])
    /// Written in the language.
    case written(start: Value, step: Value)
    /// A method run from this many starts; without one it is the default.
    case restarts(Int, MethodValue?)
  }
  package let kind: Kind
  package let name: String

  /// The name of a written method until the function that makes it returns.
  package static let unnamed = "method"

  package init(_ kind: Kind, name: String) {
    self.kind = kind
    self.name = name
  }
}

extension Machine {
  /// `gd(rate = 0.01)`: a method with other options.
  func configured(
    _ method: MethodValue, _ arguments: [Value],
    _ named: [(name: String, value: Value, span: SourceSpan)], _ span: SourceSpan
  ) throws -> Value {
    guard case .known(let entry, _) = method.kind else {
      throw Diagnostic(.error, "`\(method.name)` already has its options", at: span)
    }
    var options: [String: Double] = [:]
    let names = entry.options.map(\.name)
    guard arguments.count <= names.count else {
      throw Diagnostic(
        .error, "`\(entry.name)` has \(names.count) option\(names.count == 1 ? "" : "s")", at: span,
        help: names.isEmpty ? nil : "it has: \(names.joined(separator: ", "))")
    }
    let given =
      zip(names, arguments).map { (name: $0, value: $1, span: span) } + named
    for (name, value, place) in given {
      guard names.contains(name) else {
        let near = Suggestions.nearest(name, in: names)
        throw Diagnostic(
          .error, "`\(entry.name)` has no option `\(name)`", at: place,
          help: near.isEmpty
            ? names.isEmpty ? "it has none" : "it has: \(names.joined(separator: ", "))"
            : "did you mean `\(near.joined(separator: "` or `"))`?")
      }
      guard let number = value.scalar, !number.isNaN else {
        let found = value.scalar == nil ? value.kindDescription : "nan"
        throw Diagnostic(
          .error, "the option `\(name)` is a number, found \(found)", at: place)
      }
      options[name] = number
    }
    return .method(MethodValue(.known(entry, options), name: entry.name))
  }
}
