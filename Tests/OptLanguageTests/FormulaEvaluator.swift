/// Two plain evaluations that know nothing of each other: of syntax trees, and of graphs. Formulas
/// are tested by reading them back and comparing values.
import OptGraph
import OptNumerics
import OptSyntax
import Testing

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// A value of either: rows × columns.
struct Table: Equatable {
  var rows = 1
  var columns = 1
  var values: [Double]

  init(_ value: Double) { values = [value] }
  init(_ rows: Int, _ columns: Int, _ values: [Double]) {
    (self.rows, self.columns, self.values) = (rows, columns, values)
  }

  subscript(row: Int, column: Int) -> Double {
    values[(rows == 1 ? 0 : row) * columns + (columns == 1 ? 0 : column)]
  }

  func joined(_ other: Table, _ f: (Double, Double) -> Double) -> Table {
    let (r, c) = (max(rows, other.rows), max(columns, other.columns))
    var result: [Double] = []
    for i in 0..<r { for j in 0..<c { result.append(f(self[i, j], other[i, j])) } }
    return Table(r, c, result)
  }

  func mapped(_ f: (Double) -> Double) -> Table { Table(rows, columns, values.map(f)) }

  var transposed: Table {
    var result: [Double] = []
    for j in 0..<columns { for i in 0..<rows { result.append(self[i, j]) } }
    return Table(columns, rows, result)
  }

  func times(_ other: Table) -> Table {
    if values.count == 1 || other.values.count == 1 { return joined(other, *) }
    var result: [Double] = []
    for i in 0..<rows {
      for j in 0..<other.columns {
        result.append((0..<columns).reduce(0) { $0 + self[i, $1] * other[$1, j] })
      }
    }
    return Table(rows, other.columns, result)
  }
}

/// What the evaluator does not know.
struct Unknown: Error { var what: String }

/// Values of the language's expressions, as far as formulas use them.
struct TreeEvaluator {
  var tree: SyntaxTree
  var names: [String: Table]

  func value(_ id: NodeID) throws -> Table {
    switch tree[id] {
    case .number(let value, _): return Table(value)
    case .name(let name):
      if let value = names[name] { return value }
      switch name {
      case "π", "pi": return Table(Double.pi)
      case "nan": return Table(.nan)
      case "inf": return Table(.infinity)
      default: throw Unknown(what: name)
      }
    case .prefix(let op, let x):
      let x = try value(x)
      switch op {
      case .minus: return x.mapped { -$0 }
      case .plus: return x
      case .not: return x.mapped { $0 == 0 ? 1 : 0 }
      case .squareRoot: return x.mapped { $0.squareRoot() }
      case .nabla: throw Unknown(what: "∇")
      }
    case .infix(let op, let a, let b): return try infix(op, value(a), value(b))
    case .comparison(let first, let links):
      var (last, result) = (try value(first), Table(1))
      for link in links {
        let next = try value(link.operand)
        let holds = last.joined(next) { Self.compare(link.comparison, $0, $1) ? 1 : 0 }
        result = result.joined(holds) { $0 * $1 }
        last = next
      }
      return result
    case .range(let from, let step, let to):
      let (first, last) = (try value(from).values[0], try value(to).values[0])
      let by = try step.map { try value($0).values[0] } ?? 1
      let list = Array(stride(from: first, through: last, by: by))
      return Table(list.count, 1, list)
    case .prime(let x), .transpose(let x): return try value(x).transposed
    case .conditional(let condition, let then, let otherwise):
      let test = try value(condition)
      guard test.values.count == 1, let otherwise else { throw Unknown(what: "mask in if") }
      return try value(test.values[0] != 0 ? then : otherwise)
    case .brackets(let rows):
      if rows.count == 1 {
        let items = try rows[0].map { try value($0).values[0] }
        return Table(items.count, 1, items)
      }
      let items = try rows.flatMap { try $0.map { try value($0).values[0] } }
      return Table(rows.count, rows[0].count, items)
    case .comprehension(let body, let generators, _):
      let list = try generated(body, generators[...])
      let size = try generators.map { try value($0.source).values.count }
      return size.count == 2 && list.count == size[0] * size[1]
        ? Table(size[0], size[1], list.map { $0.values[0] })
        : Table(list.count, 1, list.flatMap(\.values))
    case .index(let base, let indices): return try index(value(base), indices)
    case .call(let callee, let arguments): return try call(callee, arguments)
    default: throw Unknown(what: "\(tree[id])")
    }
  }

  private static func compare(_ op: ComparisonOperator, _ a: Double, _ b: Double) -> Bool {
    switch op {
    case .equal: a == b
    case .notEqual: a != b
    case .less: a < b
    case .lessOrEqual: a <= b
    case .greater: a > b
    case .greaterOrEqual: a >= b
    }
  }

  private func infix(_ op: InfixOperator, _ a: Table, _ b: Table) throws -> Table {
    switch op {
    case .add: return a.joined(b, +)
    case .subtract: return a.joined(b, -)
    case .multiply, .juxtapose: return a.times(b)
    case .elementMultiply: return a.joined(b, *)
    case .divide:
      guard b.values.count == 1 else { throw Unknown(what: "/ by a matrix") }
      return a.joined(b, /)
    case .elementDivide: return a.joined(b, /)
    case .power:
      guard a.values.count == 1, b.values.count == 1 else { throw Unknown(what: "matrix ^") }
      return a.joined(b) { ElementaryFunctions.power($0, $1) }
    case .elementPower: return a.joined(b) { ElementaryFunctions.power($0, $1) }
    case .and: return a.joined(b) { $0 != 0 && $1 != 0 ? 1 : 0 }
    case .or: return a.joined(b) { $0 != 0 || $1 != 0 ? 1 : 0 }
    case .solve, .isIn, .pipe: throw Unknown(what: op.rawValue)
    }
  }

  private func generated(_ body: NodeID, _ generators: ArraySlice<Generator>) throws -> [Table] {
    guard let first = generators.first else { return [try value(body)] }
    var result: [Table] = []
    for item in try value(first.source).values {
      var inner = self
      inner.names[first.variable] = Table(item)
      if let condition = first.condition, try inner.value(condition).values[0] == 0 { continue }
      result += try inner.generated(body, generators.dropFirst())
    }
    return result
  }

  private func index(_ base: Table, _ indices: [NodeID]) throws -> Table {
    func places(_ id: NodeID, _ count: Int) throws -> [Int] {
      if case .wholeIndex = tree[id] { return Array(0..<count) }
      return try value(id).values.map { Int($0) - 1 }
    }
    if indices.count == 1 {
      let list = try places(indices[0], base.values.count)
      guard list.allSatisfy(base.values.indices.contains) else { throw Unknown(what: "index") }
      return Table(list.count, 1, list.map { base.values[$0] })
    }
    let (r, c) = (try places(indices[0], base.rows), try places(indices[1], base.columns))
    guard r.allSatisfy({ 0..<base.rows ~= $0 }), c.allSatisfy({ 0..<base.columns ~= $0 })
    else { throw Unknown(what: "index") }
    return Table(r.count, c.count, r.flatMap { i in c.map { base[i, $0] } })
  }

  private func call(_ callee: NodeID, _ arguments: [Argument]) throws -> Table {
    guard case .name(let name) = tree[callee] else { throw Unknown(what: "call") }
    if name == "rows", arguments.count == 1,
      case .comprehension(let body, let generators, _) = tree[arguments[0].value]
    {
      return Self.rows(try generated(body, generators[...]))
    }
    if name == "columns", arguments.count == 1,
      case .comprehension(let body, let generators, _) = tree[arguments[0].value]
    {
      return Self.rows(try generated(body, generators[...]).map(\.transposed)).transposed
    }
    if let reduction = Self.reductions[name], arguments.count == 1,
      case .comprehension(let body, let generators, false) = tree[arguments[0].value]
    {
      // A generator of vectors is folded element by element.
      let items = try generated(body, generators[...])
      guard let first = items.first else { return Table(reduction([])) }
      let values = first.values.indices.map { k in reduction(items.map { $0.values[k] }) }
      return Table(first.rows, first.columns, values)
    }
    let axis = try arguments.first { $0.name == "axis" }.map { try value($0.value).values[0] }
    let list = try arguments.filter { $0.name == nil }.map { try value($0.value) }
    if let reduction = Self.reductions[name], list.count == 1 {
      let x = list[0]
      switch axis {
      case nil: return Table(reduction(x.values))
      case 1:
        let t = x.transposed
        return Table(
          1, x.columns,
          (0..<x.columns).map { j in
            reduction(Array(t.values[j * x.rows..<(j + 1) * x.rows]))
          })
      default:
        return Table(
          x.rows, 1,
          (0..<x.rows).map { i in
            reduction(Array(x.values[i * x.columns..<(i + 1) * x.columns]))
          })
      }
    }
    switch name {
    case "zeros", "ones":
      let (r, c) = (Int(list[0].values[0]), list.count > 1 ? Int(list[1].values[0]) : 1)
      return Table(r, c, [Double](repeating: name == "ones" ? 1 : 0, count: r * c))
    case "eye":
      let n = Int(list[0].values[0])
      return Table(n, n, (0..<n * n).map { $0 / n == $0 % n ? 1 : 0 })
    case "rows", "join": return Self.rows(list)
    case "columns": return Self.rows(list.map(\.transposed)).transposed
    case "reshape":
      return Table(Int(list[1].values[0]), Int(list[2].values[0]), list[0].values)
    case "diag":
      let x = list[0]
      if x.columns > 1 { return Table(x.rows, 1, (0..<x.rows).map { x[$0, $0] }) }
      let n = x.rows
      return Table(n, n, (0..<n * n).map { $0 / n == $0 % n ? x.values[$0 / n] : 0 })
    case "cumsum":
      var sum = 0.0
      return list[0].mapped {
        sum += $0
        return sum
      }
    case "trace":
      return Table((0..<list[0].rows).reduce(0) { $0 + list[0][$1, $1] })
    case "softmax":
      let x = list[0]
      let weights = x.mapped { exp($0) }
      var result = weights
      for i in 0..<x.rows {
        for j in 0..<x.columns {
          var total = 0.0
          for k in 0..<x.rows where axis != 2 || k == i {
            for l in 0..<x.columns where axis != 1 || l == j { total += weights[k, l] }
          }
          result.values[i * x.columns + j] /= total
        }
      }
      return result
    case "one_hot":
      let (labels, k) = (list[0].values, Int(list[1].values[0]))
      return Table(labels.count, k, labels.flatMap { l in (0..<k).map { Double($0) == l ? 1 : 0 } })
    case "sort": return Table(list[0].rows, 1, list[0].values.sorted())
    default: break
    }
    guard let function = ElementaryFunctions.find(name) else { throw Unknown(what: name) }
    switch function.row.evaluate {
    case .unary(let f): return list[0].mapped { f($0) }
    case .binary(let f): return list[0].joined(list[1]) { f($0, $1) }
    case .ternary: throw Unknown(what: name)
    }
  }

  private static func rows(_ list: [Table]) -> Table {
    Table(list.reduce(0) { $0 + $1.rows }, list.first?.columns ?? 0, list.flatMap(\.values))
  }

  private static let reductions: [String: @Sendable ([Double]) -> Double] = [
    "norm": { $0.reduce(0) { $0 + $1 * $1 }.squareRoot() },
    "logsumexp": { log($0.reduce(0) { $0 + exp($1) }) },
    "sum": { $0.reduce(0, +) }, "prod": { $0.reduce(1, *) },
    "max": { $0.max() ?? -.infinity }, "min": { $0.min() ?? .infinity },
    "any": { $0.contains { $0 != 0 } ? 1 : 0 }, "all": { $0.contains(0) ? 0 : 1 },
    "argmax": { list in Double((list.firstIndex(of: list.max() ?? 0) ?? 0) + 1) },
    "argmin": { list in Double((list.firstIndex(of: list.min() ?? 0) ?? 0) + 1) },
  ]
}
