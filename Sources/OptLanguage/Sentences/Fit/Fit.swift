/// `fit y ~ E to TABLE from … with …`: nonlinear least squares.
import OptSolvers
import OptSyntax

extension Sentences {
  static let fit = SentenceForm(
    verb: .fit,
    usage:
      "fit y ~ E to TABLE from b1 = …, b2 = … [with weights = w] [subject to …] [using METHOD]",
    summary:
      "Fits the parameters after `from` so that E comes closest to y, row by row of a table.",
    example: "fit y ~ a*x + b to (x = [0, 1, 2, 3], y = [1.1, 2.9, 5.2, 6.8]) from a = 1, b = 0"
  ) { compiler, sentence, id in try compiler.fit(sentence, id) }
}

/// The compiled form of one sentence.
struct FitCode {
  let bindings: [BindingCode]
  /// Names in the formula that are columns where the table has them.
  let openNames: [String]
  /// Functions of the variables and of the open names.
  let left: Code
  let right: Code
  let constraints: [ConstraintCode]
  let weighting: Weighting?
  let loss: LossCode
  let table: Code
  let method: Code?
  let stops: StopsCode?
  let span: SourceSpan
  let leftSpan: SourceSpan
  let rightSpan: SourceSpan
  let tableSpan: SourceSpan
  let methodSpan: SourceSpan
  /// `y ~ E` as it was written.
  let text: String

  /// How much the rows count.
  struct Weighting {
    /// Standard deviations instead of weights.
    let isSigma: Bool
    let code: Code
    let span: SourceSpan
  }

  /// What is summed up instead of squares.
  struct LossCode {
    let loss: Loss
    /// Residuals beyond this count as large; nil to take it from the residuals.
    let scale: Code?
    let span: SourceSpan
  }
}

extension Compiler {
  fileprivate func fit(_ sentence: Sentence, _ id: NodeID) throws -> Code {
    try refuseClauses(sentence, except: [.from, .to, .with, .subjectTo, .using, .until])
    let (left, right) = (sentence.subjects[0], sentence.subjects[1])
    guard let to = sentence.clause(.to) else {
      throw Diagnostic(
        .error, "`fit` needs a table after `to`", at: span(id),
        help: "write `fit \(span(left).text) ~ … to t from …`; a record of columns is a table, too")
    }
    guard to.items.count == 1, case .expression(let table) = to.items[0] else {
      throw Diagnostic(.error, "`to` takes one table", at: to.span)
    }
    guard let from = sentence.clause(.from) else {
      throw Diagnostic(
        .error, "`fit` needs a start: which names are parameters, and where to begin",
        at: span(id), help: "write `fit … from b1 = 1, b2 = 0.1`")
    }
    let bindings = try self.bindings(from, sentence.subjects)
    let with = try withItems(sentence.clause(.with))
    let variables = bindings.map(\.name)
    let bodies = [left, right] + (with.weighting.map { [$0.node] } ?? [])
    var openNames: [String] = []
    for name in bodies.flatMap({ tree.namesRead(in: $0) })
    where !variables.contains(name) && !openNames.contains(name) {
      openNames.append(name)
    }
    let parameters =
      bindings.map { Parameter(name: $0.name, span: $0.span) }
      + openNames.map { Parameter(name: $0, span: span(id)) }
    func body(_ node: NodeID) throws -> Code {
      closure(
        try function(
          name: nil, parameters: parameters, open: Set(openNames), body: node, at: span(node)))
    }
    let using = sentence.clause(.using)
    let method = try using.map { clause -> Code in
      guard clause.items.count == 1, case .expression(let id) = clause.items[0] else {
        throw Diagnostic(.error, "`using` takes one method", at: clause.span)
      }
      return try expression(id)
    }
    let code = FitCode(
      bindings: bindings, openNames: openNames, left: try body(left), right: try body(right),
      constraints: try sentence.clause(.subjectTo).map {
        try constraints($0, bindings.map { Parameter(name: $0.name, span: $0.span) })
      } ?? [],
      weighting: try with.weighting.map {
        FitCode.Weighting(isSigma: $0.isSigma, code: try body($0.node), span: span($0.node))
      },
      loss: with.loss, table: try expression(table), method: method,
      stops: try sentence.clause(.until).map { try stops($0, sign: 1) }, span: span(id),
      leftSpan: span(left), rightSpan: span(right), tableSpan: span(table),
      methodSpan: using?.span ?? span(id), text: "\(span(left).text) ~ \(span(right).text)")
    let machine = machine
    return { frame in try machine.fit(code, frame) }
  }

  /// `weights = w`, `sigma = s`, `loss = huber`, `scale = c` after `with`.
  private func withItems(
    _ clause: Clause?
  ) throws -> (weighting: (isSigma: Bool, node: NodeID)?, loss: FitCode.LossCode) {
    let known = "it takes `weights = …` or `sigma = …`, and `loss = …` with `scale = …`"
    var weighting: (isSigma: Bool, node: NodeID)?
    var (loss, scale) = (Loss.squares, nil as Code?)
    for item in clause?.items ?? [] {
      guard case .binding(let name, let value, let place) = item else {
        throw Diagnostic(
          .error, "`with` of a fit wants `name = value`", at: clause?.span ?? SourceSpan.none,
          help: known)
      }
      switch name {
      case "weights", "sigma":
        guard weighting == nil else {
          throw Diagnostic(.error, "rows are weighted twice", at: place, help: known)
        }
        weighting = (name == "sigma", value)
      case "loss":
        guard case .name(let word) = tree[value], let found = Loss(rawValue: word) else {
          let near = Suggestions.nearest(span(value).text, in: Loss.allCases.map(\.rawValue))
          throw fail(
            "`\(span(value).text)` is not a loss", value,
            help: near.isEmpty
              ? "losses are \(Loss.allCases.map { "`\($0.rawValue)`" }.joined(separator: ", "))"
              : "did you mean `\(near.joined(separator: "` or `"))`?")
        }
        loss = found
      case "scale": scale = try expression(value)
      default:
        let near = Suggestions.nearest(name, in: ["weights", "sigma", "loss", "scale"])
        throw Diagnostic(
          .error, "`with` of a fit has no `\(name)`", at: place,
          help: near.isEmpty ? known : "did you mean `\(near.joined(separator: "` or `"))`?")
      }
    }
    let place = clause?.span ?? SourceSpan.none
    if scale != nil, loss == .squares {
      throw Diagnostic(
        .error, "`scale` belongs to a loss", at: place, help: "write `with loss = huber, scale = 1`"
      )
    }
    return (weighting, FitCode.LossCode(loss: loss, scale: scale, span: place))
  }
}

extension SyntaxTree {
  /// Names that are read below a node other than to be called, in the order of the text.
  func namesRead(in root: NodeID) -> [String] {
    var (names, seen) = ([String](), Set<String>())
    var pending = [root]
    while let id = pending.popLast() {
      switch self[id] {
      case .name(let name): if seen.insert(name).inserted { names.append(name) }
      case .call(let callee, let arguments) where isName(callee):
        pending += arguments.map(\.value).reversed()
      default: pending += below(id).reversed()
      }
    }
    return names
  }
}
