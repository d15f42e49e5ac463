/// Native code before registers are given out: straight-line code in which each instruction names
/// the value it computes (static single assignment).

/// One instruction; its number in the list is the name of its value.
struct Instruction {
  enum Kind: UInt8 {
    /// A value in memory that is read wherever it is needed.
    case memory
    /// A value in a register that is set aside; `detail` is the register.
    case fixed
    /// Reads memory here and now; masked: only where `b` says so.
    case load, maskedLoad
    case add, subtract, multiply, divide, minimum, maximum, and, or, xor
    /// `detail`: the predicate, or the kind of rounding.
    case compare, squareRoot, round
    /// The bits of each lane of a moved up by the number that the first lane of b holds.
    case shiftLeft
    /// b where c is set, else a.
    case blend
    /// b in the lanes of `detail`, else a.
    case blendKnown
    /// The lanes of a in the order `detail`.
    case permute
    /// a·b + c, a·b - c, c - a·b, rounded once.
    case fma, fms, fnma
    /// Calls function `number`.
    case call
    /// Writes a to memory; masked: only where `b` says so; kept: it stays there.
    case store, maskedStore, keep
    /// Adds a, or a·b, to the register `detail` that is set aside, or its bits.
    case accumulate, accumulateProduct, accumulateBits
    /// Copies a to the register `detail` that is set aside.
    case assign
  }

  var kind: Kind
  var detail: UInt8 = 0
  var a: Int32 = -1
  var b: Int32 = -1
  var c: Int32 = -1
  /// Of a place in memory or a function.
  var number: Int32 = -1
}

/// Predicates of comparisons; without exceptions for NaN.
package enum Predicate {
  package static let equal: UInt8 = 0x00
  package static let unordered: UInt8 = 0x03
  package static let notEqual: UInt8 = 0x04
  package static let less: UInt8 = 0x11
  package static let lessOrEqual: UInt8 = 0x12
  package static let greaterOrEqual: UInt8 = 0x1D
  package static let greater: UInt8 = 0x1E
}

/// Where code finds a value in memory.
struct MemoryPlace {
  /// Number of a memory of the program, or one of the below.
  var base: Int32
  /// In bytes.
  var displacement: Int32
  /// Whether it moves on with the elements of a loop.
  var isIndexed = false

  static let stack: Int32 = -1
  static let pool: Int32 = -2
  static let sums: Int32 = -3
  static let buffers: Int32 = -4
  static let carried: Int32 = -5
}

/// A function that code calls.
struct Callee: Equatable {
  enum Style { case scalar, vector, each }
  var function: UnsafeRawPointer
  var arity: Int
  var style: Style
}

/// Why something is not made native.
enum NotNative: Error {
  case tooLarge, tooFar, unknownOperation, noMemory

  /// In words.
  var text: String {
    switch self {
    case .tooLarge: "too large for machine code"
    case .tooFar: "its places are too far apart for machine code"
    case .unknownOperation: "an operation without machine code"
    case .noMemory: "the memory for machine code is full"
    }
  }
}
