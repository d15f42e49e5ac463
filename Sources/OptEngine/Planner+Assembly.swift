/// Pieces of an assembled array are written to their place as they are computed, where that can be.
import OptGraph

/// What a strip program adds to an assembled array.
struct Placement {
  var assembly: Int32
  /// Nodes of the strip program and where they begin; the one furthest back comes first: it is the
  /// first to reach its elements, so it is stored, and all others are added.
  var pieces: [(node: Int32, offset: Int)]
}

/// Names a strip program: its stage and shape.
struct StripGroup: Hashable {
  var key: Int32
  var shape: Int32
}

extension Planner {
  /// Decides for all assembled arrays; elementwise pieces that are not placed get memory.
  func placePieces() {
    for k in 0..<count where live[k] && nodes[k].operation == .assemble {
      let assembly = graph.assemblies[Int(nodes[k].payload)]
      let total = shape(Int32(k)).count
      let cover = Cover(assembly.pieces, total) { shape($0) }
      if cover.isDisjoint {
        for piece in assembly.pieces { embed(piece, in: Int32(k)) }
        continue
      }
      let placed = assembly.adds ? accumulate(Int32(k), assembly, total) : nil
      for (number, piece) in assembly.pieces.enumerated()
      where carrier[Int(piece.node)] == .elementwise && placed?.contains(number) != true {
        stored[Int(piece.node)] = true
      }
    }
  }

  /// A piece that overlaps no other gets its memory inside the whole.
  private func embed(_ piece: Assembly.Piece, in whole: Int32) {
    let k = Int(piece.node)
    if carrier[k] == .elementwise { stored[k] = true }
    guard !isScalar(piece.node), shape(piece.node).count > 0, parent[k] < 0, !hasEmbedded[k],
      carrier[k] == .elementwise || (carrier[k] == .heavy && nodes[k].operation != .factor)
    else { return }
    parent[k] = whole
    hasEmbedded[Int(whole)] = true
    parentOffset[k] = piece.map.offset
  }

  /// Overlapping pieces that one strip program computes are added up there. Returns their numbers.
  private func accumulate(_ whole: Int32, _ assembly: Assembly, _ total: Int) -> Set<Int>? {
    var groups: [StripGroup: [Int]] = [:]
    for (number, piece) in assembly.pieces.enumerated() {
      let own = shape(piece.node)
      guard carrier[Int(piece.node)] == .elementwise, own.count > 0,
        piece.map.isContiguous(for: own), piece.map.stays(in: total, for: own)
      else { continue }
      let group = StripGroup(key: key[Int(piece.node)], shape: nodes[Int(piece.node)].shape)
      groups[group, default: []].append(number)
    }
    // The largest; of equal ones the one whose piece comes first.
    guard
      let (group, numbers) = groups.max(by: {
        ($0.value.count, -$0.value[0]) < ($1.value.count, -$1.value[0])
      })
    else { return nil }
    // Elsewhere the order of additions would change.
    guard options.merges || (numbers.count == assembly.pieces.count && numbers.count <= 2) else {
      return nil
    }
    let pieces = numbers.map { assembly.pieces[$0] }.map { ($0.node, $0.map.offset) }
    let sorted = pieces.enumerated().sorted {
      ($1.element.1, $0.offset) < ($0.element.1, $1.offset)
    }.map(\.element)
    placements[group, default: []].append(Placement(assembly: whole, pieces: sorted))
    accumulated[whole] = Set(numbers)
    return accumulated[whole]
  }
}
