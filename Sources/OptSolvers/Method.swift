/// What a minimisation method is to the driver: configured once, started per run, one step at a time.
import OptNumerics

/// An option of a method as the report shows it.
package struct MethodOption: Sendable, Equatable {
  package var name: String
  package var value: String
  package init(name: String, value: String) {
    self.name = name
    self.value = value
  }
}

/// What a method keeps to while it runs.
package struct Restrictions: OptionSet, Sendable, Hashable {
  package let rawValue: UInt8
  package init(rawValue: UInt8) { self.rawValue = rawValue }
  /// Never asks for a value outside of the objective's box.
  package static let bounds = Restrictions(rawValue: 1)
  /// Ends at a point that satisfies the objective's constraints.
  package static let constraints = Restrictions(rawValue: 2)
}

/// One configured method; every run asks it for a fresh `Iteration`.
package protocol Method: Sendable {
  /// The name in the language, e.g. `bfgs`.
  var name: String { get }
  /// Every option with the value in force, defaults included.
  var options: [MethodOption] { get }
  /// What the objective must offer.
  var needs: Ask { get }
  /// Which restrictions of the variables it honours. The driver refuses a run with others.
  var honours: Restrictions { get }
  /// The largest number of variables that it is made for.
  var largestDimension: Int { get }
  /// Compares values at different points, so that a cost that changes from step to step misleads
  /// it. The driver then also watches for steps that no longer make progress.
  var needsDeterministicCosts: Bool { get }
  /// Works on the stored elements of derivatives alone, where the objective offers them.
  var takesSparse: Bool { get }
  /// Searches a whole region: its points need not descend, and it ends when it says so.
  var isGlobal: Bool { get }
  /// Prepares a run. `run` holds the start point, already evaluated.
  func start(_ run: Run) -> any Iteration
}

extension Method {
  package var isGlobal: Bool { false }
  package var takesSparse: Bool { false }
  package var honours: Restrictions { [] }
  package var largestDimension: Int { .max }
}

/// The state of a method within one run.
package protocol Iteration: AnyObject {
  /// Makes one step: asks `run` for what it needs at `run.x` and calls `run.accept`.
  func step(_ run: Run) -> Advance
  /// What the method knows about its distance from a minimum, after a step.
  func measures(_ run: Run) -> Measures
  /// Called when the default criteria hold at `run.x`: true if the method has nothing to object.
  /// A method that returns false continues from `run.x`.
  func confirms(_ run: Run) -> Bool
  /// Called when the method is stuck and this is not the precision floor: true if it has another
  /// way to go on from `run.x`.
  func recover(_ run: Run) -> Bool
  /// The local minima that the method has found, for methods that collect them.
  func minima(_ run: Run) -> Minima?
  /// Saves or restores everything that the method remembers from one step to the next, so that a run
  /// goes on with the same bits. A method that cannot says so through `archive.fail`.
  func archive(_ archive: Archive, _ run: Run)
  /// The point that the method returns instead of the best one seen, such as an average of its
  /// iterates; nil for most.
  func answer(_ run: Run) -> UnsafePointer<Double>?
  /// Told that the driver moved `run.x` to another point: what the method remembers is void.
  func restart(_ run: Run)
}

extension Iteration {
  package func measures(_ run: Run) -> Measures { Measures() }
  package func confirms(_ run: Run) -> Bool { true }
  package func recover(_ run: Run) -> Bool { false }
  package func archive(_ archive: Archive, _ run: Run) {
    archive.fail("the method does not keep its state")
  }
  package func answer(_ run: Run) -> UnsafePointer<Double>? { nil }
  package func restart(_ run: Run) {}
  package func minima(_ run: Run) -> Minima? { nil }
}

/// How a step ended.
package enum Advance: Sendable, Equatable {
  /// A new point was accepted.
  case moved
  /// No acceptable point was found; `why` tells the kind. The driver decides whether this is the
  /// precision floor.
  case stuck(Impasse)
  /// A value or derivative that the method cannot do without is not finite.
  case notFinite
  /// An evaluation was refused: interrupted, or a budget is used up.
  case halted
  /// The method has done all that it set out to do.
  case finished(StopReason)
}

/// Why a step was not possible.
package enum Impasse: Sendable, Equatable {
  case lineSearch
  case degenerate
}

/// A method's own idea of how far a minimum is.
package struct Measures: Sendable, Equatable {
  /// The decrease of the value that its quadratic model expects, ½gᵀH⁻¹g.
  package var expectedDecrease: Double?
  /// That expectation rests on second derivatives of the function, not on what was learnt of them.
  package var isExact: Bool
  /// The step length, learning rate or trust radius of the last step.
  package var rate: Double?
  /// Largest distance of a vertex from the best one, relative to max(1, |x|).
  package var simplexDiameter: Double?
  /// Difference between the largest and the smallest value at the vertices.
  package var simplexSpread: Double?
  /// How well the first-order conditions hold, where there are constraints.
  package var kkt: KKT?
  /// How far the residuals are from being orthogonal to the columns of the Jacobian.
  package var offset: Double?
  package init(
    expectedDecrease: Double? = nil, rate: Double? = nil, simplexDiameter: Double? = nil,
    simplexSpread: Double? = nil, kkt: KKT? = nil, offset: Double? = nil, isExact: Bool = false
  ) {
    self.isExact = isExact
    self.expectedDecrease = expectedDecrease
    self.rate = rate
    self.simplexDiameter = simplexDiameter
    self.simplexSpread = simplexSpread
    self.kkt = kkt
    self.offset = offset
  }
}
