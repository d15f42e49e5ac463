/// Names and numbers of the language in LaTeX.

/// How names are written: Greek letters, indices, accents.
enum LaTeXName {
  private static let greek: [String: String] = {
    let letters: [(String, String)] = [
      ("α", "alpha"), ("β", "beta"), ("γ", "gamma"), ("δ", "delta"), ("ε", "varepsilon"),
      ("ϵ", "epsilon"), ("ζ", "zeta"), ("η", "eta"), ("θ", "theta"), ("ϑ", "vartheta"),
      ("ι", "iota"), ("κ", "kappa"), ("λ", "lambda"), ("μ", "mu"), ("ν", "nu"), ("ξ", "xi"),
      ("π", "pi"), ("ρ", "rho"), ("σ", "sigma"), ("τ", "tau"), ("υ", "upsilon"), ("φ", "varphi"),
      ("ϕ", "phi"), ("χ", "chi"), ("ψ", "psi"), ("ω", "omega"), ("Γ", "Gamma"), ("Δ", "Delta"),
      ("Θ", "Theta"), ("Λ", "Lambda"), ("Ξ", "Xi"), ("Π", "Pi"), ("Σ", "Sigma"), ("Φ", "Phi"),
      ("Ψ", "Psi"), ("Ω", "Omega"),
    ]
    var result: [String: String] = [:]
    for (letter, word) in letters {
      result[letter] = "\\\(word)"
      result[word] = "\\\(word)"
    }
    result["epsilon"] = "\\varepsilon"
    result["phi"] = "\\varphi"
    return result
  }()

  /// Accents by combining mark.
  private static let accents: [Unicode.Scalar: String] = [
    "\u{304}": "bar", "\u{305}": "bar", "\u{302}": "hat", "\u{303}": "tilde", "\u{307}": "dot",
    "\u{308}": "ddot", "\u{20D7}": "vec",
  ]

  private static let subscripts = Array("₀₁₂₃₄₅₆₇₈₉")

  /// A variable: `x_old` with an index, `θ` by its macro, words upright.
  static func symbol(_ name: String) -> String {
    switch name {
    case "inf": return "\\infty"
    case "nan": return "\\mathrm{nan}"
    case "…": return "\\dots"
    default: break
    }
    var base = name.decomposed
    var accent: String?
    var index = ""
    if let bar = base.firstIndex(of: "_"), bar != base.startIndex {
      index = String(base[base.index(after: bar)...])
      base = String(base[..<bar])
    }
    // Digits at the end, small or not, are an index.
    var digits = ""
    while base.count > 1, let last = base.last {
      if let digit = subscripts.firstIndex(of: last) {
        digits = "\(digit)" + digits
      } else if last.isASCII, last.isNumber {
        digits = String(last) + digits
      } else {
        break
      }
      base.removeLast()
    }
    if !digits.isEmpty { index = index.isEmpty ? digits : "\(digits)_\(index)" }
    if let mark = base.unicodeScalars.last, let word = accents[mark] {
      accent = word
      base = String(String.UnicodeScalarView(base.unicodeScalars.dropLast()))
    }
    var result = greek[base] ?? (base.count == 1 ? letter(base) : "\\mathrm{\(escaped(base))}")
    if let accent { result = "\\\(accent){\(result)}" }
    if index.isEmpty { return result }
    let isPlain = index.count == 1 || index.allSatisfy { $0.isASCII && $0.isNumber }
    return result + "_{\(greek[index] ?? (isPlain ? index : "\\mathrm{\(escaped(index))}"))}"
  }

  private static func letter(_ text: String) -> String {
    text.utf8.count == 1 && text != "_" ? text : "\\mathrm{\(escaped(text))}"
  }

  /// `1e-20` as a power of ten.
  static func number(_ spelling: String) -> String {
    switch spelling {
    case "inf": return "\\infty"
    case "nan": return "\\mathrm{nan}"
    default: break
    }
    let plain = spelling.filter { $0 != "_" }
    guard let mark = plain.firstIndex(where: { $0 == "e" || $0 == "E" }) else { return plain }
    var exponent = String(plain[plain.index(after: mark)...])
    if exponent.hasPrefix("+") { exponent.removeFirst() }
    return "\(plain[..<mark]) \\cdot 10^{\(exponent)}"
  }

  /// Characters that LaTeX takes for its own, and others that it has no letter for.
  static func escaped(_ text: String) -> String {
    var result = ""
    for character in text {
      switch character {
      case "_", "%", "#", "&", "$", "{", "}": result += "\\\(character)"
      case "\\": result += "\\textbackslash "
      case "^": result += "\\textasciicircum "
      case "~": result += "\\textasciitilde "
      case let other where other.isASCII && other >= " ": result.append(other)
      default: result += greek[String(character)] ?? "?"
      }
    }
    return result
  }
}

extension String {
  /// Accents as marks of their own, as far as they are common on variables: `x̄` is two scalars.
  fileprivate var decomposed: String {
    let letters: [Character: String] = [
      "ā": "a\u{304}", "ē": "e\u{304}", "ȳ": "y\u{304}",
      "â": "a\u{302}", "ê": "e\u{302}", "ŷ": "y\u{302}", "ẑ": "z\u{302}", "ŵ": "w\u{302}",
      "ñ": "n\u{303}", "ỹ": "y\u{303}", "ẋ": "x\u{307}", "ẏ": "y\u{307}", "ż": "z\u{307}",
    ]
    return reduce(into: "") { $0 += letters[$1] ?? String($1) }
  }
}
