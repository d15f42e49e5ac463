// OptCalculusTests
