/// What is painted over libedit's plain text: colours, the marks of inner lines, the hint.

import CEdit

extension LineEditor {
  /// A place on the screen, counted from the start of the prompt.
  struct Cell {
    var row: Int
    var column: Int
  }

  /// The cell of every place in a text, laid out exactly as libedit does.
  func layout(_ text: [Unicode.Scalar]) -> [Cell] {
    let columns = Terminal.size.columns
    var cell = Cell(row: 0, column: margin)
    var cells: [Cell] = []
    cells.reserveCapacity(text.count + 1)
    for scalar in text {
      if scalar == "\n" {
        cells.append(cell)
        cell = Cell(row: cell.row + 1, column: 0)
        continue
      }
      let width = max(0, Int(oel_wcwidth(wchar_t(scalar.value))))
      if cell.column + width > columns { cell = Cell(row: cell.row + 1, column: 0) }
      cells.append(cell)
      cell.column += width
      if cell.column >= columns { cell = Cell(row: cell.row + 1, column: 0) }
    }
    cells.append(cell)
    return cells
  }

  /// What would complete the text to the newest statement that begins like it.
  func hint(for buffer: Buffer) -> String? {
    guard showsHints, buffer.cursor == buffer.text.count, !buffer.text.isEmpty else { return nil }
    let text = dedented(string(buffer.text))
    guard let entry = history.newest(beginning: text) else { return nil }
    return indented(entry).dropFirst(string(buffer.text).count).description
  }

  /// Paints everything that libedit cannot.
  func paint() {
    guard isColored, !isDumb else { return }
    let now = buffer
    let cells = layout(now.text)
    let size = Terminal.size
    let last = cells[now.text.count]
    // Taller than the screen: libedit scrolls in itself, where no one else can paint.
    guard last.row < size.rows - 1 else { return }
    let cursor = cells[now.cursor]
    func go(_ cell: Cell) -> String {
      let rows = cell.row - cursor.row
      let vertical = rows < 0 ? "\u{1B}[\(-rows)A" : rows > 0 ? "\u{1B}[\(rows)B" : ""
      return "\u{1B}8" + vertical + "\r" + (cell.column > 0 ? "\u{1B}[\(cell.column)C" : "")
    }
    var output = "\u{1B}7"
    if let highlight {
      output += colored(now, cells, highlight(string(now.text), now.cursor), go)
    }
    for place in now.text.indices where now.text[place] == "\n" {
      let blanks = now.text[(place + 1)...].prefix(margin)
      guard blanks.count == margin, blanks.allSatisfy({ $0 == " " }) else { continue }
      let indent = String(repeating: " ", count: max(0, margin - continuation.count))
      output += go(Cell(row: cells[place].row + 1, column: 0))
      output += "\u{1B}[2m\(indent)\(continuation)\u{1B}[0m"
    }
    hintWidth = 0
    if let hint = hint(for: now) {
      let shown = clipped(hint, to: size.columns - 1 - last.column)
      output += go(last) + "\u{1B}[2m\(shown)\u{1B}[0m"
      hintWidth = columnCount(shown)
    }
    write(output + "\u{1B}8")
  }

  private func colored(
    _ now: Buffer, _ cells: [Cell], _ spans: [(Range<Int>, String)], _ go: (Cell) -> String
  ) -> String {
    var styles = [String](repeating: "", count: now.text.count)
    for (range, style) in spans {
      for place in range.clamped(to: 0..<styles.count) { styles[place] = style }
    }
    var output = ""
    var start = 0
    while start < now.text.count {
      guard now.text[start] != "\n" else {
        start += 1
        continue
      }
      var end = start + 1
      while end < now.text.count, now.text[end] != "\n", cells[end].row == cells[start].row,
        styles[end] == styles[start]
      {
        end += 1
      }
      output += go(cells[start]) + "\u{1B}[0m\(styles[start])" + string(now.text[start..<end])
      output += "\u{1B}[0m"
      start = end
    }
    return output
  }

  /// Takes the hint off the screen before libedit paints again.
  func clearHint() {
    guard hintWidth > 0 else { return }
    write("\u{1B}7\u{1B}[K\u{1B}8")
    hintWidth = 0
  }

  /// Wipes prompt and text from the screen; the cursor is then where the prompt began.
  func wipe(_ buffer: Buffer) {
    let row = layout(buffer.text)[buffer.cursor].row
    write((row > 0 ? "\u{1B}[\(row)A" : "") + "\r\u{1B}[J")
    hintWidth = 0
  }

  /// Writes behind what libedit has in its buffer.
  func write(_ text: String) {
    fflush(oel_stdout())
    Terminal.write(text)
  }
}
