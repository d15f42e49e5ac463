/// The public face of the language: one person's definitions and data, and what running a text does.
import OptNumerics
import OptSyntax

/// How running a text ended.
public enum RunStatus: Sendable, Equatable {
  /// Everything ran.
  case succeeded
  /// An error was reported; what was defined before it stays.
  case failed
  /// Everything ran, but a sentence ended without having converged.
  case unconverged
  /// Stopped by `interrupt()` or by the time limit.
  case interrupted
}

/// What a session tells its owner while it runs, in order.
public enum SessionEvent: Sendable {
  /// The value of a statement, as lines for a person and as one JSON object.
  case shown(text: String, json: String)
  /// What `print` wrote, without the final newline.
  case printed(String)
  /// An error, a warning or a note.
  case diagnostic(Diagnostic)
  /// The state of a long computation: one line that replaces the one before; nil when it is over.
  case progress(String?)
}

/// A name that a program can use.
public struct NameInfo: Sendable, Equatable {
  /// What kind of thing a name stands for.
  public enum Kind: String, Sendable { case variable, function, builtin, method, keyword, field }
  /// The name.
  public var name: String
  /// What it stands for.
  public var kind: Kind
  /// One line: a value in short, or the first line of the help.
  public var summary: String

  /// A name with its description.
  public init(name: String, kind: Kind, summary: String) {
    self.name = name
    self.kind = kind
    self.summary = summary
  }
}

/// Settings that hold for a whole session.
public struct SessionOptions: Sendable {
  /// Start of the random numbers.
  public var seed: UInt64 = 1
  /// Significant digits of shown numbers.
  public var digits: Int = 6
  /// Seconds after which a running text is stopped; nil: never.
  public var timeLimit: Double?
  /// What the program finds in `arguments`.
  public var arguments: [String] = []
  /// Longest line of shown values, in characters; nil: no limit.
  public var width: Int?

  /// The usual settings.
  public init() {}
}

/// One person's definitions and data.
///
/// Used by one thread at a time; only `interrupt()` may be called from others.
public final class Session {
  /// The settings; they may be changed between runs.
  public var options: SessionOptions

  /// A session without definitions. `output` is called on the thread that runs a text.
  public init(_ options: SessionOptions = .init(), output: @escaping (SessionEvent) -> Void) {
    self.options = options
  }

  /// Runs a program text. `name` is what errors call it: a path, or `<input 3>`.
  public func run(_ text: String, name: String) -> RunStatus { .succeeded }

  /// Reads a text and looks its names up, running nothing. `name` is what errors call it.
  public func check(_ text: String, name: String) -> [Diagnostic] { [] }

  /// Stops what is running as soon as possible; the best point found so far is kept. May be called
  /// from any thread and from a signal handler.
  public func interrupt() {}

  /// Forgets all definitions.
  public func reset() {}

  /// Whether a text could be run as it is; false when brackets or a text are open at its end, or
  /// its last line wants to be continued.
  public static func isComplete(_ text: String) -> Bool { true }

  /// The statements that ran without error since the start or the last reset, in order.
  public var transcript: [String] { [] }

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
