/// Every method of this module, for help, completion and `using NAME(options)`.

/// What the catalogue says about a method.
package struct MethodEntry: CatalogueEntry {
  package typealias Option = OptionEntry

  package var name: String
  package var summary: String
  package var help: String
  package var options: [OptionEntry]
  package var needs: Ask
  /// Makes the method from the options given; others keep their defaults.
  package var make: @Sendable (MethodOptions) -> any Method
  /// Whether it keeps a matrix with a row and a column for every variable.
  package var keepsMatrix = false
  /// Which restrictions of the variables it honours.
  package var honours: Restrictions = []
}

/// The methods, one line each, in the order help shows them.
package enum MethodCatalogue {
  package static let entries: [MethodEntry] = [
    BFGS.entry,
    LBFGS.entry,
    LBFGSB.entry,
    TrustRegion.entry,
    Newton.entry,
    Dogleg.entry,
    NewtonCG.entry,
    Steihaug.entry,
    ConjugateGradient.entry,
    GradientDescent.entry,
    NelderMead.entry,
    Powell.entry,
    Brent.entry,
    GoldenSection.entry,
    SQP.entry,
    InteriorPoint.entry,
    AugmentedLagrangian.entry,
    LevenbergMarquardt.entry,
    GaussNewton.entry,
    GlobalStrategy.entry,
    Multistart.entry,
    CMAES.entry,
    DifferentialEvolution.entry,
    DualAnnealing.entry,
    BasinHopping.entry,
    Direct.entry,
  ]

  /// The names of the methods that honour `restrictions`.
  package static func names(honouring restrictions: Restrictions) -> [String] {
    entries.filter { $0.honours.isSuperset(of: restrictions) }.map(\.name)
  }

  /// The entry with that name.
  package static func entry(named name: String) -> MethodEntry? {
    entries.first { $0.name == name }
  }
}
