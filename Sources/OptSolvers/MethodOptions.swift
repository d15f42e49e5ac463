/// Options of methods and line searches: what can be given, and what was.

/// What an option may be set to.
package enum OptionValue: Sendable {
  case number(Double)
  case word(String)
  case search(any LineSearch)
}

/// The numbers that an option takes.
package struct OptionRange: Sendable {
  package var lower: Double
  package var upper: Double
  /// Without its ends.
  package var isOpen: Bool
  package var isWhole: Bool

  /// All numbers.
  package static let all = OptionRange(-.infinity, .infinity)
  package static let positive = OptionRange(0, .infinity, isOpen: true)

  package init(_ lower: Double, _ upper: Double, isOpen: Bool = false, isWhole: Bool = false) {
    self.lower = lower
    self.upper = upper
    self.isOpen = isOpen
    self.isWhole = isWhole
  }

  /// Whole numbers, ends included.
  package static func whole(_ lower: Int, _ upper: Int) -> OptionRange {
    OptionRange(Double(lower), Double(upper), isWhole: true)
  }

  package func contains(_ value: Double) -> Bool {
    if value.isNaN || isWhole && value != value.rounded() { return false }
    return isOpen ? value > lower && value < upper : value >= lower && value <= upper
  }

  /// In words, e.g. "a whole number from 1 to 1000", "a number above 0".
  package var text: String {
    let noun = isWhole ? "a whole number" : "a number"
    switch (lower.isFinite, upper.isFinite) {
    case (false, false): return noun
    case (true, false): return "\(noun) \(isOpen ? "above" : "of at least") \(Self.text(lower))"
    case (false, true): return "\(noun) \(isOpen ? "below" : "of at most") \(Self.text(upper))"
    case (true, true):
      return isOpen
        ? "\(noun) between \(Self.text(lower)) and \(Self.text(upper))"
        : "\(noun) from \(Self.text(lower)) to \(Self.text(upper))"
    }
  }

  private static func text(_ value: Double) -> String {
    Int(exactly: value).map(String.init) ?? "\(value)"
  }
}

/// An option with its default as text.
package struct OptionEntry: Sendable {
  /// What it takes.
  package enum Kind: Sendable {
    case number(OptionRange)
    /// One of these texts.
    case word([String])
    /// One of the line searches with these names.
    case search([String])
  }

  package var name: String
  package var defaultValue: String
  package var doc: String
  package var kind: Kind

  package init(
    name: String, defaultValue: String, doc: String, kind: Kind = .number(.all)
  ) {
    self.name = name
    self.defaultValue = defaultValue
    self.doc = doc
    self.kind = kind
  }

  /// What may be given, in words.
  package var allowed: String {
    switch kind {
    case .number(let range): return range.text
    case .word(let words): return "one of " + words.map { "\"\($0)\"" }.joined(separator: ", ")
    case .search(let names): return "one of the line searches " + names.joined(separator: ", ")
    }
  }
}

/// The options that were given; others keep their defaults.
package struct MethodOptions: Sendable, ExpressibleByDictionaryLiteral {
  private var values: [String: OptionValue] = [:]

  package init(dictionaryLiteral elements: (String, Double)...) {
    for (name, value) in elements { values[name] = .number(value) }
  }

  package init(_ values: [String: OptionValue]) { self.values = values }

  package var isEmpty: Bool { values.isEmpty }

  /// Whatever was given.
  package func value(_ name: String) -> OptionValue? { values[name] }

  /// A number, if one was given.
  package subscript(_ name: String) -> Double? {
    if case .number(let number)? = values[name] { return number }
    return nil
  }

  /// A number within `range`; the fallback if there is none or it is odd.
  package func number(_ name: String, _ range: OptionRange, _ fallback: Double) -> Double {
    guard let number = self[name], range.contains(number) else { return fallback }
    return number
  }

  package func whole(_ name: String, _ range: OptionRange, _ fallback: Int) -> Int {
    Int(exactly: number(name, range, Double(fallback))) ?? fallback
  }

  package func word(_ name: String) -> String? {
    if case .word(let word)? = values[name] { return word }
    return nil
  }

  package func search(_ name: String) -> (any LineSearch)? {
    if case .search(let search)? = values[name] { return search }
    return nil
  }
}

/// What the catalogues say about a method or a line search.
package protocol CatalogueEntry: Sendable {
  var name: String { get }
  /// One line, lower case, for lists.
  var summary: String { get }
  /// A paragraph for `help NAME`.
  var help: String { get }
  var options: [OptionEntry] { get }
}

/// Methods and line searches together, for help and completion.
package enum CatalogueEntries {
  package static let all: [any CatalogueEntry] =
    MethodCatalogue.entries + LineSearchCatalogue.entries

  package static func named(_ name: String) -> (any CatalogueEntry)? {
    all.first { $0.name == name }
  }
}
