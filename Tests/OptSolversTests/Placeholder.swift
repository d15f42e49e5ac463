// OptSolversTests
