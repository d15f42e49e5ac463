/// Outputs that a program writes to memory of their own, so that whoever runs it may say where.
import OptGraph

extension Planner {
  /// Smaller outputs are cheaper to copy.
  private static let leastCount = 16

  /// Gives arrays that are outputs, and are made in one go, a memory each.
  func findExternals() {
    let takesScalars = findScalarTargets()
    for (number, output) in outputs.enumerated() {
      let k = Int(output)
      guard external[k] == 0, parent[k] < 0, shape(output).count >= Self.leastCount,
        outputs.firstIndex(of: output) == number
      else { continue }
      switch (carrier[k], nodes[k].operation) {
      case (.elementwise, _): break
      case (.heavy, .assemble):
        guard !takesScalars.contains(output) else { continue }
      case (.heavy, .product), (.heavy, .reduce), (.heavy, .solve), (.heavy, .gather),
        (.heavy, .view):
        break
      default: continue
      }
      externals.append(output)
      external[k] = Int32(truncatingIfNeeded: graph.inputs.count + externals.count)
    }
    // What lies inside lies in the same memory.
    for k in 0..<count where live[k] && parent[k] >= 0 {
      external[k] = external[Int(parent[k])]
    }
  }

  /// Assemblies into which scalar code writes, which knows the memory of the workspace only; with
  /// what they lie in.
  private func findScalarTargets() -> Set<Int32> {
    var found: Set<Int32> = []
    for k in 0..<count where live[k] && carrier[k] == .heavy && nodes[k].operation == .assemble {
      let pieces = graph.assemblies[Int(nodes[k].payload)].pieces
      guard pieces.contains(where: { shape($0.node).count == 1 }) else { continue }
      var whole = Int32(truncatingIfNeeded: k)
      while whole >= 0, found.insert(whole).inserted { whole = parent[Int(whole)] }
    }
    return found
  }
}
