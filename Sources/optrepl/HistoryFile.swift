/// Where the history of the prompt is kept.

import OptPrompt

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// The file of the history.
enum HistoryFile {
  /// `$OPTREPL_HISTORY` if set (empty: none is kept), `.optrepl/history` in the nearest directory
  /// above that has `.optrepl`, else `optrepl/history` in `$XDG_STATE_HOME`.
  static func path() -> String? {
    if let named = Terminal.environment("OPTREPL_HISTORY") { return named.isEmpty ? nil : named }
    if let project = projectFolder() { return project + "/history" }
    let home = Terminal.environment("HOME").map { $0 + "/.local/state" }
    let state = Terminal.environment("XDG_STATE_HOME").flatMap { $0.isEmpty ? nil : $0 }
    return (state ?? home).map { $0 + "/optrepl/history" }
  }

  private static func projectFolder() -> String? {
    guard let current = getcwd(nil, 0) else { return nil }
    defer { free(current) }
    var folder = String(cString: current)
    while !folder.isEmpty {
      let candidate = folder + "/.optrepl"
      var status = stat()
      if stat(candidate, &status) == 0, status.st_mode & S_IFMT == S_IFDIR { return candidate }
      guard let slash = folder.lastIndex(of: "/") else { return nil }
      folder = String(folder[..<slash])
    }
    return nil
  }
}
