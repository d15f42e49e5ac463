/// `grad`, `hessian`, `jacobian` and products with them, as functions of functions.

extension Builtins {
  static let derivatives: [Builtin] = [
    Builtin(
      "grad(f)",
      "The gradient of a function, the same as ∇f: a value of the shape of its argument.",
      examples: ["grad(x -> x^2)(3) == 6"]
    ) { try $0.machine.derived(.gradient, $0[0], $0.span(0)) },
    Builtin(
      "hessian(f)",
      "The matrix of second derivatives of a function over its flattened arguments; sparse where it "
        + "is large and most of them are always 0.",
      examples: ["hessian((x, y) -> x^2 y)(1, 3) == [6, 2; 2, 0]"]
    ) { try $0.machine.derived(.hessian, $0[0], $0.span(0)) },
    Builtin(
      "jacobian(f)",
      "The matrix of derivatives of the elements of a function's result; sparse where it is large "
        + "and most of them are always 0.",
      examples: ["jacobian(v -> [v[1]^2, v[1]*v[2]])([2, 3]) == [4, 0; 3, 2]"]
    ) { try $0.machine.derived(.jacobian, $0[0], $0.span(0)) },
    Builtin(
      "hvp(f)", "Products of the Hessian with a vector: `hvp(f)(x, v)`.",
      examples: ["hvp(v -> v[1]^2 v[2])([1, 3], [1, 0]) == [6, 2]"]
    ) { try $0.machine.derived(.hvp, $0[0], $0.span(0)) },
    Builtin(
      "jvp(f)", "Products of the Jacobian with a vector: `jvp(f)(x, v)`.",
      examples: ["jvp(v -> v[1]^2 v[2])([1, 3], [1, 0]) == 6"]
    ) { try $0.machine.derived(.jvp, $0[0], $0.span(0)) },
    Builtin(
      "vjp(f)", "Products of a vector with the Jacobian: `vjp(f)(x, u)`.",
      examples: ["vjp(v -> [v[1]^2, v[1]*v[2]])([2, 3], [1, 1]) == [7, 2]"]
    ) { try $0.machine.derived(.vjp, $0[0], $0.span(0)) },
    Builtin(
      "custom(f, gradient, check = true)",
      "The function f with a gradient of your own, which is compared with differences once.",
      examples: [
        "custom(x -> x^2, gradient = x -> 2x)'(3) == 6",
        "custom(x -> x^2, gradient = x -> 2x)''(3) == 2",
      ]
    ) { call in
      .function(
        Function(
          .custom(
            CustomFunction(
              base: try call.function(0), gradient: try call.function(1),
              isChecked: call.has(2) ? try !call.flag(2) : false, span: call.span))))
    },
  ]
}
