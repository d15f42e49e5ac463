/// What carries out compiled functions.
import OptEngine

extension Session {
  /// The name of what carries out functions that are compiled from now on, `vm` or `native`; both
  /// give the same numbers. Other names change nothing.
  public static var engine: String {
    get { Engine.chosen.rawValue }
    set { Engine.chosen = Engine(rawValue: newValue) ?? Engine.chosen }
  }

  /// Why functions run on the portable machine although native code is chosen; nil if they do not.
  public static var engineFallback: String? {
    Engine.chosen == .native ? Engine.missing : nil
  }
}
