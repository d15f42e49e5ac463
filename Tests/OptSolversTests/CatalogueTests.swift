/// The catalogue lists every file of the methods' folder.
import Foundation
import OptSolvers
import Testing

@Test func everyMethodFileIsInTheCatalogue() throws {
  let folder = URL(filePath: #filePath).deletingLastPathComponent()
    .appending(path: "../../Sources/OptSolvers/Methods")
  let files = try FileManager.default.contentsOfDirectory(atPath: folder.path())
    .filter { $0.hasSuffix(".swift") }
  #expect(files.count == MethodCatalogue.entries.count)
  for file in files {
    let text = try String(contentsOf: folder.appending(path: file), encoding: .utf8)
    let isListed = MethodCatalogue.entries.contains { text.contains("name: \"\($0.name)\"") }
    #expect(isListed, "add the method of \(file) to MethodCatalogue")
  }
}

@Test func everyEntryMakesItsMethod() {
  for entry in MethodCatalogue.entries {
    let method = entry.make([:])
    #expect(method.name == entry.name)
    #expect(method.needs == entry.needs)
    #expect(!entry.summary.isEmpty && !entry.help.isEmpty)
    for option in entry.options { #expect(method.options.contains { $0.name == option.name }) }
  }
}

@Test func strangeOptionsDoNotTrap() {
  for value in [Double.nan, .infinity, -3, 0, 1e300] {
    for entry in MethodCatalogue.entries {
      let options = MethodOptions(
        Dictionary(uniqueKeysWithValues: entry.options.map { ($0.name, .number(value)) }))
      let result = minimize(
        TestObjective(Rosenbrock()), from: [-1.2, 1], using: entry.make(options),
        until: Stops(steps: 5))
      #expect(result.value <= 24.2)
    }
  }
}

@Test func theDefaultDependsOnWhatIsOffered() {
  #expect(defaultMethod(for: TestObjective(Rosenbrock())).name == "bfgs")
  #expect(defaultMethod(for: TestObjective(Rosenbrock(), offers: .value)).name == "nelder_mead")
  #expect(defaultMethod(for: TestObjective(ExtendedRosenbrock(n: 1000))).name == "lbfgs")
}
