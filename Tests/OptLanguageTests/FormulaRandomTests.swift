/// Random expressions and their derivatives: formulas read back have the graph's values.
import OptCalculus
import OptGraph
import OptLanguage
import OptNumerics
import Testing

struct FormulaRandomTests {
  @Test func derivatives() {
    var dice = Dice(state: 2024)
    var (read, unreadable) = (0, 0)
    for round in 0..<300 {
      let board = Board()
      let leaves = [board.symbol("x"), board.symbol("y"), board.symbol("a")]
      let size = 2 + round % 7
      let e = board.expression(of: leaves, size, &dice)
      var parts = [e] + gradient(of: e, by: Array(leaves.prefix(2)))
      if size < 5 { parts.append(hessian(of: e, by: Array(leaves.prefix(2)))) }
      for part in parts {
        let formula = Formula.of(part)
        if formula.isUnreadable {
          unreadable += 1
          #expect(formula.text.hasSuffix("…"))
          continue
        }
        read += 1
        #expect(formula.pastesBack)
        board.check(
          formula, part, of: e, within: 0.3...2, tolerance: 1e-7, #_sourceLocation)
      }
    }
    #expect(read > 600, "\(unreadable) of \(read + unreadable) were unreadable")
  }

  /// Vectors: elements, slices, lanes and reductions at random.
  @Test func vectors() {
    var dice = Dice(state: 99)
    for _ in 0..<120 {
      let board = Board()
      let (x, a) = (board.symbol("x", 5), board.symbol("A", 4, 5))
      var pool = [x, x * x, 2 * x]
      for _ in 0..<4 {
        let (u, v) = (pool.randomElement(using: &dice) ?? x, pool.randomElement(using: &dice) ?? x)
        switch Int.random(in: 0..<8, using: &dice) {
        case 0: pool.append(u + v)
        case 1: pool.append(u * v)
        case 2: pool.append(u - v.reduceElements(.sum))
        case 3: pool.append(a.product(a.product(u), transposeLeft: true))
        case 4: pool.append(u.apply(.sin) / (1 + v * v))
        case 5: pool.append(u.scan(0))
        case 6: pool.append(board.graph.select(u.apply(.greater, v), u, v * 3))
        default: pool.append(u * v.reduceElements(.maximum))
        }
      }
      let last = pool.last ?? x
      let count = Int.random(in: 2...4, using: &dice)
      let offset = Int.random(in: 0...(5 - count), using: &dice)
      let y: Expression
      switch Int.random(in: 0..<4, using: &dice) {
      case 0: y = (last * last).reduceElements(.sum)
      case 1: y = board.element(last, count, offset: offset).apply(.exp).reduceLanes(.sum, level: 0)
      case 2:
        y = (board.element(last, 4, offset: 1) * board.element(x, 4)).reduceLanes(.sum, level: 0)
      default:
        let part = last.view(
          StridedMap(offset: offset, strides: [1, 0]), Shape(rows: count, columns: 1))
        y = part.reduceElements(.product)
      }
      for part in [y, gradient(of: y, by: [x])[0]] {
        let formula = Formula.of(part)
        guard !formula.isUnreadable, formula.pastesBack else { continue }
        board.check(formula, part, within: 0.3...1.2, tolerance: 1e-8, #_sourceLocation)
      }
    }
  }

  /// Views at random, with and without lanes, of inputs and of mapped bodies.
  @Test func views() {
    var dice = Dice(state: 5)
    var checked = 0
    for _ in 0..<1500 {
      let board = Board()
      let (a, x) = (board.symbol("A", 3, 4), board.symbol("x", 6))
      let body = board.element(x, 4, offset: 1) * board.lanes(4)
      let wide = a.view(StridedMap(strides: [4, 0, 1]), Shape(lanes: [3], rows: 1, columns: 4))
      let source = [a, x, body, wide.apply(.sin), a * a, 2 * x].randomElement(using: &dice) ?? a
      func size() -> Int { [1, 1, 2, 3, 4].randomElement(using: &dice) ?? 1 }
      let lanes = (0..<Int.random(in: 0...2, using: &dice)).map { _ in Int32(size()) }
      let shape = Shape(lanes: lanes, rows: size(), columns: size())
      let steps = shape.dimensions.map { _ in
        [0, 0, 1, 1, 2, 3, 4, 5, -1, -4].randomElement(using: &dice) ?? 0
      }
      let reach = zip(shape.dimensions, steps).map { ($0 - 1) * $1 }
      let low = -reach.reduce(0) { $0 + min($1, 0) }
      let high = source.shape.count - 1 - reach.reduce(0) { $0 + max($1, 0) }
      guard low <= high else { continue }
      let map = StridedMap(offset: Int.random(in: low...high, using: &dice), strides: steps)
      let view = source.view(map, shape)
      for e in [view, view.apply(.exp) * 2, gradient(of: view * view, by: [x])[0]] {
        let formula = Formula.of(e)
        guard formula.pastesBack, !formula.isUnreadable else { continue }
        checked += 1
        board.check(formula, e, within: 0.3...1, tolerance: 1e-9, #_sourceLocation)
      }
    }
    #expect(checked > 1000)
  }
}
