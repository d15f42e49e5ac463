/// No argument of a built-in function can crash the process, and files say what is wrong with them.
import OptLanguage
import OptSyntax
import Testing

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

struct BuiltinArgumentTests {
  private static let values = [
    "\"text\"", "\"\"", "[\"a\", sin]", "[[1, 2], [3]]", "(a = 1, b = \"x\")",
    "(a = 1, b = [2, 3])",
    "sin", "x -> x", "nothing", "bfgs", "[]", "nan", "inf", "-1", "0", "2.5", "1e300", "1e18",
    "true", "zeros(0, 3)", "zeros(3, 0)", "[nan, 1]", "[1, inf; 2, 3]", "[1, 2, 3]", "[1, 2, 3]'",
    "[1, 2; 3, 4]", "[1, 2, 3] > 2", "t",
  ]
  private static let names = Builtins.list.map(\.name).filter { $0 != "write" && $0 != "seed" }
  private static let counts = Dictionary(
    uniqueKeysWithValues: Builtins.list.map { ($0.name, $0.isVariadic ? 3 : $0.parameters.count) })

  @Test(arguments: names) func anyArguments(_ name: String) throws {
    let session = Session { _ in }
    _ = try session.evaluate("t = [[1, \"a\"], 2]")
    func attempt(_ text: String) {
      do {
        _ = try session.evaluate(text)
      } catch let error as Diagnostic {
        #expect(!error.message.isEmpty, "\(text)")
      } catch {
        // Interrupted or not to be batched; neither crashes.
      }
    }
    let most = Self.counts[name] ?? 0
    attempt("\(name)()")
    for (k, a) in Self.values.enumerated() {
      attempt("\(name)(\(a))")
      attempt("\(name)(\(a), axis = 2)")
      for b in Self.values where most > 1 { attempt("\(name)(\(a), \(b))") }
      for (j, b) in Self.values.enumerated() where most > 2 && (j + k) % 9 == 0 {
        for c in Self.values { attempt("\(name)(\(a), \(b), \(c))") }
      }
    }
    for a in ["2", "[1, 2, 3]", "[1, 2, 3]'", "[1, 2; 3, 4]", "zeros(0, 3)"] {
      attempt("∇(x -> sum(\(name)(x)))(\(a))")
      for b in Self.values where most > 1 {
        attempt("∇(x -> sum(\(name)(x, \(b))))(\(a))")
        attempt("∇(x -> sum(\(name)(\(b), x)))(\(a))")
      }
    }
    attempt("∇(x -> sum(sum(\(name)(x[i])) for i in 1:6))(1:6)")
    attempt("∇(x -> sum(sum(\(name)(x[i], i)) for i in 1:6))(1:6)")
    attempt("∇(x -> sum(sum(\(name)([x[i], i])) for i in 1:6))(1:6)")
    attempt("∇(x -> sum(sum(\(name)([x[i], i], [1, 2])) for i in 1:6))(1:6)")
    attempt("∇(x -> sum(sum(\(name)(i, x[i])) for i in 1:6))(1:6)")
  }

  // MARK: Files

  private func outcome(_ file: String, _ content: [UInt8], _ expression: String) -> String {
    let path = "/tmp/optrepl-\(UInt64.random(in: 0...UInt64.max))-\(file)"
    let session = Session { _ in }
    defer { unlink(path) }
    let descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0o644)
    _ = content.withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
    close(descriptor)
    let text = expression.split(separator: "FILE", omittingEmptySubsequences: false)
      .joined(separator: "\"\(path)\"")
    do {
      let value = try session.evaluate(text)
      if let numbers = value.numbers {
        return numbers.map { "\($0)" }.joined(separator: " ")
      }
      if case .text(let text) = value { return text.string }
      if case .list(let list) = value {
        return list.items.map { item in
          if case .text(let text) = item { return text.string }
          return item.kindDescription
        }.joined(separator: "|")
      }
      return value.kindDescription
    } catch let error as Diagnostic {
      return error.message
        .split(separator: path, omittingEmptySubsequences: false).joined(separator: "FILE")
        + (error.help.map { " — " + $0 } ?? "")
    } catch {
      return "\(error)"
    }
  }

  private func csv(_ content: String, _ expression: String) -> String {
    outcome("test.csv", Array(content.utf8), expression)
  }

  @Test func tablesAreRead() {
    #expect(csv("a,b\n1,2\n3,4\n", "matrix(read(FILE))") == "1.0 2.0 3.0 4.0")
    #expect(csv("1,2\n3,4", "read(FILE).c2") == "2.0 4.0")
    #expect(csv("1;2\r\n3;4\r\n", "read(FILE).c1") == "1.0 3.0")
    #expect(csv("1\t2\r3\t4\r", "read(FILE).c1") == "1.0 3.0")
    #expect(csv("\u{FEFF}x,y\n1,2\n", "read(FILE).x") == "1.0")
    #expect(csv("x,y\n1,\nNA,2\n?,null\n", "read(FILE).x") == "1.0 nan nan")
    #expect(csv("x,y\n1,\nNA,2\n?,null\n", "read(FILE).y") == "nan 2.0 nan")
    #expect(csv("s\n\"a\"\"b\"\n\"c,\nd\"\n e \n", "read(FILE).s") == "a\"b|c,\nd|e")
    #expect(csv("mean radius (mm),2nd,x,x\n1,2,3,4\n", "read(FILE).mean_radius_mm") == "1.0")
    #expect(csv("mean radius (mm),2nd,x,x\n1,2,3,4\n", "read(FILE)._2nd") == "2.0")
    #expect(csv("mean radius (mm),2nd,x,x\n1,2,3,4\n", "read(FILE).x_2") == "4.0")
    #expect(csv("a,b,\n1,2,\n", "columns_of(read(FILE))") == "2.0")
    #expect(csv("a,b\n\n1,2\n\n", "rows_of(read(FILE))") == "1.0")
    #expect(csv("a,b\n", "size(read(FILE))") == "0.0 2.0")
    #expect(csv("zip\n01\n02\n", "read(FILE, text = \"zip\").zip") == "01|02")
    #expect(csv("1,2\n3,4\n", "rows_of(read(FILE, header = true))") == "1.0")
    #expect(csv("v\n-1.5e-3\n+2\n.5\ninf\n1e400\n", "read(FILE).v") == "-0.0015 2.0 0.5 inf inf")
    #expect(
      csv("v\n0.1\n1234567890123456789\n2.2250738585072014e-308\n", "read(FILE).v")
        == "0.1 1.2345678901234568e+18 2.2250738585072014e-308")
    #expect(outcome("a.txt", Array("θ\n".utf8), "read(FILE)") == "θ\n")
  }

  @Test func missingValuesAreMentioned() throws {
    let path = "/tmp/optrepl-\(UInt64.random(in: 0...UInt64.max)).csv"
    defer { unlink(path) }
    var notes: [String] = []
    let session = Session { event in
      if case .diagnostic(let note) = event { notes.append(note.message) }
    }
    _ = try session.evaluate("{ write([1, nan; nan, nan], \"\(path)\"); read(\"\(path)\") }")
    #expect(notes == ["`\(path)`: 3 missing values are nan, in `c1` and `c2`"])
  }

  @Test func filesSayWhatIsWrong() {
    #expect(csv("", "read(FILE)") == "`FILE`: the file is empty")
    #expect(
      csv("a,b\n1,2\n3\n", "read(FILE)")
        == "`FILE`, line 3: this row has 1 cell, the first one 2")
    #expect(
      csv("a,b\n1,\"2\n", "read(FILE)")
        == "`FILE`, line 2: the quote that opens in this row is not closed")
    #expect(
      csv("a,b\n1,\"2\"3\n", "read(FILE)").hasPrefix(
        "`FILE`, line 2: something stands between a closing quote and the end of the cell"))
    let slip = csv("age,b\n1,1\n2,2\n3,3\nfour,4\n5,5\n", "read(FILE)")
    #expect(slip.hasPrefix("`FILE`, line 5: the column `age` has \"four\" among its numbers"))
    #expect(slip.contains("text = [\"age\"]"))
    #expect(
      csv("age,b\n1,1\n", "read(FILE, text = \"agee\")")
        == "`FILE`: there is no column `agee` — did you mean `age`?")
    #expect(outcome("b.csv", [1, 0, 2], "read(FILE)") == "`FILE` is not a text file")
    #expect(outcome("b.csv", [0x61, 0xFF, 0x0A], "read(FILE)") == "`FILE` is not UTF-8 text")
  }

  @Test func whatIsWrittenReadsBack() {
    let expressions = [
      "{ write([1/3, 2; nan, -inf], FILE); matrix(read(FILE)) }":
        "0.3333333333333333 2.0 nan -inf",
      "{ write((x = [1, 2], s = [\"a,\", \"b\\\"\"]), FILE); read(FILE).s }": "a,|b\"",
      "{ write([(x = 1, y = 2), (x = 3, y = 4)], FILE); read(FILE).y }": "2.0 4.0",
      "{ write((x = 1, y = 2), FILE); matrix(read(FILE)) }": "1.0 2.0",
    ]
    for (expression, expected) in expressions {
      #expect(outcome("w.csv", [], expression) == expected, "\(expression)")
    }
    #expect(outcome("w.csv", [], "write(sin, FILE)").hasPrefix("`write` cannot write a function"))
    #expect(
      outcome("w.csv", [], "write(1, \"/nowhere/x.csv\")")
        == "cannot write `/nowhere/x.csv`: no such file or directory")
  }
}
