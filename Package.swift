// swift-tools-version: 6.2
import PackageDescription

let strict: [SwiftSetting] = [
  .enableUpcomingFeature("ExistentialAny"),
  .enableUpcomingFeature("MemberImportVisibility"),
  .treatAllWarnings(as: .error),
]

func module(_ name: String, _ dependencies: [Target.Dependency] = []) -> Target {
  .target(name: name, dependencies: dependencies, swiftSettings: strict)
}

func tests(
  _ name: String, _ dependencies: [Target.Dependency], data: [String] = []
) -> Target {
  .testTarget(
    name: name, dependencies: dependencies, exclude: data, swiftSettings: strict)
}

let package = Package(
  name: "optrepl",
  products: [
    .executable(name: "optrepl", targets: ["optrepl"]),
    .library(name: "OptLanguage", targets: ["OptLanguage"]),
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.0")
  ],
  targets: [
    .target(
      name: "COpenBLAS", linkerSettings: [.linkedLibrary("dl", .when(platforms: [.linux]))]),
    .target(
      name: "CSuiteSparse", linkerSettings: [.linkedLibrary("dl", .when(platforms: [.linux]))]),
    .systemLibrary(
      name: "CEdit", pkgConfig: "libedit",
      providers: [.apt(["libedit-dev"]), .brew(["libedit"])]),
    .target(name: "CKernels"),

    module("OptSyntax"),
    module("OptNumerics", ["COpenBLAS", "CSuiteSparse", "CKernels"]),
    module("OptGraph", ["OptNumerics"]),
    module("OptCalculus", ["OptGraph", "OptNumerics"]),
    module("OptEngine", ["OptGraph", "OptNumerics", "CKernels"]),
    module("OptSolvers", ["OptNumerics"]),
    module("OptLibrary"),
    module(
      "OptLanguage",
      [
        "OptSyntax", "OptNumerics", "OptGraph", "OptCalculus", "OptEngine", "OptSolvers",
        "OptLibrary",
      ]),
    module("OptPrompt", ["CEdit"]),
    .executableTarget(
      name: "optrepl",
      dependencies: [
        "OptLanguage", "OptSyntax", "OptLibrary", "OptPrompt",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ],
      swiftSettings: strict,
      // The Swift libraries inside the program: half the time of its start.
      linkerSettings: [
        .unsafeFlags(
          ["-static-stdlib", "-l_FoundationCollections", "-l_FoundationCShims"],
          .when(platforms: [.linux]))
      ]),

    tests("OptSyntaxTests", ["OptSyntax"], data: ["Errors"]),
    tests("OptLibraryTests", ["OptLibrary"]),
    tests("OptNumericsTests", ["OptNumerics"]),
    tests("OptGraphTests", ["OptGraph", "OptNumerics"]),
    tests("OptCalculusTests", ["OptCalculus", "OptGraph", "OptNumerics", "OptEngine"]),
    tests("OptEngineTests", ["OptEngine", "OptGraph", "OptCalculus", "OptNumerics"]),
    tests("OptSolversTests", ["OptSolvers", "OptNumerics"]),
    tests(
      "OptLanguageTests", ["OptLanguage", "OptSyntax", "OptGraph", "OptCalculus", "OptNumerics"]),
    tests("OptPromptTests", ["OptPrompt"]),
    tests("GoldenTests", ["OptLanguage", "OptSyntax"], data: ["Transcripts"]),
    tests("ProblemTests", ["OptLanguage", "OptSyntax"], data: ["Data"]),
  ],
  swiftLanguageModes: [.v6]
)
