/// What is said to the user when something is wrong: one type for every stage.

/// An error, warning or note with its place.
public struct Diagnostic: Error, Sendable, Equatable {
  /// How serious it is.
  public enum Severity: String, Sendable { case error, warning, note }

  /// A second place that explains the first.
  public struct Label: Sendable, Equatable {
    /// Where.
    public var span: SourceSpan
    /// What is to be seen there.
    public var message: String

    /// A label at `span`.
    public init(_ span: SourceSpan, _ message: String) {
      self.span = span
      self.message = message
    }
  }

  /// How serious it is.
  public var severity: Severity
  /// One sentence, lower case, no full stop; the user's own text in backquotes.
  public var message: String
  /// The place it is about.
  public var span: SourceSpan
  /// Other places.
  public var labels: [Label] = []
  /// Further sentences, one a line.
  public var notes: [String] = []
  /// What to do about it.
  public var help: String?

  /// A diagnostic at `span`.
  public init(
    _ severity: Severity = .error, _ message: String, at span: SourceSpan, notes: [String] = [],
    help: String? = nil
  ) {
    self.severity = severity
    self.message = message
    self.span = span
    self.notes = notes
    self.help = help
  }
}
