/// Names that are defined nowhere are found without running a file, and no others.
import Foundation
import OptLanguage
import OptSyntax
import Testing

struct NameCheckTests {
  private func messages(_ text: String) -> [String] {
    Session { _ in }.check(text, name: "file.opt").map(\.message)
  }

  @Test(arguments: [
    "x = 1\ny = x + pi", "f(x) = x + later\nlater = 3", "f(x, a = 2) = { b = a x; b + f(b) }",
    "g = (x, y) -> x + y", "[i + j for i in 1:3, j in 1:i if j > 1]", "sum(k for k in 1:3)",
    "for i in 1:3 { s = i }\ns", "if true { t = 1 }\nt",
    "minimize (x - 3)^2 + y from x = 0, y = 0 subject to x >= y until steps = 3, gradient < 1",
    "r = minimize huber(x, 0) from x ~ uniform(-1, 1) using global\nr.x",
    "d = (X = [1, 2])\nminimize mean(b.X*w) over b in batches(d, 1) from w = 0",
    "differentiate a*x^2 by x", "simplify q + q", "plot sin(t) over t in [0, 2π]",
    "t = (x = [1], y = [1])\nfit y ~ a*x + b to t from a = 1, b = 0",
    "solve cos(x) == x from x = 1", "check x^2 at x = 1", "explain differentiate z^2 by z",
    "outer(x) = { inner(y) = x + y; inner(1) }", "p = (a = 1)\np.a = 2\nuse losses",
    "f(x) = { if x > 0 { z = 1 }; z }", "1 + 2\nans", "\"{pi:.2f}\"", "x -> { y = x; y }",
    "substitute x^2 + y with x = 2", "taylor exp(x) by x at 0 to 4", "length(arguments)",
  ])
  func known(_ text: String) {
    #expect(messages(text) == [])
  }

  @Test(arguments: [
    ("x = y", "y"), ("f(x) = x + zz", "zz"), ("[i for i in 1:3]\ni", "i"),
    ("for i in 1:3 { 1 }\ni", "i"), ("minimize x^2 from x = q", "q"),
    ("minimize x^2 + k from x = 0", "k"), ("differentiate qq(x) by x", "qq"),
    ("f(x) = { y = x; y }\ny", "y"), ("\"{nope}\"", "nope"),
    ("minimize x^2 from x = 0 using nix", "nix"),
    ("plot sin(t) over t in [0, top]", "top"), ("x[1] = 2; g = v -> w", "w"),
    ("minimize x^2 from x = 0\nx", "x"),
  ])
  func unknown(_ text: String, _ name: String) {
    #expect(messages(text).contains("unknown name `\(name)`"))
  }

  @Test func suggestions() {
    let found = Session { _ in }.check("rosenbrok(x) = 1\nrosenbrokk(2)", name: "f.opt")
    #expect(found.first?.help?.contains("rosenbrok") == true)
    #expect(Session { _ in }.check("len(1)", name: "f.opt").first?.help?.contains("length") == true)
  }

  @Test func everyErrorOnceAndInOrder() {
    #expect(messages("b + a + b\nc") == ["b", "a", "c"].map { "unknown name `\($0)`" })
    #expect(messages("use nosuch").first == "there is no library module `nosuch`")
    #expect(messages("use \"no/such.opt\"").first?.hasPrefix("cannot read") == true)
  }

  @Test func usedFilesDefineNames() throws {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent(
      "names-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    try Data("use \"b.opt\"\nfrom_a = 1".utf8).write(to: folder.appendingPathComponent("a.opt"))
    try Data("use \"a.opt\"\nfrom_b(x) = x".utf8).write(to: folder.appendingPathComponent("b.opt"))
    let found = Session { _ in }.check(
      "use \"a.opt\"\nfrom_b(from_a) + from_c", name: folder.path + "/main.opt")
    #expect(found.map(\.message) == ["unknown name `from_c`"])
  }

  @Test func longChains() {
    let text = "x = 1\n" + String(repeating: "x + ", count: 300_000) + "oops"
    #expect(messages(text) == ["unknown name `oops`"])
  }

  @Test func nothingRuns() {
    let listener = Listener()
    #expect(listener.session.check("print(\"ran\")\nwhile true { 1 }", name: "f.opt") == [])
  }
}
