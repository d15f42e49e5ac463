/// What keys do: running or breaking a line, moving, undo.

import CEdit

extension LineEditor {
  /// Enter: runs a complete statement, otherwise begins a new line. Two blank lines at the end run
  /// the statement anyway, so that nobody is trapped.
  func accept() -> Int32 {
    let text = buffer.text
    let tail = text.split(separator: "\n", omittingEmptySubsequences: false).suffix(2)
    let isForced =
      text.contains("\n") && tail.count == 2
      && tail.allSatisfy { $0.allSatisfy { $0 == " " || $0 == "\t" } }
    guard isForced || isComplete(dedented(string(text))) else { return insertNewline() }
    pushFinish()
    return CC_NORM
  }

  /// Alt-Enter: a new line, indented by the prompt's width and two blanks for each open bracket.
  func insertNewline() -> Int32 {
    var open = 0
    for character in buffer.before {
      if "([{".unicodeScalars.contains(character) { open += 1 }
      if ")]}".unicodeScalars.contains(character) { open = max(open - 1, 0) }
    }
    insert("\n" + String(repeating: " ", count: margin + 2 * open))
    return CC_REFRESH
  }

  /// Ctrl-C: the text stays visible with `^C` behind it, and a new prompt comes.
  func cancel() -> Int32 {
    let now = buffer
    moveCursor(to: now.text.count, in: now)
    isCancelled = true
    insert("^C")
    pushFinish()
    return CC_REFRESH
  }

  /// Lets libedit end the line. Its own functions cannot be called, but keys bound to them can be
  /// pushed.
  private func pushFinish() {
    _ = withWide("\u{92}") { el_wpush(editor, $0) }
  }

  // MARK: Moving

  /// Left by one character as a person sees it.
  func moveLeft() -> Int32 {
    let now = buffer
    guard let character = string(now.before).last else { return CC_ERROR }
    moveCursor(to: now.cursor - character.unicodeScalars.count, in: now)
    return CC_CURSOR
  }

  /// Right by one character; at the end it takes the hint.
  func moveRight() -> Int32 {
    let now = buffer
    if let character = string(now.after).first {
      moveCursor(to: now.cursor + character.unicodeScalars.count, in: now)
      return CC_CURSOR
    }
    guard let hint = hint(for: now) else { return CC_ERROR }
    insert(hint)
    return CC_REFRESH
  }

  /// To the start of the line; once there, to the start of the statement.
  func moveToLineStart() -> Int32 {
    let now = buffer
    let start = now.lineStart
    let blanks = start == 0 ? 0 : now.text[start...].prefix(margin).prefix { $0 == " " }.count
    moveCursor(to: now.cursor == start + blanks ? 0 : start + blanks, in: now)
    return CC_CURSOR
  }

  /// To the end of the line; once there, to the end of the statement.
  func moveToLineEnd() -> Int32 {
    let now = buffer
    moveCursor(to: now.cursor == now.lineEnd ? now.text.count : now.lineEnd, in: now)
    return CC_CURSOR
  }

  /// Up or down by a line; from the first or last line through the history.
  func moveVertically(_ direction: Int) -> Int32 {
    let now = buffer
    let column = now.cursor - now.lineStart + (now.lineStart == 0 ? margin : 0)
    if direction < 0, now.lineStart > 0 {
      let above = (now.text[..<(now.lineStart - 1)].lastIndex(of: "\n") ?? -1) + 1
      let offset = max(column - (above == 0 ? margin : 0), 0)
      moveCursor(to: min(above + offset, now.lineStart - 1), in: now)
      return CC_REFRESH
    }
    if direction > 0, now.lineEnd < now.text.count {
      let below = now.lineEnd + 1
      let end = now.text[below...].firstIndex(of: "\n") ?? now.text.count
      moveCursor(to: min(below + column, end), in: now)
      return CC_REFRESH
    }
    guard let text = recalled(direction, from: now) else { return CC_REFRESH_BEEP }
    replaceAll(text)
    return CC_REFRESH
  }

  // MARK: Undo

  /// Notes a text before the next key changes it.
  func noteForUndo() {
    let now = buffer
    let text = string(now.text)
    if undoStack.last?.text != text { undoStack.append((text, now.cursor)) }
    if undoStack.count > 1000 { undoStack.removeFirst(500) }
  }

  /// Back to the text before the last change.
  func undo() -> Int32 {
    let now = string(buffer.text)
    while let (text, cursor) = undoStack.popLast() {
      if text != now {
        replaceAll(text, cursor: cursor)
        return CC_REFRESH
      }
    }
    return CC_REFRESH_BEEP
  }
}
