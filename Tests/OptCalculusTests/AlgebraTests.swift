/// Factorisations and linear systems against finite differences.
import OptCalculus
import OptGraph
import OptNumerics
import Testing

struct AlgebraTests {
  /// A well conditioned symmetric positive definite matrix made of `a`.
  private func positive(_ a: Expression) -> Expression {
    a.product(a, transposeRight: true)
      + a.graph.array(
        Buffer([3, 0, 0, 0, 4, 0, 0, 0, 5]), Shape(rows: 3, columns: 3))
  }

  private func shifted(_ a: Expression) -> Expression {
    a + a.graph.array(Buffer([3, 0, 0, 0, 4, 0, 0, 0, 5]), Shape(rows: 3, columns: 3))
  }

  @Test(arguments: [false, true])
  func solutions(transposed: Bool) {
    var s = Sample(1)
    let a = s.input(3, 3)
    let b = s.input(3, 2)
    s.reference.check(
      shifted(a).factor(.lu).solve(b, transposed: transposed), by: [a, b], "solve")
    s.reference.check(
      shifted(a).factor(.cholesky).solve(b, transposed: transposed), by: [a, b], "cholesky solve")
    s.reference.check(
      positive(a).factor(.cholesky).solve(b, transposed: transposed), by: [a, b],
      "symmetric solve")
    let lanes = s.input(3, 1, lanes: [4])
    s.reference.check(
      shifted(a).factor(.lu).solve(lanes, transposed: transposed), by: [a], "shared matrix")
    s.reference.check(
      shifted(a).factor(.lu).solve(lanes, transposed: transposed), by: [a, lanes], "many sides")
  }

  @Test(arguments: [false, true])
  func leastSquares(transposed: Bool) {
    var s = Sample(2)
    for (rows, columns) in [(4, 2), (2, 4), (3, 3)] {
      let a = s.input(rows, columns)
      let b = s.input(transposed ? columns : rows, 1)
      s.reference.check(
        a.factor(.qr).solve(b, transposed: transposed), by: [a, b], tolerance: 1e-5,
        "\(rows)×\(columns)")
      let many = s.input(transposed ? columns : rows, 2, lanes: [3])
      s.reference.check(
        a.factor(.qr).solve(many, transposed: transposed), by: [a, many], tolerance: 1e-5,
        "\(rows)×\(columns) with lanes")
    }
  }

  @Test func partsOfFactors() {
    var s = Sample(3)
    let a = s.input(3, 3)
    s.reference.check(shifted(a).factor(.lu).part(0), by: [a], "det")
    s.reference.check(shifted(a).factor(.lu).part(1), by: [a], "logdet")
    s.reference.check((-shifted(a)).factor(.lu).part(1), by: [a], "logdet of a negative one")
    s.reference.check(positive(a).factor(.cholesky).part(0), by: [a], "cholesky")
    s.reference.check(shifted(a).factor(.cholesky).part(0), by: [a], "lower triangle")
    s.reference.check(shifted(a).factor(.cholesky).part(1), by: [a], "cholesky logdet")
    s.reference.check(positive(a).factor(.cholesky).part(1), by: [a], "symmetric logdet")
    s.reference.check(positive(a).factor(.symmetricEigen).part(0), by: [a], "eigenvalues")
    s.reference.check(shifted(a).factor(.symmetricEigen).part(0), by: [a], "lower eigenvalues")
    s.reference.check(
      shifted(a).factor(.symmetricEigen).part(1), by: [a], tolerance: 1e-5, "eigenvectors")
    for (rows, columns) in [(4, 3), (3, 3), (2, 4)] {
      let b = s.input(rows, columns)
      s.reference.check(b.factor(.qr).part(0), by: [b], tolerance: 1e-4, "Q \(rows)×\(columns)")
      s.reference.check(b.factor(.qr).part(1), by: [b], tolerance: 1e-4, "R \(rows)×\(columns)")
      s.reference.check(
        b.factor(.svd).part(0), by: [b], tolerance: 1e-5, secondOrder: false,
        "singular values \(rows)×\(columns)")
      for part in [1, 2] {
        s.reference.check(
          b.factor(.svd).part(part), by: [b], tolerance: 1e-4, "vectors \(part) \(rows)×\(columns)")
      }
    }
    let lanes = s.input(3, 3, lanes: [2])
    s.reference.check(shifted(lanes).factor(.lu).part(0), by: [lanes], "det of lanes")
    s.reference.check(shifted(lanes).factor(.cholesky).part(0), by: [lanes], "cholesky of lanes")
  }

  /// The sum of squares of the eigenvalues does not depend on the basis; its gradient is right at
  /// equal eigenvalues too, in first and second order.
  @Test func equalEigenvalues() {
    var s = Sample(4)
    let a = s.input(3, 3)
    s.reference.inputs[a.index] = [2, 0, 0, 0, 2, 0, 0, 0, 2]
    let w = a.factor(.symmetricEigen).part(0)
    let y = (w * w).reduceElements(.sum)
    let g = gradient(of: y, by: [a])[0]
    close(s.reference.value(g), [4, 0, 0, 0, 4, 0, 0, 0, 4], 1e-12, "gradient")
  }
}
