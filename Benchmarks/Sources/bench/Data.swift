/// What the workloads compute with: programs beside this package, and data that all tools share.
import Glibc
import OptLanguage
import OptSyntax

/// Ends the program with a message.
func fail(_ message: String) -> Never {
  complain(message + "\n")
  exit(1)
}

/// The bytes of a file; nil if it cannot be read.
func bytes(of path: String) -> [UInt8]? {
  guard let file = fopen(path, "rb") else { return nil }
  defer { fclose(file) }
  var bytes: [UInt8] = []
  var block = [UInt8](repeating: 0, count: 1 << 16)
  while true {
    let count = fread(&block, 1, block.count, file)
    if count == 0 { return bytes }
    bytes += block[0..<count]
  }
}

/// The numbers of `NAME.bin` in the folder that PEERS_DATA names.
func load(_ name: String, _ count: Int) -> [Double] {
  guard let folder = getenv("PEERS_DATA").map({ String(cString: $0) }) else {
    fail("PEERS_DATA does not say where the data are: it names a folder with \(name).bin")
  }
  let path = "\(folder)/\(name).bin"
  guard let bytes = bytes(of: path) else { fail("there is no \(path)") }
  guard bytes.count == 8 * count else {
    fail("\(path) has \(bytes.count) bytes instead of \(8 * count)")
  }
  return bytes.withUnsafeBytes { raw in
    (0..<count).map {
      Double(
        bitPattern: UInt64(littleEndian: raw.loadUnaligned(fromByteOffset: 8 * $0, as: UInt64.self))
      )
    }
  }
}

/// The text of workload `name`.
func program(_ name: String) -> String {
  let folder = getenv("WORKLOADS").map { String(cString: $0) } ?? "workloads"
  guard let bytes = bytes(of: "\(folder)/\(name).opt") else {
    fail("there is no \(folder)/\(name).opt")
  }
  return String(decoding: bytes, as: UTF8.self)
}

/// A session in which `text` ran after `data` were defined.
func session(_ text: String, _ data: [(name: String, rows: Int, columns: Int, [Double])] = [])
  throws
  -> Session
{
  let session = Session { event in
    if case .diagnostic(let diagnostic) = event { complain(DiagnosticRenderer.render(diagnostic)) }
  }
  for (name, rows, columns, elements) in data {
    try elements.withUnsafeBufferPointer {
      try session.define(name, rows: rows, columns: columns, $0)
    }
  }
  run(session, text)
  return session
}

/// Runs a text that must succeed.
func run(_ session: Session, _ text: String) {
  if session.run(text, name: "<workload>") != .succeeded { exit(1) }
}

func sine(_ i: Int) -> Double { sin(Double(i) + 1) }
func cosine(_ i: Int) -> Double { cos(Double(i) + 1) }

/// sin(1), sin(2), …: the point at which everything is evaluated where no other is given.
func sines(_ n: Int) -> [Double] { (0..<n).map(sine) }

/// The value of an expression that gives a number.
func number(_ session: Session, _ expression: String) throws -> Double {
  let cost = try CompiledCost(session, "z -> \(expression) + 0z", at: ["0"])
  var zero = 0.0
  return cost.value(at: &zero)
}
