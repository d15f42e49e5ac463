/// Complex numbers for the complex-step derivative.
import Foundation

/// A complex number with the functions that random formulas use. Principal branches; every formula
/// is real on the real line, so only the first-order change of the imaginary part matters
/// (W. Squire, G. Trapp, "Using complex variables to estimate derivatives of real functions",
/// SIAM Review 40 (1998)).
struct ComplexNumber {
  var real: Double
  var imaginary: Double

  init(_ real: Double, _ imaginary: Double = 0) {
    self.real = real
    self.imaginary = imaginary
  }

  static func + (a: Self, b: Self) -> Self {
    Self(a.real + b.real, a.imaginary + b.imaginary)
  }
  static func - (a: Self, b: Self) -> Self {
    Self(a.real - b.real, a.imaginary - b.imaginary)
  }
  static prefix func - (a: Self) -> Self { Self(-a.real, -a.imaginary) }
  static func * (a: Self, b: Self) -> Self {
    Self(
      a.real * b.real - a.imaginary * b.imaginary, a.real * b.imaginary + a.imaginary * b.real)
  }
  static func / (a: Self, b: Self) -> Self {
    let size = b.real * b.real + b.imaginary * b.imaginary
    return Self(
      (a.real * b.real + a.imaginary * b.imaginary) / size,
      (a.imaginary * b.real - a.real * b.imaginary) / size)
  }

  var exponential: Self {
    let size = exp(real)
    return Self(size * cos(imaginary), size * sin(imaginary))
  }
  var logarithm: Self { Self(log(hypot(real, imaginary)), atan2(imaginary, real)) }
  var squareRoot: Self {
    let (size, angle) = (hypot(real, imaginary).squareRoot(), atan2(imaginary, real) / 2)
    return Self(size * cos(angle), size * sin(angle))
  }
  var sine: Self {
    Self(sin(real) * cosh(imaginary), cos(real) * sinh(imaginary))
  }
  var cosine: Self {
    Self(cos(real) * cosh(imaginary), -sin(real) * sinh(imaginary))
  }
  var hyperbolicSine: Self {
    Self(sinh(real) * cos(imaginary), cosh(real) * sin(imaginary))
  }
  var hyperbolicCosine: Self {
    Self(cosh(real) * cos(imaginary), sinh(real) * sin(imaginary))
  }
  var hyperbolicTangent: Self { hyperbolicSine / hyperbolicCosine }
  /// To first order in the imaginary part, which the logarithms of the definition would round away.
  var arctangent: Self { Self(atan(real), imaginary / (1 + real * real)) }
  func power(_ exponent: Int) -> Self {
    var result = Self(1)
    for _ in 0..<abs(exponent) { result = result * self }
    return exponent < 0 ? Self(1) / result : result
  }
}
