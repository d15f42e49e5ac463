/// How the arguments of a function become flat inputs of a program, and flat outputs values again.
import OptGraph
import OptNumerics
import OptSyntax

/// The structure of a value: where its numbers lie among the flat inputs.
indirect enum Template {
  /// Numbers of a size, the `leaf`-th input.
  case numbers(rows: Int, columns: Int, leaf: Int)
  case record([String], [Template])
  case list([Template])
  /// Something that is not numbers: it stays as it is.
  case constant(Value)
}

/// One flat input.
struct Leaf {
  let rows: Int
  let columns: Int
  /// The path for formulas: `p.W`.
  let name: String
  /// Whether the numbers are answers of comparisons.
  var isMask = false
  var count: Int { rows * columns }
  var shape: Shape { Shape(rows: rows, columns: columns) }
}

extension Template {
  /// The template of a value; its numbers are appended to `leaves`.
  /// Booleans count as numbers only where `booleans` says so.
  static func of(
    _ value: Value, named name: String, _ leaves: inout [Leaf], booleans: Bool = false
  ) -> Template {
    switch value {
    case .boolean where !booleans: return .constant(value)
    case .number, .matrix, .traced, .lanes, .boolean:
      let (rows, columns) = value.size ?? (1, 1)
      leaves.append(Leaf(rows: rows, columns: columns, name: name, isMask: value.isMask))
      return .numbers(rows: rows, columns: columns, leaf: leaves.count - 1)
    case .record(let record) where record.report == nil:
      return .record(
        record.names,
        zip(record.names, record.values).map { field, value in
          of(value, named: "\(name).\(field)", &leaves, booleans: booleans)
        })
    case .list(let list):
      return .list(
        list.items.enumerated().map { k, item in
          of(item, named: "\(name)[\(k + 1)]", &leaves, booleans: booleans)
        })
    default: return .constant(value)
    }
  }

  /// The value with this structure whose numbers are `leaf(k)`.
  func value(_ leaf: (Int) -> Value) -> Value {
    switch self {
    case .numbers(_, _, let k): leaf(k)
    case .record(let names, let parts):
      .record(Record(names: names, values: parts.map { $0.value(leaf) }))
    case .list(let parts): .list(parts.map { $0.value(leaf) })
    case .constant(let value): value
    }
  }

  /// The numbers of `value`, which has this structure, leaf by leaf; nil when it has another one.
  func leaves(of value: Value) -> [Value]? {
    switch (self, value) {
    case (.numbers(let rows, let columns, _), _):
      guard value.isNumeric, value.size ?? (0, 0) == (rows, columns) else { return nil }
      return [value]
    case (.record(let names, let parts), .record(let record)):
      var all: [Value] = []
      for (name, part) in zip(names, parts) {
        guard let field = record[name], let more = part.leaves(of: field) else { return nil }
        all += more
      }
      return all
    case (.list(let parts), .list(let list)):
      guard parts.count == list.items.count else { return nil }
      var all: [Value] = []
      for (part, item) in zip(parts, list.items) {
        guard let more = part.leaves(of: item) else { return nil }
        all += more
      }
      return all
    case (.constant, _): return []
    default: return nil
    }
  }

  /// Whether what was made for this structure serves `value`, whose known numbers are appended to
  /// `parts`, leaf by leaf. It may say no where `key` would say yes.
  func serves(_ value: Value, _ leaves: [Leaf], _ parts: inout [Matrix]) -> Bool {
    switch (self, value) {
    case (.numbers(let rows, let columns, let k), .number),
      (.numbers(let rows, let columns, let k), .matrix):
      guard let matrix = value.matrix, matrix.rows == rows, matrix.columns == columns,
        matrix.isMask == leaves[k].isMask
      else { return false }
      parts.append(matrix)
      return true
    case (.record(let names, let templates), .record(let record)):
      guard record.report == nil, record.names == names else { return false }
      for (k, template) in templates.enumerated()
      where !template.serves(record.values[k], leaves, &parts) {
        return false
      }
      return true
    case (.constant(.number(let x)), .number(let y)): return x.bitPattern == y.bitPattern
    case (.constant(.boolean(let x)), .boolean(let y)): return x == y
    case (.constant(.function(let x)), .function(let y)): return x === y
    case (.constant(.text(let x)), .text(let y)): return x.string == y.string
    default: return false
    }
  }

  /// A text that is equal for values that one trace serves.
  func key(_ leaves: [Leaf]) -> String {
    switch self {
    case .numbers(let rows, let columns, let k):
      "\(rows)x\(columns)" + (leaves[k].isMask ? "?" : "")
    case .record(let names, let parts):
      "(" + zip(names, parts).map { "\($0)=\($1.key(leaves))" }.joined(separator: ",") + ")"
    case .list(let parts): "[" + parts.map { $0.key(leaves) }.joined(separator: ",") + "]"
    case .constant(let value): value.identity
    }
  }
}

extension Value {
  /// A text that is equal for the same value of a kind that is not numbers.
  fileprivate var identity: String {
    switch self {
    case .text(let text): "\"\(text.string)\""
    case .boolean(let b): "\(b)"
    case .function(let f): "f\(UInt(bitPattern: ObjectIdentifier(f).hashValue))"
    case .table(let t): "t\(UInt(bitPattern: ObjectIdentifier(t).hashValue))"
    case .record(let r): "r\(UInt(bitPattern: ObjectIdentifier(r).hashValue))"
    case .sparse(let s): "s\(UInt(bitPattern: ObjectIdentifier(s).hashValue))"
    case .method(let m): "m\(UInt(bitPattern: ObjectIdentifier(m).hashValue))"
    default: "-"
    }
  }
}

extension [Template] {
  /// The known numbers of values with these structures, one behind the other.
  func numbers(of values: [Value]) -> [Double] {
    zip(self, values).flatMap { template, value in
      (template.leaves(of: value) ?? []).flatMap { $0.numbers ?? [] }
    }
  }
}
