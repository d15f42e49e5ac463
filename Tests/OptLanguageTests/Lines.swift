/// Running program texts in tests.
import OptLanguage
import OptSyntax
import Testing

/// One session that is asked for numbers.
final class Lines {
  struct Failure: Error, CustomStringConvertible { var description: String }

  let session = Session { _ in }

  init(_ text: String = "") throws { if !text.isEmpty { try run(text) } }

  func run(_ text: String) throws { _ = try value(text) }

  private func value(_ text: String) throws -> Value {
    do {
      return try session.evaluate(text)
    } catch let error as Diagnostic {
      throw Failure(description: "\(error.message): \(text)")
    }
  }

  func numbers(_ text: String) throws -> [Double] {
    guard let numbers = try value(text).numbers else {
      throw Failure(description: "not numbers: \(text)")
    }
    return numbers
  }

  func text(_ text: String) throws -> String {
    guard case .text(let found) = try value(text) else {
      throw Failure(description: "not a text: \(text)")
    }
    return found.string
  }

  /// The message of the error that `text` ends with, with its notes.
  func error(_ text: String) throws -> String {
    do {
      _ = try session.evaluate(text)
    } catch let error as Diagnostic {
      return ([error.message] + error.notes).joined(separator: "\n")
    }
    throw Failure(description: "no error: \(text)")
  }

  /// Expects numbers to a relative accuracy.
  func expect(
    _ text: String, _ wanted: [Double], within tolerance: Double = 1e-12,
    at place: SourceLocation = #_sourceLocation
  ) throws {
    let got = try numbers(text)
    let isNear =
      got.count == wanted.count
      && zip(got, wanted).allSatisfy { abs($0 - $1) <= tolerance * max(1, abs($1)) }
    #expect(isNear, "\(text) is \(got), should be \(wanted)", sourceLocation: place)
  }

  func expect(
    _ text: String, _ wanted: Double, within tolerance: Double = 1e-12,
    at place: SourceLocation = #_sourceLocation
  ) throws {
    try expect(text, [wanted], within: tolerance, at: place)
  }

  /// Expects two expressions to have the same numbers.
  func expect(
    _ text: String, equals other: String, within tolerance: Double = 1e-12,
    at place: SourceLocation = #_sourceLocation
  ) throws {
    try expect(text, try numbers(other), within: tolerance, at: place)
  }
}
