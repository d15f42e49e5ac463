/// Help on the language itself: sentences, statements, values, notation.

import OptSyntax

/// One topic that is not the name of a function.
package struct HelpTopic: Sendable {
  /// What it is asked for by; the first is its title.
  package let names: [String]
  /// How it is written, one form a line.
  package let usage: String
  /// One sentence.
  package let summary: String
  /// What else there is to say; may be empty.
  package let text: String
  /// A program that runs.
  package let example: String

  init(
    _ names: [String], _ usage: String, _ summary: String, _ text: String = "", example: String
  ) {
    self.names = names
    self.usage = usage
    self.summary = Self.isAvailable(names[0]) ? summary : summary + " Not available yet."
    self.text = text
    self.example = example
  }

  /// Whether the sentence or clause of that name can be run.
  private static func isAvailable(_ name: String) -> Bool {
    if let verb = Verb(rawValue: name) { return Sentences.form(verb) != nil }
    return !["over", "subject to"].contains(name)
  }

  /// The topic that a word asks for.
  package static func find(_ word: String) -> HelpTopic? {
    all.first { $0.names.contains(word) }
  }

  /// Every topic, sentences first.
  package static let all = sentences + statements + values + notation

  /// What `help` says without a topic.
  package static let overview = """
    Numbers, vectors, matrices   x = 2.5 · v = [1, 2, 3] · A = [1, 2; 3, 4] · 1:10
    Texts, records, lists        "x is {x:.3f}" · p = (W = A, b = 0), p.W · ["a", f]
    Functions                    f(x, y) = (1 - x)^2 + 100(y - x^2)^2 · x -> x^2
    Products                     2x · 2(x + 1) · A*v · elementwise: v.*w, v./w, v.^2
    Derivatives                  f' · f'' · ∇f(1, 2) · hessian(f)(1, 2)
                                 differentiate x^2 sin(x) by x
    Minima                       minimize f(x, y) from x = -1.2, y = 1
                                 … subject to x >= 0 … using bfgs … until steps = 50
    Data                         t = read("file.csv"), then
                                 fit y ~ a*x + b to t from a = 1, b = 0
    Pictures                     plot sin(x) over x in [0, 2π]
    Programs                     if · for · while · use "file.opt" · print(x)

    `help NAME` explains a name or a topic, `help "words"` searches. Topics:
    \(all.map { $0.names[0] }.filter { !Words.verbs.contains($0) }.wrapped(79))
    """
}

extension [String] {
  /// The words side by side in lines of at most `width` characters.
  fileprivate func wrapped(_ width: Int) -> String {
    var lines = [""]
    for word in self {
      let last = lines[lines.count - 1]
      if last.isEmpty {
        lines[lines.count - 1] = word
      } else if last.count + word.count + 3 > width {
        lines[lines.count - 1] += ","
        lines.append(word)
      } else {
        lines[lines.count - 1] += ", " + word
      }
    }
    return lines.joined(separator: "\n")
  }
}
