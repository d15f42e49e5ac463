/// What a compiled program does, step by step: plain data that names places in memory.
import CKernels
import OptNumerics

/// Where something begins: `offset` doubles into memory `base`. Base 0 is the workspace, then come
/// the inputs, then known arrays.
struct Place: Equatable {
  var base: Int32
  var offset: Int
}

/// Matrix work for one or more lanes. `lanes` numbers a table of offsets, two a lane, or is -1.
struct MatrixStep {
  var a: Place
  var b: Place
  var out: Place
  var kind: LinearAlgebra.Kind = .lu
  var m: Int
  var k: Int
  var n: Int
  var flags: Int32
  var count: Int
  var lanes: Int32
}

/// One step. Payloads are plain bytes, so that running copies no references.
enum Step {
  /// Words of the scalar code.
  case tape(from: Int, to: Int)
  case strips(Int)
  case clear(Place, count: Int)
  /// Elements of memory in the order of map number `map`.
  case read(from: Place, map: Int, to: Place, count: Int)
  case write(Place, map: Int, from: Place, step: Int32, count: Int, adds: Bool)
  /// Sums of arrays at places of one distance each.
  case weave(ck_weave)
  case gather(Place, size: Int, indices: Place, to: Place, count: Int)
  case scatter(Place, step: Int32, indices: Place, to: Place, size: Int, count: Int, adds: Bool)
  case reduce(Folding.Kind, Place, outer: Int, length: Int, inner: Int, to: Place)
  case scan(Place, outer: Int, length: Int, inner: Int, reversed: Bool, to: Place)
  case order(Place, elements: Int, lanes: Int, to: Place)
  case random(Random.Kind, key: Place, draw: UInt64, to: Place, count: Int)
  case product(MatrixStep)
  case factor(MatrixStep)
  case part(MatrixStep)
  case solve(MatrixStep)
  /// What a host computes, given by its number.
  case host(Int32, Place, from: Place, to: Place)
  /// All turns of a loop, given by its number.
  case loop(Int)
}

extension Step {
  /// Where it reads memory, beside what is in its code and in a loop's plan.
  var reads: [Place] {
    switch self {
    case .tape, .strips, .clear, .loop: []
    case .read(let from, _, _, _): [from]
    case .write(_, _, let from, _, _, _): [from]
    case .weave(let weave):
      (0..<Int(weave.count)).map {
        Place(base: weave.strands[$0].base, offset: Int(weave.strands[$0].offset))
      }
    case .gather(let from, _, let indices, _, _): [from, indices]
    case .scatter(let from, _, let indices, _, _, _, _): [from, indices]
    case .reduce(_, let from, _, _, _, _): [from]
    case .scan(let from, _, _, _, _, _): [from]
    case .order(let from, _, _, _): [from]
    case .random(_, let key, _, _, _): [key]
    case .product(let step), .factor(let step), .part(let step), .solve(let step):
      [step.a, step.b]
    case .host(_, let parameters, let start, _): [parameters, start]
    }
  }
}

extension Step {
  /// Where it writes memory, beside what is in its code; clearing does not count.
  var writes: [Place] {
    switch self {
    case .tape, .strips, .clear, .loop: []
    case .read(_, _, let to, _): [to]
    case .write(let to, _, _, _, _, _): [to]
    case .weave(let weave): [Place(base: weave.base, offset: Int(weave.offset))]
    case .gather(_, _, _, let to, _): [to]
    case .scatter(_, _, _, let to, _, _, _): [to]
    case .reduce(_, _, _, _, _, let to): [to]
    case .scan(_, _, _, _, _, let to): [to]
    case .order(_, _, _, let to): [to]
    case .random(_, _, _, let to, _): [to]
    case .product(let step), .factor(let step), .part(let step), .solve(let step): [step.out]
    case .host(_, _, _, let to): [to]
    }
  }
}

/// An elementwise program over `count` elements, with the sums it ends in.
struct StripStep {
  var code: ck_strip_program
  var count: Int
  /// Elements between two looks at the stop flag: a multiple of a block.
  var chunk: Int
  var sums: UnsafeMutablePointer<Int>
  var sumCount: Int
}

/// Memory that a program owns and never changes once it is made.
final class Memory {
  private var owned: [UnsafeMutableRawPointer] = []

  deinit { for pointer in owned { pointer.deallocate() } }

  /// `count` copies of `value`.
  func fill<Element>(_ value: Element, _ count: Int) -> UnsafeMutablePointer<Element> {
    let pointer = UnsafeMutablePointer<Element>.allocate(capacity: max(count, 1))
    pointer.initialize(repeating: value, count: count)
    owned.append(UnsafeMutableRawPointer(pointer))
    return pointer
  }

  /// The elements of `array` at a place that stays.
  func keep<Element>(_ array: [Element]) -> UnsafeMutablePointer<Element> {
    let pointer = UnsafeMutablePointer<Element>.allocate(capacity: max(array.count, 1))
    array.withUnsafeBufferPointer { source in
      if let base = source.baseAddress { pointer.initialize(from: base, count: source.count) }
    }
    owned.append(UnsafeMutableRawPointer(pointer))
    return pointer
  }
}
