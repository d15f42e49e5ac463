/// Which columns of a sparse matrix of derivatives one direction can stand for.
///
/// Sources: A. R. Curtis, M. J. D. Powell and J. K. Reid, "On the estimation of sparse Jacobian
/// matrices", J. Inst. Math. Appl. 13 (1974); A. H. Gebremedhin, F. Manne and A. Pothen, "What color
/// is your Jacobian? Graph coloring for computing derivatives", SIAM Review 47 (2005).
import OptNumerics

/// Colours of columns, or of rows: one direction for each colour.
package struct Coloring {
  /// The colour of each column, from 0.
  package var colors: [Int32]
  /// The number of colours.
  package var count: Int

  /// Steps of an algorithm beyond which it gives up.
  private static let mostWork = 200_000_000

  /// Colours so that columns of one colour have no row in common, greedily (Curtis, Powell, Reid);
  /// nil when it takes too long.
  package static func columns(_ pattern: SparsePattern) -> Coloring? {
    let turned = pattern.transposed().pattern
    var greedy = GreedyColors(pattern.columns)
    for column in 0..<pattern.columns {
      for at in turned.range(column) {
        for other in pattern.range(Int(turned.indices[at])) {
          greedy.forbid(Int(pattern.indices[other]))
        }
      }
      greedy.color(column)
      if greedy.work > mostWork { return nil }
    }
    return greedy.result
  }

  /// Colours for a symmetric matrix, so that every element can be read off a product with the sum of
  /// the columns of one colour: a star colouring (Gebremedhin, Manne, Pothen, section 5), no two
  /// neighbours of one colour and no path over four vertices with two colours. Vertices with far
  /// more neighbours than others get a colour for themselves and are left out of the rest. Nil when
  /// it takes too long.
  package static func star(_ pattern: SparsePattern) -> Coloring? {
    let n = pattern.rows
    let usual = n == 0 ? 0 : pattern.count / n
    // With k colours a matrix has at most 2k elements a row on average.
    guard 3 * (usual / 2) <= n else { return nil }
    let isHub = (0..<n).map { pattern.range($0).count > max(32, 8 * usual) }
    guard isHub.lazy.filter({ $0 }).count <= largestHubCount else { return nil }
    func neighbours(_ v: Int) -> some Sequence<Int> {
      pattern.range(v).lazy.map { Int(pattern.indices[$0]) }.filter { $0 != v && !isHub[$0] }
    }
    var greedy = GreedyColors(n)
    for v in 0..<n where !isHub[v] {
      for w in neighbours(v) {
        greedy.forbid(w)
        for x in neighbours(w) where x != v && greedy.isColored(x) {
          greedy.work += 1
          if !greedy.isColored(w) {
            greedy.forbid(x)
          } else if neighbours(x).contains(where: { $0 != w && greedy.sameColor($0, w) }) {
            greedy.forbid(x)
          }
        }
      }
      greedy.color(v)
      if greedy.work > mostWork { return nil }
    }
    for v in 0..<n where isHub[v] { greedy.colorAlone(v) }
    return greedy.result
  }

  private static let largestHubCount = 64
}

/// The smallest colour that is not forbidden, vertex by vertex.
private struct GreedyColors {
  private var colors: [Int32]
  private var count = 0
  /// The last vertex for which a colour was forbidden.
  private var forbidden: [Int32] = []
  private var now: Int32 = 0
  var work = 0

  init(_ count: Int) { colors = [Int32](repeating: -1, count: count) }

  var result: Coloring { Coloring(colors: colors, count: count) }

  func isColored(_ v: Int) -> Bool { colors[v] >= 0 }

  func sameColor(_ v: Int, _ w: Int) -> Bool { colors[v] == colors[w] && colors[v] >= 0 }

  /// The colour of `v` is not one for the next vertex.
  mutating func forbid(_ v: Int) {
    work += 1
    if colors[v] >= 0 { forbidden[Int(colors[v])] = now }
  }

  mutating func color(_ v: Int) {
    var free = 0
    while free < count, forbidden[free] == now { free += 1 }
    if free == count { addColor() }
    colors[v] = Int32(clamping: free)
    now += 1
  }

  mutating func colorAlone(_ v: Int) {
    colors[v] = Int32(clamping: count)
    addColor()
  }

  private mutating func addColor() {
    count += 1
    forbidden.append(-1)
  }
}
