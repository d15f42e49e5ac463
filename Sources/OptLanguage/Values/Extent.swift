/// How deep lists and records are nested, and how much is in them. Limits keep every walk through a
/// value short, although parts may be shared: `p = (a = p, b = p)` doubles at each turn.
import OptSyntax

/// The depth and the number of parts of a list or record.
struct Extent {
  private(set) var depth: Int
  private(set) var count: Int

  /// Levels that values may be nested.
  static let deepest = 1000
  /// Parts that a value may have, those of its parts included.
  static let largest = 1 << 27

  init(depth: Int, count: Int) {
    self.depth = depth
    self.count = count
  }

  init(of parts: [Value]) {
    depth = 1
    count = parts.count
    for part in parts {
      let inner = part.extent
      if inner.depth > 0 {
        depth = max(depth, inner.depth + 1)
        count = min(count + inner.count, Self.largest + 1)
      }
    }
  }

  /// With another part in the place of one of its parts.
  func with(_ part: Value) -> Extent {
    let inner = part.extent
    return inner.depth == 0
      ? self
      : Extent(
        depth: max(depth, inner.depth + 1), count: min(count + inner.count, Self.largest + 1))
  }

  static func tooDeep(_ span: SourceSpan) -> Diagnostic {
    Diagnostic(.error, "values are nested more than \(deepest) levels deep", at: span)
  }
}

extension Value {
  /// Depth 0 for everything that is no list or record.
  var extent: Extent {
    switch self {
    case .list(let list): list.extent
    case .record(let record): record.extent
    default: Extent(depth: 0, count: 1)
    }
  }
}

extension Machine {
  /// The value, unless it is nested too deep or has too many parts.
  @inline(__always)
  func nested(_ value: Value, _ span: SourceSpan) throws -> Value {
    let extent = value.extent
    if extent.depth > Extent.deepest { throw Extent.tooDeep(span) }
    if extent.count > Extent.largest {
      throw Diagnostic(
        .error, "a value has at most \(Extent.largest) parts, those of its parts included", at: span
      )
    }
    return value
  }
}
