/// Names, help and completion: what a session tells about itself.
import OptNumerics
import OptSyntax

extension Session {
  /// Runs `body`, which may trace functions, on a stack that is large enough.
  private func onStack<Result>(_ body: @escaping () -> Result) -> Result {
    machine.stop.clear()
    return LargeStack.run {
      self.machine.state.pointee.stackFloor = LargeStack.floor()
      return body()
    }
  }

  /// Reads a text and looks its names up, running nothing. `name` is what errors call it.
  public func check(_ text: String, name: String) -> [Diagnostic] {
    onStack {
      let parsed = Parser.parse(SourceText(name: name, text: text))
      var check = NameCheck(self.machine, folder: Machine.folder(of: name))
      return parsed.diagnostics + check.diagnostics(of: parsed.tree)
    }
  }

  /// The names the user defined, in the order of the alphabet.
  public func names() -> [NameInfo] { onStack { self.machine.userNames() } }

  /// All names that can be used here, with those of the library.
  public func allNames() -> [NameInfo] { onStack { self.machine.allNames() } }

  /// The help on a name or topic; nil when there is none. An empty topic gives an overview.
  public func help(_ topic: String) -> String? {
    onStack { self.machine.help(on: topic) }
  }

  /// Names whose name or help holds all the words.
  public func search(_ words: String) -> [NameInfo] {
    onStack { self.machine.search(words) }
  }

  /// What could stand at the end of `text`: where the unfinished word begins (in characters), and
  /// the words that may replace it.
  public func completions(_ text: String) -> (start: Int, candidates: [NameInfo]) {
    onStack {
      let completion = Completion(text, self.machine)
      return (completion.start, completion.candidates())
    }
  }

  /// The value of an expression as text with all digits and elements, for `:show`. What is wrong
  /// with it is told to the owner of the session; the result is nil then.
  public func described(_ expression: String) -> String? {
    do {
      let value = try evaluate(expression)
      var style = DisplayStyle(digits: 17)
      style.isWhole = true
      return onStack { self.machine.shown(value, style) }
    } catch let error as Diagnostic {
      machine.output(.diagnostic(error))
    } catch let error as Interrupted {
      machine.output(.diagnostic(machine.interruption(error)))
    } catch {
      machine.output(.diagnostic(Diagnostic(.error, "\(error)", at: .none)))
    }
    return nil
  }
}

extension Machine {
  /// `help TOPIC`, `help "words"`.
  func showHelp(_ topic: String, _ span: SourceSpan) throws {
    if let text = help(on: topic) { return output(.printed(text)) }
    let found = search(topic)
    if !found.isEmpty {
      let width = min(found.map(\.name.count).max() ?? 0, 24)
      let lines = found.prefix(20).map { info in
        "  \(info.name)\(String(repeating: " ", count: max(width - info.name.count, 0)))  "
          + info.summary.firstLine
      }
      return output(
        .printed((["These mention `\(topic)`:"] + lines).joined(separator: "\n")))
    }
    let known = allNames().map(\.name) + HelpTopic.all.flatMap(\.names)
    let near = Suggestions.nearest(topic, in: known)
    throw Diagnostic(
      .error, "there is no help on `\(topic)`", at: span,
      help: near.isEmpty
        ? "`help` lists the topics, `help \"words\"` searches"
        : "did you mean `\(near.joined(separator: "` or `"))`?")
  }
}
