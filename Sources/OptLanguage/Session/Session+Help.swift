/// Names, help and completion.
import OptSyntax

extension Session {
  /// Reads a text and looks its names up, running nothing. `name` is what errors call it.
  public func check(_ text: String, name: String) -> [Diagnostic] {
    LargeStack.run { Parser.parse(SourceText(name: name, text: text)).diagnostics }
  }

  /// The names the user defined, in the order of the alphabet.
  public func names() -> [NameInfo] { [] }

  /// All names that can be used here, with those of the library.
  public func allNames() -> [NameInfo] { [] }

  /// The help on a name or topic; nil when there is none. An empty topic gives an overview.
  public func help(_ topic: String) -> String? { nil }

  /// Names whose name or help holds all the words.
  public func search(_ words: String) -> [NameInfo] { [] }

  /// What could stand at the end of `text`: where the unfinished word begins (in characters), and
  /// the words that may replace it.
  public func completions(_ text: String) -> (start: Int, candidates: [NameInfo]) { (0, []) }

  /// The value of an expression as text with all digits, for `:show`.
  public func described(_ expression: String) -> String? { nil }
}
