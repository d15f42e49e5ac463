/// Changing elements and fields of a variable's own copy.
import OptGraph
import OptNumerics
import OptSyntax

extension Machine {
  private enum Step {
    case field(String, SourceSpan)
    case index([Index], SourceSpan)
  }

  /// Gives the place that `path` leads to from `variable` the value `new`. Nothing grows; when
  /// something is wrong the variable keeps its value.
  func assign(
    _ variable: inout Value, _ path: [AccessCode], _ new: Value, _ frame: Frame,
    _ span: SourceSpan
  ) throws {
    // Indices first: they may read the variable.
    let steps = try resolve(variable, path, frame)
    if new.extent.depth + path.count > Extent.deepest { throw Extent.tooDeep(span) }
    try assign(&variable, steps[...], new, span)
  }

  private func resolve(
    _ variable: Value, _ path: [AccessCode], _ frame: Frame
  ) throws -> [Step] {
    var current = variable
    return try path.enumerated().map { k, access in
      let step: Step
      switch access.kind {
      case .field(let name): step = .field(name, access.span)
      case .index(let codes): step = .index(try indices(codes, of: current, frame), access.span)
      }
      if k + 1 < path.count {
        switch step {
        case .field(let name, let span): current = try field(current, name, span)
        case .index(let indices, let span): current = try element(current, indices, span)
        }
      }
      return step
    }
  }

  private func assign(
    _ value: inout Value, _ steps: ArraySlice<Step>, _ new: Value, _ span: SourceSpan
  ) throws {
    guard let step = steps.first else {
      value = new
      return
    }
    let rest = steps.dropFirst()
    switch step {
    case .field(let name, let place):
      guard case .record(var record) = value else {
        throw Diagnostic(.error, "\(value.kindDescription) has no fields", at: place)
      }
      guard let k = record.names.firstIndex(of: name) else {
        throw Diagnostic(
          .error, "the record has no field `\(name)`", at: place,
          help: "nothing grows by assignment; it has: \(record.names.joined(separator: ", "))")
      }
      value = .unset
      if !isKnownUniquelyReferenced(&record) { record = record.copy() }
      var inner = record.values[k]
      record.values[k] = .unset
      defer {
        record.values[k] = inner
        record.extent = record.extent.with(inner)
        value = .record(record)
      }
      try assign(&inner, rest, new, span)
    case .index(let indices, let place):
      if case .list(var list) = value {
        guard indices.count == 1 else {
          throw Diagnostic(.error, "a list has one index", at: place)
        }
        let places = try offsets(indices[0], list.items.count, "item")
        guard places.count == 1 else {
          throw Diagnostic(.error, "one item is assigned at a time", at: place)
        }
        value = .unset
        if !isKnownUniquelyReferenced(&list) { list = List(list.items) }
        var inner = list.items[places[0]]
        list.items[places[0]] = .unset
        defer {
          list.items[places[0]] = inner
          list.extent = list.extent.with(inner)
          value = .list(list)
        }
        try assign(&inner, rest, new, span)
        return
      }
      guard value.isNumeric else {
        throw Diagnostic(
          .error, "\(value.kindDescription) has no elements to assign", at: place,
          help: value.sparse == nil
            ? nil : "make it at once with `sparse(i, j, v)`, or add a sparse matrix to it")
      }
      guard rest.isEmpty else {
        throw Diagnostic(.error, "a number has no elements or fields", at: place)
      }
      try assignElements(&value, indices, new, span)
    }
  }

  // MARK: Numbers

  private func assignElements(
    _ value: inout Value, _ indices: [Index], _ new: Value, _ span: SourceSpan
  ) throws {
    guard new.isNumeric, let size = new.size else {
      throw Diagnostic(
        .error, "an element is a number, found \(new.kindDescription)", at: span)
    }
    let (rows, columns) = value.size ?? (1, 1)
    let places = try flatOffsets(indices, rows, columns, span)
    let isVector = size.rows == 1 || size.columns == 1
    guard
      size == (1, 1) || (indices.count == 2 && !isVector && size == places.size)
        || (indices.count == 1 || isVector) && places.offsets.count == size.rows * size.columns
    else {
      throw Diagnostic(
        .error, "cannot assign \(new.kindDescription) to \(places.offsets.count) elements",
        at: span)
    }
    if let source = new.matrix, value.matrix != nil {
      if case .matrix(var m) = value {
        value = .unset
        let staysMask = m.isMask && new.isMask
        if !isKnownUniquelyReferenced(&m) || m.isMask != staysMask {
          m = m.copy(isMask: staysMask)
        }
        let to = m.makeOwn()
        for (k, offset) in places.offsets.enumerated() {
          to[offset] = source.buffer[size == (1, 1) ? 0 : k]
        }
        value = .matrix(m)
      } else if !places.offsets.isEmpty {
        value = new
      }
      return
    }
    // Whatever fails comes before the variable is taken apart.
    let graph = try place(span)
    if case .traced(let t) = value, t.graph !== graph { _ = try expression(value, span) }
    let source = try expression(new, span)
    var target: TracedNumbers
    if case .traced(let t) = value {
      target = t
      value = .unset
    } else {
      target = TracedNumbers(try expression(value, span))
    }
    let staysMask = target.isMask && new.isMask
    if !isKnownUniquelyReferenced(&target) || target.isMask != staysMask {
      target = target.copy(isMask: staysMask)
    }
    let shape = source.shape
    for (k, offset) in places.offsets.enumerated() {
      let item =
        size == (1, 1)
        ? source
        : source.view(
          StridedMap(offset: k, strides: shape.laneStrides), shape.with(rows: 1, columns: 1))
      target.write(item, at: offset)
    }
    value = .traced(target)
  }

  private func flatOffsets(
    _ indices: [Index], _ rows: Int, _ columns: Int, _ span: SourceSpan
  ) throws -> (offsets: [Int], size: (rows: Int, columns: Int)) {
    for index in indices {
      if index.varies {
        throw CannotBatch("assigning to a place that differs from turn to turn", span)
      }
    }
    if indices.count == 1 {
      if case .mask(let m, _) = indices[0], (m.rows, m.columns) == (rows, columns) {
        let list = (0..<m.count).filter { m.buffer[$0] != 0 }
        return (list, (list.count, 1))
      }
      if case .all = indices[0] { return (Array(0..<rows * columns), (rows, columns)) }
      guard rows == 1 || columns == 1 else {
        throw Diagnostic(.error, "a matrix has two indices", at: span, help: "write `A[i, j] = …`")
      }
      let list = try offsets(indices[0], rows * columns, "element")
      return (list, (list.count, 1))
    }
    let i = try offsets(indices[0], rows, "row")
    let j = try offsets(indices[1], columns, "column")
    return (i.flatMap { r in j.map { r * columns + $0 } }, (i.count, j.count))
  }
}
