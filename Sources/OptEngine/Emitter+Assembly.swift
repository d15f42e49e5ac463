/// Steps that put arrays together.
import CKernels
import OptGraph
import OptNumerics

extension Emitter {
  func emitAssemble(_ index: Int32, _ n: Node, _ shape: Shape, _ out: Place) {
    guard shape.count > 0 else { return }
    let assembly = plan.graph.assemblies[Int(n.payload)]
    let done = plan.accumulated[index]
    if done == nil, !plan.hasEmbedded[Int(index)], let weave = weave(assembly, shape.count, out) {
      steps.append(.weave(weave))
      return
    }
    let cover = Cover(assembly.pieces, shape.count) { plan.shape($0) }
    if done == nil, !plan.hasEmbedded[Int(index)] { clearGaps(index, shape.count) }
    let adds = assembly.adds && !cover.isDisjoint
    var from = code.count
    for (number, piece) in assembly.pieces.enumerated() {
      let own = plan.shape(piece.node)
      let isEmbedded =
        plan.parent[Int(piece.node)] == index
        && plan.parentOffset[Int(piece.node)] == piece.map.offset
      let isDone = isEmbedded || done?.contains(number) == true
      guard own.count > 0, !isDone else { continue }
      let inside = piece.map.stays(in: shape.count, for: own)
      let target = out.offset + (inside ? piece.map.offset : 0)
      if own.count == 1, inside, target <= Int(Int32.max) {
        code += [
          Int32(adds ? CK_INCREASE : CK_STORE), 1, Int32(truncatingIfNeeded: target),
          scalarPlace(piece.node),
        ]
        continue
      }
      addStores(from)
      from = code.count
      let (source, step) = source(of: piece.node)
      let walk = Walk(strides: piece.map.strides, of: own, in: own)
      if inside, walk.sizes.count <= Int(CK_DIMENSIONS) {
        let base = Place(base: out.base, offset: target)
        steps.append(
          .write(
            base, map: addMap(walk, base), from: source, step: step, count: own.count,
            adds: adds))
      } else {
        steps.append(
          .scatter(
            source, step: step, indices: table(piece.map, own), to: out, size: shape.count,
            count: own.count, adds: adds))
      }
    }
    addStores(from)
  }

  /// Zeros where no piece of an assembled array will be.
  func clearGaps(_ index: Int32, _ count: Int) {
    let assembly = plan.graph.assemblies[Int(plan.nodes[Int(index)].payload)]
    let cover = Cover(assembly.pieces, count) { plan.shape($0) }
    if !cover.isWhole { steps.append(.clear(location(index), count: count)) }
  }

  /// Merges stores of one kind since `from` into runs.
  private func addStores(_ from: Int) {
    guard code.count > from else { return }
    var merged: [Int32] = []
    var header = -1
    for k in stride(from: from, to: code.count, by: 4) {
      if header >= 0, merged[header] == code[k] {
        merged[header + 1] += 1
      } else {
        header = merged.count
        merged += [code[k], 1]
      }
      merged += [code[k + 2], code[k + 3]]
    }
    code.replaceSubrange(from..., with: merged)
    addTape(from: from)
  }

  /// Where the elements of a piece lie, and how far apart: one number may be repeated.
  private func source(of piece: Int32) -> (Place, step: Int32) {
    let n = plan.nodes[Int(piece)]
    if plan.carrier[Int(piece)] == .virtual {
      var place = isScalarCode(n.a) ? Place(base: 0, offset: Int(scalarPlace(n.a))) : location(n.a)
      place.offset += plan.graph.maps[Int(n.payload)].offset
      return (place, 0)
    }
    if isScalarCode(piece) { return (Place(base: 0, offset: Int(scalarPlace(piece))), 0) }
    return (location(piece), plan.shape(piece).count == 1 ? 0 : 1)
  }

  private func isScalarCode(_ index: Int32) -> Bool {
    plan.isScalar(index) && plan.carrier[Int(index)] != .heavy
  }

  /// Pieces that are added up at places of one distance each, as a single pass.
  private func weave(_ assembly: Assembly, _ size: Int, _ out: Place) -> ck_weave? {
    guard assembly.adds, assembly.pieces.count > 1, assembly.pieces.count <= 8 * Int(CK_STRANDS),
      size >= 64
    else { return nil }
    var strands: [ck_strand] = []
    var stride: Int64 = 0
    for piece in assembly.pieces {
      let own = plan.shape(piece.node)
      guard own.count > 0, piece.map.stays(in: size, for: own) else { return nil }
      if own.count > 1 {
        let walk = Walk(strides: piece.map.strides, of: own, in: own)
        guard walk.sizes.count == 1, stride == 0 || walk.strides[0] == stride else { return nil }
        stride = walk.strides[0]
      }
      let (place, step) = source(of: piece.node)
      strands.append(
        ck_strand(
          base: place.base, step: step, offset: Int64(place.offset),
          start: Int64(piece.map.offset), count: Int64(own.count)))
    }
    guard stride > 1, stride <= Int64(CK_STRANDS) else { return nil }
    return ck_weave(
      strands: UnsafePointer(memory.keep(strands)), count: Int64(strands.count), stride: stride,
      size: Int64(size), offset: Int64(out.offset), base: out.base)
  }
}

/// Whether pieces that lie in order overlap, and whether they leave gaps.
struct Cover {
  var isDisjoint = true
  var isWhole = false

  init(_ pieces: [Assembly.Piece], _ count: Int, _ shape: (Int32) -> Shape) {
    var ranges: [(start: Int, end: Int)] = []
    ranges.reserveCapacity(pieces.count)
    for piece in pieces {
      let own = shape(piece.node)
      if own.count == 0 { continue }
      guard piece.map.isContiguous(for: own), piece.map.stays(in: count, for: own) else {
        isDisjoint = false
        return
      }
      ranges.append((piece.map.offset, piece.map.offset + own.count))
    }
    ranges.sort { $0.start < $1.start }
    var end = 0
    var gaps = false
    for range in ranges {
      if range.start < end { isDisjoint = false }
      if range.start > end { gaps = true }
      end = max(end, range.end)
    }
    isWhole = isDisjoint && !gaps && end == count
  }
}
