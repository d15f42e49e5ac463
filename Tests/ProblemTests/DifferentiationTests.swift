/// Values, derivatives, gradients and Hessians of formulas against 30 known digits.
import Testing

/// A formula with reference values.
struct DifferentiationCase: Decodable, CustomTestStringConvertible, Sendable {
  struct Point: Decodable {
    var at: Decimals
    var f: String
    var d1, d2: String?
    var grad: [String]?
    var hess: [[String]]?
    /// What ordinary double precision loses at this point, where it is known.
    var float64_ad_relerr: Double?
  }
  /// A point where the formula has a kink: any slope between the two sides will do.
  struct Kink: Decodable {
    var at, f, d_left, d_right: String
  }

  var id: String
  var expr: String
  var vars: [String]
  var points: [Point]
  var kink_points: [Kink]?

  var testDescription: String { "\(id): \(expr)" }

  private struct Collection: Decodable {
    var expressions: [DifferentiationCase]
  }
  static let all = decode(Collection.self, from: "differentiation.json").expressions
  static let ofOneVariable = all.filter { $0.vars.count == 1 }
  static let ofSeveralVariables = all.filter { $0.vars.count > 1 }
  static let withKinks = all.filter { $0.kink_points != nil }

  /// The text that defines `f`, and `f` as a function of one vector.
  func program() throws -> String {
    let definition = try NeutralTranslator().function("f", of: vars, formula: expr)
    let elements = vars.indices.map { "v[\($0 + 1)]" }.joined(separator: ", ")
    return definition + "\npacked(v) = [f(\(elements))]"
  }

  func evaluation() throws -> Evaluation {
    let evaluation = Evaluation()
    try evaluation.run(try program())
    return evaluation
  }
}

@Suite(.enabled(if: Evaluation.isAvailable))
struct DifferentiationTests {
  private func expect(
    _ evaluation: Evaluation, _ text: String, _ wanted: [String], _ tolerance: Double,
    floor: Double = 1e-14
  ) throws {
    let got = try evaluation.numbers(text)
    let numbers = wanted.map { Double($0) ?? .nan }
    #expect(
      agree(got, numbers, tolerance, floor: floor), "\(text) is \(got), should be \(numbers)")
  }

  @Test(arguments: DifferentiationCase.ofOneVariable)
  func derivatives(of example: DifferentiationCase) throws {
    let evaluation = try example.evaluation()
    for point in example.points {
      let x = point.at.texts[0]
      let loss = point.float64_ad_relerr ?? 0
      let size = abs(Double(point.f) ?? 0) + abs(Double(point.d1 ?? "") ?? 0)
      try expect(evaluation, "f(\(x))", [point.f], 1e-12 + 100 * loss)
      try expect(
        evaluation, "f'(\(x))", [point.d1 ?? ""], 1e-11 + 100 * loss, floor: 1e-13 * (1 + size))
      try expect(
        evaluation, "f''(\(x))", [point.d2 ?? ""], 1e-10 + 1000 * loss, floor: 1e-11 * (1 + size))
    }
  }

  @Test(arguments: DifferentiationCase.ofSeveralVariables)
  func gradients(of example: DifferentiationCase) throws {
    let evaluation = try example.evaluation()
    let fields = example.vars.map { "g.\($0)" }.joined(separator: ", ")
    for point in example.points {
      let at = point.at.texts.joined(separator: ", ")
      let loss = point.float64_ad_relerr ?? 0
      let gradient = point.grad ?? []
      try evaluation.run("g = ∇f(\(at))")
      try expect(evaluation, "f(\(at))", [point.f], 1e-12 + 100 * loss)
      try expect(evaluation, "[\(fields)]", gradient, 1e-11 + 100 * loss)
      try expect(evaluation, "jacobian(packed)([\(at)])", gradient, 1e-11 + 100 * loss)
      let hessian = (point.hess ?? []).flatMap { $0 }
      try expect(evaluation, "hessian(f)(\(at))", hessian, 1e-10 + 1000 * loss, floor: 1e-12)
    }
  }

  @Test(arguments: DifferentiationCase.withKinks)
  func kinks(of example: DifferentiationCase) throws {
    let evaluation = try example.evaluation()
    for kink in example.kink_points ?? [] {
      let slopes = [kink.d_left, kink.d_right].compactMap(Double.init).sorted()
      let slope = try evaluation.number("f'(\(kink.at))")
      try expect(evaluation, "f(\(kink.at))", [kink.f], 1e-12)
      #expect(slopes[0] - 1e-9 <= slope && slope <= slopes[1] + 1e-9, "f'(\(kink.at)) is \(slope)")
    }
  }
}
