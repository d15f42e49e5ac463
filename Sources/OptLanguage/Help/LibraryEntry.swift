/// What the library's files say about their names, read without running them.
import OptLibrary
import OptSyntax

/// A name that a library file defines.
package struct LibraryEntry: Sendable {
  /// The name.
  package let name: String
  /// `huber(predicted, truth, delta = 1)`
  package let signature: String
  /// Names of the parameters in order.
  package let parameters: [String]
  /// The `##` lines above it, without examples.
  package let help: String
  /// The expressions after `Example:`.
  package let examples: [String]
  /// The file's name without its ending: what `use` takes.
  package let module: String
  /// Whether it makes a method of minimisation.
  package let isMethod: Bool
  /// Whether a name without arguments is enough.
  package let hasDefaults: Bool

  /// The first sentence or line of the help.
  package var summary: String { help.firstLine }

  /// Every name of the library, in the order of files and definitions. Read when first asked for.
  package static let all: [LibraryEntry] = Library.modules().flatMap(entries)

  private static let index: [String: LibraryEntry] = Dictionary(
    all.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })

  /// The entry of a name.
  package static func find(_ name: String) -> LibraryEntry? { index[name] }

  private static func entries(_ module: Library.Module) -> [LibraryEntry] {
    guard let bytes = Library.readBytes(module.path) else { return [] }
    let source = SourceText(name: module.path, text: String(decoding: bytes, as: UTF8.self))
    let tree = Parser.parse(source).tree
    let printer = SyntaxPrinter(tree: tree)
    return tree.statements.compactMap { statement in
      var inner = statement
      if case .silenced(let id) = tree[statement] { inner = id }
      switch tree[inner] {
      case .definition(let definition):
        let parameters = definition.parameters.map { parameter in
          parameter.name + (parameter.fallback.map { " = " + printer.print($0) } ?? "")
        }
        let (help, examples) = split(definition.help ?? "")
        return LibraryEntry(
          name: definition.name,
          signature: "\(definition.name)(\(parameters.joined(separator: ", ")))",
          parameters: definition.parameters.map(\.name), help: help, examples: examples,
          module: module.name, isMethod: module.path.contains("/optimizers/"),
          hasDefaults: definition.parameters.allSatisfy { $0.fallback != nil })
      case .assignment(let target, _):
        guard case .name(let name) = tree[target] else { return nil }
        return LibraryEntry(
          name: name, signature: name, parameters: [], help: "", examples: [],
          module: module.name, isMethod: false, hasDefaults: true)
      default: return nil
      }
    }
  }

  /// Help without its lines `Example: …`, and those.
  static func split(_ help: String) -> (help: String, examples: [String]) {
    var (lines, examples): ([Substring], [String]) = ([], [])
    for line in help.split(separator: "\n", omittingEmptySubsequences: false) {
      if line.hasPrefix("Example: ") {
        examples.append(String(line.dropFirst("Example: ".count)))
      } else {
        lines.append(line)
      }
    }
    return (lines.joined(separator: "\n"), examples)
  }
}

extension String {
  /// What stands before the first new line.
  var firstLine: String { String(prefix { $0 != "\n" }) }

  /// Every line moved to the right.
  func indented(_ blanks: String = "  ") -> String {
    split(separator: "\n", omittingEmptySubsequences: false)
      .map { $0.isEmpty ? "" : blanks + $0 }.joined(separator: "\n")
  }
}
