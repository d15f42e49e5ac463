/// Machine code that is called without further questions.
import CKernels

/// A program that is one piece of machine code for scalars. Valid as long as its workspace.
package struct DirectCall {
  let entry: UnsafeRawPointer
  let memory: UnsafeMutablePointer<Double>
  let bases: UnsafeMutablePointer<UnsafeMutablePointer<Double>?>

  /// Gives input number `input` its elements; they stay bound.
  @inline(__always)
  package func bind(_ input: Int, to pointer: UnsafePointer<Double>) {
    bases[1 &+ input] = UnsafeMutablePointer(mutating: pointer)
  }

  /// Computes the outputs.
  @inline(__always)
  package func run() { ck_native_tape(entry, memory, bases) }
}
