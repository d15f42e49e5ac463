/// The catalogue lists every method of the module, and each entry makes what it says.
import Foundation
import OptSolvers
import Testing

@Test func everyMethodFileIsInTheCatalogue() throws {
  let folder = URL(filePath: #filePath).deletingLastPathComponent()
    .appending(path: "../../Sources/OptSolvers")
  let files = try FileManager.default.subpathsOfDirectory(atPath: folder.path())
    .filter { $0.hasSuffix(".swift") }
  var count = 0
  for file in files {
    let text = try String(contentsOf: folder.appending(path: file), encoding: .utf8)
    let found = text.components(separatedBy: "static let entry = MethodEntry(").count - 1
    guard found > 0 else { continue }
    count += found
    let isListed = MethodCatalogue.entries.contains { text.contains("name: \"\($0.name)\"") }
    #expect(isListed, "add the method of \(file) to MethodCatalogue")
  }
  #expect(count == MethodCatalogue.entries.count)
}

@Test func everyEntryMakesItsMethod() {
  for entry in MethodCatalogue.entries {
    let method = entry.make([:])
    #expect(method.name == entry.name)
    #expect(method.needs == entry.needs)
    #expect(method.honours == entry.honours)
    #expect(!entry.summary.isEmpty && !entry.help.isEmpty)
    for option in entry.options { #expect(method.options.contains { $0.name == option.name }) }
  }
}

@Test func strangeOptionsDoNotTrap() {
  let all: Ask = [.value, .gradient, .product, .hessian, .residuals, .jacobian]
  for value in [Double.nan, .infinity, -3, 0, 1e300] {
    for entry in MethodCatalogue.entries {
      let options = MethodOptions(
        Dictionary(uniqueKeysWithValues: entry.options.map { ($0.name, .number(value)) }))
      let method = entry.make(options)
      if method.largestDimension < 2 { continue }
      let result = minimize(
        TestObjective(Rosenbrock(), offers: all), from: [-1.2, 1], using: method,
        until: Stops(steps: 5),
        region: SearchRegion(box: Bounds(lower: [-2, -2], upper: [2, 2]), random: .init(seed: 1)))
      #expect(result.value <= 24.2)
    }
  }
}

@Test func theDefaultDependsOnWhatIsOffered() {
  let gradients: Ask = [.value, .gradient]
  #expect(defaultMethod(for: TestObjective(Rosenbrock())).name == "trust_region")
  #expect(defaultMethod(for: TestObjective(Rosenbrock(), offers: gradients)).name == "bfgs")
  #expect(defaultMethod(for: TestObjective(Rosenbrock(), offers: .value)).name == "nelder_mead")
  #expect(defaultMethod(for: TestObjective(ExtendedRosenbrock(n: 1000))).name == "lbfgs")
  let bounds = Bounds(lower: [0, 0], upper: [1, .infinity])
  let bounded = TestObjective(Rosenbrock(), bounds: bounds)
  #expect(defaultMethod(for: bounded).name == "trust_region")
  let first = TestObjective(Rosenbrock(), offers: gradients, bounds: bounds)
  #expect(defaultMethod(for: first).name == "lbfgsb")
  for objective in [bounded, first, TestObjective(ExtendedRosenbrock(n: 1000))] {
    #expect(choice(for: objective).reason.hasPrefix("chosen because "))
  }
}
