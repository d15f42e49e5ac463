/// Text that comes in one piece: from the clipboard, or from an editor outside.

import CEdit

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

extension LineEditor {
  /// Takes a bracketed paste as one change; nothing runs before Enter.
  func paste() -> Int32 {
    var scalars: [Unicode.Scalar] = []
    let end = Array("\u{1B}[201~".unicodeScalars)
    isPasting = true
    defer { isPasting = false }
    while true {
      var wide: wchar_t = 0
      guard el_wgetc(editor, &wide) == 1 else { break }
      scalars.append(scalar(wide))
      if scalars.last == "~", scalars.suffix(end.count).elementsEqual(end) {
        scalars.removeLast(end.count)
        break
      }
    }
    let text = cleaned(string(scalars))
    if !text.isEmpty { insert(indented(text)) }
    return CC_REFRESH
  }

  /// A pasted text without control characters; a copied session is reduced to what was typed.
  func cleaned(_ pasted: String) -> String {
    var text = ""
    var afterReturn = false
    for scalar in pasted.unicodeScalars {
      switch scalar {
      case "\r": text.unicodeScalars.append("\n")
      case "\n": if !afterReturn { text.unicodeScalars.append("\n") }
      case "\t": text += "    "
      case "\u{0}"..."\u{1F}", "\u{7F}"..."\u{9F}": break
      default: text.unicodeScalars.append(scalar)
      }
      afterReturn = scalar == "\r"
    }
    while text.hasSuffix("\n") { text.removeLast() }
    guard text.hasPrefix(prompt) else { return text }
    let inner = String(repeating: " ", count: margin - continuation.count) + continuation
    let prefixes = [prompt, inner, plainContinuation]
    var lines: [Substring] = []
    for line in text.split(separator: "\n") {
      guard let prefix = prefixes.first(where: line.hasPrefix) else { continue }
      lines.append(line.dropFirst(prefix.count))
    }
    return lines.joined(separator: "\n")
  }

  /// Edits the statement in `$VISUAL` or `$EDITOR`.
  func editOutside() -> Int32 {
    let now = buffer
    let folder = Terminal.environment("TMPDIR") ?? "/tmp"
    var path = Array((folder + "/optrepl-XXXXXX.opt").utf8CString)
    let stream = mkstemps(&path, 4)
    guard stream >= 0 else { return CC_ERROR }
    let name = path.withUnsafeBufferPointer { $0.baseAddress.map { String(cString: $0) } ?? "" }
    defer { unlink(name) }
    Terminal.write(dedented(string(now.text)) + "\n", to: stream)
    close(stream)
    let program =
      Terminal.environment("VISUAL") ?? Terminal.environment("EDITOR") ?? "vi"
    oel_set_int(editor, EL_PREP_TERM, 0)
    let status = system("\(program) '\(name)'")
    oel_set_int(editor, EL_PREP_TERM, 1)
    if status == 0, var text = TextFile.read(name) {
      while text.hasSuffix("\n") { text.removeLast() }
      replaceAll(indented(text))
    }
    wipe(now)
    oel_refresh(editor)
    return CC_NORM
  }
}
