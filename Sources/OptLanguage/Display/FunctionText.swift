/// Functions and methods as text: definitions as they were written, derivatives as formulas.
import OptGraph
import OptSolvers
import OptSyntax

extension Machine {
  /// Lines and characters of a definition that are shown.
  private static let (mostLines, mostCharacters) = (12, 1200)

  /// What is shown for a function.
  func lines(of function: Function, _ width: Int) -> [String] {
    switch function.kind {
    case .closure(let code, _):
      if let formula = code.formulaText { return [formula] }
      let text = code.text
      var lines = text.prefix(Self.mostCharacters).split(
        separator: "\n", omittingEmptySubsequences: false
      ).map(String.init)
      if lines.count > Self.mostLines {
        lines = lines.prefix(Self.mostLines) + ["… \(lines.count - Self.mostLines) more lines"]
      } else if text.utf8.count > Self.mostCharacters, let last = lines.popLast() {
        lines.append(last + " …")
      }
      return code.headed == code.bodyNode && code.name != nil
        ? [signature(function) + " = " + (lines.first ?? "")] + lines.dropFirst() : lines
    case .elementary(let id): return ["\(signature(function)): \(id.row.summary)"]
    case .builtin(let builtin): return ["\(builtin.signature): \(builtin.summary)"]
    case .derived(let derived): return formulas(of: function, derived, width)
    case .custom: return [summary(of: function)]
    }
  }

  /// A function on one line: `f(x, y)`, or what a short function without a name says.
  func summary(of function: Function) -> String {
    switch function.kind {
    case .closure(let code, _) where code.name == nil:
      if let formula = code.formulaText { return formula }
      let text = code.text
      let isShort = text.utf8.count <= 60 && !text.utf8.contains(0x0A)
      return isShort ? text : "(\(function.parameterNames.joined(separator: ", "))) -> …"
    case .derived(let derived): return derived.name
    case .custom(let custom):
      func name(_ function: Function) -> String { function.name ?? summary(of: function) }
      return "custom(\(name(custom.base)), gradient = \(name(custom.gradient)))"
    default: return signature(function)
    }
  }

  // MARK: Methods

  /// What is shown for a method.
  func description(of method: MethodValue) -> String {
    guard let entry = method.entry else { return method.name }
    return "\(method.label): \(entry.summary)"
  }
}

extension FunctionCode {
  /// The definition as the printer writes it, without its help.
  fileprivate var text: String {
    let id = headed
    var tree = tree
    if case .definition(var definition) = tree[id] {
      definition.help = nil
      tree[id] = .definition(definition)
    }
    return SyntaxPrinter(tree: tree).print(id)
  }

  /// The node that says the whole function: the definition without its help, or `x -> …`.
  fileprivate var headed: NodeID {
    for (k, node) in tree.nodes.enumerated() {
      switch node {
      case .definition(let definition) where definition.body == bodyNode:
        return NodeID(index: Int32(clamping: k))
      case .lambda(_, let body) where body == bodyNode: return NodeID(index: Int32(clamping: k))
      default: break
      }
    }
    return bodyNode
  }
}
