/// What Tab offers: commands after `:`, symbols after `\`, files in texts, otherwise names.

import OptLanguage
import OptPrompt

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// Completion at the prompt.
struct PromptCompletion {
  let session: Session

  /// What could stand at the end of a text; the start of the word counts Unicode scalars.
  func candidates(for text: String) -> (start: Int, candidates: [Candidate]) {
    let line = text.split(separator: "\n", omittingEmptySubsequences: false).last ?? ""
    if let symbols = symbols(line) { return place(symbols.word, symbols.found, in: text) }
    if line.hasPrefix(":") || line.hasPrefix("?") { return command(text, line: String(line)) }
    if let path = openText(line) { return place(path, files(path), in: text) }
    return names(text)
  }

  private func place(_ word: String, _ found: [Candidate], in text: String)
    -> (start: Int, candidates: [Candidate])
  {
    (text.unicodeScalars.count - word.unicodeScalars.count, found)
  }

  private func names(_ text: String) -> (start: Int, candidates: [Candidate]) {
    let (start, found) = session.completions(text)
    return (
      String(text.prefix(start)).unicodeScalars.count,
      found.map { Candidate($0.name, detail: $0.summary) }
    )
  }

  // MARK: Symbols

  /// `\alpha` and the beginnings of such words.
  private func symbols(_ line: Substring) -> (word: String, found: [Candidate])? {
    guard let backslash = line.lastIndex(of: "\\") else { return nil }
    let name = line[line.index(after: backslash)...]
    guard !name.isEmpty, name.allSatisfy({ $0.isLetter || $0.isNumber || "^_-".contains($0) })
    else { return nil }
    let found = Symbols.all.filter { $0.name.hasPrefix(name) }
    guard !found.isEmpty else { return nil }
    return (
      String(line[backslash...]),
      found.map { Candidate("\\" + $0.name, replacement: $0.symbol, detail: $0.symbol) }
    )
  }

  // MARK: Commands

  private func command(_ text: String, line: String) -> (start: Int, candidates: [Candidate]) {
    let isQuestion = line.hasPrefix("?")
    let split = isQuestion ? line.firstIndex { $0 != "?" } : line.firstIndex(of: " ")
    guard let split else {
      if isQuestion { return names(text + " ") }
      let found = PromptCommand.all.filter { (":" + $0.name).hasPrefix(line) }
      return place(line, found.map { Candidate(":" + $0.name, detail: $0.summary) }, in: text)
    }
    let argument = line[split...].drop { $0 == " " }
    let word = argument.split(separator: " ", omittingEmptySubsequences: false).last ?? ""
    let command = isQuestion ? PromptCommand.help : PromptCommand.find(String(line[..<split]))
    switch command?.argument {
    case .file: return place(String(argument), files(String(argument)), in: text)
    case .words(let words):
      let found = words.filter { $0.hasPrefix(word) }.map { Candidate($0) }
      return place(String(word), found, in: text)
    case .topic:
      let found = topics().filter { $0.text.hasPrefix(word) }
      return place(String(word), found, in: text)
    case .expression:
      let (start, found) = names(String(argument))
      return (text.unicodeScalars.count - argument.unicodeScalars.count + start, found)
    case .nothing, nil: return (text.unicodeScalars.count, [])
    }
  }

  private func topics() -> [Candidate] {
    session.allNames().map { Candidate($0.name, detail: $0.summary) }
      + PromptCommand.all.map { Candidate(":" + $0.name, detail: $0.summary) }
  }

  // MARK: Files

  /// What stands in a text that is still open at the end of a line.
  private func openText(_ line: Substring) -> String? {
    var start: Substring.Index?
    var isEscaped = false
    for index in line.indices {
      if isEscaped {
        isEscaped = false
      } else if line[index] == "\\" {
        isEscaped = true
      } else if line[index] == "\"" {
        start = start == nil ? line.index(after: index) : nil
      } else if line[index] == "#", start == nil {
        return nil
      }
    }
    return start.map { String(line[$0...]) }
  }

  /// The files whose path begins like this.
  private func files(_ path: String) -> [Candidate] {
    let split = path.lastIndex(of: "/").map { path.index(after: $0) } ?? path.startIndex
    let shown = String(path[..<split])
    let beginning = path[split...]
    var folder = shown.isEmpty ? "." : shown
    if folder.hasPrefix("~/"), let home = Terminal.environment("HOME") {
      folder = home + folder.dropFirst()
    }
    guard let stream = opendir(folder) else { return [] }
    defer { closedir(stream) }
    var found: [Candidate] = []
    while let entry = readdir(stream) {
      let name = withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
        String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
      }
      guard name.hasPrefix(beginning), !name.hasPrefix(".") || beginning.hasPrefix(".") else {
        continue
      }
      var status = stat()
      let isFolder =
        stat(folder + "/" + name, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
      found.append(Candidate(shown + name + (isFolder ? "/" : "")))
    }
    return found.sorted { $0.text < $1.text }
  }
}
