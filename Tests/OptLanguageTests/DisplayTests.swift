/// Every kind of value as it is shown.
import OptLanguage
import OptSyntax
import Testing

/// A session that remembers what it tells.
final class Listener {
  private(set) var session: Session
  private let told: Told

  private final class Told { var events: [SessionEvent] = [] }

  init(_ options: SessionOptions = SessionOptions()) {
    let told = Told()
    self.told = told
    session = Session(options) { told.events.append($0) }
  }

  /// What running a text shows, prints and reports, a line each.
  func lines(_ text: String) -> [String] {
    told.events = []
    _ = session.run(text, name: "<test>")
    return told.events.compactMap { event in
      switch event {
      case .shown(let text, let json): json.isEmpty ? text : json
      case .printed(let text): text
      case .diagnostic(let diagnostic): "\(diagnostic.severity.rawValue): \(diagnostic.message)"
      case .progress: nil
      }
    }
  }

  /// The last of them.
  func last(_ text: String) -> String { lines(text).last ?? "" }
}

struct DisplayTests {
  @Test(arguments: [
    ("24.2", "24.2"), ("1/3", "0.333333"), ("0.1 + 0.2", "0.3"), ("-0.0", "0"), ("0/0", "nan"),
    ("-1/0", "-inf"), ("123456789", "123456789"), ("1e-7", "1e-7"), ("1e300", "1e300"),
    ("1234567.25", "1.23457e6"), ("true", "true"), ("1 < 0", "false"), ("nothing; 1", "1"),
    ("[1, 2, 3]", "[1, 2, 3]"), ("[1, 2, 3]'", "[1, 2, 3]'"), ("[]", "[]"),
    ("[1, 2] > 1", "[false, true]"), ("[0.5, nan, inf]", "[0.5, nan, inf]"),
    ("\"a\\n\\t\\\"b\\\" \\{ \\\\ π\"", "\"a\\n\\t\\\"b\\\" \\{ \\\\ π\""),
    ("(x = -215.6, y = -88)", "(x = -215.6, y = -88)"),
    ("(W = [1, 2; 3, 4], b = 0)", "(W = [1, 2; 3, 4], b = 0)"),
    ("[\"a\", x -> x^2, [1, 2]]", "[\"a\", x -> x^2, [1, 2]]"),
    ("[\"a\", sin, gd]", "[\"a\", sin(x), gd]"),
  ])
  func onOneLine(_ text: String, _ expected: String) {
    #expect(Listener().last(text) == expected)
  }

  @Test(arguments: [
    (
      "1:200", 80,
      "[1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, … 181 more]"
    ),
    ("(1:50)'", 30, "[1, 2, 3, 4, 5, 6, … 44 more]'"),
    ("1e-9*(1:50)", 10, "[1e-9, … 49 more]"),
    ("(1:5)/7", 200, "[0.142857, 0.285714, 0.428571, 0.571429, 0.714286]"),
  ])
  func longVectors(_ text: String, _ width: Int, _ expected: String) {
    var options = SessionOptions()
    options.width = width
    #expect(Listener(options).last(text) == expected)
  }

  @Test func vectorsInAPipe() {
    let shown = Listener().last("1:2000")
    #expect(shown.hasSuffix("more]") && shown.count <= 80)
  }

  @Test(arguments: [
    ("[1, 2; 3, 4]", "2×2 matrix\n  1  2\n  3  4"),
    ("[1.5, 200; -3.25, 4]", "2×2 matrix\n   1.5   200\n  -3.25    4"),
    ("[1, 2; 3, 4] > 2", "2×2 mask\n  0  0\n  1  1"),
    ("[1e-7, 2e-7; 3e-8, 4e-7]", "2×2 matrix, in units of 1e-7\n  1    2\n  0.3  4"),
    ("[1, 1e-9; nan, 10]", "2×2 matrix\n    1   1e-9\n  nan  10"),
    (
      "(W = [1, 2; 3, 4; 5, 6; 7, 8; 9, 10; 11, 12; 13, 14; 15, 16; 17, 18], b = 0)",
      "(\n  W = 9×2 matrix,\n  b = 0\n)"
    ),
  ])
  func matrices(_ text: String, _ expected: String) {
    #expect(Listener().last(text) == expected)
  }

  @Test func largeMatricesByTheirCorners() {
    var options = SessionOptions()
    options.width = 60
    let lines = Listener(options).last("[i + j/10 for i in 1:20, j in 1:30]").split(
      separator: "\n")
    #expect(lines[0] == "20×30 matrix")
    #expect(lines.count == 1 + 12)
    #expect(lines.allSatisfy { $0.count <= 60 })
    #expect(lines[1].contains("⋯") && lines[1].hasSuffix("4"))
    #expect(lines[7].contains("⋮"))
    #expect(lines[12].hasPrefix("  20.1"))
  }

  @Test(arguments: [
    ("f(x, y) = (1 - x)^2 + 100(y - x^2)^2\nf", "f(x, y) = (1 - x)^2 + 100(y - x^2)^2"),
    ("## Help.\nf(x, a = 2) = a x\nf", "f(x, a = 2) = a x"),
    ("g(x) = x^3 sin(x)\ng'", "g'(x) = 3x² sin(x) + x³ cos(x)"),
    ("g(x) = x^2\ng''", "g''(x) = 2"),
    ("f(x, y) = x^2 + 3y\n∇f", "∇f(x, y) = (x = 2x, y = 3)"),
    ("f(x, y) = x^2 + y^2\nhessian(f)", "hessian(f)(x, y) = [2, 0; 0, 2]"),
    ("q(W, x) = sum((W*x).^2)\n∇q", "∇q(W, x) = (W = 2W x xᵀ, x = 2Wᵀ W x)"),
    ("q(v) = v'*v\nt(v) = q(v)\n∇t", "∇t(v) = 2v"),
    ("s(x) = sum(k x for k in 1:3)\ns'", "s'(x) = 6"),
    ("sin'", "sin'(x) = cos(x)"), ("(x -> x^3)'", "x -> 3x²"),
    ("h(x) = if x > 0 then x^2 else -x\nh'", "h'(x) = if x > 0 then 2x else -1"),
    ("n(v) = sum(v[i]^2 for i in 1:length(v))\n∇n", "∇n(v) = [2v[i] for i in 1:length(v)]"),
    ("w(x) = { while x > 1 { x = x/2 }; x }\nw'", "w', a function of x"),
    ("p(x) = { print(\"called\"); x^2 }\np'", "p'(x) = 2x"),
    ("hvp(x -> x^2)", "hvp(f), a function of x"),
    ("sin", "sin(x): Sine, in radians."),
    (
      "gd(rate = 0.1)",
      "gd(rate = 0.1): gradient descent: fixed rate, line search or Barzilai-Borwein"
    ),
  ])
  func functions(_ text: String, _ expected: String) {
    #expect(Listener().lines(text) == [expected])
  }

  @Test func longDefinitionsAreCut() {
    let body = (1...40).map { "y\($0) = x" }.joined(separator: "\n  ")
    let lines = Listener().last("f(x) = {\n  \(body)\n}\nf").split(separator: "\n")
    #expect(lines.count == 13 && lines.last == "… 30 more lines")
  }

  @Test func deepValuesAreCut() {
    let text = Listener().last("a = [1, \"x\"]\nfor i in 1:50 { a = [a, \"x\"] }\na")
    #expect(text.contains("[…]"))
  }

  @Test func digits() {
    var options = SessionOptions()
    options.digits = 3
    #expect(Listener(options).last("1/3") == "0.333")
    #expect(Listener().session.described("1/3") == "0.3333333333333333")
    #expect(Listener().session.described("1:30")?.contains("…") == false)
    #expect(Listener().session.described("1 +") == nil)
  }

  @Test(arguments: [
    ("\"{1/3}\"", "0.333333"), ("\"{1/3:.3f}|{3:5d}|{3:-5d}|\"", "0.333|    3|3    |"),
    ("\"{1234.5:.2e} {1/3:.17g} {255:x}\"", "1.23e+03 0.33333333333333331 ff"),
    ("\"{[1, 2]:.1f} {[1, 2; 3, 4]:d}\"", "[1.0, 2.0] [1, 2; 3, 4]"),
    ("t = \"ab\"; \"{t} {t:5s}|{t:-5s}|{t:.1s}\"", "ab    ab|ab   |a"),
    ("\"{[1, 2; 3, 4]} {(a = 1)} {true} {-0.0}\"", "[1, 2; 3, 4] (a = 1) true 0"),
    ("\"{(a = 1, b = [1, 2]):.2f}\"", "(a = 1.00, b = [1.00, 2.00])"),
    ("\"{1e300*1e300:.2f} {1e20:d}\"", "inf 100000000000000000000"),
    ("\"{+1:+d} {7:03d}\"", "+1 007"),
  ])
  func formats(_ text: String, _ expected: String) {
    #expect(Listener().last(text) == "\"\(expected)\"")
  }

  @Test(arguments: [
    ("\"{2.5:d}\"", "error: the format `d` is for whole numbers, found 2.5"),
    ("\"{nan:d}\"", "error: the format `d` is for whole numbers, found nan"),
    ("\"{-1:x}\"", "error: the format `x` is for a whole number not below 0, found -1"),
    ("t = \"a\"; \"{t:.3f}\"", "error: the format `.3f` is for numbers, found a text"),
    ("\"{1:.201f}\"", "error: the format `.201f` asks for more than 200 characters"),
    (
      "\"{1:99999999999999999999d}\"",
      "error: the format `99999999999999999999d` asks for more than 200 characters"
    ),
    ("\"{1:.1.1f}\"", "error: `.1.1f` is not a format"),
  ])
  func wrongFormats(_ text: String, _ expected: String) {
    #expect(Listener().last(text) == expected)
  }

  @Test func largestFormats() {
    let text = Listener().last("\"{1e308:.200f}\"")
    #expect(text.count == 2 + 309 + 201)
  }
}
