// OptPromptTests
