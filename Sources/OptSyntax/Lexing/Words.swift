/// The reserved words, and words of other languages with what is written here instead.

/// The words that the language keeps for itself.
package enum Words {
  /// Words that are neither verbs nor clause words.
  package static let keywords: Set<String> = [
    "if", "then", "else", "for", "in", "while", "break", "continue", "return", "and", "or", "not",
    "true", "false", "nothing", "use", "end", "help",
  ]
  /// The words that begin sentences.
  package static let verbs = Set(Verb.allCases.map(\.rawValue))
  /// The words that open clauses.
  package static let clauses: Set<String> = [
    "from", "subject", "using", "until", "over", "by", "at", "to", "with", "against", "of",
    "trying", "resume",
  ]
  /// Words that continue the statement of the line above when they begin a line.
  static let continuing: Set<String> = clauses.union(["else", "then"]).subtracting(["of"])

  /// Functions of which people write powers, `sin²(x)`; refused, since names are not all functions.
  static let powerless: Set<String> = [
    "sin", "cos", "tan", "sec", "csc", "cot", "asin", "acos", "atan", "sinh", "cosh", "tanh", "exp",
    "log", "sqrt", "abs",
  ]

  /// Every reserved word.
  package static var all: Set<String> { keywords.union(verbs).union(clauses) }

  /// What a reserved word is.
  static let kinds: [String: TokenKind] = {
    var result: [String: TokenKind] = [:]
    for word in keywords { result[word] = .keyword }
    for word in verbs { result[word] = .verb }
    for word in clauses { result[word] = .clauseWord }
    return result
  }()

  /// Words of other languages and what to write instead, for unknown names. None is reserved.
  package static let foreign: [String: String] = [
    "len": "the number of elements is `length(x)`",
    "numel": "the number of elements is `length(x)`",
    "nrow": "the number of rows is `rows_of(A)`",
    "ncol": "the number of columns is `columns_of(A)`",
    "shape": "the size of a matrix is `size(A)`",
    "range": "the numbers from 1 to n are `1:n`",
    "arange": "equal steps are `0:0.1:1`",
    "True": "write `true`", "False": "write `false`", "None": "write `nothing`",
    "NULL": "write `nothing`", "null": "write `nothing`", "nil": "write `nothing`",
    "undefined": "write `nothing`", "NaN": "write `nan`", "Inf": "write `inf`",
    "Infinity": "write `inf`", "infinity": "write `inf`", "PI": "write `pi` or `π`",
    "Pi": "write `pi` or `π`",
    "np": "the functions stand alone: `np.sin(x)` is `sin(x)`",
    "numpy": "the functions stand alone: `numpy.sin(x)` is `sin(x)`",
    "math": "the functions stand alone: `math.sin(x)` is `sin(x)`",
    "torch": "the functions stand alone: `torch.tanh(x)` is `tanh(x)`",
    "tf": "the functions stand alone: `tf.tanh(x)` is `tanh(x)`",
    "jnp": "the functions stand alone: `jnp.sin(x)` is `sin(x)`",
    "jax": "the gradient of `f` is `∇f`", "gradient": "the gradient of `f` is `∇f`",
    "diff": "a derivative is `f'` or `differentiate E by x`",
    "derivative": "a derivative is `f'` or `differentiate E by x`",
    "ln": "the natural logarithm is `log(x)`", "arcsin": "write `asin(x)`",
    "arccos": "write `acos(x)`", "arctan": "write `atan(x)`", "arctan2": "write `atan2(y, x)`",
    "power": "a power is written `x^2`", "pow": "a power is written `x^2`",
    "fabs": "write `abs(x)`", "sgn": "write `sign(x)`",
    "factorial": "`n!` is `gamma(n + 1)`",
    "matmul": "the matrix product is `A*B`", "mm": "the matrix product is `A*B`",
    "transpose": "the transpose is `A'`", "identity": "the unit matrix is `eye(n)`",
    "average": "write `mean(x)`", "stdev": "write `std(x)`", "sd": "write `std(x)`",
    "concat": "write `join(a, b)`", "concatenate": "write `join(a, b)`",
    "hstack": "write `columns(a, b)`", "vstack": "write `rows(a, b)`",
    "append": "write `join(a, b)`", "rand": "write `uniform(0, 1)`",
    "random": "write `uniform(0, 1)` or `randn()`", "normal": "write `randn()`",
    "println": "write `print(…)`", "printf": "write `print(\"{x:.3f}\")`",
    "disp": "write `print(…)`", "echo": "write `print(…)`", "puts": "write `print(…)`",
    "console": "write `print(…)`", "cout": "write `print(…)`",
    "fprintf": "write `print(\"{x:.3f}\")`", "sprintf": "a text is formatted by `\"{x:.3f}\"`",
    "format": "a text is formatted by `\"{x:.3f}\"`", "str": "a text is made by `\"{x}\"`",
    "read_csv": "write `read(\"file.csv\")`", "open": "write `read(\"file\")`",
    "load": "write `read(\"file\")` or `use \"file.opt\"`", "include": "write `use \"file.opt\"`",
    "quit": "type `:quit` or Ctrl-D", "exit": "type `:quit` or Ctrl-D",
    "clear": "type `:clear`", "fmin": "write `minimize f(x) from x = 0`",
    "fminsearch": "write `minimize f(x) from x = 0`",
    "fminunc": "write `minimize f(x) from x = 0`", "optimize": "write `minimize f(x) from x = 0`",
    "optim": "write `minimize f(x) from x = 0`",
    "curve_fit": "write `fit y ~ a*x + b to t from a = 1, b = 0`",
    "fsolve": "write `solve f(x) == 0 from x = 1`",
  ].merging(statements) { first, _ in first }

  /// Words that other languages begin a statement with.
  static let statements: [String: String] = [
    "def": "a function is written `f(x) = …`", "function": "a function is written `f(x) = …`",
    "func": "a function is written `f(x) = …`", "fn": "a function is written `f(x) = …`",
    "fun": "a function is written `f(x) = …`", "lambda": "a function is written `x -> …`",
    "let": "a variable is written `x = …`", "var": "a variable is written `x = …`",
    "const": "a variable is written `x = …`", "set": "a variable is written `x = …`",
    "local": "a name assigned in a function is local",
    "import": "a module is loaded with `use name`",
    "require": "a module is loaded with `use name`", "elif": "write `else if`",
    "elseif": "write `else if`", "elsif": "write `else if`",
    "global": "no function changes an outer variable", "begin": "blocks are written `{ … }`",
    "do": "blocks are written `{ … }`", "endif": "blocks are written `{ … }`",
    "switch": "write `if … then … else if …`", "match": "write `if … then … else if …`",
    "case": "write `if … then … else if …`", "foreach": "write `for x in … { … }`",
    "repeat": "write `while … { … }`", "try": "there are no exceptions to catch",
    "assert": "write `if not … then …`", "del": "a variable lives until its function ends",
    "struct": "a record is written `(a = 1, b = 2)`",
    "class": "a record is written `(a = 1, b = 2)`",
  ]
}
