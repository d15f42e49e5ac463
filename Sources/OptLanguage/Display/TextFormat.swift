/// Values inside texts: `"{x}"`, and printf formats as in `"{loss:.3f}"`.
import OptSyntax

/// A printf format taken apart.
struct TextFormat {
  /// Any of `+ - # 0` and a space.
  var flags = ""
  /// Least number of characters.
  var width = 0
  /// Digits after the point; of a text, most characters.
  var precision: Int?
  /// One of `d e f g s x`.
  var conversion: Character = "g"

  /// Reads `+8.3f`; nil when it is no format.
  init?(_ text: String) {
    var rest = text[...]
    guard let last = rest.popLast(), "defgsx".contains(last) else { return nil }
    conversion = last
    while let first = rest.first, "+-# 0".contains(first) {
      flags.append(first)
      rest.removeFirst()
    }
    let digits = rest.prefix { $0.isWholeNumber }
    rest = rest.dropFirst(digits.count)
    if !digits.isEmpty { width = Int(digits) ?? .max }
    if rest.first == "." {
      rest.removeFirst()
      let digits = rest.prefix { $0.isWholeNumber }
      rest = rest.dropFirst(digits.count)
      precision = digits.isEmpty ? 0 : Int(digits) ?? .max
    }
    guard rest.isEmpty else { return nil }
  }

  /// The text in the format's width, at the right unless `-` is among the flags.
  func padded(_ text: String) -> String {
    let missing = width - DiagnosticRenderer.width(text)
    guard missing > 0 else { return text }
    let blanks = String(repeating: " ", count: missing)
    return flags.contains("-") ? text + blanks : blanks + text
  }

  /// A number; nil when it would have to be whole and is not.
  func number(_ x: Double) -> String? {
    let size = width > 0 ? "\(width)" : ""
    let after = precision.map { ".\($0)" } ?? ""
    switch conversion {
    case "d":
      guard x == x.rounded(), x.isFinite else { return nil }
      guard let whole = Int(exactly: x) else {
        return NumberFormat.printf("%\(flags)\(size).0f", x)
      }
      return NumberFormat.printf("%\(flags)\(size)\(after)ld", whole)
    case "x":
      guard let whole = Int(exactly: x), whole >= 0 else { return nil }
      return NumberFormat.printf("%\(flags)\(size)\(after)lx", whole)
    default: return NumberFormat.printf("%\(flags)\(size)\(after)\(conversion)", x)
    }
  }
}

extension Machine {
  /// A value inside a text: with a printf format, or as it is shown, but texts bare and vectors
  /// and small matrices on one line.
  func formatted(_ value: Value, _ format: String?, _ span: SourceSpan) throws -> String {
    let value = tracer == nil ? value : snapshot(value)
    guard let format else { return bare(value) }
    guard let parsed = TextFormat(format) else {
      throw Diagnostic(
        .error, "`\(format)` is not a format", at: span,
        help: "formats are those of printf: `.3f`, `5d`, `.2e`, `.17g`, `8s`, `x`")
    }
    let largest = NumberFormat.largestFormat
    guard parsed.width <= largest, parsed.precision ?? 0 <= largest else {
      throw Diagnostic(
        .error, "the format `\(format)` asks for more than \(largest) characters", at: span)
    }
    if parsed.conversion == "s" {
      let text = bare(value)
      return parsed.padded(parsed.precision.map { String(text.prefix($0)) } ?? text)
    }
    return try formatted(value, parsed, format, span)
  }

  private func formatted(
    _ value: Value, _ parsed: TextFormat, _ format: String, _ span: SourceSpan
  ) throws -> String {
    func one(_ x: Double) throws -> String {
      if let text = parsed.number(x) { return text }
      let wanted =
        parsed.conversion == "x" && x < 0 ? "a whole number not below 0" : "whole numbers"
      throw Diagnostic(
        .error, "the format `\(format)` is for \(wanted), found \(NumberFormat.exact(x))", at: span,
        help: parsed.conversion == "d" ? "`.0f` rounds" : nil)
    }
    if let number = value.scalar { return try one(number) }
    switch value {
    case .matrix(let m):
      guard m.count <= 10_000 else {
        throw Diagnostic(
          .error, "a format writes up to 10000 numbers, found \(value.kindDescription)", at: span)
      }
      let texts = try m.elements.map(one)
      return MatrixText.inline(texts, rows: m.rows, columns: m.columns)
    case .list(let list):
      return "["
        + (try list.items.map { try formatted($0, parsed, format, span) }.joined(separator: ", "))
        + "]"
    case .record(let record) where record.report == nil:
      let fields = try zip(record.names, record.values).map {
        "\($0) = \(try formatted($1, parsed, format, span))"
      }
      return "(" + fields.joined(separator: ", ") + ")"
    default:
      throw Diagnostic(
        .error, "the format `\(format)` is for numbers, found \(value.kindDescription)", at: span,
        help: "`s` is the format of texts")
    }
  }

  /// A value as it stands in a text and as `print` writes it.
  func bare(_ value: Value) -> String {
    switch value {
    case .text(let text): return text.string
    case .matrix(let m) where m.count <= MatrixText.largestInline:
      return MatrixText.inline(m, digits: style.digits)
    case .function(let function): return summary(of: function)
    default: return shown(value)
    }
  }
}
