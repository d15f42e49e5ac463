/// Whether a function treats its arguments as vectors or matrices, as far as its text tells.
import OptSyntax

/// A formula for numbers would be wrong for a function of matrices: `2W² x` for the gradient of
/// `sum((W*x).^2)`. So none is shown where the text of a function takes elements, sums, transposes.
enum ArrayUse {
  /// Functions that are looked into.
  private static let mostFunctions = 50

  /// Whether the text of a function, or of one that it calls, is about more than numbers.
  static func isIn(_ function: Function, _ machine: Machine) -> Bool {
    var seen: Set<ObjectIdentifier> = []
    var pending = [function]
    while let next = pending.popLast(), seen.count < mostFunctions {
      guard case .closure(let code, _) = next.kind, seen.insert(ObjectIdentifier(code)).inserted
      else { continue }
      if isIn(code, machine, &pending) { return true }
    }
    return false
  }

  private static func isIn(
    _ code: FunctionCode, _ machine: Machine, _ called: inout [Function]
  ) -> Bool {
    let tree = code.tree
    let parameters = Set(code.parameters.map(\.name))
    var pending = [code.bodyNode]
    while let id = pending.popLast() {
      switch tree[id] {
      case .index, .transpose, .mapCall: return true
      case .infix(.elementMultiply, _, _), .infix(.elementDivide, _, _),
        .infix(.elementPower, _, _), .infix(.solve, _, _):
        return true
      case .prime(let operand):
        if case .name(let name) = tree[operand], parameters.contains(name) { return true }
      case .call(let callee, let arguments):
        guard case .name(let name) = tree[callee], !parameters.contains(name) else { break }
        let value = try? (code.namespace ?? machine.user).cell(name).resolved(machine)
        guard case .function(let function)? = value else { break }
        if case .builtin = function.kind, arguments.count == 1,
          !arguments.allSatisfy({ isHarmless(tree[$0.value]) })
        {
          return true
        }
        called.append(function)
      case .lambda(_, let body): pending.append(body)
      case .comprehension(let body, let generators, _):
        pending.append(body)
        pending += generators.map(\.source)
      default: break
      }
      pending += tree.inner(of: id)
    }
    return false
  }

  /// Whether an argument is a constant, or a vector made of numbers on the spot.
  private static func isHarmless(_ node: SyntaxNode) -> Bool {
    switch node {
    case .brackets, .comprehension, .text, .number, .boolean: true
    default: false
    }
  }
}
