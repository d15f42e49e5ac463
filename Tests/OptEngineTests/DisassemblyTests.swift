/// What native code looks like: read back by a disassembler, where there is one.
import Foundation
import OptCalculus
import OptEngine
import OptGraph
import OptNumerics
import Testing

struct DisassemblyTests {
  /// The instructions in `bytes` as objdump reads them, or nil without objdump or native code.
  private func disassembled(_ bytes: [UInt8]) throws -> [String]? {
    let tool = "/usr/bin/objdump"
    guard FileManager.default.isExecutableFile(atPath: tool) else { return nil }
    let file = FileManager.default.temporaryDirectory
      .appendingPathComponent("code-\(UInt64.random(in: 0 ... .max)).bin")
    try Data(bytes).write(to: file)
    defer { try? FileManager.default.removeItem(at: file) }
    let process = Process()
    process.executableURL = URL(fileURLWithPath: tool)
    process.arguments = [
      "-D", "-b", "binary", "-m", "i386:x86-64", "-M", "intel", "--no-show-raw-insn", file.path,
    ]
    let pipe = Pipe()
    process.standardOutput = pipe
    try process.run()
    let data = pipe.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    return String(decoding: data, as: UTF8.self).split(separator: "\n").compactMap { line in
      let parts = line.split(separator: "\t")
      guard parts.count == 2, parts[0].hasSuffix(":") else { return nil }
      let words = parts[1].split(whereSeparator: { $0 == " " || $0 == "#" })
      return words.prefix { !$0.hasPrefix("0x") || words.count < 3 }.joined(separator: " ")
    }
  }

  // MARK: Encoding

  @Test func encodesAsTheDisassemblerReads() throws {
    var assembler = Assembler(capacity: 64)
    var expected: [String] = []
    let registers: [UInt8] = [0, 7, 8, 15]
    let forms: [(Form, String)] = [
      (.add, "vadd"), (.subtract, "vsub"), (.multiply, "vmul"), (.divide, "vdiv"),
      (.minimum, "vmin"), (.maximum, "vmax"), (.fma132, "vfmadd132"), (.fma213, "vfmadd213"),
      (.fma231, "vfmadd231"), (.fms132, "vfmsub132"), (.fms213, "vfmsub213"),
      (.fms231, "vfmsub231"), (.fnma132, "vfnmadd132"), (.fnma213, "vfnmadd213"),
      (.fnma231, "vfnmadd231"),
    ]
    for (form, name) in forms {
      for r in registers {
        for (b, last) in zip(registers, registers.reversed()) {
          assembler.vector(form, four: true, r, b, .register(last))
          expected.append("\(name)pd ymm\(r),ymm\(b),ymm\(last)")
          assembler.vector(form, four: false, r, b, .register(last))
          expected.append("\(name)sd xmm\(r),xmm\(b),xmm\(last)")
        }
      }
    }
    for (name, form) in [("and", Form.and), ("andn", .andNot), ("or", .or), ("xor", .xor)] {
      assembler.vector(form, four: true, 9, 3, .register(12))
      expected.append("v\(name)pd ymm9,ymm3,ymm12")
    }
    // Every base and index with displacements of each length.
    let names = [
      "rax", "rcx", "rdx", "rbx", "rsp", "rbp", "rsi", "rdi", "r8", "r9", "r10", "r11", "r12",
      "r13", "r14", "r15",
    ]
    for base in UInt8(0)..<16 {
      // Two bases have no form without displacement.
      for (displacement, text) in [
        (0, base & 7 == 5 ? "+0x0" : ""), (8, "+0x8"), (-128, "-0x80"), (4096, "+0x1000"),
      ] {
        let plain = Address(base: base, displacement: Int32(displacement))
        assembler.vector(.load, four: true, 5, 0, .memory(plain))
        expected.append("vmovupd ymm5,YMMWORD PTR [\(names[Int(base)])\(text)]")
        let indexed = Address(base: base, index: General.rbp, displacement: Int32(displacement))
        assembler.vector(.store, four: false, 13, 0, .memory(indexed))
        expected.append("vmovsd QWORD PTR [\(names[Int(base)])+rbp*1\(text)],xmm13")
      }
      assembler.move(base, from: .register(15 - base))
      expected.append("mov \(names[Int(base)]),\(names[15 - Int(base)])")
      assembler.push(base)
      expected.append("push \(names[Int(base)])")
    }
    assembler.vector(.compare, four: true, 1, 2, .register(3), immediate: OptEngine.Predicate.less)
    expected.append("vcmplt_oqpd ymm1,ymm2,ymm3")
    assembler.vector(.blend, four: true, 1, 2, .register(3), immediate: 4 << 4)
    expected.append("vblendvpd ymm1,ymm2,ymm3,ymm4")
    assembler.vector(.copy, four: true, 8, 0, .register(1))
    expected.append("vmovapd ymm8,ymm1")
    assembler.vector(.squareRoot, four: true, 8, 0, .register(9))
    expected.append("vsqrtpd ymm8,ymm9")
    assembler.clearUpper()
    expected.append("vzeroupper")
    assembler.return()
    expected.append("ret")
    let bytes = UnsafeMutableRawPointer.allocate(byteCount: assembler.size, alignment: 64)
    defer { bytes.deallocate() }
    let count = assembler.count
    assembler.write(to: bytes)
    let code = Array(UnsafeRawBufferPointer(start: bytes, count: count))
    guard let found = try disassembled(code) else { return }
    for (a, b) in zip(found, expected) { #expect(a == b) }
    #expect(found.count == expected.count)
  }

  // MARK: Samples

  struct Sample: CustomTestStringConvertible {
    let name: String
    let has: [String]
    let hasNot: [String]
    let make: @Sendable (Graph, OptGraph.Expression) -> [OptGraph.Expression]
    var testDescription: String { name }
  }

  static let samples: [Sample] = [
    Sample(
      name: "arithmetic", has: ["vfmadd", "ymm"], hasNot: ["call", "vblendv"],
      make: { _, x in [x * x + 3 * x] }),
    Sample(
      name: "sum", has: ["vaddpd ymm15"], hasNot: ["call", "vaddsd"],
      make: { _, x in [(x + 1).reduceElements(.sum)] }),
    Sample(
      name: "sum of squares", has: ["vfmadd231pd ymm15"], hasNot: ["call", "vmulpd"],
      make: { _, x in [(x * x).reduceElements(.sum)] }),
    Sample(
      name: "root", has: ["vsqrtpd ymm"], hasNot: ["call"], make: { _, x in [x.apply(.sqrt)] }),
    Sample(
      name: "absolute value", has: ["vandpd ymm"], hasNot: ["call", "vcmp"],
      make: { _, x in [x.apply(.abs)] }),
    Sample(
      name: "relu", has: ["vmaxpd ymm"], hasNot: ["call", "vblendv"],
      make: { _, x in [x.apply(.relu)] }),
    Sample(
      name: "select", has: ["vcmplt_oqpd ymm", "vblendvpd ymm"], hasNot: ["call", "vcmpneq"],
      make: { g, x in [g.select(x.apply(.less, g.number(1)), x * 2, x + 1)] }),
    Sample(
      name: "exponential", has: ["call", "ymm"], hasNot: ["vzeroupper"],
      make: { _, x in [x.apply(.exp)] }),
    Sample(
      name: "gradient of neighbours", has: ["vpermpd ymm", "vblendpd ymm"], hasNot: ["call"],
      make: { g, x in
        let n = x.shape.count - 1
        let shape = Shape(rows: n, columns: 1)
        let a = x.view(StridedMap(offset: 0, strides: [1, 0]), shape)
        let b = x.view(StridedMap(offset: 1, strides: [1, 0]), shape)
        let d = b - a * a
        return gradient(of: (d * d).reduceElements(.sum), by: [x])
      }),
    Sample(
      name: "scalar code", has: ["vfmadd", "xmm"], hasNot: ["call", "ymm"],
      make: { _, x in
        let a = x.view(StridedMap(offset: 0, strides: [0, 0]), .scalar)
        let b = x.view(StridedMap(offset: 1, strides: [0, 0]), .scalar)
        return [a * b + 2 * a]
      }),
  ]

  @Test(arguments: samples) func containsWhatIsClaimed(_ sample: Sample) throws {
    guard Engine.missing == nil else { return }
    let graph = Graph()
    let x = graph.input(
      Input(name: "x", role: .variable, shape: Shape(rows: 1000, columns: 1)))
    var options = Program.Options.fast
    options.engine = .native
    let program = Program(graph, outputs: sample.make(graph, x), options: options)
    let listings = program.nativeCodeListings
    // The longest step: others prepare it.
    let longest = try #require(listings.max { $0.count < $1.count })
    guard var found = try disassembled(longest) else { return }
    // The loop over eight elements, if there is one: it is jumped over where there are fewer.
    if let start = found.firstIndex(where: { $0.hasPrefix("ja ") }),
      let end = found.firstIndex(where: { $0.hasPrefix("jbe ") })
    {
      found = Array(found[start...end])
    }
    for text in sample.has { #expect(found.contains { $0.contains(text) }, "\(found)") }
    for text in sample.hasNot { #expect(!found.contains { $0.contains(text) }, "\(found)") }
  }
}
