/// Topics of the kinds of values.

extension HelpTopic {
  static let values: [HelpTopic] = [
    HelpTopic(
      ["numbers", "number"], "2.5     1e-3     1_000_000     inf     nan     π     e",
      "Double precision; a number is a 1×1 matrix.",
      "Shown with 6 significant digits; `:set digits 10` or `\"{x:.17g}\"` shows more.",
      example: "1/3"),
    HelpTopic(
      ["matrices", "matrix", "vectors", "vector", "["],
      """
      [1, 2, 3]        a column          [1, 2, 3]'    a row
      [1, 2; 3, 4]     rows after `;`    zeros(2, 3)   eye(3)
      """,
      "Numbers in rows and columns; a vector is a column.",
      """
      `*` is the matrix product, `.*  ./  .^` work element by element, `'` transposes, `A \\ b` solves.
      `+`, `-` and the dotted operators repeat a number, a row or a column where sizes allow it.
      A large matrix of mostly zeros is made by `sparse(i, j, v)`; `hessian(f)` gives one by itself.
      """,
      example: """
        A = [2, 1; 1, 3]
        A*[1, 2]
        A \\ [4, 7]
        """),
    HelpTopic(
      ["indices", "indexing", "end", ":"],
      """
      x[2]     x[end]     x[2:end]     x[[3, 1]]     x[x > 0]
      A[i, j]  A[i, :]    A[:, 2:3]    x[i] = v
      """,
      "Elements and parts; counted from 1.",
      "`x[i] = v` changes the variable's own copy; nothing grows by assignment.",
      example: """
        x = [5, -2, 7]
        x[x > 0]
        x[end] = 0
        x
        """),
    HelpTopic(
      ["ranges", "range"], "from:to     from:step:to",
      "Equally spaced numbers, both ends included.",
      "`1:0` is empty. A range behaves as a vector.",
      example: "0:0.25:1"),
    HelpTopic(
      ["comprehensions", "comprehension", "in", "∈"],
      """
      [E for i in 1:n if c]     [E for i in I, j in J]
      sum(E for i in 1:n)       max(E for x in v)
      """,
      "A vector, matrix or list of the values of an expression.",
      """
      As the only argument of a reduction it is folded without being stored. `x in v` outside of `for`
      asks whether x is among the elements.
      """,
      example: """
        [x^2 for x in 1:5 if x != 3]
        sum(1/n^2 for n in 1:1000)
        """),
    HelpTopic(
      ["booleans", "boolean", "true", "false", "and", "or", "not", "masks", "mask"],
      """
      true     false     not a     a and b     a or b
      0 <= x <= 1        v > 0
      """,
      "Answers; a comparison of matrices gives a mask.",
      """
      As an index a mask selects; in arithmetic it counts 1 and 0. `if` and `while` want one boolean:
      `all(…)` or `any(…)` of a mask.
      """,
      example: """
        v = [3, -1, 2]
        v > 0
        v[v > 0]
        """),
    HelpTopic(
      ["texts", "text", "formats", "format", "strings"],
      """
      "characters"     "x = {x}"     "{loss:.3f}  {n:5d}  {x:.2e}  {v:.17g}  {name:8s}"
      """,
      "Characters in double quotes; `{ }` inserts a value.",
      """
      After `:` stands a format as in printf: flags, width, precision and one of `d e f g s x`.
      Of vectors and matrices it formats each element. `\\n \\t \\" \\\\ \\{` are characters.
      """,
      example: """
        x = 2/3
        "x = {x:.3f}"
        """),
    HelpTopic(
      ["records", "record", "fields", "."], "(W = A, b = 0)     p.W     p.b = 1",
      "Named values.",
      """
      Arithmetic, elementary functions and reductions go through all fields. A gradient by several
      parameters is a record, and `from p = …` takes one as a start.
      """,
      example: """
        p = (a = 1, b = [2, 3])
        2p
        p.b
        """),
    HelpTopic(
      ["lists", "list"], "[\"a\", f, (x = 1)]", "Values in order that are not all numbers.",
      "Numbers alone make a vector. `l[2]` is an item, `for x in l` goes through them.",
      example: """
        l = ["a", "b"]
        l[2]
        """),
    HelpTopic(
      ["tables", "table"],
      "t = read(\"file.csv\")     t.column     t[1:10]     matrix(t)",
      "Named columns of equal length.",
      "A missing number is nan. `r.trace` of a result is a table.",
      example: "help read"),
    HelpTopic(
      ["nothing"], "nothing", "The value of what has none.",
      "An `if` without `else` is nothing when the condition does not hold.",
      example: "if false then 1"),
    HelpTopic(
      ["results", "result"], "r = minimize …     r.x     r.value     r.trace",
      "What sentences return: a record that shows itself as a report.",
      """
      Fields: x for each variable x (all in `r.solution`), value, gradient, status, steps,
      evaluations, seconds, method, seed, trace, path; of constraints multipliers and violation.
      """,
      example: """
        r = minimize (x - 3)^2 from x = 0
        r.value
        """),
  ]
}
