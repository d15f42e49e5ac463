// OptGraphTests
