/// Values as a person reads them.
import OptSyntax

/// How values are shown.
package struct DisplayStyle: Sendable {
  /// Significant digits.
  package var digits = 6
  /// Longest line; nil: no limit.
  package var width: Int?
  /// Whether everything is shown, however long.
  package var isWhole = false
  /// A style with that many significant digits and characters in a line.
  package init(digits: Int = 6, width: Int? = nil) {
    self.digits = digits
    self.width = width
  }
}

extension Machine {
  /// How values are shown here.
  var style: DisplayStyle { DisplayStyle(digits: options.digits, width: options.width) }

  /// The text of a value; texts are quoted.
  func shown(_ value: Value) -> String { shown(value, style) }

  /// The text of a value in a style.
  func shown(_ value: Value, _ style: DisplayStyle) -> String {
    let width = style.isWhole ? .max : style.width ?? MatrixText.usualWidth
    return ValueText(machine: self, style: style).lines(value, width, 0)
      .joined(separator: "\n")
  }

  /// A value on one line, whatever it is: for lists of names, and for values inside others.
  func summary(_ value: Value) -> String {
    ValueText(machine: self, style: style).inline(value, 0)
  }
}

/// Writes values in one style.
struct ValueText {
  let machine: Machine
  let style: DisplayStyle

  /// Deeper nesting is left out.
  private static let deepest = 8
  /// Items of lists and fields of records that are written.
  private var longest: Int { style.isWhole ? .max : 20 }

  /// The lines of a value that may be `width` characters wide.
  func lines(_ value: Value, _ width: Int, _ depth: Int) -> [String] {
    switch value {
    case .matrix(let m):
      if !m.isVector { return matrix(m, width) }
      return m.count > 0 && !style.isWhole ? [MatrixText.vector(m, style)] : [inline(value, depth)]
    case .sparse(let s):
      var style = style
      style.width = width
      return SparseText.block(s, style)
    case .record(let record):
      if let report = record.report { return report.lines(style) }
      let line = inline(value, depth)
      if fits(line, width), record.values.allSatisfy({ isInline($0, depth + 1) }) { return [line] }
      return record.names.isEmpty || depth >= Self.deepest
        ? [line]
        : parts(
          zip(record.names, record.values).map { ($0, $1) }, "(", ")", "fields", width, depth)
    case .list(let list):
      let line = inline(value, depth)
      if fits(line, width), list.items.allSatisfy({ isInline($0, depth + 1) }) { return [line] }
      return depth >= Self.deepest
        ? [line] : parts(list.items.map { (nil, $0) }, "[", "]", "items", width, depth)
    case .text(let text) where text.isShownBare && depth == 0: return [text.string]
    case .table(let table): return TableText.lines(table, style, width)
    case .function(let function): return machine.lines(of: function, width)
    case .method(let method): return [machine.description(of: method)]
    case .traced, .lanes:
      let known = machine.tracer == nil ? value : machine.snapshot(value)
      return known.isTraced ? [value.kindDescription] : lines(known, width, depth)
    default: return [inline(value, depth)]
    }
  }

  private func matrix(_ m: Matrix, _ width: Int) -> [String] {
    var style = style
    style.width = width
    return MatrixText.block(m, style)
  }

  private func fits(_ line: String, _ width: Int) -> Bool {
    line.utf8.count <= width || DiagnosticRenderer.width(line) <= width
  }

  /// Whether nothing of a value is lost when it stands on one line.
  private func isInline(_ value: Value, _ depth: Int) -> Bool {
    switch value {
    case .matrix(let m): m.count <= MatrixText.largestInline
    case .table, .sparse: false
    case .record(let r):
      r.report == nil && depth < Self.deepest && r.values.count <= longest
        && r.values.allSatisfy { isInline($0, depth + 1) }
    case .list(let l):
      depth < Self.deepest && l.items.count <= longest
        && l.items.allSatisfy { isInline($0, depth + 1) }
    default: true
    }
  }

  /// One part a line between brackets.
  private func parts(
    _ all: [(name: String?, value: Value)], _ open: String, _ close: String, _ noun: String,
    _ width: Int, _ depth: Int
  ) -> [String] {
    var result = [open]
    for (k, part) in all.prefix(longest).enumerated() {
      let name = part.name.map { $0 + " = " } ?? ""
      let comma = k + 1 < all.count ? "," : ""
      if case .matrix(let m) = part.value, !m.isVector, m.count > MatrixText.largestInline,
        !style.isWhole
      {
        result.append("  " + name + inline(part.value, depth + 1) + comma)
        continue
      }
      let inner = lines(part.value, max(20, width - 3 - name.count), depth + 1)
      result.append("  " + name + inner[0] + (inner.count == 1 ? comma : ""))
      result += inner.dropFirst().map { "  " + $0 }
    }
    if all.count > longest { result.append("  … \(all.count - longest) more \(noun)") }
    return result + [close]
  }

  /// A value on one line; what is large is only named.
  func inline(_ value: Value, _ depth: Int) -> String {
    switch value {
    case .unset, .nothing: return "nothing"
    case .number(let x): return NumberFormat.short(x, digits: style.digits)
    case .boolean(let b): return b ? "true" : "false"
    case .text(let text): return Self.quoted(text.string)
    case .matrix(let m):
      if style.isWhole || m.count <= MatrixText.largestInline {
        return MatrixText.inline(m, digits: style.digits)
      }
      if m.isVector { return MatrixText.vector(m, DisplayStyle(digits: style.digits, width: 40)) }
      return "\(m.rows)×\(m.columns) " + (m.isMask ? "mask" : "matrix")
    case .sparse(let s): return SparseText.header(s)
    case .record(let record):
      if let report = record.report { return report.lines(style).first ?? "result" }
      if depth >= Self.deepest { return "(…)" }
      return group(zip(record.names, record.values).map { ($0, $1) }, "(", ")", depth)
    case .list(let list):
      if depth >= Self.deepest { return "[…]" }
      return group(list.items.map { (nil, $0) }, "[", "]", depth)
    case .function(let function): return machine.summary(of: function)
    case .table(let table):
      return "table of \(TableText.size(table))"
    case .method(let method): return method.label
    case .traced, .lanes:
      let known = machine.tracer == nil ? value : machine.snapshot(value)
      return known.isTraced ? value.kindDescription : inline(known, depth)
    }
  }

  private func group(
    _ all: [(name: String?, value: Value)], _ open: String, _ close: String, _ depth: Int
  ) -> String {
    var texts = all.prefix(longest).map { name, value in
      (name.map { $0 + " = " } ?? "") + inline(value, depth + 1)
    }
    if all.count > longest { texts.append("… \(all.count - longest) more") }
    return open + texts.joined(separator: ", ") + close
  }

  /// A text as a program writes it.
  static func quoted(_ text: String) -> String {
    var result = "\""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\n": result += "\\n"
      case "\t": result += "\\t"
      case "\"": result += "\\\""
      case "\\": result += "\\\\"
      case "{": result += "\\{"
      // Control characters would change the screen.
      case "\u{0}"..."\u{1F}", "\u{7F}"..."\u{9F}": result += "\u{FFFD}"
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result + "\""
  }
}
