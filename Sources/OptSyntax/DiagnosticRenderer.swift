/// The one place where an error becomes text.

/// Renders diagnostics with their source line and a caret under the place.
public struct DiagnosticRenderer: Sendable {
  /// The text of a diagnostic, several lines without a final newline.
  ///
  /// - Parameters:
  ///   - diagnostic: what is to be said.
  ///   - color: whether terminal colours are used.
  public static func render(_ diagnostic: Diagnostic, color: Bool = false) -> String {
    var lines: [String] = []
    let tint =
      switch diagnostic.severity {
      case .error: "\u{1B}[1;31m"
      case .warning: "\u{1B}[1;33m"
      case .note: "\u{1B}[1;36m"
      }
    func paint(_ text: String, _ code: String) -> String {
      color ? code + text + "\u{1B}[0m" : text
    }
    lines.append(paint("\(diagnostic.severity.rawValue):", tint) + " " + diagnostic.message)
    lines += excerpt(diagnostic.span, mark: "^", note: nil, paint: { paint($0, tint) })
    for label in diagnostic.labels {
      lines += excerpt(label.span, mark: "-", note: label.message, paint: { $0 })
    }
    for note in diagnostic.notes { lines.append(paint("note:", "\u{1B}[1;36m") + " " + note) }
    if let help = diagnostic.help {
      lines.append(paint("help:", "\u{1B}[1;32m") + " " + help)
    }
    return lines.joined(separator: "\n")
  }

  /// `file:line:column` of a span, where it has a source.
  public static func place(of span: SourceSpan) -> String? {
    guard let source = span.source else { return nil }
    let line = line(of: span.start, in: source)
    let start = Int(source.lineStarts[line])
    let offset = min(max(Int(span.start), start), source.bytes.count)
    let column = String(decoding: source.bytes[start..<offset], as: UTF8.self).count + 1
    return "\(source.name):\(line + 1):\(column)"
  }

  /// The 0-based line of a byte offset.
  private static func line(of offset: Int32, in source: SourceText) -> Int {
    var low = 0
    var high = source.lineStarts.count - 1
    while low < high {
      let middle = (low + high + 1) / 2
      if source.lineStarts[middle] <= offset { low = middle } else { high = middle - 1 }
    }
    return low
  }

  /// Longest source line that is shown whole, in characters.
  private static let window = 100

  private static func excerpt(
    _ span: SourceSpan, mark: String, note: String?, paint: (String) -> String
  ) -> [String] {
    guard let source = span.source, let place = place(of: span) else { return [] }
    let line = line(of: span.start, in: source)
    let start = Int(source.lineStarts[line])
    var end = source.bytes[start...].firstIndex(of: 0x0A) ?? source.bytes.count
    if end > start, source.bytes[end - 1] == 0x0D { end -= 1 }
    let from = min(max(Int(span.start), start), end)
    let to = min(max(Int(span.end), from), end)
    var before = plain(source.bytes[start..<from])
    var marked = plain(source.bytes[from..<to])
    var after = plain(source.bytes[to..<end])
    // A very long line is cut around the place.
    if before.count > window { before = "…" + String(before.suffix(window / 2)) }
    if marked.count > window { marked = String(marked.prefix(window)) + "…" }
    if after.count > window { after = String(after.prefix(window / 2)) + "…" }
    let number = String(line + 1)
    let margin = String(repeating: " ", count: number.count)
    var result: [String] = []
    if !source.name.hasPrefix("<") { result.append("\(margin) --> \(place)") }
    result.append("  \(number) | \(before)\(marked)\(after)")
    let carets = String(repeating: mark, count: max(width(marked), 1))
    let indent = String(repeating: " ", count: width(before))
    result.append("  \(margin) | \(indent)\(paint(carets))" + (note.map { " \($0)" } ?? ""))
    return result
  }

  /// Text with tabs as blanks.
  private static func plain(_ bytes: ArraySlice<UInt8>) -> String {
    String(
      String.UnicodeScalarView(
        String(decoding: bytes, as: UTF8.self).unicodeScalars.map { $0 == "\t" ? " " : $0 }))
  }

  /// Columns that a text takes on a terminal.
  package static func width(_ text: String) -> Int {
    var total = 0
    for character in text {
      guard let scalar = character.unicodeScalars.first else { continue }
      total += isWide(scalar) ? 2 : 1
    }
    return total
  }

  private static func isWide(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.value {
    case 0x1100...0x115F, 0x2E80...0xA4CF, 0xAC00...0xD7A3, 0xF900...0xFAFF, 0xFE30...0xFE6F,
      0xFF00...0xFF60, 0xFFE0...0xFFE6, 0x1F300...0x1F64F, 0x1F900...0x1F9FF, 0x20000...0x3FFFD:
      true
    default: false
    }
  }
}
