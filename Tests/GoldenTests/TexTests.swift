/// What `tex` gives for all formulas of the transcripts: balanced, of known macros only, and accepted
/// by LaTeX where it is installed.
import Foundation
import OptLanguage
import Testing

struct TexTests {
  private static let verbs = [
    "differentiate", "simplify", "expand", "factor", "collect", "substitute", "taylor", "show",
  ]

  /// The LaTeX of every formula that the transcripts about derivatives show.
  private static let all: [String] = {
    var result: [String] = []
    for path in transcripts where path.contains("/derivatives/") {
      var shown: [String] = []
      let session = Session { event in
        if case .shown(let text, _) = event { shown.append(text) }
      }
      for line in (try? text(of: path))?.split(separator: "\n").map(String.init) ?? [] {
        shown = []
        let isFormula = verbs.contains { line.hasPrefix("\($0) ") }
        _ = session.run(isFormula ? "tex (\(line))" : line, name: "<input>")
        if isFormula || line.hasPrefix("tex ") { result += shown }
      }
    }
    return result
  }()

  /// Macros of LaTeX and amsmath that `tex` uses.
  private static let macros: Set<String> = [
    "frac", "left", "right", "sqrt", "sin", "cos", "tan", "sec", "csc", "cot", "arcsin", "arccos",
    "arctan", "sinh", "cosh", "tanh", "exp", "log", "max", "min", "det", "sum", "prod", "int",
    "operatorname", "mathrm", "mathsf", "text", "begin", "end", "lvert", "rvert", "lVert", "rVert",
    "lfloor", "rfloor", "lceil", "rceil", "cdot", "dots", "in", "le", "ge", "ne", "land", "lor",
    "lnot", "infty", "nabla", "odot", "oslash", "circ", "backslash", "mapsto", "quad", "hat",
    "bar", "tilde", "dot", "pi", "alpha", "beta", "theta", "sigma", "psi", "Gamma", "varphi",
    "lambda", "mu", "varepsilon", "\\", ",", ";", "_",
  ]

  @Test func areThere() { #expect(Self.all.count > 120) }

  @Test func areBalancedAndKnown() {
    for formula in Self.all {
      var (depth, fences) = (0, 0)
      var rest = formula[...]
      while let character = rest.popFirst() {
        if character == "{" { depth += 1 }
        if character == "}" { depth -= 1 }
        #expect(depth >= 0, "\(formula)")
        #expect(character.isASCII, "\(character) in \(formula)")
        guard character == "\\" else { continue }
        var name = String(rest.prefix { $0.isLetter })
        if name.isEmpty { name = String(rest.prefix(1)) }
        rest = rest.dropFirst(name.count)
        if name == "left" { fences += 1 }
        if name == "right" { fences -= 1 }
        #expect(Self.macros.contains(name), "\\\(name) in \(formula)")
      }
      #expect(depth == 0 && fences == 0, "\(formula)")
      #expect(formula.components(separatedBy: "^{").allSatisfy { !$0.isEmpty }, "\(formula)")
    }
  }

  private static let compiler = ["/usr/bin/pdflatex", "/usr/local/bin/pdflatex"].first {
    FileManager.default.isExecutableFile(atPath: $0)
  }

  @Test(.enabled(if: compiler != nil, "pdflatex is not installed"))
  func compile() throws {
    let folder = FileManager.default.temporaryDirectory
      .appending(path: "optrepl-tex-\(ProcessInfo.processInfo.processIdentifier)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let body = Self.all.map { "\\[ \($0) \\]" }.joined(separator: "\n")
    let document = """
      \\documentclass{article}
      \\usepackage{amsmath}
      \\begin{document}
      \(body)
      \\end{document}
      """
    try document.write(
      to: folder.appending(path: "all.tex"), atomically: true, encoding: .utf8)
    let process = Process()
    process.executableURL = URL(filePath: try #require(Self.compiler))
    process.arguments = ["-interaction=nonstopmode", "-halt-on-error", "all.tex"]
    process.currentDirectoryURL = folder
    process.standardOutput = FileHandle.nullDevice
    try process.run()
    process.waitUntilExit()
    let log =
      (try? String(contentsOf: folder.appending(path: "all.log"), encoding: .isoLatin1)) ?? ""
    let errors = log.components(separatedBy: "\n").drop { !$0.hasPrefix("!") }.prefix(6)
    #expect(process.terminationStatus == 0, "\(errors.joined(separator: "\n"))")
  }
}
