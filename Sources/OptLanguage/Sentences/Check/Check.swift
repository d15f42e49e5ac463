/// `check E at …` and `check f against g at …`: are the derivatives right?
import OptGraph
import OptSyntax

extension Sentences {
  static let check = SentenceForm(
    verb: .check,
    usage: "check E at x = … [subject to CONSTRAINTS]   or   check f against g at x = …",
    summary: "Compares derivatives with finite differences and says what is wrong with them.",
    example: "check x^2 y at x = 3, y = 2"
  ) { compiler, sentence, id in try compiler.check(sentence, id) }
}

/// What a `check` sentence says, as code.
struct CheckCode {
  /// The function that is checked, of the variables where `against` is nil.
  var subject: Code
  var subjectSpan: SourceSpan
  /// The derivatives written by hand.
  var against: (code: Code, span: SourceSpan)?
  var constraints: [ConstraintCode] = []
  var bindings: [BindingCode]
  var span: SourceSpan
}

extension Compiler {
  fileprivate func check(_ sentence: Sentence, _ id: NodeID) throws -> Code {
    try refuseClauses(sentence, except: [.at, .against, .subjectTo])
    let subject = sentence.subjects[0]
    guard let at = sentence.clause(.at) else {
      throw Diagnostic(
        .error, "`check` needs a point", at: span(id), help: "write `check … at x = 1`")
    }
    let subjectTo = sentence.clause(.subjectTo)
    if subjectTo != nil, let against = sentence.clause(.against) {
      throw Diagnostic(
        .error, "`against` and `subject to` do not go together", at: against.span,
        help: "check the gradient of a constraint by itself: `check c against g at …`")
    }
    let against = try sentence.clause(.against).map { clause -> (Code, SourceSpan) in
      guard clause.items.count == 1, case .expression(let id) = clause.items[0] else {
        throw Diagnostic(.error, "`against` takes one function", at: clause.span)
      }
      return (try expression(id), span(id))
    }
    let subjects = [subject] + (try sides(subjectTo))
    let bindings = try self.bindings(at, against == nil ? subjects : [])
    let parameters = bindings.map { Parameter(name: $0.name, span: $0.span) }
    func ofVariables(_ node: NodeID) throws -> Code {
      closure(try function(name: nil, parameters: parameters, body: node, at: span(node)))
    }
    let code = CheckCode(
      subject: against == nil ? try ofVariables(subject) : try expression(subject),
      subjectSpan: span(subject), against: against,
      constraints: try subjectTo.map { try constraints($0, parameters) } ?? [],
      bindings: bindings, span: span(id))
    let machine = machine
    return { frame in try machine.check(code, frame) }
  }
}

/// The point of a check: the variables with their values.
struct CheckPoint {
  let names: [String]
  let spans: [SourceSpan]
  let values: [Value]
  let templates: [Template]
  let leaves: [Leaf]
  /// All numbers in order.
  let numbers: [Double]

  init(_ bindings: [BindingCode], _ frame: Frame) throws {
    names = bindings.map(\.name)
    spans = bindings.map(\.span)
    values = try bindings.map { try $0.value(frame) }
    var leaves: [Leaf] = []
    let templates = zip(names, values).map { Template.of($1, named: $0, &leaves) }
    numbers = zip(templates, values).flatMap { template, value in
      (template.leaves(of: value) ?? []).flatMap { $0.numbers ?? [] }
    }
    self.templates = templates
    self.leaves = leaves
  }

  /// The variables with other numbers in them.
  func arguments(_ leaves: [Value]) -> [Value] {
    templates.map { $0.value { leaves[$0] } }
  }
}

extension Machine {
  fileprivate func check(_ code: CheckCode, _ frame: Frame) throws -> Value {
    let point = try CheckPoint(code.bindings, frame)
    let subject = try code.subject(frame)
    let against = try code.against.map { (value: try $0.code(frame), span: $0.span) }
    let sides = try code.constraints.map { (try $0.left(frame), try $0.right(frame)) }
    let resume = suspendTrace()
    defer { resume() }
    func checked(_ span: SourceSpan, _ call: @escaping ([Value]) throws -> Value) throws
      -> CheckedFunction
    {
      try CheckedFunction(self, leaves: point.leaves, point: point.numbers, at: span) { leaves in
        try call(point.arguments(leaves))
      }
    }
    let function = try checked(code.subjectSpan) { [unowned self] arguments in
      if against == nil {
        return try self.apply(
          subject, arguments, spans: point.spans, at: code.subjectSpan,
          calleeSpan: code.subjectSpan)
      }
      return try self.called(subject, point, arguments, code.subjectSpan)
    }
    guard let against else {
      let main = try automatic(function, code.span)
      let others = try zip(code.constraints, sides).map { constraint, sides in
        let (left, right) = sides
        let span = constraint.span
        let function = try checked(span) { [unowned self] arguments in
          func side(_ callee: Value) throws -> Value {
            try self.apply(
              callee, arguments, spans: point.spans, at: span, calleeSpan: span)
          }
          return try self.binary(.subtract, side(left), side(right), span)
        }
        return (constraint.text, try automatic(function, span))
      }
      return main.result(constraints: others)
    }
    return try own(function, against, point, subject, code.span).result(constraints: [])
  }

  /// The automatic derivatives of a function compared with differences of its values.
  private func automatic(
    _ function: CheckedFunction, _ span: SourceSpan
  ) throws -> DerivativeReport {
    let isGradient = function.outputs == 1
    let given =
      isGradient ? try function.gradient() : try function.jacobian(at: function.point)
    return try DerivativeReport(
      isGradient ? .gradient : .jacobian, function, given: given, stop: stop, at: span)
  }

  /// A function called with the variables that are its parameters.
  func called(
    _ function: Value, _ point: CheckPoint, _ arguments: [Value], _ span: SourceSpan
  ) throws -> Value {
    guard case .function(let f) = function else {
      throw Diagnostic(
        .error, "`check … against …` compares functions, found \(function.kindDescription)",
        at: span, help: "write the names of two functions: `check f against g at x = 1`")
    }
    let (names, parameters) = (point.names, f.parameterNames)
    guard names.allSatisfy(parameters.contains) else {
      return try apply(function, arguments, spans: point.spans, at: span, calleeSpan: span)
    }
    // In the order of the function's own parameters.
    let order = parameters.compactMap { names.firstIndex(of: $0) }
    if order.count == names.count, parameters.prefix(order.count).allSatisfy(names.contains) {
      return try apply(
        function, order.map { arguments[$0] }, spans: order.map { point.spans[$0] }, at: span,
        calleeSpan: span)
    }
    let named = names.indices.map { k in
      (name: names[k], value: arguments[k], span: point.spans[k])
    }
    return try apply(function, [], named: named, spans: [], at: span, calleeSpan: span)
  }
}
