/// Functions as values: definitions and closures, built-in functions, derivatives of functions.
import OptGraph
import OptSyntax

/// What can be called.
package final class Function {
  package enum Kind {
    /// Written in the language; the captured values lie in the frame after the parameters.
    case closure(FunctionCode, captures: [Value])
    case elementary(FunctionID)
    case builtin(Builtin)
    /// `f'`, `∇f`, `hessian(f)`, …
    case derived(DerivedFunction)
    /// A function with the gradient that the user gave.
    case custom(CustomFunction)
  }

  package let kind: Kind
  /// Programs compiled for calls of derivatives of this function.
  var compiled: CompiledCalls?

  /// Whether it is a built-in function, which all machines share.
  let isShared: Bool

  package init(_ kind: Kind, isShared: Bool = false) {
    self.kind = kind
    self.isShared = isShared
  }

  /// The name in errors and help; nil for a function without one.
  package var name: String? {
    switch kind {
    case .closure(let code, _): code.name
    case .elementary(let id): id.row.name
    case .builtin(let builtin): builtin.name
    case .derived(let derived): derived.name
    case .custom(let custom): custom.base.name
    }
  }

  /// Names of the parameters that need not be given by name, in order.
  package var positionalNames: [String] {
    switch kind {
    case .builtin(let builtin):
      Array(builtin.parameters.prefix(builtin.positionalCount).map(\.name))
    case .derived(let derived): derived.base.positionalNames
    case .custom(let custom): custom.base.positionalNames
    default: parameterNames
    }
  }

  /// Names of the parameters in order.
  package var parameterNames: [String] {
    switch kind {
    case .closure(let code, _): code.parameters.map(\.name)
    case .elementary(let id): id.row.parameters
    case .builtin(let builtin): builtin.parameters.map(\.name)
    case .derived(let derived): derived.base.parameterNames
    case .custom(let custom): custom.base.parameterNames
    }
  }
}

/// The compiled form of one function text.
package final class FunctionCode {
  package struct Parameter {
    package let name: String
    /// Yields the default value, in the frame of the call.
    package let fallback: Code?
    package let span: SourceSpan
  }

  package let name: String?
  package let parameters: [Parameter]
  /// Parameters without a default value.
  package let requiredCount: Int
  package let help: String?
  package let span: SourceSpan
  /// The text's tree and the body's place in it, for `show`.
  package let tree: SyntaxTree
  package let bodyNode: NodeID
  /// Where in the frame the function itself lies, for recursion of local functions.
  package internal(set) var selfSlot: Int?
  /// Where in the frame the captured values lie.
  package internal(set) var captureSlots: [Int] = []
  /// Where its global names are looked up.
  var namespace: Namespace?
  /// What is shown instead of the function's text: the formula that it was made from.
  package internal(set) var formulaText: String?
  /// Whether it comes from a library file.
  var isLibrary = false
  package internal(set) var slotCount = 0
  package internal(set) var body: Code = { _ in .nothing }

  package init(
    name: String?, parameters: [Parameter], help: String?, span: SourceSpan, tree: SyntaxTree,
    bodyNode: NodeID
  ) {
    self.name = name
    self.parameters = parameters
    requiredCount = parameters.prefix { $0.fallback == nil }.count
    self.help = help
    self.span = span
    self.tree = tree
    self.bodyNode = bodyNode
  }
}

/// A derivative of a function.
package struct DerivedFunction {
  package enum Order {
    /// Of a function of one number: a number.
    case prime
    case gradient, jacobian, hessian, hvp, jvp, vjp
  }
  package let base: Function
  package let order: Order
  /// How errors and formulas call it.
  package var name: String {
    let inner = base.name ?? "f"
    switch order {
    case .prime: return inner + "'"
    case .gradient: return "∇" + inner
    case .jacobian: return "jacobian(\(inner))"
    case .hessian: return "hessian(\(inner))"
    case .hvp: return "hvp(\(inner))"
    case .jvp: return "jvp(\(inner))"
    case .vjp: return "vjp(\(inner))"
    }
  }
}

/// A function, and the one that computes its gradient.
package final class CustomFunction {
  let base: Function
  let gradient: Function
  /// Whether the gradient need not be compared with differences any more.
  var isChecked: Bool
  /// The place of `custom(…)`.
  let span: SourceSpan

  init(base: Function, gradient: Function, isChecked: Bool, span: SourceSpan) {
    self.base = base
    self.gradient = gradient
    self.isChecked = isChecked
    self.span = span
  }
}
