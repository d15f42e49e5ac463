// swift-tools-version: 6.2
import PackageDescription

let package = Package(
  name: "Benchmarks",
  dependencies: [.package(name: "optrepl", path: "..")],
  targets: [
    .executableTarget(
      name: "bench", dependencies: [.product(name: "OptLanguage", package: "optrepl")])
  ],
  swiftLanguageModes: [.v6]
)
