/// Cells of files of separated values, each with its place, straight from the bytes.

/// Cuts a text into rows of cells: RFC 4180 with `,`, `;` or tab, any line ends, quoted cells over
/// several lines, and an optional byte order mark.
struct CSVReader {
  /// What is wrong with a file, and where.
  struct Problem: Error {
    let line: Int
    let message: String
    var help: String?
  }

  struct Cell {
    var start: Int
    var end: Int
    /// Whether quotes inside are doubled.
    var isEscaped = false
    var isQuoted = false
  }

  let bytes: [UInt8]
  private(set) var cells: [Cell] = []
  /// Cells in every row.
  private(set) var width = 0
  /// The line each row begins in.
  private(set) var lines: [Int] = []
  private var at = 0
  private var line = 1

  /// Reads all rows. `bytes` is valid UTF-8.
  init(_ bytes: [UInt8], separator: UInt8?) throws(Problem) {
    // A zero at the end stops the C library.
    self.bytes = bytes + [0]
    let end = bytes.count
    if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { at = 3 }
    let separator = separator ?? Self.guessedSeparator(bytes[at...])
    while at < end {
      if skipsBlankLine(end, separator) { continue }
      let first = cells.count
      let begin = line
      try readRow(end, separator)
      let count = cells.count - first
      if lines.isEmpty { width = count }
      guard count == width else {
        let noun = count == 1 ? "cell" : "cells"
        throw Problem(line: begin, message: "this row has \(count) \(noun), the first one \(width)")
      }
      lines.append(begin)
    }
  }

  /// The separator that is most frequent in the first line.
  private static func guessedSeparator(_ bytes: ArraySlice<UInt8>) -> UInt8 {
    var counts: [UInt8: Int] = [:]
    var isInside = false
    for byte in bytes {
      if byte == UInt8(ascii: "\"") { isInside.toggle() }
      if isInside { continue }
      if byte == UInt8(ascii: "\n") || byte == UInt8(ascii: "\r") { break }
      counts[byte, default: 0] += 1
    }
    var best = UInt8(ascii: ",")
    for candidate in [UInt8(ascii: ";"), UInt8(ascii: "\t")]
    where counts[candidate, default: 0] > counts[best, default: 0] { best = candidate }
    return best
  }

  private static func isSpace(_ byte: UInt8) -> Bool { byte == 32 || byte == 9 }

  private mutating func skipsBlankLine(_ end: Int, _ separator: UInt8) -> Bool {
    var k = at
    while k < end, Self.isSpace(bytes[k]), bytes[k] != separator { k += 1 }
    guard k == end || bytes[k] == UInt8(ascii: "\n") || bytes[k] == UInt8(ascii: "\r") else {
      return false
    }
    at = k
    endLine(end)
    return true
  }

  private mutating func endLine(_ end: Int) {
    guard at < end else { return }
    if bytes[at] == UInt8(ascii: "\r"), at + 1 < end, bytes[at + 1] == UInt8(ascii: "\n") {
      at += 1
    }
    at += 1
    line += 1
  }

  private mutating func readRow(_ end: Int, _ separator: UInt8) throws(Problem) {
    while true {
      while at < end, Self.isSpace(bytes[at]), bytes[at] != separator { at += 1 }
      if at < end, bytes[at] == UInt8(ascii: "\"") {
        try readQuoted(end, separator)
      } else {
        readPlain(end, separator)
      }
      guard at < end, bytes[at] == separator else { break }
      at += 1
    }
    endLine(end)
  }

  private mutating func readPlain(_ end: Int, _ separator: UInt8) {
    let start = at
    let stop = bytes.withUnsafeBufferPointer { bytes in
      var k = start
      while k < end {
        let byte = bytes[k]
        if byte == separator || byte == UInt8(ascii: "\n") || byte == UInt8(ascii: "\r") { break }
        k += 1
      }
      return k
    }
    at = stop
    var last = stop
    while last > start, Self.isSpace(bytes[last - 1]) { last -= 1 }
    cells.append(Cell(start: start, end: last))
  }

  private mutating func readQuoted(_ end: Int, _ separator: UInt8) throws(Problem) {
    let begin = line
    let quote = UInt8(ascii: "\"")
    at += 1
    var cell = Cell(start: at, end: at, isQuoted: true)
    while true {
      guard at < end else {
        throw Problem(line: begin, message: "the quote that opens in this row is not closed")
      }
      if bytes[at] == quote {
        guard at + 1 < end, bytes[at + 1] == quote else { break }
        cell.isEscaped = true
        at += 1
      } else if bytes[at] == UInt8(ascii: "\n")
        || (bytes[at] == UInt8(ascii: "\r") && bytes[at + 1] != UInt8(ascii: "\n"))
      {
        line += 1
      }
      at += 1
    }
    cell.end = at
    at += 1
    while at < end, Self.isSpace(bytes[at]), bytes[at] != separator { at += 1 }
    guard
      at == end || bytes[at] == separator || bytes[at] == UInt8(ascii: "\n")
        || bytes[at] == UInt8(ascii: "\r")
    else {
      throw Problem(
        line: line, message: "something stands between a closing quote and the end of the cell",
        help: "a quote inside a quoted cell is written twice")
    }
    cells.append(cell)
  }

  // MARK: Cells

  func text(_ cell: Cell) -> String {
    let text = String(decoding: bytes[cell.start..<cell.end], as: UTF8.self)
    guard cell.isEscaped else { return text }
    var result = ""
    var wasQuote = false
    for character in text {
      if character == "\"", wasQuote {
        wasQuote = false
        continue
      }
      wasQuote = character == "\""
      result.append(character)
    }
    return result
  }

  /// Whether the cell says that there is no value.
  func isMissing(_ cell: Cell) -> Bool {
    let count = cell.end - cell.start
    if count == 0 { return true }
    guard count <= 4 else { return false }
    switch text(cell).lowercased() {
    case "na", "n/a", "nan", "?", "null": return true
    default: return false
    }
  }

  /// The number of a cell; nil for anything else.
  func number(_ cell: Cell) -> Double? {
    bytes.withUnsafeBufferPointer { DecimalNumber.read($0, cell.start, cell.end) }
  }
}
