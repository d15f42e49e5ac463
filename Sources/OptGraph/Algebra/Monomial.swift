/// Products of powers of atoms, and their order.

/// A product of powers. Atoms are nodes of one graph.
package struct Monomial: Hashable, Sendable {
  struct Power: Hashable, Sendable {
    var atom: Int32
    /// Not 0; broken for roots.
    var exponent: Double
  }

  /// Ascending by atom.
  private(set) var powers: [Power]

  /// The empty product.
  static let one = Monomial(powers: [])

  private init(powers: [Power]) { self.powers = powers }

  init(atom: Int32, exponent: Double = 1) {
    powers = exponent == 0 ? [] : [Power(atom: atom, exponent: exponent)]
  }

  var degree: Double { powers.reduce(0) { $0 + $1.exponent } }
  var isOne: Bool { powers.isEmpty }

  func exponent(of atom: Int32) -> Double {
    powers.first { $0.atom == atom }?.exponent ?? 0
  }

  /// The product with `other` to the power `exponent`.
  func times(_ other: Monomial, power exponent: Double = 1) -> Monomial {
    var result: [Power] = []
    result.reserveCapacity(powers.count + other.powers.count)
    var (i, j) = (0, 0)
    while i < powers.count || j < other.powers.count {
      if j == other.powers.count || (i < powers.count && powers[i].atom < other.powers[j].atom) {
        result.append(powers[i])
        i += 1
      } else if i == powers.count || other.powers[j].atom < powers[i].atom {
        let power = other.powers[j]
        result.append(Power(atom: power.atom, exponent: power.exponent * exponent))
        j += 1
      } else {
        let sum = powers[i].exponent + other.powers[j].exponent * exponent
        if sum != 0 { result.append(Power(atom: powers[i].atom, exponent: sum)) }
        i += 1
        j += 1
      }
    }
    return Monomial(powers: result)
  }

  func raised(to exponent: Double) -> Monomial {
    exponent == 0
      ? .one
      : Monomial(
        powers: powers.map { Power(atom: $0.atom, exponent: $0.exponent * exponent) })
  }

  /// Without the atoms of `atoms`, and only these.
  func split(_ atoms: Set<Int32>) -> (rest: Monomial, part: Monomial) {
    (
      Monomial(powers: powers.filter { !atoms.contains($0.atom) }),
      Monomial(powers: powers.filter { atoms.contains($0.atom) })
    )
  }

  /// The product of the smallest powers that both have: what divides both.
  func common(_ other: Monomial) -> Monomial {
    var result: [Power] = []
    for atom in Set(powers.map(\.atom)).union(other.powers.map(\.atom)).sorted() {
      let least = min(exponent(of: atom), other.exponent(of: atom))
      if least != 0 { result.append(Power(atom: atom, exponent: least)) }
    }
    return Monomial(powers: result)
  }

  /// Graded order: higher degrees first, among equals those with more of the earlier atoms.
  func precedes(_ other: Monomial) -> Bool {
    if degree != other.degree { return degree > other.degree }
    for (a, b) in zip(powers, other.powers) where a != b {
      return a.atom != b.atom ? a.atom < b.atom : a.exponent > b.exponent
    }
    return powers.count > other.powers.count
  }
}
