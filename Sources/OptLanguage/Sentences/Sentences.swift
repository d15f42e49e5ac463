/// Sentences: which verbs there are, and how each becomes code.
import OptSyntax

extension Compiler {
  func sentence(_ sentence: Sentence, _ id: NodeID) throws -> Code {
    let here = sentence.verbSpan
    return { _ in
      throw Diagnostic(.error, "`\(sentence.verb.rawValue)` is not available yet", at: here)
    }
  }
}
