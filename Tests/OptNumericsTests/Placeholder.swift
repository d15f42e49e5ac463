// OptNumericsTests
