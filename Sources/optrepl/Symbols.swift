/// The symbols that can be typed as `\name` and Tab.

/// Symbols of the language with the names that LaTeX gives them.
enum Symbols {
  /// Every name with its symbol, in the order of the names.
  static let all: [(name: String, symbol: String)] = {
    var table = named
    for (digit, sign) in zip("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹") {
      table.append(("^\(digit)", String(sign)))
    }
    for (digit, sign) in zip("0123456789", "₀₁₂₃₄₅₆₇₈₉") {
      table.append(("_\(digit)", String(sign)))
    }
    return table.sorted { $0.name < $1.name }
  }()

  private static let named: [(name: String, symbol: String)] = [
    ("alpha", "α"), ("beta", "β"), ("gamma", "γ"), ("delta", "δ"), ("epsilon", "ε"),
    ("varepsilon", "ε"), ("zeta", "ζ"), ("eta", "η"), ("theta", "θ"), ("iota", "ι"),
    ("kappa", "κ"), ("lambda", "λ"), ("mu", "μ"), ("nu", "ν"), ("xi", "ξ"), ("pi", "π"),
    ("rho", "ρ"), ("sigma", "σ"), ("tau", "τ"), ("upsilon", "υ"), ("phi", "φ"), ("varphi", "ϕ"),
    ("chi", "χ"), ("psi", "ψ"), ("omega", "ω"), ("Gamma", "Γ"), ("Delta", "Δ"), ("Theta", "Θ"),
    ("Lambda", "Λ"), ("Xi", "Ξ"), ("Pi", "Π"), ("Sigma", "Σ"), ("Phi", "Φ"), ("Psi", "Ψ"),
    ("Omega", "Ω"), ("ell", "ℓ"), ("nabla", "∇"), ("sqrt", "√"), ("cdot", "·"), ("times", "×"),
    ("in", "∈"), ("le", "≤"), ("leq", "≤"), ("ge", "≥"), ("geq", "≥"), ("ne", "≠"), ("neq", "≠"),
    ("to", "→"), ("^-", "⁻"), ("^-1", "⁻¹"), ("^T", "ᵀ"), ("transpose", "ᵀ"),
    ("bar", "\u{304}"), ("hat", "\u{302}"), ("tilde", "\u{303}"), ("dot", "\u{307}"),
  ]
}
