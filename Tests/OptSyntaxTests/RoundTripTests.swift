/// What is printed reads back as the same tree: the language's examples, and random trees.

import OptSyntax
import Testing

@Suite struct RoundTripTests {
  @Test(arguments: Examples.all) func exampleReadsBack(_ text: String) {
    let tree = read(text)
    let printed = SyntaxPrinter(tree: tree).print()
    #expect(outline(read(printed)) == outline(tree), "\(printed)")
    #expect(parse(SyntaxPrinter(tree: tree, style: .formula).print()).diagnostics.isEmpty)
  }

  @Test func randomTreesReadBack() {
    var builder = RandomTrees(random: Xorshift(state: 0xC0FF_EE00_1234_5678))
    var seen: Set<String> = []
    for _ in 0..<5_000 {
      let tree = builder.tree()
      let printed = SyntaxPrinter(tree: tree).print()
      let again = parse(printed)
      let errors = again.diagnostics.map { DiagnosticRenderer.render($0) }.joined(separator: "\n")
      #expect(errors.isEmpty, "\(outline(tree))\n\(printed)\n\(errors)")
      #expect(outline(again.tree) == outline(tree), "\(printed)")
      let formula = SyntaxPrinter(tree: tree, style: .formula).print()
      let paper = parse(formula)
      #expect(
        paper.diagnostics.isEmpty,
        "\(outline(tree))\n\(formula)\n\(paper.diagnostics.map { DiagnosticRenderer.render($0) })")
      seen.insert(outline(tree))
    }
    #expect(seen.count > 4_000)
  }
}

/// Makes trees that the reader could have made.
struct RandomTrees {
  var random: Xorshift
  private var made = SyntaxTree()
  private var isInText = false

  init(random: Xorshift) { self.random = random }

  mutating func tree() -> SyntaxTree {
    made = SyntaxTree()
    for _ in 0...random.below(2) { made.statements.append(statement(4)) }
    return made
  }

  private mutating func add(_ node: SyntaxNode) -> NodeID { made.append(node, at: .none) }

  private mutating func pick(_ words: [String]) -> String { words[random.below(words.count)] }

  private mutating func name() -> String {
    pick(["x", "y", "f", "θ", "W₁", "e3", "_a", "sin", "z̄"])
  }

  private mutating func many(_ least: Int, _ depth: Int) -> [NodeID] {
    (0..<(least + random.below(3))).map { _ in expression(depth) }
  }

  private mutating func statement(_ depth: Int) -> NodeID {
    switch random.below(14) {
    case 0: return add(.assignment(target: add(.name(name())), value: valued(depth)))
    case 1:
      let target = add(.index(add(.name(name())), [add(.name(name())), block(1)]))
      return add(.assignment(target: target, value: expression(depth)))
    case 2:
      let help: String? = random.below(2) == 0 && !isInText ? "Help.\n\n more" : nil
      let definition = Definition(
        name: name(), nameSpan: .none, parameters: parameters(), body: valued(depth), help: help)
      return add(.definition(definition))
    case 3: return add(.forLoop(variable: name(), source: expression(1), body: block(depth - 1)))
    case 4: return add(.whileLoop(condition: expression(1), body: block(depth - 1)))
    case 5: return add(.use(pick(["a.opt", "q\"x\\{"]), isFile: true))
    case 6: return sentence(depth)
    case 7: return add(.silenced(expression(depth)))
    case 8:
      let then = random.below(2) == 0 ? block(depth - 1) : add(.breakLoop)
      let otherwise: NodeID? = random.below(2) == 0 ? unsilenced(0) : nil
      return add(.conditional(condition: expression(1), then: then, otherwise: otherwise))
    default: return expression(depth)
    }
  }

  /// What may stand after `=`: a sentence needs no brackets there.
  private mutating func valued(_ depth: Int) -> NodeID {
    random.below(4) == 0 ? sentence(depth - 1) : expression(depth)
  }

  private mutating func block(_ depth: Int) -> NodeID {
    guard depth > 0 else { return add(.block([])) }
    let statements = (0..<random.below(3)).map { _ in unsilenced(depth) }
    return add(.block(statements))
  }

  /// Only statements of the top level are silenced.
  private mutating func unsilenced(_ depth: Int) -> NodeID {
    let id = statement(depth)
    if case .silenced(let inner) = made[id] { return inner }
    return id
  }

  private mutating func parameters() -> [Parameter] {
    var result: [Parameter] = []
    for (k, name) in ["x", "y", "z"].prefix(random.below(4)).enumerated() {
      let fallback = k == 2 ? expression(1) : nil
      result.append(Parameter(name: name, fallback: fallback, span: .none))
    }
    return result
  }

  private mutating func arguments(_ depth: Int) -> [Argument] {
    var result = many(0, depth).map { Argument(value: $0) }
    if random.below(3) == 0 { result.append(Argument(name: "from", value: expression(depth))) }
    return result
  }

  private mutating func sentence(_ depth: Int) -> NodeID {
    let verb = Verb.allCases[random.below(Verb.allCases.count)]
    var subjects = [expression(depth - 1)]
    if verb == .fit || verb == .plot { subjects.append(expression(depth - 1)) }
    var clauses: [Clause] = []
    for word in [ClauseWord.from, .over, .until, .with] where random.below(2) == 0 {
      let item: ClauseItem =
        switch random.below(4) {
        case 0: .binding(name: name(), value: expression(depth - 1), span: .none)
        case 1: .draw(name: name(), distribution: expression(depth - 1), span: .none)
        case 2 where word == .over:
          .membership(name: name(), source: expression(depth - 1), span: .none)
        default: .expression(expression(depth - 1))
        }
      let second = ClauseItem.binding(name: "at", value: expression(1), span: .none)
      clauses.append(Clause(word: word, items: [item, second], span: .none))
    }
    let aspect = verb == .explain ? pick(["gradient", "engine"]) : nil
    return add(
      .sentence(
        Sentence(verb: verb, verbSpan: .none, aspect: aspect, subjects: subjects, clauses: clauses))
    )
  }

  private mutating func leaf() -> NodeID {
    switch random.below(9) {
    case 0, 1, 2: add(.name(name()))
    case 3: add(.number(2, spelling: "2"))
    case 4: add(.number(0.5, spelling: ".5"))
    case 5: add(.number(1e20, spelling: "1e+20"))
    case 6: add(.boolean(true))
    case 7: add(.gap)
    default: add(.text([.literal("a\n\"{\\}")]))
    }
  }

  private mutating func expression(_ depth: Int) -> NodeID {
    guard depth > 0 else { return leaf() }
    let next = depth - 1
    switch random.below(26) {
    case 0, 1, 2:
      let all = InfixOperator.allCases.filter { $0 != .juxtapose }
      return add(.infix(all[random.below(all.count)], expression(next), expression(next)))
    case 3, 4: return add(.infix(.multiply, expression(next), expression(next)))
    case 5, 6, 7: return juxtaposition(next)
    case 8: return add(.infix(.power, expression(next), expression(next)))
    case 9:
      let all = PrefixOperator.allCases
      return add(.prefix(all[random.below(all.count)], expression(next)))
    case 10:
      return add(
        .comparison(
          expression(next),
          [ComparisonLink(.lessOrEqual, expression(next)), ComparisonLink(.equal, expression(0))]))
    case 11:
      let step: NodeID? = random.below(2) == 0 ? expression(next) : nil
      return add(.range(from: expression(next), step: step, to: expression(next)))
    case 12: return add(.prime(expression(next)))
    case 13: return add(.transpose(expression(next)))
    case 14: return add(.call(callee(next), arguments(next)))
    case 15: return add(.mapCall(expression(next), arguments(next)))
    case 16:
      let whole = random.below(2) == 0
      return add(.index(expression(next), [whole ? add(.wholeIndex) : add(.endIndex), add(.gap)]))
    case 17: return add(.field(expression(next), pick(["a", "in", "from", "end"])))
    case 18: return add(.lambda(parameters(), body: expression(next)))
    case 19:
      let otherwise: NodeID? = random.below(2) == 0 ? expression(next) : nil
      return add(
        .conditional(condition: expression(next), then: expression(next), otherwise: otherwise))
    case 20: return block(next)
    case 21:
      return add(.brackets((0..<random.below(3)).map { _ in many(1, next) }))
    case 22: return add(.record([Argument(name: "for", value: expression(next))]))
    case 23:
      let condition: NodeID? = random.below(2) == 0 ? expression(next) : nil
      let generators = [
        Generator(variable: name(), source: expression(next), condition: condition),
        Generator(variable: "j", source: expression(next)),
      ]
      let inBrackets = random.below(2) == 0
      let body = add(
        .comprehension(body: expression(next), generators: generators, inBrackets: inBrackets))
      return inBrackets ? body : add(.call(add(.name("sum")), [Argument(value: body)]))
    case 24: return sentence(next)
    default:
      let outer = isInText
      isInText = true
      defer { isInText = outer }
      return add(
        .text([
          .literal("v = "), .value(expression(next), format: ".3f"), .value(leaf(), format: nil),
        ]))
    }
  }

  /// A callee that is not arithmetic, whose brackets would multiply.
  private mutating func callee(_ depth: Int) -> NodeID {
    let id = expression(depth)
    switch made[id] {
    case .infix, .number, .range, .transpose, .prefix: return add(.name(name()))
    default: return id
    }
  }

  /// `left right` where the right one begins with a name, or brackets multiply.
  private mutating func juxtaposition(_ depth: Int) -> NodeID {
    switch random.below(3) {
    case 0: return add(.infix(.juxtapose, expression(depth), add(.name(name()))))
    case 1:
      let power = add(.infix(.power, add(.name("x")), expression(depth)))
      return add(.infix(.juxtapose, expression(depth), power))
    default:
      let sum = add(.infix(.add, expression(depth), expression(depth)))
      return add(.infix(.juxtapose, add(.number(2, spelling: "2")), sum))
    }
  }
}
