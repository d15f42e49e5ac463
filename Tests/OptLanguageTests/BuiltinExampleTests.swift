/// Every example of a built-in or elementary function holds.
import OptGraph
import OptLanguage
import OptSyntax
import Testing

/// One example of one function.
struct FunctionExample: CustomTestStringConvertible, Sendable {
  let name: String
  let text: String
  var testDescription: String { text }

  static let builtins: [FunctionExample] = Builtins.list.flatMap { builtin in
    builtin.examples.map { FunctionExample(name: builtin.name, text: $0) }
  }

  static let elementary: [FunctionExample] =
    ElementaryFunctions.table.filter { !$0.isOperator }.map {
      FunctionExample(name: $0.name, text: $0.example)
    }
}

struct BuiltinExampleTests {
  @Test(arguments: FunctionExample.builtins) func ofBuiltins(_ example: FunctionExample) throws {
    try holds(example)
  }

  @Test(arguments: FunctionExample.elementary) func ofElementary(_ example: FunctionExample) throws
  { try holds(example) }

  @Test func everyBuiltinHasASentenceAndAnExample() {
    for builtin in Builtins.list {
      #expect(builtin.summary.hasSuffix("."), "\(builtin.name)")
      #expect(!builtin.examples.isEmpty, "\(builtin.name)")
    }
    let names = Builtins.list.map(\.name)
    #expect(Set(names).count == names.count)
  }

  private func holds(_ example: FunctionExample) throws {
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
