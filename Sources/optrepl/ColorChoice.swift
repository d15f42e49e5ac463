/// When colours are used: the option, what the environment wants, and what the stream is.

import ArgumentParser
import OptPrompt

/// Use of colours.
enum ColorChoice: String, CaseIterable, ExpressibleByArgument {
  case auto, always, never

  /// Whether a stream gets colours. The option beats `NO_COLOR`, that beats `CLICOLOR_FORCE`, and
  /// without any a terminal that understands control sequences has colours.
  func isColored(_ stream: Int32) -> Bool {
    switch self {
    case .always: return true
    case .never: return false
    case .auto:
      if let no = Terminal.environment("NO_COLOR"), !no.isEmpty { return false }
      if let force = Terminal.environment("CLICOLOR_FORCE"), !force.isEmpty, force != "0" {
        return true
      }
      return Terminal.isTerminal(stream) && !Terminal.isDumb
    }
  }
}
