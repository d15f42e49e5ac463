/// Formulas of vectors and matrices without a value.
///
/// Names without a value whose uses show that they are vectors or matrices get sizes that stand for
/// any size. A graph has numbers for sizes, so they are numbers that no formula is likely to hold,
/// equal where the uses demand it and different elsewhere; in the formula they appear as
/// `length(x)`, `rows_of(A)`. The formula is made with two choices of numbers. Only if both give
/// the same text is it one for all sizes.
import OptCalculus
import OptGraph
import OptSyntax

extension Machine {
  /// A formula made by `make`, which is given the sizes that names without a value have. `body` is
  /// the expression as a function; names in `valued` are those of its parameters that have a value.
  func withOpenSizes<Result>(
    of body: Value, valued: [String: (rows: Int, columns: Int)],
    _ text: (Result) -> String,
    _ make: ([String: OpenShape]) throws -> Result
  ) throws -> Result {
    guard let sizes = try openSizes(of: body, valued), sizes.hasAny else { return try make([:]) }
    var seen: [(text: String, result: Result)] = []
    let output = self.output
    defer { self.output = output }
    for (turn, start) in Self.starts.enumerated() {
      // Which of two sizes is larger must not matter either.
      let numbers = sizes.concrete {
        Self.prime(from: start + 26 * (turn % 2 == 0 ? $0 : sizes.symbolCount * 2 - $0))
      }
      do {
        let result = try make(numbers)
        let made = text(result)
        if let same = seen.first(where: { $0.text == made }) { return same.result }
        seen.append((made, result))
        // What is said about the formula is said once.
        self.output = { _ in }
      } catch let error as Diagnostic {
        throw error.naming(numbers)
      }
    }
    let names = sizes.openNames.map { "`\($0)`" }.joined(separator: " and ")
    throw Diagnostic(
      .error, "the formula depends on the size of \(names)", at: sizes.span,
      help: "give \(names) a value of the size that is meant, and it is written out")
  }

  /// The derivative of a vector or matrix by a vector or matrix: in matrix form, or all elements by
  /// all elements.
  func jacobianFormula(
    of y: Expression, by x: Expression, _ name: String, _ span: SourceSpan
  ) throws -> Expression {
    if let result = matrixDerivative(of: y, by: x) { return result }
    let isOpen = y.graph.inputs.contains { $0.isOpen.rows || $0.isOpen.columns }
    guard !isOpen || x.shape.columns == 1 && y.shape.columns == 1 else {
      let what = y.shape.columns == 1 ? "a vector" : y.shape.rows == 1 ? "a row" : "a matrix"
      throw Diagnostic(
        .error, "the derivative of \(what) by the matrix `\(name)` has no matrix form", at: span,
        help: "give `\(name)` a value: the result is the matrix of all elements by all elements")
    }
    return jacobian(of: [y], by: [x])
  }

  /// Where the numbers that stand for sizes begin, in turn.
  private static let starts = [61, 211, 401, 83]

  private static func prime(from start: Int) -> Int {
    var number = start
    while (2...max(2, Int(Double(number).squareRoot()))).contains(where: { number % $0 == 0 }) {
      number += 1
    }
    return number
  }

  private func openSizes(
    of body: Value, _ valued: [String: (rows: Int, columns: Int)]
  ) throws -> NameSizes? {
    guard case .function(let function) = body, case .closure(let code, _) = function.kind,
      code.tree.isShort(code.bodyNode)
    else { return nil }
    let names = SymbolNames(self)
    var scope = FormulaScope(tree: code.tree, namespace: code.namespace ?? user, depth: 0)
    for parameter in code.parameters {
      let name = parameter.name
      guard parameter.fallback == nil else {
        scope.local[name] = .other
        continue
      }
      scope.local[name] =
        valued[name].map { .known(rows: $0.rows, columns: $0.columns) }
        ?? .symbol(names.symbol(name))
    }
    return try NameSizes(names, in: FormulaPlace(scope: scope, id: code.bodyNode))
  }
}

extension Diagnostic {
  /// The message with names for the numbers that stand for sizes.
  fileprivate func naming(_ sizes: [String: OpenShape]) -> Diagnostic {
    var words: [Int: String] = [:]
    for (name, size) in sizes.sorted(by: { $0.key < $1.key }) {
      if size.isOpen.rows {
        if size.columns == 1 {
          words[size.rows] = "length(\(name))"
        } else if words[size.rows] == nil {
          words[size.rows] = "rows_of(\(name))"
        }
      }
      if size.isOpen.columns, words[size.columns] == nil {
        words[size.columns] = "columns_of(\(name))"
      }
    }
    func named(_ text: String) -> String {
      var result = ""
      var digits = ""
      for character in text + " " {
        if character.isASCII, character.isWholeNumber {
          digits.append(character)
          continue
        }
        if let number = Int(digits), number > 1, let word = words[number] {
          result += word
        } else {
          result += digits
        }
        digits = ""
        result.append(character)
      }
      return String(result.dropLast())
    }
    var result = self
    result.message = named(message)
    result.notes = notes.map(named)
    result.help = help.map(named)
    return result
  }
}
