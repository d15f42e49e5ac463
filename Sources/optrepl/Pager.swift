/// Long help, one screen at a time.

import OptPrompt

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// Shows texts that may be longer than the screen.
enum Pager {
  /// Shows a text, through `$PAGER` (or `less`) when it does not fit on the screen.
  static func show(_ text: String, _ output: Output) {
    let rows = text.utf8.reduce(1) { $0 + ($1 == 0x0A ? 1 : 0) }
    let named = Terminal.environment("PAGER")
    guard Terminal.isInteractive, !Terminal.isDumb, rows >= Terminal.size.rows, named != "",
      let pipe = popen(named ?? "less -FRX", "w")
    else { return output.line(text) }
    output.flush()
    // A pager that is left early closes the pipe.
    let previous = signal(SIGPIPE, SIG_IGN)
    fputs(text + "\n", pipe)
    pclose(pipe)
    signal(SIGPIPE, previous)
  }
}
