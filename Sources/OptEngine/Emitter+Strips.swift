/// Elementwise nodes of one stage and shape become one strip program.
import CKernels
import OptGraph

extension Emitter {
  func emitStrips(_ order: [Int32], _ range: Range<Int>, _ releases: inout Releases) {
    // By shape of what is computed, each in the order of the graph.
    var groups: [Int32: [Int32]] = [:]
    var shapes: [Int32] = []
    for k in range {
      let index = order[k]
      let n = plan.nodes[Int(index)]
      let shape = plan.carrier[Int(index)] == .sum ? plan.nodes[Int(n.a)].shape : n.shape
      if groups[shape] == nil { shapes.append(shape) }
      groups[shape, default: []].append(index)
    }
    for shape in shapes {
      guard let list = groups[shape] else { continue }
      for index in list where plan.stored[Int(index)] {
        allocate(index, size(of: index), &releases)
      }
      let size = plan.graph.shapes[Int(shape)]
      guard size.count > 0 else { continue }
      let group = StripGroup(key: plan.key[Int(list[0])], shape: shape)
      let placements = plan.placements[group] ?? []
      for placement in placements { prepare(placement, size.count, &releases) }
      emitStrip(list, size, placements)
    }
  }

  /// Memory of an assembled array; what its furthest piece does not reach is cleared.
  private func prepare(_ placement: Placement, _ count: Int, _ releases: inout Releases) {
    let whole = placement.assembly
    let size = size(of: whole)
    allocate(whole, size, &releases)
    let furthest = placement.pieces[0].offset
    let out = location(whole)
    if furthest > 0 { steps.append(.clear(out, count: furthest)) }
    let end = furthest + count
    if end < size {
      steps.append(.clear(Place(base: out.base, offset: out.offset + end), count: size - end))
    }
  }

  private func emitStrip(_ list: [Int32], _ shape: Shape, _ placements: [Placement]) {
    var builder = StripBuilder()
    var sums: [Int] = []
    var targets = Targets(placements, plan)
    for index in list {
      let n = plan.nodes[Int(index)]
      if plan.carrier[Int(index)] == .sum {
        plan.place[Int(index)] = nextScalar
        nextScalar += 1
        let number = Int32(truncatingIfNeeded: sums.count)
        sums.append(plan.place[Int(index)])
        if plan.absorbed[Int(n.a)] {
          let p = plan.nodes[Int(n.a)]
          let a = spreadOperand(p.a, shape, &builder)
          let b = p.b == p.a ? a : spreadOperand(p.b, shape, &builder)
          builder.add(Int32(CK_DOT), nil, a, b, number: number)
        } else {
          let a = spreadOperand(n.a, shape, &builder)
          builder.add(Int32(CK_SUM), nil, a, a, number: number)
        }
        continue
      }
      let result: Int32
      if let number = targets.first[index] {
        result = builder.operand(CK_FLAT, target(placements[number], 0))
      } else if plan.stored[Int(index)] {
        result = builder.operand(CK_FLAT, location(index))
      } else {
        result = builder.operand(CK_REGISTER)
      }
      local[Int(index)] = result
      builder.touched.append(index)
      emitOperation(index, n, shape, result, &builder)
      for number in targets.completed(by: index) {
        add(placements[number], isStored: targets.isStored[number], &builder)
      }
    }
    for index in builder.touched { local[Int(index)] = -1 }
    finish(&builder, shape, sums)
  }

  private func target(_ placement: Placement, _ k: Int) -> Place {
    var place = location(placement.assembly)
    place.offset += placement.pieces[k].offset
    return place
  }

  /// Stores the furthest piece and adds the others.
  private func add(_ placement: Placement, isStored: Bool, _ builder: inout StripBuilder) {
    for (k, piece) in placement.pieces.enumerated() where k > 0 || !isStored {
      let out = builder.operand(CK_FLAT, target(placement, k))
      let value = local[Int(piece.node)]
      if k == 0 {
        builder.add(Int32(CK_COPY), out, value, value)
      } else {
        builder.add(Int32(CK_ADD), out, out, value)
      }
    }
  }

  private func emitOperation(
    _ index: Int32, _ n: Node, _ shape: Shape, _ result: Int32, _ builder: inout StripBuilder
  ) {
    let item =
      fused(n) ?? Scheduler.Item(operation: plan.operation(n), a: n.a, b: n.b, c: n.c)
    let a = operand(item.a, shape, &builder)
    let b = item.b < 0 ? a : operand(item.b, shape, &builder)
    let c = item.c < 0 ? a : operand(item.c, shape, &builder)
    var mode: Int32 = a.single ? 1 : 0
    if item.b >= 0, b.single { mode |= 2 }
    if item.c >= 0, c.single { mode |= 4 }
    var operation = item.operation
    var function: UnsafeRawPointer?
    if operation >= Int32(CK_CALL1) {
      function = plan.kernels.functions[Int(n.payload)]
      if options.packs, mode == 0, let kernel = plan.kernels.packed[Int(n.payload)] {
        operation = Int32(operation == Int32(CK_CALL1) ? CK_PACKED1 : CK_PACKED2)
        function = kernel
      }
    }
    if a.single && (item.b < 0 || b.single) && (item.c < 0 || c.single) {
      // Repeats that the graph does not show as such: spread first.
      let spread = builder.operand(CK_REGISTER)
      builder.spread(a.id, to: spread)
      builder.add(
        operation, result, spread, b.id, c.id, mode: mode & ~1, function: function)
      return
    }
    builder.add(operation, result, a.id, b.id, c.id, mode: mode, function: function)
  }

  private var options: Program.Options { plan.options }

  /// An operand that has a number for every element, also where the node repeats one number.
  private func spreadOperand(
    _ index: Int32, _ shape: Shape, _ builder: inout StripBuilder
  ) -> Int32 {
    let (id, single) = operand(index, shape, &builder)
    guard single else { return id }
    let spread = builder.operand(CK_REGISTER)
    builder.spread(id, to: spread)
    return spread
  }

  /// The operand by which a strip program of `shape` reads a node, and whether it is one number.
  private func operand(
    _ index: Int32, _ shape: Shape, _ builder: inout StripBuilder
  ) -> (id: Int32, single: Bool) {
    let known = local[Int(index)]
    if known >= 0 { return (known, builder.kinds[Int(known)] == CK_PINNED) }
    let id = newOperand(index, shape, &builder)
    local[Int(index)] = id
    builder.touched.append(index)
    return (id, builder.kinds[Int(id)] == CK_PINNED)
  }

  private func newOperand(
    _ index: Int32, _ shape: Shape, _ builder: inout StripBuilder
  ) -> Int32 {
    if plan.isScalar(index) {
      let place =
        plan.carrier[Int(index)] == .heavy ? location(index).offset : Int(scalarPlace(index))
      return builder.operand(CK_PINNED, Place(base: 0, offset: place))
    }
    let n = plan.nodes[Int(index)]
    let own = plan.shape(index)
    var place: Place
    var strides: [Int]
    if plan.carrier[Int(index)] == .virtual {
      let map = plan.graph.maps[Int(n.payload)]
      place = location(n.a)
      place.offset += map.offset
      strides = map.strides
    } else {
      if own == shape { return builder.operand(CK_FLAT, location(index)) }
      place = location(index)
      strides = own.strides
    }
    let walk = Walk(strides: strides, of: own, in: shape)
    if walk.isSingle { return builder.operand(CK_PINNED, place) }
    if walk.isContiguous { return builder.operand(CK_FLAT, place) }
    let id = builder.operand(CK_REGISTER)
    builder.add(Int32(CK_MAP), id, nil, nil, number: Int32(clamping: addMap(walk, place)))
    return id
  }

  func addMap(_ walk: Walk, _ place: Place) -> Int {
    maps.append(
      ck_map(
        base: place.base, dimensions: Int32(clamping: walk.sizes.count),
        offset: Int64(place.offset), sizes: UnsafePointer(memory.keep(walk.sizes)),
        strides: UnsafePointer(memory.keep(walk.strides))))
    return maps.count - 1
  }

  private func finish(_ builder: inout StripBuilder, _ shape: Shape, _ sums: [Int]) {
    let used = builder.assignRegisters()
    let count = shape.count
    var strip = used <= 6 ? 512 : used <= 12 ? 256 : 128
    strip = min(strip, (count + 7) & ~7)
    let mapCount = builder.ops.reduce(0) { $0 + ($1.op == Int32(CK_MAP) ? 1 : 0) }
    registers = max(registers, max(used, mapCount) * strip)
    operandCount = max(operandCount, builder.operands.count)
    sumCount = max(sumCount, sums.count)
    let perChunk = max(1, 100_000 / max(builder.ops.count, 1) / 4)
    strips.append(
      StripStep(
        code: ck_strip_program(
          ops: UnsafePointer(memory.keep(builder.ops)),
          operands: UnsafePointer(memory.keep(builder.operands)), maps: nil,
          op_count: Int64(builder.ops.count), operand_count: Int64(builder.operands.count),
          strip: Int64(strip)),
        count: count, chunk: Int(CK_BLOCK) * min(perChunk, 1 << 20), sums: memory.keep(sums),
        sumCount: sums.count))
    steps.append(.strips(strips.count - 1))
  }
}
