/// Lists of names with one line about each: the user's, the built-in ones, the library's.
import OptGraph
import OptLibrary
import OptSolvers
import OptSyntax

/// One line about names that are always there.
enum NameSummaries {
  /// What a constant is.
  static func constant(_ name: String, _ value: Value) -> String {
    switch name {
    case "e": return "the base of natural logarithms, 2.71828…"
    case "inf": return "infinity"
    case "nan": return "not a number: an undefined result, or a missing one"
    default: return "the circumference of a circle over its diameter, 3.14159…"
    }
  }

  /// `gd(rate = 0.01)` with all options and defaults.
  static func signature(_ entry: any CatalogueEntry) -> String {
    if entry.options.isEmpty { return entry.name }
    let options = entry.options.map { "\($0.name) = \($0.defaultValue)" }
    return "\(entry.name)(\(options.joined(separator: ", ")))"
  }

  /// Words of the grammar.
  static let words: [NameInfo] = {
    let listed = Words.keywords.union(Words.verbs).union(Words.clauses)
    return listed.sorted().map { word in
      NameInfo(name: word, kind: .keyword, summary: HelpTopic.find(word)?.summary ?? "")
    }
  }()

  /// Functions and constants that are built in.
  static let builtins: [NameInfo] =
    Builtins.functions.map { name, function in
      switch function.kind {
      case .builtin(let builtin):
        NameInfo(name: name, kind: .builtin, summary: builtin.summary)
      case .elementary(let id): NameInfo(name: name, kind: .builtin, summary: id.row.summary)
      default: NameInfo(name: name, kind: .builtin, summary: "")
      }
    }
    + Builtins.constants.map { name, value in
      NameInfo(name: name, kind: .builtin, summary: constant(name, value))
    }

  /// Methods of the catalogue and of the library.
  static let methods: [NameInfo] =
    CatalogueEntries.all.map { NameInfo(name: $0.name, kind: .method, summary: $0.summary) }
    + LibraryEntry.all.filter(\.isMethod).map {
      NameInfo(name: $0.name, kind: .method, summary: $0.summary)
    }

  /// Functions of the library.
  static let library: [NameInfo] = LibraryEntry.all.filter { !$0.isMethod }.map {
    NameInfo(name: $0.name, kind: .function, summary: $0.summary)
  }
}

extension Machine {
  /// The names the user defined, in the order of the alphabet.
  func userNames() -> [NameInfo] {
    user.setNames.filter { $0 != "ans" }.compactMap { name in
      guard let value = user.existing(name)?.value.pointee else { return nil }
      return info(name, value)
    }
  }

  /// A name with its value in short.
  func info(_ name: String, _ value: Value, _ kind: NameInfo.Kind = .variable) -> NameInfo {
    switch value {
    case .function(let function):
      var text = summary(of: function)
      if case .closure(let code, _) = function.kind {
        if let help = code.help, !help.isEmpty {
          text = help.firstLine
        } else {
          text = lines(of: function, 60).first ?? text
        }
      }
      return NameInfo(
        name: name, kind: kind == .field ? .field : .function, summary: Self.shortened(text))
    case .method(let method):
      return NameInfo(
        name: name, kind: kind == .field ? .field : .method, summary: description(of: method))
    default: return NameInfo(name: name, kind: kind, summary: Self.shortened(summary(value)))
    }
  }

  private static func shortened(_ text: String) -> String {
    text.count <= 60 ? text : text.prefix(59) + "…"
  }

  /// All names that can be used here; where two mean the same word, the one that is in force.
  func allNames() -> [NameInfo] {
    var seen: Set<String> = []
    let all =
      userNames() + NameSummaries.methods + NameSummaries.builtins + NameSummaries.library
      + NameSummaries.words
    return all.filter { seen.insert($0.name).inserted }.sorted { $0.name < $1.name }
  }

  // MARK: Searching

  /// Names and topics whose name or help holds all the words: those with a word in the name first,
  /// then those with it in the summary.
  func search(_ text: String) -> [NameInfo] {
    let words = text.lowercased().split { !$0.isLetter && !$0.isNumber && $0 != "_" }
    guard !words.isEmpty else { return [] }
    var ranked: [(rank: Int, info: NameInfo)] = []
    for info in allNames() + topicNames() {
      let (name, summary) = (info.name.lowercased(), info.summary.lowercased())
      var rank = words.contains { name == $0 } ? 0 : 4
      var holdsAll = true
      for word in words {
        if name.contains(word) {
          rank = min(rank, name.hasPrefix(word) ? 1 : 2)
        } else if summary.contains(word) {
          rank = min(rank, 3)
        } else if !body(info).contains(word) {
          holdsAll = false
          break
        }
      }
      if holdsAll { ranked.append((rank, info)) }
    }
    return ranked.sorted { ($0.rank, $0.info.name) < ($1.rank, $1.info.name) }.map(\.info)
  }

  /// Topics whose title is no word of the language.
  private func topicNames() -> [NameInfo] {
    HelpTopic.all.filter { !Words.all.contains($0.names[0]) }.map {
      NameInfo(name: $0.names[0], kind: .keyword, summary: $0.summary)
    }
  }

  /// The rest of the help, in which a search looks too.
  private func body(_ info: NameInfo) -> String {
    switch info.kind {
    case .function, .method:
      let entry = LibraryEntry.find(info.name)?.help ?? ""
      let method = CatalogueEntries.named(info.name)?.help ?? ""
      return (entry + " " + method).lowercased()
    case .keyword:
      guard let topic = HelpTopic.find(info.name) else { return "" }
      return (topic.text + " " + topic.names.joined(separator: " ")).lowercased()
    default: return ""
    }
  }
}
