/// Sums and other reductions in an order that is always the same.
import CKernels

/// Loops over arrays seen as outer × length × inner.
package enum Folding {
  /// What a reduction computes; raw values are those of the graph.
  package enum Kind: UInt8, Sendable {
    case sum, product, maximum, minimum, argMaximum, argMinimum
  }

  /// The sum of `count` numbers: 8 partials in blocks of 4096, blocks joined by a binary tree.
  package static func sum(_ x: UnsafePointer<Double>, _ count: Int) -> Double {
    ck_sum(x, Int64(count))
  }

  /// Folds the middle dimension. `scratch`: `inner` numbers.
  package static func reduce(
    _ kind: Kind, _ x: UnsafePointer<Double>, outer: Int, length: Int, inner: Int,
    into out: UnsafeMutablePointer<Double>, scratch: UnsafeMutablePointer<Double>
  ) {
    ck_reduce(
      Int32(kind.rawValue), x, Int64(outer), Int64(length), Int64(inner), out, scratch)
  }
}
