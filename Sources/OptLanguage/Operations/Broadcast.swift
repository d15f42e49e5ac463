/// Elementwise loops over known numbers, with broadcasting.
import OptGraph
import OptNumerics

enum Broadcast {
  typealias Size = (rows: Int, columns: Int)

  /// The size of the result: equal sizes, a number, a row over rows or a column over columns;
  /// nil for anything else, a column with a row included.
  static func size(_ a: Size, _ b: Size) -> Size? {
    if a == b { return a }
    if a == (1, 1) { return b }
    if b == (1, 1) { return a }
    if a.columns == b.columns, a.rows == 1, b.columns != 1 { return b }
    if a.columns == b.columns, b.rows == 1, a.columns != 1 { return a }
    if a.rows == b.rows, a.columns == 1, b.rows != 1 { return b }
    if a.rows == b.rows, b.columns == 1, a.rows != 1 { return a }
    return nil
  }

  static func apply(
    _ function: FunctionID, _ a: Matrix, _ b: Matrix, _ rows: Int, _ columns: Int
  ) -> Matrix {
    let result = Buffer(uninitialized: rows * columns)
    guard case .binary(let f) = function.row.evaluate else {
      return Matrix(result, rows: rows, columns: columns)
    }
    let to = result.pointer
    let (x, y) = (a.buffer.pointer, b.buffer.pointer)
    // Steps along rows and columns; 0 where a side repeats.
    let (xr, xc) = (a.rows == 1 ? 0 : a.columns, a.columns == 1 ? 0 : 1)
    let (yr, yc) = (b.rows == 1 ? 0 : b.columns, b.columns == 1 ? 0 : 1)
    switch function {
    case .add: loop(to, x, y, rows, columns, xr, xc, yr, yc) { $0 + $1 }
    case .subtract: loop(to, x, y, rows, columns, xr, xc, yr, yc) { $0 - $1 }
    case .multiply: loop(to, x, y, rows, columns, xr, xc, yr, yc) { $0 * $1 }
    case .divide: loop(to, x, y, rows, columns, xr, xc, yr, yc) { $0 / $1 }
    default: loop(to, x, y, rows, columns, xr, xc, yr, yc) { f($0, $1) }
    }
    return Matrix(result, rows: rows, columns: columns)
  }

  @inline(__always)
  private static func loop(
    _ to: UnsafeMutablePointer<Double>, _ x: UnsafeMutablePointer<Double>,
    _ y: UnsafeMutablePointer<Double>, _ rows: Int, _ columns: Int, _ xr: Int, _ xc: Int, _ yr: Int,
    _ yc: Int, _ f: (Double, Double) -> Double
  ) {
    if columns == 1 || (xr == columns * xc && yr == columns * yc) {
      // One run through memory.
      let count = rows * columns
      let (xs, ys) = columns == 1 ? (xr, yr) : (xc, yc)
      if xs == 1 && ys == 1 {
        for k in 0..<count { to[k] = f(x[k], y[k]) }
      } else if xs == 0 && ys == 1 {
        let number = x[0]
        for k in 0..<count { to[k] = f(number, y[k]) }
      } else if xs == 1 && ys == 0 {
        let number = y[0]
        for k in 0..<count { to[k] = f(x[k], number) }
      } else {
        for k in 0..<count { to[k] = f(x[k * xs], y[k * ys]) }
      }
      return
    }
    for i in 0..<rows {
      let (u, v, w) = (x + i * xr, y + i * yr, to + i * columns)
      for j in 0..<columns { w[j] = f(u[j * xc], v[j * yc]) }
    }
  }

  /// Lane by lane; each side may vary along other levels.
  static func lanes(_ function: FunctionID, _ a: LaneNumbers, _ b: LaneNumbers) -> LaneNumbers {
    let shape = a.shape.broadcast(with: b.shape) ?? a.shape
    if let x = a.even, let y = b.even, let even = EvenNumbers.apply(function, x, y, shape.lanes) {
      return LaneNumbers(lanes: shape.lanes, even)
    }
    let (x, y) = (spread(a, shape), spread(b, shape))
    let result = Buffer(uninitialized: shape.count)
    if case .binary(let f) = function.row.evaluate {
      for k in 0..<shape.count { result.pointer[k] = f(x.pointer[k], y.pointer[k]) }
    }
    return LaneNumbers(lanes: shape.lanes, buffer: result)
  }

  /// The numbers repeated to all lanes of `shape`.
  static func spread(_ a: LaneNumbers, _ shape: Shape) -> Buffer {
    let own = a.shape
    if own == shape { return a.buffer }
    let sizes = own.dimensions(levels: shape.lanes.count)
    var strides = [Int](repeating: 0, count: sizes.count)
    var step = 1
    for k in stride(from: sizes.count - 1, through: 0, by: -1) {
      strides[k] = sizes[k] == 1 ? 0 : step
      step *= sizes[k]
    }
    let result = Buffer(uninitialized: shape.count)
    var k = 0
    StridedMap(strides: strides).forEachOffset(in: shape) { offset in
      result.pointer[k] = a.buffer.pointer[offset]
      k += 1
    }
    return result
  }
}
