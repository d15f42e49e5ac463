/// Variables, wherever they live.

/// A variable that code assigns: of a function, or a global name.
struct Variable {
  enum Place {
    case slot(Int)
    case cell(Cell)
  }
  let name: String
  let place: Place
}

extension Compiler {
  /// What an assignment to `name` changes here.
  func variable(_ name: String) -> Variable {
    Variable(
      name: name,
      place: scope.local(name).map(Variable.Place.slot) ?? .cell(namespace.cell(name)))
  }
}

extension Machine {
  func value(of variable: Variable, _ frame: Frame) -> Value {
    switch variable.place {
    case .slot(let slot): frame[slot]
    case .cell(let cell): cell.value.pointee
    }
  }

  func set(_ variable: Variable, _ value: Value, _ frame: Frame) {
    switch variable.place {
    case .slot(let slot): frame[slot] = value
    case .cell(let cell):
      cell.value.pointee = value
      cell.version &+= 1
      state.pointee.definitions &+= 1
    }
  }
}
