/// An objective made of a formula, with counters of its own to check those of the run.
import OptNumerics
import OptSolvers

/// A function to be minimised in the tests.
protocol Formula: Sendable {
  var name: String { get }
  var start: [Double] { get }
  /// Global and published local minima.
  var minima: [Double] { get }
  func value<S: Scalar>(_ x: [S]) -> S
}

/// A sum of squares.
protocol Residuals: Formula {
  func residuals<S: Scalar>(_ x: [S]) -> [S]
}

extension Residuals {
  func value<S: Scalar>(_ x: [S]) -> S {
    residuals(x).reduce(S(0)) { $0 + $1.squared }
  }
}

/// An objective that is nothing special, except for what it says itself.
protocol PlainObjective: Objective {}

extension PlainObjective {
  var bounds: Bounds? { nil }
  var constraints: [Constraint] { [] }
  var isQuadratic: Bool { false }
  var residualCount: Int { 0 }
}

final class TestObjective: PlainObjective {
  let formula: any Formula
  let dimension: Int
  let offers: Ask
  let bounds: Bounds?
  var evaluations = 0
  /// Points outside of the bounds at which it was asked.
  var trespasses = 0
  var values = 0
  var gradients = 0
  var hessians = 0
  /// Called at every evaluation.
  var onEvaluation: ((Int) -> Void)?

  init(
    _ formula: any Formula, offers: Ask = [.value, .gradient, .hessian, .product],
    bounds: Bounds? = nil
  ) {
    self.formula = formula
    self.bounds = bounds
    self.offers = offers
    dimension = formula.start.count
  }

  var residualCount: Int {
    (formula as? any Residuals)?.residuals(formula.start).count ?? 0
  }

  var layout: [Block] { [Block(name: "x", rows: dimension, columns: 1)] }

  func evaluate(
    _ ask: Ask, at x: UnsafePointer<Double>, along: UnsafePointer<Double>?,
    into answer: inout Answer
  ) -> Outcome {
    evaluations += 1
    if ask.contains(.value) { values += 1 }
    if ask.contains(.gradient) || ask.contains(.jacobian) { gradients += 1 }
    if ask.contains(.hessian) { hessians += 1 }
    onEvaluation?(evaluations)
    let point = (0..<dimension).map { x[$0] }
    if let bounds, !point.indices.allSatisfy({ bounds.lower[$0]...bounds.upper[$0] ~= point[$0] }) {
      trespasses += 1
    }
    if ask == .value {
      answer.value = formula.value(point)
      return answer.value.isFinite ? .done : .notFinite
    }
    if ask.contains(.residuals), let squares = formula as? any Residuals {
      return residuals(of: squares, at: point, into: &answer)
    }
    let secondOrder = ask.contains(.hessian) || ask.contains(.product)
    let variables = point.indices.map {
      Jet(variable: $0, of: dimension, value: point[$0], secondOrder: secondOrder)
    }
    let jet = formula.value(variables)
    answer.value = jet.number
    var isFinite = jet.number.isFinite
    if let gradient = answer.gradient {
      for i in 0..<dimension { gradient[i] = jet.g.isEmpty ? 0 : jet.g[i] }
      isFinite = isFinite && jet.g.allSatisfy { $0.isFinite }
    }
    if let product = answer.product, let along {
      for i in 0..<dimension {
        product[i] =
          jet.h.isEmpty
          ? 0 : (0..<dimension).reduce(0) { $0 + jet.h[i * dimension + $1] * along[$1] }
      }
    }
    if let hessian = answer.hessian {
      for i in 0..<dimension * dimension { hessian[i] = jet.h.isEmpty ? 0 : jet.h[i] }
      isFinite = isFinite && jet.h.allSatisfy { $0.isFinite }
    }
    return isFinite ? .done : .notFinite
  }

  private func residuals(
    of squares: any Residuals, at point: [Double], into answer: inout Answer
  ) -> Outcome {
    let variables = point.indices.map {
      Jet(variable: $0, of: dimension, value: point[$0], secondOrder: false)
    }
    var isFinite = true
    for (row, jet) in squares.residuals(variables).enumerated() {
      answer.residuals?[row] = jet.number
      isFinite = isFinite && jet.number.isFinite
      for column in 0..<dimension {
        let slope = jet.g.isEmpty ? 0 : jet.g[column]
        answer.jacobian?[row * dimension + column] = slope
        isFinite = isFinite && slope.isFinite
      }
    }
    answer.value = squares.value(point)
    return isFinite && answer.value.isFinite ? .done : .notFinite
  }

  func culprit(at x: UnsafePointer<Double>) -> Fault? {
    Fault(expression: formula.name, operands: [])
  }
}
