/// The one place where these tests touch a session: definitions in, numbers out.
import Foundation
import OptLanguage
import OptSyntax
import Testing

/// A fresh session whose output is kept.
final class Evaluation {
  /// Something was not as it should be, in the words of the session.
  struct Failure: Error, CustomStringConvertible {
    var description: String
  }

  /// What was printed and reported since it was last asked for.
  private final class Output {
    var printed: [String] = []
    var errors: [String] = []
  }

  private let output = Output()
  private let session: Session

  init() {
    session = Session { [output] event in
      switch event {
      case .printed(let text): output.printed.append(text)
      case .diagnostic(let diagnostic) where diagnostic.severity == .error:
        output.errors.append(DiagnosticRenderer.render(diagnostic))
      default: break
      }
    }
  }

  /// Whether a session evaluates anything yet.
  static let isAvailable: Bool = {
    let numbers = try? Evaluation().numbers("1 + 1")
    return numbers == [2]
  }()

  /// Runs statements that must succeed, or end without having converged.
  func run(_ text: String) throws {
    output.printed = []
    output.errors = []
    let status = session.run(text, name: "<test>")
    if status == .succeeded || status == .unconverged, output.errors.isEmpty { return }
    throw Failure(description: output.errors.joined(separator: "\n") + "\nin: " + text)
  }

  /// The numbers of a number, vector, matrix or record, row by row.
  func numbers(_ expression: String) throws -> [Double] {
    do {
      if let numbers = try session.evaluate(expression).numbers { return numbers }
    } catch let error as Diagnostic {
      throw Failure(description: DiagnosticRenderer.render(error))
    }
    throw Failure(description: "not numbers: \(expression)")
  }

  /// What `print` shows of an expression.
  func text(_ expression: String) throws -> String {
    try run("print(\(expression))")
    return output.printed.joined(separator: "\n")
  }

  /// The value of an expression that is one number.
  func number(_ expression: String) throws -> Double {
    let all = try numbers(expression)
    guard all.count == 1 else {
      throw Failure(description: "\(all.count) numbers instead of one: \(expression)")
    }
    return all[0]
  }
}

/// Whether numbers agree to `tolerance`, relative to the largest of the wanted ones.
func agree(_ got: [Double], _ wanted: [Double], _ tolerance: Double, floor: Double = 1e-14) -> Bool
{
  guard got.count == wanted.count else { return false }
  let scale = wanted.map(abs).max() ?? 0
  return zip(got, wanted).allSatisfy { abs($0 - $1) <= tolerance * scale + floor }
}
