/// Methods of minimisation and line searches as values: `bfgs`, `gd(rate = 0.01)`,
/// `hager_zhang`, or what `method(…)` makes.
import OptSolvers
import OptSyntax

/// A method, configured or with its defaults.
package final class MethodValue {
  package enum Kind {
    /// One of the catalogue, with the options given.
    case known(MethodEntry, MethodOptions)
    /// A line search, for the option `search` of methods.
    case search(LineSearchEntry, MethodOptions)
    /// Written in the language.
    case written(start: Value, step: Value)
    /// A method run from this many starts; without one it is the default.
    case restarts(Int, MethodValue?)
  }
  package let kind: Kind
  package let name: String
  /// How a function of the language made it.
  let recipe: MethodRecipe?

  /// The name of a written method until the function that makes it returns.
  package static let unnamed = "method"

  package init(_ kind: Kind, name: String) {
    self.kind = kind
    self.name = name
    recipe = nil
  }

  init(_ kind: Kind, name: String, recipe: MethodRecipe?) {
    self.kind = kind
    self.name = name
    self.recipe = recipe
  }

  /// What the catalogues say about it; nil for a written method.
  package var entry: (any CatalogueEntry)? {
    switch kind {
    case .known(let entry, _): entry
    case .search(let entry, _): entry
    case .written, .restarts: nil
    }
  }
}

/// The call that made a method: `adam(rate = 0.1)` is the function `adam` with its arguments.
struct MethodRecipe {
  let function: Function
  /// One for each parameter, defaults included.
  let arguments: [Value]
  /// Arguments that are functions of the step where a number is expected.
  let schedules: [Int]
}

extension Machine {
  /// `gd(rate = 0.01)`: a method or line search with other options.
  func configured(
    _ method: MethodValue, _ arguments: [Value],
    _ named: [(name: String, value: Value, span: SourceSpan)], _ span: SourceSpan
  ) throws -> Value {
    guard let entry = method.entry else {
      throw Diagnostic(.error, "`\(method.name)` already has its options", at: span)
    }
    var values: [String: OptionValue] = [:]
    let names = entry.options.map(\.name)
    guard arguments.count <= names.count else {
      throw Diagnostic(
        .error, "`\(entry.name)` has \(names.count) option\(names.count == 1 ? "" : "s")", at: span,
        help: names.isEmpty ? nil : "it has: \(names.joined(separator: ", "))")
    }
    let given =
      zip(names, arguments).map { (name: $0, value: $1, span: span) } + named
    for (name, value, place) in given {
      guard let option = entry.options.first(where: { $0.name == name }) else {
        let near = Suggestions.nearest(name, in: names)
        throw Diagnostic(
          .error, "`\(entry.name)` has no option `\(name)`", at: place,
          help: near.isEmpty
            ? names.isEmpty ? "it has none" : "it has: \(names.joined(separator: ", "))"
            : "did you mean `\(near.joined(separator: "` or `"))`?")
      }
      values[name] = try optionValue(value, option, place)
    }
    let options = MethodOptions(values)
    switch method.kind {
    case .search(let entry, _):
      return .method(MethodValue(.search(entry, options), name: entry.name))
    case .known(let entry, _):
      return .method(MethodValue(.known(entry, options), name: entry.name))
    case .written, .restarts: return .method(method)
    }
  }

  /// A value as an option takes it, or an error that says what it takes.
  private func optionValue(
    _ value: Value, _ option: OptionEntry, _ span: SourceSpan
  ) throws -> OptionValue {
    let found: String
    switch (option.kind, value) {
    case (.number(let range), _) where value.scalar != nil:
      let number = value.scalar ?? .nan
      if range.contains(number) { return .number(number) }
      found = NumberFormat.short(number)
    case (.word(let words), .text(let given)):
      let text = given.string
      if words.contains(text) { return .word(text) }
      found = "\"\(text)\""
    case (.search(let names), .method(let method)):
      if case .search(let entry, let options) = method.kind, names.contains(entry.name) {
        return .search(entry.make(options))
      }
      found = "`\(method.name)`"
    default: found = value.kindDescription
    }
    throw Diagnostic(
      .error, "the option `\(option.name)` is \(option.allowed), found \(found)", at: span)
  }
}
