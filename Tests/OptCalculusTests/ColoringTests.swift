/// Colourings keep what they promise: derivatives along them can be taken apart.
import OptCalculus
import OptNumerics
import Testing

struct ColoringTests {
  /// A random pattern with a dense row or column now and then.
  private func pattern(
    _ noise: inout Noise, rows: Int, columns: Int, count: Int, symmetric: Bool
  ) -> SparsePattern {
    var places: (rows: [Int32], columns: [Int32]) = ([], [])
    func add(_ i: Int, _ j: Int) {
      places.rows.append(Int32(i))
      places.columns.append(Int32(j))
      if symmetric && i != j {
        places.rows.append(Int32(j))
        places.columns.append(Int32(i))
      }
    }
    for _ in 0..<count {
      add(Int(noise.next() * Double(rows)), Int(noise.next() * Double(columns)))
    }
    if noise.next() < 0.5 { for i in 0..<rows { add(i, 0) } }
    return SparsePattern(rows: rows, columns: columns, places: places)
  }

  @Test func columnsOfAColorShareNoRow() {
    var noise = Noise(5)
    for size in 1...40 {
      let p = pattern(
        &noise, rows: size, columns: 2 * size, count: 3 * size, symmetric: false)
      guard let coloring = Coloring.columns(p) else {
        Issue.record("no colours")
        continue
      }
      #expect(coloring.colors.allSatisfy { $0 >= 0 && Int($0) < coloring.count })
      for row in 0..<p.rows {
        let colors = p.range(row).map { coloring.colors[Int(p.indices[$0])] }
        #expect(Set(colors).count == colors.count)
      }
    }
  }

  @Test func everySymmetricElementCanBeReadOff() {
    var noise = Noise(6)
    for size in 30...90 {
      let p = pattern(&noise, rows: size, columns: size, count: 2 * size, symmetric: true)
      guard let coloring = Coloring.star(p) else {
        Issue.record("no colours")
        continue
      }
      func isDirect(_ i: Int, _ j: Int) -> Bool {
        p.range(i).allSatisfy {
          Int(p.indices[$0]) == j || coloring.colors[Int(p.indices[$0])] != coloring.colors[j]
        }
      }
      for i in 0..<size {
        for at in p.range(i) {
          let j = Int(p.indices[at])
          #expect(isDirect(i, j) || isDirect(j, i), "\(i), \(j) of \(size)")
        }
      }
    }
  }

  @Test func fewColorsForCommonPatterns() {
    let n = 200
    var band: (rows: [Int32], columns: [Int32]) = ([], [])
    var arrow: (rows: [Int32], columns: [Int32]) = ([], [])
    for i in 0..<n {
      for j in max(0, i - 1)...min(n - 1, i + 1) {
        band.rows.append(Int32(i))
        band.columns.append(Int32(j))
      }
      arrow.rows += [Int32(i), 0, Int32(i)]
      arrow.columns += [Int32(i), Int32(i), 0]
    }
    let tridiagonal = SparsePattern(rows: n, columns: n, places: band)
    #expect(Coloring.star(tridiagonal)?.count == 3)
    #expect(Coloring.columns(tridiagonal)?.count == 3)
    #expect(Coloring.star(SparsePattern(rows: n, columns: n, places: arrow))?.count == 2)
  }
}
