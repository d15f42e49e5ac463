/// Commands about names and values: `:names`, `:show`, `:time`, `:reset`.

import OptLanguage

extension PromptCommand {
  static let names = PromptCommand(
    name: "names", parameters: "[part]", argument: .expression,
    summary: "list what you defined, or every name that holds a part",
    details: "`:names` lists your own names; `:names log` lists all names with `log` in them.",
    run: { loop, part in
      let found =
        part.isEmpty
        ? loop.session.names() : loop.session.allNames().filter { $0.name.contains(part) }
      if found.isEmpty {
        let text = part.isEmpty ? "nothing is defined yet" : "no name holds `\(part)`"
        return loop.output.line(text)
      }
      Listing.show(found, loop.output)
    })

  static let show = PromptCommand(
    name: "show", parameters: "expression", argument: .expression,
    summary: "show a value with all its digits and elements",
    run: { loop, expression in
      guard !expression.isEmpty else {
        return loop.output.error("show what? as in `:show x`")
      }
      RunInterrupt.begin()
      let text = loop.session.described(expression)
      RunInterrupt.end()
      if let text { loop.output.line(text) }
    })

  static let time = PromptCommand(
    name: "time", parameters: "statement", argument: .expression,
    summary: "run a statement and say how long it took",
    run: { loop, statement in
      guard !statement.isEmpty else {
        return loop.output.error("time what? as in `:time sum(1:1000000)`")
      }
      loop.runStatement(statement, isTimed: true)
    })

  static let reset = PromptCommand(
    name: "reset", summary: "forget all definitions",
    run: { loop, _ in loop.session.reset() })
}
