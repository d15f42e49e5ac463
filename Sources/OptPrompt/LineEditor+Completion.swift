/// Completion: Tab inserts what is certain, a second Tab lists what is not.

import CEdit

extension LineEditor {
  /// Most candidates listed at once.
  private static let longestList = 40

  func completeWord() -> Int32 {
    let now = buffer
    let found = complete(string(now.before))
    let start = min(max(found.start, 0), now.cursor)
    let typed = string(now.before[start...])
    guard let first = found.candidates.first else { return CC_REFRESH_BEEP }
    // A symbol that is spelt out wins over longer ones: \in is ∈, not the start of \infty.
    let exact = found.candidates.first { $0.text == typed && $0.replacement != nil }
    if let only = exact ?? (found.candidates.count == 1 ? first : nil) {
      let text = only.replacement ?? only.text
      guard text != typed else { return CC_REFRESH_BEEP }
      delete(start..<now.cursor, in: now)
      insert(text)
      return CC_REFRESH
    }
    let common = found.candidates.dropFirst().reduce(first.text) { commonPrefix($0, $1.text) }
    if common.count > typed.count, common.hasPrefix(typed) {
      delete(start..<now.cursor, in: now)
      insert(common)
      return CC_REFRESH
    }
    list(found.candidates, below: now)
    return CC_NORM
  }

  private func commonPrefix(_ a: String, _ b: String) -> String {
    String(zip(a, b).prefix { $0 == $1 }.map(\.0))
  }

  /// Lists below the whole statement, then lets libedit paint prompt and statement anew. (Its own
  /// way to do this wipes as many rows upwards as the statement has, and the list with them.)
  private func list(_ candidates: [Candidate], below now: Buffer) {
    let cells = layout(now.text)
    let rows = cells[now.text.count].row - cells[now.cursor].row
    let shown = candidates.prefix(Self.longestList)
    let columns = Terminal.size.columns
    let width = min(shown.map { columnCount($0.text) }.max() ?? 0, columns / 2)
    var text = (rows > 0 ? "\u{1B}[\(rows)B" : "") + "\r\n"
    for candidate in shown {
      let gap = String(repeating: " ", count: max(width - columnCount(candidate.text), 0) + 2)
      let detail = clipped(candidate.detail, to: max(columns - width - 5, 0))
      text += "  " + candidate.text + gap
      text += (isColored ? "\u{1B}[2m\(detail)\u{1B}[0m" : detail) + "\r\n"
    }
    if candidates.count > shown.count { text += "  … \(candidates.count - shown.count) more\r\n" }
    write(text)
    oel_refresh(editor)
  }

  /// The first line of a text, cut to a number of columns.
  func clipped(_ text: String, to width: Int) -> String {
    var result = ""
    var used = 0
    for character in text.prefix(while: { $0 != "\n" }) {
      let next = columnCount(String(character))
      if used + next > width { return String(result.dropLast()) + "…" }
      result.append(character)
      used += next
    }
    return result
  }

  /// Columns that a text takes.
  func columnCount(_ text: String) -> Int {
    text.unicodeScalars.reduce(0) { $0 + max(0, Int(oel_wcwidth(wchar_t($1.value)))) }
  }
}
