/// What carries out compiled functions.
import OptEngine
import OptNumerics

extension Session {
  /// The name of what carries out functions that are compiled from now on, `vm` or `native`; both
  /// give the same numbers. Other names change nothing.
  public static var engine: String {
    get { Engine.chosen.rawValue }
    set { Engine.chosen = Engine(rawValue: newValue) ?? Engine.chosen }
  }

  /// How many threads parallel loops use; it changes no number. At the start what the environment
  /// variable OPTREPL_THREADS says, else one for each core.
  public static var threads: Int {
    get { Threads.count }
    set { Threads.count = newValue }
  }

  /// The largest number of threads.
  public static var largestThreads: Int { Threads.largestCount }

  /// Why functions run on the portable machine although native code is chosen; nil if they do not.
  public static var engineFallback: String? {
    Engine.chosen == .native ? Engine.missing : nil
  }
}
