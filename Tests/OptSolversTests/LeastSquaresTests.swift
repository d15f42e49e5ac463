/// Methods for sums of squares: published minima, bounds, factors, covariances.
import OptNumerics
import OptSolvers
import Testing

private let problems: [any Residuals] = [
  Rosenbrock(), FreudensteinRoth(), PowellBadlyScaled(), BrownBadlyScaled(), Beale(),
  JennrichSampson(), HelicalValley(), Bard(), Gaussian(), Box3D(), PowellSingular(), Wood(),
  KowalikOsborne(), BrownDennis(), Osborne1(), BiggsEXP6(), Osborne2(),
  Watson(n: 6, minima: [2.287670053552372e-3]),
  BroydenTridiagonal(n: 10),
]

private let everything: Ask = [.value, .gradient, .hessian, .residuals, .jacobian]

struct LeastSquaresTests {
  static let methods: [any Method] = [
    LevenbergMarquardt(), GaussNewton(), CheckedLeastSquares(),
  ]

  @Test(arguments: methods.indices)
  func findsPublishedMinima(_ index: Int) {
    for formula in problems {
      let objective = TestObjective(formula, offers: everything)
      let result = minimize(objective, from: formula.start, using: Self.methods[index])
      let isPublished = formula.minima.contains { minimum in
        abs(result.value - minimum) <= 1e-6 * abs(minimum) + 1e-10
      }
      #expect(isPublished, "\(formula.name): \(result.value), \(result.reason)")
      #expect(result.counts.evaluations == objective.evaluations, "\(formula.name)")
      #expect(result.counts.gradients == objective.gradients, "\(formula.name)")
    }
  }

  /// A line through three points; its slope is held or bounded.
  private final class Line: Objective {
    let layout = [Block(name: "a", rows: 1, columns: 1), Block(name: "b", rows: 1, columns: 1)]
    let offers: Ask = [.value, .gradient, .residuals, .jacobian]
    let residualCount = 3
    let bounds: Bounds?
    var isOutside = false

    init(_ bounds: Bounds?) { self.bounds = bounds }

    func evaluate(
      _ ask: Ask, at x: UnsafePointer<Double>, along: UnsafePointer<Double>?,
      into answer: inout Answer
    ) -> Outcome {
      if let bounds {
        for k in 0..<2 where x[k] < bounds.lower[k] || x[k] > bounds.upper[k] { isOutside = true }
      }
      answer.value = 0
      answer.gradient?.update(repeating: 0, count: 2)
      for (row, y) in [1.0, 3, 6].enumerated() {
        let t = Double(row)
        let r = x[0] + x[1] * t - y
        answer.value += r * r
        answer.residuals?[row] = r
        answer.jacobian?[2 * row] = 1
        answer.jacobian?[2 * row + 1] = t
        answer.gradient?[0] += 2 * r
        answer.gradient?[1] += 2 * r * t
      }
      return .done
    }

    func culprit(at x: UnsafePointer<Double>) -> Fault? { nil }
  }

  @Test(arguments: methods.indices)
  func keepsToBounds(_ index: Int) {
    // Free: a = 5/6, b = 5/2. With b ≤ 2: a = 4/3.
    let objective = Line(Bounds(lower: [-.infinity, 0], upper: [.infinity, 2]))
    let result = minimize(objective, from: [0, 0], using: Self.methods[index])
    #expect(!objective.isOutside)
    #expect(result.reason.isSuccess)
    #expect(abs(result.x[0] - 4.0 / 3) < 1e-9 && result.x[1] == 2, "\(result.x)")
    let held = minimize(
      Line(Bounds(lower: [-.infinity, 1], upper: [.infinity, 1])), from: [0, 1],
      using: Self.methods[index])
    #expect(abs(held.x[0] - 7.0 / 3) < 1e-9 && held.x[1] == 1, "\(held.x)")
  }

  @Test func covarianceOfALine() {
    // (JᵀJ)⁻¹ of rows (1, t), t = 0, 1, 2: [5, -3; -3, 3]/6.
    let line = Covariance(jacobian: [1, 0, 1, 1, 1, 2], rows: 3, columns: 2, isFree: [true, true])
    for (found, wanted) in zip(line.times(1), [5.0 / 6, -0.5, -0.5, 0.5]) {
      #expect(abs(found - wanted) < 1e-14)
    }
    #expect(line.rank == 2 && line.unseen.isEmpty)
    // Twice the same column: only the sum is determined.
    let twice = Covariance(
      jacobian: [1, 1, 0, 2, 2, 1, 3, 3, 5], rows: 3, columns: 3, isFree: [true, true, true])
    #expect(twice.rank == 2)
    #expect(twice.isDetermined == [false, false, true])
    #expect(twice.unseen.count == 1 && abs(twice.unseen[0][0] + twice.unseen[0][1]) < 1e-12)
  }
}
