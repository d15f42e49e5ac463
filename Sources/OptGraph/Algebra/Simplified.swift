/// `simplify`: the shortest form that is known.

extension Expression {
  /// This in the form with the fewest operations that `ShortestForm` finds, in a graph with the
  /// same inputs in the same order.
  ///
  /// Symbols are real numbers. Wherever the expression is defined the result has its value; it may
  /// be defined at more points: `x/x` is 1, `√x²` with the root inside is x. What would change a
  /// value is not done: `√(x²)` is |x|, `log(x²)` stays, `log(a) + log(b)` stays.
  ///
  /// Time and size are bounded. `isComplete` is false where the bound was met: the form is then the
  /// shortest found until there, or this expression as it is.
  package func simplified() -> (form: Expression, isComplete: Bool) {
    var pass = ForDisplay(graph, [self], .simplifying)
    pass.run()
    return (pass.moved(index).broadcast(to: shape), pass.isComplete)
  }
}
