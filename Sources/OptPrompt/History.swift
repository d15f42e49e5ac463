/// The statements that were entered: a list to walk and search, and the file that keeps it.

import CEdit

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// Statements entered before, oldest first, each a whole even when it has several lines.
///
/// libedit searches its own copy, in which inner lines carry the margin of the prompt; here they
/// are kept without.
package final class History {
  /// Most statements kept.
  private static let limit: Int32 = 10_000

  /// The statements, oldest first.
  package private(set) var entries: [String] = []
  let handle: OpaquePointer
  private let indentation: Int
  /// Statements that the file does not have yet.
  private var unsaved = 0
  /// The file; nil when nothing is kept.
  private var path: String?

  init?(indentation: Int) {
    guard let handle = history_winit() else { return nil }
    self.handle = handle
    self.indentation = indentation
    _ = ohist_int(handle, H_SETSIZE, Self.limit)
    _ = ohist_int(handle, H_SETUNIQUE, 1)
  }

  deinit { history_wend(handle) }

  /// Adds a statement, unless it repeats the one before or begins with a blank.
  package func remember(_ statement: String) {
    guard !statement.isEmpty, !statement.hasPrefix(" "), entries.last != statement else { return }
    entries.append(statement)
    let text = Margin.add(indentation, to: statement)
    if withWide(text, { ohist_enter(handle, $0) }) ?? -1 >= 0 { unsaved += 1 }
  }

  /// The newest statement that begins with a text and goes on.
  func newest(beginning text: String) -> String? {
    entries.last { $0.hasPrefix(text) && $0 != text }
  }

  // MARK: The file

  /// Reads the file and appends to it from now on. A file that is not there is begun.
  package func keep(in path: String) {
    self.path = path
    if let slash = path.lastIndex(of: "/") {
      TextFile.makeDirectory(String(path[..<slash]), mode: 0o700)
    }
    _ = ohist_file(handle, H_LOAD, path)
    entries = stored()
    shorten(path)
  }

  /// Appends this session's new statements under a lock, so that sessions side by side do not
  /// erase each other's.
  package func save() {
    guard unsaved > 0, let path else { return }
    let stream = open(path, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0o600)
    guard stream >= 0 else { return }
    guard let file = fdopen(stream, "a") else {
      close(stream)
      return
    }
    flock(stream, LOCK_EX)
    fseek(file, 0, SEEK_END)
    #if os(Linux)
      // libedit counts how far to go back from the newest, so this is one less.
      _ = ohist_nsave(handle, unsaved - 1, file)
    #else
      _ = ohist_file(handle, H_SAVE, path)
    #endif
    fclose(file)
    unsaved = 0
  }

  /// Writes the file anew when it has grown to more than twice what is kept of it.
  private func shorten(_ path: String) {
    var status = stat()
    guard entries.count >= Int(Self.limit), stat(path, &status) == 0,
      status.st_size > 2 * entries.reduce(0, { $0 + $1.utf8.count + 1 })
    else { return }
    let stream = open(path, O_RDWR | O_CLOEXEC)
    guard stream >= 0 else { return }
    defer { close(stream) }
    flock(stream, LOCK_EX)
    _ = ohist_file(handle, H_SAVE, path)
  }

  /// The statements that libedit has, oldest first.
  private func stored() -> [String] {
    var result: [String] = []
    var text: UnsafePointer<wchar_t>?
    var status = ohist_step(handle, H_LAST, &text)
    while status >= 0, let start = text {
      let wide = UnsafeBufferPointer(start: start, count: wcslen(start))
      result.append(Margin.remove(indentation, from: string(wide)))
      status = ohist_step(handle, H_PREV, &text)
    }
    return result
  }
}

/// Where Up and Down are in the history.
struct Recall {
  /// What the statements must begin with.
  var prefix = ""
  /// What was being typed before.
  var typed = ""
  /// What is on the screen; when that has changed, the walk begins anew.
  var shown: String?
  var place = 0
}

extension LineEditor {
  /// The next statement up or down that begins with what stands before the cursor.
  func recalled(_ direction: Int, from buffer: Buffer) -> String? {
    let now = string(buffer.text)
    let entries = history.entries
    if recall.shown != now {
      recall = Recall(
        prefix: dedented(string(buffer.before)), typed: now, shown: nil, place: entries.count)
    }
    var place = recall.place + direction
    let current = dedented(now)
    while entries.indices.contains(place),
      !entries[place].hasPrefix(recall.prefix) || entries[place] == current
    {
      place += direction
    }
    guard place >= 0, recall.place < entries.count || direction < 0 else { return nil }
    recall.place = min(place, entries.count)
    let text = recall.place == entries.count ? recall.typed : indented(entries[recall.place])
    recall.shown = text
    return text
  }
}
