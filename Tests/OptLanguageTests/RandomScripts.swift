/// Programs that nobody would write: random calls with odd values, and mutilated transcripts.
import Foundation
import OptGraph
import OptLanguage
import OptLibrary

/// Makes programs from a seed; the same seed gives the same programs.
struct RandomScripts {
  private var state: UInt64

  init(seed: UInt64) { state = seed &* 0x9E37_79B9_7F4A_7C15 }

  /// Names that can be called. What writes files stays out.
  static let callable: [String] =
    (Builtins.list.map(\.name) + ElementaryFunctions.table.filter { !$0.isOperator }.map(\.name)
    + Library.definitions.keys).filter { $0 != "write" }.sorted()

  /// Defined before every program.
  static let prelude = """
    x = 2; y = -1; v = [1, 2, 3]; A = [2, 1; 1, 3]; n = 3; s = "text"
    p = (a = 1, b = [1, 2], c = (d = 3, e = "in"))
    l = [1, "a", [1, 2], sin]
    f(x) = x^2 + 1
    g(x, y = 2) = x y
    h(v) = sum(v.^2)
    rec(x) = rec(x + 1)
    k = 2
    t = read("\(folder)/data/plain.csv")
    r = minimize (x - 1)^2 from x = 0;
    """

  /// Values that programs do not expect.
  private static let odd = [
    "0", "1", "-1", "2", "3", "0.5", "-2.5", "1e300", "-1e300", "1e-300", "nan", "inf", "-inf",
    "1e15", "1e19", "true", "false", "nothing", "\"\"", "\"abc\"", "\"1e3\"", "[]", "[1]",
    "[1, 2, 3]", "[3, 1, 2]'", "[nan, 1]", "[inf, -inf]", "[1, 2; 3, 4]", "[1, nan; 2, 3]",
    "[1, 2; 2, 4]", "zeros(0, 3)", "zeros(3, 0)", "zeros(2, 2)", "1:0", "1:6", "(1:6)'", "1:1e15",
    "[true, false, true]", "v > 1", "A > 1", "(a = 1)", "(a = [1, 2], b = (c = 3))",
    "(a = \"x\")", "[\"a\", \"b\"]", "[[1, 2], [3, 4]]", "[sin, x -> x]", "sin", "sum", "max",
    "print", "(x -> x)", "((x, y) -> x)", "(() -> 1)", "(x -> x > 1)", "(x -> \"a\")",
    "(x -> [x, x])", "f",
    "g", "h", "rec", "f'", "∇h", "hessian(h)", "bfgs", "gd(rate = 0.1)", "adam", "t", "r",
    "r.trace",
    "???", "x", "y", "v", "A", "n", "s", "p", "l", "p.b", "l[3]", "unknown", "e", "π",
  ]
  private static let operators = [
    "+", "-", "*", ".*", "==",
    "+", "-", "*", "/", "\\", ".*", "./", "^", ".^", "==", "!=", "<", "<=", ">", ">=", "and", "or",
    "in", "|>", ":", " ",
  ]
  private static let formats = ["", ":d", ":.3f", ":5s", ":x", ":.17g", ":-8e", ":.99999f", ":q"]

  // MARK: Choices

  private mutating func next(_ count: Int) -> Int {
    state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
    let mixed = (state ^ (state >> 33)) &* 0xFF51_AFD7_ED55_8CCD
    return Int((mixed >> 33) % UInt64(max(count, 1)))
  }

  private mutating func pick(_ list: [String]) -> String { list[next(list.count)] }

  // MARK: Programs

  /// A program of a few statements.
  mutating func program() -> String {
    (0...next(3)).map { _ in statement() }.joined(separator: "\n")
  }

  /// An expression with at most `depth` levels.
  mutating func expression(_ depth: Int) -> String {
    if depth <= 0 { return pick(Self.odd) }
    func inner(_ me: inout Self) -> String { me.expression(depth - 1) }
    switch next(20) {
    case 0...2: return pick(Self.odd)
    case 3...5: return "(\(inner(&self)) \(pick(Self.operators)) \(inner(&self)))"
    case 6...9: return pick(Self.callable) + "(\(arguments(depth)))"
    case 10: return "\(pick(["v", "A", "l", "t", "p", "s", "r", "n"]))[\(indices(depth))]"
    case 11:
      let condition = next(2) == 0 ? " if \(self.condition(depth))" : ""
      return "[\(inner(&self)) for k in \(inner(&self))\(condition)]"
    case 12:
      return "sum(\(inner(&self)) for k in \(pick(["1:6", "v", "1:n", "t", "l", inner(&self)])))"
    case 13: return "(if \(condition(depth)) then \(inner(&self)) else \(inner(&self)))"
    case 14: return "{ w = \(inner(&self)); w[\(indices(depth))] = \(inner(&self)); w }"
    case 15: return "\"{\(inner(&self))\(pick(Self.formats))}\""
    case 16:
      return "\(pick(["f", "g", "h", "sin", "max", "(k -> k)", "p"])).(\(expression(depth - 1)))"
    case 17:
      return "\(pick(["∇f", "∇g", "∇h", "f'", "f''", "hessian(h)", "jacobian(f)"]))"
        + "(\(arguments(depth)))"
    case 18: return "(\(sentence(depth)))"
    default: return "(-\(inner(&self)))'"
    }
  }

  private mutating func arguments(_ depth: Int) -> String {
    var parts = (0..<next(4)).map { _ in expression(depth - 1) }
    if next(6) == 0 { parts.append("\(pick(["axis", "x", "n", "rate"])) = \(pick(Self.odd))") }
    return parts.joined(separator: ", ")
  }

  private mutating func indices(_ depth: Int) -> String {
    (0...next(2)).map { _ in
      pick([":", "end", "1", "x", "k", "1:2", "2:end", "[2, 1]", "v > 1", expression(depth - 1)])
    }.joined(separator: ", ")
  }

  /// Mostly a boolean.
  private mutating func condition(_ depth: Int) -> String {
    if next(6) == 0 { return expression(depth - 1) }
    let (a, b) = (expression(depth - 1), expression(depth - 1))
    return next(3) == 0
      ? "all(\(a) > \(b))" : "\(pick(["x", "k", "sum(x)", a])) \(pick(["<", ">=", "=="])) \(b)"
  }

  private mutating func sentence(_ depth: Int) -> String {
    let cost = expression(depth - 1)
    switch next(6) {
    case 0: return "check \(cost) + 0x at x = \(pick(Self.odd))"
    case 1: return "differentiate \(cost) + x^2 by x"
    case 2: return "maximize \(cost) - x^2 from x = \(pick(Self.odd)) until steps = 3"
    case 3:
      return "minimize \(cost) + x^2 from x = \(pick(Self.odd)) using \(pick(Self.odd)) "
        + "until steps = \(pick(Self.odd)), evaluations = 20"
    default: return "minimize \(cost) + x^2 from x = 1 until steps = 3"
    }
  }

  private mutating func statement() -> String {
    switch next(12) {
    case 0: return "\(pick(["x", "v", "p", "f", "sum", "e"])) = \(expression(2))"
    case 1: return "\(pick(["v", "A", "l", "p.b", "p.c", "t"]))[\(indices(2))] = \(expression(1))"
    case 2: return "p.\(pick(["a", "b", "zz"])) = \(expression(2))"
    case 3: return "for k in \(expression(1)) { print(k); x = \(expression(2)) }"
    case 4: return "while \(condition(1)) { \(expression(2)); break }"
    // What happens while a function is differentiated.
    case 5...7:
      return "q(x) = { z = x; for k in 1:6 { if \(condition(1)) { z = z + \(expression(2)) } }; "
        + "z }\nq\(pick(["'(2)", "'(0)", "([1, 2])", "'"]))"
    case 8: return "∇(w -> \(expression(2)) + sum(w))(\(pick(Self.odd)))"
    case 9: return sentence(3)
    default: return expression(3)
    }
  }

  // MARK: Mutilated transcripts

  static let folder = URL(filePath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent().appending(path: "GoldenTests/Transcripts").path()

  /// The transcripts, cut into pieces: words, numbers, signs, blanks.
  static let transcripts: [[String]] = {
    let files = FileManager.default.enumerator(atPath: folder)?.allObjects as? [String] ?? []
    return files.filter { $0.hasSuffix(".opt") }.sorted().compactMap { name in
      guard let text = try? String(contentsOfFile: folder + "/" + name, encoding: .utf8),
        text.utf8.count < 3000, !text.contains("write(")
      else { return nil }
      return text.matches(of: #/[\w₀-₉]+|\s+|[^\w\s]/#).map { String($0.output) }
    }
  }()

  /// A transcript in which some pieces are missing, doubled or replaced.
  mutating func mutilated() -> String {
    guard !Self.transcripts.isEmpty else { return "" }
    var pieces = Self.transcripts[next(Self.transcripts.count)]
    let start = next(max(pieces.count - 60, 1))
    pieces = Array(pieces[start..<min(start + 60, pieces.count)])
    for _ in 0...next(4) where !pieces.isEmpty {
      let k = next(pieces.count)
      switch next(5) {
      case 0: pieces.remove(at: k)
      case 1: pieces.insert(pieces[next(pieces.count)], at: k)
      case 2: pieces.swapAt(k, next(pieces.count))
      case 3: pieces[k] = pick(Self.odd)
      default: pieces[k] = pick(Self.operators)
      }
    }
    return pieces.joined()
  }
}
