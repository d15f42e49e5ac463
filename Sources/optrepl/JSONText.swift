/// JSON of what is written with `--json`, without Foundation.

import OptSyntax

/// Writes JSON.
enum JSONText {
  /// A text in quotes.
  static func quoted(_ text: String) -> String {
    var result = "\""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"": result += "\\\""
      case "\\": result += "\\\\"
      case "\n": result += "\\n"
      case "\r": result += "\\r"
      case "\t": result += "\\t"
      case "\u{0}"..."\u{1F}":
        let digits = String(scalar.value, radix: 16)
        result += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result + "\""
  }

  /// A diagnostic as one object on one line; places count from 1, columns in characters.
  static func object(_ diagnostic: Diagnostic) -> String {
    var fields = [
      "\"schema\":1",
      "\"severity\":\(quoted(diagnostic.severity.rawValue))",
      "\"message\":\(quoted(diagnostic.message))",
    ]
    fields += place(diagnostic.span)
    if !diagnostic.labels.isEmpty {
      let labels = diagnostic.labels.map { label in
        let fields = ["\"message\":\(quoted(label.message))"] + place(label.span)
        return "{\(fields.joined(separator: ","))}"
      }
      fields.append("\"labels\":[\(labels.joined(separator: ","))]")
    }
    if !diagnostic.notes.isEmpty {
      fields.append("\"notes\":[\(diagnostic.notes.map(quoted).joined(separator: ","))]")
    }
    if let help = diagnostic.help { fields.append("\"help\":\(quoted(help))") }
    return "{\(fields.joined(separator: ","))}"
  }

  private static func place(_ span: SourceSpan) -> [String] {
    guard let source = span.source else { return [] }
    let start = position(span.start, in: source)
    let end = position(span.end, in: source)
    return [
      "\"file\":\(quoted(source.name))", "\"line\":\(start.line)", "\"column\":\(start.column)",
      "\"endLine\":\(end.line)", "\"endColumn\":\(end.column)",
    ]
  }

  private static func position(_ offset: Int32, in source: SourceText) -> (line: Int, column: Int) {
    let line = max((source.lineStarts.lastIndex { $0 <= offset } ?? 0), 0)
    let start = Int(source.lineStarts[line])
    let end = min(max(Int(offset), start), source.bytes.count)
    let column = String(decoding: source.bytes[start..<end], as: UTF8.self).count
    return (line + 1, column + 1)
  }
}

extension Diagnostic {
  /// Whether the program is wrong.
  var isError: Bool { severity == .error }
}
