/// What single numbers of the variables are called: `a`, `w[3]`, `p.W[2, 1]`.
import OptSolvers

extension Block {
  /// The name of the element at a 0-based place, row by row.
  func name(of element: Int) -> String {
    if count == 1 { return name }
    if columns == 1 { return "\(name)[\(element + 1)]" }
    return "\(name)[\(element / columns + 1), \(element % columns + 1)]"
  }
}

extension [Block] {
  /// The name of the component at a 0-based place among all numbers.
  func name(ofComponent component: Int) -> String {
    var rest = component
    for block in self {
      if rest < block.count { return block.name(of: rest) }
      rest -= block.count
    }
    return "component \(component + 1)"
  }

  /// The names of all components in order.
  var componentNames: [String] {
    flatMap { block in (0..<block.count).map { block.name(of: $0) } }
  }
}

extension Leaf {
  /// Its place among the numbers of a point.
  var block: Block { Block(name: name, rows: rows, columns: columns) }
}
