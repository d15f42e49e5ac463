/// Sets libedit up: our functions, the keys, and the user's own bindings.

import CEdit

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

extension LineEditor {
  /// Codes of the C1 range, never part of a text, that stand for what terminals send as sequences.
  enum PrivateKey {
    static let up: wchar_t = 0x80
    static let down: wchar_t = 0x81
    static let right: wchar_t = 0x82
    static let left: wchar_t = 0x83
    static let home: wchar_t = 0x84
    static let end: wchar_t = 0x85
    static let delete: wchar_t = 0x86
    static let nextWord: wchar_t = 0x87
    static let newline: wchar_t = 0x8A
    static let previousWord: wchar_t = 0x90
    static let paste: wchar_t = 0x91
    static let finish: wchar_t = 0x92
    static let unknown: wchar_t = 0x9E
  }

  /// Called once, when `self` is complete.
  func configure() {
    oel_set_client(editor, Unmanaged.passUnretained(self).toOpaque())
    oel_set_prompt(editor) { LineEditor.from($0)?.promptCString() }
    oel_set_editor(editor, "emacs")
    if isDumb { oel_set_int(editor, EL_EDITMODE, 0) }
    oel_set_hist(editor, history.handle)
    oel_set_getc(editor) { LineEditor.from($0)?.nextKey($1) ?? -1 }
    addFunctions()
    // `bind -v` and `bind -e` empty the maps, so they come before our keys, and the user's other
    // bindings after them.
    let lines = Self.userBindings()
    for line in lines where Self.choosesMode(line) { run(line) }
    oel_setty(editor, "-d", "-ixon")
    bindKeys()
    for line in lines where !Self.choosesMode(line) { run(line) }
  }

  private func addFunctions() {
    func add(_ name: String, _ help: String, _ function: oel_key_fn) {
      oel_addfn(editor, name, help, function)
    }
    add("opt-complete", "complete the word at the cursor") { e, _ in
      LineEditor.key(e) { $0.completeWord() }
    }
    add("opt-accept", "run the statement when it is complete") { e, _ in
      LineEditor.key(e) { $0.accept() }
    }
    add("opt-newline", "begin a new line") { e, _ in LineEditor.key(e) { $0.insertNewline() } }
    add("opt-cancel", "give the statement up") { e, _ in LineEditor.key(e) { $0.cancel() } }
    add("opt-up", "line up, else older statement") { e, _ in
      LineEditor.key(e) { $0.moveVertically(-1) }
    }
    add("opt-down", "line down, else newer statement") { e, _ in
      LineEditor.key(e) { $0.moveVertically(1) }
    }
    add("opt-left", "character left") { e, _ in LineEditor.key(e) { $0.moveLeft() } }
    add("opt-right", "take the hint, else right") { e, _ in LineEditor.key(e) { $0.moveRight() } }
    add("opt-line-start", "start of the line") { e, _ in LineEditor.key(e) { $0.moveToLineStart() }
    }
    add("opt-line-end", "end of the line") { e, _ in LineEditor.key(e) { $0.moveToLineEnd() } }
    add("opt-backspace", "delete to the left") { e, _ in LineEditor.key(e) { $0.deleteBackward() } }
    add("opt-cut-to-end", "cut to the end of the line") { e, _ in
      LineEditor.key(e) { $0.cutToLineEnd() }
    }
    add("opt-cut-to-start", "cut to the start of the line") { e, _ in
      LineEditor.key(e) { $0.cutToLineStart() }
    }
    add("opt-cut-word", "cut the word to the left") { e, _ in
      LineEditor.key(e) { $0.cutWordBackward() }
    }
    add("opt-cut-next-word", "cut the word to the right") { e, _ in
      LineEditor.key(e) { $0.cutWordForward() }
    }
    add("opt-insert-cut", "insert what was cut") { e, _ in LineEditor.key(e) { $0.insertCutText() }
    }
    add("opt-paste", "take a paste as one block") { e, _ in LineEditor.key(e) { $0.paste() } }
    add("opt-undo", "undo") { e, _ in LineEditor.key(e) { $0.undo() } }
    add("opt-edit", "edit in $VISUAL or $EDITOR") { e, _ in LineEditor.key(e) { $0.editOutside() } }
  }

  /// Runs a key function; what it answers tells libedit what to paint.
  private static func key(_ editor: OpaquePointer?, _ body: (LineEditor) -> Int32) -> UInt8 {
    guard let editor = from(editor) else { return UInt8(CC_ERROR) }
    return UInt8(truncatingIfNeeded: body(editor))
  }

  private func bindKeys() {
    let isVi = oel_is_vi(editor) != 0
    let keys = [
      ("^I", "opt-complete"), ("^J", "opt-accept"), ("^M", "opt-accept"), ("^C", "opt-cancel"),
      ("^R", "em-inc-search-prev"), ("^S", "em-inc-search-next"), ("^W", "opt-cut-word"),
      ("^H", "opt-backspace"), ("^?", "opt-backspace"), ("^_", "opt-undo"), ("^P", "opt-up"),
      ("^N", "opt-down"), ("\\200", "opt-up"), ("\\201", "opt-down"), ("\\202", "opt-right"),
      ("\\203", "opt-left"), ("\\204", "opt-line-start"), ("\\205", "opt-line-end"),
      ("\\206", "ed-delete-next-char"), ("\\207", isVi ? "vi-next-word" : "em-next-word"),
      ("\\212", "opt-newline"), ("\\220", "ed-prev-word"), ("\\221", "opt-paste"),
      ("\\222", "ed-newline"),
    ]
    for (key, function) in keys {
      oel_bind(editor, key, function)
      if isVi { oel_bind_alt(editor, key, function) }
    }
    if isVi {
      for (key, function) in [
        ("k", "opt-up"), ("j", "opt-down"), ("v", "opt-edit"), ("u", "opt-undo"),
      ] {
        oel_bind_alt(editor, key, function)
      }
    } else {
      for (key, function) in [
        ("^A", "opt-line-start"), ("^E", "opt-line-end"), ("^B", "opt-left"), ("^F", "opt-right"),
        ("^K", "opt-cut-to-end"), ("^U", "opt-cut-to-start"), ("^Y", "opt-insert-cut"),
        ("^[d", "opt-cut-next-word"), ("^[^?", "opt-cut-word"), ("^X^E", "opt-edit"),
      ] {
        oel_bind(editor, key, function)
      }
    }
  }

  // MARK: The user's own bindings

  /// The lines of `$EDITRC` or `~/.editrc` that are not comments.
  private static func userBindings() -> [String] {
    let home = Terminal.environment("HOME").map { $0 + "/.editrc" }
    guard let path = Terminal.environment("EDITRC") ?? home,
      let text = TextFile.read(path)
    else { return [] }
    return text.split(separator: "\n").map(String.init).filter {
      !$0.drop { $0 == " " }.hasPrefix("#")
    }
  }

  private static func choosesMode(_ line: String) -> Bool {
    line.contains("bind") && (line.contains(" -v") || line.contains(" -e"))
  }

  /// Runs a line of editrc; one that begins with another program's name does nothing.
  private func run(_ line: String) {
    guard let tokenizer = tok_init(nil) else { return }
    defer { tok_end(tokenizer) }
    var count: Int32 = 0
    var words: UnsafeMutablePointer<UnsafePointer<CChar>?>?
    if tok_str(tokenizer, line, &count, &words) == 0, count > 0 { el_parse(editor, count, words) }
  }
}
