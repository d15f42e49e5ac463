/// The text in libedit's buffer: reading it, changing it, and the margin of its inner lines.

import CEdit

extension LineEditor {
  /// What is being edited; the cursor counts Unicode scalars.
  struct Buffer {
    var text: [Unicode.Scalar]
    var cursor: Int

    /// What stands before the cursor.
    var before: ArraySlice<Unicode.Scalar> { text[..<cursor] }
    /// What stands after it.
    var after: ArraySlice<Unicode.Scalar> { text[cursor...] }
    /// Where the cursor's line begins.
    var lineStart: Int { (before.lastIndex(of: "\n") ?? -1) + 1 }
    /// Where the cursor's line ends.
    var lineEnd: Int { after.firstIndex(of: "\n") ?? text.count }
  }

  /// Width of the prompt; inner lines begin with as many blanks.
  var margin: Int { prompt.unicodeScalars.count }

  var buffer: Buffer {
    guard let line = el_wline(editor)?.pointee else { return Buffer(text: [], cursor: 0) }
    let wide = UnsafeBufferPointer(start: line.buffer, count: line.lastchar - line.buffer)
    return Buffer(text: wide.map(scalar), cursor: line.cursor - line.buffer)
  }

  func insert(_ text: String) {
    _ = withWide(text) { el_winsertstr(editor, $0) }
  }

  /// Moves the cursor to a place.
  func moveCursor(to place: Int, in buffer: Buffer) {
    el_cursor(editor, Int32(clamping: place - buffer.cursor))
  }

  /// Deletes a range, leaving the cursor at its start.
  func delete(_ range: Range<Int>, in buffer: Buffer) {
    moveCursor(to: range.upperBound, in: buffer)
    if !range.isEmpty { el_deletestr(editor, Int32(clamping: range.count)) }
  }

  /// Replaces everything. (libedit's own function for this refuses an empty text.)
  func replaceAll(_ text: String, cursor: Int? = nil) {
    let old = buffer
    delete(0..<old.text.count, in: old)
    if !text.isEmpty { insert(text) }
    if let cursor { el_cursor(editor, Int32(clamping: cursor - text.unicodeScalars.count)) }
  }

  // MARK: The margin

  /// A text with the margin before its inner lines, as it stands in the buffer.
  func indented(_ text: String) -> String { Margin.add(margin, to: text) }

  /// A text of the buffer without the margin.
  func dedented(_ text: String) -> String { Margin.remove(margin, from: text) }
}

/// Blanks before all lines but the first, as wide as the prompt, so that they line up.
enum Margin {
  static func add(_ width: Int, to text: String) -> String {
    guard text.unicodeScalars.contains("\n") else { return text }
    let blanks = String(repeating: " ", count: width)
    return text.split(separator: "\n", omittingEmptySubsequences: false)
      .joined(separator: "\n" + blanks)
  }

  static func remove(_ width: Int, from text: String) -> String {
    guard text.unicodeScalars.contains("\n") else { return text }
    var lines = text.split(separator: "\n", omittingEmptySubsequences: false)
    for i in lines.indices.dropFirst() {
      let blanks = lines[i].prefix(width).prefix { $0 == " " }.count
      lines[i] = lines[i].dropFirst(blanks)
    }
    return lines.joined(separator: "\n")
  }
}

// MARK: Texts of libedit

/// A wide character as a scalar.
func scalar(_ wide: wchar_t) -> Unicode.Scalar {
  Unicode.Scalar(UInt32(truncatingIfNeeded: wide)) ?? "\u{FFFD}"
}

/// Scalars as a text.
func string(_ scalars: some Sequence<Unicode.Scalar>) -> String {
  var view = String.UnicodeScalarView()
  view.append(contentsOf: scalars)
  return String(view)
}

/// Wide characters as a text.
func string(_ wide: UnsafeBufferPointer<wchar_t>) -> String { string(wide.lazy.map(scalar)) }

/// A text as wide characters with a zero at the end.
func withWide<Result>(_ text: String, _ body: (UnsafePointer<wchar_t>) -> Result?) -> Result? {
  var wide = text.unicodeScalars.map { wchar_t(truncatingIfNeeded: $0.value) }
  wide.append(0)
  return wide.withUnsafeBufferPointer { $0.baseAddress.flatMap(body) }
}
