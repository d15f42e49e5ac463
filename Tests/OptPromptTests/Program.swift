/// The built program, run with its streams in pipes.

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// What a run of the program gave.
struct Outcome: Equatable {
  var output: String
  var errors: String
  /// The exit status, or minus the number of the signal that ended it.
  var status: Int32
}

/// The program under test.
enum Program {
  /// Its path: it is built beside the test bundle.
  static let path: String = {
    var places = CommandLine.arguments.filter { $0.contains(".xctest") }
    if let own = realpath("/proc/self/exe", nil) {
      places.append(String(cString: own))
      free(own)
    }
    for place in places {
      var folder = place[...]
      while let slash = folder.lastIndex(of: "/") {
        folder = folder[..<slash]
        let candidate = folder + "/optrepl"
        var status = stat()
        if stat(String(candidate), &status) == 0, status.st_mode & S_IFMT == S_IFREG {
          return String(candidate)
        }
      }
    }
    return "optrepl"
  }()

  /// Whether the program evaluates anything yet.
  static let hasLanguage = run(["-e", "1 + 1"]).output == "2\n"
  /// Whether it prints.
  static let hasPrint = run(["-e", "print(7)"]).output == "7\n"
  /// Whether it minimizes, knows its names and all the rest.
  static let hasSentences = run(["-e", "minimize x^2 from x = 1"]).status == 0

  /// An environment in which nothing of the person who tests is read or written.
  static func environment(home: String, _ extra: [String: String] = [:]) -> [String] {
    var all = [
      "HOME": home, "XDG_CONFIG_HOME": home + "/config", "XDG_STATE_HOME": home + "/state",
      "TERM": "xterm", "LC_ALL": "C.UTF-8", "PAGER": "",
    ]
    for name in ["PATH", "LD_LIBRARY_PATH", "OPTREPL_LIBRARY"] {
      if let value = getenv(name) { all[name] = String(cString: value) }
    }
    all.merge(extra) { $1 }
    return all.map { "\($0)=\($1)" }
  }

  /// Runs the program to its end.
  static func run(
    _ arguments: [String], input: String = "", home: String = "/nonexistent",
    environment extra: [String: String] = [:]
  ) -> Outcome {
    let folder = TemporaryFolder()
    let files = ["input", "output", "errors"].map { folder.path + "/" + $0 }
    folder.write("input", input)
    var actions = FileActions()
    actions.open(0, files[0], O_RDONLY)
    actions.open(1, files[1], O_WRONLY | O_CREAT | O_TRUNC)
    actions.open(2, files[2], O_WRONLY | O_CREAT | O_TRUNC)
    let process = spawn(arguments, environment(home: home, extra), actions, ownSession: false)
    let status = wait(for: process)
    return Outcome(
      output: folder.read("output"), errors: folder.read("errors"), status: status)
  }

  /// Starts the program.
  static func spawn(
    _ arguments: [String], _ environment: [String], _ actions: consuming FileActions,
    ownSession: Bool
  ) -> pid_t {
    var attributes = posix_spawnattr_t()
    posix_spawnattr_init(&attributes)
    defer { posix_spawnattr_destroy(&attributes) }
    // Whoever runs the tests may ignore or block Ctrl-C.
    var signals = sigset_t()
    sigemptyset(&signals)
    posix_spawnattr_setsigmask(&attributes, &signals)
    sigaddset(&signals, SIGINT)
    posix_spawnattr_setsigdefault(&attributes, &signals)
    let flags = Int16(POSIX_SPAWN_SETSIGMASK) | Int16(POSIX_SPAWN_SETSIGDEF)
    posix_spawnattr_setflags(&attributes, ownSession ? flags | beginSession : flags)
    var words: [UnsafeMutablePointer<CChar>?] = ([path] + arguments).map { strdup($0) } + [nil]
    var settings: [UnsafeMutablePointer<CChar>?] = environment.map { strdup($0) } + [nil]
    defer { for text in words + settings { free(text) } }
    var process: pid_t = -1
    _ = actions.withActions { posix_spawn(&process, path, $0, &attributes, &words, &settings) }
    return process
  }

  /// The flag of `posix_spawn` that begins a session of its own.
  private static var beginSession: Int16 {
    #if os(Linux)
      0x80
    #else
      Int16(POSIX_SPAWN_SETSID)
    #endif
  }

  /// Waits for a process; its exit status, or minus the signal that ended it.
  static func wait(for process: pid_t) -> Int32 {
    var status: Int32 = 0
    while waitpid(process, &status, 0) < 0, errno == EINTR {}
    return status & 0x7F == 0 ? (status >> 8) & 0xFF : -(status & 0x7F)
  }
}

/// What is done to the streams of a program before it starts.
struct FileActions: ~Copyable {
  private var actions = posix_spawn_file_actions_t()

  init() { posix_spawn_file_actions_init(&actions) }

  deinit {
    var actions = actions
    posix_spawn_file_actions_destroy(&actions)
  }

  mutating func open(_ stream: Int32, _ path: String, _ flags: Int32) {
    posix_spawn_file_actions_addopen(&actions, stream, path, flags, 0o600)
  }

  mutating func duplicate(_ from: Int32, _ to: Int32) {
    posix_spawn_file_actions_adddup2(&actions, from, to)
  }

  mutating func withActions<R>(_ body: (UnsafePointer<posix_spawn_file_actions_t>) -> R) -> R {
    body(&actions)
  }
}

/// A folder that is gone when the test is over.
final class TemporaryFolder {
  let path: String

  init() {
    let base = getenv("TMPDIR").map { String(cString: $0) } ?? "/tmp"
    var name = Array((base + "/optrepl-test-XXXXXX").utf8CString)
    path = name.withUnsafeMutableBufferPointer { buffer in
      buffer.baseAddress.flatMap { mkdtemp($0) }.map { String(cString: $0) } ?? "/tmp"
    }
  }

  deinit {
    guard path.hasSuffix("/tmp") == false else { return }
    _ = system("rm -rf '\(path)'")
  }

  /// Writes a file, with the folders above it; its path.
  @discardableResult
  func write(_ name: String, _ text: String) -> String {
    let file = path + "/" + name
    if let slash = name.lastIndex(of: "/") { _ = system("mkdir -p '\(path)/\(name[..<slash])'") }
    guard let stream = fopen(file, "w") else { return file }
    fputs(text, stream)
    fclose(stream)
    return file
  }

  /// The text of a file; empty when there is none.
  func read(_ name: String) -> String {
    guard let stream = fopen(path + "/" + name, "r") else { return "" }
    defer { fclose(stream) }
    var bytes: [UInt8] = []
    while case let byte = fgetc(stream), byte != EOF {
      bytes.append(UInt8(truncatingIfNeeded: byte))
    }
    return String(decoding: bytes, as: UTF8.self)
  }
}
