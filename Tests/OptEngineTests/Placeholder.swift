// OptEngineTests
