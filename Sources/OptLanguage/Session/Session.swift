/// The public face of the language: one person's definitions and data, and what running a text does.
import OptNumerics
import OptSyntax

/// How running a text ended.
public enum RunStatus: Sendable, Equatable {
  /// Everything ran.
  case succeeded
  /// An error was reported, or the time limit ended a program; what was defined before it stays.
  case failed
  /// Everything ran, but a sentence ended without having converged.
  case unconverged
  /// Stopped by `interrupt()`, or at the time limit by a run that kept its best point.
  case interrupted
}

/// What a session tells its owner while it runs, in order.
public enum SessionEvent: Sendable {
  /// The value of a statement, as lines for a person; with the option `json` as one JSON object
  /// instead.
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
  /// Whether shown values are given as JSON instead of as text.
  public var json = false
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
  public var options: SessionOptions {
    get { machine.options }
    set { machine.options = newValue }
  }
  package let machine: Machine
  private var history: [String] = []

  /// A session without definitions. `output` is called on the thread that runs a text.
  public init(_ options: SessionOptions = .init(), output: @escaping (SessionEvent) -> Void) {
    machine = Machine(options: options, output: output)
  }

  /// Runs a program text. `name` is what errors call it: a path, or `<input 3>`.
  public func run(_ text: String, name: String) -> RunStatus {
    machine.stop.clear()
    let alarm = options.timeLimit.map { Alarm(seconds: $0, machine.stop) }
    machine.alarm = alarm
    defer {
      alarm?.cancel()
      machine.alarm = nil
    }
    return LargeStack.run { self.runHere(text, name) }
  }

  private func runHere(_ text: String, _ name: String) -> RunStatus {
    machine.state.pointee.stackFloor = LargeStack.floor()
    let parsed = Parser.parse(SourceText(name: name, text: text))
    if report(parsed.diagnostics) { return .failed }
    machine.sawUnconverged = false
    // Paths in a file are relative to it; in what is typed, to the current folder.
    if !name.hasPrefix("<") { machine.folders.append(Machine.folder(of: name)) }
    defer { if !name.hasPrefix("<") { machine.folders.removeLast() } }
    let compiler = Compiler(parsed.tree, machine, machine.user)
    for statement in parsed.tree.statements {
      do {
        let value = try machine.runTopLevel(compiler, statement)
        if let value {
          machine.show(value, of: statement, in: parsed.tree)
          machine.noteCulprit(value, of: statement, compiler)
        }
        history.append(parsed.tree.span(of: statement).text)
      } catch let error as Diagnostic {
        machine.output(.diagnostic(error))
        return .failed
      } catch let error as Interrupted {
        machine.output(.diagnostic(machine.interruption(error)))
        // A program that does not end is wrong; one that a person stopped is not.
        return machine.alarm?.hasStruck == true ? .failed : .interrupted
      } catch let error as CannotBatch {
        machine.output(.diagnostic(Diagnostic(.error, error.reason, at: error.span)))
        return .failed
      } catch {
        machine.output(.diagnostic(Diagnostic(.error, "\(error)", at: .none)))
        return .failed
      }
    }
    if machine.stop.isRequested { return .interrupted }
    return machine.sawUnconverged ? .unconverged : .succeeded
  }

  /// Tells what is wrong; whether an error is among it.
  private func report(_ diagnostics: [Diagnostic]) -> Bool {
    for diagnostic in diagnostics { machine.output(.diagnostic(diagnostic)) }
    return diagnostics.contains { $0.severity == .error }
  }

  /// The value of an expression, for programs that embed the language and for tests.
  ///
  /// - Throws: a `Diagnostic` when the text is wrong or its evaluation fails.
  package func evaluate(_ text: String) throws -> Value {
    machine.stop.clear()
    let result = LargeStack.run { () -> Result<Value, any Error> in
      self.machine.state.pointee.stackFloor = LargeStack.floor()
      return Result {
        let parsed = Parser.parse(SourceText(name: "<expression>", text: text))
        if let error = parsed.diagnostics.first(where: { $0.severity == .error }) { throw error }
        let compiler = Compiler(parsed.tree, self.machine, self.machine.user)
        var last = Value.nothing
        for statement in parsed.tree.statements {
          last = try self.machine.runTopLevel(compiler, statement) ?? .nothing
        }
        return last
      }
    }
    return try result.get()
  }

  /// Stops what is running as soon as possible; the best point found so far is kept. May be called
  /// from any thread and from a signal handler.
  public func interrupt() { machine.stop.request() }

  /// Forgets all definitions.
  public func reset() {
    LargeStack.run { self.machine.reset() }
    history = []
  }

  /// Whether a text could be run as it is; false when brackets or a text are open at its end, or
  /// its last line wants to be continued.
  public static func isComplete(_ text: String) -> Bool {
    LargeStack.run { !Parser.parse(SourceText(name: "<input>", text: text)).isIncomplete }
  }

  /// The statements that ran without error since the start or the last reset, in order.
  public var transcript: [String] { history }
}
