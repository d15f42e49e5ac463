/// Source texts and places in them.

/// One text the user gave: a file, or an input at the prompt.
public final class SourceText: Sendable {
  /// What errors call it: a file's path, or `<input 3>`.
  public let name: String
  /// The UTF-8 bytes.
  public let bytes: [UInt8]
  /// The byte offset at which each line begins; never empty.
  package let lineStarts: [Int32]

  /// Wraps `text`, remembering where its lines begin.
  public init(name: String, text: String) {
    self.name = name
    bytes = Array(text.utf8)
    var starts: [Int32] = [0]
    for (offset, byte) in bytes.enumerated() where byte == 0x0A {
      starts.append(Int32(clamping: offset + 1))
    }
    lineStarts = starts
  }
}

/// A range of bytes in a source text.
public struct SourceSpan: Sendable, Hashable {
  /// The text; nil when the place is not in any (a value handed in by a Swift program).
  public let source: SourceText?
  /// Byte offsets, `start ..< end`.
  public var start: Int32
  /// One past the last byte.
  public var end: Int32

  /// A span of `source`.
  public init(_ source: SourceText?, _ start: Int32, _ end: Int32) {
    self.source = source
    self.start = start
    self.end = end
  }

  /// A place in no text.
  public static let none = SourceSpan(nil, 0, 0)

  /// The smallest span that holds both.
  package func joined(with other: SourceSpan) -> SourceSpan {
    guard source != nil else { return other }
    guard other.source === source else { return self }
    return SourceSpan(source, min(start, other.start), max(end, other.end))
  }

  /// Spans are equal when they name the same bytes of the same text.
  public static func == (a: SourceSpan, b: SourceSpan) -> Bool {
    a.source === b.source && a.start == b.start && a.end == b.end
  }

  /// Hashes the identity of the text and the offsets.
  public func hash(into hasher: inout Hasher) {
    hasher.combine(source.map(ObjectIdentifier.init))
    hasher.combine(start)
    hasher.combine(end)
  }
}
