/// Keys that delete, cut and insert what was cut.

import CEdit

extension LineEditor {
  /// Deletes one character as a person sees it; at the margin of an inner line, the line break.
  func deleteBackward() -> Int32 {
    let now = buffer
    let line = now.text[now.lineStart..<now.cursor]
    if now.lineStart > 0, line.count <= margin, line.allSatisfy({ $0 == " " }) {
      delete((now.lineStart - 1)..<now.cursor, in: now)
      return CC_REFRESH
    }
    guard let character = string(now.before).last else { return CC_ERROR }
    delete((now.cursor - character.unicodeScalars.count)..<now.cursor, in: now)
    return CC_REFRESH
  }

  /// Cuts to the end of the line, or the line break when there.
  func cutToLineEnd() -> Int32 {
    let now = buffer
    guard now.cursor == now.lineEnd, now.cursor < now.text.count else {
      return cut(now.cursor..<now.lineEnd, in: now)
    }
    let blanks = now.text[(now.cursor + 1)...].prefix(margin).prefix { $0 == " " }.count
    return cut(now.cursor..<(now.cursor + 1 + blanks), in: now)
  }

  /// Cuts from the start of the line, which libedit's own `^U` does not do: it takes everything.
  func cutToLineStart() -> Int32 {
    let now = buffer
    let blanks =
      now.lineStart == 0 ? 0 : now.text[now.lineStart...].prefix(margin).prefix { $0 == " " }.count
    return cut(min(now.lineStart + blanks, now.cursor)..<now.cursor, in: now)
  }

  /// Cuts the word to the left.
  func cutWordBackward() -> Int32 {
    let now = buffer
    var start = now.cursor
    while start > 0, !isWordPart(now.text[start - 1]) { start -= 1 }
    while start > 0, isWordPart(now.text[start - 1]) { start -= 1 }
    return cut(start..<now.cursor, in: now)
  }

  /// Cuts the word to the right.
  func cutWordForward() -> Int32 {
    let now = buffer
    var end = now.cursor
    while end < now.text.count, !isWordPart(now.text[end]) { end += 1 }
    while end < now.text.count, isWordPart(now.text[end]) { end += 1 }
    return cut(now.cursor..<end, in: now)
  }

  /// Inserts what was cut last.
  func insertCutText() -> Int32 {
    guard !cutText.isEmpty else { return CC_ERROR }
    insert(cutText)
    return CC_REFRESH
  }

  private func cut(_ range: Range<Int>, in now: Buffer) -> Int32 {
    guard !range.isEmpty else { return CC_ERROR }
    cutText = string(now.text[range])
    delete(range, in: now)
    return CC_REFRESH
  }

  private func isWordPart(_ scalar: Unicode.Scalar) -> Bool {
    scalar == "_" || scalar.properties.isAlphabetic || scalar.properties.numericType != nil
  }
}
