/// The library's files are found, and the names they define are read from them without parsing.
import OptLibrary
import Testing

@Suite struct LibraryTests {
  @Test func findsTheFilesOfTheSourceTree() throws {
    let directory = try #require(Library.directory())
    #expect(directory.hasSuffix("/stdlib"))
    for module in Library.modules() {
      #expect(module.path.hasPrefix(directory))
      #expect(!module.name.isEmpty)
      #expect(Library.readBytes(module.path) != nil)
    }
  }

  @Test func everyDefinedNameNamesItsFile() {
    let paths = Set(Library.modules().map(\.path))
    for (name, path) in Library.definitions {
      #expect(paths.contains(path), "\(name)")
    }
  }

  @Test(arguments: [
    ("f(x) = x", ["f"]),
    ("f(x) = x\ng = 3\n", ["f", "g"]),
    ("x_1=2", ["x_1"]),
    ("θ₀ = 1\n∇", ["θ₀"]),
    ("# f(x) = x\n  g = 3\n## h(x)\n\nk(a,\n  b = 2) = a", ["k"]),
    ("x == 3\nf x\n1x = 2\n", []),
    ("mlp(p, X) = {\n  h = p\n  h\n}\nlast", ["mlp"]),
    ("", []),
  ])
  func namesAtTheBeginningOfLines(text: String, names: [String]) {
    #expect(Library.definedNames(in: Array(text.utf8)) == names)
  }
}
