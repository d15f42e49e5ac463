/// The catalogue lists every method of the module.
import Foundation
import OptSolvers
import Testing

@Test func everyMethodIsInTheCatalogue() throws {
  let folder = URL(filePath: #filePath).deletingLastPathComponent()
    .appending(path: "../../Sources/OptSolvers")
  let files = try #require(FileManager.default.enumerator(atPath: folder.path()))
    .compactMap { $0 as? String }.filter { $0.hasSuffix(".swift") }
  var found: [String] = []
  for file in files {
    let text = try String(contentsOf: folder.appending(path: file), encoding: .utf8)
    guard text.contains("static let entry = MethodEntry(") else { continue }
    let names = MethodCatalogue.entries.map(\.name).filter { text.contains("name: \"\($0)\"") }
    #expect(!names.isEmpty, "add the method of \(file) to MethodCatalogue")
    found += names
  }
  #expect(found.sorted() == MethodCatalogue.entries.map(\.name).sorted())
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
        until: Stops(steps: 5),
        region: SearchRegion(box: Bounds(lower: [-2, -2], upper: [2, 2]), seed: 1))
      #expect(result.value <= 24.2)
    }
  }
}

@Test func theDefaultDependsOnWhatIsOffered() {
  #expect(defaultMethod(for: TestObjective(Rosenbrock())).name == "bfgs")
  #expect(defaultMethod(for: TestObjective(Rosenbrock(), offers: .value)).name == "nelder_mead")
  #expect(defaultMethod(for: TestObjective(ExtendedRosenbrock(n: 1000))).name == "lbfgs")
}
