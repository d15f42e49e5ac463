/// Values as JSON, one object on one line.
import OptNumerics

extension Machine {
  /// The value as one JSON object with its kind. Values inside it stand for themselves: numbers,
  /// texts, arrays, objects.
  func json(_ value: Value) -> String {
    let value = tracer == nil ? value : snapshot(value)
    let text = JSONValue(machine: self)
    var fields: [(String, String)]
    switch value {
    case .unset, .nothing: fields = [("kind", "\"nothing\"")]
    case .number, .boolean, .text:
      let kind = if case .number = value { "number" } else { value.isMask ? "boolean" : "text" }
      fields = [("kind", "\"\(kind)\""), ("value", text.plain(value, 0))]
    case .matrix(let m):
      fields = [
        ("kind", m.columns == 1 ? "\"vector\"" : "\"matrix\""), ("rows", "\(m.rows)"),
        ("columns", "\(m.columns)"), ("values", text.plain(value, 0)),
      ]
    case .sparse(let s):
      fields = [("kind", "\"sparse\"")] + JSONValue.fields(s)
    case .record(let record) where record.report != nil:
      fields = [("kind", "\"result\"")]
      for (name, value) in zip(record.names, record.values)
      where name != "kind" && name != "schema" {
        fields.append((name, text.plain(value, 1)))
      }
      // The variables are read as `r.x` too.
      if case .record(let solution)? = record["solution"] {
        for (name, value) in zip(solution.names, solution.values)
        where record[name] == nil && name != "kind" && name != "schema" {
          fields.append((name, text.plain(value, 1)))
        }
      }
    case .record: fields = [("kind", "\"record\""), ("fields", text.plain(value, 0))]
    case .list: fields = [("kind", "\"list\""), ("values", text.plain(value, 0))]
    case .function(let function):
      let parameters = function.parameterNames.map(JSONValue.quoted).joined(separator: ",")
      fields = [
        ("kind", "\"function\""), ("name", function.name.map(JSONValue.quoted) ?? "null"),
        ("parameters", "[\(parameters)]"), ("text", JSONValue.quoted(shown(value))),
      ]
    case .table(let table):
      fields = [
        ("kind", "\"table\""), ("rows", "\(table.rowCount)"), ("columns", text.plain(value, 0)),
      ]
    case .method(let method):
      fields = [
        ("kind", "\"method\""), ("name", JSONValue.quoted(method.name)),
        ("text", JSONValue.quoted(method.label)),
      ]
    case .traced, .lanes: fields = [("kind", "\"number\""), ("value", "null")]
    }
    return JSONValue.object([("schema", "1")] + fields)
  }
}

/// Writes the parts of JSON.
package struct JSONValue {
  let machine: Machine
  private let parts = Count()

  /// Counts what is written: shared parts are written each time.
  private final class Count { var count = 0 }
  private static let mostParts = 10_000_000

  init(machine: Machine) { self.machine = machine }

  /// Deeper nesting becomes `null`.
  private static let deepest = 100

  /// A value inside another one.
  func plain(_ value: Value, _ depth: Int) -> String {
    parts.count += 1
    if depth > Self.deepest || parts.count > Self.mostParts { return "null" }
    switch value {
    case .unset, .nothing, .traced, .lanes: return "null"
    case .number(let x): return Self.number(x)
    case .boolean(let b): return b ? "true" : "false"
    case .text(let text): return Self.quoted(text.string)
    case .matrix(let m): return Self.matrix(m)
    case .sparse(let s): return Self.object(Self.fields(s))
    case .record(let record):
      return Self.object(
        zip(record.names, record.values).map { ($0, plain($1, depth + 1)) })
    case .list(let list): return Self.array(list.items.map { plain($0, depth + 1) })
    case .function(let function): return Self.quoted(machine.summary(of: function))
    case .method(let method): return Self.quoted(method.label)
    case .table(let table):
      return Self.object(
        zip(table.names, table.columns).map { name, column in
          switch column {
          case .numbers(let m): (name, Self.array(m.elements.map(Self.number)))
          case .texts(let strings): (name, Self.array(strings.map(Self.quoted)))
          }
        })
    }
  }

  /// Numbers of a vector side by side, of a matrix row by row.
  private static func matrix(_ m: Matrix) -> String {
    func element(_ k: Int) -> String {
      m.isMask ? m.buffer[k] != 0 ? "true" : "false" : number(m.buffer[k])
    }
    if m.columns == 1 { return array((0..<m.count).map(element)) }
    return array(
      (0..<m.rows).map { row in
        array(((row * m.columns)..<((row + 1) * m.columns)).map(element))
      })
  }

  /// Size, and row, column and number of each stored element.
  static func fields(_ s: SparseMatrix) -> [(String, String)] {
    [
      ("rows", "\(s.rows)"), ("columns", "\(s.columns)"),
      ("row", array(s.pattern.rowIndices.map { "\($0 + 1)" })),
      ("column", array(s.pattern.indices.map { "\($0 + 1)" })),
      ("values", array(s.values.elements.map(number))),
    ]
  }

  /// A number with all its digits; what JSON has no number for as text.
  static func number(_ x: Double) -> String {
    if x == 0 { return "0" }
    return x.isFinite ? NumberFormat.exact(x) : "\"\(NumberFormat.exact(x))\""
  }

  private static func array(_ items: [String]) -> String {
    "[" + items.joined(separator: ",") + "]"
  }

  /// Fields between braces.
  static func object(_ fields: [(String, String)]) -> String {
    "{" + fields.map { quoted($0) + ":" + $1 }.joined(separator: ",") + "}"
  }

  /// A text in quotes.
  package static func quoted(_ text: String) -> String {
    var result = "\""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"": result += "\\\""
      case "\\": result += "\\\\"
      case "\n": result += "\\n"
      case "\r": result += "\\r"
      case "\t": result += "\\t"
      case "\u{0}"..."\u{1F}":
        let digits = String(scalar.value, radix: 16)
        result += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result + "\""
  }
}
