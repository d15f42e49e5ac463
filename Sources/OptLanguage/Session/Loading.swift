/// Files that programs load: `use`, and the library on first use of a name.
import OptLibrary
import OptSyntax

extension Machine {
  /// `use "file.opt"`, `use name`.
  func use(_ what: String, isFile: Bool, _ span: SourceSpan) throws {
    if !isFile {
      guard let module = Library.module(named: what) else {
        let near = Suggestions.nearest(what, in: Library.modules().map(\.name))
        throw Diagnostic(
          .error, "there is no library module `\(what)`", at: span,
          help: near.isEmpty ? nil : "did you mean `\(near.joined(separator: "` or `"))`?")
      }
      try loadLibrary(module.path)
      return
    }
    try refuseInLanes("use", span)
    let path = resolvedPath(what)
    guard usedFiles.insert(path).inserted else { return }
    do {
      let text = try readText(path, shownAs: what, span)
      try load(SourceText(name: what, text: text), into: user, folder: Self.folder(of: path))
    } catch {
      usedFiles.remove(path)
      throw error
    }
  }

  /// Runs a library file in the library's namespace, once.
  func loadLibrary(_ path: String) throws {
    guard usedFiles.insert(path).inserted else { return }
    guard let bytes = Library.readBytes(path) else { return }
    let text = SourceText(name: path, text: String(decoding: bytes, as: UTF8.self))
    try load(text, into: library, folder: Self.folder(of: path))
  }

  private func load(_ source: SourceText, into namespace: Namespace, folder: String) throws {
    let parsed = Parser.parse(source)
    if let error = parsed.diagnostics.first(where: { $0.severity == .error }) { throw error }
    folders.append(folder)
    // A file that is loaded on first use is not part of what is being traced then.
    let outer = tracer
    tracer = nil
    defer {
      folders.removeLast()
      tracer = outer
    }
    let compiler = Compiler(parsed.tree, self, namespace)
    for statement in parsed.tree.statements {
      guard let value = try runTopLevel(compiler, statement) else { continue }
      show(value, of: statement, in: parsed.tree)
    }
  }

  // MARK: Paths

  static func folder(of path: String) -> String {
    guard let slash = path.lastIndex(of: "/") else { return "." }
    return slash == path.startIndex ? "/" : String(path[..<slash])
  }

  /// Paths in a program are relative to the file that says them.
  func resolvedPath(_ path: String) -> String {
    guard !path.hasPrefix("/"), let folder = folders.last, folder != "." else { return path }
    return folder + "/" + path
  }

  /// The text of a file, with an error that says what is wrong with it.
  func readText(_ path: String, shownAs name: String, _ span: SourceSpan) throws -> String {
    let bytes = try readBytes(path, shownAs: name, span)
    if bytes.contains(0) {
      throw Diagnostic(.error, "`\(name)` is not a text file", at: span)
    }
    guard let text = String(validating: bytes, as: UTF8.self) else {
      throw Diagnostic(.error, "`\(name)` is not UTF-8 text", at: span)
    }
    return text
  }

  func readBytes(_ path: String, shownAs name: String, _ span: SourceSpan) throws -> [UInt8] {
    switch FileAccess.read(path) {
    case .success(let bytes): return bytes
    case .failure(let problem):
      throw Diagnostic(.error, "cannot read `\(name)`: \(problem.reason)", at: span)
    }
  }
}
