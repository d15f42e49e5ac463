/// Two operations become one where nobody else reads the value between them.
import CKernels
import OptGraph

extension Planner {
  /// Operations with one reader that become part of it. Products in sums come first: with one
  /// rounding instead of two.
  func contract() {
    if options.contracts {
      for k in 0..<count where live[k] { absorb(into: k, products: true) }
    }
    for k in 0..<count where live[k] && !absorbed[k] { absorb(into: k, products: false) }
  }

  private func absorb(into k: Int, products: Bool) {
    let n = nodes[k]
    if carrier[k] == .sum {
      let factor = nodes[Int(n.a)]
      if products, canAbsorb(n.a, in: k, products: true), !isScalar(factor.a),
        !isScalar(factor.b)
      {
        absorbed[Int(n.a)] = true
      }
      return
    }
    guard carrier[k] == .tape || carrier[k] == .elementwise, n.operation == .apply, n.b >= 0,
      !absorbed[Int(n.a)], !absorbed[Int(n.b)]
    else { return }
    let operation = kernels.operations[Int(n.payload)]
    guard
      operation == Int32(CK_ADD) || operation == Int32(CK_SUB)
        || (operation == Int32(CK_MUL) && !products)
    else { return }
    if canAbsorb(n.a, in: k, products: products) {
      absorbed[Int(n.a)] = true
    } else if canAbsorb(n.b, in: k, products: products) {
      absorbed[Int(n.b)] = true
    }
  }

  private func canAbsorb(_ index: Int32, in reader: Int, products: Bool) -> Bool {
    let n = nodes[Int(index)]
    guard n.operation == .apply, uses[Int(index)] == 1, !stored[Int(index)], n.b >= 0,
      !absorbed[Int(n.a)], !absorbed[Int(n.b)]
    else { return false }
    let operation = kernels.operations[Int(n.payload)]
    let isProduct = operation == Int32(CK_MUL)
    if products {
      guard isProduct else { return false }
    } else {
      guard isProduct || operation == Int32(CK_ADD) || operation == Int32(CK_SUB) else {
        return false
      }
      // A rounded product in a sum has no operation of its own.
      let reading = kernels.operations[Int(nodes[reader].payload)]
      if isProduct && reading != Int32(CK_MUL) { return false }
    }
    if carrier[reader] == .tape { return carrier[Int(index)] == .tape }
    return carrier[Int(index)] == .elementwise && key[Int(index)] == key[reader]
      && (carrier[reader] == .sum || n.shape == nodes[reader].shape)
  }
}
