/// Reads the plain notation of the problem collections: `+ - * / ^`, calls, indices, comparisons.

/// A formula of the collections.
indirect enum NeutralFormula {
  case number(String)
  case name(String)
  case index(String, [NeutralFormula])
  case call(String, [NeutralFormula])
  case infix(String, NeutralFormula, NeutralFormula)
  case comparison(String, NeutralFormula, NeutralFormula)
  case negative(NeutralFormula)

  /// Where and why a text is not a formula.
  struct Failure: Error, CustomStringConvertible {
    var description: String
  }

  /// Reads a text.
  static func parse(_ text: String) throws -> NeutralFormula {
    var reader = NeutralReader(text)
    let formula = try reader.condition()
    guard reader.isAtEnd else { throw reader.failure("text after the formula") }
    return formula
  }
}

/// Reads one formula by recursive descent.
struct NeutralReader {
  private let characters: [Character]
  private var at = 0

  init(_ text: String) {
    characters = Array(text)
    skipBlanks()
  }

  var isAtEnd: Bool { at == characters.count }

  func failure(_ reason: String) -> NeutralFormula.Failure {
    NeutralFormula.Failure(description: "\(reason): \(String(characters[at...]))")
  }

  private mutating func skipBlanks() {
    while at < characters.count, characters[at].isWhitespace { at += 1 }
  }

  /// The first of the symbols that stands here; it is skipped.
  private mutating func accept(_ symbols: String...) -> String? {
    for symbol in symbols where characters[at...].starts(with: symbol) {
      at += symbol.count
      skipBlanks()
      return symbol
    }
    return nil
  }

  private mutating func expect(_ symbol: String) throws {
    if accept(symbol) == nil { throw failure("expected \(symbol)") }
  }

  mutating func condition() throws -> NeutralFormula {
    let left = try sum()
    guard let sign = accept("<=", ">=", "==", "!=", "<", ">") else { return left }
    return .comparison(sign, left, try sum())
  }

  private mutating func sum() throws -> NeutralFormula {
    var left = try product()
    while let sign = accept("+", "-") { left = .infix(sign, left, try product()) }
    return left
  }

  private mutating func product() throws -> NeutralFormula {
    var left = try signed()
    while let sign = accept("*", "/") { left = .infix(sign, left, try signed()) }
    return left
  }

  private mutating func signed() throws -> NeutralFormula {
    if accept("-") != nil { return .negative(try signed()) }
    if accept("+") != nil { return try signed() }
    return try power()
  }

  private mutating func power() throws -> NeutralFormula {
    let base = try atom()
    return accept("^") == nil ? base : .infix("^", base, try signed())
  }

  private mutating func atom() throws -> NeutralFormula {
    if accept("(") != nil {
      let inner = try condition()
      try expect(")")
      return inner
    }
    guard at < characters.count else { throw failure("the formula ends too early") }
    if characters[at].isNumber || characters[at] == "." { return .number(number()) }
    let name = word { $0.isLetter || $0.isNumber || $0 == "_" }
    guard !name.isEmpty else { throw failure("unexpected character") }
    if accept("(") != nil { return .call(name, try list(")")) }
    if accept("[") != nil { return .index(name, try list("]")) }
    return .name(name)
  }

  private mutating func list(_ close: String) throws -> [NeutralFormula] {
    var items: [NeutralFormula] = []
    while accept(close) == nil {
      if !items.isEmpty { try expect(",") }
      items.append(try condition())
    }
    return items
  }

  private mutating func word(_ belongs: (Character) -> Bool) -> String {
    let start = at
    while at < characters.count, belongs(characters[at]) { at += 1 }
    let text = String(characters[start..<at])
    skipBlanks()
    return text
  }

  private mutating func number() -> String {
    let start = at
    while at < characters.count, characters[at].isNumber || characters[at] == "." { at += 1 }
    if at < characters.count, characters[at] == "e" || characters[at] == "E" {
      var end = at + 1
      if end < characters.count, characters[end] == "-" || characters[end] == "+" { end += 1 }
      if end < characters.count, characters[end].isNumber {
        while end < characters.count, characters[end].isNumber { end += 1 }
        at = end
      }
    }
    let text = String(characters[start..<at]).lowercased()
    skipBlanks()
    return text
  }
}
