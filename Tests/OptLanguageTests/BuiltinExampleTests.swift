/// Every example of a built-in or elementary function holds.
import OptGraph
import OptLanguage
import OptSyntax
import Testing

struct BuiltinExampleTests {
  /// One example of one function.
  struct Example: CustomTestStringConvertible, Sendable {
    let name: String
    let text: String
    var testDescription: String { text }
  }

  static let builtins = Builtins.list.flatMap { builtin in
    builtin.examples.map { Example(name: builtin.name, text: $0) }
  }

  static let elementary = ElementaryFunctions.table.filter { !$0.isOperator }.map {
    Example(name: $0.name, text: $0.example)
  }

  @Test(arguments: builtins) func builtin(_ example: Example) throws { try holds(example) }

  @Test(arguments: elementary) func elementary(_ example: Example) throws { try holds(example) }

  @Test func everyBuiltinHasASentenceAndAnExample() {
    for builtin in Builtins.list {
      #expect(builtin.summary.hasSuffix("."), "\(builtin.name)")
      #expect(!builtin.examples.isEmpty, "\(builtin.name)")
    }
    let names = Builtins.list.map(\.name)
    #expect(Set(names).count == names.count)
  }

  private func holds(_ example: Example) throws {
    let session = Session { _ in }
    let value: Value
    do {
      value = try session.evaluate(example.text)
    } catch let error as Diagnostic {
      Issue.record("\(example.text): \(error.message)")
      return
    }
    switch value {
    case .boolean(let holds): #expect(holds, "\(example.text)")
    case .matrix(let mask):
      #expect(mask.isMask && mask.elements.allSatisfy { $0 != 0 }, "\(example.text)")
    default: Issue.record("\(example.text) is \(value.kindDescription)")
    }
  }
}
