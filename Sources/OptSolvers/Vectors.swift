/// The few vector operations that the methods need, on raw pointers and in a fixed order.

/// Σ aᵢbᵢ in four lanes that are joined in a fixed order.
@inline(__always)
func dot(_ a: UnsafePointer<Double>, _ b: UnsafePointer<Double>, _ n: Int) -> Double {
  var lanes = SIMD4<Double>()
  var index = 0
  while index &+ 4 <= n {
    let left = SIMD4(a[index], a[index &+ 1], a[index &+ 2], a[index &+ 3])
    let right = SIMD4(b[index], b[index &+ 1], b[index &+ 2], b[index &+ 3])
    lanes += left * right
    index &+= 4
  }
  var sum = (lanes[0] + lanes[2]) + (lanes[1] + lanes[3])
  while index < n {
    sum += a[index] * b[index]
    index &+= 1
  }
  return sum
}

/// The largest magnitude; NaN if an element is NaN.
func maximumNorm(_ a: UnsafePointer<Double>, _ n: Int) -> Double {
  var lanes = SIMD4<Double>()
  // Stays zero unless an element is NaN or infinite: NaN survives a sum, but not a maximum.
  var trouble = SIMD4<Double>()
  var index = 0
  while index &+ 4 <= n {
    let four = SIMD4(a[index], a[index &+ 1], a[index &+ 2], a[index &+ 3])
    let magnitudes = four.replacing(with: -four, where: four .< 0)
    trouble += four * 0
    lanes.replace(with: magnitudes, where: magnitudes .> lanes)
    index &+= 4
  }
  var largest = max(max(lanes[0], lanes[1]), max(lanes[2], lanes[3]))
  var isTrouble = trouble.sum() != 0
  while index < n {
    let magnitude = abs(a[index])
    if magnitude > largest { largest = magnitude }
    if magnitude != magnitude { isTrouble = true }
    index &+= 1
  }
  guard isTrouble else { return largest }
  for index in 0..<n where a[index].isNaN { return .nan }
  return .infinity
}

/// The Euclidean norm, safe against overflow.
func euclideanNorm(_ a: UnsafePointer<Double>, _ n: Int) -> Double {
  let plain = dot(a, a, n)
  if plain > 1e-280, plain < 1e280 { return plain.squareRoot() }
  let scale = maximumNorm(a, n)
  guard scale > 0, scale.isFinite else { return scale }
  var sum = 0.0
  for index in 0..<n {
    let ratio = a[index] / scale
    sum += ratio * ratio
  }
  return scale * sum.squareRoot()
}

/// The same for elements `stride` apart.
func euclideanNorm(_ a: UnsafePointer<Double>, _ n: Int, stride: Int) -> Double {
  var sum = 0.0
  for k in 0..<n { sum += a[k * stride] * a[k * stride] }
  if sum > 1e-280, sum < 1e280 { return sum.squareRoot() }
  var scale = 0.0
  for k in 0..<n { scale = max(scale, abs(a[k * stride])) }
  guard scale > 0, scale.isFinite else { return scale }
  sum = 0
  for k in 0..<n { sum += (a[k * stride] / scale) * (a[k * stride] / scale) }
  return scale * sum.squareRoot()
}

/// y += factor·x
@inline(__always)
func addMultiple(
  _ factor: Double, _ x: UnsafePointer<Double>, to y: UnsafeMutablePointer<Double>, _ n: Int
) {
  for index in 0..<n { y[index] += factor * x[index] }
}

/// result = base + factor·direction
@inline(__always)
func move(
  _ base: UnsafePointer<Double>, _ factor: Double, _ direction: UnsafePointer<Double>,
  into result: UnsafeMutablePointer<Double>, _ n: Int
) {
  for index in 0..<n { result[index] = base[index] + factor * direction[index] }
}

/// True if every element is finite.
func allFinite(_ a: UnsafePointer<Double>, _ n: Int) -> Bool {
  for index in 0..<n where !a[index].isFinite { return false }
  return true
}
