/// Names of the rows that Swift code mentions, and short ways to apply them.

extension FunctionID {
  // MARK: Arithmetic and comparisons

  // The first rows, by their places, because every operator asks for them.
  package static var add: FunctionID { FunctionID(index: 0) }
  package static var subtract: FunctionID { FunctionID(index: 1) }
  package static var multiply: FunctionID { FunctionID(index: 2) }
  package static var divide: FunctionID { FunctionID(index: 3) }
  package static var negate: FunctionID { FunctionID(index: 4) }
  package static var power: FunctionID { FunctionID(index: 5) }
  package static let less = ElementaryFunctions.required("less")
  package static let lessOrEqual = ElementaryFunctions.required("lessOrEqual")
  package static let greater = ElementaryFunctions.required("greater")
  package static let greaterOrEqual = ElementaryFunctions.required("greaterOrEqual")
  package static let equal = ElementaryFunctions.required("equal")
  package static let notEqual = ElementaryFunctions.required("notEqual")
  package static let and = ElementaryFunctions.required("and")
  package static let or = ElementaryFunctions.required("or")
  package static let not = ElementaryFunctions.required("not")

  // MARK: Pieces and rounding
  package static let abs = ElementaryFunctions.required("abs")
  package static let sign = ElementaryFunctions.required("sign")
  package static let floor = ElementaryFunctions.required("floor")
  package static let ceil = ElementaryFunctions.required("ceil")
  package static let round = ElementaryFunctions.required("round")
  package static let mod = ElementaryFunctions.required("mod")
  package static let min = ElementaryFunctions.required("min")
  package static let max = ElementaryFunctions.required("max")
  package static let stopGradient = ElementaryFunctions.required("stop_gradient")

  // MARK: Elementary
  package static let sin = ElementaryFunctions.required("sin")
  package static let cos = ElementaryFunctions.required("cos")
  package static let tan = ElementaryFunctions.required("tan")
  package static let sec = ElementaryFunctions.required("sec")
  package static let csc = ElementaryFunctions.required("csc")
  package static let cot = ElementaryFunctions.required("cot")
  package static let asin = ElementaryFunctions.required("asin")
  package static let acos = ElementaryFunctions.required("acos")
  package static let atan = ElementaryFunctions.required("atan")
  package static let atan2 = ElementaryFunctions.required("atan2")
  package static let sinh = ElementaryFunctions.required("sinh")
  package static let cosh = ElementaryFunctions.required("cosh")
  package static let tanh = ElementaryFunctions.required("tanh")
  package static let asinh = ElementaryFunctions.required("asinh")
  package static let acosh = ElementaryFunctions.required("acosh")
  package static let atanh = ElementaryFunctions.required("atanh")
  package static let exp = ElementaryFunctions.required("exp")
  package static let expm1 = ElementaryFunctions.required("expm1")
  package static let log = ElementaryFunctions.required("log")
  package static let log1p = ElementaryFunctions.required("log1p")
  package static let log2 = ElementaryFunctions.required("log2")
  package static let log10 = ElementaryFunctions.required("log10")
  package static let sqrt = ElementaryFunctions.required("sqrt")
  package static let cbrt = ElementaryFunctions.required("cbrt")
  package static let hypot = ElementaryFunctions.required("hypot")

  // MARK: Special functions and activations
  package static let erf = ElementaryFunctions.required("erf")
  package static let erfc = ElementaryFunctions.required("erfc")
  package static let gamma = ElementaryFunctions.required("gamma")
  package static let lgamma = ElementaryFunctions.required("lgamma")
  package static let digamma = ElementaryFunctions.required("digamma")
  package static let polygamma = ElementaryFunctions.required("polygamma")
  package static let sinc = ElementaryFunctions.required("sinc")
  package static let sincDerivative = ElementaryFunctions.required("sinc_derivative")
  package static let sigmoid = ElementaryFunctions.required("sigmoid")
  package static let softplus = ElementaryFunctions.required("softplus")
  package static let relu = ElementaryFunctions.required("relu")
  package static let gelu = ElementaryFunctions.required("gelu")
}

func sin(_ x: Expression) -> Expression { x.apply(.sin) }
func cos(_ x: Expression) -> Expression { x.apply(.cos) }
func tan(_ x: Expression) -> Expression { x.apply(.tan) }
func cot(_ x: Expression) -> Expression { x.apply(.cot) }
func sinh(_ x: Expression) -> Expression { x.apply(.sinh) }
func cosh(_ x: Expression) -> Expression { x.apply(.cosh) }
func exp(_ x: Expression) -> Expression { x.apply(.exp) }
func log(_ x: Expression) -> Expression { x.apply(.log) }
func sqrt(_ x: Expression) -> Expression { x.apply(.sqrt) }
func sign(_ x: Expression) -> Expression { x.apply(.sign) }
func floor(_ x: Expression) -> Expression { x.apply(.floor) }
func digamma(_ x: Expression) -> Expression { x.apply(.digamma) }
func sigmoid(_ x: Expression) -> Expression { x.apply(.sigmoid) }
func erfc(_ x: Expression) -> Expression { x.apply(.erfc) }
