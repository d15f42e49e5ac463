/// Regressions and networks on real data: the collection that both kinds of tests read.
import Foundation

/// The whole file of losses.
struct LossCollection: Decodable {
  struct Dataset: Decodable {
    var csv: String
    var features: Int
    var classes: Int?
  }
  enum Problem: Decodable {
    case regression(RegressionCase)
    case network(NetworkCase)

    private enum Key: CodingKey { case sizes }

    init(from decoder: any Decoder) throws {
      let hasLayers = try decoder.container(keyedBy: Key.self).contains(.sizes)
      self = hasLayers ? .network(try .init(from: decoder)) : .regression(try .init(from: decoder))
    }
  }

  var datasets: [String: Dataset]
  var problems: [Problem]

  static let shared = decode(LossCollection.self, from: "ml_losses.json")

  /// The text that reads a data set into `X` and `y`.
  func read(_ dataset: String, _ preprocess: String) -> String {
    let features = "matrix(d[:, 1:\(datasets[dataset]?.features ?? 0)])"
    return """
      d = read("\(dataFolder.appending(path: "csv/\(dataset).csv").path())")
      X = \(preprocess == "standardize" ? "normalize(\(features))" : features + "/16")
      y = d.target
      """
  }
}
