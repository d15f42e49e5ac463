/// Reading the problem collections beside these tests.
import Foundation

/// The folder of the collections.
let dataFolder = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Data")

/// Reads one collection.
func decode<Collection: Decodable>(_ type: Collection.Type, from file: String) -> Collection {
  do {
    let bytes = try Data(contentsOf: dataFolder.appending(path: file))
    return try JSONDecoder().decode(type, from: bytes)
  } catch {
    fatalError("\(file): \(error)")
  }
}

/// A number, a list or a list of lists, with the text of the language for it.
struct Numbers: Decodable {
  /// All numbers, row by row.
  var values: [Double] = []
  /// How the language writes them.
  var text = "[]"

  init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    if let number = try? container.decode(Double.self) {
      values = [number]
      text = "\(number)"
    } else if let list = try? container.decode([Double].self) {
      values = list
      text = "[" + list.map { "\($0)" }.joined(separator: ", ") + "]"
    } else {
      let rows = try container.decode([[Double]].self)
      values = rows.flatMap { $0 }
      let lines = rows.map { row in row.map { "\($0)" }.joined(separator: ", ") }
      text = "[" + lines.joined(separator: "; ") + "]"
    }
  }
}

/// A text, or several: coordinates are written as decimal texts.
struct Decimals: Decodable {
  var texts: [String]

  init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    if let text = try? container.decode(String.self) {
      texts = [text]
    } else {
      texts = try container.decode([String].self)
    }
  }
}

/// A text that stands for a number, or a number.
struct Constant: Decodable {
  var text: String

  init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    if let number = try? container.decode(Double.self) {
      text = "\(number)"
    } else {
      text = try container.decode(String.self)
    }
  }
}
