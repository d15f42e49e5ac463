/// Where in a mapping a value is looked at: whole-number sums of the names of generators.
import OptSyntax

/// `constant + Σ coefficient · name`, counted from 1.
struct LaneIndex: Hashable {
  private(set) var names: [String] = []
  private(set) var coefficients: [Int] = []
  private(set) var constant: Int

  init(_ constant: Int) { self.constant = constant }

  init(name: String) {
    names = [name]
    coefficients = [1]
    constant = 0
  }

  /// Whether it names no generator.
  var isConstant: Bool { names.isEmpty }

  /// Adds `factor · other`.
  mutating func add(_ other: LaneIndex, times factor: Int) {
    constant &+= factor &* other.constant
    for (name, coefficient) in zip(other.names, other.coefficients) {
      let more = factor &* coefficient
      if let place = names.firstIndex(of: name) {
        coefficients[place] &+= more
        if coefficients[place] == 0 {
          names.remove(at: place)
          coefficients.remove(at: place)
        }
      } else if more != 0 {
        names.append(name)
        coefficients.append(more)
      }
    }
  }

  func adding(_ number: Int) -> LaneIndex {
    var result = self
    result.constant &+= number
    return result
  }
}

/// The generators around a place in a formula.
struct LaneScope: Hashable {
  /// Per lane level, which lane is looked at.
  var lanes: [LaneIndex] = []
  /// The names of all generators around.
  var used: [String] = []

  /// The lane of `level`; a level without generator has one lane.
  func lane(_ level: Int) -> LaneIndex {
    level < lanes.count ? lanes[level] : LaneIndex(1)
  }

  /// Sets the lane of `level`.
  mutating func set(_ level: Int, _ lane: LaneIndex) {
    while lanes.count <= level { lanes.append(LaneIndex(1)) }
    lanes[level] = lane
  }
}

extension FormulaBuilder {
  /// A name for a generator at `level`, kept free of the names around it and those of inputs.
  func indexName(_ level: Int, in scope: LaneScope) -> String {
    let free = Self.indexNames.filter { !taken.contains($0) && !scope.used.contains($0) }
    // The level's own letter if no generator around has it, else the next one.
    let preferred = level < Self.indexNames.count ? Self.indexNames[level] : ""
    if free.contains(preferred) { return preferred }
    if let first = free.first { return first }
    var number = 1
    while taken.contains("i_\(number)") || scope.used.contains("i_\(number)") { number += 1 }
    return "i_\(number)"
  }

  private static let indexNames = ["i", "j", "k", "l", "m", "p", "q", "r", "s", "t"]

  /// The syntax of a lane: `i`, `2i - 1`, `5 - i`.
  mutating func syntax(of lane: LaneIndex) -> NodeID {
    var result: NodeID?
    var constant = lane.constant
    // A positive number leads where it would otherwise begin with a sign.
    if constant > 0, let first = lane.coefficients.first, first < 0 {
      result = integer(constant)
      constant = 0
    }
    for (name, coefficient) in zip(lane.names, lane.coefficients) {
      let size = coefficient.magnitude
      var term = add(.name(name))
      if size != 1 {
        term = infix(.multiply, integer(Int(clamping: size)), term)
      }
      if let sum = result {
        result = infix(coefficient < 0 ? .subtract : .add, sum, term)
      } else {
        result = coefficient < 0 ? negated(term) : term
      }
    }
    guard let sum = result else { return integer(constant) }
    if constant == 0 { return sum }
    return infix(constant < 0 ? .subtract : .add, sum, integer(Int(clamping: constant.magnitude)))
  }

  /// A whole number.
  mutating func integer(_ value: Int) -> NodeID {
    if !sizes.isEmpty, let size = openSize(Double(value)) { return size }
    let size = add(.number(Double(value.magnitude), spelling: "\(value.magnitude)"))
    return value < 0 ? add(.prefix(.minus, size)) : size
  }
}
