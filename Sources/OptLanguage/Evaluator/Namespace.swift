/// Global names: the user's, and those of the library, which always uses its own.
import OptGraph
import OptLibrary

/// One global name. Lives as long as its namespace, so compiled code points at `value` directly.
final class Cell {
  let name: String
  /// What the program gave it; unset while it has only its built-in meaning.
  let value: UnsafeMutablePointer<Value>
  /// Counts the values it was given.
  var version = 0
  /// What the name means when the program gives it no value.
  private(set) var fallback: Value = .unset
  private var looked = false
  private unowned let namespace: Namespace
  /// Scalars are constants of traced programs until they change often; then they become inputs.
  var changesWhileTraced = 0
  /// Whether it was said that the name hides a built-in one.
  var saidHiding = false

  init(name: String, namespace: Namespace) {
    self.name = name
    self.namespace = namespace
    value = .allocate(capacity: 1)
    value.initialize(to: .unset)
  }

  deinit {
    value.deinitialize(count: 1)
    value.deallocate()
  }

  var isSet: Bool {
    if case .unset = value.pointee { return false }
    return true
  }

  /// The value, or the built-in or library meaning; `.unset` for an unknown name.
  func resolved(_ machine: Machine) throws -> Value {
    if isSet { return value.pointee }
    if !looked {
      fallback = try namespace.meaning(of: name, machine)
      looked = true
    }
    return fallback
  }

}

/// A set of global names.
final class Namespace {
  private var cells: [String: Cell] = [:]
  private let parent: Namespace?

  /// `parent` is the library's namespace; nil for the library itself.
  init(parent: Namespace?) { self.parent = parent }

  /// The cell of a name, made on first use.
  func cell(_ name: String) -> Cell {
    if let cell = cells[name] { return cell }
    let cell = Cell(name: name, namespace: self)
    cells[name] = cell
    return cell
  }

  func existing(_ name: String) -> Cell? { cells[name] }

  /// Names that have a value.
  var setNames: [String] { cells.values.filter(\.isSet).map(\.name).sorted() }

  /// What a name means that was given no value here.
  func meaning(of name: String, _ machine: Machine) throws -> Value {
    if let constant = Builtins.constants[name] { return constant }
    if name == "arguments" { return .list(machine.options.arguments.map { .text($0) }) }
    if let function = Builtins.functions[name] { return .function(function) }
    if let method = Builtins.methods[name] { return .method(method) }
    guard let path = Library.definitions[name] else { return .unset }
    let library = parent ?? self
    if !library.cell(name).isSet { try machine.loadLibrary(path) }
    return library.cell(name).value.pointee
  }

  func removeAll() {
    for cell in cells.values {
      cell.value.pointee = .unset
      cell.version += 1
    }
  }
}
