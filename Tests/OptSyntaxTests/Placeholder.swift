// OptSyntaxTests
