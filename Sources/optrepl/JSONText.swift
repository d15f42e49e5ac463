/// JSON of what is written with `--json`, without Foundation.

import OptLanguage
import OptSyntax

/// Writes JSON.
enum JSONText {
  /// A diagnostic as one object on one line; places count from 1, columns in characters.
  static func object(_ diagnostic: Diagnostic) -> String {
    var fields = [
      "\"schema\":1",
      "\"severity\":\(JSONValue.quoted(diagnostic.severity.rawValue))",
      "\"message\":\(JSONValue.quoted(diagnostic.message))",
    ]
    fields += place(diagnostic.span)
    if !diagnostic.labels.isEmpty {
      let labels = diagnostic.labels.map { label in
        let fields = ["\"message\":\(JSONValue.quoted(label.message))"] + place(label.span)
        return "{\(fields.joined(separator: ","))}"
      }
      fields.append("\"labels\":[\(labels.joined(separator: ","))]")
    }
    if !diagnostic.notes.isEmpty {
      fields.append("\"notes\":[\(diagnostic.notes.map(JSONValue.quoted).joined(separator: ","))]")
    }
    if let help = diagnostic.help { fields.append("\"help\":\(JSONValue.quoted(help))") }
    return "{\(fields.joined(separator: ","))}"
  }

  private static func place(_ span: SourceSpan) -> [String] {
    guard let source = span.source else { return [] }
    let start = position(span.start, in: source)
    let end = position(span.end, in: source)
    return [
      "\"file\":\(JSONValue.quoted(source.name))",
      "\"line\":\(start.line)", "\"column\":\(start.column)",
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
