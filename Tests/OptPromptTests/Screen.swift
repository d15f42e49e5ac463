/// A terminal's screen: what a person would see of the bytes that a program writes.

/// A grid of characters that follows the control sequences that libedit and the program use.
struct Screen {
  let rows: Int
  let columns: Int
  /// Characters, and the style each was written with.
  private var cells: [[(character: Character, style: String)]]
  private(set) var row = 0
  private(set) var column = 0
  private var style = ""
  private var saved = (row: 0, column: 0)
  /// Lines that went off the top.
  private var above: [String] = []
  /// Bytes of a sequence or character that is not complete.
  private var pending: [UInt8] = []

  init(rows: Int, columns: Int) {
    self.rows = rows
    self.columns = columns
    cells = Array(repeating: Array(repeating: (" ", ""), count: columns), count: rows)
  }

  /// All lines, with those that went off the top, without blanks at their ends.
  var text: String { (above + cells.map(Self.line)).joined(separator: "\n") }

  /// The line with the cursor.
  var currentLine: String { Self.line(cells[row]) }

  /// The style of a text where it stands last on the screen.
  func style(of text: String) -> String? {
    for line in cells.reversed() {
      let characters = line.map(\.character)
      let wanted = Array(text)
      guard characters.count >= wanted.count else { continue }
      for start in 0...(characters.count - wanted.count)
      where characters[start..<(start + wanted.count)].elementsEqual(wanted) {
        return line[start].style
      }
    }
    return nil
  }

  private static func line(_ cells: [(character: Character, style: String)]) -> String {
    var line = cells.map(\.character)
    while line.last == " " { line.removeLast() }
    return String(line)
  }

  /// Takes bytes of the program.
  mutating func receive(_ bytes: some Sequence<UInt8>) {
    for byte in bytes {
      pending.append(byte)
      if pending[0] == 0x1B { sequence() } else { character() }
    }
  }

  private mutating func character() {
    if pending[0] < 0x80 {
      control(pending[0])
      pending = []
      return
    }
    let length = pending[0] >= 0xF0 ? 4 : pending[0] >= 0xE0 ? 3 : 2
    guard pending.count == length else { return }
    put(String(decoding: pending, as: UTF8.self).first ?? "?")
    pending = []
  }

  private mutating func control(_ byte: UInt8) {
    switch byte {
    case 0x0D: column = 0
    case 0x0A: lineFeed()
    case 0x08: column = max(column - 1, 0)
    case 0x09: column = min((column / 8 + 1) * 8, columns - 1)
    case 0x20...0x7E: put(Character(Unicode.Scalar(byte)))
    default: break
    }
  }

  private mutating func put(_ character: Character) {
    if let scalar = character.unicodeScalars.first, column > 0,
      scalar.properties.generalCategory == .nonspacingMark
    {
      let letter = cells[row][column - 1].character
      cells[row][column - 1].character = Character(String(letter) + String(character))
      return
    }
    if column >= columns {
      column = 0
      lineFeed()
    }
    cells[row][column] = (character, style)
    column += 1
  }

  private mutating func lineFeed() {
    if row < rows - 1 {
      row += 1
      return
    }
    above.append(Self.line(cells.removeFirst()))
    cells.append(Array(repeating: (" ", ""), count: columns))
  }

  private mutating func sequence() {
    guard pending.count > 1 else { return }
    switch pending[1] {
    case UInt8(ascii: "["):
      guard pending.count > 2, let last = pending.last, (0x40...0x7E).contains(last) else { return }
      let parameters = String(decoding: pending[2..<(pending.count - 1)], as: UTF8.self)
      command(Character(Unicode.Scalar(last)), parameters)
    case UInt8(ascii: "("), UInt8(ascii: ")"):
      guard pending.count > 2 else { return }
    case UInt8(ascii: "7"): saved = (row, column)
    case UInt8(ascii: "8"): (row, column) = saved
    default: break
    }
    pending = []
  }

  private mutating func command(_ final: Character, _ parameters: String) {
    let numbers = parameters.split(separator: ";", omittingEmptySubsequences: false).map { Int($0) }
    let count = max((numbers.first ?? nil) ?? 1, 1)
    column = min(column, columns)
    switch final {
    case "A": row = max(row - count, 0)
    case "B": row = min(row + count, rows - 1)
    case "C": column = min(column + count, columns - 1)
    case "D": column = max(min(column, columns - 1) - count, 0)
    case "G": column = min(count, columns) - 1
    case "H":
      row = min(count, rows) - 1
      column = min(numbers.count > 1 ? numbers[1] ?? 1 : 1, columns) - 1
    case "J": erase(display: (numbers.first ?? nil) ?? 0)
    case "K": for place in column..<max(columns, column) { cells[row][place] = (" ", "") }
    case "P":
      let removed = min(count, columns - column)
      cells[row].removeSubrange(column..<(column + removed))
      cells[row] += Array(repeating: (" ", ""), count: removed)
    case "@":
      for _ in 0..<count { cells[row].insert((" ", ""), at: column) }
      cells[row].removeLast(count)
    case "m": style = parameters == "0" || parameters.isEmpty ? "" : parameters
    default: break
    }
  }

  private mutating func erase(display mode: Int) {
    let blank = Array(repeating: (character: Character(" "), style: ""), count: columns)
    if mode == 2 {
      for line in cells.indices { cells[line] = blank }
      return
    }
    for place in min(column, columns)..<columns { cells[row][place] = (" ", "") }
    for line in cells.indices where line > row { cells[line] = blank }
  }
}
