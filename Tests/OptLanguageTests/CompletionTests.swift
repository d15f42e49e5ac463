/// What Tab offers in the places where it is pressed.
import OptLanguage
import Testing

struct CompletionTests {
  private func session() -> Session {
    let listener = Listener()
    _ = listener.lines(
      """
      rosen(x, y) = (1 - x)^2 + 100(y - x^2)^2
      scale(v, gain = 2, shift = 0) = gain*v + shift
      p = (weights = [1, 2], bias = 0, inner = (depth = 1))
      mine = gd(rate = 0.1)
      total = 3
      """)
    return listener.session
  }

  private func names(_ text: String) -> [String] {
    session().completions(text).candidates.map(\.name)
  }

  @Test(arguments: [
    ("tot", "total"), ("ro", "rosen"), ("mini", "minimize"), ("wh", "while"), ("x = tanh", "tanh"),
    ("p.we", "weights"), ("p.", "bias"), ("p.inner.", "depth"), ("2p.b", "bias"),
    ("scale(v, sh", "shift = "), ("scale(", "gain = "), ("sum([1, 2], ax", "axis = "),
    ("minimize rosen(x, y) from x = 0 using bf", "bfgs"),
    ("minimize rosen(x, y) from x = 0 using mi", "mine"),
    ("minimize rosen(x, y) from x = 0 using gd(", "rate = "),
    ("minimize rosen(x, y) from x = 0 using ad", "adam"),
    ("minimize rosen(u, v) from ", "u"), ("minimize rosen(u, v) from u = 0, ", "v"),
    ("differentiate a^2 by ", "a"), ("minimize x^2 from x = 0 until st", "steps"),
    ("minimize x^2 ", "from"), ("minimize x^2 fr", "from"),
    ("minimize x^2 from x = 0 su", "subject to"),
    ("use lo", "losses"), ("help rec", "records"), ("y = 3\nto", "total"),
    ("f(x) = { tot", "total"), ("TOT", "total"), ("r = mini", "minimize"),
    ("minimize x^2\n  fr", "from"), ("[tot", "total"), ("hub", "huber"),
  ])
  func offers(_ text: String, _ name: String) {
    #expect(names(text).contains(name))
  }

  @Test(arguments: [
    ("\"tot", "total"), ("# tot", "total"), ("p.", "total"), ("q.", "bias"), ("2 mini", "minimize"),
    ("minimize rosen(u, v) from ", "rosen"), ("scale(v, gain = 1, fa", "gain = "),
    ("tanh(1).x", "x"),
    ("minimize x^2 from x = 0 using b", "beale"),
  ])
  func doesNotOffer(_ text: String, _ name: String) {
    #expect(!names(text).contains(name))
  }

  @Test func startsCountCharacters() {
    #expect(session().completions("θ̃ + to").start == 4)
    #expect(session().completions("p.we").start == 2)
    #expect(session().completions("").start == 0)
  }

  @Test func eachOnce() {
    for text in ["", "m", "minimize x from x = 0 using ", "f("] {
      let found = names(text)
      #expect(Set(found).count == found.count)
    }
  }

  @Test func nothingRuns() {
    let listener = Listener()
    #expect(listener.lines("f(x) = { print(\"called\"); (a = 1) }").isEmpty)
    #expect(listener.session.completions("f(1).").candidates.isEmpty)
  }

  @Test(arguments: [
    "((((", "]]]", "{{", "\"a\\", "....", "minimize", "= = =", "p..", "∇", "x[1:", "#",
  ])
  func survives(_ text: String) {
    _ = session().completions(text)
  }
}
