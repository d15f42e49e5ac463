/// Which machine operation or function pointer carries out a row of the function table.
import CKernels
import OptGraph

/// What is known about carrying out each row; made once.
struct Kernels: @unchecked Sendable {
  /// An operation of the machine, or CK_CALL1…3.
  let operations: [Int32]
  /// Per row, its function for one element.
  let functions: UnsafeMutablePointer<UnsafeRawPointer?>
  /// Per row, its packed kernel for strips, or nil.
  let packed: [UnsafeRawPointer?]
  /// What packed kernels do, four numbers at a time.
  let vectors: [UnsafeRawPointer: Vector]
  let count: Int

  /// A function of the vector library, or what a kernel makes of some.
  enum Vector {
    case function(UnsafeRawPointer, arity: Int)
    case tanh
    case sigmoid(exp: UnsafeRawPointer)
    case softplus(exp: UnsafeRawPointer, log1p: UnsafeRawPointer)
  }

  static let shared = Kernels()

  private static let plain: [String: Int32] = [
    "add": Int32(CK_ADD), "subtract": Int32(CK_SUB), "multiply": Int32(CK_MUL),
    "divide": Int32(CK_DIV), "negate": Int32(CK_NEG), "sqrt": Int32(CK_SQRT),
    "abs": Int32(CK_ABS), "sign": Int32(CK_SIGN), "floor": Int32(CK_FLOOR),
    "ceil": Int32(CK_CEIL), "not": Int32(CK_NOT), "relu": Int32(CK_RELU),
    "stop_gradient": Int32(CK_COPY), "min": Int32(CK_MIN), "max": Int32(CK_MAX),
    "less": Int32(CK_LT), "lessOrEqual": Int32(CK_LE), "greater": Int32(CK_GT),
    "greaterOrEqual": Int32(CK_GE), "equal": Int32(CK_EQ), "notEqual": Int32(CK_NE),
    "and": Int32(CK_AND), "or": Int32(CK_OR),
  ]

  private init() {
    let table = ElementaryFunctions.table
    var operations: [Int32] = []
    var packed: [UnsafeRawPointer?] = []
    var vectors: [UnsafeRawPointer: Vector] = [:]
    count = table.count
    functions = .allocate(capacity: max(table.count, 1))
    for (k, row) in table.enumerated() {
      let (pointer, call): (UnsafeRawPointer, Int32)
      switch row.evaluate {
      case .unary(let f):
        (pointer, call) = (unsafeBitCast(f, to: UnsafeRawPointer.self), Int32(CK_CALL1))
      case .binary(let f):
        (pointer, call) = (unsafeBitCast(f, to: UnsafeRawPointer.self), Int32(CK_CALL2))
      case .ternary(let f):
        (pointer, call) = (unsafeBitCast(f, to: UnsafeRawPointer.self), Int32(CK_CALL3))
      }
      (functions + k).initialize(to: pointer)
      operations.append(Self.plain[row.name] ?? call)
      var arity: Int32 = 0
      let kernel = ck_packed(row.name, &arity)
      packed.append(Int(arity) == row.arity ? kernel : nil)
      if let kernel { vectors[kernel] = Self.vector(row.name) }
    }
    self.operations = operations
    self.packed = packed
    self.vectors = vectors
  }

  private static func vector(_ name: String) -> Vector? {
    func find(_ name: String) -> (UnsafeRawPointer, Int)? {
      var arity: Int32 = 0
      return ck_vector(name, &arity).map { ($0, Int(arity)) }
    }
    switch name {
    case "tanh": return .tanh
    case "sigmoid": return find("exp").map { .sigmoid(exp: $0.0) }
    case "softplus":
      guard let exp = find("exp"), let log1p = find("log1p") else { return nil }
      return .softplus(exp: exp.0, log1p: log1p.0)
    default: return find(name).map { .function($0.0, arity: $0.1) }
    }
  }
}
