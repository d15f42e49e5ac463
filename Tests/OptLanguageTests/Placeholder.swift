// OptLanguageTests
