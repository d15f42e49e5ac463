/// "Did you mean": the known words nearest to a misspelt one.

/// Nearness of words.
package enum Suggestions {
  /// Up to three of `candidates` that differ little from `word`, nearest first: at most two edits,
  /// one for words of up to three letters (Damerau–Levenshtein, neighbours may be swapped). Among
  /// equally near ones come first those with the same letters, of the same length, with the same
  /// first letter.
  package static func nearest(_ word: String, in candidates: some Sequence<String>) -> [String] {
    let letters = Array(word.unicodeScalars)
    let limit = letters.count <= 3 ? 1 : 2
    var found: [(String, Int)] = []
    var seen: Set<String> = []
    for candidate in candidates where seen.insert(candidate).inserted {
      let other = Array(candidate.unicodeScalars)
      guard abs(other.count - letters.count) <= limit, candidate != word else { continue }
      let d = distance(letters, other)
      if d <= limit, d < max(letters.count, other.count) { found.append((candidate, d)) }
    }
    let sorted = letters.sorted()
    func rank(_ entry: (String, Int)) -> (Int, Int, Int, Int, String) {
      let other = Array(entry.0.unicodeScalars)
      return (
        entry.1, other.sorted() == sorted ? 0 : 1, abs(other.count - letters.count),
        other.first == letters.first ? 0 : 1, entry.0
      )
    }
    return found.sorted { rank($0) < rank($1) }.prefix(3).map(\.0)
  }

  /// Number of insertions, deletions, replacements and swaps of neighbours.
  static func distance(_ a: [Unicode.Scalar], _ b: [Unicode.Scalar]) -> Int {
    if a.isEmpty || b.isEmpty { return max(a.count, b.count) }
    var before = [Int](repeating: 0, count: b.count + 1)
    var last = Array(0...b.count)
    for i in 1...a.count {
      var row = [Int](repeating: i, count: b.count + 1)
      for j in 1...b.count {
        let cost = a[i - 1] == b[j - 1] ? 0 : 1
        row[j] = min(last[j] + 1, row[j - 1] + 1, last[j - 1] + cost)
        if i > 1, j > 1, a[i - 1] == b[j - 2], a[i - 2] == b[j - 1] {
          row[j] = min(row[j], before[j - 2] + 1)
        }
      }
      before = last
      last = row
    }
    return last[b.count]
  }
}
