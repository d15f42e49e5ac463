/// What `--json` writes is JSON with the values that were shown.
import Foundation
import OptLanguage
import Testing

struct JSONTests {
  private func object(_ text: String) throws -> [String: Any] {
    var options = SessionOptions()
    options.json = true
    let line = Listener(options).last(text)
    #expect(!line.contains("\n"))
    let parsed = try JSONSerialization.jsonObject(with: Data(line.utf8))
    return try #require(parsed as? [String: Any])
  }

  @Test(arguments: [
    ("24.2", "number"), ("1 < 2", "boolean"), ("\"a\"", "text"), ("[1, 2]", "vector"),
    ("[1, 2]'", "matrix"), ("[1, 2; 3, 4]", "matrix"), ("(a = 1)", "record"),
    ("[\"a\", 1]", "list"), ("sin", "function"), ("x -> x^2", "function"), ("gd", "method"),
    ("∇(x -> x^2)", "function"), ("[]", "vector"), ("[1, 2] > 1", "vector"),
    ("read(\"examples/data/misra1a.csv\")", "table"),
  ])
  func kinds(_ text: String, _ kind: String) throws {
    let object = try object(text)
    #expect(object["kind"] as? String == kind)
    #expect(object["schema"] as? Int == 1)
  }

  @Test func numbersReadBack() throws {
    #expect(try object("1/3")["value"] as? Double == 1.0 / 3)
    #expect(try object("1e-300")["value"] as? Double == 1e-300)
    #expect(try object("1e22")["value"] as? Double == 1e22)
    #expect(try object("0/0")["value"] as? String == "nan")
    #expect(try object("-1/0")["value"] as? String == "-inf")
  }

  @Test func parts() throws {
    #expect(try object("[1, 2; 3, 4.5]")["values"] as? [[Double]] == [[1, 2], [3, 4.5]])
    #expect(try object("[1, 2]")["values"] as? [Double] == [1, 2])
    let fields = try object("(a = 1, p = (b = [1, 2], t = \"x\"))")["fields"] as? [String: Any]
    #expect(fields?["a"] as? Double == 1)
    #expect((fields?["p"] as? [String: Any])?["b"] as? [Double] == [1, 2])
    let text = "\"quote \\\" slash \\\\ line \\n tab \\t π 🙂\""
    #expect(try object(text)["value"] as? String == "quote \" slash \\ line \n tab \t π 🙂")
  }

  @Test func resultsHaveTheirFields() throws {
    let object = try object("minimize (x - 3)^2 from x = 0")
    #expect(object["kind"] as? String == "result")
    #expect(try abs(#require(object["x"] as? Double) - 3) < 1e-6)
    #expect(object["status"] is String)
  }
}
