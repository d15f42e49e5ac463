/// Programs as text, for people who want to know what is carried out.
import CKernels

extension Program {
  private static let names = [
    "start", "load", "store", "increase", "neg", "sqrt", "abs", "sign", "floor", "ceil", "not",
    "relu", "copy", "add", "sub", "mul", "div", "min", "max", "lt", "le", "gt", "ge", "eq", "ne",
    "and", "or", "fma", "fms", "fnma", "mul-mul", "add-mul", "sub-mul", "add-add", "sub-add",
    "add-sub", "sub-sub", "from-add", "from-sub", "select", "call1", "call2", "call3", "map",
    "fill",
    "packed1", "packed2", "sum", "dot",
  ]

  /// One line a step; operations of strips are indented.
  package var listing: String {
    var lines: [String] = []
    for k in 0..<stepCount {
      switch steps[k] {
      case .tape(let from, let to): lines.append("tape \(to - from) words")
      case .strips(let number):
        let step = strips[number]
        lines.append("strips \(step.count) by \(step.code.strip), sums \(step.sumCount)")
        for k in 0..<Int(step.code.op_count) {
          let op = step.code.ops[k]
          let operands = [op.d, op.a, op.b, op.c].map { describe($0, step) }
          lines.append("  \(Self.names[Int(op.op)]) \(operands.joined(separator: " "))")
        }
      default: lines.append("\(steps[k])")
      }
    }
    return lines.joined(separator: "\n")
  }

  private func describe(_ operand: Int32, _ step: StripStep) -> String {
    guard operand >= 0, operand < step.code.operand_count else { return "\(operand)" }
    let o = step.code.operands[Int(operand)]
    switch Int(o.kind) {
    case CK_REGISTER: return "r\(o.offset)"
    case CK_PINNED: return "s\(o.base):\(o.offset)"
    default: return "[\(o.base):\(o.offset)]"
    }
  }
}
