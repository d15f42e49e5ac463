/// Random programs: what is traced and compiled is what the evaluator computes, and derivatives are
/// those of the values.
import OptLanguage
import OptSyntax
import Testing

struct RandomProgramTests {
  /// One program in a session of its own, at a point.
  private struct Trial {
    let session = Session { _ in }
    let program: RandomText
    let seed: UInt64

    init(_ seed: UInt64) {
      self.seed = seed
      program = RandomText(seed: seed)
    }

    func numbers(_ text: String) throws -> [Double] {
      do {
        return try session.evaluate(text).numbers ?? []
      } catch let error as Diagnostic {
        throw Failure(description: "\(error.message) in \(text)\n\(program.text)")
      }
    }

    func number(_ text: String) throws -> Double {
      let all = try numbers(text)
      guard all.count == 1 else {
        throw Failure(description: "\(all.count) numbers: \(text)\n\(program.text)")
      }
      return all[0]
    }
  }

  private struct Failure: Error, CustomStringConvertible { var description: String }

  /// Values and directions with all digits in use.
  private static let point = """
    x0 = [sin(7.3*i + 0.4) + 0.1*cos(i) for i in 1:n]; s0 = 0.73; p0 = 0.2
    A0 = [sin(1.7*i - 0.9*j)/2 for i in 1:n, j in 1:n]
    dx = [cos(2.1*i) for i in 1:n]; ds = 0.61; dA = [cos(i + 3*j)/3 for i in 1:n, j in 1:n]
    """

  private func near(_ a: Double, _ b: Double, _ tolerance: Double, scale: Double = 1) -> Bool {
    a == b || abs(a - b) <= tolerance * max(abs(a), abs(b), scale)
  }

  @Test(arguments: 0..<8) func programs(_ block: Int) throws {
    var differing = 0
    for k in 0..<250 {
      let trial = Trial(UInt64(1_000_003 * (250 * block + k) + 17))
      let text = trial.program.text
      _ = try trial.numbers(text + "\n" + Self.point)
      let value = try trial.number("f(x0, s0, A0)")
      #expect(value.isFinite, "\(text)")
      // The derivative of t·f by t is the value, computed by the traced program.
      let traced = try trial.number(
        "jvp((x, s, A, t) -> t*f(x, s, A))(x0, s0, A0, 1, 0*x0, 0, 0*A0, 1)")
      #expect(near(value, traced, 1e-13), "\(value), traced \(traced)\n\(text)")

      let forward = try trial.number("jvp(f)(x0, s0, A0, dx, ds, dA)")
      let reverse = try trial.number(
        "(d -> sum(d.x.*dx) + d.s*ds + sum(d.A.*dA))(∇f(x0, s0, A0))")
      #expect(near(forward, reverse, 1e-11), "\(forward), reverse \(reverse)\n\(text)")

      func slope(_ h: Double) throws -> Double {
        let (plus, minus) = ("x0 + \(h)*dx, s0 + \(h)*ds, A0 + \(h)*dA", "-\(h)")
        let up = try trial.number("f(\(plus))")
        let down = try trial.number(
          "f(x0 + (\(minus))*dx, s0 + (\(minus))*ds, A0 + (\(minus))*dA)")
        return (up - down) / (2 * h)
      }
      // A jump or kink between the two points is told by steps of other sizes.
      let steps = [1e-5, 1e-6, 3e-5]
      let agrees = try steps.contains { h in
        near(try slope(h), forward, 1e-6, scale: 1 + abs(value))
      }
      if !agrees { differing += 1 }
      let differences = try steps.map(slope)
      #expect(agrees, "\(forward), differences \(differences)\n\(text)")
    }
    #expect(differing == 0)
  }
}
