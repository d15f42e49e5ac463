/// Where the library files written in the language are, and which names they define.

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// The `.opt` files that come with the program.
///
/// They are found once, when first asked for: in the directory that `OPTREPL_LIBRARY` names, else in
/// `../share/optrepl/stdlib` beside the binary, else in the source tree that the binary was built
/// from.
package enum Library {
  /// A file of the library: `use NAME` loads it.
  package struct Module: Sendable, Equatable {
    /// The file's name without its folder and ending.
    package let name: String
    /// The whole path.
    package let path: String
  }

  /// The directory of the library files, nil when there is none to be found.
  package static func directory() -> String? { place }

  /// Every file of the library, in the order of their paths.
  package static func modules() -> [Module] { files }

  /// The file that `use name` loads.
  package static func module(named name: String) -> Module? {
    files.first { $0.name == name }
  }

  /// The file that defines a name, for every name that a library file defines at its top level.
  /// Where two files define the same name, the first in the order of paths has it.
  package static var definitions: [String: String] { index }

  /// The names that a text defines at its top level: the lines that begin with `name(` or `name =`.
  package static func definedNames(in text: [UInt8]) -> [String] {
    text.withUnsafeBufferPointer(scan)
  }

  private static let place: String? = locate()
  private static let files: [Module] = list()
  private static let index: [String: String] = {
    var index: [String: String] = [:]
    for module in files {
      guard let text = readBytes(module.path) else { continue }
      for name in definedNames(in: text) where index[name] == nil { index[name] = module.path }
    }
    return index
  }()

  // MARK: Finding the directory

  private static func locate() -> String? {
    if let named = getenv("OPTREPL_LIBRARY").map({ String(cString: $0) }), !named.isEmpty {
      return isDirectory(named) ? named : nil
    }
    var candidates: [String] = []
    if let binary = executablePath() {
      candidates.append(parent(parent(binary)) + "/share/optrepl/stdlib")
    }
    // This file is Sources/OptLibrary/Library.swift of the source tree.
    candidates.append(parent(parent(parent(#filePath))) + "/stdlib")
    return candidates.first(where: isDirectory)
  }

  /// The path of the running program, links resolved.
  package static func executablePath() -> String? {
    #if os(Linux)
      return resolved("/proc/self/exe")
    #else
      var size = UInt32(PATH_MAX)
      var buffer = [CChar](repeating: 0, count: Int(size) + 1)
      guard _NSGetExecutablePath(&buffer, &size) == 0 else { return nil }
      return buffer.withUnsafeBufferPointer { path in
        path.baseAddress.flatMap { resolved(String(cString: $0)) }
      }
    #endif
  }

  private static func resolved(_ path: String) -> String? {
    guard let real = realpath(path, nil) else { return nil }
    defer { free(real) }
    return String(cString: real)
  }

  private static func parent(_ path: String) -> String {
    guard let slash = path.lastIndex(of: "/") else { return "." }
    return String(path[..<slash])
  }

  private static func isDirectory(_ path: String) -> Bool {
    var status = stat()
    return stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
  }

  // MARK: Listing the files

  private static func list() -> [Module] {
    guard let place else { return [] }
    var found: [String] = []
    var pending = [place]
    while let folder = pending.popLast() {
      guard let stream = opendir(folder) else { continue }
      defer { closedir(stream) }
      while let entry = readdir(stream) {
        let name = withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
          String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
        }
        if name.hasPrefix(".") { continue }
        let path = folder + "/" + name
        if name.hasSuffix(".opt") {
          found.append(path)
        } else if isDirectory(path) {
          pending.append(path)
        }
      }
    }
    return found.sorted().map { path in
      let file = path.split(separator: "/").last ?? ""
      return Module(name: String(file.dropLast(".opt".count)), path: path)
    }
  }
}
